/**
 * What value sets are computed with: the answer whether a code is taken, and the concepts that are.
 * https://hl7.org/fhir/R4/valueset.html#compositions
 */
import type { Said } from '../fhir/code-check.ts'
import { tooCostly } from '../fhir/outcome.ts'
import type { CodeSystem, Json } from './code-system.ts'
import type { Concepts } from './concepts.ts'
import type { ConceptFilter } from './filters.ts'

/** Why a part of a value set cannot be computed. */
export interface Missing {
  readonly why: 'value-set' | 'system' | 'filter'
  /** The part, for a list of what an expansion lacks. */
  readonly what: string
  readonly said: Said
}

/** Whether a code is taken. */
export type Answer = boolean | Missing

/** Concepts of one system, in the order in which they stand in the value set. */
export interface Segment {
  readonly system: string
  readonly version?: string
  readonly concepts: Concepts
  readonly positions: Uint32Array
}

export interface Selected {
  readonly segments: readonly Segment[]
  readonly missing: readonly Missing[]
}

/** How many concepts may still be looked at. */
export interface Budget {
  left: number
}

/** What is read from ValueSet.compose.include. */
export interface IncludeDefinition {
  readonly system?: string
  readonly version?: string
  readonly concept?: readonly Json[]
  readonly filter?: readonly ConceptFilter[]
}

/** Throws a FhirError (422) when the work is too much. */
export function spend(budget: Budget, cost: number): void {
  budget.left -= cost
  if (budget.left < 0) throw tooCostly('This value set takes too much work to expand. Ask for a smaller one.')
}

/** The part of an include that is about its system. */
export interface Own {
  has(code: string): Answer
  select(budget: Budget): Selected
}

/** All positions. */
export const range = (size: number) => Uint32Array.from({ length: size }, (_, index) => index)
export const versionOf = (system: CodeSystem | undefined) =>
  system?.version === undefined ? {} : { version: system.version }
