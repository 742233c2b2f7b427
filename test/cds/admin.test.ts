/**
 * What an operator sees: services added, changed, switched, taken away, counted; live in discovery at once.
 */
import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { ofAge } from '../../examples/extensions/cds-service.ts'
import { serve, type Served } from '../http/serving.ts'
import { call, elsewhere, manage, someCards, view, why, type Elsewhere } from './help.ts'

let server: Served
let there: Elsewhere

beforeAll(async () => {
  there = await elsewhere()
  server = await serve({ DHP_PRIVATE_HOSTS: there.host }, { services: [ofAge] })
})
afterAll(async () => {
  await server.close()
  there.close()
})
beforeEach(() => {
  there.asked.length = 0
  there.answers = { status: 200, body: JSON.stringify(someCards) }
})

const child = { resourceType: 'Patient', id: 'child', birthDate: '2020-01-01' }
const remote = (more: object = {}) => ({
  id: `remote-${randomUUID().slice(0, 8)}`,
  url: `${there.origin}/cds-services/pgx`,
  hooks: [
    {
      hook: 'patient-view',
      title: 'PGx',
      description: 'Pharmacogenomics',
      prefetch: { patient: 'Patient/{{context.patientId}}' },
    },
  ],
  ...more,
})
const listed = async () =>
  ((await server.ask('GET', '/cds-services')).body.services as { id: string }[]).map(({ id }) => id)
const added = async (more: object = {}) => {
  const one = remote(more)
  const answer = await manage(server, 'POST', 'cds-services', one)
  expect(answer.status, answer.text).toBe(201)
  return one.id
}

