/**
 * The authorization endpoint and its codes, under attack.
 * https://www.rfc-editor.org/rfc/rfc9700
 */
import { createHash, randomBytes } from 'node:crypto'
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import { doctor, sandbox, SCOPE, type Sandbox } from './sandbox.ts'
import { pkce, register, sitAt, type Registered } from '../journeys/app.ts'

let server: Sandbox
beforeAll(async () => {
  server = await sandbox()
})
afterAll(() => server.close())
afterEach(() => vi.useRealTimers())

/** What came back to the app; undefined when the browser was sent nowhere. */
const returned = (answer: Response) => {
  const location = answer.headers.get('location')
  return location?.startsWith(server.publicApp.redirectUri) ? new URL(location).searchParams : undefined
}

describe('a code', () => {
  test('O1: is redeemed once: a second use brings nothing and ends what the first gave', async () => {
    const { code, verifier } = await server.code()
    const first = await server.redeem(code, verifier)
    expect(first.status).toBe(200)
    expect(await server.reads(first.answer['access_token'])).toBe(200)
    const second = await server.redeem(code, verifier)
    expect([second.status, second.answer['error']]).toEqual([400, 'invalid_grant'])
    expect(await server.reads(first.answer['access_token'])).toBe(401)
    expect((await server.refresh(first.answer['refresh_token'])).answer['error']).toBe('invalid_grant')
  })

  test('O1: redeemed twenty times at once succeeds once', async () => {
    const { code, verifier } = await server.code()
    const all = await Promise.all(Array.from({ length: 20 }, () => server.redeem(code, verifier)))
    expect(all.filter(({ status }) => status === 200)).toHaveLength(1)
    const winner = all.find(({ status }) => status === 200)!
    expect(await server.reads(winner.answer['access_token'])).toBe(401)
  })

  test('O1: is for the app, the redirect_uri and the verifier it was asked for with', async () => {
    const other = await register(server.configuration)
    const wrong: [app: Registered, fields: Record<string, string>][] = [
      [other, {}],
      [server.publicApp, { redirect_uri: 'http://127.0.0.1:9/callback2' }],
      [server.publicApp, { redirect_uri: 'http://127.0.0.1:10/callback' }],
      [server.publicApp, { code_verifier: randomBytes(48).toString('base64url') }],
    ]
    for (const [app, fields] of wrong) {
      const { code, verifier } = await server.code()
      const answer = await server.redeem(code, verifier, app, fields)
      expect([answer.status, answer.answer['error']]).toEqual([400, 'invalid_grant'])
    }
  })

  test('O1: is worth nothing after sixty seconds', async () => {
    const { code, verifier } = await server.code()
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 61_000 })
    expect((await server.redeem(code, verifier)).answer['error']).toBe('invalid_grant')
  })

  test('stays redeemable, and its tokens count, after a restart', async () => {
    const { code, verifier } = await server.code()
    const tokens = await server.tokens()
    const tenant = await server.app.tenants.room('default')
    const kept = await tenant.engine.records('smart-codes').list()
    expect(JSON.stringify(kept)).not.toContain(code.split('.')[1])
    await server.app.tenants.close()
    expect(await server.reads(tokens['access_token'])).toBe(200)
    expect((await server.redeem(code, verifier)).status).toBe(200)
    expect((await server.refresh(tokens['refresh_token'])).status).toBe(200)
  })
})

