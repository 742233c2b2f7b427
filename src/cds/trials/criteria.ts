/**
 * The criteria of a trial against a record: met, not met, or unknown. What the record does not say is unknown, never met.
 * https://hl7.org/fhir/R4/group-definitions.html#Group.characteristic
 */
import { type Biomarker, biomarkerNames } from '../knowledge/alterations.ts'
import { tnmCodes } from '../knowledge/stage-codes.ts'
import { targetedDrug } from '../oncology/drug.ts'
import { codings, day, hasCode, label, number, object, rowOf, text, type Values, words } from '../oncology/json.ts'
import { quantityLabel, valueLabel, whenOf } from '../oncology/resources.ts'
import { type GroupReading, readGroup, sameGroup } from '../oncology/stage.ts'
import { geneOf, proteinChange } from '../oncology/variant.ts'
import { verdictOf } from '../oncology/verdict.ts'
import type { PatientRecord } from './record.ts'

export type State = 'met' | 'not met' | 'unknown'

export interface Judged {
  readonly state: State
  /** As the trial says it: `ECOG Performance Status score: 0 – 1`. */
  readonly criterion: string
  readonly excluding: boolean
  /** What in the record decided. */
  readonly because: string | undefined
  /** About the disease, its molecules or its treatment, and not just who the patient is. */
  readonly clinical: boolean
  /** Which disease the patient must have. */
  readonly diagnosis: boolean
}

/** What the record says of a characteristic, whether it is asked for or excluded. */
interface Answer {
  /** `absent`: nothing of it on record, where a record would be expected. */
  readonly has: 'yes' | 'no' | 'absent' | 'unknown'
  readonly because?: string | undefined
}

const UNKNOWN: Answer = { has: 'unknown' }

/** Age and sex, which are read from the Patient. */
const AGE = new Set(['30525-0', '21612-7', '397669002', '424144002'])
const SEX = new Set(['46098-0', '76689-9', '72143-1', '21840-4', '263495000', '734000001', '184100006'])
/** "Has the disease …": diagnosis, disease, clinical finding, malignant neoplasm. */
const DISEASE = new Set(['29308-4', '64572001', '439401001', '404684003', '372087000', '363346000', '55607006'])
/** "Was treated with …". */
const TREATMENT = new Set(['416608005', '10160-0', '29549-3', '432102000'])
const GENE = '48018-6'
const PROTEIN = '48005-3'
const VARIANT = '69548-6'

export function judge(characteristic: Values, record: PatientRecord): Judged {
  const { code, exclude } = characteristic
  const excluding = exclude === true
  const person = hasCode(code, AGE) || hasCode(code, SEX)
  const { has, because } = answerTo(characteristic, record)
  return {
    state: stateOf(has, excluding),
    criterion: criterionLabel(characteristic),
    excluding,
    because,
    clinical: !person,
    diagnosis: hasCode(code, DISEASE) || codings(code).some(({ system }) => /icd-?10/i.test(system)),
  }
}

function stateOf(has: Answer['has'], excluding: boolean): State {
  if (has === 'unknown') return 'unknown'
  // that a thing is not on record does not prove that the patient has not got it
  if (has === 'absent') return excluding ? 'unknown' : 'not met'
  return (has === 'yes') === excluding ? 'not met' : 'met'
}

function answerTo(characteristic: Values, record: PatientRecord): Answer {
  const { code } = characteristic
  if (codings(code).length === 0) return UNKNOWN
  if (hasCode(code, AGE)) return ageAnswer(characteristic, record)
  if (hasCode(code, SEX)) return sexAnswer(characteristic, record)
  const within = withinPeriod(characteristic.period)
  const value = characteristic.valueCodeableConcept
  if (hasCode(code, DISEASE)) return diseaseAnswer(value, record, within)
  if (hasCode(code, TREATMENT)) return treatmentAnswer(value, record, within)
  const named = codings(code).map(({ code }) => code)
  if (named.includes(GENE)) return geneAnswer(value, record, within)
  if (named.includes(PROTEIN)) return proteinAnswer(value, record, within)
  if (named.includes(VARIANT)) return biomarkerAnswer(value, record, within)
  const flag = characteristic.valueBoolean
  if (typeof flag === 'boolean' && !codings(code).some(({ code }) => record.observations.has(code))) {
    const answer = codings(code).some(({ system }) => /atc|rxnorm|medication-/i.test(system))
      ? treatmentAnswer(code, record, within)
      : codings(code).some(({ system }) => /icd-?10|snomed/i.test(system))
        ? diseaseAnswer(code, record, within)
        : UNKNOWN
    return flag ? answer : turned(answer)
  }
  return observationAnswer(characteristic, record, within)
}