describe('the services', () => {
  test('are listed with their kind, hooks, evidence and whether they are on, for those who have the admin token', async () => {
    expect((await server.ask('GET', '/admin/cds-services')).status).toBe(401)
    const { body } = await manage(server, 'GET', 'cds-services')
    expect(body.services).toContainEqual(
      expect.objectContaining({ id: 'of-age', kind: 'built-in', enabled: true, version: 0 }),
    )
  })

  test('one that is disabled is neither in discovery nor called, at once, until it is enabled', async () => {
    expect((await manage(server, 'POST', 'cds-services/of-age/disable')).body.enabled).toBe(false)
    expect(await listed()).not.toContain('of-age')
    expect((await call(server, 'of-age', view('child', { prefetch: { patient: child } }))).status).toBe(404)
    await manage(server, 'POST', 'cds-services/of-age/enable')
    expect(await listed()).toContain('of-age')
    expect((await call(server, 'of-age', view('child', { prefetch: { patient: child } }))).status).toBe(200)
  })

  test('one in the box can be switched, and neither changed nor deleted', async () => {
    expect((await manage(server, 'DELETE', 'cds-services/of-age')).status).toBe(409)
    expect((await manage(server, 'PUT', 'cds-services/of-age', remote())).status).toBe(409)
  })

  test('one elsewhere is added, in discovery at once, changed and deleted', async () => {
    const id = await added()
    expect(await listed()).toContain(id)
    expect((await manage(server, 'POST', 'cds-services', remote({ id }))).status).toBe(409)
    const { id: _, ...change } = remote({ timeout: 300 })
    expect((await manage(server, 'PUT', `cds-services/${id}`, change)).body).toMatchObject({ timeout: 300, version: 2 })
    expect((await manage(server, 'GET', `cds-services/${id}`)).body).toMatchObject({
      kind: 'remote',
      health: { state: 'closed' },
    })
    expect((await manage(server, 'DELETE', `cds-services/${id}`)).status).toBe(204)
    expect(await listed()).not.toContain(id)
    expect((await manage(server, 'GET', `cds-services/${id}`)).status).toBe(404)
  })

  test('keep their versions, and an earlier one is brought back', async () => {
    const id = await added({ timeout: 111 })
    const { id: _, ...change } = remote({ timeout: 222 })
    await manage(server, 'PUT', `cds-services/${id}`, change)
    const { body } = await manage(server, 'GET', `cds-services/${id}/versions`)
    expect(
      body.versions.map(({ version, remote }: { version: number; remote: { timeout: number } }) => [
        version,
        remote.timeout,
      ]),
    ).toEqual([
      [2, 222],
      [1, 111],
    ])
    await manage(server, 'POST', `cds-services/${id}/versions/1/restore`)
    expect((await manage(server, 'GET', `cds-services/${id}`)).body.timeout).toBe(111)
    expect((await manage(server, 'POST', `cds-services/${id}/versions/77/restore`)).status).toBe(404)
  })

  test('are added from the discovery of another server, each with its hooks', async () => {
    there.answers = {
      status: 200,
      body: JSON.stringify({
        services: [
          { hook: 'patient-view', id: 'greet', description: 'Greets' },
          { hook: 'order-sign', id: 'greet', description: 'Greets at signing' },
          { hook: 'some-other-hook', id: 'what', description: 'We do not know it' },
        ],
      }),
    }
    const answer = await manage(server, 'POST', 'cds-services', {
      discovery: `${there.origin}/cds-services`,
      prefix: 'x-',
    })
    expect(answer.status, answer.text).toBe(201)
    expect(answer.body.services).toHaveLength(1)
    expect((await listed()).filter(id => id === 'x-greet')).toHaveLength(2)
    there.answers = {
      status: 200,
      body: JSON.stringify({ services: [{ hook: 'patient-view', id: 'x-greet', description: 'd' }] }),
    }
    expect((await manage(server, 'POST', 'cds-services', { discovery: `${there.origin}/cds-services` })).status).toBe(
      409,
    )
    there.answers = { status: 200, body: '<html>' }
    expect((await manage(server, 'POST', 'cds-services', { discovery: `${there.origin}/cds-services` })).status).toBe(
      502,
    )
  })

  test.each([
    ['no hooks', { hooks: [] }, 'hooks'],
    ['an unknown hook', { hooks: [{ hook: 'order-sing', title: 't', description: 'd' }] }, 'order-sing'],
    [
      'one hook twice',
      {
        hooks: [
          { hook: 'order-sign', title: 't', description: 'd' },
          { hook: 'order-sign', title: 't', description: 'd' },
        ],
      },
      'twice',
    ],
    [
      'a template with a chain',
      { hooks: [{ hook: 'order-sign', title: 't', description: 'd', prefetch: { x: 'Observation?subject.name=x' } }] },
      'subject.name',
    ],
    [
      'a template with a token that is none',
      { hooks: [{ hook: 'order-sign', title: 't', description: 'd', prefetch: { x: 'Patient/{{context.a.b}}' } }] },
      'context.a.b',
    ],
    [
      'a template with a typing error',
      {
        hooks: [
          {
            hook: 'order-sign',
            title: 't',
            description: 'd',
            prefetch: { x: 'Observation?pateint={{context.patientId}}' },
          },
        ],
      },
      'pateint',
    ],
    ['a URL that is none', { url: 'file:///etc/passwd' }, 'url'],
    ['a timeout of a minute', { timeout: 60_000 }, 'timeout'],
    ['something unknown', { what: 1 }, 'what'],
    ['an id with a slash', { id: 'a/b' }, 'id'],
  ])('%s is refused with the reason', async (_, more, text) => {
    const answer = await manage(server, 'POST', 'cds-services', remote(more))
    expect([400, 422]).toContain(answer.status)
    expect(answer.text).toContain(text)
  })

  test('are exported as a Bundle of PlanDefinitions and imported again, in one piece', async () => {
    const id = await added({ timeout: 333, forwardAuthorization: true })
    await manage(server, 'POST', 'cds-services/of-age/disable')
    const { body: bundle } = await manage(server, 'GET', 'cds-services/$export')
    expect(bundle).toMatchObject({ resourceType: 'Bundle', type: 'collection' })
    const elsewhere = bundle.entry.map((entry: { resource: object }) => entry.resource).find((each: { meta?: { profile?: string[] } }) => each.meta?.profile?.[0]?.endsWith('/dhp-remote-cds-service')) // prettier-ignore
    const outcome = (await server.ask('POST', '/fhir/PlanDefinition/$validate', { body: elsewhere })).body
    expect(outcome.issue.filter(({ severity }: { severity: string }) => severity === 'error')).toEqual([])
    await manage(server, 'DELETE', `cds-services/${id}`)
    await manage(server, 'POST', 'cds-services/of-age/enable')
    const answer = await manage(server, 'POST', 'cds-services/$import', bundle)
    expect(answer.status, answer.text).toBe(200)
    expect((await manage(server, 'GET', `cds-services/${id}`)).body).toMatchObject({
      timeout: 333,
      forwardAuthorization: true,
    })
    expect(await listed()).not.toContain('of-age')
    await manage(server, 'POST', 'cds-services/of-age/enable')
    expect(
      (
        await manage(server, 'POST', 'cds-services/$import', {
          resourceType: 'Bundle',
          entry: [{ resource: { resourceType: 'Patient' } }],
        })
      ).status,
    ).toBe(400)
  })

  test.each<[string, object]>([
    ['a null for an action', { action: [null] }],
    [
      'a null for an input',
      { action: [{ title: 't', description: 'd', trigger: [{ name: 'patient-view' }], input: [null] }] },
    ],
    [
      'settings that are no list',
      { extension: [{ url: 'https://fhir.dhp.tw.example/StructureDefinition/cds-service-setting', extension: {} }] },
    ],
    ['nulls for extensions', { extension: [null] }],
    ['no actions', {}],
  ])('are not imported with %s, and the answer says why', async (_, more) => {
    const endpoint = {
      url: 'http://hl7.org/fhir/StructureDefinition/cqf-cdsHooksEndpoint',
      valueUri: 'https://cds.example/x',
    }
    const setting = {
      url: 'https://fhir.dhp.tw.example/StructureDefinition/cds-service-setting',
      extension: [{ url: 'id', valueString: 'imported' }],
    }
    const { extension = [setting], ...rest } = more as { extension?: unknown[] }
    const resource = { resourceType: 'PlanDefinition', status: 'active', ...rest, extension: [endpoint, ...extension] }
    const answer = await manage(server, 'POST', 'cds-services/$import', {
      resourceType: 'Bundle',
      entry: [{ resource }],
    })
    expect([400, 422], answer.text).toContain(answer.status)
    expect(await listed()).not.toContain('imported')
  })

  test('are each tenant’s own', async () => {
    await manage(server, 'POST', 'tenants', { name: 'hospital-b' })
    await manage(server, 'POST', 'tenants/hospital-b/cds-services/of-age/disable')
    const { body } = await server.ask('GET', '/t/hospital-b/cds-services')
    expect(JSON.stringify(body)).not.toContain('of-age')
    expect(await listed()).toContain('of-age')
  })

  test('are as they were after a restart', async () => {
    const first = await serve({ DHP_PRIVATE_HOSTS: there.host })
    const one = remote()
    await manage(first, 'POST', 'cds-services', one)
    const tenant = await first.app.tenants.room('default')
    expect(await tenant.engine.records('cds-services').get(one.id)).toMatchObject({ enabled: true })
    await first.app.tenants.reset('default')
    expect(JSON.stringify((await first.ask('GET', '/cds-services')).body)).not.toContain(one.id)
    await first.close()
  })
})

