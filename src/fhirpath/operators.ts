/**
 * Comparison, arithmetic and three-valued logic.
 * https://hl7.org/fhirpath/N1/#operations
 */
import { fail, type Place } from './error.ts'
import { asQuantities } from './equality.ts'
import { decimal, type Item, type Items, Node, type Truth, WholeDecimal } from './items.ts'
import { exactDifference, exactProduct, exactSum, quotient } from './numbers.ts'
import { addQuantities, inSameUnits, multiplyQuantities, Quantity } from './quantity.ts'
import type { Run } from './run.ts'
import { addDuration } from './temporal-arithmetic.ts'
import { compareTemporals, Temporal } from './temporal.ts'
import { describe, isFhirQuantity, single, systemTypeOf, textOf, type Value, valueOf } from './values.ts'

/** https://hl7.org/fhirpath/N1/#boolean-logic */
export const logics: Readonly<Record<'and' | 'or' | 'xor' | 'implies', (a: Truth, b: Truth) => Truth>> = {
  and: (a, b) => (a === false || b === false ? false : a === undefined || b === undefined ? undefined : true),
  or: (a, b) => (a === true || b === true ? true : a === undefined || b === undefined ? undefined : false),
  xor: (a, b) => (a === undefined || b === undefined ? undefined : a !== b),
  implies: (a, b) => (a === false || b === true ? true : a === undefined || b === undefined ? undefined : false),
}

/** Negative, 0 or positive; undefined: empty. Throws when the two cannot be compared. */
export function compare(left: Items, right: Items, run: Run, place: Place): number | undefined {
  const a = single(left, 'The left side', place)
  const b = single(right, 'The right side', place)
  return a === undefined || b === undefined ? undefined : compareItems(a, b, run, place)
}

export function compareItems(a: Item, b: Item, run: Run, place: Place): number | undefined {
  run.spend(1, place)
  const [one, other] = [valueOf(a), valueOf(b)]
  if (one === undefined || other === undefined) return undefined
  if (typeof one === 'number' && typeof other === 'number') return one - other
  if (typeof one === 'string' && typeof other === 'string') return compareTexts(one, other)
  if (one instanceof Temporal && other instanceof Temporal && (one.kind === 'time') === (other.kind === 'time'))
    return compareTemporals(one, other, run.offset)
  const pair = asQuantities(one, other)
  if (pair) {
    const values = inSameUnits(pair[0], pair[1], run.units)
    return values && values[0] - values[1]
  }
  // a quantity with a comparator, or in units that are not UCUM's
  if ((isFhirQuantity(one) && isAmount(other)) || (isFhirQuantity(other) && isAmount(one))) return undefined
  return incomparable(a, b, one, other, place)
}

/** By Unicode code points: JavaScript would go by halves of surrogate pairs. */
function compareTexts(a: string, b: string): number {
  if (a === b) return 0
  const length = Math.min(a.length, b.length)
  let at = 0
  while (at < length && a.charCodeAt(at) === b.charCodeAt(at)) at++
  if (at === length) return a.length - b.length
  return rank(a.charCodeAt(at)) - rank(b.charCodeAt(at))
}

/** Surrogates stand for what comes after all other units. */
const rank = (unit: number) => (unit >= 0xd800 && unit < 0xe000 ? unit + 0x10000 : unit)

const isAmount = (value: Value) => typeof value === 'number' || value instanceof Quantity || isFhirQuantity(value)

function incomparable(a: Item, b: Item, one: Value, other: Value, place: Place): never {
  const misread = [a, b].find(
    item => typeof valueOf(item) === 'string' && /^(?:Date|DateTime|Time)$/.test(systemTypeOf(item)!),
  )
  const advice = misread
    ? 'its text is not of that form'
    : typeof one === 'string' && other instanceof Temporal
      ? 'toDate() or toDateTime() makes a date of the text on the left'
      : typeof other === 'string' && one instanceof Temporal
        ? 'a date is written @2024-05-31, and toDate() makes one of a text'
        : one instanceof Quantity || other instanceof Quantity
          ? "a quantity is compared with one, such as 5 'mg', or with a number"
          : undefined
  return fail(place, `${capital(describe(a))} cannot be compared with ${describe(b)}`, advice)
}

const capital = (text: string) => text.charAt(0).toUpperCase() + text.slice(1)

