/**
 * Dates and times plus and minus durations, by the calendar.
 * https://hl7.org/fhirpath/N1/#datetime-arithmetic
 */
import { fail, type Place } from './error.ts'
import { calendarWord, dateUnit, type Quantity } from './quantity.ts'
import { daysIn, fieldsOf, type Precision, Temporal, timeOfFields } from './temporal.ts'

const milliseconds: Readonly<Record<string, number>> = {
  week: 604_800_000,
  day: 86_400_000,
  hour: 3_600_000,
  minute: 60_000,
  second: 1000,
  millisecond: 1,
}
const precisions: Readonly<Record<string, Precision>> = {
  year: 0,
  month: 1,
  week: 2,
  day: 2,
  hour: 3,
  minute: 4,
  second: 5,
  millisecond: 5,
}

/** Throws when the quantity is no duration, or the result no date. */
export function addDuration(to: Temporal, quantity: Quantity, sign: 1 | -1, place: Place): Temporal {
  const unit = dateUnit(quantity)
  if (unit === undefined) {
    const word = quantity.unit === 'a' ? 'years' : quantity.unit === 'mo' ? 'months' : calendarWord(quantity.unit)
    fail(
      place,
      `'${quantity.unit}' cannot be added to a date`,
      `use a calendar duration: ${word ? `${quantity.value} ${word}` : 'years, months, weeks, days, hours, minutes, seconds or milliseconds'}`,
    )
  }
  if (to.kind === 'time') return addToTime(to, sign * quantity.value, unit, place)
  const amount = sign * (precisions[unit] === 5 ? quantity.value : Math.trunc(quantity.value))
  const fields = moved(to, amount, unit)
  if (!(fields[0]! >= 1 && fields[0]! <= 9999)) fail(place, 'The date is out of range', 'years go from 1 to 9999')
  return new Temporal(to.kind, to.precision, fields, to.offset)
}

function moved({ fields, precision }: Temporal, amount: number, unit: string): readonly number[] {
  // a partial date takes as much of the duration as it can tell
  if (precision === 0) return addMonths(fields, 12 * Math.trunc(amount / perYear(unit)))
  if (precision === 1) return addMonths(fields, unit === 'year' ? amount * 12 : Math.trunc(amount / perMonth(unit)))
  if (unit === 'year') return addMonths(fields, amount * 12)
  if (unit === 'month') return addMonths(fields, amount)
  const smallest = precision === 2 ? 86_400_000 : precision === 3 ? 3_600_000 : precision === 4 ? 60_000 : 1
  const length = Math.trunc((amount * milliseconds[unit]!) / smallest) * smallest
  return fieldsOf(timeOfFields(fields) + length)
}

const perYear = (unit: string) =>
  unit === 'year' ? 1 : unit === 'month' ? 12 : (365 * 86_400_000) / milliseconds[unit]!
const perMonth = (unit: string) => (unit === 'month' ? 1 : (30 * 86_400_000) / milliseconds[unit]!)

/** The last day of the month where it has no such day. */
function addMonths(fields: readonly number[], months: number): readonly number[] {
  const count = fields[0]! * 12 + (fields[1]! - 1) + months
  const year = Math.floor(count / 12)
  const month = count - year * 12 + 1
  return [year, month, Math.min(fields[2]!, daysIn(year, month)), ...fields.slice(3)]
}

const DAY = 86_400_000

/** Goes round at midnight. */
function addToTime({ fields, precision }: Temporal, amount: number, unit: string, place: Place): Temporal {
  if (precisions[unit]! < 3)
    fail(place, `${unit}s cannot be added to a time`, 'use hours, minutes, seconds or milliseconds')
  const smallest = precision === 3 ? 3_600_000 : precision === 4 ? 60_000 : 1
  const length = Math.trunc((amount * milliseconds[unit]!) / smallest) * smallest
  const at = fields[3]! * 3_600_000 + fields[4]! * 60_000 + fields[5]!
  const rest = (((at + length) % DAY) + DAY) % DAY
  const hour = Math.floor(rest / 3_600_000)
  const minute = Math.floor((rest % 3_600_000) / 60_000)
  return new Temporal('time', precision, [0, 1, 1, hour, minute, rest % 60_000], undefined)
}
