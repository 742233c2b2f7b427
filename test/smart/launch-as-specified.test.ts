/**
 * What SMART App Launch 2.2 asks of a launch, from outside, on the server as it is started: a person fills in the pages, an app asks for tokens.
 * https://hl7.org/fhir/smart-app-launch/STU2.2/app-launch.html
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createLocalJWKSet, createRemoteJWKSet, decodeJwt, type JSONWebKeySet, jwtVerify } from 'jose'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { assertion, makeKey, register as registerBackend, tokens } from '../../examples/backend-client.ts'
import { type ServerProcess, startServer } from '../help/process.ts'
import {
  discover,
  ehrLaunch,
  type Json,
  launch,
  type Person,
  pkce,
  type Registered,
  register,
  sitAt,
  token,
} from '../journeys/app.ts'

const folder = mkdtempSync(join(tmpdir(), 'dhp-launch-'))
let server: ServerProcess
let configuration: Json
let publicApp: Registered
let confidentialApp: Registered

const patient: Person = { user: 'Patient/pat-cancer-lung', patient: 'pat-cancer-lung' }
const practitioner: Person = { user: 'Practitioner/lin-huimin', patient: 'pat-cancer-lung' }
const full = 'launch/patient openid fhirUser offline_access patient/*.rs'
const strings = (value: unknown) => value as string[]
const endpoint = (name: string) => configuration[name] as string

/** A request to the FHIR API with a token. */
const read = (path: string, bearer: unknown, init: RequestInit = {}) =>
  fetch(`${server.base}/${path}`, {
    ...init,
    headers: { ...(init.headers as Record<string, string>), authorization: `Bearer ${String(bearer)}` },
  })

/** A request for a code as an app begins it, without a person who answers. */
const authorize = (fields: Record<string, string>, post = false) => {
  const asked = new URLSearchParams({
    response_type: 'code',
    client_id: publicApp.id,
    redirect_uri: publicApp.redirectUri,
    scope: full,
    state: 'a-state-with-entropy-0123456789',
    aud: server.base,
    code_challenge: pkce().challenge,
    code_challenge_method: 'S256',
    ...fields,
  })
  for (const [name, value] of [...asked]) if (value === '') asked.delete(name)
  const url = endpoint('authorization_endpoint')
  return post
    ? fetch(url, { method: 'POST', body: asked, redirect: 'manual' })
    : fetch(`${url}?${asked}`, { redirect: 'manual' })
}

const backToApp = (answer: Response) => {
  const location = answer.headers.get('location') ?? ''
  expect(location.startsWith(publicApp.redirectUri)).toBe(true)
  return new URL(location).searchParams
}

const introspect = async (value: unknown) => {
  const account = await registerBackend(configuration, makeKey(), 'system/*.rs')
  const bearer = await tokens(configuration, account, 'system/*.rs')()
  const answer = await fetch(endpoint('introspection_endpoint'), {
    method: 'POST',
    headers: { authorization: `Bearer ${bearer}` },
    body: new URLSearchParams({ token: String(value) }),
  })
  return { status: answer.status, body: (await answer.json()) as Json }
}

beforeAll(async () => {
  server = await startServer(folder, { DHP_SEED: 'examples' })
  configuration = await discover(server.base)
  publicApp = await register(configuration)
  confidentialApp = await register(configuration, { token_endpoint_auth_method: 'client_secret_basic' })
}, 60_000)
afterAll(async () => {
  await server?.kill()
  rmSync(folder, { recursive: true, force: true })
})

