/**
 * Dynamic client registration, and the management of what was registered.
 * https://www.rfc-editor.org/rfc/rfc7591 https://www.rfc-editor.org/rfc/rfc7592
 */
import { readScopes } from '../access/scope.ts'
import type { Definitions } from '../fhir/definitions.ts'
import { keyProblem } from '../jwt/holder-keys.ts'
import { json, OAuthError } from './oauth-error.ts'
import { redirectProblem, webProblem } from './redirect-uri.ts'
import { digestOf, isSecret, secretOf } from './secret.ts'
import type { Clients } from './clients.ts'
import type { Client, ClientAuthentication, PlainRequest, PlainResponse } from './words.ts'

const METHODS = ['none', 'client_secret_basic', 'client_secret_post', 'private_key_jwt'] as const
const GRANTS = ['authorization_code', 'refresh_token', 'client_credentials'] as const

const APP_SCOPE =
  'launch launch/patient launch/encounter openid fhirUser profile offline_access online_access patient/*.cruds user/*.cruds'
const BACKEND_SCOPE = 'system/*.cruds'

export interface RegistrationParts {
  readonly clients: Clients
  readonly definitions: Definitions
  readonly mode: 'open' | 'smart'
  readonly now: () => number
  readonly random: (bytes: number) => Buffer
  /** Ends the tokens of a client that is no more. */
  readonly endClient: (id: string) => Promise<void>
  readonly registered: (client: Client, from: string) => void
}

export interface Registered {
  readonly client: Client
  /** In clear: told once. */
  readonly secret?: string
}

export interface Registration {
  register(metadata: unknown): Promise<Registered>
  /** `auth/register` and `auth/register/{id}`. Rejects with an OAuthError. */
  answer(request: PlainRequest, base: string): Promise<PlainResponse>
}

export function makeRegistration(parts: RegistrationParts): Registration {
  const { clients, mode, now, random, endClient } = parts

  async function register(metadata: unknown, token?: string): Promise<Registered> {
    const wanted = readMetadata(metadata, parts.definitions)
    const secret = wanted.authentication.startsWith('client_secret') ? secretOf(random) : undefined
    const client: Client = {
      ...wanted,
      id: random(16).toString('base64url'),
      ...(secret === undefined ? {} : { secret: digestOf(secret) }),
      ...(token === undefined ? {} : { registration: digestOf(token) }),
      registered: now(),
      approved: mode === 'open',
    }
    await clients.put(client)
    return { client, ...(secret === undefined ? {} : { secret }) }
  }

  /** The client whose registration access token this is. The same answer whether there is no such client or the token is another's. */
  async function own(id: string, request: PlainRequest, base: string): Promise<Client> {
    const token = /^Bearer +([^ ]+)$/i.exec(request.headers['authorization'] ?? '')?.[1] ?? ''
    const client = await clients.get(id, base)
    const right = isSecret(token, client?.registration ?? digestOf(''))
    if (client?.registration !== undefined && right) return client
    throw new OAuthError('invalid_token', 'Send the registration_access_token of this client as a Bearer token.', 401, {
      'WWW-Authenticate': 'Bearer realm="registration", error="invalid_token"',
    })
  }

  async function update(old: Client, metadata: unknown): Promise<Registered> {
    const given = (metadata ?? {}) as Record<string, unknown>
    if (given['client_id'] !== undefined && given['client_id'] !== old.id) throw invalid('client_id cannot be changed.')
    const wanted = readMetadata(metadata, parts.definitions)
    const symmetric = wanted.authentication.startsWith('client_secret')
    const secret = symmetric && old.secret === undefined ? secretOf(random) : undefined
    const kept = symmetric ? (secret === undefined ? old.secret : digestOf(secret)) : undefined
    const client: Client = {
      ...wanted,
      id: old.id,
      ...(kept === undefined ? {} : { secret: kept }),
      ...(old.registration === undefined ? {} : { registration: old.registration }),
      ...(old.listing === undefined ? {} : { listing: old.listing }),
      registered: old.registered,
      // what was approved was another app
      approved: mode === 'open',
    }
    await clients.put(client)
    return { client, ...(secret === undefined ? {} : { secret }) }
  }

  return {
    register,
    async answer(request, base) {
      const id = request.path.split('/')[2]
      if (id === undefined) {
        if (request.method !== 'POST')
          throw new OAuthError('invalid_request', 'Register with POST.', 405, { Allow: 'POST' })
        const token = secretOf(random)
        const registered = await register(request.json, token)
        parts.registered(registered.client, request.from)
        return json(told(registered, base, token), 201)
      }
      const client = await own(id, request, base)
      if (request.method === 'GET') return json(told({ client }, base))
      if (request.method === 'PUT') {
        const updated = await update(client, request.json)
        await endClient(id)
        return json(told(updated, base))
      }
      if (request.method !== 'DELETE')
        throw new OAuthError('invalid_request', 'Use GET, PUT or DELETE here.', 405, { Allow: 'GET, PUT, DELETE' })
      await clients.remove(id)
      await endClient(id)
      return { status: 204, headers: {} }
    },
  }
}

