/**
 * What a CDS client sees: discovery, calls with and without prefetch, refusals, feedback.
 * https://cds-hooks.hl7.org/2.0/
 */
import { randomUUID } from 'node:crypto'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ofAge } from '../../examples/extensions/cds-service.ts'
import { wrong } from '../../src/cds/check-json.ts'
import { discoverySchema, responseSchema } from '../../src/cds/schemas.ts'
import type { Call, CdsService } from '../../src/cds/words.ts'
import { serve, type Served } from '../http/serving.ts'

/** Tells what it was given. */
const seen: Call[] = []
const watching: CdsService = {
  id: 'watching',
  hook: 'order-sign',
  title: 'Watching',
  description: 'Keeps what it was given.',
  prefetch: {
    patient: 'Patient/{{context.patientId}}',
    conditions: 'Condition?patient={{context.patientId}}&_sort=-_lastUpdated',
    encounter: 'Encounter/{{context.encounterId}}',
    doctor: 'Practitioner/{{userPractitionerId}}',
  },
  optional: ['encounter', 'doctor'],
  answer: call => (seen.push(call), { cards: [] }),
}
const slow: CdsService = {
  ...ofAge,
  id: 'slow',
  prefetch: {},
  budget: 50,
  answer: () => new Promise(resolve => setTimeout(() => resolve({ cards: [] }), 2000)),
}
const broken: CdsService = {
  ...ofAge,
  id: 'broken',
  prefetch: {},
  answer: () => {
    throw new Error('a bug that names 王小明')
  },
}
/** As ofAge, for another hook: two entries of one id. */
const ofAgeAtStart: CdsService = { ...ofAge, hook: 'encounter-start' }

let server: Served
/** A FHIR server elsewhere, as a CDS client has one. */
let elsewhere: Server
let elsewhereUrl: string
const asked: { url: string; authorization: string | undefined }[] = []

beforeAll(async () => {
  elsewhere = createServer((request, response) => {
    asked.push({ url: request.url!, authorization: request.headers.authorization })
    const url = request.url!
    const send = (status: number, body: unknown) =>
      response.writeHead(status, { 'Content-Type': 'application/fhir+json' }).end(JSON.stringify(body))
    if (url === '/fhir/Patient/there')
      return send(200, { resourceType: 'Patient', id: 'there', birthDate: '2020-01-01' })
    if (url === '/fhir/Patient/secret') return send(403, { resourceType: 'OperationOutcome' })
    if (url === '/fhir/Patient/page') return void response.writeHead(200).end('<html>')
    if (url === '/fhir/Patient/large')
      return void response.writeHead(200).end(`{"resourceType":"Patient","x":"${'x'.repeat(6e6)}"}`)
    if (url === '/fhir/Patient/slow') return
    if (url.startsWith('/fhir/Condition?patient=there')) {
      const page = Number(/page=(\d)/.exec(url)?.[1] ?? 1)
      const link =
        page < 3 ? [{ relation: 'next', url: `${elsewhereUrl}/Condition?patient=there&page=${page + 1}` }] : []
      return send(200, {
        resourceType: 'Bundle',
        type: 'searchset',
        link,
        entry: [{ resource: { resourceType: 'Condition', id: `c${page}` } }],
      })
    }
    send(404, { resourceType: 'OperationOutcome' })
  })
  await new Promise<void>(resolve => elsewhere.listen(0, '127.0.0.1', resolve))
  const { port } = elsewhere.address() as AddressInfo
  elsewhereUrl = `http://127.0.0.1:${port}/fhir`
  server = await serve(
    { DHP_PRIVATE_HOSTS: `127.0.0.1:${port}` },
    { services: [ofAge, ofAgeAtStart, watching, slow, broken] },
  )
  await server.ask('PUT', '/fhir/Patient/child', {
    body: { resourceType: 'Patient', id: 'child', birthDate: '2020-01-01' },
  })
  await server.ask('PUT', '/fhir/Patient/adult', {
    body: { resourceType: 'Patient', id: 'adult', birthDate: '1950-01-01' },
  })
})
afterAll(async () => {
  await server.close()
  elsewhere.closeAllConnections()
  elsewhere.close()
})