describe('the SMART configuration', () => {
  test('is JSON whatever is accepted, readable from any origin, without a token', async () => {
    for (const accept of ['application/xml', 'text/html', '*/*', 'application/fhir+json']) {
      const answer = await fetch(`${server.base}/.well-known/smart-configuration`, {
        headers: { accept, origin: 'https://app.example' },
      })
      expect(answer.status).toBe(200)
      expect(answer.headers.get('content-type')).toMatch(/^application\/json/)
      expect(answer.headers.get('access-control-allow-origin')).toMatch(/^(?:\*|https:\/\/app\.example)$/)
    }
    const metadata = await fetch(`${server.base}/metadata`, { headers: { origin: 'https://app.example' } })
    expect(metadata.headers.get('access-control-allow-origin')).toBeTruthy()
  })

  test('names every endpoint absolutely, and what is required of it', () => {
    const names = Object.keys(configuration).filter(name => /_endpoint$|_uri$|^issuer$/.test(name))
    expect(names).toEqual(
      expect.arrayContaining([
        'issuer',
        'jwks_uri',
        'authorization_endpoint',
        'token_endpoint',
        'introspection_endpoint',
        'revocation_endpoint',
        'registration_endpoint',
      ]),
    )
    for (const name of names) expect(configuration[name]).toMatch(/^https?:\/\/[^/]+\//)
    expect(strings(configuration['grant_types_supported'])).toEqual(
      expect.arrayContaining(['authorization_code', 'client_credentials']),
    )
    expect(strings(configuration['scopes_supported']).length).toBeGreaterThan(5)
  })

  test('has S256 and not plain', () => {
    expect(strings(configuration['code_challenge_methods_supported'])).toContain('S256')
    expect(strings(configuration['code_challenge_methods_supported'])).not.toContain('plain')
  })

  test('claims the capabilities of all four sets for patients and clinicians', () => {
    expect(strings(configuration['capabilities'])).toEqual(
      expect.arrayContaining([
        'launch-ehr',
        'launch-standalone',
        'authorize-post',
        'client-public',
        'client-confidential-symmetric',
        'client-confidential-asymmetric',
        'sso-openid-connect',
        'context-ehr-patient',
        'context-ehr-encounter',
        'context-standalone-patient',
        'permission-offline',
        'permission-patient',
        'permission-user',
        'permission-v1',
        'permission-v2',
      ]),
    )
    expect(strings(configuration['token_endpoint_auth_methods_supported'])).toEqual(
      expect.arrayContaining(['client_secret_basic', 'client_secret_post', 'private_key_jwt']),
    )
    expect(strings(configuration['token_endpoint_auth_signing_alg_values_supported'])).toEqual(
      expect.arrayContaining(['RS384', 'ES384']),
    )
  })

  test('claims nothing of brands that is not there', () => {
    expect(Object.keys(configuration).filter(name => name.startsWith('user_access_brand'))).toEqual([])
  })
})

describe('a request for authorization', () => {
  test('comes back with the code, the very state and the issuer, by GET and by POST', async () => {
    for (const post of [false, true]) {
      const { returned, answer } = await launch(configuration, server.base, publicApp, patient, full, {}, post)
      expect(returned.params.get('code')).toMatch(/^\S{20,}$/)
      expect(returned.params.get('iss')).toBe(configuration['issuer'])
      expect(answer['access_token']).toBeTruthy()
    }
  })

  test('that the person denies comes back with access_denied and the state', async () => {
    const asked = new URLSearchParams({
      response_type: 'code',
      client_id: publicApp.id,
      redirect_uri: publicApp.redirectUri,
      scope: full,
      state: 'the state, exactly & whole',
      aud: server.base,
      code_challenge: pkce().challenge,
      code_challenge_method: 'S256',
    })
    const url = `${endpoint('authorization_endpoint')}?${asked}`
    const { params } = await sitAt(url, { ...patient, deny: true }, publicApp.redirectUri)
    expect(params.get('error')).toBe('access_denied')
    expect(params.get('state')).toBe('the state, exactly & whole')
    expect(params.get('code')).toBeNull()
  })

  test('for another server, without PKCE or with the plain method is refused at the app', async () => {
    const wrong: [Record<string, string>, RegExp][] = [
      [{ aud: 'https://elsewhere.example/fhir' }, /^invalid_request$|^invalid_target$/],
      [{ aud: '' }, /^invalid_request$/],
      [{ code_challenge: '', code_challenge_method: '' }, /^invalid_request$/],
      [{ code_challenge_method: 'plain' }, /^invalid_request$/],
      [{ state: '' }, /^invalid_request$/],
    ]
    for (const [fields, error] of wrong)
      for (const post of [false, true]) {
        const params = backToApp(await authorize(fields, post))
        expect([fields, params.get('error')]).toEqual([fields, expect.stringMatching(error)])
        expect(params.get('error_description')).toBeTruthy()
      }
  })

  test('of an unknown app, or with an address that is not registered, is never redirected', async () => {
    const wrong = [
      { client_id: 'nobody' },
      { redirect_uri: 'https://evil.example/callback' },
      { redirect_uri: `${publicApp.redirectUri}/more` },
      { redirect_uri: `${publicApp.redirectUri}?x=1` },
    ]
    for (const fields of wrong) {
      const answer = await authorize(fields)
      expect([answer.status, answer.headers.get('location')]).toEqual([400, null])
    }
  })
})

describe('the token answer', () => {
  test('has token, type, lifetime and scope as JSON that nobody keeps, and the patient in context', async () => {
    const { answer, headers } = await launch(configuration, server.base, publicApp, patient, full)
    expect(answer).toMatchObject({
      patient: 'pat-cancer-lung',
      token_type: expect.stringMatching(/^Bearer$/) as string,
    })
    expect(answer['access_token']).toMatch(/^[A-Za-z0-9._~+/-]+=*$/)
    expect(answer['expires_in']).toBeGreaterThan(0)
    expect(answer['expires_in']).toBeLessThanOrEqual(3600)
    expect((answer['scope'] as string).split(' ').sort()).toEqual(full.split(' ').sort())
    expect(headers.get('content-type')).toMatch(/^application\/json/)
    expect(headers.get('cache-control')).toContain('no-store')
    expect(headers.get('pragma')).toBe('no-cache')
  })

  test('tells the narrower scope when the person granted less', async () => {
    const scope = 'launch/patient openid patient/Patient.rs patient/Observation.rs'
    const person = { ...patient, scopes: ['launch/patient', 'openid', 'patient/Patient.rs'] }
    const { answer } = await launch(configuration, server.base, publicApp, person, scope)
    expect(answer['scope']).not.toContain('Observation')
    expect((await read('Patient/pat-cancer-lung', answer['access_token'])).status).toBe(200)
    expect((await read('Observation', answer['access_token'])).status).toBe(403)
  })

  test('keeps v1 scopes as they were asked, with their meaning', async () => {
    const { answer } = await launch(
      configuration,
      server.base,
      publicApp,
      patient,
      'launch/patient patient/Observation.read',
    )
    expect(answer['scope']).toContain('patient/Observation.read')
    expect((await read('Observation?_count=1', answer['access_token'])).status).toBe(200)
    expect((await read('Condition?_count=1', answer['access_token'])).status).toBe(403)
  })

  test('has an id_token signed with RS256 by a published bare key, whose fhirUser can be read', async () => {
    for (const person of [patient, practitioner]) {
      const { answer } = await launch(configuration, server.base, publicApp, person, `${full} user/*.rs`)
      const set = (await (await fetch(endpoint('jwks_uri'))).json()) as JSONWebKeySet
      for (const key of set.keys)
        expect([key.kid, key['d'], key['p'], key['k']]).toEqual([expect.any(String), undefined, undefined, undefined])
      const { payload, protectedHeader } = await jwtVerify(answer['id_token'] as string, createLocalJWKSet(set), {
        issuer: endpoint('issuer'),
        audience: publicApp.id,
      })
      expect(protectedHeader.alg).toBe('RS256')
      expect(payload.sub).toBeTruthy()
      const user = new URL(payload['fhirUser'] as string, `${server.base}/`)
      const answered = await read(user.href.slice(server.base.length + 1), answer['access_token'])
      const resource = (await answered.json()) as Json
      expect(`${String(resource['resourceType'])}/${String(resource['id'])}`).toBe(person.user)
    }
  })

  test('has the visit that the person chose, when it was asked for', async () => {
    const person = { ...practitioner, encounter: 'cancer-lung-visit-1' }
    const { answer } = await launch(
      configuration,
      server.base,
      publicApp,
      person,
      'launch/patient launch/encounter patient/*.rs',
    )
    expect(answer).toMatchObject({ patient: 'pat-cancer-lung', encounter: 'cancer-lung-visit-1' })
  })

  test('has no id_token and no refresh token when neither was asked for', async () => {
    const { answer } = await launch(configuration, server.base, publicApp, patient, 'launch/patient patient/*.rs')
    expect(answer).not.toHaveProperty('id_token')
    expect(answer).not.toHaveProperty('refresh_token')
  })
})

describe('a launch from the EHR', () => {
  const order = {
    kind: 'ehr',
    user: practitioner.user,
    patient: 'pat-cancer-lung',
    encounter: 'cancer-lung-visit-1',
    intent: 'review-summary',
    fhir_context: JSON.stringify([{ reference: 'DiagnosticReport/cancer-lung-report-ngs' }]),
  }
  const launched = async (fields: Record<string, string>, scope = `launch ${full}`) => {
    const given = await ehrLaunch(new URL(server.base).origin, { client: publicApp.id, ...fields })
    expect(given.get('iss')).toBe(server.base)
    return launch(configuration, server.base, publicApp, practitioner, scope, { launch: given.get('launch')! })
  }

  test('hands patient, visit, intent, banner and other context to the app, with the token and to introspection', async () => {
    const { answer } = await launched({ ...order, need_patient_banner: 'yes' })
    const context = {
      patient: 'pat-cancer-lung',
      encounter: 'cancer-lung-visit-1',
      intent: 'review-summary',
      need_patient_banner: true,
      fhirContext: [{ reference: 'DiagnosticReport/cancer-lung-report-ngs' }],
    }
    expect(answer).toMatchObject(context)
    expect((await introspect(answer['access_token'])).body).toMatchObject(context)
    expect((await launched(order)).answer['need_patient_banner']).toBe(false)
  })

  test('tells the tenant and where the style is, and the style can be read', async () => {
    const { answer } = await launched(order)
    expect(answer['tenant']).toEqual(expect.any(String))
    const style = await fetch(answer['smart_style_url'] as string)
    expect(style.status).toBe(200)
    expect(await style.json()).toHaveProperty('color_background')
  })

  test('is taken once, and only by the app it is for', async () => {
    const opened = async () =>
      (await ehrLaunch(new URL(server.base).origin, { client: publicApp.id, ...order })).get('launch')!
    const asked = (app: Registered, token: string) =>
      launch(configuration, server.base, app, practitioner, `launch ${full}`, { launch: token })
    await expect(asked(await register(configuration), await opened())).rejects.toThrow(/invalid_request|access_denied/)
    const once = await opened()
    await asked(publicApp, once)
    await expect(asked(publicApp, once)).rejects.toThrow(/invalid_request|access_denied/)
  })

  test('of a token that has expired is refused with 401 by the FHIR API', async () => {
    const { answer } = await launched({ ...order, simulate: 'expired_token' })
    expect((await read('Patient/pat-cancer-lung', answer['access_token'])).status).toBe(401)
  })

  test('refuses other context that names nothing', async () => {
    const wrong = ehrLaunch(new URL(server.base).origin, {
      client: publicApp.id,
      ...order,
      fhir_context: '[{"type":"Patient"}]',
    })
    await expect(wrong).rejects.toThrow(/answered 400/)
  })
})

describe('a code', () => {
  test('is worth nothing with a wrong verifier, without one, for another app or a second time', async () => {
    const other = await register(configuration)
    const attempts: [Registered, (verifier: string) => Record<string, string>][] = [
      [publicApp, () => ({ code_verifier: pkce().verifier })],
      [publicApp, () => ({})],
      [other, verifier => ({ code_verifier: verifier })],
    ]
    for (const [app, more] of attempts) {
      const { verifier, challenge } = pkce()
      const asked = new URLSearchParams({
        response_type: 'code',
        client_id: publicApp.id,
        redirect_uri: publicApp.redirectUri,
        scope: full,
        state: 'a-state-with-entropy-0123456789',
        aud: server.base,
        code_challenge: challenge,
        code_challenge_method: 'S256',
      })
      const { params } = await sitAt(`${endpoint('authorization_endpoint')}?${asked}`, patient, publicApp.redirectUri)
      const { status, answer } = await token(configuration, app, {
        grant_type: 'authorization_code',
        code: params.get('code')!,
        redirect_uri: publicApp.redirectUri,
        ...more(verifier),
      })
      expect(status).toBe(400)
      expect(answer['error']).toMatch(/^invalid_(?:grant|request)$/)
      expect(answer).not.toHaveProperty('access_token')
    }
    const { returned, verifier } = await launch(configuration, server.base, publicApp, patient, full)
    const again = await token(configuration, publicApp, {
      grant_type: 'authorization_code',
      code: returned.params.get('code')!,
      redirect_uri: publicApp.redirectUri,
      code_verifier: verifier,
    })
    expect([again.status, again.answer['error']]).toEqual([400, 'invalid_grant'])
  })
})

describe('a refresh token', () => {
  const refresh = (app: Registered, value: unknown, more: Record<string, string> = {}) =>
    token(configuration, app, { grant_type: 'refresh_token', refresh_token: String(value), ...more })

  test('brings a new access token with the same scopes and the same patient', async () => {
    for (const app of [publicApp, confidentialApp]) {
      const first = await launch(configuration, server.base, app, patient, full)
      const { status, answer, headers } = await refresh(app, first.answer['refresh_token'])
      expect(status).toBe(200)
      expect(answer).toMatchObject({ scope: first.answer['scope'], patient: 'pat-cancer-lung' })
      expect(answer['token_type']).toMatch(/^bearer$/i)
      expect(answer['expires_in']).toBeGreaterThan(0)
      expect(answer['access_token']).not.toBe(first.answer['access_token'])
      expect(headers.get('cache-control')).toContain('no-store')
      expect((await read('Patient/pat-cancer-lung', answer['access_token'])).status).toBe(200)
    }
  })

  test('of a public app does without a client_id, of a confidential app not without its secret', async () => {
    for (const [app, status] of [
      [publicApp, 200],
      [confidentialApp, 400],
    ] as const) {
      const { answer } = await launch(configuration, server.base, app, patient, full)
      const nameless = await fetch(endpoint('token_endpoint'), {
        method: 'POST',
        body: new URLSearchParams({ grant_type: 'refresh_token', refresh_token: String(answer['refresh_token']) }),
      })
      expect([app.id, nameless.status]).toEqual([app.id, status])
    }
  })

  test('may ask for less and never for more', async () => {
    const { answer } = await launch(
      configuration,
      server.base,
      publicApp,
      patient,
      'launch/patient offline_access patient/Patient.rs patient/Observation.rs',
    )
    const less = await refresh(publicApp, answer['refresh_token'], { scope: 'patient/Patient.rs' })
    expect(less.status).toBe(200)
    expect(less.answer['scope']).not.toContain('Observation')
    const value = less.answer['refresh_token'] ?? answer['refresh_token']
    const more = await refresh(publicApp, value, { scope: 'patient/Patient.rs patient/Condition.rs' })
    if (more.status === 200) expect(more.answer['scope']).not.toContain('Condition')
    else expect(more.answer['error']).toBe('invalid_scope')
  })

  test('is bound to the app it was given to', async () => {
    const other = await register(configuration)
    const { answer } = await launch(configuration, server.base, publicApp, patient, full)
    const stolen = await refresh(other, answer['refresh_token'])
    expect([stolen.status, stolen.answer['error']]).toEqual([400, 'invalid_grant'])
  })

  test('with online_access works as long as the person is signed in', async () => {
    const { answer } = await launch(
      configuration,
      server.base,
      publicApp,
      patient,
      'launch/patient online_access patient/*.rs',
    )
    expect((await refresh(publicApp, answer['refresh_token'])).status).toBe(200)
  })

  test('that is revoked brings nothing any more, and its access token ends', async () => {
    const { answer } = await launch(configuration, server.base, publicApp, patient, full)
    const revoked = await fetch(endpoint('revocation_endpoint'), {
      method: 'POST',
      body: new URLSearchParams({ token: String(answer['refresh_token']), client_id: publicApp.id }),
    })
    expect(revoked.status).toBe(200)
    expect((await refresh(publicApp, answer['refresh_token'])).answer['error']).toBe('invalid_grant')
    expect((await read('Patient/pat-cancer-lung', answer['access_token'])).status).toBe(401)
  })
})

describe('an access token', () => {
  test('opens what its scope covers, of its patient, and nothing else', async () => {
    const { answer } = await launch(
      configuration,
      server.base,
      publicApp,
      practitioner,
      'launch/patient patient/Patient.rs patient/Observation.rs',
    )
    const bearer = answer['access_token']
    expect((await read('Patient/pat-cancer-lung', bearer)).status).toBe(200)
    expect((await read('Patient/pat-lin-meiling', bearer)).status).toBe(404)
    expect((await read('Condition', bearer)).status).toBe(403)
    const all = (await (await read('Patient', bearer)).json()) as { entry: { resource: { id: string } }[] }
    expect(all.entry.map(each => each.resource.id)).toEqual(['pat-cancer-lung'])
  })

  test('of a granular scope opens only what its parameters say', async () => {
    const scope =
      'launch/patient patient/Observation.rs?category=http://terminology.hl7.org/CodeSystem/observation-category|vital-signs'
    const { answer } = await launch(configuration, server.base, publicApp, patient, scope)
    expect(answer['scope']).toContain('patient/Observation.rs?category=')
    const all = (await (await read('Observation?_count=200', answer['access_token'])).json()) as {
      entry: { resource: { id: string; category: unknown } }[]
    }
    expect(all.entry.length).toBeGreaterThan(3)
    for (const { resource } of all.entry) expect(JSON.stringify(resource.category)).toContain('vital-signs')
    expect((await read('Observation/cancer-lung-pd-l1', answer['access_token'])).status).toBe(404)
  })

  test('of a wildcard opens every type, and each entry of a batch is judged by itself', async () => {
    const { answer } = await launch(configuration, server.base, publicApp, patient, 'launch/patient patient/*.rs')
    for (const type of ['Patient', 'Observation', 'Condition', 'Procedure', 'Specimen'])
      expect((await read(`${type}?_count=1`, answer['access_token'])).status).toBe(200)
    const entry = ['GET Patient/pat-cancer-lung', 'GET Patient/pat-lin-meiling', 'DELETE Patient/pat-cancer-lung']
    const batch = await read('', answer['access_token'], {
      method: 'POST',
      headers: { 'content-type': 'application/fhir+json' },
      body: JSON.stringify({
        resourceType: 'Bundle',
        type: 'batch',
        entry: entry.map(each => ({ request: { method: each.split(' ')[0], url: each.split(' ')[1] } })),
      }),
    })
    const answers = (await batch.json()) as { entry: { response: { status: string } }[] }
    expect(answers.entry.map(each => each.response.status.slice(0, 3))).toEqual([
      '200',
      '404',
      expect.stringMatching(/^40[34]$/),
    ])
  })

  test('with update may create under its own id', async () => {
    // one that sees all Observations: who sees some would learn from an id of its own choice which there are
    const { answer } = await launch(configuration, server.base, publicApp, practitioner, 'openid user/Observation.u')
    const made = await read('Observation/from-an-app', answer['access_token'], {
      method: 'PUT',
      headers: { 'content-type': 'application/fhir+json' },
      body: JSON.stringify({
        resourceType: 'Observation',
        id: 'from-an-app',
        status: 'final',
        code: { text: 'Synthetic' },
        subject: { reference: 'Patient/pat-cancer-lung' },
      }),
    })
    expect(made.status).toBe(201)
  })

  test('of a practitioner with user scopes opens several patients, of a patient only the own record', async () => {
    const scope = 'openid fhirUser user/Patient.rs'
    const wide = await launch(configuration, server.base, publicApp, practitioner, scope)
    expect((await read('Patient/pat-lin-meiling', wide.answer['access_token'])).status).toBe(200)
    const own = await launch(configuration, server.base, publicApp, patient, scope)
    expect((await read('Patient/pat-cancer-lung', own.answer['access_token'])).status).toBe(200)
    expect((await read('Patient/pat-lin-meiling', own.answer['access_token'])).status).toBe(404)
  })

  test('that was altered, or is for another server, is refused with 401', async () => {
    const { answer } = await launch(configuration, server.base, publicApp, patient, full)
    const [head, body, signature] = String(answer['access_token']).split('.') as [string, string, string]
    const claims = JSON.parse(Buffer.from(body, 'base64url').toString()) as Json
    const altered = Buffer.from(JSON.stringify({ ...claims, exp: Number(claims['exp']) + 9999 })).toString('base64url')
    for (const wrong of [`${head}.${altered}.${signature}`, `${head}.${body}.`, 'nothing', String(answer['id_token'])])
      expect((await read('Patient/pat-cancer-lung', wrong)).status).toBe(401)
    expect(decodeJwt(String(answer['access_token'])).aud).toBe(server.base)
    const elsewhere = await fetch(server.base.replace(/\/fhir$/, '/t/other/fhir/Patient'), {
      headers: { authorization: `Bearer ${String(answer['access_token'])}` },
    })
    expect(elsewhere.status).toBeGreaterThanOrEqual(401)
  })

  test('is used from a page of another origin: token endpoint and FHIR API allow it', async () => {
    const origin = 'http://127.0.0.1:9'
    for (const [url, method] of [
      [endpoint('token_endpoint'), 'POST'],
      [`${server.base}/Patient`, 'GET'],
    ] as const) {
      const preflight = await fetch(url, {
        method: 'OPTIONS',
        headers: { origin, 'access-control-request-method': method, 'access-control-request-headers': 'authorization' },
      })
      expect([url, preflight.headers.get('access-control-allow-origin')]).toEqual([
        url,
        expect.stringMatching(/^(?:\*|http:\/\/127\.0\.0\.1:9)$/),
      ])
      expect(preflight.headers.get('access-control-allow-headers')?.toLowerCase()).toContain('authorization')
    }
  })
})

describe('introspection', () => {
  test('tells scope, app, expiry, context and identity of a live token of any app', async () => {
    const { answer } = await launch(configuration, server.base, publicApp, patient, full)
    const { status, body } = await introspect(answer['access_token'])
    expect(status).toBe(200)
    const identity = decodeJwt(String(answer['id_token']))
    expect(body).toMatchObject({
      active: true,
      scope: answer['scope'],
      client_id: publicApp.id,
      patient: 'pat-cancer-lung',
      iss: identity.iss,
      sub: identity.sub,
    })
    const lifetime = Number(body['exp']) - Date.now() / 1000
    expect(Math.abs(lifetime - Number(answer['expires_in']))).toBeLessThan(10)
  })

  test('says of anything else only that it is not active', async () => {
    expect((await introspect('nothing')).body).toEqual({ active: false })
  })
})

describe('registration', () => {
  test('gives each app an id, and takes keys by value and by address', async () => {
    expect(publicApp.id).toBeTruthy()
    expect(confidentialApp.secret).toBeTruthy()
    expect(publicApp.secret).toBeUndefined()
    const account = await registerBackend(configuration, makeKey(), 'system/*.rs')
    expect(account.clientId).not.toBe(publicApp.id)
    const byAddress = await register(configuration, {
      token_endpoint_auth_method: 'private_key_jwt',
      grant_types: ['client_credentials'],
      redirect_uris: undefined,
      jwks_uri: 'https://app.example/jwks.json',
      scope: 'system/*.rs',
    })
    expect(byAddress.answer['jwks_uri']).toBe('https://app.example/jwks.json')
  })
})

describe('the keys an app registered', () => {
  test('are changed only with its registration access token', async () => {
    const { d: _d, ...first } = makeKey()
    const app = await register(configuration, {
      token_endpoint_auth_method: 'private_key_jwt',
      jwks: { keys: [first] },
    })
    const { d: _e, ...second } = makeKey()
    const change = (bearer?: string) =>
      fetch(app.answer['registration_client_uri'] as string, {
        method: 'PUT',
        headers: { 'content-type': 'application/json', ...(bearer ? { authorization: `Bearer ${bearer}` } : {}) },
        body: JSON.stringify({
          client_id: app.id,
          client_name: 'Test app',
          redirect_uris: [app.redirectUri],
          token_endpoint_auth_method: 'private_key_jwt',
          grant_types: ['authorization_code', 'refresh_token'],
          scope: full,
          jwks: { keys: [second] },
        }),
      })
    for (const bearer of [undefined, 'guessed', publicApp.answer['registration_access_token'] as string])
      expect((await change(bearer)).status).toBe(401)
    const changed = await change(app.answer['registration_access_token'] as string)
    expect(changed.status).toBe(200)
    expect(((await changed.json()) as { jwks: JSONWebKeySet }).jwks.keys[0]?.kid).toBe(second.kid)
  })
})

describe('an app with a key of its own', () => {
  test('redeems its code and its refresh token with a signed assertion', async () => {
    const key = makeKey()
    const { d: _d, ...shown } = key
    const app = await register(configuration, {
      token_endpoint_auth_method: 'private_key_jwt',
      jwks: { keys: [shown] },
    })
    const signed = () => ({
      client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
      client_assertion: assertion({ clientId: app.id, key }, endpoint('token_endpoint')),
    })
    const { verifier, challenge } = pkce()
    const asked = new URLSearchParams({
      response_type: 'code',
      client_id: app.id,
      redirect_uri: app.redirectUri,
      scope: full,
      state: 'a-state-with-entropy-0123456789',
      aud: server.base,
      code_challenge: challenge,
      code_challenge_method: 'S256',
    })
    const { params } = await sitAt(`${endpoint('authorization_endpoint')}?${asked}`, patient, app.redirectUri)
    const fields = {
      grant_type: 'authorization_code',
      code: params.get('code')!,
      redirect_uri: app.redirectUri,
      code_verifier: verifier,
    }
    const first = await token(configuration, app, { ...fields, ...signed() })
    expect(first.status).toBe(200)
    const second = await token(configuration, app, {
      grant_type: 'refresh_token',
      refresh_token: String(first.answer['refresh_token']),
      ...signed(),
    })
    expect(second.status).toBe(200)
    expect(
      await jwtVerify(String(second.answer['access_token']), createRemoteJWKSet(new URL(endpoint('jwks_uri')))),
    ).toBeTruthy()
  })
})