describe('statistics', () => {
  test('count calls, cards, refusals, and what users said, with their reasons', async () => {
    await manage(server, 'POST', 'cds-services/of-age/enable')
    const before = (await manage(server, 'GET', 'cds-services/of-age/statistics')).body
    await call(server, 'of-age', view('child', { prefetch: { patient: child } }))
    await call(server, 'of-age', view('child', { prefetch: { patient: null } }))
    await call(server, 'of-age', view('child'))
    const told = (more: object) =>
      call(server, 'of-age/feedback', {
        feedback: [{ card: randomUUID(), outcomeTimestamp: '2026-11-29T00:00:00Z', ...more }],
      })
    await told({ outcome: 'accepted', acceptedSuggestions: [{ id: 's' }] })
    await told({ outcome: 'overridden', overrideReason: { reason: { code: 'seen', display: 'Seen before' } } })
    await told({ outcome: 'overridden', overrideReason: { reason: { code: 'seen', display: 'Seen before' } } })
    await told({ outcome: 'overridden' })
    const { body } = await manage(server, 'GET', 'cds-services/of-age/statistics')
    expect(body.calls - before.calls).toBe(3)
    expect(body.answered - before.answered).toBe(2)
    expect(body.refused - before.refused).toBe(1)
    expect(body.silent - before.silent).toBe(1)
    expect(body.cards.info - before.cards.info).toBe(1)
    expect(body.milliseconds.p50).toBeGreaterThan(0)
    expect(body.feedback).toMatchObject({
      accepted: 1,
      overridden: 3,
      overrideReasons: [
        { code: 'seen', display: 'Seen before', count: 2 },
        { code: 'none given', count: 1 },
      ],
    })
    const all = (await manage(server, 'GET', 'cds-services/$statistics')).body
    expect(all.services).toContainEqual(expect.objectContaining({ id: 'of-age', calls: body.calls }))
    expect((await manage(server, 'GET', 'cds-services/of-age/feedback')).body.feedback).toHaveLength(4)
  })
})

