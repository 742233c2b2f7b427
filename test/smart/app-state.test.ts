/**
 * SMART App State over HTTP: what an app keeps, who finds it, and what is refused.
 * https://hl7.org/fhir/smart-app-launch/STU2.2/app-state.html
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { launch, register, type Person, type Registered } from '../journeys/app.ts'
import { assertion, backend, demoKey, sandbox, type Sandbox } from './sandbox.ts'

const TAG = 'https://fhir.dhp.tw.example/NamingSystem/smart-app-state'
const OWN = 'https://growth.example/app'
let server: Sandbox
let app: Registered
let sibling: Registered
let stranger: Registered

beforeAll(async () => {
  server = await sandbox()
  const made = (uri: string) => register(server.configuration, { redirect_uris: [uri] })
  app = await made('https://growth.example/callback')
  sibling = await made('https://growth.example/other/callback')
  stranger = await made('https://stranger.example/callback')
  for (const [type, id] of [['Practitioner', 'nurse'], ['PractitionerRole', 'role']] as const)
    await server.ask('PUT', `/fhir/${type}/${id}`, { body: { resourceType: type, id } }) // prettier-ignore
})
afterAll(() => server.close())

const doctor: Person = { user: 'Practitioner/doctor', patient: 'one' }
const nurse: Person = { user: 'Practitioner/nurse', patient: 'one' }
const patient: Person = { user: 'Patient/one', patient: 'one' }

type Ask = (method: string, path: string, body?: object, headers?: Record<string, string>) => ReturnType<Sandbox['ask']>

/** The FHIR API as this app, for this person. */
async function as(who: Registered, person: Person, scope: string): Promise<Ask> {
  const { answer } = await launch(server.configuration, server.fhir, who, person, `launch/patient ${scope}`)
  return withToken(String(answer['access_token']))
}
const withToken =
  (token: string): Ask =>
  (method, path, body, headers = {}) =>
    server.ask(method, `/fhir/${path}`, {
      ...(body === undefined ? {} : { body }),
      headers: { authorization: `Bearer ${token}`, ...headers },
    })

const state = (code: string, subject?: string, value = '{"view":"labs"}') => ({
  resourceType: 'Basic',
  code: { coding: [{ system: OWN, code }] },
  ...(subject === undefined ? {} : { subject: { reference: `${server.fhir}/${subject}` } }),
  extension: [{ url: `${OWN}/preferences`, valueString: value }],
})
const query = (code: string, subject?: string) =>
  `Basic?code=${encodeURIComponent(`${OWN}|${code}`)}&${subject === undefined ? 'subject:missing=true' : `subject=${encodeURIComponent(`${server.fhir}/${subject}`)}`}`
const ids = (answer: { body: { entry?: { resource: { id: string } }[] } }) =>
  (answer.body.entry ?? []).map(({ resource }) => resource.id)
const match = (version: string) => ({ 'if-match': `W/"${version}"` })

