/**
 * The launcher of the sandbox, the trace of a launch, and the app gallery.
 * https://hl7.org/fhir/smart-app-launch/STU2.2/app-launch.html
 */
import { createHash } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { makeTraces } from '../../../src/smart/launcher-trace.ts'
import { ADMIN } from '../../http/serving.ts'
import { app, Browser, clinic, faults, titleOf, type Clinic } from './browser.ts'

let server: Clinic
beforeAll(async () => {
  server = await clinic()
})
afterAll(() => server.close())

const post = (form: Record<string, string>, headers: Record<string, string> = {}) =>
  new Browser().ask(`${server.origin}/launch`, { method: 'POST', body: new URLSearchParams(form), headers })
const records = async (name: string) => (await server.app.tenants.room('default')).engine.records(name)

describe('the launcher', () => {
  test('is a form that works without script, in both languages', async () => {
    const page = await new Browser().get(`${server.origin}/launch`)
    expect(page.status).toBe(200)
    expect(faults(page)).toEqual([])
    expect(page.text).toContain('value="app-1"')
    const chinese = await new Browser().get(`${server.origin}/launch?lang=zh&patient=amy`)
    expect(titleOf(chinese)).toBe('啟動應用程式')
    expect(chinese.text).toContain('value="v1"')
    expect(faults(chinese)).toEqual([])
  })

  test('opens the app with iss and launch, and keeps what was chosen', async () => {
    const made = await post({
      client: 'app-1', kind: 'ehr', user: 'Practitioner/lin', patient: 'amy', encounter: 'v1', intent: 'order',
      need_patient_banner: 'yes', fhir_context: '[{"reference":"Encounter/v2"}]', simulate: 'token_expired_code',
    }) // prettier-ignore
    expect(made.status).toBe(303)
    const to = new URL(made.location)
    expect(`${to.origin}${to.pathname}`).toBe('https://app.example/launch')
    expect(to.searchParams.get('x')).toBe('1')
    expect(to.searchParams.get('iss')).toBe(server.fhir)
    const kept = await (await records('smart-launches')).list()
    expect(kept.map(({ value }) => value)).toContainEqual(
      expect.objectContaining({
        client: 'app-1', user: 'Practitioner/lin', patient: 'amy', encounter: 'v1', intent: 'order',
        needPatientBanner: true, fhirContext: [{ reference: 'Encounter/v2' }], simulate: 'token_expired_code',
      }),
    ) // prettier-ignore
    expect(JSON.stringify(kept)).not.toContain(to.searchParams.get('launch'))
  })

  test.each([
    ['an unknown app', { client: 'nobody' }],
    ['no app', {}],
    ['a launch URL that runs in the page', { launch_url: 'javascript:alert(1)' }],
    ['an unknown patient', { client: 'app-1', patient: 'nobody' }],
    ['a patient the user may not open', { client: 'app-1', user: 'Patient/bob', patient: 'amy' }],
    ['a visit of another patient', { client: 'app-1', patient: 'bob', encounter: 'v1' }],
    ['an unknown user', { client: 'app-1', user: 'Practitioner/nobody' }],
    ['an unknown error', { client: 'app-1', simulate: 'everything' }],
    ['a broken fhirContext', { client: 'app-1', fhir_context: '{"reference":1' }],
    ['an unknown kind', { client: 'app-1', kind: 'other' }],
  ])('%s is refused on the page', async (_, form) => {
    const page = await post(form as unknown as Record<string, string>)
    expect(page.status).toBe(400)
    expect(page.text).toContain('role="alert"')
    expect(faults(page)).toEqual([])
  })

  test('other sites cannot start launches', async () => {
    expect((await post({ client: 'app-1' }, { 'sec-fetch-site': 'cross-site' })).status).toBe(403)
    expect((await post({ client: 'app-1' }, { origin: 'https://evil.example' })).status).toBe(403)
  })

  test('a standalone launch is explained, with a request that this server accepts', async () => {
    const page = await post({ client: 'app-1', kind: 'patient-standalone' })
    expect(faults(page)).toEqual([])
    const [, url] = /href="([^"]*auth\/authorize[^"]*)"/.exec(page.text)!
    const [, verifier] = /<pre>([\w-]{43})<\/pre>/.exec(page.text)!
    const href = url!.replaceAll('&amp;', '&')
    expect(new URL(href).searchParams.get('code_challenge')).toBe(
      createHash('sha256').update(verifier!).digest('base64url'),
    )
    expect(titleOf(await new Browser().open(href))).toBe('Sign in')
    expect(faults(await post({ client: 'app-1', kind: 'backend' }))).toEqual([])
  })
})

