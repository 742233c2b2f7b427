/**
 * Equality and equivalence.
 * https://hl7.org/fhirpath/N1/#equality
 */
import { fail, type Place } from './error.ts'
import { isObject, type Item, type Items, Node, type Truth } from './items.ts'
import { equivalentNumbers } from './numbers.ts'
import { equivalentQuantities, inSameUnits, Quantity } from './quantity.ts'
import type { Run } from './run.ts'
import { compareTemporals, Temporal } from './temporal.ts'
import { valueOf, type Value } from './values.ts'

/** `=`; undefined: empty. */
export function equal(left: Items, right: Items, run: Run, place: Place): Truth {
  if (left.length === 0 || right.length === 0) return undefined
  if (left.length !== right.length) return false
  if (left.length === 1) return equalItems(left[0]!, right[0]!, run, place)
  for (let i = 0; i < left.length; i++) if (equalItems(left[i]!, right[i]!, run, place) !== true) return false
  return true
}

export function equalItems(a: Item, b: Item, run: Run, place: Place): Truth {
  run.spend(1, place)
  const one = valueOf(a)
  const other = valueOf(b)
  const same = equalValues(one, other, run, place)
  // what stands beside two primitives of a resource belongs to them
  if (same && a instanceof Node && b instanceof Node && (a.beside !== undefined || b.beside !== undefined))
    return sameJson(a.beside, b.beside, run, place)
  return same
}

function equalValues(a: Value, b: Value, run: Run, place: Place): Truth {
  if (typeof a === 'string' || typeof b === 'string') return a === b && textStep(a as string, run, place)
  if (a instanceof Temporal && b instanceof Temporal) {
    if ((a.kind === 'time') !== (b.kind === 'time')) return false
    const order = compareTemporals(a, b, run.offset)
    return order === undefined ? undefined : order === 0
  }
  if (a instanceof Quantity || b instanceof Quantity) {
    const pair = asQuantities(a, b)
    if (!pair) return false
    const values = inSameUnits(pair[0], pair[1], run.units)
    return values ? values[0] === values[1] : differentUnits(pair[0], pair[1], run)
  }
  if (a instanceof Node && b instanceof Node) return sameJson(a.value, b.value, run, place)
  return a === b
}

/** Units that measure different things are unequal; those that cannot be told are neither. */
function differentUnits(a: Quantity, b: Quantity, run: Run): Truth {
  const { units } = run
  if (a.calendar !== b.calendar) return undefined
  return units?.(a.unit) && units(b.unit) ? false : undefined
}

function textStep(text: string, run: Run, place: Place): true {
  if (text.length > 64) run.spend(text.length >> 6, place)
  return true
}

/** A number is a quantity of 1. */
export function asQuantities(a: Value, b: Value): [Quantity, Quantity] | undefined {
  const one = asQuantity(a)
  const other = asQuantity(b)
  return one && other ? [one, other] : undefined
}

const asQuantity = (value: Value): Quantity | undefined =>
  value instanceof Quantity ? value : typeof value === 'number' ? new Quantity(value, '1', false) : undefined

/** JSON is no deeper than this where it comes in; deeper is refused. */
const DEEPEST = 200

/** All members the same; arrays in the same order. */
export function sameJson(a: unknown, b: unknown, run: Run, place: Place, depth = 0): boolean {
  run.spend(1, place)
  if (a === b) return true
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false
  if (depth > DEEPEST) fail(place, `The data are nested more than ${DEEPEST} levels deep`)
  if (Array.isArray(a)) {
    if (!Array.isArray(b) || a.length !== b.length) return false
    return a.every((each, i) => sameJson(each, (b as unknown[])[i], run, place, depth + 1))
  }
  if (Array.isArray(b)) return false
  const [left, right] = [a as Record<string, unknown>, b as Record<string, unknown>]
  const names = Object.keys(left)
  if (names.length !== Object.keys(right).length) return false
  return names.every(name => Object.hasOwn(right, name) && sameJson(left[name], right[name], run, place, depth + 1))
}

/** `~` */
export function equivalent(left: Items, right: Items, run: Run, place: Place): boolean {
  if (left.length !== right.length) return false
  if (left.length === 1) return equivalentItems(left[0]!, right[0]!, run, place)
  const open = [...right]
  for (const item of left) {
    const at = open.findIndex(other => equivalentItems(item, other, run, place))
    if (at < 0) return false
    open.splice(at, 1)
  }
  return true
}

