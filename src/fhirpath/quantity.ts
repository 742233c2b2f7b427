/**
 * Quantities: amounts with a UCUM unit, and calendar durations such as `18 years`.
 * https://hl7.org/fhirpath/N1/#quantity
 */
import { exactDifference, exactSum } from './numbers.ts'

export class Quantity {
  readonly value: number
  /** UCUM code, or for a calendar duration its word in the singular: `year`. */
  readonly unit: string
  readonly calendar: boolean
  /** It came from a FHIR Quantity: its `a` is as good as `year`. https://hl7.org/fhir/R4/fhirpath.html#quantity */
  readonly either: boolean

  constructor(value: number, unit: string, calendar: boolean, either = false) {
    this.value = value
    this.unit = unit
    this.calendar = calendar
    this.either = either
  }

  /** As FHIRPath writes it: `5 'mg'`, `18 years`. */
  toString(): string {
    if (!this.calendar) return `${this.value} '${this.unit}'`
    return `${this.value} ${this.unit}${Math.abs(this.value) === 1 ? '' : 's'}`
  }

  /** As FHIR's Quantity. */
  toJSON(): { value: number; unit: string; system: string; code: string } {
    const code = this.calendar ? calendarCodes[this.unit]! : this.unit
    return { value: this.value, unit: this.calendar ? this.unit : code, system: 'http://unitsofmeasure.org', code }
  }
}

/** Tells how a UCUM unit becomes base units (`value * factor + offset`); undefined for what is none. */
export type Units = (
  code: string,
) => { readonly code: string; readonly factor: number; readonly offset: number } | undefined

export const calendarCodes: Readonly<Record<string, string>> = {
  year: 'a',
  month: 'mo',
  week: 'wk',
  day: 'd',
  hour: 'h',
  minute: 'min',
  second: 's',
  millisecond: 'ms',
}
const calendarWords: Readonly<Record<string, string>> = Object.fromEntries(
  Object.entries(calendarCodes).map(([word, code]) => [code, word]),
)
/** Where no date is near, a year has 365 days and a month 30. */
const calendarSeconds: Readonly<Record<string, number>> = {
  year: 31_536_000,
  month: 2_592_000,
  week: 604_800,
  day: 86_400,
  hour: 3600,
  minute: 60,
  second: 1,
  millisecond: 0.001,
}

/** The word for `years`, `year`; undefined for others. */
export function calendarWord(text: string): string | undefined {
  const word = text.endsWith('s') ? text.slice(0, -1) : text
  return Object.hasOwn(calendarCodes, word) ? word : undefined
}

/** The calendar unit that date arithmetic takes it for; undefined: it is no duration, or one of a fixed length above weeks (`'a'`, `'mo'`). */
export function dateUnit({ unit, calendar, either }: Quantity): string | undefined {
  if (calendar) return unit
  if (!either && (unit === 'a' || unit === 'mo')) return undefined
  return Object.hasOwn(calendarWords, unit) ? calendarWords[unit] : undefined
}

/** An amount in units that others can be compared with. */
interface Amount {
  readonly value: number
  readonly of: string
}

const isLong = (word: string) => word === 'year' || word === 'month'

/** Both in the same units, or undefined when they measure different things or a unit is not known. */
export function inSameUnits(a: Quantity, b: Quantity, units: Units | undefined): [number, number] | undefined {
  if (a.unit === b.unit && a.calendar === b.calendar) return [a.value, b.value]
  const [left, right] = a.calendar !== b.calendar ? [asCalendar(a), asCalendar(b)] : [a, b]
  if (!left || !right) return undefined
  if (left.calendar) {
    if (left.unit === right.unit) return [left.value, right.value]
    // a year is twelve months, though not twelve times thirty days
    if (isLong(left.unit) && isLong(right.unit)) return [months(left), months(right)]
    return [tidy(left.value * calendarSeconds[left.unit]!), tidy(right.value * calendarSeconds[right.unit]!)]
  }
  const [one, other] = [inBase(left, units), inBase(right, units)]
  return one && other && one.of === other.of ? [one.value, other.value] : undefined
}

