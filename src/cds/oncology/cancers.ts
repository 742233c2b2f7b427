/**
 * The cancers in a patient's conditions: primary ones, each with its kind and its metastases.
 * https://hl7.org/fhir/us/mcode/StructureDefinition-mcode-primary-cancer-condition.html
 */
import type { Resource } from '../../fhir/types.ts'
import { bySnomed, byIcd10, type TumourType } from '../knowledge/tumour-types.ts'
import { codings, day, hasCode, label, list, object, referenceKey, rowOf, text, type Values } from './json.ts'
import { ofType } from './resources.ts'

export interface Cancer {
  /** `Condition/1`; undefined for a condition without id. */
  readonly key: string | undefined
  readonly name: string
  readonly type: TumourType
  /** Not (yet) invasive: D00-D09. */
  readonly inSitu: boolean
  /** clinicalStatus: active, recurrence, remission, …; '' when it is not said. */
  readonly status: string
  /** When it was diagnosed: asserted, began or recorded. */
  readonly since: string | undefined
  /** ICD-O-3 morphology, `8140/3`, or what is said of it. */
  readonly histology: string | undefined
  readonly bodySite: string | undefined
  readonly condition: Values
  readonly metastases: readonly Metastasis[]
}

export interface Metastasis {
  /** `Condition/1`. */
  readonly key: string | undefined
  readonly name: string
  /** ICD-10-CM without dot, '' when not coded so. */
  readonly icd10: string
  readonly since: string | undefined
  readonly active: boolean
}

const PRIMARY = new Set(['372087000'])
const SECONDARY = new Set(['128462008'])
const MELANOMA = /^87[2-9]\d/
const SMALL_CELL = /^804[1-5]/
const HISTOLOGY = 'http://hl7.org/fhir/us/mcode/StructureDefinition/mcode-histology-morphology-behavior'
const RELATED = /\/(?:condition-related|mcode-related-primary-cancer-condition)$/
const ASSERTED = 'http://hl7.org/fhir/StructureDefinition/condition-assertedDate'

/** The primary cancers, in the order of the data. Conditions that were refuted or entered in error are not looked at. */
export function cancersOf(conditions: Resource | null | undefined): readonly Cancer[] {
  const held = ofType(conditions, 'Condition').filter(({ verificationStatus }) => !hasCode(verificationStatus, VOID))
  const secondary = held.filter(isSecondary)
  const metastases = new Map<string, Metastasis[]>()
  const unassigned: Metastasis[] = []
  for (const condition of secondary) {
    const primary = primaryOf(condition)
    if (primary === undefined) unassigned.push(metastasisOf(condition))
    else metastases.set(primary, [...(metastases.get(primary) ?? []), metastasisOf(condition)].slice(0, MOST))
  }
  const primary = held.filter(condition => !isSecondary(condition) && isPrimary(condition))
  return unique(primary).map((condition, _, all) => {
    const key = keyOf(condition)
    const own = (key && metastases.get(key)) || []
    // a metastasis that does not say where it comes from can only come from the one there is
    return cancerOf(condition, key, all.length === 1 ? [...own, ...unassigned.slice(0, MOST)] : own)
  })
}

const MOST = 50
const VOID = new Set(['refuted', 'entered-in-error'])

/** The same diagnosis of the same day twice is one cancer. */
function unique(conditions: readonly Values[]): readonly Values[] {
  const seen = new Set<string>()
  return conditions.filter(condition => {
    const name = keyOf(condition) ?? `${label(condition.code) ?? ''} ${sinceOf(condition) ?? ''}`
    return seen.has(name) ? false : (seen.add(name), true)
  })
}

const keyOf = ({ id }: Values): string | undefined => (typeof id === 'string' ? `Condition/${id}` : undefined)

/** Codes of ICD-10-CM, as Taiwan's edition and the American one, without dot. */
export const icd10Of = (concept: unknown): readonly string[] =>
  codings(concept)
    .filter(({ system }) => /icd-?10/i.test(system))
    .map(({ code }) => code.toUpperCase().replace('.', ''))

const isSecondary = ({ category, code }: Values): boolean =>
  list(category).some(each => hasCode(each, SECONDARY)) || icd10Of(code).some(each => /^C7(?:[789]|B)/.test(each))

const isPrimary = ({ category, code }: Values): boolean =>
  list(category).some(each => hasCode(each, PRIMARY)) ||
  icd10Of(code).some(each => /^(?:C(?:[0-689]|7[0-6A])|D0)/.test(each)) ||
  codings(code).some(({ code }) => rowOf(bySnomed, code))

const primaryOf = ({ extension }: Values): string | undefined => {
  const found = list(extension)
    .map(object)
    .find(({ url }) => typeof url === 'string' && RELATED.test(url))
  return found && referenceKey(found.valueReference)
}

const metastasisOf = (condition: Values): Metastasis => ({
  key: keyOf(condition),
  name: label(condition.code) ?? '',
  icd10: icd10Of(condition.code)[0] ?? '',
  since: sinceOf(condition),
  active: !hasCode(condition.clinicalStatus, GONE),
})

const GONE = new Set(['inactive', 'remission', 'resolved'])

function sinceOf({ extension, onsetDateTime, onsetPeriod, recordedDate }: Values): string | undefined {
  const asserted = list(extension)
    .map(object)
    .find(({ url }) => url === ASSERTED)
  return day(asserted?.valueDateTime) ?? day(onsetDateTime) ?? day(object(onsetPeriod).start) ?? day(recordedDate)
}

function cancerOf(condition: Values, key: string | undefined, metastases: readonly Metastasis[]): Cancer {
  const { code, clinicalStatus, extension, bodySite } = condition
  const icd10 = icd10Of(code)
  const morphology = list(extension)
    .map(object)
    .find(({ url }) => url === HISTOLOGY)?.valueCodeableConcept
  return {
    key,
    name: label(code) ?? '',
    type: typeOf(code, icd10, morphology),
    inSitu: icd10.length > 0 && icd10.every(each => each.startsWith('D0')),
    status: codings(clinicalStatus)[0]?.code ?? '',
    since: sinceOf(condition),
    histology: histologyLabel(morphology),
    bodySite: list(bodySite).map(label).find(Boolean),
    condition,
    metastases,
  }
}

/** Code and name of a morphology: `8140/3 Adenocarcinoma, NOS`. */
export function histologyLabel(concept: unknown): string | undefined {
  const [first] = codings(concept)
  if (!first) return label(concept)
  return first.display === '' ? first.code : `${first.code} ${first.display}`
}

function typeOf(code: unknown, icd10: readonly string[], morphology: unknown): TumourType {
  const morphologies = codings(morphology).map(({ code }) => code)
  const type =
    typeByIcd10(icd10) ??
    codings(code)
      .map(({ code }) => bySnomed[code])
      .find(Boolean) ??
    'other'
  if (morphologies.some(each => MELANOMA.test(each))) return type === 'other' ? 'melanoma' : type
  if (type === 'lung' && (morphologies.some(each => SMALL_CELL.test(each)) || isSmallCell(code)))
    return 'small-cell lung'
  return type
}

const isSmallCell = (code: unknown): boolean =>
  codings(code).some(({ code }) => rowOf(bySnomed, code) === 'small-cell lung') ||
  /(?<!non[- ])small[- ]cell|(?<!非)小細胞/i.test(text(object(code).text) ?? '')

function typeByIcd10(codes: readonly string[]): TumourType | undefined {
  for (const code of codes)
    for (let length = 4; length >= 3; length--) {
      const type = rowOf(byIcd10, code.slice(0, length))
      if (type) return type
    }
  return undefined
}