describe('an app that keeps state', () => {
  test('finds support in the configuration, then creates, queries, updates and deletes', async () => {
    expect(server.configuration['capabilities']).toContain('smart-app-state')
    const ask = await as(app, doctor, 'user/Basic.cruds')
    const made = await ask('POST', 'Basic', state('preferences', 'Practitioner/doctor'))
    expect(made.status).toBe(201)
    expect(made.headers.get('etag')).toBe('W/"1"')
    const { id } = made.body as { id: string }
    expect(made.headers.get('location')).toContain(`/Basic/${id}`)
    expect(made.body).toMatchObject({ ...state('preferences', 'Practitioner/doctor'), id, meta: { versionId: '1' } })

    expect(ids(await ask('GET', query('preferences', 'Practitioner/doctor')))).toEqual([id])
    expect(ids(await ask('GET', query('preferences')))).toEqual([])
    expect(ids(await ask('GET', query('other', 'Practitioner/doctor')))).toEqual([])

    const changed = { ...state('preferences', 'Practitioner/doctor', '{"view":"notes"}'), id }
    const updated = await ask('PUT', `Basic/${id}`, changed, match('1'))
    expect(updated.status).toBe(200)
    expect(updated.headers.get('etag')).toBe('W/"2"')
    expect(updated.body).toMatchObject(changed)
    expect(ids(await ask('GET', query('preferences', 'Practitioner/doctor')))).toEqual([id])

    expect((await ask('DELETE', `Basic/${id}`, undefined, match('2'))).status).toBe(204)
    expect(ids(await ask('GET', query('preferences', 'Practitioner/doctor')))).toEqual([])
    expect((await ask('PUT', `Basic/${id}`, changed, match('3'))).status).toBe(412)
    expect((await ask('PUT', `Basic/${id}`, changed)).status).toBe(412)
    expect((await ask('DELETE', `Basic/${id}`, undefined, match('3'))).status).toBe(412)
    expect((await ask('DELETE', `Basic/${id}`)).status).toBe(412)
  })

  test('has several state codes, each with a state for all, for people and for patients', async () => {
    const ask = await as(app, doctor, 'user/Basic.cruds')
    for (const code of ['several-1', 'several-2'])
      for (const subject of [undefined, 'Practitioner/doctor', 'Patient/one', 'Patient/two']) {
        const made = await ask('POST', 'Basic', state(code, subject))
        expect(made.status).toBe(201)
        expect(ids(await ask('GET', query(code, subject)))).toEqual([made.body.id])
      }
  })

  test('must say which version it changes or deletes, and loses no change of another', async () => {
    const ask = await as(app, doctor, 'user/Basic.cruds')
    const { body } = await ask('POST', 'Basic', state('contention', 'Practitioner/doctor'))
    const { id } = body as { id: string }
    const next = { ...state('contention', 'Practitioner/doctor', 'next'), id }
    const patch = [{ op: 'replace', path: '/extension/0/valueString', value: 'patched' }]
    const asPatch = { 'content-type': 'application/json-patch+json' }
    for (const without of [{}, { 'if-match': '*' }] as Record<string, string>[]) {
      const refused = await ask('PUT', `Basic/${id}`, next, without)
      expect(refused.status).toBe(412)
      expect(refused.body.issue[0].diagnostics).toContain('If-Match')
      expect((await ask('DELETE', `Basic/${id}`, undefined, without)).status).toBe(412)
      expect((await ask('PATCH', `Basic/${id}`, patch, { ...without, ...asPatch })).status).toBe(412)
    }
    expect((await ask('DELETE', query('contention', 'Practitioner/doctor'))).status).toBe(412)
    expect((await ask('PUT', query('contention', 'Practitioner/doctor'), next)).status).toBe(412)
    expect((await ask('PUT', `Basic/${id}`, next, match('1'))).status).toBe(200)
    expect((await ask('PUT', `Basic/${id}`, next, match('1'))).status).toBe(412)
    expect((await ask('DELETE', `Basic/${id}`, undefined, match('1'))).status).toBe(412)
    expect((await ask('PATCH', `Basic/${id}`, patch, { ...match('2'), ...asPatch })).body).toMatchObject({
      extension: [{ valueString: 'patched' }],
    })
    const both = await Promise.all([1, 2, 3, 4].map(() => ask('PUT', `Basic/${id}`, next, match('3'))))
    expect(both.map(({ status }) => status).sort()).toEqual([200, 412, 412, 412])
  })

  test('cannot make one state into another by an update', async () => {
    const ask = await as(app, doctor, 'user/Basic.cruds')
    const { body } = await ask('POST', 'Basic', state('fixed', 'Patient/one'))
    const { id } = body as { id: string }
    for (const other of [state('changed', 'Patient/one'), state('fixed', 'Patient/two'), state('fixed')])
      expect((await ask('PUT', `Basic/${id}`, { ...other, id }, match('1'))).status).toBe(412)
    const meta = { resourceType: 'Parameters', parameter: [{ name: 'meta', valueMeta: { tag: body.meta.tag } }] }
    await ask('POST', `Basic/${id}/$meta-delete`, meta, match('1'))
    expect((await ask('GET', `Basic/${id}`)).body.meta.tag).toEqual([{ system: TAG, code: 'https://growth.example' }])
  })

  test.each([
    ['two codings', 422, { code: { coding: [{ system: OWN, code: 'a' }, { system: OWN, code: 'b' }] } }],
    ['a coding without a code', 422, { code: { coding: [{ system: OWN }] } }],
    ['an extension that is no string', 422, { extension: [{ url: OWN, valueInteger: 1 }] }],
    ['an extension in an extension', 422, { extension: [{ url: OWN, extension: [{ url: 'a', valueString: 'b' }] }] }],
    ['a subject of another server', 422, { subject: { reference: 'https://elsewhere.example/fhir/Patient/one' } }],
    ['a subject that is no person', 422, { subject: { reference: 'Organization/one' } }],
    ['a subject without a reference', 422, { subject: { display: 'One' } }],
    ['more than 256 KB', 413, { extension: [{ url: OWN, valueString: 'x'.repeat(256 * 1024) }] }],
  ])('is refused state with %s', async (_, status, wrong) => {
    const ask = await as(app, doctor, 'user/Basic.cruds')
    const refused = await ask('POST', 'Basic', { ...state('malformed'), ...wrong })
    expect(refused.status).toBe(status)
    expect(refused.body.resourceType).toBe('OperationOutcome')
    expect(ids(await ask('GET', query('malformed')))).toEqual([])
  }) // prettier-ignore

  test('keeps state in a transaction by the same rules', async () => {
    const ask = await as(app, doctor, 'user/Basic.cruds')
    const entry = (resource: object) => ({ resource, request: { method: 'POST', url: 'Basic' } })
    const bundle = (...all: object[]) => ({ resourceType: 'Bundle', type: 'transaction', entry: all.map(entry) })
    expect((await ask('POST', '', bundle(state('together'), state('together', 'Practitioner/nurse')))).status).toBe(403)
    expect(ids(await ask('GET', query('together')))).toEqual([])
    expect((await ask('POST', '', bundle(state('together'), state('together', 'Patient/one')))).status).toBe(200)
    expect(ids(await ask('GET', query('together')))).toHaveLength(1)
  })
})