/** As a calendar duration, where a fixed duration is one: up to weeks, or when it came from a FHIR Quantity. */
function asCalendar(quantity: Quantity): Quantity | undefined {
  if (quantity.calendar) return quantity
  const word = dateUnit(quantity)
  return word === undefined ? undefined : new Quantity(quantity.value, word, true)
}

const months = ({ value, unit }: Quantity) => (unit === 'year' ? value * 12 : value)

const tidy = (value: number) => Number(value.toPrecision(12))

function inBase({ value, unit }: Quantity, units: Units | undefined): Amount | undefined {
  if (unit === '1') return { value: tidy(value), of: '1' }
  const known = units?.(unit)
  return known && { value: tidy(value * known.factor + known.offset), of: known.code }
}

/** The sum (or, with `sign` -1, the difference) in the smaller of both units; undefined when they do not go together. */
export function addQuantities(a: Quantity, b: Quantity, sign: 1 | -1, units: Units | undefined): Quantity | undefined {
  const add = sign === 1 ? exactSum : exactDifference
  if (a.unit === b.unit && a.calendar === b.calendar)
    return new Quantity(add(a.value, b.value), a.unit, a.calendar, a.either && b.either)
  if (!inSameUnits(a, b, units)) return undefined
  const [one, other] = [sizeOf(a, units), sizeOf(b, units)]
  if (one === undefined || other === undefined) return undefined
  const smaller = one <= other ? a : b
  const ratio = isLongPair(a, b) ? 12 : Math.max(one, other) / Math.min(one, other)
  const value = smaller === a ? add(a.value, tidy(b.value * ratio)) : add(tidy(a.value * ratio), b.value)
  return new Quantity(value, smaller.unit, smaller.calendar)
}

const isLongPair = (a: Quantity, b: Quantity) =>
  isLong(dateUnit(a) ?? '') && isLong(dateUnit(b) ?? '') && dateUnit(a) !== dateUnit(b)

/** How much one of the unit is; undefined for units with a zero of their own (Cel). */
function sizeOf(quantity: Quantity, units: Units | undefined): number | undefined {
  if (quantity.calendar) return calendarSeconds[quantity.unit]
  const known = units?.(quantity.unit)
  if (known?.offset === 0) return known.factor
  const word = dateUnit(quantity)
  return word === undefined ? undefined : calendarSeconds[word]
}

/** Equal while a fixed duration counts as its calendar word: `1 'a' ~ 1 year`. */
export function equivalentQuantities(a: Quantity, b: Quantity, units: Units | undefined): boolean {
  const pair = inSameUnits(loose(a), loose(b), units)
  return pair !== undefined && pair[0] === pair[1]
}

const loose = (quantity: Quantity) => new Quantity(quantity.value, quantity.unit, quantity.calendar, true)

/** The product, or with `power` -1 the quotient; undefined when the unit cannot be told. */
export function multiplyQuantities(
  a: Quantity,
  b: Quantity,
  power: 1 | -1,
  units: Units | undefined,
): Quantity | undefined {
  const count = (x: number, y: number) => (power === 1 ? x * y : x / y)
  if (power === -1 && b.value === 0) return undefined
  if (b.unit === '1') return new Quantity(round(count(a.value, b.value)), a.unit, a.calendar, a.either)
  if (a.unit === '1' && power === 1) return new Quantity(round(count(a.value, b.value)), b.unit, b.calendar, b.either)
  if (power === -1 && a.unit === b.unit && a.calendar === b.calendar)
    return new Quantity(round(a.value / b.value), '1', false)
  if (a.calendar || b.calendar) return undefined
  const [one, other] = [units?.(a.unit), units?.(b.unit)]
  if (!one || !other || one.offset !== 0 || other.offset !== 0) return undefined
  const unit = power === 1 ? `(${one.code}).(${other.code})` : `(${one.code})/(${other.code})`
  const known = units?.(unit)
  return (
    known && new Quantity(round(count(a.value * one.factor, b.value * other.factor) * known.factor), known.code, false)
  )
}

const round = (value: number) => Number(value.toPrecision(12))
