/**
 * Access tokens, verified: what each stands for, remembered so that it costs next to nothing the second time.
 * https://www.rfc-editor.org/rfc/rfc9068#section-4
 */
import { hash } from 'node:crypto'
import type { Grant } from '../access/grant.ts'
import type { Families } from './families.ts'
import { HOUR } from './issue.ts'
import { BadJwt, headerOf, verify, type Claims } from '../jwt/jwt.ts'
import type { Keys } from '../jwt/signing-keys.ts'
import { InvalidToken } from './oauth-error.ts'

/** Tokens remembered at once. */
const MOST = 10_000
/** Of those, the ones in use just now, by the token itself: looking one up is then cheaper than its digest. */
const MOST_AT_HAND = 1_000

export interface VerifierParts {
  readonly keys: Keys
  readonly families: Families
  readonly tenant: string
  readonly now: () => number
}

/** At once for a token seen before. Throws, or rejects with, an `InvalidToken`. */
export type Verify = (token: string, base: string) => Grant | Promise<Grant>

export interface Verifier {
  readonly verify: Verify
  /** Whether a token that was verified has neither expired nor been revoked. */
  counts(grant: Grant): boolean
  /** Remembers what a token stands for that this server has just signed, so that its first use costs no more than the next. */
  issued(token: string, base: string, claims: Claims): Promise<void>
}

export function makeVerify({ keys, families, tenant, now }: VerifierParts): Verifier {
  /** By digest of the token and the base. */
  const seen = new Map<string, Grant>()
  const atHand = new Map<string, { readonly base: string; readonly grant: Grant }>()

  function current(grant: Grant): Grant {
    if (grant.expires <= now() / 1000) throw new InvalidToken('The access token has expired.')
    if (families.isOver(grant)) throw new InvalidToken('The access token was revoked.')
    return grant
  }

  const counts = (grant: Grant) => grant.expires > now() / 1000 && !families.isOver(grant)

  async function first(token: string, base: string, digest: string): Promise<Grant> {
    await families.load()
    const grant = await read(token, base)
    keep(digest, grant)
    return current(grant)
  }

  function keep(digest: string, grant: Grant): void {
    if (seen.size >= MOST) seen.delete(seen.keys().next().value!)
    seen.set(digest, grant)
  }

  async function issued(token: string, base: string, claims: Claims): Promise<void> {
    // one that the launcher spoilt, or of an emergency, is looked at when it comes
    if (claims['iss'] !== base || claims['aud'] !== base || claims['extensions'] !== undefined) return
    await families.load()
    try {
      keep(digestOf(token, base), grantOf(claims, tenant))
    } catch (error) {
      if (!(error instanceof BadJwt)) throw error
    }
  }

  async function read(token: string, base: string): Promise<Grant> {
    try {
      const header = headerOf(token)
      if (header.typ !== 'at+jwt') throw new BadJwt('It is not an access token: its typ is not at+jwt.')
      if (header.jku !== undefined) throw new BadJwt('Its header has jku: our own tokens have none.')
      const key = header.kid === undefined ? undefined : await keys.find(header.kid)
      // one algorithm a key: what the token says of it is only compared
      if (!key || key.alg !== 'ES256' || header.alg !== key.alg) throw new BadJwt('It was not signed by this server.')
      const claims = verify(token, {
        alg: key.alg,
        key: key.public,
        issuer: base,
        audience: base,
        now: now(),
        longest: HOUR,
      })
      const grant = grantOf(claims, tenant)
      return claims['extensions'] === undefined ? grant : await inEmergency(grant)
    } catch (error) {
      if (error instanceof BadJwt) throw new InvalidToken(`The access token does not count. ${error.message}`)
      throw error
    }
  }

  /** With the reason that was given, which is kept with the consent. */
  async function inEmergency(grant: Grant): Promise<Grant> {
    const breakGlass = grant.family && (await families.get(grant.family))?.breakGlass
    if (!breakGlass) throw new InvalidToken('The emergency access has ended.')
    return { ...grant, breakGlass }
  }

  function verified(token: string, base: string): Grant | Promise<Grant> {
    const last = atHand.get(token)
    if (last && last.base === base) return current(last.grant)
    const digest = digestOf(token, base)
    const known = seen.get(digest)
    if (!known) return first(token, base, digest)
    if (atHand.size >= MOST_AT_HAND) atHand.delete(atHand.keys().next().value!)
    atHand.set(token, { base, grant: known })
    return current(known)
  }

  return { verify: verified, counts, issued }
}

const digestOf = (token: string, base: string) => hash('sha256', `${base} ${token}`, 'base64url')

function grantOf(claims: Claims, tenant: string): Grant {
  const text = (name: string) => (typeof claims[name] === 'string' ? claims[name] : undefined)
  const [id, client, scope] = [text('jti'), text('client_id'), text('scope')]
  const issued = claims['iat']
  if (!id || !client || scope === undefined || typeof issued !== 'number' || claims['tenant'] !== tenant)
    throw new BadJwt('It is not an access token of this tenant.')
  const [user, patient, encounter, family, trace] = ['fhirUser', 'patient', 'encounter', 'family', 'trace'].map(text)
  return {
    id,
    tenant,
    client,
    scope,
    issued,
    expires: claims['exp'] as number,
    ...(user === undefined ? {} : { user }),
    ...(patient === undefined ? {} : { patient }),
    ...(encounter === undefined ? {} : { encounter }),
    ...(family === undefined ? {} : { family }),
    ...(trace === undefined ? {} : { trace }),
  }
}
