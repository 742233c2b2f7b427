/**
 * The codes under which the rest of mCODE's elements are recorded: performance, disease status, histology, grade, comorbidities
 * and the tumour markers in daily use. Left out: most of mCODE's 513 marker codes.
 * https://hl7.org/fhir/us/mcode/artifacts.html (mCODE 4.0.0, read 2026-11)
 */

export const ECOG = '89247-1'
export const KARNOFSKY = '89243-0'
export const LANSKY = 'C38144'
/** 97509-4 is the code of the profile, 88040-1 the one its page names. */
export const DISEASE_STATUS: ReadonlySet<string> = new Set(['97509-4', '88040-1'])
export const HISTOLOGY: ReadonlySet<string> = new Set(['31206-6'])
export const GRADE: ReadonlySet<string> = new Set(['C18000', '75620-5', '75621-3'])
export const COMORBIDITIES: ReadonlySet<string> = new Set(['398192003'])

export const PERFORMANCE: Readonly<Record<string, string>> = {
  [ECOG]: 'ECOG',
  [KARNOFSKY]: 'Karnofsky',
  [LANSKY]: 'Lansky',
}

/** Receptors and markers that are no genomic test of ours. */
export const ER: ReadonlySet<string> = new Set(['85329-1', '85337-4', '16112-5', '40556-3', '14130-9'])
export const PR: ReadonlySet<string> = new Set(['85325-9', '85339-0', '16113-3', '40557-1', '10861-3'])
export const HER2: ReadonlySet<string> = new Set([
  '85319-2',
  '48676-1',
  '72383-3',
  '85318-4',
  '31150-6',
  '96893-3',
  '49683-6',
])

const OTHER_MARKERS: readonly string[] = [
  '2039-6', // CEA
  '24108-3', // CA 19-9
  '6875-9', // CA 15-3
  '10334-1', // CA 125
  '2857-1', // PSA
  '1834-1', // AFP
  '34444-0', // PIVKA-II
  '83052-1', // PD-L1, 22C3
  '83055-4', // PD-L1, 28-8
  '83057-0', // PD-L1, SP142
  'pd-l1-tps',
  'pd-l1-cps',
  'ki-67',
]

export const markerCodes: readonly string[] = [...ER, ...PR, ...OTHER_MARKERS]

/** For a prefetch template. */
export const cancerCodes: readonly string[] = [
  ...Object.keys(PERFORMANCE),
  ...DISEASE_STATUS,
  ...HISTOLOGY,
  ...GRADE,
  ...COMORBIDITIES,
  ...markerCodes,
]