const json = { 'content-type': 'application/json' }
const view = (patientId: string, more: object = {}) => ({
  hook: 'patient-view',
  hookInstance: randomUUID(),
  context: { userId: 'Practitioner/doc', patientId },
  ...more,
})
const call = (id: string, body: string | object, headers: Record<string, string> = {}) =>
  server.ask('POST', `/cds-services/${id}`, { body, headers: { ...json, ...headers } })
const child = { resourceType: 'Patient', id: 'child', birthDate: '2020-01-01' }
const sign = (patientId: string, more: object = {}, context: object = {}) => ({
  hook: 'order-sign',
  hookInstance: randomUUID(),
  context: { userId: 'Practitioner/doc', patientId, draftOrders: { resourceType: 'Bundle', entry: [] }, ...context },
  ...more,
})
const why = (answer: { body: { issue: { diagnostics: string }[] } }) => answer.body.issue[0]!.diagnostics

describe('discovery', () => {
  test('lists every service with hook, id, title, description and prefetch, as the specification has it', async () => {
    const { status, headers, body } = await server.ask('GET', '/cds-services')
    expect(status).toBe(200)
    expect(headers.get('content-type')).toContain('application/json')
    expect(wrong(discoverySchema, body)).toBeUndefined()
    expect(body.services).toContainEqual({
      hook: 'patient-view',
      id: 'of-age',
      title: ofAge.title,
      description: ofAge.description,
      prefetch: { patient: 'Patient/{{context.patientId}}' },
    })
  })

  test('may list one id for several hooks, and each is called by its hook', async () => {
    const { body } = await server.ask('GET', '/cds-services')
    const hooks = body.services
      .filter(({ id }: { id: string }) => id === 'of-age')
      .map(({ hook }: { hook: string }) => hook)
    expect(hooks).toEqual(['patient-view', 'encounter-start'])
    const start = view('child', { hook: 'encounter-start', prefetch: { patient: child } })
    expect((await call('of-age', start)).status).toBe(400)
    const answer = await call('of-age', { ...start, context: { ...start.context, encounterId: 'e1' } })
    expect(answer.status).toBe(200)
  })

  test('is there for each tenant, and an unknown tenant answers 404', async () => {
    expect((await server.ask('GET', '/t/nobody/cds-services')).status).toBe(404)
  })

  test('may be read by a page of any origin, and a call may be sent from there', async () => {
    const { headers } = await server.ask('GET', '/cds-services', { headers: { origin: 'https://ehr.example' } })
    expect(headers.get('access-control-allow-origin')).toBe('*')
    const preflight = await server.ask('OPTIONS', '/cds-services/of-age', {
      headers: { origin: 'https://ehr.example' },
    })
    expect(preflight.status).toBe(204)
    expect(preflight.headers.get('access-control-allow-methods')).toContain('POST')
    expect(preflight.headers.get('access-control-allow-headers')).toContain('Authorization')
  })

  test('is described in OpenAPI with a path for every service and its feedback', async () => {
    const { body } = await server.ask('GET', '/cds-services/openapi.json')
    expect(body.openapi).toBe('3.1.0')
    for (const id of ['of-age', 'watching']) {
      expect(body.paths[`/${id}`].post.operationId).toBe(id)
      expect(body.paths[`/${id}/feedback`].post).toBeDefined()
    }
    expect(JSON.stringify(body.paths['/of-age'].post.requestBody)).toContain('encounter-start')
  })
})

describe('a call with prefetch', () => {
  test('answers 200 with cards that the schema of CDS Hooks accepts', async () => {
    const { status, body } = await call('of-age', view('child', { prefetch: { patient: child } }))
    expect(status).toBe(200)
    expect(wrong(responseSchema, body)).toBeUndefined()
    expect(body.cards).toHaveLength(1)
    expect(body.cards[0]).toMatchObject({ indicator: 'info', source: { label: expect.stringContaining('Civil Code') } })
    expect(body.cards[0].summary.length).toBeLessThan(140)
    expect(body.cards[0].detail).toContain('not a medical device')
  })

  test('answers with no cards when there is nothing to say', async () => {
    const adult = { ...child, id: 'adult', birthDate: '1950-01-01' }
    expect((await call('of-age', view('adult', { prefetch: { patient: adult } }))).body).toEqual({ cards: [] })
  })

  test('answers in Chinese when Chinese is asked for', async () => {
    const { body } = await call('of-age', view('child', { prefetch: { patient: child } }), {
      'accept-language': 'zh-TW',
    })
    expect(body.cards[0].summary).toBe('病人未滿十八歲，須由法定代理人同意。')
  })

  test('takes null for data that is not there, and gives a service only its own keys', async () => {
    const body = sign('p1', { prefetch: { patient: null, conditions: null, other: child } })
    expect((await call('watching', body)).status).toBe(200)
    expect(seen.at(-1)!.prefetch).toEqual({ patient: null, conditions: null })
  })

  test('refuses a resource of another type or another patient than the context names', async () => {
    const other = await call('of-age', view('adult', { prefetch: { patient: child } }))
    expect(other.status).toBe(400)
    expect(why(other)).toContain('Patient/child, but the context asks for Patient/adult')
    const type = await call('of-age', view('child', { prefetch: { patient: { resourceType: 'Group' } } }))
    expect(type.status).toBe(400)
    expect(why(type)).toContain('must be a Patient')
  })
})

