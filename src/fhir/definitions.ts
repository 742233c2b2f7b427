/**
 * The catalogue: what FHIR R4 (and the packages and SearchParameters added to it) says of types, elements,
 * search parameters and compartments. Filled by fhir/packages.ts.
 * https://hl7.org/fhir/R4/conformance-module.html
 */

export type SearchParamType =
  | 'number'
  | 'date'
  | 'string'
  | 'token'
  | 'reference'
  | 'composite'
  | 'quantity'
  | 'uri'
  | 'special'

/** A SearchParameter, as much of it as searching needs. https://hl7.org/fhir/R4/searchparameter.html */
export interface SearchParam {
  /** Canonical URL. */
  readonly url: string
  /** The name in the query string. */
  readonly code: string
  readonly type: SearchParamType
  /** Resource types it is for; `Resource` and `DomainResource` stand for all. */
  readonly base: readonly string[]
  /** FHIRPath; '' for `_text`, `_content` and other special ones. */
  readonly expression: string
  /** The types a reference may lead to; empty means any. */
  readonly target: readonly string[]
  /** Composite only: the components, in order, with the canonical of the parameter each one is. */
  readonly components: readonly { readonly definition: string; readonly expression: string }[]
}

/** One element of a type. https://hl7.org/fhir/R4/elementdefinition.html */
export interface ElementInfo {
  /** The JSON property; `value[x]` appears once for each of its types: `valueQuantity`, `valueString`, … */
  readonly name: string
  /** The FHIR type code (`Quantity`, `code`, `Reference`, `Resource`), or the path of a backbone element (`Observation.component`), where `elements` goes on. */
  readonly type: string
  readonly many: boolean
  readonly required: boolean
  /** Whether `_summary=true` shows it. */
  readonly summary: boolean
  /** For a choice: the name before the type, `value` of `valueQuantity`. */
  readonly choice?: string
  /** For references: the types it may lead to; empty means any. */
  readonly target?: readonly string[]
  /** For a `code` that must be from a value set which is a list: its codes. */
  readonly codes?: ReadonlySet<string>
}

export interface Definitions {
  /** All resource types of R4 that can be stored, sorted. */
  readonly resourceTypes: readonly string[]
  isResourceType(name: string): boolean
  /** The search parameters of a type by code, those of all resources among them; empty for an unknown type. */
  searchParams(type: string): ReadonlyMap<string, SearchParam>
  searchParam(canonical: string): SearchParam | undefined
  /** The elements of a resource type, a data type or a backbone path by JSON property name; undefined for a primitive or unknown name. */
  elements(typeOrPath: string): ReadonlyMap<string, ElementInfo> | undefined
  /** For each resource type in the compartment: the search parameters that put a resource into it. `Patient`, `Encounter`, `RelatedPerson`, `Practitioner`, `Device`. */
  compartment(code: string): ReadonlyMap<string, readonly string[]> | undefined
  /** Same catalogue with these SearchParameter resources added (an equal base and code replaces). */
  with(searchParameters: readonly unknown[]): Definitions
}