describe('the trace', () => {
  test('shows the requests of a launch with their checks, and nothing that could be used again', async () => {
    const made = await post({
      client: 'app-1',
      user: 'Practitioner/lin',
      patient: 'amy',
      skip_login: 'yes',
      skip_consent: 'yes',
    })
    const launch = new URL(made.location).searchParams.get('launch')!
    const browser = new Browser()
    const done = await browser.open(
      server.authorize('launch openid fhirUser patient/*.rs', { launch, code_challenge: challenge }),
    )
    const code = new URL(done.location).searchParams.get('code')!
    const token = await browser.ask(`${server.fhir}/auth/token`, {
      method: 'POST',
      body: new URLSearchParams({
        grant_type: 'authorization_code', code, client_id: 'app-1', redirect_uri: app.redirectUris[0]!, code_verifier: verifier,
      }), // prettier-ignore
    })
    expect(token.status).toBe(200)
    const { access_token: access } = JSON.parse(token.text) as { access_token: string }
    const home = await browser.get(`${server.origin}/launch`)
    const [, path] = /href="([^"]*\/launch\/trace\/[^"]*)"/.exec(home.text)!
    const page = await browser.get(path!)
    expect(faults(page)).toEqual([])
    expect(page.text).toContain('authorize')
    expect(page.text).toContain('passed')
    for (const secret of [code, verifier, launch, access, access.split('.')[2]!])
      expect(page.text).not.toContain(secret)
  })

  test('tokens are taken apart; signatures, codes and secrets are left out wherever they stand', async () => {
    const held = await records('test-heads')
    const traces = makeTraces(held, await records('test-events'), Date.now, bytes => Buffer.alloc(bytes, 7))
    const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
    const jwt = `${part({ alg: 'ES256' })}.${part({ sub: 'amy' })}.c2lnbmF0dXJl`
    const id = await traces.begin('x')
    await traces.note(id, {
      what: 'token',
      request: {
        code: 'SECRET1',
        client_secret: 'SECRET2',
        authorization: 'Basic SECRET3',
        url: 'https://a.example/?code=SECRET4&state=s',
      },
      answer: { access_token: jwt, refresh_token: 'SECRET5', nested: { token: 'SECRET6' }, text: `see ${jwt}` },
    })
    const found = (await traces.read(id))!
    const text = JSON.stringify(found)
    expect(text).not.toMatch(/SECRET|c2lnbmF0dXJl/)
    expect(text).toContain('"sub":"amy"')
  })

  test('there is none of an unknown id', async () => {
    expect((await server.ask('GET', '/launch/trace/abcdefghijklmnop')).status).toBe(404)
    expect((await server.ask('GET', '/launch/other')).status).toBe(404)
  })
})