describe('a call whose prefetch is missing or partial', () => {
  test('reads from this server when it is the fhirServer, slash or not', async () => {
    for (const fhirServer of [server.fhir, `${server.fhir}/`])
      expect((await call('of-age', view('child', { fhirServer }))).body.cards).toHaveLength(1)
  })

  test('reads what is missing from the fhirServer of the client with its token, all pages of a search', async () => {
    asked.length = 0
    const answer = await call(
      'watching',
      sign('there', {
        fhirServer: elsewhereUrl,
        fhirAuthorization: {
          access_token: 'tok',
          token_type: 'Bearer',
          expires_in: 300,
          scope: 'user/*.rs',
          subject: 'us',
        },
        prefetch: { patient: { resourceType: 'Patient', id: 'there' } },
      }),
    )
    expect(answer.status).toBe(200)
    const { conditions } = seen.at(-1)!.prefetch as unknown as { conditions: { entry: { resource: { id: string } }[] } }
    expect(conditions.entry.map(({ resource }) => resource.id)).toEqual(['c1', 'c2', 'c3'])
    expect(asked.every(({ authorization }) => authorization === 'Bearer tok')).toBe(true)
    expect(asked.some(({ url }) => url === '/fhir/Patient/there')).toBe(false)
  })

  test('reads the rest of a search of which only the first page was sent, or says that it cannot', async () => {
    const link = [{ relation: 'next', url: `${elsewhereUrl}/Condition?patient=there&page=2` }]
    const first = { resourceType: 'Bundle', type: 'searchset', link, entry: [{ resource: { resourceType: 'Condition', id: 'c1' } }] } // prettier-ignore
    const prefetch = { patient: null, conditions: first }
    const answer = await call('watching', sign('there', { fhirServer: elsewhereUrl, prefetch }))
    expect(answer.status).toBe(200)
    const { conditions } = seen.at(-1)!.prefetch as unknown as { conditions: { entry: { resource: { id: string } }[] } }
    expect(conditions.entry.map(({ resource }) => resource.id)).toEqual(['c1', 'c2', 'c3'])
    const without = await call('watching', sign('there', { prefetch }))
    expect(without.status).toBe(412)
    expect(why(without)).toContain('only its first page was sent')
    const away = { ...first, link: [{ relation: 'next', url: 'https://evil.example/fhir?page=2' }] }
    const led = await call('watching', sign('there', { fhirServer: elsewhereUrl, prefetch: { patient: null, conditions: away } })) // prettier-ignore
    expect(led.status).toBe(412)
    expect(why(led)).toContain('on another server')
  })

  test('takes a 404 of the FHIR server for data that is not there', async () => {
    const answer = await call('watching', sign('nobody', { fhirServer: elsewhereUrl, prefetch: { conditions: null } }))
    expect(answer.status).toBe(200)
    expect(seen.at(-1)!.prefetch).toEqual({ patient: null, conditions: null, doctor: null })
  })

  test('answers 412 naming the key and the reason when there is no fhirServer', async () => {
    const answer = await call('of-age', view('child'))
    expect(answer.status).toBe(412)
    expect(why(answer)).toContain('patient (it was not sent, and there is no fhirServer')
  })

  test('answers 412 when the FHIR server refuses, answers with a page, with too much, or not at all', async () => {
    for (const [id, text] of [
      ['secret', 'does not permit it'],
      ['page', 'something else'],
      ['large', 'more than'],
      ['slow', 'in time'],
    ] as const) {
      const answer = await call('of-age', view(id, { fhirServer: elsewhereUrl }))
      expect(answer.status, id).toBe(412)
      expect(why(answer), id).toMatch(text === 'something else' ? /something else|status 200/ : new RegExp(text))
    }
  })

  test('does not ask for what the client says it could not fetch', async () => {
    asked.length = 0
    const failed = { resourceType: 'OperationOutcome', issue: [] }
    const answer = await call('of-age', view('there', { fhirServer: elsewhereUrl, prefetch: { patient: failed } }))
    expect(answer.status).toBe(412)
    expect(asked).toEqual([])
  })

  test('goes without what is optional', async () => {
    expect((await call('watching', sign('p1', { prefetch: { patient: null, conditions: null } }))).status).toBe(200)
    expect(Object.keys(seen.at(-1)!.prefetch)).not.toContain('encounter')
  })

  test('does not call private addresses that the operator did not name', async () => {
    const answer = await call('of-age', view('child', { fhirServer: 'http://169.254.169.254/fhir' }))
    expect(answer.status).toBe(412)
    expect(why(answer)).toContain('not on the public internet')
  })

  test('fills every kind of token: context, and the four of the user', async () => {
    asked.length = 0
    await call(
      'watching',
      sign('there', { fhirServer: elsewhereUrl, prefetch: { patient: null, conditions: null } }, { encounterId: 'e9' }),
    )
    expect(asked.map(({ url }) => url).sort()).toEqual(['/fhir/Encounter/e9', '/fhir/Practitioner/doc'])
  })
})

