/**
 * The canary harness: every field of a second record is marked. Whatever is asked with a token that is not for it, no mark comes
 * back in any part of an answer, and the answer is the one that a server without that record gives.
 *
 * The battery, by number: S1 includes; S2 chains, _has, _filter, _list, sorting; S3 tokens without patient or user; S4 403 against
 * an empty 200 (the two servers agree); S5 $everything and other operations; S6 batches and transactions; S7 histories and versions;
 * S8 writes and conditions; S11 Device, Group, List, Provenance, linked patients (among the types); S13 the granular scope through every path; S14
 * absolute and several references; S15 totals, counts, 304; S17 an empty grant; S18 _elements, _contained, $expand; S19 a patient's
 * own token. Over HTTP, in canary-http.test.ts: S9 Binary, S10 $export, S12 page links, S20 faults, and all headers.
 */
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import type { Caller } from '../../src/access/caller.ts'
import type { Grant } from '../../src/access/grant.ts'
import { guard } from '../../src/access/guard.ts'
import { recordFilter } from '../../src/access/patient-record.ts'
import { callerOf } from '../../src/access/token-caller.ts'
import type { HttpMethod, Resource } from '../../src/rest/exchange.ts'
import type { IndexEntry } from '../../src/search/query.ts'
import { nothing } from '../../src/search/query.ts'
import { base, definitions, openServer, terminology, type Answer, type TestServer } from '../help/server.ts'
import {
  A,
  B,
  CANARY,
  clock,
  extractor,
  gone,
  id,
  other,
  own,
  ref,
  tokens,
  types,
  type Stored,
} from './canary-records.ts'
import { storing } from './canary-world.ts'

interface World {
  readonly server: TestServer
}
let whole: World
let without: World

async function open(resources: readonly Stored[][], deleted: readonly Stored[]): Promise<World> {
  let count = 0
  const server = await openServer({
    guard: (store, caller) => guard(store, caller, { types: definitions.resourceTypes, extractor }),
    now: () => clock,
    newId: () => `new-${++count}`,
    terminology: terminology(),
  })
  for (const some of resources) await server.engine.commit(storing(some, extractor))
  if (deleted.length > 0)
    await server.engine.commit(
      deleted.map(({ resourceType, id }) => ({
        do: 'delete',
        ref: { type: resourceType, id },
        expect: { is: 'anything' },
      })),
    )
  return { server }
}

const callerIn = async (world: World, { grant, limited }: { grant: Grant; limited?: boolean }): Promise<Caller> =>
  callerOf(grant, {
    definitions,
    store: world.server.engine,
    base,
    ...(limited && { limit: (_user, type) => recordFilter(definitions, id, type, 'read') ?? nothing }),
  })

beforeAll(async () => {
  whole = await open([[...own], [...other]], gone)
  without = await open([[...own]], [])
}, 60_000)
afterAll(() => Promise.all([whole?.server.close(), without?.server.close()]))

interface Asked {
  readonly method: HttpMethod
  readonly url: string
  readonly body?: unknown
  readonly headers?: Readonly<Record<string, string>>
}

const get = (url: string): Asked => ({ method: 'GET', url })
const encode = encodeURIComponent

/** What differs between two servers that were asked the same: times, keys, random ids. */
const still = ({ status, text, headers }: Answer) =>
  `${status} ${JSON.stringify(headers)} ${text}`
    .replace(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z/g, 'TIME')
    .replace(/_cursor=[A-Za-z0-9_-]+/g, '_cursor=LINK')
    .replace(/urn:uuid:[0-9a-f-]{36}/g, 'urn:uuid:RANDOM')

let asked = 0

