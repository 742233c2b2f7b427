/**
 * FHIR dates are periods: "2024-05" begins on its first and ends in the last millisecond of its last day.
 * https://hl7.org/fhir/R4/datatypes.html#dateTime
 */

/** The ends of time: what an open Period begins and ends with. Milliseconds; years -9999 and 9999. */
export const EARLIEST = -377705116800000
export const LATEST = 253402300799999

/** Both ends inclusive, in milliseconds since 1970. */
export interface DateRange {
  readonly low: number
  readonly high: number
}

const SECOND = 1000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

/**
 * The period that a date, dateTime or instant stands for, to whatever precision it is given; without a zone it is UTC.
 * Undefined for what is not a FHIR date, impossible ones ("2023-02-30") among them.
 */
export function readDate(text: string): DateRange | undefined {
  const size = text.length
  if (size < 4 || size > 60) return undefined
  const year = digitsAt(text, 0, 4)
  if (!(year >= 1)) return undefined
  if (size === 4)
    return range(daysBefore(year, 1, 1) * DAY, (daysBefore(year + 1, 1, 1) - daysBefore(year, 1, 1)) * DAY)
  const month = text[4] === '-' ? digitsAt(text, 5, 2) : NaN
  if (!(month >= 1 && month <= 12)) return undefined
  if (size === 7) return range(daysBefore(year, month, 1) * DAY, daysIn(year, month) * DAY)
  const day = text[7] === '-' ? digitsAt(text, 8, 2) : NaN
  if (!(day >= 1 && day <= daysIn(year, month))) return undefined
  const midnight = daysBefore(year, month, day) * DAY
  if (size === 10) return range(midnight, DAY)
  return text[10] === 'T' ? withTime(text, midnight) : undefined
}

/** From the hour on: `hh:mm`, then seconds, their fraction and the zone, each of which may be missing. */
function withTime(text: string, midnight: number): DateRange | undefined {
  const hour = digitsAt(text, 11, 2)
  const minute = text[13] === ':' ? digitsAt(text, 14, 2) : NaN
  if (!(hour <= 23 && minute <= 59)) return undefined
  let time = midnight + hour * HOUR + minute * MINUTE
  let length = MINUTE
  let at = 16
  if (text[at] === ':') {
    const second = digitsAt(text, 17, 2)
    if (!(second <= 60)) return undefined
    // a leap second counts as the second before it: it belongs to that day
    time += Math.min(second, 59) * SECOND
    length = SECOND
    at = 19
    if (text[at] === '.') {
      let unit = SECOND
      const first = ++at
      for (let digit = digitAt(text, at); digit >= 0; digit = digitAt(text, ++at)) {
        if (unit > 1) time += digit * (unit /= 10)
      }
      if (at === first) return undefined
      length = unit
    }
  }
  const offset = zone(text, at)
  return offset === undefined ? undefined : range(time - offset, length)
}

/** Milliseconds east of Greenwich. */
function zone(text: string, at: number): number | undefined {
  const sign = text[at]
  if (sign === undefined) return 0
  if (sign === 'Z') return text.length === at + 1 ? 0 : undefined
  if ((sign !== '+' && sign !== '-') || text.length !== at + 6 || text[at + 3] !== ':') return undefined
  const hours = digitsAt(text, at + 1, 2)
  const minutes = digitsAt(text, at + 4, 2)
  if (!(hours <= 14 && minutes <= 59)) return undefined
  return (sign === '-' ? -1 : 1) * (hours * HOUR + minutes * MINUTE)
}

/** From the beginning of `start` to the end of `end`; a missing one is open. Undefined when both are missing, one is no date, or they are the wrong way round. */
export function readPeriod(period: unknown): DateRange | undefined {
  if (typeof period !== 'object' || period === null) return undefined
  const { start, end } = period as { start?: unknown; end?: unknown }
  if (start === undefined && end === undefined) return undefined
  const first = start === undefined ? EARLIEST : typeof start === 'string' ? readDate(start)?.low : undefined
  const last = end === undefined ? LATEST : typeof end === 'string' ? readDate(end)?.high : undefined
  return first === undefined || last === undefined || first > last ? undefined : { low: first, high: last }
}

const range = (low: number, length: number): DateRange => ({ low, high: low + length - 1 })

/** -1 for anything but a digit. */
function digitAt(text: string, at: number): number {
  const code = text.charCodeAt(at) - 48
  return code >= 0 && code <= 9 ? code : -1
}

/** NaN unless there are so many digits; every comparison with it is false. */
function digitsAt(text: string, at: number, count: number): number {
  let value = 0
  for (let i = at; i < at + count; i++) {
    const digit = digitAt(text, i)
    if (digit < 0) return NaN
    value = value * 10 + digit
  }
  return value
}

const isLeap = (year: number) => (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0
const lengths = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
const before = [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334]
const daysIn = (year: number, month: number) => lengths[month - 1]! + (month === 2 && isLeap(year) ? 1 : 0)

/** Days from 1970-01-01 in the Gregorian calendar, counted on into the past. Date.UTC takes years below 100 for others. */
function daysBefore(year: number, month: number, day: number): number {
  const past = year - 1
  const leaps = Math.floor(past / 4) - Math.floor(past / 100) + Math.floor(past / 400)
  return past * 365 + leaps + before[month - 1]! + (month > 2 && isLeap(year) ? 1 : 0) + day - 1 - 719162
}
