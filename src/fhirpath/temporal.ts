/**
 * Dates, times and dateTimes as precise as they were written, and how they compare.
 * https://hl7.org/fhirpath/N1/#datetime-equality
 */

export type TemporalKind = 'date' | 'dateTime' | 'time'

/** How far it is told: 0 year, 1 month, 2 day, 3 hour, 4 minute, 5 second with its fraction. */
export type Precision = 0 | 1 | 2 | 3 | 4 | 5

export class Temporal {
  readonly kind: TemporalKind
  readonly precision: Precision
  /** Year, month, day, hour, minute, and milliseconds of the minute, which may have a fraction. A time has 0, 1, 1 first. */
  readonly fields: readonly number[]
  /** Minutes east of UTC; undefined when it is not told. */
  readonly offset: number | undefined
  /** As it was written, if it was. */
  readonly #written: string | undefined

  constructor(
    kind: TemporalKind,
    precision: Precision,
    fields: readonly number[],
    offset: number | undefined,
    written?: string,
  ) {
    this.kind = kind
    this.precision = precision
    this.fields = fields
    this.offset = offset
    this.#written = written
  }

  /** As JSON has it: `2024-05`, `2024-05-01T10:00:00+08:00`, `10:30:00`. */
  toString(): string {
    return this.#written ?? print(this)
  }
}

const pattern =
  /^(\d{4})(?:-(\d\d)(?:-(\d\d))?)?(?:(T)(?:(\d\d)(?::(\d\d)(?::(\d\d(?:\.\d+)?))?)?)?(Z|[+-]\d\d:\d\d)?)?$/
const timePattern = /^(\d\d)(?::(\d\d)(?::(\d\d(?:\.\d+)?))?)?$/

const monthDays = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
export const daysIn = (year: number, month: number): number =>
  month === 2 && year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : monthDays[month - 1]!

/** A date or dateTime from its text: `dateTime` when it has a `T`, or `kind` says so. Undefined when it is none. */
export function readDate(text: string, kind?: 'date' | 'dateTime'): Temporal | undefined {
  const found = pattern.exec(text)
  if (!found) return undefined
  const [, year, month, day, t, hour, minute, second, zone] = found
  if (t !== undefined && kind === 'date') return undefined
  const fields = [
    Number(year),
    Number(month ?? 1),
    Number(day ?? 1),
    Number(hour ?? 0),
    Number(minute ?? 0),
    milliseconds(second),
  ]
  if (fields[1]! < 1 || fields[1]! > 12 || fields[2]! < 1 || fields[2]! > daysIn(fields[0]!, fields[1]!))
    return undefined
  const offset = offsetOf(zone)
  if (
    !isTime(fields) ||
    (hour !== undefined && day === undefined) ||
    (zone !== undefined && hour === undefined) ||
    Number.isNaN(offset)
  )
    return undefined
  const precision = second ? 5 : minute ? 4 : hour ? 3 : day ? 2 : month ? 1 : 0
  return new Temporal(
    kind ?? (t ? 'dateTime' : 'date'),
    precision,
    fields,
    offset,
    text.endsWith('T') ? text.slice(0, -1) : text,
  )
}

/** A time from its text, with or without `T`. */
export function readTime(text: string): Temporal | undefined {
  const plain = text.startsWith('T') ? text.slice(1) : text
  const found = timePattern.exec(plain)
  if (!found) return undefined
  const [, hour, minute, second] = found
  const fields = [0, 1, 1, Number(hour), Number(minute ?? 0), milliseconds(second)]
  if (!isTime(fields)) return undefined
  return new Temporal('time', second ? 5 : minute ? 4 : 3, fields, undefined, plain)
}

const milliseconds = (second: string | undefined) => (second === undefined ? 0 : Math.round(Number(second) * 1e9) / 1e6)

// a leap second is allowed
const isTime = (fields: readonly number[]) => fields[3]! < 24 && fields[4]! < 60 && fields[5]! < 61_000

function offsetOf(zone: string | undefined): number | undefined {
  if (zone === undefined || zone === 'Z') return zone && 0
  const [hours, minutes] = [Number(zone.slice(1, 3)), Number(zone.slice(4))]
  if (minutes > 59 || hours * 60 + minutes > 14 * 60) return NaN
  return (zone.startsWith('-') ? -1 : 1) * (hours * 60 + minutes)
}

/** The moment as a dateTime at this offset. */
export function dateTimeAt(date: Date, offset: number): Temporal {
  return new Temporal('dateTime', 5, fieldsOf(date.getTime() + offset * 60_000), offset)
}

