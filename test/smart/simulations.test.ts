/**
 * The launcher's errors and kinds of launch, each from its form to what the app gets to see.
 * https://hl7.org/fhir/smart-app-launch/STU2.2/app-launch.html
 */
import { createRemoteJWKSet, jwtVerify } from 'jose'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ehrLaunch, pkce, sitAt, type Json, type Registered } from '../journeys/app.ts'
import { assertion, backend, doctor, sandbox, type Sandbox } from './sandbox.ts'

let server: Sandbox
beforeAll(async () => {
  server = await sandbox()
})
afterAll(() => server.close(), 20_000)

const SCOPE = 'launch launch/patient openid fhirUser offline_access patient/Patient.rs patient/Observation.rs'
const skip = { user: doctor.user, patient: 'one', skip_login: 'yes', skip_consent: 'yes' }

/** What the launcher hands to the app. */
const begin = (simulate: string, more: Record<string, string> = {}) =>
  ehrLaunch(server.origin, { client: server.publicApp.id, kind: 'ehr', ...skip, simulate, ...more })

/** What the authorization endpoint answers at once. */
async function refused(simulate: string): Promise<{ status: number; params: URLSearchParams; text: string }> {
  const { challenge } = pkce()
  const launch = (await begin(simulate)).get('launch')!
  const answer = await server.authorize({ launch, scope: SCOPE, state: 'state-of-the-app' }, challenge)
  const to = answer.headers.get('location')
  return {
    status: answer.status,
    params: to === null ? new URLSearchParams() : new URL(to).searchParams,
    text: await answer.text(),
  }
}

/** Up to the token answer. */
async function redeemed(simulate: string, scope = SCOPE, more: Record<string, string> = {}) {
  const launch = (await begin(simulate)).get('launch')!
  const { code, verifier, params } = await server.code(server.publicApp, scope, { launch, ...more })
  expect(code).not.toBe('')
  return { params, ...(await server.redeem(code, verifier)) }
}

const search = async ({ access_token: token }: Json) =>
  (await server.ask('GET', '/fhir/Observation', { headers: { authorization: `Bearer ${String(token)}` } })).status
const keysUrl = () => new URL(server.configuration['jwks_uri'] as string)
const verified = ({ id_token: token }: Json) =>
  jwtVerify(String(token), createRemoteJWKSet(keysUrl()), { issuer: server.fhir, audience: server.publicApp.id })

/** A refusal at the token endpoint. */
const atToken = (status: number, error: string) => async (simulate: string) => {
  const answer = await redeemed(simulate)
  expect([answer.status, answer.answer['error']]).toEqual([status, error])
  expect(answer.answer['error_description']).toContain('Simulated')
}
/** A refusal that the app is told by a redirect. */
const atApp = (error: string) => async (simulate: string) => {
  const { status, params } = await refused(simulate)
  expect(status).toBe(303)
  expect(Object.fromEntries(params)).toMatchObject({ error, state: 'state-of-the-app', iss: server.fhir })
}
/** A refusal that only the person sees. */
const onPage = (error: string) => async (simulate: string) => {
  const { status, text } = await refused(simulate)
  expect(status).toBe(400)
  expect(text).toContain(error)
  expect(text).toContain('Simulated')
}
/** An access token that does not count. */
const worthless = (why: string) => async (simulate: string) => {
  const { status, answer } = await redeemed(simulate)
  expect(status).toBe(200)
  const read = await server.ask('GET', '/fhir/Patient/one', {
    headers: { authorization: `Bearer ${String(answer['access_token'])}` },
  })
  expect(read.status).toBe(401)
  expect(read.headers.get('www-authenticate')).toContain('invalid_token')
  expect(read.text).toContain(why)
}

