/**
 * The codes under which stages are recorded: mCODE's lists of SNOMED CT, LOINC and NCI Thesaurus codes.
 * Left out: Gleason grade and residual tumour, which mCODE lists with stages and which are none.
 * https://hl7.org/fhir/us/mcode/ValueSet-mcode-cancer-stage-type-vs.html (mCODE 4.0.0, read 2026-11)
 */

export type Part = 'T' | 'N' | 'M' | 'group'
export type Kind = 'clinical' | 'pathological' | 'other'

/** TNM categories and stage groups by code. */
export const tnmCodes: Readonly<Record<string, { readonly part: Part; readonly kind: Kind }>> = {
  '21905-5': { part: 'T', kind: 'clinical' },
  '399504009': { part: 'T', kind: 'clinical' },
  '21906-3': { part: 'N', kind: 'clinical' },
  '399534004': { part: 'N', kind: 'clinical' },
  '21907-1': { part: 'M', kind: 'clinical' },
  '399387003': { part: 'M', kind: 'clinical' },
  '21908-9': { part: 'group', kind: 'clinical' },
  '399537006': { part: 'group', kind: 'clinical' },
  C177555: { part: 'group', kind: 'clinical' },
  '21899-0': { part: 'T', kind: 'pathological' },
  '384625004': { part: 'T', kind: 'pathological' },
  '21900-6': { part: 'N', kind: 'pathological' },
  '371494008': { part: 'N', kind: 'pathological' },
  '21901-4': { part: 'M', kind: 'pathological' },
  '371497001': { part: 'M', kind: 'pathological' },
  '21902-2': { part: 'group', kind: 'pathological' },
  '399588009': { part: 'group', kind: 'pathological' },
  C177556: { part: 'group', kind: 'pathological' },
  '21911-3': { part: 'T', kind: 'other' },
  '78873005': { part: 'T', kind: 'other' },
  '21912-1': { part: 'N', kind: 'other' },
  '277206009': { part: 'N', kind: 'other' },
  '21913-9': { part: 'M', kind: 'other' },
  '277208005': { part: 'M', kind: 'other' },
  '21914-7': { part: 'group', kind: 'other' },
  '399390009': { part: 'group', kind: 'other' },
  C90529: { part: 'group', kind: 'other' },
  C90530: { part: 'group', kind: 'other' },
  C132248: { part: 'group', kind: 'other' },
  C180901: { part: 'group', kind: 'other' },
  C139445: { part: 'group', kind: 'other' },
  C139446: { part: 'group', kind: 'other' },
}

/** Stages of other systems, and those of which the system is not said: FIGO, Dukes, Ann Arbor, Lugano, BCLC, Rai, Binet, ISS and so on. */
export const otherStageCodes: ReadonlySet<string> = new Set([
  '385361009',
  '385363007',
  '385365000',
  '385367008',
  '385375002',
  '385369006',
  '385373009',
  '385388004',
  '385349001',
  '103420007',
  '385357003',
  '409720004',
  '405931009',
  '405916000',
  '1342413004',
  'C134969',
  'C177558',
  'C177559',
  'C141138',
  'C115134',
  'C141212',
  'C139006',
  'C141099',
  'C186618',
  'C186617',
  'C157232',
  'C28067',
  'C139007',
  'C141147',
  'C143151',
  'C146847',
  'C16899',
  'C133427',
])

/** For a prefetch template: all of them, to be found in whatever system. */
export const stageCodes: readonly string[] = [...Object.keys(tnmCodes), ...otherStageCodes]
