/**
 * The words of the RESTful API, without HTTP: a request, a response, and what answers it.
 * https://hl7.org/fhir/R4/http.html
 */
import type { AccessEvent } from '../access/audit-words.ts'
import type { Action, Caller } from '../access/caller.ts'
import type { Conformance } from '../fhir/conformance.ts'
import type { Definitions } from '../fhir/definitions.ts'
import type { FhirError, Issue } from '../fhir/outcome.ts'
import type { Json, Ref, Resource } from '../fhir/types.ts'
import type { RuledExchange } from './api-rules.ts'
import type { Language } from './language.ts'
import type { Expand } from '../search/kind.ts'
import type { Extractor } from '../search/query.ts'
import type { Terminology } from '../terminology/terminology.ts'
import type { Validator } from '../validation/words.ts'
import type { Condition, Note, Store, Version, Write } from '../store/store.ts'

export type HttpMethod = 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'

/** What a client asks, from an HTTP request or from an entry of a Bundle. */
export interface FhirRequest {
  readonly method: HttpMethod
  /** Below the base, without a leading slash, percent-decoded: `Patient/123/_history/2`, '' for the base itself. */
  readonly path: string
  /** The query string as it came, without the '?'; for `POST _search` the form body is joined to it with '&'. */
  readonly query: string
  /** Lower-case names. Only those FHIR gives a meaning to: if-match, if-none-match, if-none-exist, if-modified-since, prefer, content-type, accept-language, x-request-id. */
  readonly headers: Readonly<Record<string, string | undefined>>
  /** Parsed JSON for FHIR and JSON Patch bodies; the bytes for Binary. */
  readonly body?: Json | Buffer
  /** The text of the body as it came, and why it could not be read; kept for operations that speak of lines and columns. */
  readonly source?: { readonly text: string; readonly problem?: FhirError }
  /** Where the server is for this client, without a trailing slash: `http://localhost:8080/fhir`. */
  readonly base: string
  /** The client's own X-Request-Id: see rest/once.ts. */
  readonly retryKey?: string
  /** The address of the other side. */
  readonly from?: string
  /** Kept in the commit of what this request writes; for callers in this process, never from HTTP. */
  readonly note?: Note
}

/**
 * What is sent back. The body is the first there is of `raw`, `text`, `resource` and the version's own text;
 * a `version` beside another body gives the headers only.
 */
export interface FhirResponse {
  readonly status: number
  /** Sent as the body, its text untouched; ETag, Last-Modified, and (for 201) Location come from it. */
  readonly version?: Version
  /** A body made for this answer: a Bundle, an OperationOutcome, Parameters, … */
  readonly resource?: Resource
  /** A body already in text: a searchset put together from stored texts. */
  readonly text?: string
  /** A body that is not FHIR (Binary served raw). */
  readonly raw?: { readonly contentType: string; readonly bytes: Buffer }
  /** Sent in place of a body: the first so many bytes of a file, streamed. */
  readonly file?: { readonly path: string; readonly bytes: number; readonly contentType: string }
  readonly headers?: Readonly<Record<string, string>>
  /** The body is left out, whatever `Prefer` says (204, 304). */
  readonly empty?: boolean
  /** What rules warned of: told in the outcome of an entry; alone, `headers` has it too. */
  readonly warnings?: readonly Issue[]
}

/** The preferences of the client, from the `Prefer` header. https://hl7.org/fhir/R4/http.html#ops */
export interface Prefer {
  /** What a write answers with; `representation` when the client says nothing. */
  readonly return: 'minimal' | 'representation' | 'OperationOutcome'
  /** What happens to search parameters the server does not know; undefined: as the tenant is set. */
  readonly handling: 'strict' | 'lenient' | undefined
  /** The client would rather wait for a later answer than for this one. */
  readonly async: boolean
}