/** Asks both servers, one with the other record and one without: the answers must be the same, and hold no mark that was not sent. */
async function same(name: string, requests: readonly Asked[]): Promise<string[]> {
  const faults: string[] = []
  const [seeing, blind] = [await callerIn(whole, tokens[name]!), await callerIn(without, tokens[name]!)]
  for (const { method, url, body, headers = {} } of requests) {
    asked++
    const [one, two] = [
      await whole.server.ask(method, url, { caller: seeing, headers, ...(body === undefined ? {} : { body }) }),
      await without.server.ask(method, url, { caller: blind, headers, ...(body === undefined ? {} : { body }) }),
    ]
    const sent = url + JSON.stringify(headers) + (body === undefined ? '' : JSON.stringify(body))
    const [first, second] = [still(one), still(two)]
    if (first !== second) faults.push(`${method} ${url}: ${difference(first, second)}`)
    else if (one.status === 500) faults.push(`${method} ${url}: 500`)
    const found = CANARY.exec(first)
    // its own record may name the other, and so may what was asked
    if (found && !CANARY.test(sent) && !second.includes(found[0])) faults.push(`${method} ${url}: tells ${found[0]}`)
  }
  return faults
}

function difference(one: string, two: string): string {
  let at = 0
  while (one[at] === two[at]) at++
  return `…${one.slice(Math.max(0, at - 60), at + 140)}… instead of …${two.slice(Math.max(0, at - 20), at + 140)}…`
}

/** The search values by which something of the other record is found. */
const guesses = (type: string): readonly (readonly [string, string])[] => {
  const resource = other.find(each => each.resourceType === type)!
  const found = new Map<string, string>()
  for (const entry of extractor.entries(resource)) {
    const value = valueOf(entry)
    if (value !== undefined && definitions.searchParams(type).has(entry.param) && !found.has(entry.param))
      found.set(entry.param, value)
  }
  return [...found]
}

function valueOf(entry: IndexEntry): string | undefined {
  switch (entry.kind) {
    case 'string':
      return entry.exact
    case 'token':
      return entry.code
    case 'reference':
      return entry.ref
    case 'date':
      return new Date(entry.low).toISOString().slice(0, 10)
    case 'quantity':
      return String((entry.low + entry.high) / 2)
    default:
      return undefined
  }
}

// tens of thousands of requests, on machines that do other things too
vi.setConfig({ testTimeout: 60_000 })

const everyToken = describe.each(Object.keys(tokens))

