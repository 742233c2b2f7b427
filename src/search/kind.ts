/**
 * What a search parameter type must say of itself: how a value is indexed, and what a search value means.
 * https://hl7.org/fhir/R4/search.html#ptypes
 */
import type { Definitions, SearchParam } from '../fhir/definitions.ts'
import type { EntryKind, Filter, IndexEntry } from './query.ts'

/** What reading a value may use beside the value. */
export interface Reading {
  readonly definitions: Definitions
  /** The resource type searched. */
  readonly type: string
  readonly param: SearchParam
  /** The server's own base, without trailing slash, so that absolute references to it are recognised. */
  readonly base: string
  /** Now, in milliseconds: `ap` on dates depends on it. */
  readonly now: number
  /** The codes of a value set (`:in`), or those below/above a code. Undefined: this server has no terminology for it. */
  readonly expand?: Expand
  /** Composite parameters only: the parameters of the components, in order. */
  readonly components?: readonly SearchParam[]
}

/**
 * Terminology as search needs it; given by the host. Resolves to undefined when it does not know the value set or system.
 * `whole`: refused (400) when a part of the value set cannot be computed; else `tell` is told of that part.
 */
export type Expand = (
  what: { valueSet: string; whole?: boolean } | { system: string; code: string; direction: 'above' | 'below' },
  tell?: (text: string) => void,
) => Promise<readonly { system: string; code: string }[] | undefined>

export interface SearchKind {
  readonly type: SearchParam['type']
  /** The kind of entry `_sort` orders by; undefined: cannot be sorted by. */
  readonly sortsBy: EntryKind | undefined
  /** The entries of one value found by the parameter's expression. `dataType` is its FHIR type; unknown shapes give none. */
  index(value: unknown, dataType: string, param: string): readonly IndexEntry[]
  /** One value (one alternative between commas, escapes still in it; see search/escape.ts) without modifier. Throws a FhirError (400) that says what it should look like. */
  read(text: string, reading: Reading): Filter | Promise<Filter>
  /**
   * By modifier, without the colon. `missing` is not here (it means the same for all kinds), nor a reference's `[type]`.
   * Where all alternatives give a `not`, the resource must satisfy none of them.
   */
  readonly modifiers: Readonly<Record<string, (text: string, reading: Reading) => Filter | Promise<Filter>>>
  /** The prefixes this kind understands. */
  readonly prefixes: readonly string[]
  /** That a resource has any value for the parameter at all: `:missing` turns it round. `components`: of a composite. */
  present(param: string, components?: readonly SearchParam[]): Filter
}

/** What is being asked, while the parameters of a search are read one by one. */
export interface Asking {
  readonly definitions: Definitions
  /** The types searched: of the whole search, or at the end of a chain. */
  readonly types: readonly string[]
  readonly base: string
  readonly now: number
  readonly expand?: Expand
  /** The components of a composite parameter of a type (search/extract.ts). */
  readonly componentsOf: (type: string, param: SearchParam) => readonly SearchParam[]
  /** How many alternatives one parameter may have. */
  readonly maxValues: number
  /** How many links a chain may still follow. */
  readonly depth: number
  /** How many questions the whole search may still hold: chains without a type multiply. */
  readonly budget: { left: number }
}

/** Reads one `name=value` of a query string: `name:exact`, `subject:Patient.name`, `_has:…`. Throws a FhirError (400, 422). */
export type Criterion = (name: string, value: string, asking: Asking) => Promise<Filter>
