/**
 * private_key_jwt: a client proves who it is with a token it signed itself, each used once.
 * https://hl7.org/fhir/smart-app-launch/STU2.2/client-confidential-asymmetric.html#signature-verification
 */
import type { Records } from '../store/store.ts'
import type { FindKey } from '../jwt/holder-keys.ts'
import { makeOnce } from '../jwt/once.ts'
import { BadJwt, headerOf, verify } from '../jwt/jwt.ts'
import type { Client } from './words.ts'

export const ASSERTION_TYPE = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'
export const ASSERTION_ALGORITHMS = ['RS384', 'ES384'] as const

const FIVE_MINUTES = 300

/** The client_id that an assertion claims, before anything is verified; undefined when there is none. */
export function claimedClient(assertion: string): string | undefined {
  try {
    headerOf(assertion)
    const claims = JSON.parse(Buffer.from(assertion.split('.')[1]!, 'base64url').toString('utf8')) as { iss?: unknown }
    return typeof claims?.iss === 'string' ? claims.iss : undefined
  } catch {
    return undefined
  }
}

/** Resolves when the assertion is the client's; rejects with `BadJwt`. `audience`: the token endpoint. */
export type CheckAssertion = (client: Client, assertion: string, audience: string) => Promise<void>

export function makeCheckAssertion(findKey: FindKey, seen: Records, now: () => number): CheckAssertion {
  const once = makeOnce(seen, now)

  return async (client, assertion, audience) => {
    const header = headerOf(assertion)
    const alg = ASSERTION_ALGORITHMS.find(each => each === header.alg)
    if (!alg) throw new BadJwt(`Its alg must be ${ASSERTION_ALGORITHMS.join(' or ')}.`)
    if (header.typ !== undefined && !/^(?:jwt|client-authentication\+jwt)$/i.test(header.typ))
      throw new BadJwt('Its typ must be JWT.')
    const claims = verify(assertion, {
      alg,
      key: await findKey(client, header),
      issuer: client.id,
      audience,
      now: now(),
      longest: FIVE_MINUTES,
    })
    if (claims['sub'] !== client.id) throw new BadJwt('Its sub must be the client_id, as its iss.')
    await once(client.id, claims['jti'], claims['exp'] as number)
  }
}