describe('what is not right', () => {
  test.each([
    ['no hook', { ...view('child'), hook: undefined }, 'needs hook'],
    ['no hookInstance', { ...view('child'), hookInstance: undefined }, 'needs hookInstance'],
    ['a hookInstance that is no UUID', { ...view('child'), hookInstance: 'x' }, 'hookInstance'],
    ['no context', { ...view('child'), context: undefined }, 'needs context'],
    ['an empty context', { ...view('child'), context: {} }, 'needs'],
    ['a context without the patient', { ...view('child'), context: { userId: 'Practitioner/1' } }, 'needs patientId'],
    ['a user of a wrong type', { ...view('child'), context: { userId: 'Device/1', patientId: 'x' } }, 'userId'],
    ['a user without a type', { ...view('child'), context: { userId: '1', patientId: 'x' } }, 'userId'],
    ['a null', { ...view('child'), context: { userId: 'Practitioner/1', patientId: null } }, 'patientId'],
    ['an empty text', { ...view('child'), context: { userId: 'Practitioner/1', patientId: '' } }, 'patientId'],
    [
      'an authorization without a fhirServer',
      {
        ...view('child'),
        fhirAuthorization: { access_token: 'x', token_type: 'Bearer', expires_in: 1, scope: 's', subject: 'x' },
      },
      'fhirServer',
    ],
    [
      'an authorization that is not Bearer',
      {
        ...view('child'),
        fhirServer: 'https://x.example',
        fhirAuthorization: { access_token: 'x', token_type: 'MAC', expires_in: 1, scope: 's', subject: 'x' },
      },
      'Bearer',
    ],
    ['a fhirServer that is no URL', { ...view('child'), fhirServer: 'file:///etc/passwd' }, 'fhirServer'],
    ['prefetch that is no object', { ...view('child'), prefetch: [] }, 'prefetch'],
    ['prefetch of a text', { ...view('child'), prefetch: { patient: '123' } }, 'prefetch.patient'],
    ['a list', [], 'JSON object'],
  ])('%s answers 400 and says so', async (_, body, text) => {
    const answer = await call('of-age', body)
    expect(answer.status).toBe(400)
    expect(answer.body.resourceType).toBe('OperationOutcome')
    expect(why(answer)).toContain(text)
  })

  test('a hook that the service is not for answers 400 naming its own, one nobody knows too', async () => {
    expect(why(await call('of-age', { ...view('child'), hook: 'order-sign' }))).toContain('is for patient-view')
    expect(why(await call('of-age', { ...view('child'), hook: 'order-sing' }))).toContain('order-sing is not a hook')
  })

  test.each([
    ['x/../../Patient/other'],
    ['{{context.userId}}'],
    ['x?_count=1000'],
    ['x&patient=y'],
    ['x%26patient=y'],
    ['../metadata'],
    ['a b'],
  ])('a patientId like %s never reaches a FHIR server', async patientId => {
    asked.length = 0
    const answer = await call('of-age', view(patientId, { fhirServer: elsewhereUrl }))
    expect(answer.status).toBe(400)
    expect(asked).toEqual([])
  })

  test('an unknown service, a wrong method, a wrong type and broken JSON are said to be so', async () => {
    expect((await call('nothing', view('child'))).status).toBe(404)
    expect((await server.ask('GET', '/cds-services/of-age')).status).toBe(405)
    expect((await server.ask('POST', '/cds-services', { body: {}, headers: json })).status).toBe(405)
    expect((await call('of-age', 'x', { 'content-type': 'text/plain' })).status).toBe(415)
    expect((await call('of-age', '{"hook":')).status).toBe(400)
    expect((await call('of-age', '')).status).toBe(400)
    expect((await call('of-age', `${'['.repeat(5000)}${']'.repeat(5000)}`)).status).toBe(400)
    expect((await call('of-age/feedback/more', {})).status).toBe(404)
    expect((await call('%2e%2e', {})).status).toBe(404)
  })

  test('ten megabytes of prefetch answer 413, and the server goes on', async () => {
    const large = view('child', { prefetch: { patient: { ...child, x: 'x'.repeat(10e6) } } })
    expect((await call('of-age', large)).status).toBe(413)
    expect((await server.ask('GET', '/cds-services')).status).toBe(200)
  })

  test('thousands of resources in one call answer 422 with the limit', async () => {
    const entry = Array.from({ length: 3001 }, () => ({ resource: { resourceType: 'Condition' } }))
    const answer = await call(
      'watching',
      sign('p1', { prefetch: { patient: null, conditions: { resourceType: 'Bundle', entry } } }),
    )
    expect(answer.status).toBe(422)
    expect(why(answer)).toContain('at most 3000')
  })

  test('a service that takes too long answers 504 in its time, and others are not held up', async () => {
    const late = call('slow', view('child'))
    expect((await call('of-age', view('child', { prefetch: { patient: child } }))).status).toBe(200)
    const answer = await late
    expect(answer.status).toBe(504)
    expect(why(answer)).toContain('did not answer within 50 milliseconds')
  })

  test('a service with a bug answers 500 with a reference, and nothing of what it said', async () => {
    const answer = await call('broken', view('child'))
    expect(answer.status).toBe(500)
    expect(answer.text).not.toContain('王小明')
    expect(JSON.stringify(server.logged.filter(line => line['level'] !== 20))).not.toContain('王小明')
  })
})

