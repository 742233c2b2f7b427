/** _include and _revinclude. https://hl7.org/fhir/R4/search.html#include */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { everything } from '../../src/search/query.ts'
import { makeExtractor } from '../../src/search/extract.ts'
import { kinds } from '../../src/search/kinds.ts'
import { guard } from '../../src/access/guard.ts'
import type { Caller } from '../../src/access/caller.ts'
import { definitions, openServer, type TestServer } from '../help/server.ts'
import { entries, found, linkTo, pages } from '../help/whole.ts'
import { patient } from '../help/resources.ts'

const extractor = makeExtractor(definitions, kinds)
let server: TestServer
beforeAll(async () => {
  server = await openServer()
  await fill(server)
})
afterAll(() => server.close())

async function fill(server: TestServer) {
  const put = (resource: { resourceType: string; id: string; [name: string]: unknown }) =>
    server.put(`${resource.resourceType}/${resource.id}`, resource)
  await put({ resourceType: 'Organization', id: 'top', name: 'Top' })
  await put({ resourceType: 'Organization', id: 'mid', name: 'Mid', partOf: { reference: 'Organization/top' } })
  await put({ resourceType: 'Organization', id: 'ward', name: 'Ward', partOf: { reference: 'Organization/mid' } })
  await put({ resourceType: 'Practitioner', id: 'dr', name: [{ family: 'Hsu' }] })
  await put(
    patient('p1', 'Wang', 'A', {
      managingOrganization: { reference: 'Organization/ward' },
      generalPractitioner: [{ reference: 'Practitioner/dr' }, { reference: 'Organization/mid' }],
    }),
  )
  await put(
    patient('p2', 'Wang', 'B', {
      managingOrganization: { reference: 'Organization/ward' },
      generalPractitioner: [{ reference: 'Practitioner/gone' }],
    }),
  )
  for (const [id, subject] of [
    ['o1', 'p1'],
    ['o2', 'p1'],
    ['o3', 'p2'],
  ]) {
    await put({
      resourceType: 'Observation',
      id: id!,
      status: 'final',
      code: { text: 'x' },
      subject: { reference: `Patient/${subject}` },
      performer: [{ reference: 'Practitioner/dr' }],
    })
  }
  await put({
    resourceType: 'Provenance',
    id: 'v1',
    recorded: '2026-01-01T00:00:00Z',
    agent: [{ who: { reference: 'Practitioner/dr' } }],
    target: [{ reference: 'Observation/o1' }],
  })
}

const included = async (url: string) => found(await server.get(url), 'include').toSorted()

describe('an include', () => {
  test('adds what a parameter of the matches leads to, once', async () => {
    const answer = await server.get('Patient?family=Wang&_include=Patient:organization')
    expect(found(answer, 'include')).toEqual(['Organization/ward'])
    expect(found(answer).toSorted()).toEqual(['Patient/p1', 'Patient/p2'])
    expect(answer.body).toMatchObject({ total: 2 })
  })

  test('of a parameter with several types adds all of them, or the one asked for', async () => {
    expect(await included('Patient?_id=p1&_include=Patient:general-practitioner')).toEqual([
      'Organization/mid',
      'Practitioner/dr',
    ])
    expect(await included('Patient?_id=p1&_include=Patient:general-practitioner:Practitioner')).toEqual([
      'Practitioner/dr',
    ])
  })

  test('of everything follows all references, one step', async () => {
    expect(await included('Patient?_id=p1&_include=*')).toEqual([
      'Organization/mid',
      'Organization/ward',
      'Practitioner/dr',
    ])
    expect(await included('Patient?_id=p1&_include=Patient:*')).toEqual([
      'Organization/mid',
      'Organization/ward',
      'Practitioner/dr',
    ])
  })

  test('that leads to nothing stored adds nothing', async () => {
    expect(await included('Patient?_id=p2&_include=Patient:general-practitioner')).toEqual([])
  })

  test('goes on only with :iterate', async () => {
    expect(await included('Patient?_id=p1&_include=Patient:organization&_include=Organization:partof')).toEqual([
      'Organization/ward',
    ])
    expect(await included('Patient?_id=p1&_include=Patient:organization&_include:iterate=Organization:partof')).toEqual(
      ['Organization/mid', 'Organization/top', 'Organization/ward'],
    )
  })

  test('does not repeat what matches', async () => {
    expect(await included('Organization?_include=Organization:partof')).toEqual([])
    expect(await included('Organization?_id=ward,mid&_include=Organization:partof')).toEqual(['Organization/top'])
  })

  test('is made for each page', async () => {
    const all = await pages(server, 'Observation?_count=1&_include=Observation:patient')
    expect(all.map(page => found(page, 'include'))).toEqual([['Patient/p2'], ['Patient/p1'], ['Patient/p1']])
  })

  test('of another type than the matches adds nothing by itself', async () => {
    expect(await included('Patient?_id=p1&_include=Observation:patient')).toEqual([])
  })
})

