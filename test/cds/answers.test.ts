/**
 * What is sent: cards and discovery as the specification has them, data within the rights of the token.
 * https://cds-hooks.hl7.org/2.0/#cds-service-response
 */
import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ofAge } from '../../examples/extensions/cds-service.ts'
import { wrong } from '../../src/cds/check-json.ts'
import { responseSchema } from '../../src/cds/schemas.ts'
import { services } from '../../src/cds/services.ts'
import { beyondSubset } from '../../src/cds/template.ts'
import type { Call, CdsService } from '../../src/cds/words.ts'
import { loadDefinitions } from '../../src/fhir/packages.ts'
import { serve, type Served } from '../http/serving.ts'
import { call, elsewhere, manage, view, why, type Elsewhere } from './help.ts'

const seen: Call[] = []
const users: CdsService = {
  id: 'users',
  hook: 'patient-view',
  title: 'Users',
  description: 'Keeps what it was given.',
  prefetch: {
    practitioner: 'Practitioner/{{userPractitionerId}}',
    role: 'PractitionerRole/{{userPractitionerRoleId}}',
    patient: 'Patient/{{userPatientId}}',
    relative: 'RelatedPerson/{{userRelatedPersonId}}',
    user: '{{context.userId}}',
  },
  optional: ['practitioner', 'role', 'patient', 'relative', 'user'],
  answer: call => (seen.push(call), { cards: [] }),
}
const acting: CdsService = {
  ...users,
  id: 'acting',
  prefetch: {},
  answer: () => ({
    cards: [],
    systemActions: [{ type: 'delete', description: 'Takes it away.', resourceId: 'Task/1' }],
  }),
}

let server: Served
let there: Elsewhere
beforeAll(async () => {
  there = await elsewhere()
  server = await serve({ DHP_SEED: 'examples', DHP_PRIVATE_HOSTS: there.host }, { services: [ofAge, users, acting] })
  await server.ask('GET', '/fhir/Patient?_summary=count')
  for (const id of ['a', 'b'])
    await server.ask('PUT', `/fhir/Patient/${id}`, { body: { resourceType: 'Patient', id, birthDate: '2020-01-01' } })
}, 120_000)
afterAll(async () => {
  await server.close()
  there.close()
})

/** Where a value has a null or something empty; '' when nowhere. */
function hole(value: unknown, path = ''): string {
  if (value === null || value === '') return path || 'all'
  if (typeof value !== 'object') return ''
  const entries = Object.entries(value as object)
  if (entries.length === 0 && path !== '.cards') return path || 'all'
  for (const [name, part] of entries) {
    const found = hole(part, `${path}.${name}`)
    if (found) return found
  }
  return ''
}

test('no answer of a service has a null or something empty in it, but for the list of cards', async () => {
  for (const { id, hook } of services.filter(({ hook }) => hook === 'patient-view'))
    for (const patientId of ['pat-cancer-lung', 'pat-cancer-breast', 'pat-lin-meiling', 'a'])
      for (const language of ['en', 'zh-TW']) {
        const request = { ...view(patientId, { fhirServer: server.fhir }), hook }
        const answer = await call(server, id, request, { 'accept-language': language })
        expect(answer.status, `${id}: ${answer.text}`).toBe(200)
        expect(hole(answer.body), `${id} ${patientId}`).toBe('')
      }
})

test('discovery says of every service what it must, and nothing empty', async () => {
  const { body } = await server.ask('GET', '/cds-services')
  expect(hole(body)).toBe('')
  expect(body.services.length).toBeGreaterThan(services.length)
})

test('every template of the services in the box keeps to what every CDS client can do', () => {
  const definitions = loadDefinitions()
  const words = {
    isType: (name: string) => definitions.isResourceType(name),
    typeOf: (type: string, code: string) => definitions.searchParams(type).get(code)?.type,
  }
  for (const { id, prefetch = {} } of services)
    for (const [key, template] of Object.entries(prefetch))
      expect(beyondSubset(template, words), `${id} ${key}: ${template}`).toBeUndefined()
})