describe('a service elsewhere', () => {
  test('is called with the context and the data it asked for, and its cards come back', async () => {
    const id = await added()
    const request = view('child', {
      prefetch: { patient: child, other: child },
      fhirServer: server.fhir,
      fhirAuthorization: {
        access_token: 'secret',
        token_type: 'Bearer',
        expires_in: 9,
        scope: 'user/*.rs',
        subject: 'us',
      },
    })
    expect((await call(server, id, request)).body).toEqual(someCards)
    const { body } = there.asked.at(-1)!
    expect(body.prefetch).toEqual({ patient: child })
    expect(body.context).toEqual(request.context)
    expect(JSON.stringify(body)).not.toContain('secret')
  })

  test('is handed the token only when the operator said so', async () => {
    const id = await added({ forwardAuthorization: true })
    const fhirAuthorization = {
      access_token: 'secret',
      token_type: 'Bearer',
      expires_in: 9,
      scope: 'user/*.rs',
      subject: 'us',
    }
    await call(server, id, view('child', { prefetch: { patient: child }, fhirServer: server.fhir, fhirAuthorization }))
    expect(there.asked.at(-1)!.body).toMatchObject({ fhirServer: server.fhir, fhirAuthorization })
  })

  test('is given the data that the client did not prefetch, read by us', async () => {
    await server.ask('PUT', '/fhir/Patient/child', { body: child })
    const id = await added()
    await call(server, id, view('child', { fhirServer: server.fhir }))
    expect(there.asked.at(-1)!.body.prefetch.patient).toMatchObject(child)
  })

  test('hears the feedback about its cards', async () => {
    const id = await added()
    const feedback = [
      { card: 'c', outcome: 'accepted', acceptedSuggestions: [{ id: 's' }], outcomeTimestamp: '2026-11-29T00:00:00Z' },
    ]
    await call(server, `${id}/feedback`, { feedback })
    await expect.poll(() => there.asked.find(({ url }) => url.endsWith('/feedback'))?.body).toEqual({ feedback })
  })

  test.each([
    ['answers with a page', { status: 200, body: '<html>busy</html>' }, 502, 'not JSON'],
    [
      'answers with five megabytes',
      { status: 200, body: JSON.stringify({ cards: [], x: 'x'.repeat(5e6) }) },
      502,
      'more than',
    ],
    [
      'answers with cards that are none',
      {
        status: 200,
        body: JSON.stringify({ cards: [{ summary: 'x', indicator: 'hard-stop', source: { label: 'x' } }] }),
      },
      502,
      'cards[0].indicator',
    ],
    [
      'answers with a summary of 200 characters',
      {
        status: 200,
        body: JSON.stringify({ cards: [{ summary: 'x'.repeat(200), indicator: 'info', source: { label: 'x' } }] }),
      },
      502,
      'cards[0].summary',
    ],
    [
      'answers with a script for a link',
      {
        status: 200,
        body: JSON.stringify({
          cards: [
            {
              summary: 'x',
              indicator: 'info',
              source: { label: 'x' },
              links: [{ label: 'x', url: 'javascript:alert(1)', type: 'absolute' }],
            },
          ],
        }),
      },
      502,
      'links[0].url',
    ],
    ['answers without cards', { status: 200, body: '{}' }, 502, 'cards'],
    ['fails', { status: 500, body: '{}' }, 502, 'status 500'],
    ['redirects', { status: 302, body: '' }, 502, 'status 302'],
    ['wants more data', { status: 412, body: '{}' }, 412, 'needs data'],
    ['hangs', 'hang' as const, 504, 'did not answer'],
  ])('that %s is told of, and the server goes on', async (_, answers, status, text) => {
    const id = await added({ timeout: 200 })
    there.answers = answers
    const answer = await call(server, id, view('child', { prefetch: { patient: child } }))
    expect(answer.status).toBe(status)
    expect(why(answer)).toContain(text)
    expect((await call(server, 'of-age', view('child', { prefetch: { patient: child } }))).status).toBe(200)
  })

  test('that fails five times in a row is left alone for a while, and says so', async () => {
    const id = await added()
    there.answers = { status: 500, body: '' }
    for (let i = 0; i < 5; i++) await call(server, id, view('child', { prefetch: { patient: child } }))
    const before = there.asked.length
    const answer = await call(server, id, view('child', { prefetch: { patient: child } }))
    expect(answer.status).toBe(503)
    expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0)
    expect(there.asked.length).toBe(before)
    expect((await manage(server, 'GET', `cds-services/${id}`)).body.health).toMatchObject({
      state: 'open',
      failuresInARow: 5,
    })
    // another version begins anew
    there.answers = { status: 200, body: JSON.stringify(someCards) }
    const { id: _, ...same } = remote()
    await manage(server, 'PUT', `cds-services/${id}`, same)
    expect((await call(server, id, view('child', { prefetch: { patient: child } }))).status).toBe(200)
  })

  test('in a private network that nobody named is not called', async () => {
    const id = await added({ url: 'http://10.1.2.3/cds-services/x' })
    const answer = await call(server, id, view('child', { prefetch: { patient: child } }))
    expect(answer.status).toBe(502)
    expect(why(answer)).toContain('not on the public internet')
  })
})

