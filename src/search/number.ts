/**
 * Number parameters: as many digits as are given count, so 100 finds what rounds to 100.
 * https://hl7.org/fhir/R4/search.html#number
 */
import { badRequest } from '../fhir/outcome.ts'
import type { SearchKind } from './kind.ts'
import { type Prefix, prefixes, ranges, readPrefix } from './prefix.ts'
import type { IndexEntry, Predicate } from './query.ts'

/** A number as it was asked for: its value, and how far what rounds to it may lie to either side. */
export interface Asked {
  readonly prefix: Prefix
  readonly value: number
  readonly margin: number
}

const decimal = /^([+-]?\d+(?:\.(\d+))?)(?:[eE]([+-]?\d{1,3}))?$/

/** `ge5.40`, `-1e-3`. Undefined when it is not a number. */
export function readNumber(text: string): Asked | undefined {
  const { prefix, rest } = readPrefix(text)
  // a plus sign of an exponent comes as a space out of a query string that was not encoded
  const found = rest.length > 100 ? null : decimal.exec(rest.replace(/(?<=[eE]) (?=\d)/, '+'))
  const value = Number(found?.[0])
  if (!found || !Number.isFinite(value)) return undefined
  const places = found[2]?.length ?? 0
  // the specification takes 1e2 as 95 up to 105: a lone digit before an exponent has one more behind it
  const implied = found[3] !== undefined && places === 0 ? 1 : 0
  return { prefix, value, margin: 5 * 10 ** (Number(found[3] ?? 0) - places - implied - 1) }
}

/** Hides what binary fractions leave behind (99.95 - 0.005 is 99.94500000000001). */
const tidy = (value: number): number => Number(value.toPrecision(15))

/**
 * What must hold of the stored range. eq and ne go by the digits given; the other prefixes take the number as exact.
 * `scale` turns what was asked into another unit.
 */
export function numbers(asked: Asked, scale: (value: number) => number = value => value): Predicate {
  const { prefix, value } = asked
  const at = (number: number) => scale(tidy(number))
  if (prefix === 'eq' || prefix === 'ne')
    return ranges(prefix, at(value - asked.margin), at(value + asked.margin), true)
  if (prefix === 'ap') {
    const margin = Math.max(asked.margin, Math.abs(value) / 10)
    return ranges(prefix, at(value - margin), at(value + margin))
  }
  const exact = scale(value)
  if (prefix === 'ge') return { is: 'compare', by: '>=', column: 'high', value: exact }
  if (prefix === 'le') return { is: 'compare', by: '<=', column: 'low', value: exact }
  return ranges(prefix, exact, exact)
}

/** The numbers of a value: a number itself, or the ends of a Range. */
export function bounds(value: unknown): { low: number; high: number } | undefined {
  if (typeof value === 'number') return { low: value, high: value }
  if (typeof value !== 'object' || value === null) return undefined
  const { low, high } = value as { low?: { value?: unknown }; high?: { value?: unknown } }
  const from = low?.value
  const to = high?.value
  if (typeof from !== 'number' && typeof to !== 'number') return undefined
  return {
    low: typeof from === 'number' ? from : -Number.MAX_VALUE,
    high: typeof to === 'number' ? to : Number.MAX_VALUE,
  }
}

export const number: SearchKind = {
  type: 'number',
  sortsBy: 'quantity',
  index(value, _dataType, param): readonly IndexEntry[] {
    const range = bounds(value)
    return range ? [{ kind: 'quantity', param, ...range, system: '', code: '', unit: '' }] : []
  },
  read(text, { param }) {
    const asked = readNumber(text)
    if (!asked) throw badRequest(`"${text}" is not a number: ${param.code} takes values like 100, ge0.5 or 1.2e-3.`)
    return { is: 'has', param: param.code, kind: 'quantity', where: numbers(asked) }
  },
  modifiers: {},
  prefixes,
  present: param => ({ is: 'has', param, kind: 'quantity' }),
}