describe('the gallery', () => {
  const admin = (method: string, path: string, body?: object) =>
    server.ask(method, `/admin/tenants/default/${path}`, {
      ...(body ? { body } : {}),
      headers: { authorization: `Bearer ${ADMIN}`, 'content-type': 'application/json' },
    })
  const listing = {
    publisher: 'Example hospital', intendedUse: 'Shows <b>growth</b>', contact: 'apps@example.org',
    ai: { modelName: 'M', modelVersion: '1', trainingData: 'synthetic', evaluation: 'AUC', limitations: 'adults', tfdaStatus: 'none' },
  } // prettier-ignore
  const listed = async () =>
    (
      (await server.ask('GET', '/marketplace/apps')).body as {
        apps: { client_id: string; ai?: object; scopes: { en: string }[] }[]
      }
    ).apps

  test('shows the example app that can be launched, and no app that only serves tests', async () => {
    const [example, ...others] = await listed()
    expect(others).toEqual([])
    expect(example).toMatchObject({ client_id: 'cancer-summary', iss: server.fhir })
    const { launch_url: url } = example as unknown as { launch_url: string }
    const opened = await fetch(url)
    expect(opened.status).toBe(200)
    expect(opened.headers.get('content-type')).toContain('text/html')
    for (const path of ['marketplace', 'marketplace/apps/cancer-summary']) {
      const page = await new Browser().get(`${server.origin}/${path}`)
      expect(faults(page)).toEqual([])
      expect(page.text).toContain('Cancer summary')
    }
    const page = await new Browser().get(`${server.origin}/marketplace/apps/cancer-summary`)
    const [, to] = /href="([^"]*\/launch\?client=[^"]*)"/.exec(page.text)!
    expect((await new Browser().get(to!)).text).toContain('value="cancer-summary" selected')
    const launched = await post({ client: 'cancer-summary', patient: 'amy' })
    expect(launched.location).toContain(url)
    expect((await server.ask('GET', '/marketplace/apps/sandbox-public')).status).toBe(404)
  })

  test('is empty where nothing is open, until an app is approved', async () => {
    const secure = await clinic({ DHP_AUTH: 'smart' })
    expect((await secure.ask('GET', '/marketplace/apps')).body).toEqual({ apps: [] })
    await secure.close()
  })

  test('an app is shown once it was submitted and approved, and no more when it was rejected or changed', async () => {
    const ids = async () => (await listed()).map(each => each.client_id)
    expect(await ids()).not.toContain('app-1')
    expect((await admin('POST', 'apps/app-1/approve')).status).toBe(409)
    expect((await admin('PUT', 'apps/app-1/listing', listing)).status).toBe(200)
    expect(await ids()).not.toContain('app-1')
    expect((await admin('POST', 'apps/app-1/approve')).body).toMatchObject({ status: 'approved', approved: true })
    const found = (await listed()).find(each => each.client_id === 'app-1')!
    expect(found.ai).toEqual(listing.ai)
    expect(found.scopes.map(({ en }) => en)).toContain('Know which patient was chosen')
    expect(JSON.stringify(found)).not.toContain('secret')
    for (const path of ['marketplace', 'marketplace/apps/app-1']) {
      const page = await new Browser().get(`${server.origin}/${path}`)
      expect(faults(page)).toEqual([])
      expect(page.text).toContain('Shows &lt;b&gt;growth&lt;/b&gt;')
    }
    expect((await admin('POST', 'apps/app-1/reject', { reason: 'The limitations are not said.' })).body).toMatchObject({
      status: 'rejected',
      listing: { reason: 'The limitations are not said.' },
    })
    expect(await ids()).not.toContain('app-1')
    expect((await server.ask('GET', '/marketplace/apps/app-1')).status).toBe(404)
    expect((await admin('POST', 'apps/app-1/reject', {})).status).toBe(422)
    expect((await admin('POST', 'apps/nobody/approve')).status).toBe(404)
  })

  test('a listing without what must be told is refused, naming it', async () => {
    const { ai: _, ...plain } = listing
    const missing = await admin('PUT', 'apps/app-1/listing', { ...plain, ai: { modelName: 'M' } })
    expect(missing.status).toBe(400)
    expect(missing.text).toContain('modelVersion')
    expect((await admin('PUT', 'apps/app-1/listing', { ...plain, homepage: 'javascript:alert(1)' })).status).toBe(400)
    expect((await admin('PUT', 'apps/app-1/listing', { ...plain, other: 'x' })).text).toContain('other')
  })

  test('a developer submits with the token of the registration, and with no other', async () => {
    const json = { 'content-type': 'application/json' }
    const registered = await server.ask('POST', '/fhir/auth/register', {
      body: { client_name: 'Mine', redirect_uris: ['https://mine.example/cb'], token_endpoint_auth_method: 'none', scope: 'openid patient/*.rs' },
      headers: json,
    }) // prettier-ignore
    expect(registered.status).toBe(201)
    const { client_id: id, registration_access_token: token } = registered.body as Record<string, string>
    const submit = (bearer: string) =>
      server.ask('POST', '/marketplace/apps', {
        body: { client_id: id, ...listing },
        headers: { ...json, authorization: `Bearer ${bearer}` },
      })
    expect((await submit('wrong')).status).toBe(401)
    const done = await submit(token!)
    expect(done.status).toBe(201)
    expect(done.body).toEqual({ client_id: id, status: 'submitted' })
    expect((await listed()).map(each => each.client_id)).not.toContain(id)
  })
})

const verifier = 'dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk'
const challenge = createHash('sha256').update(verifier).digest('base64url')
