/**
 * A sandbox over HTTP with two patients, a practitioner, and apps that go through all of a launch.
 * https://hl7.org/fhir/smart-app-launch/STU2.2/app-launch.html
 */
import { createPrivateKey, randomUUID, type KeyObject } from 'node:crypto'
import { SignJWT } from 'jose'
import { readFileSync } from 'node:fs'
import { serve, type Served } from '../http/serving.ts'
import { discover, pkce, register, sitAt, token, type Json, type Person, type Registered } from '../journeys/app.ts'

export const doctor: Person = { user: 'Practitioner/doctor', patient: 'one' }
export const SCOPE = 'launch/patient openid fhirUser offline_access patient/*.rs'

export interface Sandbox extends Served {
  readonly configuration: Json
  /** A registered public app. */
  readonly app: Served['app']
  readonly publicApp: Registered
  readonly confidentialApp: Registered
  /** Asks the authorization endpoint; follows nothing. Fields of '' are left out. */
  authorize(fields?: Record<string, string>, challenge?: string): Promise<Response>
  /** A code, with what redeems it. */
  code(
    app?: Registered,
    scope?: string,
    extra?: Record<string, string>,
  ): Promise<{ code: string; verifier: string; params: URLSearchParams }>
  redeem(code: string, verifier: string, app?: Registered, fields?: Record<string, string>): ReturnType<typeof token>
  /** The whole way: the token answer. */
  tokens(app?: Registered, scope?: string): Promise<Json>
  refresh(refreshToken: unknown, app?: Registered, fields?: Record<string, string>): ReturnType<typeof token>
  /** Status of a read of the patient with this token. */
  reads(accessToken: unknown): Promise<number>
  post(
    endpoint: string,
    fields: Record<string, string>,
    headers?: Record<string, string>,
  ): Promise<{ status: number; body: Json; headers: Headers }>
}

export async function sandbox(settings: Record<string, string> = {}): Promise<Sandbox> {
  const served = await serve(settings)
  for (const [type, id] of [
    ['Patient', 'one'],
    ['Patient', 'two'],
    ['Practitioner', 'doctor'],
  ] as const)
    await served.ask('PUT', `/fhir/${type}/${id}`, {
      body: { resourceType: type, id, name: [{ family: 'Synthetic', given: [id] }] },
    })
  const configuration = await discover(served.fhir)
  const publicApp = await register(configuration)
  const confidentialApp = await register(configuration, { token_endpoint_auth_method: 'client_secret_basic' })
  const asked = (app: Registered, challenge: string, fields: Record<string, string>) => {
    const params = new URLSearchParams({
      response_type: 'code',
      client_id: app.id,
      redirect_uri: app.redirectUri,
      scope: SCOPE,
      state: randomUUID(),
      aud: served.fhir,
      code_challenge: challenge,
      code_challenge_method: 'S256',
      ...fields,
    })
    for (const [name, value] of [...params]) if (value === '') params.delete(name)
    return `${served.fhir}/auth/authorize?${params.toString()}`
  }
  const own: Omit<Sandbox, keyof Served> & Pick<Sandbox, 'authorize'> = {
    configuration,
    publicApp,
    confidentialApp,
    authorize: (fields = {}, challenge = pkce().challenge) =>
      fetch(asked(publicApp, challenge, fields), { redirect: 'manual' }),
    async code(app = publicApp, scope = SCOPE, extra = {}) {
      const { verifier, challenge } = pkce()
      const { params } = await sitAt(asked(app, challenge, { scope, ...extra }), doctor, app.redirectUri)
      return { code: params.get('code') ?? '', verifier, params }
    },
    redeem: (code, verifier, app = publicApp, fields = {}) =>
      token(configuration, app, {
        grant_type: 'authorization_code',
        code,
        redirect_uri: app.redirectUri,
        code_verifier: verifier,
        ...fields,
      }),
    async tokens(app = publicApp, scope = SCOPE) {
      const { code, verifier } = await own.code(app, scope)
      return (await own.redeem(code, verifier, app)).answer
    },
    refresh: (refreshToken, app = publicApp, fields = {}) =>
      token(configuration, app, { grant_type: 'refresh_token', refresh_token: String(refreshToken), ...fields }),
    reads: async accessToken =>
      (await served.ask('GET', '/fhir/Patient/one', { headers: { authorization: `Bearer ${String(accessToken)}` } }))
        .status,
    async post(endpoint, fields, headers = {}) {
      const answer = await fetch(`${served.fhir}/auth/${endpoint}`, { method: 'POST', body: new URLSearchParams(fields), headers, redirect: 'manual' }) // prettier-ignore
      const text = await answer.text()
      return { status: answer.status, body: (text ? JSON.parse(text) : {}) as Json, headers: answer.headers }
    },
  }
  return { ...served, ...own }
}

/** The demo key of the sandbox's backend service. */
export const demoKey = (): KeyObject =>
  createPrivateKey({ key: JSON.parse(readFileSync('examples/backend-key.json', 'utf8')) as never, format: 'jwk' })

/** A client_assertion of the sandbox's backend service, altered. */
export function assertion(
  fhir: string,
  claims: Record<string, unknown> = {},
  header: Record<string, unknown> = {},
  key: KeyObject = demoKey(),
): Promise<string> {
  const now = Math.floor(Date.now() / 1000)
  const all = {
    iss: 'sandbox-backend',
    sub: 'sandbox-backend',
    aud: `${fhir}/auth/token`,
    exp: now + 200,
    jti: randomUUID(),
    ...claims,
  }
  return new SignJWT(all as never)
    .setProtectedHeader({ alg: 'ES384', kid: 'sandbox-backend', typ: 'JWT', ...header })
    .sign(key)
}

/** The fields of a backend service's request for a token. */
export const backend = (client_assertion: string, scope = 'system/*.rs') => ({
  grant_type: 'client_credentials',
  scope,
  client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
  client_assertion,
})
