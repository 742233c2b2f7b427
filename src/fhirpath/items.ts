/**
 * What an expression computes with: values of a resource where they stand, and values of FHIRPath's own types.
 * https://hl7.org/fhirpath/N1/#literals
 */
import type { Quantity } from './quantity.ts'
import type { Shape } from './shapes.ts'
import type { Temporal } from './temporal.ts'

/** A value of a resource, with its FHIR type. */
export class Node {
  /** JSON; undefined for a primitive that has only an id or extensions. */
  readonly value: unknown
  readonly shape: Shape
  /** Of a primitive: what stands under `_name`. */
  readonly beside: unknown
  /** The resource it is in; of a contained one, the resource that contains it. */
  readonly root: Node | undefined

  constructor(value: unknown, shape: Shape, beside: unknown, root: Node | undefined) {
    this.value = value
    this.shape = shape
    this.beside = beside
    this.root = root
  }
}

/** A Decimal that happens to be whole: `2.0`. Other decimals and integers are numbers. */
export class WholeDecimal {
  readonly value: number

  constructor(value: number) {
    this.value = value
  }
}

/**
 * One value. A number is an Integer when it is whole, else a Decimal. Decimals are as exact as JavaScript's numbers:
 * some 15 digits; sums, differences and products are rounded as decimals are.
 */
export type Item = Node | string | number | boolean | WholeDecimal | Temporal | Quantity
export type Items = readonly Item[]

/** Three values: undefined is the empty collection. */
export type Truth = boolean | undefined

export const nothing: Items = []
export const yes: Items = [true]
export const no: Items = [false]
export const asItems = (truth: Truth): Items => (truth === undefined ? nothing : truth ? yes : no)

export const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** A Decimal of this value. */
export const decimal = (value: number): Item => (Number.isInteger(value) ? new WholeDecimal(value) : value)
