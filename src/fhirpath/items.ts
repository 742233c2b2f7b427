/**
 * What an expression computes with: values of a resource where they stand, and values of FHIRPath's own types.
 * https://hl7.org/fhirpath/N1/#literals
 */
import type { Quantity } from './quantity.ts'
import type { Property, Shape } from './shapes.ts'
import type { Temporal } from './temporal.ts'

/** A value of a resource, with its FHIR type. */
export class Node {
  /** JSON; undefined for a primitive that has only an id or extensions. */
  readonly value: unknown
  readonly shape: Shape
  /** The resource it is in; of a contained one, the resource that contains it. */
  readonly root: Node | undefined
  /** What it is a member of, and by which property; -1 where it stands in no array. */
  readonly #holder: Readonly<Record<string, unknown>> | undefined
  readonly #property: Property | undefined
  readonly #index: number

  constructor(
    value: unknown,
    shape: Shape,
    root?: Node,
    holder?: Readonly<Record<string, unknown>>,
    property?: Property,
    index = -1,
  ) {
    this.value = value
    this.shape = shape
    this.root = root
    this.#holder = holder
    this.#property = property
    this.#index = index
  }

  /** Whether it stands in `contained`. */
  get isContained(): boolean {
    return this.#property?.name === 'contained'
  }

  /** Of a primitive: the object under `_name`. Looked up when asked for, since hardly anybody asks. */
  get beside(): Readonly<Record<string, unknown>> | undefined {
    const name = this.#property?.beside
    if (!name) return undefined
    const found = this.#holder![name]
    const own: unknown = Array.isArray(found) ? found[Math.max(0, this.#index)] : this.#index < 0 ? found : undefined
    return isObject(own) ? own : undefined
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
