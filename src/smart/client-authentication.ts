/**
 * Which client asks, and whether it is: none, client_secret_basic, client_secret_post or private_key_jwt.
 * https://www.rfc-editor.org/rfc/rfc6749#section-2.3
 */
import { ASSERTION_TYPE, claimedClient, type CheckAssertion } from './client-assertion.ts'
import type { Clients } from './clients.ts'
import { BadJwt } from '../jwt/jwt.ts'
import { OAuthError } from './oauth-error.ts'
import { digestOf, isSecret } from './secret.ts'
import type { Throttle } from './throttle.ts'
import type { Client, PlainRequest } from './words.ts'

export type Authenticate = (request: PlainRequest, base: string) => Promise<Client>

export interface AuthenticationParts {
  readonly clients: Clients
  readonly check: CheckAssertion
  readonly throttle: Throttle
}

interface Offered {
  readonly id: string
  readonly by: 'none' | 'secret' | 'assertion'
  readonly proof: string
  readonly basic: boolean
}

/** The client of a request to the token endpoint and its like. Rejects with an OAuthError: 400, 401 or 429. */
export function makeAuthenticate({ clients, check, throttle }: AuthenticationParts): Authenticate {
  /** Throws unless the client is what it says. Nothing is awaited between looking at the throttle and counting a wrong secret. */
  async function prove(client: Client | undefined, offered: Offered, base: string, failed: () => void): Promise<void> {
    if (offered.by === 'secret') {
      // compared with something in any case, so that the time does not tell which clients there are
      const right = isSecret(offered.proof, client?.secret ?? digestOf(''))
      if (client?.secret !== undefined && right) return
      failed()
      throw refused('The client_id or its secret is not right.', offered.basic)
    }
    if (!client) throw refused('There is no client of that client_id.', offered.basic)
    if (offered.by === 'none') {
      if (client.authentication === 'none') return
      throw refused(`This client must authenticate with ${client.authentication}.`, false)
    }
    if (client.authentication !== 'private_key_jwt')
      throw refused('This client is not registered for private_key_jwt.', false)
    try {
      await check(client, offered.proof, `${base}/auth/token`)
    } catch (error) {
      if (!(error instanceof BadJwt)) throw error
      failed()
      throw refused(`The client_assertion does not count. ${error.message}`, false)
    }
  }

  return async (request, base) => {
    const offered = offeredBy(request)
    const client = await clients.get(offered.id, base)
    const key = `${offered.id.slice(0, 128)} ${request.from}`
    const seconds = throttle.tooMany(key)
    if (seconds > 0)
      throw new OAuthError('temporarily_unavailable', 'Too many failed attempts. Wait a moment.', 429, {
        'Retry-After': String(seconds),
      })
    await prove(client, offered, base, () => throttle.failed(key))
    if (offered.by !== 'none') throttle.cleared(key)
    return client!
  }
}

const refused = (text: string, basic: boolean) =>
  new OAuthError('invalid_client', text, basic ? 401 : 400, basic ? { 'WWW-Authenticate': 'Basic realm="token"' } : {})

function offeredBy({ headers, form }: PlainRequest): Offered {
  const authorization = headers['authorization']
  const [id, secret, assertion, type] = ['client_id', 'client_secret', 'client_assertion', 'client_assertion_type'].map(
    name => form?.get(name) ?? undefined,
  )
  if ([authorization, secret, assertion].filter(each => each !== undefined).length > 1)
    throw new OAuthError('invalid_request', 'Authenticate in one way only: a header, a secret or an assertion.')
  if (authorization !== undefined) return fromBasic(authorization, id)
  if (assertion !== undefined) {
    if (type !== ASSERTION_TYPE)
      throw new OAuthError('invalid_request', `client_assertion_type must be ${ASSERTION_TYPE}`)
    const claimed = claimedClient(assertion) ?? ''
    if (id !== undefined && id !== claimed) throw refused('client_id is not the iss of the client_assertion.', false)
    return { id: claimed, by: 'assertion', proof: assertion, basic: false }
  }
  if (id === undefined) throw refused('Send a client_id, or authenticate with a secret or a client_assertion.', false)
  if (secret !== undefined) return { id, by: 'secret', proof: secret, basic: false }
  return { id, by: 'none', proof: '', basic: false }
}

/** https://www.rfc-editor.org/rfc/rfc6749#section-2.3.1: both parts are form-urlencoded before they are joined. */
function fromBasic(authorization: string, id: string | undefined): Offered {
  const encoded = /^Basic +([A-Za-z0-9+/=]{1,2000})$/i.exec(authorization)?.[1]
  const text = encoded === undefined ? '' : Buffer.from(encoded, 'base64').toString('utf8')
  const colon = text.indexOf(':')
  if (colon < 0) throw refused('The Authorization header is not Basic with a client_id and a secret.', true)
  const [name, proof] = [decoded(text.slice(0, colon)), decoded(text.slice(colon + 1))]
  if (id !== undefined && id !== name) throw refused('client_id is not that of the Authorization header.', true)
  return { id: name, by: 'secret', proof, basic: true }
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '))
  } catch {
    return text
  }
}
