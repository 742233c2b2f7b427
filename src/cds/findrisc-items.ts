/**
 * The items of FINDRISC as a record answers them: measured, ordered, diagnosed, told of relatives, or said.
 * https://doi.org/10.2337/diacare.26.3.725
 */
import type { CodeableConcept, Patient } from 'fhir/r4'
import { said, type Said } from './card.ts'
import { codesOf, objectsIn, resourcesOf, tokensOf } from './data.ts'
import { ANSWERS, pointsOfBmi, pointsOfWaist, type Item } from './knowledge/findrisc.ts'
import { medicineOf } from './medicine.ts'
import { isUsable, loinc, readings, timeOf } from './observations.ts'
import type { Call } from './words.ts'

const BMI = loinc('39156-5')
const WEIGHT = loinc('29463-7')
const HEIGHT = loinc('8302-2')
const WAIST = loinc('8280-0', '56086-2')
/** Days a week, minutes a day, and minutes a week of moderate to vigorous activity. */
const ACTIVE_DAYS = loinc('89555-7')
const ACTIVE_MINUTES = loinc('68516-4')
const ACTIVE_MINUTES_A_WEEK = loinc('82290-8')
const HBA1C = loinc('4548-4')
const FASTING_GLUCOSE = loinc('1558-6')
const answer = (code: string) => new Set([`${ANSWERS}|${code}`])
const SAID_ACTIVE = answer('daily-activity')
const SAID_DIET = answer('daily-fruit-vegetables')
const SAID_MEDICATION = answer('blood-pressure-medication-ever')
const SAID_GLUCOSE = answer('high-glucose-ever')
const SAID_FAMILY = answer('family-history')
/** Of all observations that are read. */
export const measured: readonly ReadonlySet<string>[] = [
  BMI,
  WEIGHT,
  HEIGHT,
  WAIST,
  ACTIVE_DAYS,
  ACTIVE_MINUTES,
  ACTIVE_MINUTES_A_WEEK,
  HBA1C,
  FASTING_GLUCOSE,
  SAID_ACTIVE,
  SAID_DIET,
  SAID_MEDICATION,
  SAID_GLUCOSE,
  SAID_FAMILY,
]

/** An item that is answered. */
export interface Found {
  readonly item: Item
  readonly points: number
  /** Points that it may be worth beyond, when not all of the answer is known. */
  readonly more?: number
  readonly shown: Said
  /** `Observation/1`. */
  readonly basis?: string
}

const both = (text: string): Said => said(text, text)
const yesNo = (yes: boolean, day: string): Said => said(`${yes ? 'yes' : 'no'}, ${day}`, `${yes ? '是' : '否'}，${day}`)

/** All items but age that the record answers. */
export function found(call: Call, patient: Patient): readonly Found[] {
  return [
    ...bodyOf(call, patient),
    ...habitsOf(call),
    ...[medicationOf(call), glucoseOf(call), familyOf(call)].flatMap(each => each ?? []),
  ]
}

function bodyOf({ prefetch, now }: Call, { gender }: Patient): readonly Found[] {
  const from = prefetch['measures']
  const results: Found[] = []
  const metre = (value: number, unit: string) =>
    /^cm$|^公分$/i.test(unit)
      ? value / 100
      : /^m$/i.test(unit)
        ? value
        : /^\[in_i\]$/i.test(unit)
          ? value * 0.0254
          : NaN
  const within = (value: number, low: number, high: number) => value >= low && value <= high
  const bmi = readings(from, BMI, now).find(
    ({ value, unit }) => /^kg\/m2$|^kg\/m\^?2$|^kg\/m²$/i.test(unit) && within(value, 10, 90),
  )
  const weight = readings(from, WEIGHT, now).find(
    ({ value, unit }) => /^(?:kg|公斤)$/i.test(unit) && within(value, 20, 400),
  )
  const height = readings(from, HEIGHT, now).find(({ value, unit }) => within(metre(value, unit), 1, 2.5))
  if (bmi && !(weight && weight.at > bmi.at)) {
    results.push({
      item: 'bmi',
      points: pointsOfBmi(bmi.value),
      shown: both(`${bmi.value} kg/m², ${bmi.day}`),
      ...basis(bmi.observation),
    })
  } else if (weight && height) {
    const value = weight.value / metre(height.value, height.unit) ** 2
    results.push({
      item: 'bmi',
      points: pointsOfBmi(value),
      shown: both(`${value.toFixed(1)} kg/m², ${weight.day}`),
      ...basis(weight.observation),
    })
  }
  const waist = readings(from, WAIST, now).find(({ value, unit }) => within(metre(value, unit), 0.4, 2.5))
  if (waist && (gender === 'female' || gender === 'male')) {
    const centimetres = metre(waist.value, waist.unit) * 100
    results.push({
      item: 'waist',
      points: pointsOfWaist(Math.round(centimetres * 10) / 10, gender),
      shown: both(`${waist.value} ${waist.unit}, ${waist.day}`),
      ...basis(waist.observation),
    })
  }
  return results
}