const invalid = (text: string) => new OAuthError('invalid_client_metadata', text)

type Wanted = Omit<Client, 'id' | 'secret' | 'registration' | 'registered' | 'approved' | 'listing'>

/** Throws an OAuthError that names the field and what it takes. */
function readMetadata(metadata: unknown, definitions: Definitions): Wanted {
  if (typeof metadata !== 'object' || metadata === null || Array.isArray(metadata))
    throw invalid('Send the metadata of the client as a JSON object, with Content-Type: application/json.')
  const given = metadata as Readonly<Record<string, unknown>>
  const authentication = oneOf(given, 'token_endpoint_auth_method', METHODS) ?? defaultMethod(given)
  const grantTypes = listOf(given, 'grant_types', GRANTS) ?? defaultGrants(given, authentication)
  const launchUri = web(given, 'initiate_login_uri') ?? web(given, 'launch_uri')
  const redirectUris = redirects(given, grantTypes.includes('authorization_code'))
  const responses = given['response_types']
  if (responses !== undefined && JSON.stringify(responses) !== '["code"]' && JSON.stringify(responses) !== '[]')
    throw invalid('response_types must be ["code"].')
  if (grantTypes.includes('client_credentials') && authentication !== 'private_key_jwt')
    throw invalid('client_credentials needs token_endpoint_auth_method private_key_jwt.')
  const contacts = texts(given, 'contacts')
  return {
    name: text(given, 'client_name') ?? 'Unnamed app',
    authentication,
    redirectUris,
    grantTypes,
    scope: scope(given, grantTypes, definitions),
    ...(launchUri === undefined ? {} : { launchUri }),
    ...keys(given, authentication),
    ...optional('clientUri', web(given, 'client_uri')),
    ...optional('logoUri', web(given, 'logo_uri')),
    ...(contacts === undefined ? {} : { contacts }),
  }
}

const optional = <K extends string>(name: K, value: string | undefined): { readonly [N in K]?: string } =>
  value === undefined ? {} : ({ [name]: value } as { readonly [N in K]?: string })

const defaultMethod = (given: Readonly<Record<string, unknown>>): ClientAuthentication =>
  given['jwks'] !== undefined || given['jwks_uri'] !== undefined ? 'private_key_jwt' : 'client_secret_basic'

const defaultGrants = (given: Readonly<Record<string, unknown>>, by: ClientAuthentication): Client['grantTypes'] =>
  by === 'private_key_jwt' && given['redirect_uris'] === undefined
    ? ['client_credentials']
    : ['authorization_code', 'refresh_token']

function text(given: Readonly<Record<string, unknown>>, name: string, most = 200): string | undefined {
  const value = given[name]
  if (value === undefined) return undefined
  if (typeof value !== 'string' || value.trim() === '' || value.length > most)
    throw invalid(`${name} must be a text of at most ${most} characters.`)
  return value
}

function texts(given: Readonly<Record<string, unknown>>, name: string): readonly string[] | undefined {
  const value = given[name]
  if (value === undefined) return undefined
  if (
    !Array.isArray(value) ||
    value.length > 50 ||
    !value.every(each => typeof each === 'string' && each.length <= 2000)
  )
    throw invalid(`${name} must be a list of at most 50 texts.`)
  return value as string[]
}

function oneOf<T extends string>(
  given: Readonly<Record<string, unknown>>,
  name: string,
  values: readonly T[],
): T | undefined {
  const value = text(given, name)
  if (value === undefined || (values as readonly string[]).includes(value)) return value as T | undefined
  throw invalid(`${name} must be one of ${values.join(', ')}.`)
}