/** What the server allows one request. Stated in the CapabilityStatement, answered 413 or 422. */
export interface Limits {
  /** Bytes of a body. */
  readonly maxBody: number
  /** Entries of a batch. */
  readonly maxBatchEntries: number
  /** Entries of a transaction. */
  readonly maxBundleEntries: number
  /** How many resources one conditional delete may take away. */
  readonly maxMatches: number
  /** Entries of a page when the client does not say (`_count`), and at most. */
  readonly pageSize: number
  readonly maxPageSize: number
  /** Resources included in one page. */
  readonly maxIncludes: number
}

/**
 * How closely a resource is looked at before it is stored. `off`: that it is FHIR JSON with elements its type has; `base`: also
 * required elements, formats of primitives and codes of fixed lists; `full`: also the profiles it declares.
 */
export const LEVELS = ['off', 'base', 'full'] as const
export type Level = (typeof LEVELS)[number]

/** How a tenant is set. */
export interface Settings {
  /** Unknown search parameters are refused (strict) or ignored (lenient) unless the client says. */
  readonly handling: 'strict' | 'lenient'
  /** Whether a conditional delete may take away several resources. */
  readonly conditionalDelete: 'single' | 'multiple'
  readonly validation: Level
}

/** The one door: everything that enters goes through it. */
export interface Door {
  /** Answers a request. Rejects with a FhirError for everything the client can do something about. */
  handle(request: FhirRequest, caller: Caller): Promise<FhirResponse>
  /** The interaction a method and path mean. Throws 404 or 405. */
  route(method: HttpMethod, path: string): Match
  /** Ends what goes on behind it; before the store is closed. */
  close?(): Promise<void>
  /** What rules have done at it, and what they wait to send on; for the admin API. JSON. */
  rulesAtWork?(): object
}

/** What an interaction may use. Made for each request by the door (rest/server.ts). */
export interface Context {
  readonly request: FhirRequest
  readonly caller: Caller
  /** As this caller sees it. */
  readonly store: Store
  readonly definitions: Definitions
  readonly extractor: Extractor
  readonly limits: Limits
  readonly settings: Settings
  /** Types that only the server itself writes: that of the audit log, where there is one. */
  readonly serverWritten: ReadonlySet<string>
  readonly prefer: Prefer
  /** In which the client is told what is wrong with a resource. */
  readonly language: Language
  /** For interactions made of others: batch, transaction. */
  readonly door: Door
  /** A logical id that nothing has yet. */
  newId(): string
  /** Milliseconds since 1970. */
  now(): number
  /** What the tenant's resources are judged by, as it is now (rest/tenant-conformance.ts). */
  readonly conformance?: () => Conformance
  /** Codes, value sets and concept maps, and what they mean. */
  readonly terminology?: Terminology
  readonly expand?: Expand
  /** What is wrong with a resource by FHIR and by profiles. */
  readonly validate?: Validator['validate']
  /** What is wrong with a resource that is a rule; nothing of others. A broken rule is refused at every level of validation. */
  readonly checkRule?: (resource: Resource) => readonly { readonly expression: string; readonly diagnostics: string }[]
  /**
   * Makes these SearchParameter resources searchable beside those of the server, and indexes all resources of the types again.
   * Resolves to how many.
   */
  readonly reindex?: (types: readonly string[], searchParameters: readonly Resource[]) => Promise<number>
  /** The tenant's rules at this exchange; undefined when none speaks of the API. */
  readonly rules?: RuledExchange
}

/** The codes of CapabilityStatement.rest.interaction and .resource.interaction, and `operation`. */
export type InteractionName =
  | 'read'
  | 'vread'
  | 'update'
  | 'patch'
  | 'delete'
  | 'history-instance'
  | 'history-type'
  | 'history-system'
  | 'create'
  | 'search-type'
  | 'search-system'
  | 'transaction'
  | 'batch'
  | 'capabilities'
  | 'operation'

/** What the router found in a method and a path. */
export interface Match {
  readonly interaction: Interaction
  /** A resource type, known to the definitions; '' at the level of the system. */
  readonly type: string
  /** '' above the level of an instance. */
  readonly id: string
  /** vread: the version asked for. Compartment search: the type searched, or `*`. Otherwise ''. */
  readonly rest: string
  /** When the interaction is `operation`. */
  readonly operation?: Operation
}