describe('the server as a CDS client', () => {
  const order = (more: object = {}) => ({
    hook: 'patient-view',
    service: 'of-age',
    patientId: 'child',
    userId: 'Practitioner/doc',
    ...more,
  })
  beforeAll(async () => {
    await server.ask('PUT', '/fhir/Patient/child', { body: child })
    await server.ask('PUT', '/fhir/Practitioner/doc', { body: { resourceType: 'Practitioner', id: 'doc' } })
  })
  const fire = (body: object) => manage(server, 'POST', 'cds-client/fire', body)

  test('fires a hook at a service of ours: prefetch read as the user, cards told, each step with its time', async () => {
    const { status, body } = await fire(order())
    expect(status).toBe(200)
    expect(body).toMatchObject({
      status: 200,
      problems: [],
      prefetch: { patient: { outcome: 'sent', url: 'Patient/child' } },
    })
    expect(body.response.cards).toHaveLength(1)
    expect(body.request.prefetch.patient).toMatchObject(child)
    expect(body.jwt.claims).toMatchObject({ iss: server.origin, aud: `${server.origin}/cds-services/of-age` })
    expect(JSON.stringify(body)).not.toMatch(/eyJ[\w-]+\.eyJ/)
  })

  test('leaves a key out, sends null, fails it, or sends what it is given', async () => {
    const omitted = (await fire(order({ prefetch: { patient: 'omit' } }))).body
    expect(omitted.request.prefetch).toBeUndefined()
    expect(omitted.response.cards, 'read by the service with the token it was given').toHaveLength(1)
    const without = (await fire(order({ prefetch: { patient: 'omit' }, fhirServer: false }))).body
    expect(without.status).toBe(412)
    expect((await fire(order({ prefetch: { patient: 'fail' } }))).body.status).toBe(412)
    expect((await fire(order({ prefetch: { patient: 'nothing' } }))).body.response.cards).toEqual([])
    const given = (await fire(order({ prefetch: { patient: { ...child, birthDate: '1950-01-01' } } }))).body
    expect(given.response.cards).toEqual([])
  })

  test('fires at a service elsewhere with a JWT that its published keys verify', async () => {
    const { body } = await fire(
      order({
        service: { url: `${there.origin}/cds-services/pgx`, prefetch: { patient: 'Patient/{{context.patientId}}' } },
      }),
    )
    expect(body.response).toEqual(someCards)
    const { headers } = there.asked.at(-1)!
    const { createLocalJWKSet, jwtVerify } = await import('jose')
    const keys = (await server.ask('GET', '/cds-client/jwks.json')).body
    const { payload, protectedHeader } = await jwtVerify(headers.authorization!.slice(7), createLocalJWKSet(keys), {
      issuer: server.origin,
      audience: `${there.origin}/cds-services/pgx`,
    })
    expect(protectedHeader).toMatchObject({ alg: 'ES384', typ: 'JWT' })
    expect(payload.exp! - payload.iat!).toBeLessThanOrEqual(300)
    expect(payload.jti).toBeDefined()
    expect(keys.keys.every((key: object) => !('d' in key))).toBe(true)
  })

  test('tells what is wrong with a response, and of a service that cannot be reached', async () => {
    there.answers = { status: 200, body: '{"cards":[{}]}' }
    const { body } = await fire(order({ service: { url: `${there.origin}/x` } }))
    expect(body.problems[0]).toContain('cards[0]')
    const private_ = (await fire(order({ service: { url: 'http://10.1.1.1/x' } }))).body
    expect(private_.problems[0]).toContain('not on the public internet')
  })

  test.each([
    [{ hook: 'nothing' }, 'hook'],
    [{ service: 'nothing' }, 'no CDS service'],
    [{ patientId: 'a/b' }, 'patientId'],
    [{ userId: 'doc' }, 'userId'],
    [{ prefetch: { patient: 'maybe' } }, 'prefetch'],
    [{ hook: 'order-sign' }, 'order-sign'],
    [{ service: { url: 'http://[' } }, 'service.url'],
    [{ service: { url: 'https://cds.example/x', prefetch: { a: 'Patient/{{context.a.b}}' } } }, 'service.prefetch.a'],
  ])('refuses an order with %j', async (more, text) => {
    const answer = await fire(order(more))
    expect([400, 404]).toContain(answer.status)
    expect(answer.text).toContain(text)
  })
})

