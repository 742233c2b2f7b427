/**
 * Values of plain invariants: how they compare, and when they hold.
 * https://hl7.org/fhirpath/N1/#operations
 */
import type { Operator } from './invariant-parse.ts'
import type { Node } from './node.ts'

export type Item = Node | string | number | boolean
export const CANNOT_TELL = new Error('this needs fhirpath.js')

export const nothing: readonly Item[] = []
export const yes: readonly Item[] = [true]
export const no: readonly Item[] = [false]
export const truth = (value: boolean) => (value ? yes : no)
export const isNode = (item: Item): item is Node => typeof item === 'object'

export const isPrimitive = (type: string) => /^[a-z]/.test(type)

const textTypes = new Set(['string', 'code', 'id', 'uri', 'url', 'canonical', 'oid', 'uuid', 'markdown'])

/** The one text of a collection; undefined: it is empty. */
export function textOf(items: readonly Item[]): string | undefined {
  if (items.length === 0) return undefined
  const [only] = items
  if (items.length > 1) throw CANNOT_TELL
  if (typeof only === 'string') return only
  if (!isNode(only!) || !textTypes.has(only.type) || typeof only.value !== 'string') throw CANNOT_TELL
  return only.value
}

/** A collection as a condition: none is neither. */
export function condition(items: readonly Item[]): boolean | undefined {
  if (items.length === 0) return undefined
  const [only] = items
  if (items.length > 1) throw CANNOT_TELL
  if (typeof only === 'boolean') return only
  if (isNode(only!)) return nodeTruth(only)
  throw CANNOT_TELL
}

/** One value of any other type than boolean counts as true. */
export function nodeTruth(node: Node): boolean {
  if (node.type !== 'boolean') return true
  if (typeof node.value !== 'boolean') throw CANNOT_TELL
  return node.value
}

type Truth = boolean | undefined
export const logics = {
  and: (a: Truth, b: Truth) =>
    a === false || b === false ? false : a === undefined || b === undefined ? undefined : true,
  or: (a: Truth, b: Truth) =>
    a === true || b === true ? true : a === undefined || b === undefined ? undefined : false,
  xor: (a: Truth, b: Truth) => (a === undefined || b === undefined ? undefined : a !== b),
  implies: (a: Truth, b: Truth) =>
    a === false || b === true ? true : a === undefined || b === undefined ? undefined : false,
}

/** Equal values are one in a union; objects would have to be compared in depth. */
export function union(items: readonly Item[]): readonly Item[] {
  if (items.length < 2) return items
  if (items.some(isNode)) throw CANNOT_TELL
  return [...new Set(items)]
}

export function isIn(items: readonly Item[], among: readonly Item[]): readonly Item[] {
  if (items.length === 0) return nothing
  if (items.length > 1) throw CANNOT_TELL
  return truth(among.some(each => scalar(each) === scalar(items[0]!)))
}

export function equal(left: readonly Item[], right: readonly Item[]): boolean | undefined {
  if (left.length === 0 || right.length === 0) return undefined
  if (left.length !== right.length) return false
  return left.every((item, i) => scalar(item) === scalar(right[i]!))
}

export function compared(name: Operator, left: readonly Item[], right: readonly Item[]): readonly Item[] {
  if (left.length === 0 || right.length === 0) return nothing
  const [one, other] = [scalar(left[0]!), scalar(right[0]!)]
  if (left.length > 1 || right.length > 1 || typeof one !== 'number' || typeof other !== 'number') throw CANNOT_TELL
  if (name === '<') return truth(one < other)
  if (name === '>') return truth(one > other)
  return truth(name === '<=' ? one <= other : one >= other)
}

const numberTypes = new Set(['integer', 'positiveInt', 'unsignedInt', 'decimal'])

/** A text, number or boolean that is compared as it stands; dates, quantities and objects are not. */
function scalar(item: Item): string | number | boolean {
  if (!isNode(item)) return item
  const { type, value } = item
  if (typeof value === 'string' && textTypes.has(type)) return value
  if (typeof value === 'number' && numberTypes.has(type)) return value
  if (typeof value === 'boolean' && type === 'boolean') return value
  throw CANNOT_TELL
}