/** "Has not …" as a characteristic of its own. */
const turned = ({ has, because }: Answer): Answer => ({
  has: has === 'yes' ? 'no' : has === 'no' ? 'yes' : 'unknown',
  because,
})

type Within = (when: string | undefined) => boolean

/** Whether a day lies in the period; without a period every day does, and within one a thing without date does not. */
function withinPeriod(period: unknown): Within {
  const { start, end } = object(period)
  const [from, to] = [day(start), day(end)]
  if (from === undefined && to === undefined) return () => true
  return when =>
    when !== undefined &&
    (from === undefined || when >= from.slice(0, when.length)) &&
    (to === undefined || when.slice(0, to.length) <= to)
}

const DAY = 86_400_000

function ageAnswer(characteristic: Values, { birthDate, now }: PatientRecord): Answer {
  const today = new Date(now).toISOString().slice(0, 10)
  if (birthDate === undefined || !withinPeriod(characteristic.period)(today)) return UNKNOWN
  // a year of birth alone leaves a year open
  const ages = [birthDate.padEnd(10, '-01-01'.slice(birthDate.length - 10)), latest(birthDate)].map(born =>
    yearsAt(born, now),
  )
  const states = new Set(ages.map(age => comparison(characteristic, { value: age, code: 'a' })))
  const [only] = states
  if (states.size !== 1 || only === undefined) return UNKNOWN
  return { has: only ? 'yes' : 'no', because: `${Math.floor(ages[0]!)} (${birthDate})` }
}

const latest = (born: string) => (born.length === 4 ? `${born}-12-31` : born.length === 7 ? `${born}-28` : born)

/** Whole years, with the days since the last birthday as a fraction. */
function yearsAt(born: string, now: number): number {
  const birth = new Date(`${born.slice(0, 10)}T00:00:00Z`)
  const today = new Date(now)
  let years = today.getUTCFullYear() - birth.getUTCFullYear()
  const birthday = Date.UTC(today.getUTCFullYear(), birth.getUTCMonth(), birth.getUTCDate())
  if (birthday > now) years -= 1
  const last = Date.UTC(birth.getUTCFullYear() + years, birth.getUTCMonth(), birth.getUTCDate())
  return years + Math.min(Math.max(0, (now - last) / DAY / 366), 0.999)
}

const SEXES: Readonly<Record<string, string>> = {
  male: 'male',
  female: 'female',
  M: 'male',
  F: 'female',
  'LA2-8': 'male',
  'LA3-6': 'female',
  '248153007': 'male',
  '248152002': 'female',
}

function sexAnswer({ valueCodeableConcept }: Values, { gender }: PatientRecord): Answer {
  const asked = codings(valueCodeableConcept)
    .map(({ code }) => SEXES[code])
    .find(Boolean)
  if (asked === undefined || (gender !== 'male' && gender !== 'female')) return UNKNOWN
  return { has: asked === gender ? 'yes' : 'no', because: gender }
}

/** A code of ICD-10 stands for all below it; SNOMED CT is compared code by code. */
function diseaseAnswer(asked: unknown, { diagnoses }: PatientRecord, within: Within): Answer {
  const icd10 = codings(asked).flatMap(({ system, code }) =>
    /icd-?10/i.test(system) ? [code.toUpperCase().replace('.', '')] : [],
  )
  const snomed = codings(asked).flatMap(({ system, code }) => (system === 'http://snomed.info/sct' ? [code] : []))
  if (icd10.length + snomed.length === 0) return UNKNOWN
  const same = diagnoses.filter(
    diagnosis =>
      diagnosis.icd10.some(own => icd10.some(each => each.length >= 3 && own.startsWith(each))) ||
      diagnosis.snomed.some(own => snomed.includes(own)),
  )
  const found = same.find(({ since, over }) => !over && within(since))
  if (found) return { has: 'yes', because: `${found.name}${found.since ? ` (${found.since})` : ''}` }
  if (same.length > 0) return { has: 'unknown', because: same[0]!.name }
  // only those who code in the same system could have had it
  const comparable = diagnoses.some(
    each =>
      (icd10.length > 0 && each.icd10.length > 0) ||
      (snomed.length > 0 && icd10.length === 0 && each.snomed.length > 0),
  )
  return { has: comparable || diagnoses.length === 0 ? 'absent' : 'unknown' }
}