test('every card of a service in the box names its source, and says that this is a sandbox', async () => {
  let said = 0
  for (const { id } of services.filter(({ hook }) => hook === 'patient-view')) {
    const { body } = await call(server, id, view('pat-cancer-lung', { fhirServer: server.fhir }))
    for (const card of body.cards) {
      said++
      expect(card.source.url, id).toMatch(/^https?:\/\/[\w.-]+\//)
      expect(card.detail, id).toContain('not a medical device')
    }
  }
  expect(said).toBeGreaterThan(2)
})

test('the tokens of the user are filled by who the user is', async () => {
  there.answers = { status: 404, body: '{}' }
  const urls = async (userId: string) => {
    there.asked.length = 0
    const answer = await call(
      server,
      'users',
      view('a', { fhirServer: there.origin, context: { userId, patientId: 'a' } }),
    )
    expect(answer.status).toBe(200)
    return there.asked.map(({ url }) => url).sort()
  }
  expect(await urls('Practitioner/1')).toEqual(['/Practitioner/1', '/Practitioner/1'])
  expect(await urls('PractitionerRole/2')).toEqual(['/PractitionerRole/2', '/PractitionerRole/2'])
  expect(await urls('Patient/3')).toEqual(['/Patient/3', '/Patient/3'])
  expect(await urls('RelatedPerson/4')).toEqual(['/RelatedPerson/4', '/RelatedPerson/4'])
})

test('system actions are given back beside the cards', async () => {
  const { body } = await call(server, 'acting', view('a'))
  expect(body.systemActions).toEqual([{ type: 'delete', description: 'Takes it away.', resourceId: 'Task/1' }])
})

test('extensions of a request are passed on, and change nothing', async () => {
  const extension = { 'com.example.x': 1 }
  await call(server, 'users', view('a', { extension }))
  expect(seen.at(-1)!.request.extension).toEqual(extension)
})

test('what this server prefetches as a client is what a FHIR call gives', async () => {
  const { body } = await manage(server, 'POST', 'cds-client/fire', {
    hook: 'patient-view',
    service: 'cancer-summary',
    patientId: 'pat-cancer-lung',
    userId: 'Practitioner/zhou-minhui',
  })
  const keys = Object.entries(body.prefetch as Record<string, { url: string; outcome: string }>)
  expect(keys.length).toBeGreaterThan(1)
  for (const [key, { url, outcome }] of keys) {
    if (outcome !== 'sent') continue
    const direct = (await server.ask('GET', `/fhir/${url}`)).body
    const resources = (value: { entry?: { resource: unknown }[] }) =>
      value.entry?.map(({ resource }) => resource) ?? value
    expect(resources(body.request.prefetch[key])).toEqual(resources(direct))
  }
})

describe('a server that lets nobody in without a token', () => {
  let smart: Served
  const fire = (patientId: string, more: object = {}) =>
    manage(smart, 'POST', 'cds-client/fire', {
      hook: 'patient-view',
      service: 'of-age',
      patientId,
      userId: 'Patient/a',
      prefetch: { patient: 'omit' },
      ...more,
    })
  beforeAll(async () => {
    smart = await serve({ DHP_AUTH: 'smart' }, { services: [ofAge] })
    const { engine } = await smart.app.tenants.room('default')
    const { makeExtractor } = await import('../../src/search/extract.ts')
    const { kinds } = await import('../../src/search/kinds.ts')
    const { storing } = await import('../access/canary-world.ts')
    const resources = ['a', 'b'].map(id => ({ resourceType: 'Patient', id, birthDate: '2020-01-01' }))
    await engine.commit(storing(resources, makeExtractor(loadDefinitions(), kinds)))
  })
  afterAll(() => smart.close())

  test('the token that this server gives a service is of the user, short, and named in fhirAuthorization', async () => {
    const { body } = await fire('a')
    expect(body.request.fhirServer).toBe(smart.fhir)
    const { access_token: hidden, expires_in: seconds, ...rest } = body.request.fhirAuthorization
    expect(rest).toEqual({ token_type: 'Bearer', scope: 'user/*.rs', subject: 'of-age', patient: 'a' })
    expect(hidden).toBe('(hidden)')
    expect(seconds).toBeLessThanOrEqual(300)
    expect(body.response.cards).toHaveLength(1)
  })

  test('a service reads no more than the token it was given, and data the token does not open is a 412', async () => {
    // what a patient may not see is as if it were not there
    expect((await fire('b')).body.response).toEqual({ cards: [] })
    const narrow = (await fire('a', { scope: 'user/Observation.rs' })).body
    expect(narrow.status).toBe(412)
    const none = await call(smart, 'of-age', view('a', { fhirServer: smart.fhir }), {})
    expect(none.status, 'calls need a token of a trusted client there').toBe(401)
    await manage(smart, 'PUT', 'cds-settings', { clients: 'optional' })
    const open = await call(smart, 'of-age', view('a', { fhirServer: smart.fhir }))
    expect(open.status).toBe(412)
    const made = { access_token: 'a.b.c', token_type: 'Bearer', expires_in: 9, scope: 'user/*.rs', subject: 'x' }
    const wrongToken = await call(smart, 'of-age', view('a', { fhirServer: smart.fhir, fhirAuthorization: made }))
    expect(wrongToken.status).toBe(412)
    expect(why(wrongToken)).toContain('refuses it')
  })
})

const good = {
  uuid: randomUUID(),
  summary: 'x'.repeat(139),
  indicator: 'info',
  source: { label: 'x', url: 'https://example.org/', topic: { code: 't' } },
  detail: '**x**',
  suggestions: [
    { label: 'x', actions: [{ type: 'create', description: 'x', resource: { resourceType: 'Task' } }] },
    { label: 'y', actions: [{ type: 'delete', description: 'x', resourceId: 'Task/1' }] },
  ],
  selectionBehavior: 'any',
  overrideReasons: [{ code: 'x', display: 'X' }],
  links: [
    { label: 'x', url: 'https://example.org', type: 'absolute' },
    { label: 'x', url: 'https://example.org/launch', type: 'smart', appContext: '{}' },
  ],
}

test('a card with everything in it is taken by the schema', () => {
  expect(wrong(responseSchema, { cards: [good] })).toBeUndefined()
})

const [create, remove] = good.suggestions.map(({ actions }) => actions[0]!)
test.each<[string, object]>([
  ['a summary of 140 characters', { summary: 'x'.repeat(140) }],
  ['an empty summary', { summary: '' }],
  ['another indicator', { indicator: 'hard-stop' }],
  ['no source', { source: undefined }],
  ['a source without a label', { source: { url: 'https://example.org' } }],
  ['suggestions without selectionBehavior', { selectionBehavior: undefined }],
  ['another selectionBehavior', { selectionBehavior: 'all' }],
  ['override reasons without display', { overrideReasons: [{ code: 'x' }] }],
  ['an empty list of links', { links: [] }],
  ['a link of another type', { links: [{ label: 'x', url: 'https://example.org', type: 'app' }] }],
  ['a link that is a script', { links: [{ label: 'x', url: 'javascript:x', type: 'absolute' }] }],
  [
    'appContext of an absolute link',
    { links: [{ label: 'x', url: 'https://example.org', type: 'absolute', appContext: 'x' }] },
  ],
  ['a create without a resource', { suggestions: [{ label: 'x', actions: [{ ...create, resource: undefined }] }] }],
  ['a delete without what', { suggestions: [{ label: 'x', actions: [{ ...remove, resourceId: undefined }] }] }],
  [
    'an action without description',
    { suggestions: [{ label: 'x', actions: [{ ...create, description: undefined }] }] },
  ],
])('cards are refused by the schema when they break a rule: %s', (_, more) => {
  const broken = JSON.parse(JSON.stringify({ cards: [{ ...good, ...more }] })) as object
  expect(wrong(responseSchema, broken)).toBeDefined()
})
