/**
 * The questions of a terminology service, and what they answer. Filled by code systems, value sets and concept maps of the
 * loaded packages and of the tenant.
 * https://hl7.org/fhir/R4/terminology-service.html
 */
import type { CodeQuestion, CodeVerdict } from '../fhir/code-check.ts'
import type { CanonicalResource } from '../fhir/conformance.ts'
import type { Expand } from '../search/kind.ts'

/** One concept as a client is told of it. */
export interface Concept {
  readonly system: string
  readonly version?: string
  readonly code: string
  readonly display?: string
  readonly inactive?: boolean
  readonly abstract?: boolean
  readonly designation?: readonly Designation[]
  /** Concepts below, when the expansion is nested. */
  readonly contains?: readonly Concept[]
}

export interface Designation {
  readonly language?: string
  readonly use?: { readonly system?: string; readonly code?: string; readonly display?: string }
  readonly value: string
}

export interface ExpandOptions {
  /** Words (beginnings of words) that the display or code must have. */
  readonly filter?: string
  readonly offset?: number
  readonly count?: number
  readonly activeOnly?: boolean
  readonly includeDesignations?: boolean
  /** Only these designations: languages (`zh-TW`), or uses as `system|code`. */
  readonly designation?: readonly string[]
  readonly excludeNested?: boolean
  readonly displayLanguage?: string
  /** `name#version` of the package that names the value set. */
  readonly from?: string
  /** `system|version`: for includes that name no version. */
  readonly systemVersion?: readonly string[]
  /** Systems whose codes are left out. */
  readonly excludeSystem?: readonly string[]
}

export interface Expansion {
  /** All that the value set has (after `filter`). */
  readonly total: number
  readonly contains: readonly Concept[]
  /** Systems and value sets it was made from, `url|version`. */
  readonly used: readonly string[]
  /** Parts of the value set that are not in the expansion, since their content is not here. */
  readonly missing: readonly string[]
  /** The value set that was expanded; shared, never change it. */
  readonly of?: CanonicalResource
}

/** What is known of one concept. */
export interface Lookup {
  readonly system: string
  /** Of the code system. */
  readonly name: string
  readonly version?: string
  readonly code: string
  readonly display: string
  readonly designation: readonly Designation[]
  readonly property: readonly { readonly code: string; readonly type: string; readonly value: unknown }[]
}

export type Subsumption = 'equivalent' | 'subsumes' | 'subsumed-by' | 'not-subsumed'

export interface TranslateQuestion {
  readonly codings: readonly { readonly system?: string; readonly version?: string; readonly code: string }[]
  /** Canonical of a concept map, or one; absent: all that fit. */
  readonly conceptMap?: string | object
  /** Canonicals of value sets. */
  readonly source?: string
  readonly target?: string
  readonly targetSystem?: string
  readonly reverse?: boolean
  readonly dependency?: readonly { readonly property: string; readonly system?: string; readonly value: string }[]
}

export interface Translation {
  readonly equivalence: string
  readonly concept?: { readonly system?: string; readonly code: string; readonly display?: string }
  readonly product: readonly { readonly property: string; readonly system?: string; readonly value: string }[]
  /** Canonical of the concept map. */
  readonly source?: string
  readonly comment?: string
}

/** A code system as `/metadata?mode=terminology` lists it. */
export interface KnownSystem {
  readonly url: string
  readonly versions: readonly string[]
  readonly content: string
}

export interface Terminology {
  checkCode(question: CodeQuestion): CodeVerdict | Promise<CodeVerdict>
  /** Throws a FhirError: 404 for a value set that is not here, 422 too-costly for too large a one, 422 not-supported when parts cannot be computed and `partial` is not set. */
  expand(valueSet: string | object, options?: ExpandOptions & { readonly partial?: boolean }): Promise<Expansion>
  /** As `checkCode`, of a value set that is not published but sent. Throws a FhirError when it cannot be read. */
  checkAgainst(valueSet: object, question: CodeQuestion): CodeVerdict
  /** Throws a FhirError: 404 when the code or its system is not known here. */
  lookup(question: {
    readonly system: string
    readonly code: string
    readonly version?: string
    readonly displayLanguage?: string
  }): Promise<Lookup>
  /** How A stands to B. Throws a FhirError: 404 for an unknown system or code, 422 when it cannot be computed here. */
  subsumes(question: {
    readonly system: string
    readonly version?: string
    readonly codeA: string
    readonly codeB: string
  }): Promise<Subsumption>
  /** Throws a FhirError: 404 for a concept map that is not here. */
  translate(question: TranslateQuestion): Promise<readonly Translation[]>
  /** For `:in`, `:not-in`, `:above` and `:below`. */
  readonly expandForSearch: Expand
  systems(): readonly KnownSystem[]
}
