/**
 * What the protocol asks of the pages on which people sign in, choose a patient and agree, and what those pages ask of it.
 * https://hl7.org/fhir/smart-app-launch/STU2.2/app-launch.html
 */
import type { Client, LaunchContext, PlainRequest, PlainResponse, SmartParts } from './words.ts'
import type { Throttle } from './throttle.ts'

/** A checked authorization request that waits for a person to decide. Kept in `smart-askings`, ten minutes. */
export interface Asking {
  readonly id: string
  /** `client_id`. */
  readonly client: string
  readonly redirectUri: string
  /** What the app asks for and is registered for; the person may narrow it. */
  readonly scope: string
  readonly state: string
  /** Of PKCE, S256. */
  readonly challenge: string
  readonly nonce?: string
  readonly launch?: LaunchContext
  readonly needsPatient: boolean
  readonly needsEncounter: boolean
  readonly prompt?: string
  readonly loginHint?: string
  readonly trace?: string
  /** Milliseconds since 1970. */
  readonly asked: number
}

/** What a person decided. */
export interface Decision {
  /** `Practitioner/123` */
  readonly user: string
  /** Id of the session; `online_access` lasts as long as it does. */
  readonly session?: string
  /** Ids. */
  readonly patient?: string
  readonly encounter?: string
  readonly scope: string
  /** Emergency access: the reason given. */
  readonly breakGlass?: string
}

type Headers = PlainResponse['headers']

export type Step =
  | { readonly show: PlainResponse }
  | { readonly decided: Decision; readonly headers?: Headers }
  /** `error`: access_denied when not given. */
  | { readonly denied: true; readonly error?: string; readonly headers?: Headers }

/** Why nothing can go on. */
export interface Refusal {
  readonly error: string
  readonly text: string
  readonly status: number
}

export interface Pages {
  /** GET and POST of `auth/interaction/{id}`: the next page, or the decision. */
  step(asking: Asking, request: PlainRequest, base: string): Promise<Step>
  /** All others, by path: `auth/…` that the protocol does not know, `launch/…`, `marketplace/…`; undefined when there is none. */
  answer(request: PlainRequest, base: string): Promise<PlainResponse | undefined>
  /** The user is there, and not disabled. */
  isActive(user: string): Promise<boolean>
  /** The session has not ended. */
  isAlive(session: string): Promise<boolean>
  /** Shown when an authorization request is refused before its redirect_uri is trusted, and when an asking is gone. */
  refusal?(
    problem: Refusal,
    request: PlainRequest,
    base: string,
  ): PlainResponse | undefined | Promise<PlainResponse | undefined>
}

/** One consent that lasts, with its tokens. */
export interface Family {
  readonly id: string
  readonly client: string
  readonly user: string
  readonly scope: string
  readonly patient?: string
  /** Milliseconds since 1970. */
  readonly granted: number
  readonly lastUsed: number
}

export interface PagesParts extends SmartParts {
  /** `base`: built-in clients have their addresses below its origin. */
  client(id: string, base: string): Promise<Client | undefined>
  clients(base: string): Promise<readonly Client[]>
  saveClient(client: Client): Promise<void>
  removeClient(id: string): Promise<void>
  families(user: string): Promise<readonly Family[]>
  /** Its tokens count no longer, from now on. */
  endFamily(id: string): Promise<void>
  /** Makes an EHR launch; resolves to the value of `launch`. Five minutes, once. */
  launch(context: LaunchContext): Promise<string>
  /** What counts for the client's next request that comes without a `launch`. Five minutes, once. */
  arm(client: string, context: LaunchContext): Promise<void>
  /** The same checks as for clients that register themselves; throws an OAuthError. Resolves with the secret in clear, once. */
  register(metadata: unknown): Promise<{ readonly client: Client; readonly secret?: string }>
  /** Of failed sign-ins. */
  readonly throttle: Throttle
}