describe('PKCE', () => {
  test('O2: is required of every app, with S256 and nothing less', async () => {
    const { challenge } = pkce()
    const plain = randomBytes(32).toString('base64url')
    for (const fields of [
      { code_challenge: '', code_challenge_method: '' },
      { code_challenge: plain, code_challenge_method: 'plain' },
      { code_challenge: challenge, code_challenge_method: '' },
      { code_challenge: '', code_challenge_method: 'S256' },
      { code_challenge: challenge.slice(1) },
      { code_challenge: `${challenge}A` },
      { code_challenge: challenge.replace(/./, '=') },
    ])
      for (const app of [server.publicApp, server.confidentialApp]) {
        const answer = returned(await server.authorize({ ...fields, client_id: app.id }))
        expect(answer?.get('error'), JSON.stringify(fields)).toBe('invalid_request')
      }
  })

  test('O2: wants its verifier, of 43 to 128 characters, when the code is redeemed', async () => {
    for (const verifier of ['', 'short', 'x'.repeat(42), 'x'.repeat(129)]) {
      const { code } = await server.code()
      const { status, answer } = await server.redeem(code, verifier)
      expect([status, answer['error']]).toEqual([400, 'invalid_request'])
    }
    // the challenge itself is no verifier
    const { code, verifier } = await server.code()
    const challenge = createHash('sha256').update(verifier).digest('base64url')
    expect((await server.redeem(code, challenge)).answer['error']).toBe('invalid_grant')
  })
})

describe('a redirect_uri', () => {
  test('O3: that is not registered, character by character, is shown as an error and nobody is sent there', async () => {
    const app = await register(server.configuration, { redirect_uris: ['https://app.example.org/callback'] })
    for (const redirect_uri of [
      '',
      'https://app.example.org/callback/',
      'https://app.example.org/callback2',
      'https://app.example.org/callback/../evil',
      'https://app.example.org/callback%2fevil',
      'https://app.example.org/callback?x=1',
      'https://app.example.org/callback#x',
      'https://app.example.org/CALLBACK',
      'https://APP.example.org/callback',
      'https://app.example.org:444/callback',
      'http://app.example.org/callback',
      'https://app.example.org.evil.example/callback',
      'https://evil.example/?https://app.example.org/callback',
      'https://app.example.org@evil.example/callback',
      'https://user@app.example.org/callback',
      'javascript:alert(1)',
      'data:text/html,x',
      '//app.example.org/callback',
    ]) {
      const answer = await server.authorize({ client_id: app.id, redirect_uri })
      expect(answer.status, redirect_uri).toBe(400)
      expect(answer.headers.get('location')).toBeNull()
    }
    const twice = await fetch(`${server.fhir}/auth/authorize?client_id=${app.id}&redirect_uri=${encodeURIComponent('https://app.example.org/callback')}&redirect_uri=https://evil.example`, { redirect: 'manual' }) // prettier-ignore
    expect([twice.status, twice.headers.get('location')]).toEqual([400, null])
  })

  test('O3: on a numeric loopback address may have any port, and nothing else may differ', async () => {
    const sent = async (redirect_uri: string) => (await server.authorize({ redirect_uri })).headers.get('location')
    expect(await sent('http://127.0.0.1:50123/callback')).toContain('/auth/interaction/')
    expect(await sent('http://127.0.0.1/callback')).toContain('/auth/interaction/')
    for (const other of [
      'http://localhost:9/callback',
      'http://127.0.0.1:9/other',
      'https://127.0.0.1:9/callback',
      'http://127.0.0.2:9/callback',
      'http://127.0.0.1:9@evil.example/callback',
      'http://127.0.0.1.evil.example:9/callback',
      'http://127.0.0.1:999999/callback',
    ])
      expect(await sent(other), other).toBeNull()
  })

  test('O3: of an app that does not exist is never followed', async () => {
    for (const client_id of ['', 'nobody', '__proto__', '../x', "' OR 1=1"]) {
      const answer = await server.authorize({ client_id })
      expect([answer.status, answer.headers.get('location')]).toEqual([400, null])
    }
  })
})

describe('the answer to the app', () => {
  test('O4: names the issuer, as the metadata do, also when it is an error', async () => {
    const { params } = await server.code()
    expect(params.get('iss')).toBe(server.configuration['issuer'])
    const error = returned(await server.authorize({ response_type: 'token' }))!
    expect(error.get('error')).toBe('unsupported_response_type')
    expect(error.get('iss')).toBe(server.configuration['issuer'])
    expect(error.get('state')).not.toBeNull()
    const denied = await sitAt((await server.authorize()).headers.get('location')!, { ...doctor, deny: true }, server.publicApp.redirectUri) // prettier-ignore
    expect([denied.params.get('error'), denied.params.get('iss')]).toEqual(['access_denied', server.fhir])
  })

  test('O7: is an error when state is missing, or aud is missing or another server', async () => {
    for (const fields of [{ state: '' }, { aud: '' }, { aud: 'https://elsewhere.example/fhir' }, { aud: `${server.origin}/t/other/fhir` }]) // prettier-ignore
      expect(returned(await server.authorize(fields))?.get('error'), JSON.stringify(fields)).toBe('invalid_request')
    expect((await server.authorize({ aud: `${server.fhir}/` })).headers.get('location')).toContain('/auth/interaction/')
  })
})