/** Its day. */
export const dateOf = ({ fields, precision }: Temporal): Temporal =>
  new Temporal('date', Math.min(precision, 2) as Precision, [...fields.slice(0, 3), 0, 0, 0], undefined)

/** Its time of day. */
export const timeOf = ({ fields, precision }: Temporal): Temporal =>
  new Temporal('time', precision, [0, 1, 1, ...fields.slice(3)], undefined)

const DAY = 86_400_000

/** Fields of milliseconds since 1970, as UTC. */
export function fieldsOf(time: number): number[] {
  const days = Math.floor(time / DAY)
  const rest = time - days * DAY
  return [...dateOfDays(days), Math.floor(rest / 3_600_000), Math.floor((rest % 3_600_000) / 60_000), rest % 60_000]
}

/** Milliseconds since 1970 of fields taken as UTC. */
export function timeOfFields(fields: readonly number[]): number {
  const [year, month, day, hour, minute, rest] = fields as [number, number, number, number, number, number]
  return daysOfDate(year, month, day) * DAY + hour * 3_600_000 + minute * 60_000 + rest
}

/** Days since 1970 of a date; years begin in March, so that the leap day is their last. */
function daysOfDate(year: number, month: number, day: number): number {
  const years = month > 2 ? year : year - 1
  const months = month > 2 ? month - 3 : month + 9
  return (
    Math.floor(years * 365.25) -
    Math.floor(years / 100) +
    Math.floor(years / 400) +
    Math.floor((153 * months + 2) / 5) +
    day -
    719_469
  )
}

function dateOfDays(days: number): [year: number, month: number, day: number] {
  const since = days + 719_468
  const era = Math.floor(since / 146_097)
  const inEra = since - era * 146_097
  const years = Math.floor(
    (inEra - Math.floor(inEra / 1460) + Math.floor(inEra / 36_524) - Math.floor(inEra / 146_096)) / 365,
  )
  const inYear = inEra - (365 * years + Math.floor(years / 4) - Math.floor(years / 100))
  const months = Math.floor((5 * inYear + 2) / 153)
  const month = months < 10 ? months + 3 : months - 9
  return [era * 400 + years + (month <= 2 ? 1 : 0), month, inYear - Math.floor((153 * months + 2) / 5) + 1]
}

/**
 * Negative, 0 or positive; undefined when one is told more precisely than the other and they are the same as far as
 * both are told. `offset`: minutes east of UTC for those that do not tell theirs.
 */
export function compareTemporals(a: Temporal, b: Temporal, offset: number): number | undefined {
  const [left, right] = sameOffset(a, b) ? [a.fields, b.fields] : [local(a, offset), local(b, offset)]
  const shared = Math.min(a.precision, b.precision)
  for (let i = a.kind === 'time' ? 3 : 0; i <= shared; i++) {
    const difference = left[i]! - right[i]!
    if (difference !== 0) return difference
  }
  return a.precision === b.precision ? 0 : undefined
}

const sameOffset = (a: Temporal, b: Temporal) => a.offset === b.offset || (a.precision < 3 && b.precision < 3)

/** The fields at the offset of the evaluation. Dates have none and stay. */
function local({ fields, offset: own, precision }: Temporal, offset: number): readonly number[] {
  if (own === undefined || own === offset || precision < 3) return fields
  return fieldsOf(timeOfFields(fields) + (offset - own) * 60_000)
}

const two = (value: number) => String(value).padStart(2, '0')

function print({ kind, precision, fields, offset }: Temporal): string {
  const [year, month, day, hour, minute, rest] = fields as [number, number, number, number, number, number]
  const date = [String(year).padStart(4, '0'), two(month), two(day)].slice(0, precision + 1).join('-')
  if (kind === 'date' || (kind === 'dateTime' && precision < 3)) return date
  const seconds = `${two(Math.floor(rest / 1000))}${rest % 1000 === 0 ? '' : `.${String(Math.floor(rest % 1000)).padStart(3, '0')}`}`
  const time = [two(hour), two(minute), seconds].slice(0, precision - 2).join(':')
  return kind === 'time' ? time : `${date}T${time}${zone(offset)}`
}

function zone(offset: number | undefined): string {
  if (offset === undefined) return ''
  if (offset === 0) return 'Z'
  const minutes = Math.abs(offset)
  return `${offset < 0 ? '-' : '+'}${two(Math.floor(minutes / 60))}:${two(minutes % 60)}`
}
