/**
 * Values of a resource as FHIRPath's own: a FHIR code is a String, a birthDate a Date.
 * https://hl7.org/fhir/R4/fhirpath.html#types
 */
import { fail, type Place } from './error.ts'
import { type Item, type Items, isObject, Node, type Truth, WholeDecimal } from './items.ts'
import { Quantity } from './quantity.ts'
import type { SystemType } from './shapes.ts'
import { readDate, readTime, Temporal } from './temporal.ts'

/** A FHIRPath value; a Node when it is an object that is none. Undefined: a primitive without a value. */
export type Value = string | number | boolean | Temporal | Quantity | Node | undefined

export const UCUM = 'http://unitsofmeasure.org'

export function valueOf(item: Item): Value {
  if (!(item instanceof Node)) return item instanceof WholeDecimal ? item.value : item
  const { value, shape } = item
  switch (typeof value) {
    case 'string':
      return shape.system === undefined || shape.system === 'String' ? value : readAs(value, shape.system)
    case 'number':
    case 'boolean':
      return value
    case 'object':
      return shape.system === 'Quantity' && isObject(value) ? (quantityOf(value) ?? item) : item
    default:
      return undefined
  }
}

/** A text that should be a date and is none stays a text. */
function readAs(text: string, system: SystemType): string | Temporal {
  switch (system) {
    case 'Date':
      return readDate(text, 'date') ?? text
    case 'DateTime':
      return readDate(text, 'dateTime') ?? text
    case 'Time':
      return readTime(text) ?? text
    default:
      return text
  }
}

/** Only UCUM is understood; what a comparator makes vague is no amount. */
function quantityOf({ system, code, value, comparator }: Readonly<Record<string, unknown>>): Quantity | undefined {
  if (system !== UCUM || typeof code !== 'string' || typeof value !== 'number' || comparator !== undefined)
    return undefined
  return new Quantity(value, code, false, true)
}

/** Whether it is a FHIR Quantity, computable or not. */
export const isFhirQuantity = (value: Value): value is Node =>
  value instanceof Node && value.shape.system === 'Quantity'

/** The type in FHIRPath's own system; undefined for objects. */
export function systemTypeOf(item: Item): SystemType | undefined {
  if (item instanceof Node) return item.shape.system
  if (typeof item === 'string') return 'String'
  if (typeof item === 'number') return Number.isInteger(item) ? 'Integer' : 'Decimal'
  if (typeof item === 'boolean') return 'Boolean'
  if (item instanceof WholeDecimal) return 'Decimal'
  if (item instanceof Quantity) return 'Quantity'
  return item.kind === 'date' ? 'Date' : item.kind === 'time' ? 'Time' : 'DateTime'
}

/** For messages: `a Date`, `an Observation`. */
export function describe(item: Item): string {
  const name = item instanceof Node ? item.shape.name || 'JSON object' : systemTypeOf(item)!
  return `${/^[AEIOU]/i.test(name) ? 'an' : 'a'} ${name}`
}

/** The only item; undefined when there is none. */
export function single(items: Items, what: string, place: Place): Item | undefined {
  if (items.length > 1)
    fail(
      place,
      `${what} is ${items.length} values where one is wanted`,
      'choose one with first(), or look at each with where(), select() or exists()',
    )
  return items[0]
}

/** The only value; undefined when there is none. */
export function singleValue(items: Items, what: string, place: Place): Value {
  const item = single(items, what, place)
  return item === undefined ? undefined : valueOf(item)
}

/** Undefined: empty. */
export function singleText(items: Items, what: string, place: Place): string | undefined {
  const value = singleValue(items, what, place)
  if (value === undefined || typeof value === 'string') return value
  return fail(
    place,
    `${what} is ${describe(items[0]!)} where a text is wanted`,
    'toString() makes one of numbers, dates and quantities',
  )
}

/** Undefined: empty. */
export function singleInteger(items: Items, what: string, place: Place): number | undefined {
  const value = singleValue(items, what, place)
  if (value === undefined || (typeof value === 'number' && Number.isInteger(value))) return value
  return fail(place, `${what} is ${describe(items[0]!)} where an integer is wanted`)
}

/** As a condition: a single value that is no Boolean counts as true. https://hl7.org/fhirpath/N1/#singleton-evaluation-of-collections */
export function truthOf(items: Items, what: string, place: Place): Truth {
  const item = single(items, what, place)
  if (item === undefined || typeof item === 'boolean') return item
  if (!(item instanceof Node) || item.shape.system !== 'Boolean') return true
  return typeof item.value === 'boolean' ? item.value : undefined
}

/** A result as plain JSON: objects are the resource's own, dates are texts, quantities FHIR's Quantity. */
export function toJson(item: Item): unknown {
  if (item instanceof Node) return item.value
  if (item instanceof WholeDecimal) return item.value
  if (item instanceof Temporal) return item.toString()
  return item instanceof Quantity ? item.toJSON() : item
}

/** The text of a value; undefined for objects and for none. */
export function textOf(item: Item): string | undefined {
  if (item instanceof WholeDecimal) return `${item.value}.0`
  const value = valueOf(item)
  if (value === undefined || value instanceof Node) return undefined
  return typeof value === 'number' ? numberText(value) : String(value)
}

/** Without an exponent. */
function numberText(value: number): string {
  const text = String(value)
  return text.includes('e')
    ? Math.abs(value) < 1
      ? value.toFixed(20).replace(/0+$/, '')
      : BigInt(Math.trunc(value)).toString()
    : text
}
