/**
 * Introspection and revocation: what a token stands for, and that it counts no longer.
 * https://www.rfc-editor.org/rfc/rfc7662 https://www.rfc-editor.org/rfc/rfc7009
 */
import type { Grant } from '../access/grant.ts'
import { once } from './checks.ts'
import type { Authenticate } from './client-authentication.ts'
import type { Families } from './families.ts'
import { json, InvalidToken, OAuthError, unkept } from './oauth-error.ts'
import type { RefreshTokens } from './refresh-tokens.ts'
import { formOf } from './token.ts'
import type { Verify } from './verify.ts'
import type { PlainRequest, PlainResponse, SmartParts } from './words.ts'

export interface IntrospectParts {
  readonly authenticate: Authenticate
  readonly verify: Verify
  readonly families: Families
  readonly refreshTokens: RefreshTokens
  readonly smart: SmartParts
}

type Answer = (request: PlainRequest, base: string) => Promise<PlainResponse>

const inactive = () => json({ active: false })

/**
 * For clients that authenticate: of their own tokens. For whoever has an access token for all data of the system (a resource server):
 * of every client's tokens.
 */
export const makeIntrospect =
  ({ authenticate, verify, families, refreshTokens }: IntrospectParts): Answer =>
  async (request, base) => {
    const form = formOf(request)
    const asks = await asker(request, base, authenticate, verify)
    const token = once(form, 'token')
    if (token === undefined) throw new OAuthError('invalid_request', 'token is missing.')
    const grant = await counting(verify, token, base)
    if (grant) {
      if (asks !== 'any' && grant.client !== asks) return inactive()
      const family = grant.family === undefined ? undefined : await families.get(grant.family)
      return json({
        active: true,
        token_type: 'Bearer',
        scope: grant.scope,
        client_id: grant.client,
        exp: grant.expires,
        iat: grant.issued,
        iss: base,
        aud: base,
        jti: grant.id,
        sub: grant.user ?? grant.client,
        ...(grant.user === undefined ? {} : { fhirUser: `${base}/${grant.user}` }),
        ...family?.context,
      })
    }
    const id = await refreshTokens.look(token)
    const family = id === undefined ? undefined : await families.get(id)
    if (!family || (asks !== 'any' && family.client !== asks)) return inactive()
    return json({ active: true, token_type: 'refresh_token', scope: family.scope, client_id: family.client, exp: Math.floor(family.ends / 1000), iss: base, sub: family.user }) // prettier-ignore
  }

/** The client whose tokens may be looked at, or 'any'. */
async function asker(request: PlainRequest, base: string, authenticate: Authenticate, verify: Verify): Promise<string> {
  const bearer = /^Bearer +([^ ]+)$/i.exec(request.headers['authorization'] ?? '')?.[1]
  if (bearer === undefined) {
    const client = await authenticate(request, base)
    if (client.authentication !== 'none') return client.id
    throw new OAuthError('invalid_client', 'A client without a secret or key cannot introspect tokens.', 401)
  }
  const grant = await counting(verify, bearer, base)
  if (!grant)
    throw new OAuthError('invalid_token', 'The access token of the Authorization header does not count.', 401, {
      'WWW-Authenticate': 'Bearer error="invalid_token"',
    })
  const isResourceServer =
    grant.user === undefined && grant.scope.split(' ').some(scope => /^system\/\*\.(?:c?ru?d?s|read|\*)$/.test(scope))
  return isResourceServer ? 'any' : grant.client
}

/** What the token stands for; undefined when it does not count. */
async function counting(verify: Verify, token: string, base: string): Promise<Grant | undefined> {
  try {
    return await verify(token, base)
  } catch (error) {
    if (error instanceof InvalidToken) return undefined
    throw error
  }
}

/** A refresh token ends its whole family; an access token itself only. Of another client: nothing happens, and the answer is the same. */
export const makeRevoke =
  ({ authenticate, verify, families, refreshTokens, smart }: IntrospectParts): Answer =>
  async (request, base) => {
    const form = formOf(request)
    const client = await authenticate(request, base)
    const token = once(form, 'token')
    if (token === undefined) throw new OAuthError('invalid_request', 'token is missing.')
    const grant = await counting(verify, token, base)
    const id = grant ? undefined : await refreshTokens.look(token)
    const family = id === undefined ? undefined : await families.get(id)
    if (grant?.client === client.id) await families.endToken(grant.id)
    else if (family?.client === client.id) await families.end(family.id)
    else return { status: 200, headers: unkept }
    smart.audit?.({ what: 'token-revoked', outcome: '0', client: client.id, from: request.from })
    return { status: 200, headers: unkept }
  }
