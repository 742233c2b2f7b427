/**
 * Date parameters: every date is a period, as long as it is exact; two periods are compared.
 * https://hl7.org/fhir/R4/search.html#date
 */
import { badRequest } from '../fhir/outcome.ts'
import { readDate, readPeriod } from '../fhir/period.ts'
import type { SearchKind } from './kind.ts'
import { type Prefix, prefixes, ranges, readPrefix } from './prefix.ts'
import type { IndexEntry } from './query.ts'

interface Range {
  readonly low: number
  readonly high: number
}

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null

const spanOf = (value: unknown): Range | undefined => {
  if (typeof value === 'string') return readDate(value)
  if (!isObject(value)) return undefined
  return 'event' in value || 'repeat' in value ? readTiming(value) : (readPeriod(value) ?? undefined)
}

/** Of a Timing only the outer limits matter. */
function readTiming(timing: Record<string, unknown>): Range | undefined {
  const { event, repeat } = timing
  const limits = Array.isArray(event) ? event.map(each => (typeof each === 'string' ? readDate(each) : undefined)) : []
  if (isObject(repeat) && isObject(repeat['boundsPeriod'])) limits.push(readPeriod(repeat['boundsPeriod']))
  const known = limits.filter(each => each !== undefined)
  if (known.length === 0) return undefined
  return known.reduce((all, each) => ({ low: Math.min(all.low, each.low), high: Math.max(all.high, each.high) }))
}

/** A date as it was asked for: `ge2024-05`. `ap` has its margin in it: a tenth of the time from then to now. Refuses (400) what is no date. */
export function readAsked(text: string, now: number): Range & { prefix: Prefix } {
  const { prefix, rest } = readPrefix(text)
  // "+08:00" comes as " 08:00" out of a query string that was not encoded
  const asked = readDate(rest.replace(/ (?=\d\d:\d\d$)/, '+'))
  if (!asked)
    throw badRequest(
      `"${text}" is not a date: give 2024, 2024-05, 2024-05-01 or 2024-05-01T13:00:00Z, with a prefix such as ge before it if wanted.`,
    )
  const margin = prefix === 'ap' ? Math.round(Math.abs(now - (asked.low + asked.high) / 2) / 10) : 0
  return { prefix, low: asked.low - margin, high: asked.high + margin }
}

export const date: SearchKind = {
  type: 'date',
  sortsBy: 'date',
  index(value, _dataType, param): readonly IndexEntry[] {
    const range = spanOf(value)
    return range ? [{ kind: 'date', param, low: range.low, high: range.high }] : []
  },
  read(text, { param, now }) {
    const { prefix, low, high } = readAsked(text, now)
    return { is: 'has', param: param.code, kind: 'date', where: ranges(prefix, low, high) }
  },
  modifiers: {},
  prefixes,
  present: param => ({ is: 'has', param, kind: 'date' }),
}