function equivalentItems(a: Item, b: Item, run: Run, place: Place): boolean {
  run.spend(1, place)
  const [one, other] = [valueOf(a), valueOf(b)]
  if (one instanceof Temporal && other instanceof Temporal)
    return (
      one.precision === other.precision &&
      (one.kind === 'time') === (other.kind === 'time') &&
      compareTemporals(one, other, run.offset) === 0
    )
  if (one instanceof Quantity || other instanceof Quantity) {
    const pair = asQuantities(one, other)
    return pair !== undefined && equivalentQuantities(pair[0], pair[1], run.units)
  }
  if (one instanceof Node && other instanceof Node) return equivalentJson(one.value, other.value, run, place, 0)
  return equivalentScalars(one, other, run, place)
}

function equivalentScalars(a: unknown, b: unknown, run: Run, place: Place): boolean {
  if (typeof a === 'string' && typeof b === 'string') return normal(a, run, place) === normal(b, run, place)
  if (typeof a === 'number' && typeof b === 'number') return equivalentNumbers(a, b)
  return a === b
}

/** Without case, all whitespace the same. */
function normal(text: string, run: Run, place: Place): string {
  run.spend(1 + (text.length >> 3), place)
  return text.toLowerCase().replace(/\s/g, ' ')
}

function equivalentJson(a: unknown, b: unknown, run: Run, place: Place, depth: number): boolean {
  run.spend(1, place)
  if (depth > DEEPEST) fail(place, `The data are nested more than ${DEEPEST} levels deep`)
  if (Array.isArray(a) && Array.isArray(b)) {
    if (a.length !== b.length) return false
    const open = [...(b as unknown[])]
    return (a as unknown[]).every(each => {
      const at = open.findIndex(other => equivalentJson(each, other, run, place, depth + 1))
      if (at >= 0) open.splice(at, 1)
      return at >= 0
    })
  }
  if (!isObject(a) || !isObject(b)) return equivalentScalars(a, b, run, place)
  const names = Object.keys(a)
  if (names.length !== Object.keys(b).length) return false
  return names.every(name => Object.hasOwn(b, name) && equivalentJson(a[name], b[name], run, place, depth + 1))
}

/** Without those that are equal to one before them. */
export function distinct(items: Items, run: Run, place: Place): Items {
  if (items.length < 2) return items
  const seen = new Distinct(run, place)
  return items.filter(item => seen.add(item))
}

/** Items that differ from one another. Plain values and objects are looked up by a key, so that many stay quick. */
export class Distinct {
  readonly #run: Run
  readonly #place: Place
  readonly #keys = new Set<string | number | boolean>()
  /** Dates and quantities: what is equal to them cannot be told by a key. */
  readonly #others: Item[] = []

  constructor(run: Run, place: Place) {
    this.#run = run
    this.#place = place
  }

  has(item: Item): boolean {
    const key = this.#keyOf(item)
    if (key !== undefined) return this.#keys.has(key)
    return this.#others.some(other => equalItems(other, item, this.#run, this.#place) === true)
  }

  /** False when an equal one is there. */
  add(item: Item): boolean {
    const key = this.#keyOf(item)
    if (key === undefined) {
      if (this.#others.some(other => equalItems(other, item, this.#run, this.#place) === true)) return false
      this.#others.push(item)
      return true
    }
    if (this.#keys.has(key)) return false
    this.#keys.add(key)
    return true
  }

  #keyOf(item: Item): string | number | boolean | undefined {
    this.#run.spend(1, this.#place)
    const value = valueOf(item)
    const beside = item instanceof Node ? item.beside : undefined
    if (value instanceof Temporal || value instanceof Quantity) return undefined
    if (value instanceof Node || beside !== undefined || value === undefined) {
      const json = item instanceof Node ? [item.value, beside] : [value]
      return `{${keyOfJson(json, this.#run, this.#place, 0)}`
    }
    // a text must not be taken for the key of an object
    return typeof value === 'string' ? `'${value}` : value
  }
}

/** The same text for the same JSON, whatever the order of its members. */
function keyOfJson(value: unknown, run: Run, place: Place, depth: number): string {
  run.spend(5, place)
  if (depth > DEEPEST) fail(place, `The data are nested more than ${DEEPEST} levels deep`)
  if (typeof value === 'string') {
    run.spend(value.length >> 4, place)
    return JSON.stringify(value)
  }
  if (typeof value !== 'object' || value === null) return String(value)
  if (Array.isArray(value)) return `[${value.map(each => keyOfJson(each, run, place, depth + 1)).join()}]`
  const object = value as Record<string, unknown>
  const names = Object.keys(object).sort()
  return `{${names.map(name => `${JSON.stringify(name)}:${keyOfJson(object[name], run, place, depth + 1)}`).join()}}`
}