/** `+` and `-`; undefined: empty. */
export function add(left: Items, right: Items, sign: 1 | -1, run: Run, place: Place): Item | undefined {
  const a = single(left, 'The left side', place)
  const b = single(right, 'The right side', place)
  if (a === undefined || b === undefined) return undefined
  run.spend(1, place)
  const [one, other] = [valueOf(a), valueOf(b)]
  if (one === undefined || other === undefined) return undefined
  if (typeof one === 'number' && typeof other === 'number') {
    const value = sign === 1 ? exactSum(one, other) : exactDifference(one, other)
    return number(value, areIntegers(a, b), place)
  }
  if (typeof one === 'string' && typeof other === 'string' && sign === 1) return run.text(one + other, place)
  if (one instanceof Temporal && other instanceof Quantity) return addDuration(one, other, sign, place)
  if (one instanceof Quantity && other instanceof Temporal && sign === 1) return addDuration(other, one, sign, place)
  const pair = asQuantities(one, other)
  if (pair) return addQuantities(pair[0], pair[1], sign, run.units)
  if ((isFhirQuantity(one) && isAmount(other)) || (isFhirQuantity(other) && isAmount(one))) return undefined
  const advice =
    one instanceof Temporal && typeof other === 'number'
      ? 'say of what, such as 18 years'
      : sign === 1 && (typeof one === 'string' || typeof other === 'string')
        ? 'toString() makes a text of the other'
        : undefined
  return fail(
    place,
    `${capital(describe(a))} and ${describe(b)} cannot be ${sign === 1 ? 'added' : 'subtracted'}`,
    advice,
  )
}

/** `*`, `/`, `div` and `mod`; undefined: empty, also after a division by zero. */
export function multiply(
  left: Items,
  right: Items,
  name: '*' | '/' | 'div' | 'mod',
  run: Run,
  place: Place,
): Item | undefined {
  const a = single(left, 'The left side', place)
  const b = single(right, 'The right side', place)
  if (a === undefined || b === undefined) return undefined
  run.spend(1, place)
  const [one, other] = [valueOf(a), valueOf(b)]
  if (one === undefined || other === undefined) return undefined
  if (typeof one === 'number' && typeof other === 'number') {
    if (name === '*') return number(exactProduct(one, other), areIntegers(a, b), place)
    if (other === 0) return undefined
    if (name === '/') return number(quotient(one, other), false, place)
    const whole = Math.trunc(quotient(one, other))
    if (name === 'div') return number(whole, true, place)
    return number(
      areIntegers(a, b) ? one % other : exactDifference(one, exactProduct(whole, other)),
      areIntegers(a, b),
      place,
    )
  }
  const pair = name === '*' || name === '/' ? asQuantities(one, other) : undefined
  if (pair) return multiplyQuantities(pair[0], pair[1], name === '*' ? 1 : -1, run.units)
  if ((isFhirQuantity(one) && isAmount(other)) || (isFhirQuantity(other) && isAmount(one))) return undefined
  return fail(place, `${capital(describe(a))} and ${describe(b)} cannot be operands of ${name}`, 'it takes numbers')
}

const isInteger = (item: Item) =>
  systemTypeOf(item) === 'Integer' ||
  (item instanceof Node && Number.isInteger(item.value) && item.shape.is === 'plain')
const areIntegers = (a: Item, b: Item) => isInteger(a) && isInteger(b)

/** A result in range. */
export function number(value: number, integer: boolean, place: Place): Item {
  if (!Number.isFinite(value)) fail(place, 'The number grew too large')
  return integer ? value : decimal(value)
}

/** A sign before a number or quantity. */
export function signed(items: Items, negative: boolean, place: Place): Items {
  const item = single(items, 'What has a sign', place)
  if (item === undefined) return items
  const value = valueOf(item)
  if (value === undefined) return []
  if (typeof value === 'number')
    return negative
      ? [item instanceof WholeDecimal || systemTypeOf(item) === 'Decimal' ? decimal(0 - value) : 0 - value]
      : items
  if (value instanceof Quantity)
    return [negative ? new Quantity(0 - value.value, value.unit, value.calendar, value.either) : value]
  return fail(place, `${capital(describe(item))} cannot have a sign`, 'numbers and quantities can')
}

/** `&`: an empty side is the empty text. */
export function concatenated(left: Items, right: Items, run: Run, place: Place): Item {
  return run.text(concatenable(left, 'The left side', place) + concatenable(right, 'The right side', place), place)
}

function concatenable(items: Items, what: string, place: Place): string {
  const item = single(items, what, place)
  if (item === undefined) return ''
  const value = valueOf(item)
  if (value === undefined) return ''
  if (typeof value === 'string') return value
  return fail(
    place,
    `${what} of & is ${describe(item)}`,
    textOf(item) === undefined ? 'it takes texts' : 'it takes texts: toString() makes one',
  )
}
