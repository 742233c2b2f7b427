/**
 * The CDS clients a tenant trusts, and the tokens they call with.
 * https://cds-hooks.hl7.org/2.0/#trusting-cds-clients
 */
import { FhirError } from '../fhir/outcome.ts'
import type { FindKey } from '../jwt/holder-keys.ts'
import { BadJwt, headerOf, verify } from '../jwt/jwt.ts'
import type { Once } from '../jwt/once.ts'
import type { Records } from '../store/store.ts'

/** Kept in the records `cds-clients` by `iss`. */
export interface TrustedClient {
  readonly iss: string
  readonly name: string
  readonly jwks?: { readonly keys: readonly Readonly<Record<string, unknown>>[] }
  readonly jwksUri?: string
  /** Organisations of the client that may call (claim `tenant`); all when not given. */
  readonly tenants?: readonly string[]
  readonly enabled: boolean
  /** Milliseconds since 1970. */
  readonly changed: number
}

export interface TrustParts {
  readonly clients: Records
  readonly findKey: FindKey
  readonly once: Once
  readonly now: () => number
  /** This server as a client of itself, when that is who the token says it is of. */
  readonly ourselves?: (iss: string) => Promise<TrustedClient | undefined>
  /** Whether a call without a token of a trusted client is refused. */
  readonly required: () => boolean
}

/** The `iss` of the trusted client that calls; undefined when nobody known does and nobody has to be. Rejects with 401. */
export type WhoCalls = (authorization: string | undefined, audience: readonly string[]) => Promise<string | undefined>

const ALGORITHMS = ['ES384', 'RS384'] as const
/** Seconds a token may live. */
const LONGEST = 300

export function makeWhoCalls({ clients, findKey, once, now, ourselves, required }: TrustParts): WhoCalls {
  return async (authorization, audience) => {
    const token = /^Bearer +([A-Za-z0-9._-]+) *$/i.exec(authorization ?? '')?.[1]
    if (token === undefined) {
      if (!required()) return undefined
      throw refused(`Say who calls: Authorization: Bearer <JWT signed with ${ALGORITHMS.join(' or ')}>.`)
    }
    const claimed = claimsOf(token)
    const { iss } = claimed
    const client =
      typeof iss === 'string'
        ? (((await clients.get(iss)) as TrustedClient | undefined) ?? (await ourselves?.(iss)))
        : undefined
    if (!client?.enabled) {
      if (!required()) return undefined
      throw refused(
        'The iss of the token is not a CDS client this tenant trusts. An operator adds it: POST /admin/cds-clients.',
      )
    }
    try {
      await check(client, token, claimed, audience)
    } catch (error) {
      if (error instanceof BadJwt) throw refused(`The token of the CDS client does not count. ${error.message}`)
      throw error
    }
    return client.iss
  }

  async function check(
    client: TrustedClient,
    token: string,
    claimed: Readonly<Record<string, unknown>>,
    audience: readonly string[],
  ): Promise<void> {
    const header = headerOf(token)
    const alg = ALGORITHMS.find(each => each === header.alg)
    if (!alg) throw new BadJwt(`Its alg must be ${ALGORITHMS.join(' or ')}.`)
    if (header.typ === undefined || !/^jwt$/i.test(header.typ)) throw new BadJwt('Its typ must be JWT.')
    const claims = verify(token, {
      alg,
      key: await findKey(client, header),
      issuer: client.iss,
      audience: audience.find(each => each === soleAudience(claimed['aud'])) ?? audience[0]!,
      now: now(),
      longest: LONGEST,
    })
    if (claims['iat'] === undefined) throw new BadJwt('It has no iat.')
    if (client.tenants && !client.tenants.includes(String(claims['tenant'] ?? '')))
      throw new BadJwt('Its tenant is not one that may call.')
    await once(`cds ${client.iss}`, claims['jti'], claims['exp'] as number)
  }
}

const soleAudience = (aud: unknown) => (Array.isArray(aud) && aud.length === 1 ? (aud[0] as unknown) : aud)

/** The claims before anything is verified: only to find out whose keys to look for. */
function claimsOf(token: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString('utf8'))
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
  } catch {
    return {}
  }
}

const refused = (text: string) =>
  new FhirError(401, [{ severity: 'error', code: 'login', diagnostics: text }], {
    'WWW-Authenticate': 'Bearer realm="cds-services"',
  })