describe('who sees app state', () => {
  test('apps of the same origin, and no other app', async () => {
    const ask = await as(app, doctor, 'user/*.cruds')
    const made = await ask('POST', 'Basic', state('private', 'Patient/one'))
    const { id } = made.body as { id: string }
    const friend = await as(sibling, doctor, 'user/Basic.cruds')
    expect(ids(await friend('GET', query('private', 'Patient/one')))).toEqual([id])
    for (const scope of ['user/*.cruds', 'patient/*.cruds', 'user/Basic.cruds', 'patient/Basic.cruds']) {
      const other = await as(stranger, doctor, scope)
      expect(ids(await other('GET', query('private', 'Patient/one')))).toEqual([])
      expect(ids(await other('GET', 'Basic'))).not.toContain(id)
      expect((await other('GET', `Basic/${id}`)).status).toBe(404)
      expect((await other('GET', `Basic/${id}/_history/1`)).status).toBe(404)
      expect((await other('GET', `Basic/${id}/_history`)).text).not.toContain('labs')
      expect((await other('GET', 'Patient/one/$everything')).text).not.toContain('labs')
      expect((await other('GET', 'Patient?_id=one&_revinclude=Basic:subject')).text).not.toContain('labs')
      expect((await other('GET', 'Basic/_history')).text).not.toContain('labs')
      // as if it were not there: nothing tells of it, and nothing changes it
      const stolen = { ...state('private', 'Patient/one', 'stolen'), id }
      for (const headers of [{}, match('1')])
        expect([403, 412]).toContain((await other('PUT', `Basic/${id}`, stolen, headers)).status)
      await other('DELETE', `Basic/${id}`)
      expect((await other('DELETE', `Basic/${id}`, undefined, match('1'))).status).toBe(412)
    }
    expect((await ask('GET', `Basic/${id}`)).body.meta.versionId).toBe('1')
    const key = await server.post('token', backend(await assertion(server.fhir), 'system/*.rs'))
    expect(ids(await withToken(String(key.body['access_token']))('GET', query('private', 'Patient/one')))).toEqual([])
  })

  test('nobody else sees the state of a person who treats', async () => {
    const mine = await as(app, doctor, 'user/Basic.cruds')
    const { id } = (await mine('POST', 'Basic', state('mine', 'Practitioner/doctor'))).body as { id: string }
    const theirs = await as(app, nurse, 'user/Basic.cruds')
    expect(ids(await theirs('GET', query('mine', 'Practitioner/doctor')))).toEqual([])
    expect((await theirs('GET', `Basic/${id}`)).status).toBe(404)
    expect((await theirs('POST', 'Basic', state('mine', 'Practitioner/doctor'))).status).toBe(403)
    const byPatient = await as(app, doctor, 'patient/Basic.cruds')
    expect(ids(await byPatient('GET', query('mine', 'Practitioner/doctor')))).toEqual([])
  })

  test('a patient scope opens the state of the patient in context, and not what is for all', async () => {
    const all = await as(app, doctor, 'user/Basic.cruds')
    const [one, two, global] = await Promise.all(
      ['Patient/one', 'Patient/two', undefined].map(async subject => {
        const made = await all('POST', 'Basic', state('in-context', subject))
        return (made.body as { id: string }).id
      }),
    )
    const ask = await as(app, patient, 'patient/Basic.cruds')
    expect(ids(await ask('GET', `Basic?code=${encodeURIComponent(`${OWN}|in-context`)}`))).toEqual([one])
    for (const id of [two, global]) expect((await ask('GET', `Basic/${id}`)).status).toBe(404)
    for (const subject of ['Patient/two', undefined])
      expect((await ask('POST', 'Basic', state('in-context', subject))).status).toBe(403)
    expect((await ask('POST', 'Basic', state('in-context', 'Patient/one'))).status).toBe(201)
  })

  test('a patient with a user scope reads what is for all, and cannot change it', async () => {
    const all = await as(app, doctor, 'user/Basic.cruds')
    const { id } = (await all('POST', 'Basic', state('config'))).body as { id: string }
    const ask = await as(app, patient, 'user/Basic.cruds')
    expect(ids(await ask('GET', query('config')))).toEqual([id])
    expect((await ask('PUT', `Basic/${id}`, { ...state('config'), id }, match('1'))).status).toBe(403)
    expect((await ask('POST', 'Basic', state('config'))).status).toBe(403)
    expect((await all('PUT', `Basic/${id}`, { ...state('config'), id }, match('1'))).status).toBe(200)
  })

  test('a service of the same origin administers all of it by a system scope', async () => {
    const { kty, crv, x, y } = demoKey().export({ format: 'jwk' })
    const { id: client } = await register(server.configuration, {
      redirect_uris: ['https://growth.example/service/callback'],
      grant_types: ['authorization_code', 'client_credentials'],
      token_endpoint_auth_method: 'private_key_jwt',
      jwks: { keys: [{ kty, crv, x, y, kid: 'service', use: 'sig', alg: 'ES384' }] },
      scope: 'openid system/Basic.cruds',
    })
    const signed = await assertion(server.fhir, { iss: client, sub: client }, { kid: 'service' })
    const { body } = await server.post('token', backend(signed, 'system/Basic.cruds'))
    const service = withToken(String(body['access_token']))
    const mine = await as(app, doctor, 'user/Basic.cruds')
    const { id } = (await mine('POST', 'Basic', state('served', 'Practitioner/doctor'))).body as { id: string }
    expect(ids(await service('GET', query('served', 'Practitioner/doctor')))).toEqual([id])
    expect((await service('POST', 'Basic', state('served'))).status).toBe(201)
    expect((await service('DELETE', `Basic/${id}`, undefined, match('1'))).status).toBe(204)
  })

  test('a scope with a state code opens that state only', async () => {
    const all = await as(app, doctor, 'user/Basic.cruds')
    const [key] = await Promise.all(
      ['key', 'view'].map(
        async code => (await all('POST', 'Basic', state(code, 'Patient/one'))).body as { id: string },
      ),
    )
    const companion = await as(app, doctor, `patient/Basic.s?code=${OWN}|key`)
    expect(ids(await companion('GET', query('key', 'Patient/one')))).toEqual([key!.id])
    expect(ids(await companion('GET', query('view', 'Patient/one')))).toEqual([])
    expect((await companion('POST', 'Basic', state('key', 'Patient/one'))).status).toBe(403)
  })
})