describe('a launch', () => {
  const made = async (context: Record<string, unknown> = {}, client = server.publicApp.id, lasts = 300_000) => {
    const { secretOf, digestOf } = await import('../../src/smart/secret.ts')
    const launch = secretOf(randomBytes)
    const tenant = await server.app.tenants.room('default')
    await tenant.engine.records('smart-launches').put(digestOf(launch), { client, patient: 'two', ...context }, Date.now() + lasts) // prettier-ignore
    return launch
  }

  test('O7: that is made up, over, used, or for another app is refused', async () => {
    const refused = async (launch: string) =>
      expect(returned(await server.authorize({ launch, scope: `launch ${SCOPE}` }))?.get('error')).toBe(
        'invalid_request',
      )
    await refused('made-up')
    await refused('x'.repeat(5000))
    await refused(await made({}, server.confidentialApp.id))
    const launch = await made()
    expect((await server.authorize({ launch })).headers.get('location')).toContain('/auth/interaction/')
    await refused(launch)
    await refused(await made({}, server.publicApp.id, -1))
  })

  test('O7: brings its own patient, whatever was chosen or asked, and is for its own user', async () => {
    const { code, verifier } = await server.code(server.publicApp, `launch ${SCOPE}`, { launch: await made({ intent: 'review', needPatientBanner: false }) }) // prettier-ignore
    const { answer } = await server.redeem(code, verifier)
    expect(answer).toMatchObject({ patient: 'two', intent: 'review', need_patient_banner: false, tenant: 'default' })
    expect(await server.reads(answer['access_token'])).toBe(404)
  })

  test('O7: for a patient who is not there brings no code', async () => {
    const launched = server.code(server.publicApp, `launch ${SCOPE}`, { launch: await made({ patient: 'gone' }) })
    await expect(launched).rejects.toThrow('a patient that is not here')
  })
})

describe('scopes', () => {
  test('O8: are granted as far as the app is registered, and told exactly', async () => {
    const app = await register(server.configuration, {
      scope: 'launch/patient patient/Observation.rs patient/Patient.r openid',
    })
    const answer = await server.tokens(app, 'launch/patient openid fhirUser patient/*.cruds user/*.rs system/*.rs')
    expect(new Set((answer['scope'] as string).split(' '))).toEqual(
      new Set(['launch/patient', 'openid', 'patient/Observation.rs', 'patient/Patient.r']),
    )
    expect(answer['refresh_token']).toBeUndefined()
  })

  test('O8: that nobody knows are refused or left out, never widened', async () => {
    for (const scope of ['patient/Nothing.rs', 'patient/Patient.sr', 'Patient/Patient.rs', 'patient/patient.rs', 'system/*.rs', 'x'.repeat(7000), 'patient/*.rs?', 'patient/Observation.rs?code:in=x', 'patient/Observation.rs?subject:Patient.name=x', 'patient/Patient.rs?_has:Observation:patient:code=x', 'patient/*.rs?_filter=x', 'patient/*.RS', 'patient/Patient.rs?nothing=1']) // prettier-ignore
      expect(returned(await server.authorize({ scope }))?.get('error'), scope.slice(0, 50)).toBe('invalid_scope')
    const answer = await server.tokens(
      server.publicApp,
      'launch/patient patient/Patient.rs patient/Nothing.rs patient/Patient.rs',
    )
    expect(answer['scope']).toBe('launch/patient patient/Patient.rs')
  })
})
