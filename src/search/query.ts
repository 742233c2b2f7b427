/**
 * The question: a small closed language over index entries. Search kinds turn FHIR's many meanings into it,
 * engines translate it and know nothing else of FHIR's search.
 * https://hl7.org/fhir/R4/search.html
 */

/**
 * What a resource can be found by. Each kind of entry has its own columns:
 *
 * - `string`: `text` (folded: case, accents, width; see search/string.ts) and `exact` (as written)
 * - `token`: `system` ('' when there is none) and `code`; uris are tokens without system;
 *   booleans, codes, ids, contact points likewise
 * - `text`: the words beside a token (display, text), folded: what `:text` searches; column `text`
 * - `reference`: `ref`: `Patient/123` for a resource of this server, else the absolute URL, urn or canonical
 * - `date`: `low` and `high`, both inclusive, milliseconds since 1970; an open end is `EARLIEST` or `LATEST`
 * - `quantity`: `low` and `high` (equal for a plain value), `system`, `code`, `unit` ('' when absent);
 *   numbers are quantities with all three ''
 * - `words`: running text for `_text` and `_content`, already cut into words by search/words.ts; column `text`
 *
 * `param` is the search parameter's code, with a suffix for the derived ones: `code:text`, `subject:identifier`,
 * `identifier:of-type`, `value-quantity:canonical` (UCUM base units), `near:latitude`, `near:longitude`.
 */
export type IndexEntry =
  | { readonly kind: 'string'; readonly param: string; readonly text: string; readonly exact: string }
  | { readonly kind: 'token'; readonly param: string; readonly system: string; readonly code: string }
  | { readonly kind: 'text'; readonly param: string; readonly text: string }
  | { readonly kind: 'reference'; readonly param: string; readonly ref: string }
  | { readonly kind: 'date'; readonly param: string; readonly low: number; readonly high: number }
  | QuantityEntry
  | { readonly kind: 'words'; readonly param: string; readonly text: string }

export interface QuantityEntry {
  readonly kind: 'quantity'
  readonly param: string
  readonly low: number
  readonly high: number
  readonly system: string
  readonly code: string
  readonly unit: string
}

export type EntryKind = IndexEntry['kind']

export { EARLIEST, LATEST } from '../fhir/period.ts'

export type Column = 'text' | 'exact' | 'system' | 'code' | 'low' | 'high' | 'ref' | 'unit'

/** What must hold of one index entry. */
export type Predicate =
  | {
      readonly is: 'compare'
      readonly by: '=' | '<' | '<=' | '>' | '>='
      readonly column: Column
      readonly value: string | number
    }
  | { readonly is: 'starts'; readonly column: Column; readonly value: string }
  | { readonly is: 'contains'; readonly column: Column; readonly value: string }
  | { readonly is: 'ends'; readonly column: Column; readonly value: string }
  | { readonly is: 'one of'; readonly column: Column; readonly values: readonly string[] }
  /** `words` only: these words stand next to one another, in this order. The value is cut as the entry was. */
  | { readonly is: 'phrase'; readonly value: string }
  | { readonly is: 'and'; readonly parts: readonly Predicate[] }
  | { readonly is: 'or'; readonly parts: readonly Predicate[] }

/** See search/aliases.ts. */
type Aliases = (type: string) => ReadonlyMap<string, { readonly params: readonly string[]; readonly target?: string }>

/** What must hold of one resource. Negation exists only here, about a resource, where FHIR puts it. */
export type Filter =
  /** Some entry of this parameter and kind satisfies `where` (any entry, when absent). */
  | { readonly is: 'has'; readonly param: string; readonly kind: EntryKind; readonly where?: Predicate }
  | { readonly is: 'not'; readonly part: Filter }
  /** All of none is true; any of none is false. */
  | { readonly is: 'all'; readonly parts: readonly Filter[] }
  | { readonly is: 'any'; readonly parts: readonly Filter[] }
  /** A chain: the reference `param` leads to a resource of `type` that satisfies `where`. */
  | { readonly is: 'link'; readonly param: string; readonly type: string; readonly where: Filter }
  /** `_has`: a resource of `type` that satisfies `where` refers to this one by its `param`. */
  | { readonly is: 'linked by'; readonly param: string; readonly type: string; readonly where: Filter }
  /** The resource is of one of these types: tells the types of one query apart (access/guard.ts). */
  | { readonly is: 'type'; readonly types: readonly string[] }
  /** The logical id is one of these. */
  | { readonly is: 'id'; readonly ids: readonly string[] }
  /** The time of the last change, in milliseconds, lies from `low` to `high`, both inclusive. */
  | { readonly is: 'updated'; readonly low: number; readonly high: number }
  /**
   * A composite: one and the same element (the composite's root) satisfies each part.
   * `root` names the composite parameter; a part speaks of the component parameter's own entries.
   */
  | { readonly is: 'tuple'; readonly param: string; readonly parts: readonly Filter[] }
  /** A Location whose position is at most so many metres away (great circle). */
  | {
      readonly is: 'near'
      readonly param: string
      readonly latitude: number
      readonly longitude: number
      readonly metres: number
    }
  /** A contained resource of `type` satisfies `where`. */
  | { readonly is: 'contains'; readonly type: string; readonly where: Filter }

export const everything: Filter = { is: 'all', parts: [] }
export const nothing: Filter = { is: 'any', parts: [] }

/** One key of `_sort`. The smallest entry counts when ascending, the largest when descending; none sorts last. */
export type Sort =
  | { readonly by: 'param'; readonly param: string; readonly kind: EntryKind; readonly descending: boolean }
  | { readonly by: 'id' | 'updated'; readonly descending: boolean }

/** Where a page ends: the values of its sort keys (null: none) and the engine's own key of the last match. */
export interface Position {
  readonly keys: readonly (string | number | null)[]
  readonly rid: number
  readonly type: string
  /** Sorted searches: the engine's own mark of when the first page was read. Later pages are of that moment. */
  readonly asOf?: number
}

/** A parsed search, ready for an engine. */
export interface Query {
  /** The resource types searched; one for a type search, several for a system search. Never empty. */
  readonly types: readonly string[]
  readonly filter: Filter
  /** Empty: newest resource first, which never changes for a resource, so pages stay put under writes. */
  readonly sort: readonly Sort[]
  /** At most so many matches in the page; 0 asks for the total only. */
  readonly count: number
  readonly after?: Position
  readonly total: 'none' | 'estimate' | 'accurate'
}

/**
 * Turns resources into what they are found by (search/extract.ts). Never throws: what does not have the expected
 * shape has no entries. Given to the engines, which index again and take old entries away.
 */
export interface Extractor {
  /** All entries of a resource, without repeats. */
  entries(resource: unknown): readonly IndexEntry[]
  /**
   * The entries of a composite parameter's components, one group for each element that is its root.
   * Entries are named as the `tuple` filter's parts name them.
   */
  groups(resource: unknown, composite: string): readonly (readonly IndexEntry[])[]
  /** Parameters whose entries an engine need not keep, since others have them. Without it there are none. */
  readonly aliases?: Aliases
  /** The entries of each contained resource of this type. */
  contained(resource: unknown, type: string): readonly (readonly IndexEntry[])[]
}