function listOf<T extends string>(
  given: Readonly<Record<string, unknown>>,
  name: string,
  values: readonly T[],
): readonly T[] | undefined {
  const list = texts(given, name)
  if (list === undefined) return undefined
  if (list.length === 0 || !list.every(each => (values as readonly string[]).includes(each)))
    throw invalid(`${name} must be of ${values.join(', ')}.`)
  return [...new Set(list)] as T[]
}

function redirects(given: Readonly<Record<string, unknown>>, needed: boolean): readonly string[] {
  const uris = texts(given, 'redirect_uris') ?? []
  if (needed && uris.length === 0)
    throw new OAuthError('invalid_redirect_uri', 'redirect_uris must name at least one URI.')
  for (const uri of uris) {
    const problem = redirectProblem(uri)
    if (problem) throw new OAuthError('invalid_redirect_uri', `The redirect URI ${uri.slice(0, 200)} ${problem}.`)
  }
  return [...new Set(uris)]
}

function web(given: Readonly<Record<string, unknown>>, name: string): string | undefined {
  const uri = text(given, name, 2000)
  const problem = uri === undefined ? undefined : webProblem(uri)
  if (problem) throw invalid(`${name} ${problem}.`)
  return uri
}

function scope(
  given: Readonly<Record<string, unknown>>,
  grants: Client['grantTypes'],
  definitions: Definitions,
): string {
  const most = [
    ...(grants.includes('authorization_code') ? [APP_SCOPE] : []),
    ...(grants.includes('client_credentials') ? [BACKEND_SCOPE] : []),
  ].join(' ')
  const wanted = text(given, 'scope', 8192)
  if (wanted === undefined) return most
  const { unknown } = readScopes(wanted, definitions)
  if (unknown.length > 0) throw invalid(`The scope ${unknown[0]!.text} cannot be registered. ${unknown[0]!.why}`)
  return wanted
}

function keys(given: Readonly<Record<string, unknown>>, by: ClientAuthentication): Pick<Client, 'jwks' | 'jwksUri'> {
  const { jwks } = given
  const jwksUri = web(given, 'jwks_uri')
  if (jwks !== undefined && jwksUri !== undefined) throw invalid('Send jwks or jwks_uri, not both.')
  if (by !== 'private_key_jwt') return {}
  if (jwksUri !== undefined) return { jwksUri }
  const list = (jwks as { keys?: unknown } | undefined)?.keys
  if (!Array.isArray(list) || list.length === 0 || list.length > 20)
    throw invalid('private_key_jwt needs a jwks_uri, or a jwks with 1 to 20 public keys.')
  list.forEach((key, at) => {
    const problem = keyProblem(key)
    if (problem) throw invalid(`jwks.keys[${at}] ${problem}.`)
  })
  const ids = list.map(key => (key as { kid: string }).kid)
  if (new Set(ids).size < ids.length) throw invalid('Two keys of jwks have the same kid.')
  return { jwks: { keys: list as Readonly<Record<string, unknown>>[] } }
}

/** https://www.rfc-editor.org/rfc/rfc7591#section-3.2.1 */
function told({ client, secret }: Registered, base: string, token?: string): object {
  return {
    client_id: client.id,
    client_id_issued_at: Math.floor(client.registered / 1000),
    ...(secret === undefined ? {} : { client_secret: secret, client_secret_expires_at: 0 }),
    ...(token === undefined ? {} : { registration_access_token: token }),
    registration_client_uri: `${base}/auth/register/${client.id}`,
    client_name: client.name,
    token_endpoint_auth_method: client.authentication,
    grant_types: client.grantTypes,
    response_types: client.grantTypes.includes('authorization_code') ? ['code'] : [],
    redirect_uris: client.redirectUris,
    scope: client.scope,
    ...(client.launchUri === undefined ? {} : { initiate_login_uri: client.launchUri, launch_uri: client.launchUri }),
    ...(client.jwks === undefined ? {} : { jwks: client.jwks }),
    ...(client.jwksUri === undefined ? {} : { jwks_uri: client.jwksUri }),
    ...(client.clientUri === undefined ? {} : { client_uri: client.clientUri }),
    ...(client.logoUri === undefined ? {} : { logo_uri: client.logoUri }),
    ...(client.contacts === undefined ? {} : { contacts: client.contacts }),
    approved: client.approved,
  }
}