const basis = ({ id }: { id?: unknown }) => (typeof id === 'string' ? { basis: `Observation/${id}` } : {})

function habitsOf(call: Call): readonly Found[] {
  const { prefetch, now } = call
  const results: Found[] = []
  const isActive = answerOf(call, SAID_ACTIVE)
  const numbers = (codes: ReadonlySet<string>, unit: RegExp) =>
    readings(prefetch['measures'], codes, now).find(each => unit.test(each.unit))
  const week = numbers(ACTIVE_MINUTES_A_WEEK, /^min(?:\/wk)?$/)
  const days = numbers(ACTIVE_DAYS, /^d(?:\/wk)?$|^\{days\}\/wk$/)
  const minutes = numbers(ACTIVE_MINUTES, /^min(?:\/d)?$/)
  const weekly = week?.value ?? (days && minutes ? days.value * minutes.value : undefined)
  if (isActive) {
    results.push({
      item: 'activity',
      points: isActive.yes ? 0 : 2,
      shown: yesNo(isActive.yes, isActive.day),
      ...isActive.basis,
    })
  } else if (weekly !== undefined) {
    const day = (week ?? minutes)!.day
    const shown = said(`${weekly} min a week, ${day}`, `每週 ${weekly} 分鐘，${day}`)
    results.push({ item: 'activity', points: weekly >= 210 ? 0 : 2, shown, ...basis((week ?? minutes)!.observation) })
  }
  const diet = answerOf(call, SAID_DIET)
  if (diet) results.push({ item: 'diet', points: diet.yes ? 0 : 1, shown: yesNo(diet.yes, diet.day), ...diet.basis })
  return results
}

/** The newest yes or no under a code. */
function answerOf({ prefetch, now }: Call, tokens: ReadonlySet<string>) {
  const answers = resourcesOf(prefetch['measures'], 'Observation').flatMap(observation => {
    const time = timeOf(observation)
    const yes: unknown = observation.valueBoolean
    if (!time || time.at > now || !isUsable(observation) || typeof yes !== 'boolean') return []
    return tokensOf(observation.code).some(token => tokens.has(token))
      ? [{ yes, ...time, basis: basis(observation) }]
      : []
  })
  return answers.sort((one, other) => other.at - one.at)[0]
}

const NEVER = new Set(['entered-in-error', 'cancelled', 'draft', 'unknown'])
/** Antihypertensives, diuretics, β-blockers, calcium channel blockers, RAS blockers. */
const LOWERS_PRESSURE = /^C0[23789]/

function medicationOf(call: Call): Found | undefined {
  const stated = answerOf(call, SAID_MEDICATION)
  const orders = resourcesOf(call.prefetch['medications'], 'MedicationRequest').filter(
    ({ status }) => !NEVER.has(status),
  )
  const order = orders
    .map(each => medicineOf(each.medicationCodeableConcept))
    .find(({ atc }) => atc.some(code => LOWERS_PRESSURE.test(code)))
  if (order) return { item: 'medication', points: 2, shown: both(order.label) }
  if (stated)
    return { item: 'medication', points: stated.yes ? 2 : 0, shown: yesNo(stated.yes, stated.day), ...stated.basis }
  // who has orders on record, and none of these
  if (orders.length > 0)
    return {
      item: 'medication',
      points: 0,
      shown: said(`none among ${orders.length} orders`, `${orders.length} 筆處方中無`),
    }
  return undefined
}

const clinical = (concept: CodeableConcept | undefined) => codesOf(concept)
/** Prediabetes, impaired fasting glucose and tolerance, gestational diabetes now or before: ICD-10-CM and SNOMED CT. */
const HIGH_GLUCOSE = /^(?:R73\b.*|O24\.4.*|Z86\.32)$/
const HIGH_GLUCOSE_SNOMED = new Set(['714628002', '11687002', '9414007', '390951007'])
/** Diabetes of any kind but in pregnancy. */
const DIABETES = /^(?:E0[89]|E1[0-3])(?:\..*)?$/
const DIABETES_SNOMED = new Set(['73211009', '44054006', '46635009', '8801005'])

/** Known by diagnosis, or by medicines for it. */
export function hasDiabetes({ prefetch }: Call): boolean {
  const diagnosed = resourcesOf(prefetch['conditions'], 'Condition').some(
    ({ code, verificationStatus }) =>
      !clinical(verificationStatus).some(status => status === 'refuted' || status === 'entered-in-error') &&
      codesOf(code).some(each => DIABETES.test(each) || DIABETES_SNOMED.has(each)),
  )
  return (
    diagnosed ||
    resourcesOf(prefetch['medications'], 'MedicationRequest').some(
      ({ status, medicationCodeableConcept }) =>
        status === 'active' && medicineOf(medicationCodeableConcept).atc.some(code => code.startsWith('A10')),
    )
  )
}

