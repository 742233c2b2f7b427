/**
 * Prefixes of ordered values (`ge2024`): comparisons of the range that was asked for with the range that is stored.
 * https://hl7.org/fhir/R4/search.html#prefix
 */
import { badRequest } from '../fhir/outcome.ts'
import type { Column, Predicate } from './query.ts'

export const prefixes = ['eq', 'ne', 'gt', 'lt', 'ge', 'le', 'sa', 'eb', 'ap'] as const
export type Prefix = (typeof prefixes)[number]

/** The prefix (eq when there is none) and the rest. Refuses (400) two letters that are no prefix. */
export function readPrefix(text: string): { prefix: Prefix; rest: string } {
  const found = /^[A-Za-z]{2}(?=[\d.+-])/.exec(text)?.[0]
  if (found === undefined) return { prefix: 'eq', rest: text }
  if (!(prefixes as readonly string[]).includes(found))
    throw badRequest(`"${found}" in "${text}" is not a prefix; prefixes are ${prefixes.join(', ')}.`)
  return { prefix: found as Prefix, rest: text.slice(2) }
}

const compare = (column: Column, by: '=' | '<' | '<=' | '>' | '>=', value: number): Predicate => ({
  is: 'compare',
  by,
  column,
  value,
})
const and = (...parts: Predicate[]): Predicate => ({ is: 'and', parts })
const or = (...parts: Predicate[]): Predicate => ({ is: 'or', parts })

/**
 * What must hold of a stored range [low, high]. All bounds are inclusive but for `open`, which leaves the upper one
 * out (numbers: 100 means from 99.5 up to but not including 100.5).
 */
export function ranges(prefix: Prefix, low: number, high: number, open = false): Predicate {
  switch (prefix) {
    case 'eq':
      return and(compare('low', '>=', low), compare('high', open ? '<' : '<=', high))
    case 'ne':
      return or(compare('low', '<', low), compare('high', open ? '>=' : '>', high))
    case 'gt':
      return compare('high', '>', high)
    case 'lt':
      return compare('low', '<', low)
    // beside what lies above: what lies wholly inside, which comes to "begins inside, or ends after"
    case 'ge':
      return or(compare('low', '>=', low), compare('high', '>', high))
    case 'le':
      return or(compare('high', '<=', high), compare('low', '<', low))
    case 'sa':
      return compare('low', '>', high)
    case 'eb':
      return compare('high', '<', low)
    case 'ap':
      return and(compare('high', '>=', low), compare('low', '<=', high))
  }
}
