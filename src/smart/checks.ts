/**
 * What an authorization request must be: checks in order, the first two before its redirect_uri is trusted.
 * https://hl7.org/fhir/smart-app-launch/STU2.2/app-launch.html#request-4
 */
import { narrower } from '../access/scope-narrower.ts'
import { readScopes, type Scopes } from '../access/scope.ts'
import type { Definitions } from '../fhir/definitions.ts'
import type { Clients } from './clients.ts'
import type { Launches } from './launch-context.ts'
import { OAuthError } from './oauth-error.ts'
import { isRegistered } from './redirect-uri.ts'
import type { Client, LaunchContext } from './words.ts'

/** What the checks have found so far. */
export interface Checked {
  client?: Client
  redirectUri?: string
  state?: string
  challenge?: string
  scopes?: Scopes
  launch?: LaunchContext
}

export interface CheckParts {
  readonly clients: Clients
  readonly launches: Launches
  readonly definitions: Definitions
  readonly mode: 'open' | 'smart'
}

export interface Check {
  readonly name: string
  /** Throws an OAuthError when the request fails it. */
  run(params: URLSearchParams, checked: Checked, base: string, parts: CheckParts): void | Promise<void>
}

/** The value of a parameter that may stand once; undefined when it is not there or empty. */
export function once(params: URLSearchParams, name: string): string | undefined {
  const values = params.getAll(name)
  if (values.length > 1) throw new OAuthError('invalid_request', `${name} is there more than once.`)
  return values[0] === '' ? undefined : values[0]
}

const client: Check = {
  name: 'client_id',
  async run(params, checked, base, { clients, mode }) {
    const id = once(params, 'client_id')
    if (id === undefined) throw new OAuthError('invalid_request', 'client_id is missing.')
    const found = await clients.get(id, base)
    if (!found) throw new OAuthError('invalid_client', 'There is no app of that client_id here. Register it first.')
    if (!found.grantTypes.includes('authorization_code'))
      throw new OAuthError('unauthorized_client', 'This app is not registered for authorization_code.')
    if (mode === 'smart' && !found.approved)
      throw new OAuthError('unauthorized_client', 'This app has not been approved here yet.')
    checked.client = found
  },
}

const redirect: Check = {
  name: 'redirect_uri',
  run(params, checked) {
    const uri = once(params, 'redirect_uri')
    if (uri === undefined) throw new OAuthError('invalid_request', 'redirect_uri is missing.')
    if (!isRegistered(uri, checked.client!.redirectUris))
      throw new OAuthError(
        'invalid_request',
        'The redirect_uri is not one that this app has registered. It must be the same, character by character.',
      )
    checked.redirectUri = uri
  },
}

/** Errors of these are shown on a page: nobody is sent to an address that is not known to be the app's. */
export const beforeRedirect: readonly Check[] = [client, redirect]

const state: Check = {
  name: 'state',
  run(params, checked) {
    const value = once(params, 'state')
    if (value === undefined) throw new OAuthError('invalid_request', 'state is missing: a random value of your own.')
    if (value.length > 2000) throw new OAuthError('invalid_request', 'state is longer than 2000 characters.')
    checked.state = value
  },
}

const responseType: Check = {
  name: 'response_type',
  run(params) {
    const type = once(params, 'response_type')
    if (type === undefined) throw new OAuthError('invalid_request', 'response_type is missing; it is code.')
    if (type !== 'code') throw new OAuthError('unsupported_response_type', 'response_type must be code.')
    const mode = once(params, 'response_mode')
    if (mode !== undefined && mode !== 'query') throw new OAuthError('invalid_request', 'response_mode must be query.')
    for (const name of ['request', 'request_uri'])
      if (params.has(name)) throw new OAuthError('invalid_request', `${name} is not supported.`)
  },
}

const audience: Check = {
  name: 'aud',
  run(params, _, base) {
    const aud = once(params, 'aud')
    if (aud === undefined) throw new OAuthError('invalid_request', `aud is missing; it is the FHIR base: ${base}`)
    if (aud !== base && aud !== `${base}/`)
      throw new OAuthError('invalid_request', `aud must be the FHIR base of this server: ${base}`)
  },
}

const pkce: Check = {
  name: 'PKCE',
  run(params, checked) {
    const challenge = once(params, 'code_challenge')
    const method = once(params, 'code_challenge_method')
    if (challenge === undefined) throw new OAuthError('invalid_request', 'code_challenge is missing: PKCE is required.')
    if (method !== 'S256') throw new OAuthError('invalid_request', 'code_challenge_method must be S256.')
    // base64url of 32 bytes
    if (!/^[A-Za-z0-9_-]{43}$/.test(challenge))
      throw new OAuthError('invalid_request', 'code_challenge must be the base64url of a SHA-256: 43 characters.')
    checked.challenge = challenge
  },
}

const scope: Check = {
  name: 'scope',
  run(params, checked, _, { definitions }) {
    const text = once(params, 'scope')
    if (text === undefined)
      throw new OAuthError('invalid_scope', 'scope is missing, such as openid fhirUser patient/*.rs')
    const asked = readScopes(text, definitions)
    const granted = narrower(asked, readScopes(checked.client!.scope, definitions))
    const isLaunch = once(params, 'launch') !== undefined
    const scopes: Scopes = {
      resources: granted.resources.filter(({ level }) => level !== 'system'),
      others: granted.others.filter(other => other !== 'launch' || isLaunch),
      unknown: [],
    }
    if (scopes.resources.length + scopes.others.length === 0)
      throw new OAuthError(
        'invalid_scope',
        asked.unknown[0]?.why ?? 'Nothing of this scope can be granted to this app: it is not registered for it.',
      )
    checked.scopes = scopes
  },
}

const launch: Check = {
  name: 'launch',
  async run(params, checked, _, { launches, mode }) {
    const value = once(params, 'launch')
    if (value === undefined) return
    const over = 'This launch is not known, is over, or was used already. Launch the app again.'
    // looked at before it is taken: another app must not be able to use it up
    const context = value.length <= 200 ? await launches.look(value) : undefined
    if (!context) throw new OAuthError('invalid_request', over)
    // '*': launched by an address that nobody registered, in a sandbox
    if (context.client !== checked.client!.id && !(context.client === '*' && mode === 'open'))
      throw new OAuthError('invalid_request', 'This launch is for another app.')
    if (!(await launches.take(value))) throw new OAuthError('invalid_request', over)
    checked.launch = context
  },
}

/** Errors of these go to the app. The launch comes last: it is used up by looking at it. */
export const afterRedirect: readonly Check[] = [state, responseType, audience, pkce, scope, launch]