/** A code of ATC stands for all below it. Treatment elsewhere may not be on record: without one it is unknown. */
function treatmentAnswer(asked: unknown, { medicines }: PatientRecord, within: Within): Answer {
  if (medicines === undefined) return UNKNOWN
  const wanted = codings(asked)
  const drug = targetedDrug(asked)
  const found = medicines.find(
    ({ codes, drug: own, since }) =>
      within(since) &&
      ((drug !== undefined && own === drug) ||
        wanted.some(
          ({ system, code }) =>
            codes.has(code) ||
            (/atc/i.test(system) && code.length >= 4 && [...codes].some(each => each.startsWith(code))),
        )),
  )
  return found ? { has: 'yes', because: `${found.name}${found.since ? ` (${found.since})` : ''}` } : UNKNOWN
}

function geneAnswer(asked: unknown, { variants, studied }: PatientRecord, within: Within): Answer {
  const gene = geneOf({ valueCodeableConcept: asked })
  if (gene === undefined) return UNKNOWN
  const found = variants.find(({ present, variant, when }) => present && variant.genes.includes(gene) && within(when))
  if (found) return { has: 'yes', because: `${gene} ${found.variant.proteins[0] ?? ''}`.trim() + dated(found.when) }
  return studied.has(gene) ? { has: 'no', because: gene } : UNKNOWN
}

function proteinAnswer(asked: unknown, { variants }: PatientRecord, within: Within): Answer {
  const wanted = [...codings(asked).map(({ code }) => code), text(object(asked).text) ?? ''].flatMap(
    each => proteinChange(each) ?? [],
  )
  if (wanted.length === 0) return UNKNOWN
  const found = variants.find(
    ({ present, variant, when }) => present && within(when) && variant.proteins.some(each => wanted.includes(each)),
  )
  return found
    ? { has: 'yes', because: `${found.variant.genes.join('-')} ${found.variant.proteins[0]!}${dated(found.when)}` }
    : UNKNOWN
}

const byName = new Map(Object.entries(biomarkerNames).map(([id, name]) => [name.toLowerCase(), id as Biomarker]))

/** A biomarker by the name that our table gives it, `EGFR exon 19 deletion`. */
function biomarkerAnswer(asked: unknown, { findings }: PatientRecord, within: Within): Answer {
  const biomarker = [label(asked) ?? '', ...codings(asked).map(({ display }) => display)]
    .map(each => byName.get(each.toLowerCase()))
    .find(Boolean)
  if (!biomarker) return UNKNOWN
  const found = findings.find(
    ({ verdict, biomarkers, when }) => verdict === 'found' && biomarkers.includes(biomarker) && within(when),
  )
  return found ? { has: 'yes', because: `${found.what}${dated(found.when)}` } : UNKNOWN
}

const dated = (when: string | undefined) => (when ? ` (${when})` : '')

/** Any other code: the newest observation of that code decides. */
function observationAnswer(characteristic: Values, { observations }: PatientRecord, within: Within): Answer {
  const found = codings(characteristic.code)
    .flatMap(({ code }) => observations.get(code) ?? [])
    .find(each => within(whenOf(each)) && valueLabel(each) !== undefined)
  if (!found) return UNKNOWN
  const because = `${valueLabel(found)!}${dated(whenOf(found))}`
  const has = compared(characteristic, found)
  return has === undefined ? { has: 'unknown', because } : { has: has ? 'yes' : 'no', because }
}

/** Whether the value is the one asked for; undefined when that cannot be told. */
function compared(characteristic: Values, found: Values): boolean | undefined {
  const { code, valueBoolean, valueCodeableConcept } = characteristic
  if (typeof valueBoolean === 'boolean') {
    const verdict = verdictOf(found)
    return verdict === 'unclear' ? undefined : (verdict === 'found') === valueBoolean
  }
  if (valueCodeableConcept !== undefined) {
    if (codings(code).some(({ code }) => rowOf(tnmCodes, code)?.part === 'group'))
      return sameStage(valueCodeableConcept, found)
    return sameConcept(characteristic, found)
  }
  const quantity =
    found.valueQuantity ?? (typeof found.valueInteger === 'number' ? { value: found.valueInteger } : undefined)
  return quantity === undefined ? undefined : comparison(characteristic, quantity)
}

