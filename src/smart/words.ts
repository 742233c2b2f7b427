/**
 * The words of the authorization server: what it keeps, and the requests and answers of its endpoints without HTTP.
 * https://hl7.org/fhir/smart-app-launch/STU2.2/
 */
import type { AuditLevel } from '../access/audit-words.ts'
import type { Grant } from '../access/grant.ts'
import type { Definitions } from '../fhir/definitions.ts'
import type { Records, Store } from '../store/store.ts'
import type { FhirCall } from './launcher-calls.ts'
import type { Traces } from './launcher-trace.ts'

/** A request to an endpoint that is not FHIR. */
export interface PlainRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE'
  /** Below the FHIR base, or the tenant's origin, without a leading slash: `auth/authorize`, `auth/register/abc`, `launch`. */
  readonly path: string
  readonly query: URLSearchParams
  /** Of `application/x-www-form-urlencoded`. */
  readonly form?: URLSearchParams
  /** Of `application/json`. */
  readonly json?: unknown
  /** In lower case. */
  readonly headers: Readonly<Record<string, string | undefined>>
  readonly cookies: ReadonlyMap<string, string>
  /** The address of the other side, for throttling. */
  readonly from: string
}

export interface PlainResponse {
  readonly status: number
  readonly headers: Readonly<Record<string, string | readonly string[]>>
  /** Text as it is sent, or an object sent as JSON. */
  readonly body?: string | object
}

/** How an app authenticates at the token endpoint. */
export type ClientAuthentication = 'none' | 'client_secret_basic' | 'client_secret_post' | 'private_key_jwt'

/** A registered app. RFC 7591's names, in camel case. Kept in the records `smart-clients` by id. */
export interface Client {
  readonly id: string
  readonly name: string
  readonly authentication: ClientAuthentication
  /** Digest of the secret; only of confidential symmetric clients. */
  readonly secret?: string
  readonly redirectUris: readonly string[]
  readonly launchUri?: string
  readonly grantTypes: readonly ('authorization_code' | 'refresh_token' | 'client_credentials')[]
  /** The most it may be granted. */
  readonly scope: string
  readonly jwks?: { readonly keys: readonly Readonly<Record<string, unknown>>[] }
  readonly jwksUri?: string
  readonly clientUri?: string
  readonly logoUri?: string
  readonly contacts?: readonly string[]
  /** Digest of the registration access token. */
  readonly registration?: string
  /** Milliseconds since 1970. */
  readonly registered: number
  /** Only approved apps may be launched in secure mode. */
  readonly approved: boolean
  /** What the gallery shows: publisher, intended use, and for AI apps the fields of a model card. */
  readonly listing?: Readonly<Record<string, unknown>>
}

/** What an EHR launch hands to the app. Kept in `smart-launches`, taken once. */
export interface LaunchContext {
  readonly client: string
  readonly user?: string
  readonly patient?: string
  readonly encounter?: string
  readonly fhirContext?: readonly Readonly<Record<string, unknown>>[]
  readonly intent?: string
  readonly needPatientBanner?: boolean
  /** The app began by itself, or is a service: nothing of an EHR is told with the token. */
  readonly standalone?: boolean
  /** Errors to play, for those who test their app. */
  readonly simulate?: string
  readonly skipLogin?: boolean
  readonly skipConsent?: boolean
  /** Where what happens is shown to the developer; see Trace. */
  readonly trace?: string
}

/** On whose behalf a CDS service is called. https://cds-hooks.hl7.org/2.0/#passing-the-access-token-to-the-cds-service */
export interface ServiceGrant {
  /** What the service is called: the `subject` of fhirAuthorization. */
  readonly client: string
  /** `Practitioner/1`. */
  readonly user: string
  readonly patient?: string
  readonly scope: string
}

/** A tenant's authorization server. */
export interface SmartServer {
  /** `.well-known/…` and `auth/…` below the FHIR base, and the pages `launch…`, `marketplace…` beside it. */
  answer(request: PlainRequest, base: string): Promise<PlainResponse>
  /** Whether pages of `origin` may read the answers at `path`: the value of Access-Control-Allow-Origin, or undefined. */
  allows(path: string, origin: string, base: string): Promise<string | undefined>
  /** What an access token stands for; at once when it was seen before. Throws (or rejects with) an `InvalidToken`. */
  verify(token: string, base: string): Grant | Promise<Grant>
  /** Whether a token that was verified has neither expired nor been revoked. */
  counts(grant: Grant): boolean
  /** A token of five minutes for a CDS service that this server calls on behalf of a user. */
  issueFor(
    service: ServiceGrant,
    base: string,
  ): Promise<{ readonly access_token: string; readonly expires_in: number; readonly scope: string }>
  /** The origins that the app state of a client belongs to: https://hl7.org/fhir/smart-app-launch/STU2.2/app-state.html */
  stateOrigins(client: string, base: string): Promise<readonly string[]>
  /** A request of the FHIR API with a token of a launch that is traced. */
  traced(trace: string, call: FhirCall): void
  /** New signing keys; tokens signed with the old ones count until their time is over. */
  rotateKeys(): Promise<void>
}

/** Something of which an audit tells. Without secrets. */
export interface SmartHappening {
  readonly what:
    | 'launch'
    | 'sign-in'
    | 'sign-out'
    | 'consent'
    | 'token-issued'
    | 'token-refreshed'
    | 'token-revoked'
    | 'refused'
    | 'break-glass'
    | 'registration'
  /** AuditEvent.outcome: '0' done, '4' refused, '8' failed, '12' gravely. */
  readonly outcome: '0' | '4' | '8' | '12'
  readonly client?: string
  readonly user?: string
  readonly patient?: string
  readonly scope?: string
  readonly reason?: string
  readonly why?: string
  readonly from?: string
}

/** What it is made of; given by app.ts. */
export interface SmartParts {
  readonly tenant: string
  /** The whole store: users and patients of the tenant are looked up in it. */
  readonly store: Store
  readonly records: (name: string) => Records
  readonly definitions: Definitions
  /** sandbox: users are picked; secure: they sign in with a password. */
  readonly mode: 'open' | 'smart'
  /** Milliseconds since 1970. */
  readonly now: () => number
  readonly random: (bytes: number) => Buffer
  /** Fetches what others name (`jwks_uri`), guarded. */
  readonly fetch: (url: string) => Promise<{
    readonly status: number
    readonly body: Buffer
    readonly headers?: Readonly<Record<string, string | string[] | undefined>>
  }>
  /** Told of what happens; must not throw. */
  readonly audit?: (what: SmartHappening) => void
  /** The audit log, for those who wait for it and read it; absent when nothing is recorded. */
  readonly log?: {
    /** What is recorded; `auto`: in an open server, what is done with a token. */
    readonly level: AuditLevel
    /** Everything told is on disk. */
    flush(): Promise<void>
    /** Everything told is an AuditEvent; false when that takes too long. */
    settle(): Promise<boolean>
  }
  /** Only in open mode. */
  readonly trace?: Traces
  /** Whether practitioners may take emergency access; never without an audit log. */
  readonly breakGlass?: boolean
}