const shown: Record<string, (simulate: string) => Promise<void>> = {
  auth_invalid_client: onPage('invalid_client'),
  auth_invalid_redirect_uri: onPage('invalid_redirect_uri'),
  auth_invalid_scope: atApp('invalid_scope'),
  auth_access_denied: atApp('access_denied'),
  auth_server_error: atApp('server_error'),
  async wrong_state(simulate) {
    const launch = (await begin(simulate)).get('launch')!
    const { params } = await server.code(server.publicApp, SCOPE, { launch, state: 'state-of-the-app' })
    expect(params.get('code')).toBeTruthy()
    expect(params.get('state')).not.toBe('state-of-the-app')
  },
  async wrong_iss(simulate) {
    const launch = (await begin(simulate)).get('launch')!
    const { params } = await server.code(server.publicApp, SCOPE, { launch, state: 'state-of-the-app' })
    expect(params.get('state')).toBe('state-of-the-app')
    expect(params.get('iss')).not.toBe(server.fhir)
  },
  token_invalid_client: atToken(401, 'invalid_client'),
  token_expired_code: atToken(400, 'invalid_grant'),
  token_invalid_grant: atToken(400, 'invalid_grant'),
  token_invalid_scope: atToken(400, 'invalid_scope'),
  token_server_error: atToken(500, 'server_error'),
  async scope_cut(simulate) {
    const two = await redeemed(simulate)
    expect(two.answer['scope']).toContain('patient/Patient.rs')
    expect(two.answer['scope']).not.toContain('Observation')
    expect(await search(two.answer)).toBe(403)
    const { answer } = await redeemed(simulate, 'launch patient/*.rs')
    expect(answer['scope']).toBe('launch patient/*.r')
    expect(await search(answer)).toBe(403)
  },
  async no_patient(simulate) {
    const { status, answer } = await redeemed(simulate)
    expect(status).toBe(200)
    expect(answer).not.toHaveProperty('patient')
  },
  async no_refresh_token(simulate) {
    const { status, answer } = await redeemed(simulate)
    expect(status).toBe(200)
    expect(answer).not.toHaveProperty('refresh_token')
  },
  async expired_refresh_token(simulate) {
    const { answer } = await redeemed(simulate)
    expect(await server.reads(answer['access_token'])).toBe(200)
    const again = await server.refresh(answer['refresh_token'])
    expect([again.status, again.answer['error']]).toEqual([400, 'invalid_grant'])
  },
  async no_id_token(simulate) {
    const { status, answer } = await redeemed(simulate)
    expect(status).toBe(200)
    expect(answer).not.toHaveProperty('id_token')
  },
  async id_token_bad_signature(simulate) {
    const { answer } = await redeemed(simulate)
    await expect(verified(answer)).rejects.toMatchObject({ code: 'ERR_JWS_SIGNATURE_VERIFICATION_FAILED' })
  },
  async id_token_wrong_aud(simulate) {
    const { answer } = await redeemed(simulate)
    await expect(verified(answer)).rejects.toMatchObject({ claim: 'aud' })
  },
  async id_token_wrong_nonce(simulate) {
    const { answer } = await redeemed(simulate, SCOPE, { nonce: 'nonce-of-the-app' })
    expect((await verified(answer)).payload['nonce']).not.toBe('nonce-of-the-app')
  },
  async jwks_slow(simulate) {
    const { answer } = await redeemed(simulate)
    const keys = createRemoteJWKSet(keysUrl(), { timeoutDuration: 1000 })
    await expect(jwtVerify(String(answer['id_token']), keys)).rejects.toMatchObject({ code: 'ERR_JWKS_TIMEOUT' })
    await expectRight()
  },
  async jwks_broken(simulate) {
    await redeemed(simulate)
    expect((await fetch(keysUrl())).status).toBe(503)
    await expectRight()
  },
  expired_token: worthless('has expired'),
  invalid_token: worthless('not an access token of this tenant'),
  wrong_aud: worthless('aud'),
}

/** A launch in which nothing is played. */
async function expectRight() {
  const { status, answer, params } = await redeemed('', SCOPE, { nonce: 'nonce-of-the-app', state: 'state-of-the-app' })
  expect(status).toBe(200)
  expect([params.get('state'), params.get('iss')]).toEqual(['state-of-the-app', server.fhir])
  expect(answer).toMatchObject({ patient: 'one', scope: SCOPE })
  expect((await verified(answer)).payload['nonce']).toBe('nonce-of-the-app')
  expect(await server.reads(answer['access_token'])).toBe(200)
  expect(await search(answer)).toBe(200)
  expect((await server.refresh(answer['refresh_token'])).status).toBe(200)
}

