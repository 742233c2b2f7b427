/**
 * Resources of a call as plain values, and Observations read for what they say and when.
 * https://hl7.org/fhir/R4/observation.html
 */
import type { Resource } from '../../fhir/types.ts'
import { day, hasCode, label, list, number, object, referenceKey, text, type Values } from './json.ts'

/** So many resources of one prefetch key are looked at. */
const MOST = 10_000

/** The resources of a type in a resource or Bundle, each once. */
export function ofType(from: unknown, type: string): readonly Values[] {
  const { resourceType, entry } = object(from)
  if (resourceType === type) return [object(from)]
  if (resourceType !== 'Bundle') return []
  const seen = new Set<string>()
  return list(entry)
    .slice(0, MOST)
    .map(each => object(object(each).resource))
    .filter(({ resourceType, id }) => {
      if (resourceType !== type) return false
      if (typeof id !== 'string') return true
      return seen.has(id) ? false : (seen.add(id), true)
    })
}

/** Results that stand: not cancelled, withdrawn or still to come. */
const STANDS = new Set(['final', 'amended', 'corrected'])

/** Observations that stand, newest first; those without a date last. */
export function observationsIn(...from: readonly (Resource | null | undefined)[]): readonly Values[] {
  const all = new Map<unknown, Values>()
  for (const each of from)
    for (const observation of ofType(each, 'Observation'))
      if (STANDS.has(observation.status as string)) all.set(observation.id ?? observation, observation)
  return [...all.values()]
    .map(observation => ({ observation, when: whenOf(observation) ?? '' }))
    .sort((a, b) => (a.when < b.when ? 1 : a.when > b.when ? -1 : 0))
    .map(({ observation }) => observation)
}

/** The day an observation is of. */
export const whenOf = ({ effectiveDateTime, effectivePeriod, effectiveInstant, issued }: Values): string | undefined =>
  day(effectiveDateTime) ??
  day(object(effectivePeriod).end) ??
  day(object(effectivePeriod).start) ??
  day(effectiveInstant) ??
  day(issued)

const COMPARATORS = new Set(['<', '<=', '>=', '>'])

/** A quantity as it is read aloud: `48.6 ng/mL`; undefined without a number. */
export function quantityLabel(quantity: unknown): string | undefined {
  const { value, unit, code, comparator } = object(quantity)
  if (number(value) === undefined) return undefined
  const written = text(unit) ?? (text(code) === '1' ? '' : text(code)) ?? ''
  const sign = COMPARATORS.has(comparator as string) ? `${comparator as string} ` : ''
  return `${sign}${String(value)}${written ? ` ${written}` : ''}`
}

/** The value of an observation or component, as it is read aloud. */
export function valueLabel(of: Values): string | undefined {
  if (of.valueCodeableConcept !== undefined) return label(of.valueCodeableConcept)
  if (of.valueQuantity !== undefined) return quantityLabel(of.valueQuantity)
  if (typeof of.valueInteger === 'number') return String(of.valueInteger)
  if (typeof of.valueBoolean === 'boolean') return of.valueBoolean ? '+' : '−'
  return text(of.valueString) ?? day(of.valueDateTime)
}

const RELATED = /\/(?:mcode-related-condition|related-condition)$/

/** The conditions an observation is about, as `Condition/1`. */
export const aboutOf = ({ focus, extension }: Values): readonly string[] =>
  [
    ...list(focus),
    ...list(extension).flatMap(each => {
      const { url, valueReference } = object(each)
      return typeof url === 'string' && RELATED.test(url) ? [valueReference] : []
    }),
  ].flatMap(each => {
    const key = referenceKey(each)
    return key?.startsWith('Condition/') ? [key] : []
  })

/** Whether an observation is about this condition: it says so, or says nothing and there is no other cancer. */
export function isAbout(observation: Values, condition: string | undefined, alone: boolean): boolean {
  const about = aboutOf(observation)
  return about.length === 0 ? alone : condition !== undefined && about.includes(condition)
}

export const isCoded = (observation: Values, codes: ReadonlySet<string>): boolean => hasCode(observation.code, codes)