everyToken('%s', name => {
  const check = async (requests: readonly Asked[]) => expect((await same(name, requests)).slice(0, 8)).toEqual([])

  test('reads, versions and histories', async () => {
    await check(
      types.flatMap(type => {
        const id = B.idOf(type)
        return [
          get(`${type}/${id}`),
          get(`${type}/${id}?_summary=true`),
          { method: 'HEAD', url: `${type}/${id}` },
          { ...get(`${type}/${id}`), headers: { 'if-none-match': 'W/"1"' } },
          get(`${type}/${id}/_history/1`),
          get(`${type}/${id}/_history`),
          get(`${type}/${id}-gone`),
          get(`${type}/${id}-gone/_history/1`),
          get(`${type}/${id}-gone/_history/2`),
          get(`${type}/${id}-gone/_history`),
          get(`${type}/_history`),
          get(`${type}/${id}/$meta`),
          get(`${type}/$meta`),
        ] satisfies Asked[]
      }),
    )
    await check([get('_history'), get('_history?_count=1'), get('_history?_since=2000'), get('$meta'), get('metadata')])
  })

  test('searches, counts and sorted searches', async () => {
    await check(
      types.flatMap(type => [
        get(type),
        get(`${type}?_total=accurate&_count=1`),
        get(`${type}?_summary=count`),
        get(`${type}?_id=${B.idOf(type)},${A.idOf(type)}&_total=accurate`),
        get(`${type}?_id:not=x&_summary=count`),
        get(`${type}?_lastUpdated=gt2000&_elements=id&_sort=-_lastUpdated`),
        get(`${type}?_tag=urn:${B.mark}|&_total=accurate`),
        get(`${type}?_content=${B.mark}1&_total=accurate`),
        get(`${type}?_filter=${encode(`_id eq "${B.idOf(type)}" or _lastUpdated gt 2000`)}&_total=accurate`),
        get(`${type}?_list=${B.idOf('List')}`),
        { method: 'POST', url: `${type}/_search`, body: undefined },
      ]),
    )
    await check([
      get(''),
      get('?_summary=count'),
      get(`?_id=${B.idOf('Patient')}`),
      get(`?_type=Patient,Observation,Group&_total=accurate`),
      get(`Patient?_contained=true&name=${B.mark}`),
      get('Patient?_contained=both&_total=accurate'),
      get('Observation?_contained=both&_summary=count'),
      get(`Basic?_contained=true&_containedType=contained`),
    ])
  })

  test('guesses at values, presence and order', async () => {
    await check(
      types.flatMap(type =>
        guesses(type).flatMap(([param, value]) => {
          const exact = `${type}?${param}=${encode(value)}&_total=accurate`
          return [
            get(exact),
            get(`${type}?${param}:missing=false&_summary=count`),
            get(`${type}?_sort=${param}&_total=accurate`),
          ]
        }),
      ),
    )
  })

  test('chains, reverse chains and includes', async () => {
    const person = `${B.mark}`
    const asks: Asked[] = []
    for (const type of types) {
      for (const param of definitions.searchParams(type).values()) {
        if (param.type !== 'reference') continue
        if (param.target.includes('Patient')) {
          asks.push(get(`${type}?${param.code}:Patient.name=${person}&_total=accurate`))
          asks.push(get(`${type}?${param.code}:Patient._id=${B.idOf('Patient')}`))
          asks.push(get(`Patient?_has:${type}:${param.code}:_id=${B.idOf(type)}`))
          asks.push(get(`Patient?_has:${type}:${param.code}:_lastUpdated=gt2000&_total=accurate`))
          asks.push(get(`${type}?${param.code}=${B.patient}&_summary=count`))
          asks.push(get(`${type}?${param.code}=${encode(`${base}/${B.patient},${A.patient}`)}&_summary=count`))
        }
      }
      asks.push(get(`${type}?_include=*&_revinclude=*&_total=accurate`))
      asks.push(get(`Patient?_id=${id}&_revinclude=${type}:*`))
    }
    asks.push(
      get(`Patient?_id=${id}&_include=*&_revinclude=*&_include:iterate=*&_revinclude:iterate=*`),
      get(
        'Observation?_include=Observation:has-member&_include=Observation:focus&_include:iterate=Observation:subject',
      ),
      get(
        'Patient?_revinclude=Observation:focus&_revinclude=Group:member&_revinclude=Patient:link&_include=Patient:link',
      ),
      get(`Patient?_has:Observation:focus:_id=${B.mark}-obs-focus`),
      get(`Patient?link:Patient.name=${person}`),
      get(`Patient?link:Patient.gender=male,female,other,unknown&_total=accurate`),
      get(`Observation?has-member:Observation.value-string=${person}&_total=accurate`),
      get(`Observation?has-member:Observation.subject:Patient._id=${B.idOf('Patient')}`),
      get(`Observation?encounter:Encounter._has:Observation:encounter:_id=${B.idOf('Observation')}`),
      get(`Patient?_has:Observation:subject:_has:Provenance:target:_lastUpdated=gt2000`),
      get(`Patient?_filter=${encode(`link.name co "${person}"`)}`),
    )
    await check(asks)
  })

  test('compartments and operations', async () => {
    const asks: Asked[] = []
    for (const type of types) {
      asks.push(get(`${B.patient}/${type}`), get(`${A.patient}/${type}?_total=accurate`))
      asks.push(get(`Encounter/${B.idOf('Encounter')}/${type}`), get(`Device/${B.idOf('Device')}/${type}`))
      const resource = { ...B.resource(type, definitions), id: B.idOf(type) }
      asks.push({
        method: 'POST',
        url: `${type}/$validate`,
        body: { resourceType: type, subject: ref(B.patient), patient: ref(B.patient) },
      })
      asks.push({
        method: 'POST',
        url: `${type}/${resource.id}/$validate?mode=delete`,
        body: { resourceType: 'Parameters' },
      })
      asks.push({ method: 'GET', url: `${type}/${resource.id}/$validate?mode=profile` })
      asks.push({
        method: 'POST',
        url: `${type}/${resource.id}/$meta-add`,
        body: { resourceType: 'Parameters', parameter: [{ name: 'meta', valueMeta: { tag: [{ code: 'x' }] } }] },
      })
    }
    for (const patient of [B.patient, A.patient]) {
      for (const operation of ['$everything', '$everything?_type=Observation,Group,Patient', '$mcode-everything', '*'])
        asks.push(get(`${patient}/${operation}`))
      asks.push(get(`DocumentReference/$docref?patient=${patient.slice('Patient/'.length)}`))
    }
    for (const maker of [A, B]) asks.push(get(`Encounter/${maker.idOf('Encounter')}/$everything`))
    asks.push(
      get(`$explain-access?url=${encode(B.patient)}`),
      get(`$explain-access?url=${encode('Observation?subject:Patient.name=x')}`),
      get(`ValueSet/$expand?url=${encode('http://hl7.org/fhir/ValueSet/administrative-gender')}`),
    )
    await check(asks)
  })

  test('batches and transactions', async () => {
    const batch = (type: string, urls: readonly string[]) => ({
      method: 'POST' as const,
      url: '',
      body: { resourceType: 'Bundle', type, entry: urls.map(url => ({ request: { method: 'GET', url } })) },
    })
    const urls = types.flatMap(type => [
      `${type}/${B.idOf(type)}`,
      `${type}?_total=accurate`,
      `${base}/${type}/${B.idOf(type)}`,
    ])
    const asks: Asked[] = []
    for (let at = 0; at < urls.length; at += 30) asks.push(batch('batch', urls.slice(at, at + 30)))
    asks.push(
      batch('batch', [`${B.patient}/$everything`, `Patient?name=${B.mark}`, '_history', 'Patient?_revinclude=*:*']),
    )
    for (const type of ['Patient', 'Observation', 'Group', 'List'])
      asks.push(batch('transaction', [`${type}/${B.idOf(type)}`, type]))
    const identifier = guesses('Patient').find(([param]) => param === 'identifier')![1]
    asks.push({
      method: 'POST',
      url: '',
      body: {
        resourceType: 'Bundle',
        type: 'transaction',
        entry: [
          {
            resource: { resourceType: 'Condition', subject: ref(`Patient?identifier=${identifier}`) },
            request: { method: 'POST', url: 'Condition' },
          },
        ],
      },
    })
    await check(asks)
  })

  test('writes, conditions and what they tell', async () => {
    const asks: Asked[] = []
    const json = { 'content-type': 'application/json-patch+json' }
    const simple: Readonly<Record<string, Resource>> = {
      Observation: { resourceType: 'Observation', status: 'final', code: { text: 'x' } },
      Condition: { resourceType: 'Condition' },
      Patient: { resourceType: 'Patient' },
      List: { resourceType: 'List', status: 'current', mode: 'working' },
      Basic: { resourceType: 'Basic', code: { text: 'x' } },
      Device: { resourceType: 'Device' },
      Group: { resourceType: 'Group', type: 'person', actual: true },
      Binary: { resourceType: 'Binary', contentType: 'text/plain' },
      DocumentReference: {
        resourceType: 'DocumentReference',
        status: 'current',
        content: [{ attachment: { title: 'x' } }],
      },
    }
    const about: Readonly<Record<string, (patient: string) => object>> = {
      Observation: patient => ({ subject: ref(patient) }),
      Condition: patient => ({ subject: ref(patient) }),
      List: patient => ({ subject: ref(patient) }),
      Basic: patient => ({ subject: ref(patient) }),
      Device: patient => ({ patient: ref(patient) }),
      Group: patient => ({ member: [{ entity: ref(patient) }] }),
      Binary: patient => ({ securityContext: ref(patient) }),
      DocumentReference: patient => ({ subject: ref(patient) }),
      Patient: patient => ({ link: [{ other: ref(patient), type: 'seealso' }] }),
    }
    for (const [type, least] of Object.entries(simple)) {
      const id = B.idOf(type)
      const ofA = { ...least, ...about[type]!(A.patient) }
      const ofB = { ...least, ...about[type]!(B.patient) }
      for (const body of [ofA, ofB]) {
        asks.push({ method: 'PUT', url: `${type}/${id}`, body: { ...body, id } })
        asks.push({ method: 'PUT', url: `${type}/${id}-gone`, body: { ...body, id: `${id}-gone` } })
        asks.push({ method: 'PUT', url: `${type}/${id}`, body: { ...body, id }, headers: { 'if-match': 'W/"1"' } })
        asks.push({ method: 'PUT', url: `${type}/${id}`, body: { ...body, id }, headers: { 'if-none-match': '*' } })
        asks.push({ method: 'PUT', url: `${type}?_id=${id}`, body })
        asks.push({ method: 'PUT', url: `${type}?_tag=none`, body: { ...body, id } })
        for (const [param, value] of guesses(type).slice(0, 6)) {
          const criteria = `${param}=${encode(value)}`
          asks.push({ method: 'POST', url: type, body, headers: { 'if-none-exist': criteria } })
          asks.push({ method: 'PUT', url: `${type}?${criteria}`, body })
        }
        const entry = (method: string, url: string, resource?: object, more: object = {}) => ({
          ...(resource ? { resource } : {}),
          request: { method, url, ...more },
        })
        for (const bundle of ['batch', 'transaction'])
          for (const one of [
            entry('PUT', `${type}/${id}`, { ...body, id }),
            entry('DELETE', `${type}/${id}`),
            entry('DELETE', `${type}?_id=${id}`),
            entry('PUT', `${type}?_id=${id}`, body),
            entry('POST', type, body, { ifNoneExist: `_id=${id}` }),
          ])
            asks.push({ method: 'POST', url: '', body: { resourceType: 'Bundle', type: bundle, entry: [one] } })
      }
      asks.push({
        method: 'PATCH',
        url: `${type}/${id}`,
        body: [{ op: 'test', path: '/id', value: id }],
        headers: json,
      })
      asks.push({
        method: 'PATCH',
        url: `${type}?_id=${id}`,
        body: [{ op: 'test', path: '/id', value: id }],
        headers: json,
      })
      asks.push({ method: 'DELETE', url: `${type}/${id}` })
      asks.push({ method: 'DELETE', url: `${type}/${id}`, headers: { 'if-match': 'W/"9"' } })
      asks.push({ method: 'DELETE', url: `${type}/${id}-gone` })
      asks.push({ method: 'DELETE', url: `${type}?_id=${id}` })
      for (const [param, value] of guesses(type).slice(0, 6))
        asks.push({ method: 'DELETE', url: `${type}?${param}=${encode(value)}` })
    }
    // moving it, by every way of writing
    const observation = `Observation/${A.idOf('Observation')}`
    asks.push({
      method: 'PATCH',
      url: observation,
      body: [{ op: 'replace', path: '/subject/reference', value: B.patient }],
      headers: json,
    })
    asks.push({
      method: 'POST',
      url: 'Observation',
      body: { ...simple['Observation'], subject: ref(B.patient), performer: [ref(A.patient)] },
    })
    asks.push({
      method: 'POST',
      url: 'Observation',
      body: { ...simple['Observation'], subject: ref(`${base}/${B.patient}`), performer: [ref(A.patient)] },
    })
    await check(asks)
  })

  test('the other record is as it was', async () => {
    for (const resource of other) {
      const now = await whole.server.engine.read({ type: resource.resourceType, id: resource.id })
      expect(now?.version, `${resource.resourceType}/${resource.id}`).toBe(resource.id.endsWith('-gone') ? '2' : '1')
    }
  })
})

test('thousands of requests were asked', () => {
  expect(asked).toBeGreaterThan(10_000)
})
