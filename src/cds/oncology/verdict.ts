/**
 * What a test says: found, not found, or neither for sure.
 * https://hl7.org/fhir/R4/observation-definitions.html#Observation.value_x_
 */
import { codings, hasCode, list, object, rowOf, text, type Values, words } from './json.ts'

export type Verdict = 'found' | 'not found' | 'unclear'

const FOUND = new Set([
  'LA9633-4', // Present
  'LA6576-8', // Positive
  'LA11882-0', // Detected
  '10828004', // Positive
  '52101004', // Present
  '260373001', // Detected
])
const NOT_FOUND = new Set([
  'LA9634-2', // Absent
  'LA6577-6', // Negative
  'LA11883-8', // Not detected
  '260385009', // Negative
  '2667000', // Absent
  '260415000', // Not detected
])
const INTERPRETED: Readonly<Record<string, Verdict>> = {
  POS: 'found',
  DET: 'found',
  NEG: 'not found',
  ND: 'not found',
  IND: 'unclear',
  E: 'unclear',
}

/** By value, then interpretation, then words; unclear when nothing is said. */
export function verdictOf(of: Values): Verdict {
  const { valueCodeableConcept, valueBoolean, valueString } = of
  if (hasCode(valueCodeableConcept, NOT_FOUND)) return 'not found'
  if (hasCode(valueCodeableConcept, FOUND)) return 'found'
  if (typeof valueBoolean === 'boolean') return valueBoolean ? 'found' : 'not found'
  for (const each of list(of.interpretation).slice(0, 10))
    for (const { code } of codings(each)) {
      const said = rowOf(INTERPRETED, code)
      if (said) return said
    }
  return verdictIn(`${words(valueCodeableConcept)} ${text(valueString) ?? ''}`)
}

const SAYS_NO =
  /\b(?:not detected|undetected|negative|absent|none|no (?:\w+ )?(?:mutation|rearrangement|fusion|variant|amplification)s?|wild[- ]?type)\b|未檢出|未偵測|陰性|無突變|無重組|野生型/i
const SAYS_MAYBE = /equivocal|indeterminate|inconclusive|insufficient|borderline|無法判定|檢體不足|臨界/i
const SAYS_YES = /\b(?:detected|positive|present|mutated|rearranged|amplified)\b|檢出|陽性|突變|重組|擴增/i

/** By words; the negative ones first, since they hold the positive. */
export function verdictIn(said: string): Verdict {
  if (SAYS_MAYBE.test(said)) return 'unclear'
  if (SAYS_NO.test(said)) return 'not found'
  return SAYS_YES.test(said) ? 'found' : 'unclear'
}

/** A number with its comparator against a threshold: `at least` it, `less`, or not to be told. */
export function against(quantity: unknown, threshold: number): 'at least' | 'less' | undefined {
  const { value, comparator } = object(quantity)
  if (typeof value !== 'number' || !Number.isFinite(value)) return undefined
  if (comparator === '<' || comparator === '<=')
    return value < threshold || (comparator === '<' && value === threshold) ? 'less' : undefined
  if (comparator === '>' || comparator === '>=') return value >= threshold ? 'at least' : undefined
  return value >= threshold ? 'at least' : 'less'
}
