/**
 * What an expression is compiled to, and how a function says what it is.
 * https://hl7.org/fhirpath/N1/#functions
 */
import type { Place } from './error.ts'
import { asItems, type Item, type Items, type Truth } from './items.ts'
import type { Run } from './run.ts'
import { truthOf } from './values.ts'

/** Evaluates in a run, on its `self`. */
export type Step = (run: Run) => Items

export interface Code {
  readonly step: Step
  /** For what is true, false or neither: the same answer without a collection around it. */
  readonly truth?: (run: Run) => Truth
  /** Of a literal. */
  readonly constant?: Items
  /** Of a path: what its last name is looked up in. */
  readonly member?: { readonly of: Step; readonly name: string }
}

/** A function's use in an expression. */
export interface Call {
  readonly name: string
  readonly place: Place
  /** What it is called on. */
  readonly of: Code
  readonly arguments: readonly Code[]
  /** Where each argument stands. */
  readonly places: readonly Place[]
}

export interface FunctionDefinition {
  /** How many arguments it takes: at least, at most. */
  readonly takes: readonly [least: number, most: number]
  /** Its arguments are evaluated for each item, where `$this` and `$index` are that item's; `total`: there is `$total` too. */
  readonly each?: true | 'total'
  build(call: Call): Code
}

/** A function without arguments, from the items it is called on to others. */
export const plainFunction = (work: (items: Items, run: Run, place: Place) => Items): FunctionDefinition => ({
  takes: [0, 0],
  build: ({ of, place }) => ({ step: run => work(of.step(run), run, place) }),
})

/** One without arguments that answers yes, no or neither. */
export const test = (work: (items: Items, run: Run, place: Place) => Truth): FunctionDefinition => ({
  takes: [0, 0],
  build: ({ of, place }) => truthCode(run => work(of.step(run), run, place)),
})

/** Code of what is true, false or neither. */
export const truthCode = (truth: (run: Run) => Truth): Code => ({ truth, step: run => asItems(truth(run)) })

/** Evaluates a condition. */
export function conditionOf(code: Code, what: string, place: Place): (run: Run) => Truth {
  return code.truth ?? (run => truthOf(code.step(run), what, place))
}

/** Evaluates for one item, which is `$this`; the caller puts back `self` and `index`. */
export function at<T>(run: Run, item: Item, index: number, evaluate: (run: Run) => T): T {
  run.self = [item]
  run.index = index
  return evaluate(run)
}

/** The text of a literal. */
export function literalText({ constant }: Code): string | undefined {
  const [only] = constant ?? []
  return constant?.length === 1 && typeof only === 'string' ? only : undefined
}

export const itemsOf = (item: Item | undefined): Items => (item === undefined ? [] : [item])