describe('the audit log', () => {
  test('tells what an operator changed, and, where all is recorded, who called which service about whom', async () => {
    const all = await serve({ DHP_AUDIT: 'all' }, { services: [ofAge] })
    await manage(all, 'POST', 'cds-services/of-age/disable')
    await manage(all, 'POST', 'cds-services/of-age/enable')
    await call(all, 'of-age', view('child', { prefetch: { patient: child }, fhirServer: all.fhir }))
    await call(all, 'of-age', view('child', { prefetch: { patient: child }, fhirServer: 'https://ehr.example/fhir' }))
    const { body } = await all.ask('GET', '/fhir/AuditEvent?_count=100')
    const events = body.entry.map(({ resource }: { resource: object }) => resource)
    expect(events).toContainEqual(
      expect.objectContaining({
        outcomeDesc: 'cds-services/of-age disabled',
        subtype: [expect.objectContaining({ code: 'configured' })],
      }),
    )
    const calls = events.filter(({ subtype }: { subtype: { code: string }[] }) => subtype[0]!.code === 'cds-call')
    expect(calls).toHaveLength(2)
    const about = calls.map((event: object) => JSON.stringify(event).includes('Patient/child'))
    expect(about.sort(), 'a patient of another server is nobody here').toEqual([false, true])
    for (const event of events) {
      const { body: outcome } = await all.ask('POST', '/fhir/AuditEvent/$validate', { body: event })
      expect(outcome.issue.filter(({ severity }: { severity: string }) => severity === 'error')).toEqual([])
    }
    await all.close()
  })
})