/** Where an interaction is found, and what the caller needs to be allowed. */
interface Route {
  readonly name: InteractionName
  /** `GET` stands for `HEAD` too. */
  readonly method: HttpMethod
  /**
   * Segments of the path: `:type`, `:id`, `:version`, `:searched` (a type or `*`), `$operation`, or a word as it is; '' is the base.
   * One interaction name may have several routes (`search-type` has GET and POST).
   */
  readonly path: string
  /** What of the type in the path the caller must be permitted; undefined: the interaction sees to it. */
  readonly action?: Action
  /** What the audit log calls it, where the name does not tell. */
  readonly event?: AccessEvent
}

export interface ReadInteraction extends Route {
  readonly kind: 'read'
  answer(context: Context, match: Match): Promise<FhirResponse>
}

/** A write is planned, committed (rest/write.ts) and answered; a transaction commits the plans of all its entries together. */
export interface WriteInteraction extends Route {
  readonly kind: 'write'
  /** May be called again for the same request, when another writer was faster. `assigned`: what a transaction has decided already. */
  plan(context: Context, match: Match, assigned?: Identity): Promise<Plan>
}

/** Example: `src/rest/read.ts` (a read), `src/rest/create.ts` (a write). */
export type Interaction = ReadInteraction | WriteInteraction

/** What a write intends. */
export interface Plan {
  /** Empty when nothing needs to change. */
  readonly writes: readonly Write[]
  /** `versions`: what the commit made of the puts and deletes among the writes, in their order. */
  answer(versions: readonly Version[]): FhirResponse
  /** Kept in the commit. */
  readonly note?: Note
  /** Told when it is committed; `answer` may also be asked within the commit. */
  committed?(): void
}

/** What the criteria of a conditional interaction matched. */
export interface Matched {
  /** Goes with the write, to be judged again inside the commit. */
  readonly condition: Condition
  /** One, none, or the first few when there are several. */
  readonly versions: readonly Version[]
}

/** Where a transaction has decided that the resource of an entry goes. */
export interface Identity {
  readonly ref: Ref
  /** What the criteria of the entry (ifNoneExist, or the query of its URL) matched; the plan does not search again. */
  readonly matched?: Matched
}

/** An argument of an operation. https://hl7.org/fhir/R4/operationdefinition.html */
export interface OperationParameter {
  readonly name: string
  readonly use: 'in' | 'out'
  readonly min: number
  readonly max: string
  /** A FHIR type code. */
  readonly type?: string
  /** In place of a type. */
  readonly part?: readonly OperationParameter[]
  /** A Coding that may be sent in the URL too, as `system|code`. */
  readonly asToken?: boolean
  readonly documentation?: string
}

/** The arguments of an operation by name: primitives as JSON values, else objects. Every name has at least one. */
export type Arguments = ReadonlyMap<string, readonly Json[]>

/** An operation. Example: `src/rest/operations/meta.ts`. https://hl7.org/fhir/R4/operations.html */
export interface Operation {
  /** Without the `$`. */
  readonly code: string
  /** Canonical of an OperationDefinition published elsewhere; undefined: this server's own. */
  readonly definition?: string
  readonly title: string
  readonly description: string
  readonly system: boolean
  readonly type: boolean
  readonly instance: boolean
  /** The resource types it is for; `Resource` stands for all. */
  readonly types: readonly string[]
  /** Then it is asked by POST only. */
  readonly affectsState: boolean
  /** It reads the body of the request itself, whatever it is; its arguments are then those of the query. */
  readonly readsBody?: boolean
  /** It reads query and body itself, whatever they are, and is given no arguments. */
  readonly readsRequest?: boolean
  /** What of the type in the path the caller must be permitted; undefined: the operation sees to it. */
  readonly action?: Action
  readonly parameters: readonly OperationParameter[]
  run(context: Context, match: Match, args: Arguments): Promise<FhirResponse>
}

export type { Json, Ref, Resource }
