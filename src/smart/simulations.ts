/**
 * Errors that the launcher plays, so that an app is tested with them: what each is played in, and those that answer in place of us.
 * In open mode only.
 * https://hl7.org/fhir/smart-app-launch/STU2.2/app-launch.html
 */
import { letters, type Scopes } from '../access/scope.ts'
import { OAuthError, type OAuthCode } from './oauth-error.ts'

/** Of a launch with a person. */
const ofLaunches = [
  'auth_invalid_client',
  'auth_invalid_redirect_uri',
  'auth_invalid_scope',
  'auth_access_denied',
  'auth_server_error',
  'wrong_state',
  'wrong_iss',
  'token_invalid_client',
  'token_expired_code',
  'token_invalid_grant',
  'token_invalid_scope',
  'token_server_error',
  'scope_cut',
  'no_patient',
  'no_refresh_token',
  'expired_refresh_token',
  'no_id_token',
  'id_token_bad_signature',
  'id_token_wrong_aud',
  'id_token_wrong_nonce',
  'jwks_slow',
  'jwks_broken',
  'expired_token',
  'invalid_token',
  'wrong_aud',
] as const

/** Of a backend service's request for a token. */
const ofServices = [
  'token_invalid_client',
  'token_invalid_jti',
  'token_invalid_scope',
  'token_server_error',
  'scope_cut',
  'expired_token',
  'invalid_token',
  'wrong_aud',
] as const

export const simulations: readonly string[] = [...new Set<string>([...ofLaunches, ...ofServices])]

/** Whether the error can be played in a launch of this kind. */
export const canPlay = (simulation: string, kind: string): boolean =>
  ((kind === 'backend' ? ofServices : ofLaunches) as readonly string[]).includes(simulation)

type Played = readonly [code: OAuthCode, status: number, text: string]

/** At the authorization endpoint. */
const authorization: Readonly<Record<string, Played>> = {
  auth_invalid_client: ['invalid_client', 400, 'there is no such client.'],
  auth_invalid_redirect_uri: ['invalid_redirect_uri', 400, 'the redirect_uri is not registered.'],
  auth_invalid_scope: ['invalid_scope', 400, 'nothing of this scope can be granted.'],
  auth_access_denied: ['access_denied', 400, 'the person did not agree.'],
  auth_server_error: ['server_error', 500, 'something went wrong.'],
}

/** At the token endpoint, but for refresh tokens. */
const token: Readonly<Record<string, Played>> = {
  token_invalid_client: ['invalid_client', 401, 'the client could not be authenticated.'],
  token_invalid_jti: ['invalid_client', 400, 'the jti of the client_assertion was used before.'],
  token_expired_code: ['invalid_grant', 400, 'this code has expired.'],
  token_invalid_grant: ['invalid_grant', 400, 'this code is not known.'],
  token_invalid_scope: ['invalid_scope', 400, 'nothing of this scope can be granted.'],
  token_server_error: ['server_error', 500, 'something went wrong.'],
}

/** When a refresh token is used. */
const refresh: Readonly<Record<string, Played>> = {
  expired_refresh_token: ['invalid_grant', 400, 'this refresh token has expired.'],
}

const places = { authorization, token, refresh }

/** Throws the error (OAuthError) that is to be played here; does nothing for any other. */
export function play(simulate: string | undefined, where: keyof typeof places): void {
  const played = simulate !== undefined && Object.hasOwn(places[where], simulate) ? places[where][simulate] : undefined
  if (played) throw new OAuthError(played[0], `Simulated by the launcher: ${played[2]}`, played[1])
}

/** Less than was agreed to: the first scope only, and of a single one only its first letter. */
export function cut(scopes: Scopes): Scopes {
  const [first, ...more] = scopes.resources
  if (!first) return scopes
  const only = more.length > 0 ? first.permissions : new Set([...first.permissions].filter(each => each === letters(first.permissions)[0])) // prettier-ignore
  return { ...scopes, resources: [{ ...first, permissions: only }] }
}

/** The claims of an access token that is not to count, and how many seconds it lasts. */
export function spoiled(simulate: string | undefined, seconds: number): { claims: object; seconds: number } {
  const claims = {
    ...(simulate === 'wrong_aud' ? { aud: 'https://another-server.example/fhir' } : {}),
    ...(simulate === 'invalid_token' ? { tenant: '' } : {}),
  }
  return { claims, seconds: simulate === 'expired_token' ? -60 : seconds }
}

/** How an app's fetch of our keys fails for a minute: by the address that redeemed the code. */
export interface KeysPlay {
  begin(from: string, simulate: string | undefined): void
  /** Waits, when it is to be slow; whether it is to fail. */
  fails(from: string): Promise<boolean>
}

const MINUTE = 60_000
/** Longer than clients usually wait. */
const SLOW = 6000
const MOST = 100

export function makeKeysPlay(now: () => number): KeysPlay {
  const played = new Map<string, { readonly how: string; readonly until: number }>()
  return {
    begin(from, simulate) {
      played.delete(from)
      if (simulate !== 'jwks_slow' && simulate !== 'jwks_broken') return
      if (played.size >= MOST) played.delete(played.keys().next().value!)
      played.set(from, { how: simulate, until: now() + MINUTE })
    },
    async fails(from) {
      const found = played.get(from)
      if (!found || found.until < now()) return false
      if (found.how === 'jwks_broken') return true
      await new Promise(resolve => setTimeout(resolve, SLOW).unref())
      return false
    },
  }
}
