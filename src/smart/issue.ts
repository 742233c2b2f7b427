/**
 * Tokens: made, and told to the app in a token answer.
 * https://www.rfc-editor.org/rfc/rfc9068 https://hl7.org/fhir/smart-app-launch/STU2.2/app-launch.html#response-5
 */
import { emergencyClaim } from '../access/break-glass.ts'
import type { KeptFamily } from './families.ts'
import { type Claims, sign } from '../jwt/jwt.ts'
import type { Keys } from '../jwt/signing-keys.ts'
import { spoiled } from './simulations.ts'
import type { ServiceGrant } from './words.ts'

/** Seconds. */
export const HOUR = 3600
export const BACKEND_SECONDS = 300
export const BREAK_GLASS_SECONDS = 600

export interface IssueParts {
  readonly keys: Keys
  readonly tenant: string
  readonly now: () => number
  readonly random: (bytes: number) => Buffer
  /** Told of each access token, before the client is. */
  readonly issued?: (token: string, base: string, claims: Claims) => Promise<void>
}

export interface Issue {
  /** An access token of a family, for all of its scope or a part of it. */
  forFamily(family: KeptFamily, scope: string, base: string): Promise<TokenAnswer>
  forBackend(client: string, scope: string, base: string, launched?: Launched): Promise<TokenAnswer>
  /** For a CDS service that is called on behalf of a user. */
  forService(service: ServiceGrant, base: string): Promise<TokenAnswer>
  idToken(family: KeptFamily, base: string, nonce: string | undefined): Promise<string>
}

/** What the launcher was told of a service. */
interface Launched {
  readonly simulate?: string | undefined
  readonly trace?: string | undefined
}

export type TokenAnswer = {
  readonly access_token: string
  readonly token_type: 'Bearer'
  readonly expires_in: number
  readonly scope: string
} & Readonly<Record<string, unknown>>

export function makeIssue({ keys, tenant, now, random, issued: told }: IssueParts): Issue {
  const seconds = () => Math.floor(now() / 1000)

  async function access(claims: object, scope: string, base: string, lasts: number): Promise<TokenAnswer> {
    const issued = seconds()
    const key = await keys.signing('ES256')
    const all = { iss: base, aud: base, tenant, ...claims, scope, jti: random(16).toString('base64url'), iat: issued, exp: issued + lasts } // prettier-ignore
    const token = sign(all, key, 'at+jwt')
    await told?.(token, base, all)
    return {
      access_token: token,
      token_type: 'Bearer',
      expires_in: Math.max(lasts, 0),
      scope,
    }
  }

  return {
    async forFamily(family, scope, base) {
      const { client, user, patient, encounter, breakGlass, simulate, trace } = family
      const spoilt = spoiled(simulate, breakGlass === undefined ? HOUR : BREAK_GLASS_SECONDS)
      const claims = {
        sub: user,
        client_id: client,
        fhirUser: user,
        family: family.id,
        ...(patient === undefined ? {} : { patient }),
        ...(encounter === undefined ? {} : { encounter }),
        // the reason stays here: it may name someone
        ...(breakGlass === undefined ? {} : emergencyClaim),
        ...(trace === undefined ? {} : { trace }),
        ...spoilt.claims,
      }
      return { ...(await access(claims, scope, base, spoilt.seconds)), ...family.context }
    },
    forBackend(client, scope, base, { simulate, trace } = {}) {
      const { claims, seconds } = spoiled(simulate, BACKEND_SECONDS)
      const of = { sub: client, client_id: client, ...(trace === undefined ? {} : { trace }), ...claims }
      return access(of, scope, base, seconds)
    },
    forService: ({ client, user, patient, scope }, base) =>
      access(
        { sub: user, client_id: client, fhirUser: user, ...(patient === undefined ? {} : { patient }) },
        scope,
        base,
        BACKEND_SECONDS,
      ),
    async idToken({ user, client, scope, simulate }, base, given) {
      const nonce = simulate === 'id_token_wrong_nonce' ? random(16).toString('base64url') : given
      const issued = seconds()
      const key = await keys.signing('RS256')
      const scopes = scope.split(' ')
      const who = `${base}/${user}`
      const claims = {
        iss: base,
        sub: user,
        aud: simulate === 'id_token_wrong_aud' ? 'another-app' : client,
        iat: issued,
        exp: issued + HOUR,
        ...(scopes.includes('fhirUser') ? { fhirUser: who } : {}),
        ...(scopes.includes('profile') ? { profile: who } : {}),
        ...(nonce === undefined ? {} : { nonce }),
      }
      const token = sign(claims, key, 'JWT')
      return simulate === 'id_token_bad_signature'
        ? token.replace(/[^.]+$/, text => text.split('').reverse().join(''))
        : token
    },
  }
}
