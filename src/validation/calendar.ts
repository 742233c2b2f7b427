/**
 * The texts of dates and times, read by hand: what is not a real day, hour or time zone is none.
 * https://hl7.org/fhir/R4/datatypes.html#dateTime
 */

/** The number written in `count` digits at that place; -1 when there are other characters. */
function digits(text: string, from: number, count: number): number {
  let value = 0
  for (let i = from; i < from + count; i++) {
    const digit = text.charCodeAt(i) - 48
    if (!(digit >= 0 && digit <= 9)) return -1
    value = value * 10 + digit
  }
  return value
}

const daysOf = (year: number, month: number) =>
  month === 2
    ? year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0)
      ? 29
      : 28
    : month === 4 || month === 6 || month === 9 || month === 11
      ? 30
      : 31

/** How many characters at the beginning are a date: 10, 7, 4; 0 when they are none. */
function dateLength(text: string): 0 | 4 | 7 | 10 {
  const year = digits(text, 0, 4)
  if (year < 1) return 0
  if (text[4] !== '-') return 4
  const month = digits(text, 5, 2)
  if (month < 1 || month > 12) return 0
  if (text[7] !== '-') return 7
  const day = digits(text, 8, 2)
  return day < 1 || day > daysOf(year, month) ? 0 : 10
}

/** Where a time `hh:mm:ss(.s…)` that begins there ends; -1 when it is none. Second 60 is a leap second. */
function timeEnd(text: string, from: number): number {
  const [hour, minute, second] = [digits(text, from, 2), digits(text, from + 3, 2), digits(text, from + 6, 2)]
  if (text[from + 2] !== ':' || text[from + 5] !== ':') return -1
  if (hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 60) return -1
  let end = from + 8
  if (text[end] !== '.') return end
  const first = ++end
  while (digits(text, end, 1) >= 0) end++
  return end === first ? -1 : end
}

/** Whether the rest from there is `Z` or `+hh:mm` up to 14 hours. */
function isZone(text: string, from: number): boolean {
  if (text[from] === 'Z') return text.length === from + 1
  if ((text[from] !== '+' && text[from] !== '-') || text[from + 3] !== ':' || text.length !== from + 6) return false
  const [hour, minute] = [digits(text, from + 1, 2), digits(text, from + 4, 2)]
  return hour >= 0 && minute >= 0 && minute <= 59 && (hour < 14 || (hour === 14 && minute === 0))
}

export const isDate = (text: string): boolean => text.length <= 10 && dateLength(text) === text.length

export const isTime = (text: string): boolean => timeEnd(text, 0) === text.length

/** `no-zone`: all of it is right but the missing time zone. */
export function dateTimeFault(text: string): 'no-zone' | 'wrong' | undefined {
  const length = dateLength(text)
  if (length > 0 && length === text.length) return undefined
  if (length !== 10 || text[10] !== 'T') return 'wrong'
  const end = timeEnd(text, 11)
  if (end < 0) return 'wrong'
  return end === text.length ? 'no-zone' : isZone(text, end) ? undefined : 'wrong'
}

export const isInstant = (text: string): boolean => text.length > 10 && dateTimeFault(text) === undefined