describe('a Basic that is no app state', () => {
  test('is open to every app with a scope for it, and needs no If-Match', async () => {
    const ask = await as(app, doctor, 'user/Basic.cruds')
    const referral = {
      resourceType: 'Basic',
      code: { coding: [{ system: 'http://terminology.hl7.org/CodeSystem/basic-resource-type', code: 'referral' }] },
      subject: { reference: 'Patient/one' },
      extension: [{ url: 'https://x.example/count', valueInteger: 1 }],
    }
    const made = await ask('POST', 'Basic', referral)
    expect(made.status).toBe(201)
    expect(made.body.meta.tag).toBeUndefined()
    const { id } = made.body as { id: string }
    const other = await as(stranger, doctor, 'user/Basic.cruds')
    expect((await other('GET', `Basic/${id}`)).status).toBe(200)
    expect((await other('PUT', `Basic/${id}`, { ...referral, id })).status).toBe(200)
    expect((await other('DELETE', `Basic/${id}`)).status).toBe(204)
    expect((await other('DELETE', `Basic/${id}`)).status).toBe(204)
  })

  test('stays one, whatever an app writes into its tags', async () => {
    const ask = await as(stranger, doctor, 'user/Basic.cruds')
    const made = await ask('POST', 'Basic', {
      ...state('forged', 'Patient/one'),
      meta: {
        tag: [
          { system: TAG, code: 'https://growth.example' },
          { system: 'urn:x', code: 'kept' },
        ],
      },
    })
    expect(made.status).toBe(201)
    expect(made.body.meta.tag).toEqual([{ system: 'urn:x', code: 'kept' }])
    const there = await as(app, doctor, 'user/Basic.cruds')
    const before = ids(await there('GET', query('forged', 'Patient/one')))
    expect(before).toEqual([made.body.id])
    const { meta: _, ...mine } = made.body as { meta: object; id: string }
    expect((await there('PUT', `Basic/${mine.id}`, mine)).body.meta.tag).toBeUndefined()
  })
})