/** By diagnosis, by what was measured (HbA1c from 5.7%, fasting glucose from 100 mg/dL), or by what was said. */
function glucoseOf(call: Call): Found | undefined {
  const { prefetch, now } = call
  const condition = resourcesOf(prefetch['conditions'], 'Condition').find(
    ({ code, verificationStatus }) =>
      !clinical(verificationStatus).some(status => status === 'refuted' || status === 'entered-in-error') &&
      codesOf(code).some(each => HIGH_GLUCOSE.test(each) || HIGH_GLUCOSE_SNOMED.has(each)),
  )
  if (condition) return { item: 'glucose', points: 5, shown: both(medicineOf(condition.code).label) }
  const values = [
    ...readings(prefetch['measures'], HBA1C, now)
      .filter(({ unit, value }) => unit === '%' && value > 2 && value < 25)
      .map(reading => ({ ...reading, isHigh: reading.value >= 5.7, name: 'HbA1c' })),
    ...readings(prefetch['measures'], FASTING_GLUCOSE, now)
      .filter(({ unit, value }) => /^mg\/dl$/i.test(unit) && value > 10)
      .map(reading => ({ ...reading, isHigh: reading.value >= 100, name: 'glucose' })),
    ...readings(prefetch['measures'], FASTING_GLUCOSE, now)
      .filter(({ unit, value }) => /^mmol\/l$/i.test(unit) && value > 0.5)
      .map(reading => ({ ...reading, isHigh: reading.value >= 5.6, name: 'glucose' })),
  ]
  const value = values.find(({ isHigh }) => isHigh)
  const shown = (each: (typeof values)[number]) => both(`${each.name} ${each.value} ${each.unit}, ${each.day}`)
  if (value) return { item: 'glucose', points: 5, shown: shown(value), ...basis(value.observation) }
  const stated = answerOf(call, SAID_GLUCOSE)
  if (stated)
    return { item: 'glucose', points: stated.yes ? 5 : 0, shown: yesNo(stated.yes, stated.day), ...stated.basis }
  const [normal] = values
  return normal ? { item: 'glucose', points: 0, shown: shown(normal), ...basis(normal.observation) } : undefined
}

const FIRST_DEGREE =
  /^(?:N?(?:FTH|MTH|PRN|BRO|SIS|SIB)|FTWIN|TWIN|CHILD|NCHILD|SON|DAU|SONC|DAUC|TWINBRO|TWINSIS|FTWINBRO|FTWINSIS)$/
const SECOND_DEGREE = /^(?:[MP]?(?:GRFTH|GRMTH|GRPRN|AUNT|UNCLE|COUSN))$/

/** From relatives with diabetes; none when both parents' histories are complete without it. A relation that is not said leaves it open. */
function familyOf(call: Call): Found | undefined {
  const relatives = resourcesOf(call.prefetch['family'], 'FamilyMemberHistory').filter(
    ({ status }) => status !== 'entered-in-error',
  )
  const isDiabetes = (concept: CodeableConcept | undefined) =>
    codesOf(concept).some(code => DIABETES.test(code) || DIABETES_SNOMED.has(code))
  const affected = relatives.filter(({ condition }) =>
    objectsIn(condition).some(each => isDiabetes(each['code'] as CodeableConcept)),
  )
  const relation = (test: RegExp) =>
    affected.find(({ relationship }) => codesOf(relationship).some(code => test.test(code)))
  const first = relation(FIRST_DEGREE)
  if (first) return { item: 'family', points: 5, shown: both(medicineOf(first.relationship).label) }
  const stated = statedFamily(call)
  if (stated) return stated
  const second = relation(SECOND_DEGREE)
  if (second) return { item: 'family', points: 3, shown: both(medicineOf(second.relationship).label) }
  if (affected.length > 0) return { item: 'family', points: 3, more: 2, shown: said('a relative', '親屬') }
  const known = resourcesOf(call.prefetch['conditions'], 'Condition').some(({ code }) =>
    codesOf(code).includes('Z83.3'),
  )
  if (known) return { item: 'family', points: 3, more: 2, shown: both('ICD-10-CM Z83.3') }
  const parents = ['FTH', 'MTH'].every(parent =>
    relatives.some(
      ({ status, relationship }) =>
        status === 'completed' && codesOf(relationship).some(code => code === parent || code === `N${parent}`),
    ),
  )
  return parents ? { item: 'family', points: 0, shown: said('both parents without', '父母皆無') } : undefined
}

const FAMILY_POINTS: Readonly<Record<string, number>> = { none: 0, 'second-degree': 3, 'first-degree': 5 }

function statedFamily({ prefetch, now }: Call): Found | undefined {
  for (const observation of resourcesOf(prefetch['measures'], 'Observation')) {
    const time = timeOf(observation)
    if (!time || time.at > now || !isUsable(observation)) continue
    if (!tokensOf(observation.code).some(token => SAID_FAMILY.has(token))) continue
    const code = codesOf(observation.valueCodeableConcept).find(each => Object.hasOwn(FAMILY_POINTS, each))
    if (code !== undefined)
      return {
        item: 'family',
        points: FAMILY_POINTS[code]!,
        shown: both(`${code}, ${time.day}`),
        ...basis(observation),
      }
  }
  return undefined
}