/** `IV` is asked for and IVA found: met. `IVA` is asked for and IV found: not to be told. */
function sameStage(asked: unknown, found: Values): boolean | undefined {
  const wanted: GroupReading = readGroup(asked)
  const own = readGroup(found.valueCodeableConcept ?? { text: found.valueString })
  if (wanted.read === undefined || own.read === undefined) return undefined
  if (!sameGroup(wanted.read, own.read)) return false
  return own.read.length >= wanted.read.length ? true : undefined
}

function sameConcept(asked: Values, found: Values): boolean | undefined {
  const wanted = codings(asked.valueCodeableConcept)
  const own = codings(found.valueCodeableConcept)
  if (wanted.some(({ code }) => own.some(each => each.code === code))) return true
  const [ask, say] = [verdictOf({ valueCodeableConcept: asked.valueCodeableConcept }), verdictOf(found)]
  if (ask !== 'unclear' && say !== 'unclear') return ask === say
  const said = words(asked.valueCodeableConcept).trim().toLowerCase()
  if (said !== '' && valueLabel(found)?.trim().toLowerCase() === said) return true
  // different codes of one system are different things
  return wanted.some(({ system }) => system !== '' && own.some(each => each.system === system)) ? false : undefined
}

/** Units in which a year, a month, … are said; and units that say nothing. */
const YEARS: Readonly<Record<string, number>> = {
  a: 1,
  y: 1,
  yr: 1,
  year: 1,
  years: 1,
  mo: 1 / 12,
  wk: 7 / 365.25,
  d: 1 / 365.25,
}
const NO_UNIT = new Set(['', '1', '{score}', '{ratio}', 'score'])

/** A quantity against valueQuantity or valueRange, both ends included; undefined when the units or comparators do not let it be told. */
function comparison({ valueQuantity, valueRange }: Values, own: unknown): boolean | undefined {
  const value = number(object(own).value)
  if (value === undefined || object(own).comparator !== undefined) return undefined
  if (valueQuantity !== undefined) {
    const bound = bounded(valueQuantity, own)
    if (bound === undefined) return undefined
    switch (object(valueQuantity).comparator) {
      case '<':
        return value < bound
      case '<=':
        return value <= bound
      case '>=':
        return value >= bound
      case '>':
        return value > bound
      case undefined:
        return value === bound || (unitOf(own) === 'a' && Math.floor(value) === bound)
      default:
        return undefined
    }
  }
  const { low, high } = object(valueRange)
  if (low === undefined && high === undefined) return undefined
  const [from, to] = [
    low === undefined ? -Infinity : bounded(low, own),
    high === undefined ? Infinity : bounded(high, own),
  ]
  if (from === undefined || to === undefined) return undefined
  // an age of 75 lasts until the 76th birthday
  const held = unitOf(own) === 'a' && Number.isInteger(to) ? Math.floor(value) : value
  return value >= from && held <= to
}

const unitOf = (quantity: unknown): string => {
  const { code, unit } = object(quantity)
  return text(code) ?? text(unit) ?? ''
}

/** The number of a bound in the unit of the value. */
function bounded(bound: unknown, own: unknown): number | undefined {
  const value = number(object(bound).value)
  const [asked, has] = [unitOf(bound), unitOf(own)]
  if (value === undefined) return undefined
  if (asked === has || (NO_UNIT.has(asked) && NO_UNIT.has(has))) return value
  if (has === 'a' && Object.hasOwn(YEARS, asked.toLowerCase())) return value * YEARS[asked.toLowerCase()]!
  return has === 'a' && NO_UNIT.has(asked) ? value : undefined
}

function criterionLabel(characteristic: Values): string {
  const { code, valueRange, valueQuantity, valueCodeableConcept, valueBoolean } = characteristic
  const { low, high } = object(valueRange)
  const range = [quantityLabel(low), quantityLabel(high)]
  const value =
    valueCodeableConcept !== undefined
      ? label(valueCodeableConcept)
      : valueQuantity !== undefined
        ? quantityLabel(valueQuantity)
        : valueRange !== undefined
          ? `${range[0] ?? ''} – ${range[1] ?? ''}`.trim()
          : typeof valueBoolean === 'boolean'
            ? String(valueBoolean)
            : undefined
  return [label(code) ?? '?', value].filter(Boolean).join(': ').slice(0, 200)
}