describe('feedback', () => {
  const accepted = {
    card: randomUUID(),
    outcome: 'accepted',
    acceptedSuggestions: [{ id: randomUUID() }],
    outcomeTimestamp: '2026-11-29T01:02:03Z',
  }
  const overridden = {
    card: randomUUID(),
    outcome: 'overridden',
    overrideReason: { reason: { code: 'seen', display: 'Seen' }, userComment: 'known' },
    outcomeTimestamp: '2026-11-29T01:02:03.5+08:00',
  }
  const tell = (id: string, body: object) => server.ask('POST', `/cds-services/${id}/feedback`, { body, headers: json })

  test('is kept: accepted suggestions and overrides with their reasons', async () => {
    expect((await tell('of-age', { feedback: [accepted, overridden] })).status).toBe(200)
    const tenant = await server.app.tenants.room('default')
    const kept = (await tenant.engine.records('cds-feedback').list('of-age/')).map(({ value }) => value)
    expect(kept).toContainEqual(expect.objectContaining(accepted))
    expect(kept).toContainEqual(expect.objectContaining(overridden))
  })

  test.each([
    ['no feedback', {}],
    ['an empty list', { feedback: [] }],
    ['another outcome', { feedback: [{ ...accepted, outcome: 'ignored' }] }],
    ['accepted without suggestions', { feedback: [{ ...accepted, acceptedSuggestions: undefined }] }],
    ['no card', { feedback: [{ ...accepted, card: undefined }] }],
    ['a time without a zone', { feedback: [{ ...accepted, outcomeTimestamp: '2026-11-29T01:02:03' }] }],
  ])('%s answers 400', async (_, body) => {
    expect((await tell('of-age', body)).status).toBe(400)
  })

  test('about an unknown service answers 404', async () => {
    expect((await tell('nothing', { feedback: [accepted] })).status).toBe(404)
  })
})