const service = 'sandbox-backend'
const served: Record<string, (answer: Json, status: number) => Promise<void> | void> = {
  token_invalid_client: (answer, status) => expect([status, answer['error']]).toEqual([401, 'invalid_client']),
  token_invalid_jti: (answer, status) => expect([status, answer['error']]).toEqual([400, 'invalid_client']),
  token_invalid_scope: (answer, status) => expect([status, answer['error']]).toEqual([400, 'invalid_scope']),
  token_server_error: (answer, status) => expect([status, answer['error']]).toEqual([500, 'server_error']),
  async scope_cut(answer) {
    expect(answer['scope']).toBe('system/*.r')
    expect(await server.reads(answer['access_token'])).toBe(200)
    expect(await search(answer)).toBe(403)
  },
  expired_token: async answer => expect(await server.reads(answer['access_token'])).toBe(401),
  invalid_token: async answer => expect(await server.reads(answer['access_token'])).toBe(401),
  wrong_aud: async answer => expect(await server.reads(answer['access_token'])).toBe(401),
}

const post = async (form: Record<string, string>) => {
  const answer = await fetch(`${server.origin}/launch`, {
    method: 'POST',
    body: new URLSearchParams(form),
    headers: { origin: server.origin },
    redirect: 'manual',
  })
  return { status: answer.status, text: await answer.text() }
}
const trace = async (page: string) => {
  const [, path] = /href="[^"]*(\/launch\/trace\/[^"]*)"/.exec(page)!
  return (await server.ask('GET', path!)).text.replaceAll(/\s+/g, ' ')
}
const newest = async () => trace((await server.ask('GET', '/launch')).text)

describe('an error that the launcher plays', () => {
  test.each(Object.keys(shown))('%s reaches the app', name => shown[name]!(name), 30_000)

  test('is gone with the next launch', expectRight)

  test('is offered by the page only when it is tested here', async () => {
    const page = (await server.ask('GET', '/launch')).text
    const [, select] = /<select id="simulate"[^>]*>(.*?)<\/select>/s.exec(page)!
    const offered = [...select!.matchAll(/value="([^"]+)"/g)].map(([, value]) => value!)
    expect(offered.sort()).toEqual([...new Set([...Object.keys(shown), ...Object.keys(served)])].sort())
  })

  test.each([
    ['token_invalid_jti', 'ehr'],
    ['wrong_state', 'backend'],
    ['jwks_slow', 'backend'],
  ])('%s is refused in a launch of kind %s', async (simulate, kind) => {
    const page = await post({ client: server.publicApp.id, kind, simulate })
    expect(page.status).toBe(400)
    expect(page.text).toContain('cannot be played')
  })
})

describe('a launch by a person in the app', () => {
  const standalone = async (kind: string, form: Record<string, string>, scope: string, extra = {}) => {
    const page = await post({ client: server.publicApp.id, kind, skip_login: 'yes', skip_consent: 'yes', ...form })
    expect(page.status).toBe(200)
    const { code, verifier } = await server.code(server.publicApp, scope, extra)
    return { page: page.text, ...(await server.redeem(code, verifier)) }
  }

  test('as a patient gets that patient, without anybody signing in', async () => {
    const scope = 'launch/patient openid fhirUser patient/*.rs'
    const { answer } = await standalone('patient-standalone', { user: 'Patient/two' }, scope)
    expect(answer['patient']).toBe('two')
    expect(answer).not.toHaveProperty('tenant')
    expect((await verified(answer)).payload['fhirUser']).toBe(`${server.fhir}/Patient/two`)
  })

  test('as a practitioner gets the patient that was chosen in the launcher', async () => {
    const form = { user: 'Practitioner/doctor', patient: 'two' }
    const { answer, page } = await standalone('provider-standalone', form, 'launch/patient patient/*.rs')
    expect(answer['patient']).toBe('two')
    expect(await trace(page)).toContain('passed: PKCE')
  })

  test('plays the error once', async () => {
    const form = { user: 'Patient/one', simulate: 'token_expired_code' }
    const first = await standalone('patient-standalone', form, 'launch/patient patient/*.rs')
    expect([first.status, first.answer['error']]).toEqual([400, 'invalid_grant'])
    expect(await trace(first.page)).toContain('this code has expired')
    expect((await server.tokens())['access_token']).toBeTruthy()
  })

  test.each([
    ['a practitioner as a patient', { kind: 'patient-standalone', user: 'Practitioner/doctor' }],
    ['a patient as a practitioner', { kind: 'provider-standalone', user: 'Patient/one' }],
    ['an error without a registered app', { kind: 'patient-standalone', client: '', launch_url: 'http://127.0.0.1:9/', simulate: 'scope_cut' }],
  ])('is refused for %s', async (_, form) => {
    expect((await post({ client: server.publicApp.id, ...form } as Record<string, string>)).status).toBe(400)
  }) // prettier-ignore
})

describe('a backend service', () => {
  const launched = async (simulate: string) => {
    const page = await post({ client: service, kind: 'backend', simulate })
    expect(page.status).toBe(200)
    const { status, body } = await server.post('token', backend(await assertion(server.fhir), 'system/*.rs'))
    return { page: page.text, status, body }
  }

  test.each(Object.keys(served))('is shown %s', async name => {
    const { status, body } = await launched(name)
    await served[name]!(body, status)
    const next = await server.post('token', backend(await assertion(server.fhir), 'system/*.rs'))
    expect(await server.reads(next.body['access_token'])).toBe(200)
  })

  test('can be followed: its token, what it asked, and what was wrong with its assertion', async () => {
    const { page, body } = await launched('')
    await server.reads(body['access_token'])
    const text = await trace(page)
    expect(text).toContain('passed: client_credentials')
    expect(text).toContain('<code>read Patient 200</code>')
    const another = await post({ client: service, kind: 'backend' })
    const wrong = await assertion(server.fhir, { aud: 'https://elsewhere.example' })
    expect((await server.post('token', backend(wrong))).status).toBe(400)
    expect(await trace(another.text)).toContain('failed: client_credentials: The client_assertion does not count')
    expect((await server.post('token', backend(await assertion(server.fhir)))).status).toBe(200)
  })
})

describe('an EHR launch', () => {
  test('of an app that is named by its address only can be redeemed by the app that gets it', async () => {
    const params = await ehrLaunch(server.origin, { kind: 'ehr', ...skip, launch_url: 'http://127.0.0.1:9/launch' })
    const { code, verifier } = await server.code(server.publicApp, SCOPE, { launch: params.get('launch')! })
    expect((await server.redeem(code, verifier)).answer['patient']).toBe('one')
  })

  test('shows the verdict of each check, also of a request that is not let through', async () => {
    const launch = (await begin('')).get('launch')!
    await server.authorize({ launch, aud: 'https://elsewhere.example/fhir' })
    let text = await newest()
    expect(text).toContain('passed: state')
    expect(text).toContain('failed: aud: aud must be the FHIR base')
    await server.authorize({ launch, redirect_uri: 'http://127.0.0.1:9/elsewhere' })
    text = await newest()
    expect(text).toContain('failed: redirect_uri')
    const { code } = await server.code(server.publicApp, SCOPE, { launch })
    await server.redeem(code, pkce().verifier)
    text = await newest()
    expect(text).toContain('failed: authorization_code: code_verifier does not fit')
    expect(text).not.toContain(code)
  })

  test('asks the person when nothing is skipped', async () => {
    const params = await begin('', { skip_login: '', skip_consent: '' })
    const { verifier, challenge } = pkce()
    const app: Registered = server.publicApp
    const query = new URLSearchParams({
      response_type: 'code', client_id: app.id, redirect_uri: app.redirectUri, scope: SCOPE, state: 'state-of-the-app',
      aud: server.fhir, code_challenge: challenge, code_challenge_method: 'S256', launch: params.get('launch')!,
    }) // prettier-ignore
    const returned = await sitAt(`${server.fhir}/auth/authorize?${query}`, doctor, app.redirectUri)
    expect(returned.pages.length).toBe(2)
    const { answer } = await server.redeem(returned.params.get('code')!, verifier)
    expect(answer['patient']).toBe('one')
  })
})
