/**
 * What the door asks of its tenant's rules, before and after an interaction. rules/api-rules.ts answers; nothing here knows how.
 * https://hl7.org/fhir/R4/plandefinition.html
 */
import type { Coding } from 'fhir/r4'
import type { Caller } from '../access/caller.ts'
import type { Issue } from '../fhir/outcome.ts'
import type { Ref, Resource } from '../fhir/types.ts'
import type { Note, Store, Version } from '../store/store.ts'

/** An exchange as rules are told of it. */
export interface Asked {
  /** As in CapabilityStatement: `create`, `search-type`, … */
  readonly interaction: string
  /** '' at the base of the server. */
  readonly type: string
  /** '' when none is named. */
  readonly id: string
  /** Without the `$`; '' when none is asked. */
  readonly operation: string
  /** The type searched in a compartment; '' else. */
  readonly searched: string
  readonly method: string
  /** As it came, without the '?'. */
  readonly query: string
  readonly headers: Readonly<Record<string, string | undefined>>
  readonly language: 'en' | 'zh'
}

export interface DoorRules {
  readonly isReady: boolean
  /** Reads them, once. */
  ready(): Promise<void>
  /** Whether they may have anything to do with such an exchange: one look-up for a read. */
  concern(interaction: string, type: string): boolean
  /** What they have to do with this exchange; undefined when none speaks of the API. */
  exchange(caller: Caller, asked: Asked): RuledExchange | undefined
}

/** The rules at one exchange. */
export interface RuledExchange {
  /** Whether what is asked for may be shown to who asks: throws a FhirError (403) that names the rule. Gives what is warned of. */
  admit(): readonly Issue[]
  /** The store with what rules hide from this caller hidden. */
  over(store: Store): Store
  /** Whether a rule may have something to say of a write to this type. */
  speaksOf(type: string): boolean
  /** The latest version, whoever may see it. */
  stored(ref: Ref): Promise<Version | undefined>
  /** What is to be done with a change; `asked` is the entry's own in a transaction. Throws a FhirError (422, 403) that names the rule. */
  judge(change: Change, asked: Asked): Ruling
  /** A resource that a rule made and that cannot be stored: left out, and counted. */
  leftOut(derived: Derived, why: string): void
  /** For the commit: what is to be sent on. `committed` must be called when it is. */
  sending(routes: readonly Sending[], asked: Asked): { readonly note?: Note; committed(): void }
}

/** A write that is planned. */
export interface Change {
  readonly event: 'data-added' | 'data-modified' | 'data-removed'
  readonly ref: Ref
  /** The content after; of a delete what is deleted. */
  readonly resource: Resource
  readonly previous?: Resource
  /** How many rules stand between it and what the client sent: 0 for that itself. */
  readonly depth: number
}

export interface Ruling {
  readonly warnings: readonly Issue[]
  readonly tags: readonly { readonly path: 'meta.tag' | 'meta.security'; readonly codings: readonly Coding[] }[]
  readonly routes: readonly Route[]
  readonly derived: readonly Derived[]
}

export interface Route {
  /** Canonical of the rule. */
  readonly rule: string
  /** `Endpoint/1` */
  readonly endpoint: string
}

/** A route with what is sent along it. */
export interface Sending extends Route {
  readonly ref: Ref
}

/** What a rule makes of a change, in the same commit. */
export interface Derived {
  /** Canonical of the rule. */
  readonly rule: string
  readonly ref: Ref
  /** Undefined: it is deleted. */
  readonly resource: Resource | undefined
}
