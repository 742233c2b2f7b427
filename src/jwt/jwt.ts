/**
 * JSON Web Tokens, signed and verified: each kind with its own algorithms, its own `typ` and all of its claims checked.
 * https://www.rfc-editor.org/rfc/rfc8725
 */
import type { KeyObject } from 'node:crypto'
import jsonwebtoken from 'jsonwebtoken'

/** Why a token does not count, in words for developers. */
export class BadJwt extends Error {
  override readonly name = 'BadJwt'
}

export type Algorithm = 'ES256' | 'RS256' | 'RS384' | 'ES384'
export type Claims = Readonly<Record<string, unknown>>

export interface Header {
  readonly alg: string
  readonly typ?: string
  readonly kid?: string
  readonly jku?: string
}

const LONGEST = 16 * 1024
/** Seconds by which clocks may differ. */
const SKEW = 10

/** `claims`: with `iat`. */
export function sign(
  claims: { readonly iat: number },
  key: { kid: string; alg: Algorithm; secret: KeyObject },
  typ: string,
): string {
  return jsonwebtoken.sign(claims, key.secret, {
    algorithm: key.alg,
    header: { alg: key.alg, typ, kid: key.kid },
  })
}

/** The header, before anything of it is believed. Throws `BadJwt`. */
export function headerOf(token: string): Header {
  const parts = token.length <= LONGEST ? token.split('.', 4) : []
  if (parts.length !== 3 || !parts.every(part => /^[A-Za-z0-9_-]+$/.test(part)))
    throw new BadJwt('It is not a signed JWT.')
  const header = objectOf(parts[0]!)
  // extensions that must be understood: there are none that we understand
  if (Object.hasOwn(header, 'crit')) throw new BadJwt('Its header has crit, which is not supported.')
  for (const name of ['jwk', 'x5u', 'x5c'])
    if (Object.hasOwn(header, name)) throw new BadJwt(`Its header has ${name}: keys are never taken from a token.`)
  const { alg, typ, kid, jku } = header
  if (typeof alg !== 'string') throw new BadJwt('Its header has no alg.')
  for (const [name, value] of Object.entries({ typ, kid, jku }))
    if (value !== undefined && (typeof value !== 'string' || value.length > 1024))
      throw new BadJwt(`Its header has a ${name} that is not a short text.`)
  return header as unknown as Header
}

function objectOf(part: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(Buffer.from(part, 'base64url').toString('utf8'))
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>
  } catch {
    // said below
  }
  throw new BadJwt('It is not a signed JWT.')
}

export interface Expected {
  readonly alg: Algorithm
  readonly key: KeyObject
  readonly issuer: string
  readonly audience: string
  /** Milliseconds since 1970. */
  readonly now: number
  /** Most seconds from now until `exp`. */
  readonly longest: number
}

/** The claims of a token whose header was judged with `headerOf`. Throws `BadJwt`. */
export function verify(token: string, { alg, key, issuer, audience, now, longest }: Expected): Claims {
  let claims: unknown
  try {
    claims = jsonwebtoken.verify(token, key, {
      algorithms: [alg],
      // the times are judged below, by our clock and in our words
      ignoreExpiration: true,
      ignoreNotBefore: true,
    })
  } catch {
    throw new BadJwt('Its signature is not right.')
  }
  if (typeof claims !== 'object' || claims === null || Array.isArray(claims))
    throw new BadJwt('Its claims are not an object.')
  const { iss, aud, exp, nbf, iat } = claims as Record<string, unknown>
  if (iss !== issuer) throw new BadJwt('Its iss is not who may issue it.')
  if (audienceOf(aud) !== audience) throw new BadJwt(`Its aud must be exactly ${audience}`)
  const seconds = now / 1000
  if (!isTime(exp)) throw new BadJwt('It has no exp, or one that is not a number of seconds.')
  if (exp <= seconds) throw new BadJwt('It has expired.')
  if (exp > seconds + longest + SKEW) throw new BadJwt(`Its exp is more than ${longest} seconds from now.`)
  if (nbf !== undefined && !(isTime(nbf) && nbf <= seconds + SKEW)) throw new BadJwt('Its nbf is not yet.')
  if (iat !== undefined && !(isTime(iat) && iat <= seconds + SKEW)) throw new BadJwt('Its iat is in the future.')
  return claims as Claims
}

const isTime = (value: unknown): value is number => typeof value === 'number' && Number.isFinite(value) && value > 0

/** One audience: a token for others too could be used there as well. */
const audienceOf = (aud: unknown) => (Array.isArray(aud) && aud.length === 1 ? (aud[0] as unknown) : aud)