describe('a reverse include', () => {
  test('adds what refers to the matches', async () => {
    expect(await included('Patient?_id=p1&_revinclude=Observation:patient')).toEqual([
      'Observation/o1',
      'Observation/o2',
    ])
    expect(await included('Patient?_revinclude=Observation:subject:Patient')).toEqual([
      'Observation/o1',
      'Observation/o2',
      'Observation/o3',
    ])
  })

  test('of everything adds whatever refers to them', async () => {
    expect(await included('Practitioner?_id=dr&_revinclude=*')).toEqual([
      'Observation/o1',
      'Observation/o2',
      'Observation/o3',
      'Patient/p1',
      'Provenance/v1',
    ])
    expect(await included('Practitioner?_id=dr&_revinclude=Observation:*')).toEqual([
      'Observation/o1',
      'Observation/o2',
      'Observation/o3',
    ])
  })

  test('with :iterate goes on from what it added', async () => {
    expect(
      await included('Patient?_id=p1&_revinclude=Observation:patient&_revinclude:iterate=Provenance:target'),
    ).toEqual(['Observation/o1', 'Observation/o2', 'Provenance/v1'])
  })

  test('and an include work together', async () => {
    expect(
      await included('Patient?_id=p1&_revinclude=Observation:patient&_include:iterate=Observation:performer'),
    ).toEqual(['Observation/o1', 'Observation/o2', 'Practitioner/dr'])
  })
})

test('more includes than the server gives are cut, and the answer says so', async () => {
  const small = await openServer({ limits: { maxIncludes: 2 } })
  await fill(small)
  for (const url of ['Patient?_revinclude=Observation:patient', 'Patient?_id=p1&_include=*']) {
    const answer = await small.get(url)
    expect(found(answer, 'include')).toHaveLength(2)
    const outcome = entries(answer).find(({ search }) => search?.mode === 'outcome')
    expect(JSON.stringify(outcome)).toContain('More than 2 resources')
  }
  const whole = await small.get('Patient?_id=p1&_revinclude=Observation:patient')
  expect(found(whole, 'include')).toHaveLength(2)
  expect(entries(whole).some(({ search }) => search?.mode === 'outcome')).toBe(false)
  await small.close()
})

test('what the caller may not see is not included, and a page link shows no more than its caller may see then', async () => {
  const shy = await openServer({
    guard: (store, caller) => guard(store, caller, { types: definitions.resourceTypes, extractor }),
  })
  await fill(shy)
  const without = (...hidden: string[]): Caller => ({
    id: 'shy',
    permits: type => (hidden.includes(type) ? undefined : everything),
  })
  const caller = without('Observation', 'Organization')
  const answer = await shy.ask('GET', 'Patient?_id=p1&_include=*&_revinclude=*', { caller })
  expect(found(answer, 'include')).toEqual(['Practitioner/dr'])
  const first = await shy.ask('GET', 'Patient?_count=1&_revinclude=Observation:patient', { caller: without() })
  const next = linkTo(first, 'next')!
  expect(found(await shy.ask('GET', next, { caller: without() }), 'include')).toEqual([
    'Observation/o1',
    'Observation/o2',
  ])
  expect(found(await shy.ask('GET', next, { caller }), 'include')).toEqual([])
  expect((await shy.ask('GET', next, { caller: without('Patient') })).status).toBe(403)
  expect((await shy.ask('GET', 'Patient/p1/Observation', { caller })).status).toBe(403)
  expect(found(await shy.ask('GET', 'Patient/p1/*', { caller }))).toEqual(['Patient/p1'])
  const everythingSeen = await shy.ask('GET', 'Patient/p1/$everything', { caller })
  expect(found(everythingSeen).concat(found(everythingSeen, 'include'))).toEqual(['Patient/p1', 'Practitioner/dr'])
  await shy.close()
})
