/**
 * The words of CDS Hooks: a service, the call of it, the cards it answers with.
 * https://cds-hooks.hl7.org/2.0/
 */
import type { Json, Resource } from '../fhir/types.ts'

/** As it is sent to `POST cds-services/{id}`, once its form was checked. */
export interface CdsRequest {
  readonly hook: string
  readonly hookInstance: string
  readonly context: Readonly<Record<string, Json>>
  readonly fhirServer?: string
  readonly fhirAuthorization?: FhirAuthorization
  readonly prefetch?: Readonly<Record<string, Json>>
  readonly extension?: Readonly<Record<string, Json>>
}

export interface FhirAuthorization {
  readonly access_token: string
  readonly token_type: 'Bearer'
  /** Seconds. */
  readonly expires_in: number
  readonly scope: string
  /** `client_id` of the service at the client's authorization server. */
  readonly subject: string
  readonly patient?: string
}

export interface Coding {
  readonly system?: string
  readonly code: string
  readonly display?: string
}

export interface Source {
  readonly label: string
  readonly url?: string
  readonly icon?: string
  readonly topic?: Coding
}

export interface Action {
  readonly type: 'create' | 'update' | 'delete'
  readonly description: string
  /** Of create and update: whole. */
  readonly resource?: Resource
  /** Of delete: `MedicationRequest/1`. */
  readonly resourceId?: string
}

export interface Suggestion {
  readonly label: string
  readonly uuid?: string
  readonly isRecommended?: boolean
  readonly actions?: readonly Action[]
}

export interface Link {
  readonly label: string
  readonly url: string
  readonly type: 'absolute' | 'smart'
  /** Of smart links only. */
  readonly appContext?: string
}

export interface Card {
  readonly uuid?: string
  /** Fewer than 140 characters. */
  readonly summary: string
  /** GitHub Flavored Markdown. */
  readonly detail?: string
  readonly indicator: 'info' | 'warning' | 'critical'
  readonly source: Source
  readonly suggestions?: readonly Suggestion[]
  /** Required with suggestions. */
  readonly selectionBehavior?: 'at-most-one' | 'any'
  /** Each with a display. */
  readonly overrideReasons?: readonly Coding[]
  readonly links?: readonly Link[]
}

export interface CdsResponse {
  readonly cards: readonly Card[]
  readonly systemActions?: readonly Action[]
  readonly extension?: Readonly<Record<string, Json>>
}

/** Where a statement of a service comes from. */
export interface Evidence {
  /** `FINDRISC (Lindström and Tuomilehto, Diabetes Care 2003)`. */
  readonly label: string
  readonly url: string
}

export type Language = 'en' | 'zh-TW'

/** One call, with all the data that was asked for. */
export interface Call {
  readonly request: CdsRequest
  readonly context: CdsRequest['context']
  /** By key of the service's prefetch: a resource, a searchset Bundle, or null when there is nothing. Keys that could not be had are absent. */
  readonly prefetch: Readonly<Record<string, Resource | null>>
  /** Milliseconds since 1970. */
  readonly now: number
  /** In which the cards are written. */
  readonly language: Language
  /** Aborted when the time of the service is over. */
  readonly signal: AbortSignal
}

/** What discovery says of a service, and how it answers. Example: `src/cds/services/`. */
export interface CdsService {
  readonly id: string
  readonly hook: string
  readonly title: string
  readonly description: string
  /** Key → FHIR read or search with prefetch tokens. */
  readonly prefetch?: Readonly<Record<string, string>>
  readonly usageRequirements?: string
  /** Keys it can do without; it needs all others, and is not asked (412) when they cannot be had. */
  readonly optional?: readonly string[]
  /** Milliseconds until it has to have answered; 500 when not given. */
  readonly budget?: number
  readonly evidence?: readonly Evidence[]
  answer(call: Call): CdsResponse | Promise<CdsResponse>
}
