/** $everything. https://hl7.org/fhir/R4/patient-operation-everything.html */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { sandboxUser } from '../../src/access/caller.ts'
import { openServer, type TestServer } from '../help/server.ts'
import { entries, found, linkTo, pages } from '../help/whole.ts'
import { patient } from '../help/resources.ts'

let server: TestServer
let now = Date.parse('2026-03-01T00:00:00Z')
beforeAll(async () => {
  server = await openServer({ now: () => now++ })
  const put = (resource: { resourceType: string; id: string; [name: string]: unknown }) =>
    server.put(`${resource.resourceType}/${resource.id}`, resource)
  await put({ resourceType: 'Organization', id: 'top', name: 'Top' })
  await put({ resourceType: 'Organization', id: 'ward', name: 'Ward', partOf: { reference: 'Organization/top' } })
  await put({ resourceType: 'Organization', id: 'elsewhere', name: 'Elsewhere' })
  await put({ resourceType: 'Practitioner', id: 'dr' })
  await put({ resourceType: 'Practitioner', id: 'other-dr' })
  await put(patient('p1', 'Wang', 'A', { managingOrganization: { reference: 'Organization/ward' } }))
  await put(patient('p2', 'Wang', 'B', { generalPractitioner: [{ reference: 'Practitioner/other-dr' }] }))
  await put({
    resourceType: 'Group',
    id: 'both',
    type: 'person',
    actual: true,
    member: [{ entity: { reference: 'Patient/p1' } }, { entity: { reference: 'Patient/p2' } }],
  })
  await put({
    resourceType: 'Encounter',
    id: 'e1',
    status: 'finished',
    class: { code: 'AMB' },
    subject: { reference: 'Patient/p1' },
    period: { start: '2024-05-01', end: '2024-05-03' },
    serviceProvider: { reference: 'Organization/ward' },
  })
  const of = (id: string, patient: string, date: string, more: Record<string, unknown> = {}) =>
    put({
      resourceType: 'Observation',
      id,
      status: 'final',
      code: { text: 'x' },
      subject: { reference: `Patient/${patient}` },
      effectiveDateTime: date,
      ...more,
    })
  await of('o1', 'p1', '2024-05-01', {
    encounter: { reference: 'Encounter/e1' },
    performer: [{ reference: 'Practitioner/dr' }],
  })
  await of('o2', 'p1', '2025-06-01', { hasMember: [{ reference: 'Observation/of-p2' }] })
  await of('of-p2', 'p2', '2025-06-01')
})
afterAll(() => server.close())

const all = [
  'Encounter/e1',
  'Group/both',
  'Observation/o1',
  'Observation/o2',
  'Organization/top',
  'Organization/ward',
  'Patient/p1',
  'Practitioner/dr',
]
const ids = (answers: Awaited<ReturnType<TestServer['get']>>[]) =>
  answers.flatMap(answer => entries(answer).map(({ resource }) => `${resource!.resourceType}/${resource!.id}`))

describe('$everything of a patient', () => {
  test('is the compartment and what it refers to, and nothing of another patient', async () => {
    const answer = await server.get('Patient/p1/$everything')
    expect(answer.body).toMatchObject({ resourceType: 'Bundle', type: 'searchset' })
    expect(ids([answer]).toSorted()).toEqual(all)
    expect(found(answer, 'include').toSorted()).toEqual(['Organization/top', 'Organization/ward', 'Practitioner/dr'])
    expect(ids([answer])[0]).toBe('Patient/p1')
  })

  for (const _count of [1, 2, 3, 4, 7, 8, 9]) {
    test(`in pages of ${_count} is complete, without repeats or an empty end`, async () => {
      const answers = await pages(server, `Patient/p1/$everything?_count=${_count}`)
      expect(ids(answers).toSorted()).toEqual(all)
      expect(answers).toHaveLength(Math.ceil(all.length / _count))
    })
  }

  test('of some types', async () => {
    expect(
      ids(await pages(server, 'Patient/p1/$everything?_type=Observation,Practitioner&_count=2')).toSorted(),
    ).toEqual(['Observation/o1', 'Observation/o2', 'Practitioner/dr'])
    expect((await server.get('Patient/p1/$everything?_type=Nope')).status).toBe(400)
  })

  test('of a time of care leaves out what happened before and after, and keeps what has no date', async () => {
    const during = ids(await pages(server, 'Patient/p1/$everything?start=2024-05-02&end=2024-12-31'))
    expect(during).toContain('Encounter/e1')
    expect(during).toContain('Patient/p1')
    expect(during).not.toContain('Observation/o1')
    expect(during).not.toContain('Observation/o2')
    expect(ids(await pages(server, 'Patient/p1/$everything?start=2025'))).toContain('Observation/o2')
    expect((await server.get('Patient/p1/$everything?start=soon')).status).toBe(400)
  })

  test('since a time is what changed since then', async () => {
    now += 1000
    const since = new Date(now).toISOString()
    await server.put('Practitioner/dr', { resourceType: 'Practitioner', id: 'dr', active: true })
    expect(ids(await pages(server, `Patient/p1/$everything?_since=${since}`))).toEqual(['Practitioner/dr'])
  })

  test('of nobody answers 404, of a deleted one 410', async () => {
    expect((await server.get('Patient/nobody/$everything')).status).toBe(404)
    await server.put('Patient/gone', { resourceType: 'Patient', id: 'gone' })
    await server.delete('Patient/gone')
    expect((await server.get('Patient/gone/$everything')).status).toBe(410)
  })

  test('has page links for this caller and patient only', async () => {
    const next = linkTo(await server.get('Patient/p1/$everything?_count=1'), 'next')!
    expect((await server.ask('GET', next, { caller: { ...sandboxUser, id: 'other' } })).status).toBe(400)
    expect((await server.get(next.replace('p1', 'p2'))).status).toBe(400)
    expect((await server.get(`${next}&_type=Patient`)).status).toBe(400)
  })

  test('takes bad parameters for what they are', async () => {
    for (const bad of ['_count=0', '_count=x', '_count=-3', '_cursor=abc', '_since=x', 'nonsense=1', '_cursor=']) {
      const { status } = await server.get(`Patient/p1/$everything?${bad}`)
      expect(status, bad).toBe(400)
    }
  })
})

test('$everything of an encounter has its patient and what belongs to it', async () => {
  expect(ids(await pages(server, 'Encounter/e1/$everything')).toSorted()).toEqual([
    'Encounter/e1',
    'Observation/o1',
    'Organization/top',
    'Organization/ward',
    'Patient/p1',
    'Practitioner/dr',
  ])
})

const synthea = new URL('../../../shared/data/synthea/', import.meta.url)
test.skipIf(!existsSync(synthea))(
  '$everything of a loaded Synthea patient equals the resources of its bundle, others beside it or not',
  async () => {
    const whole = await openServer({ limits: { maxBundleEntries: 5000 } })
    const stored: string[][] = []
    for (const file of readdirSync(synthea).slice(0, 3)) {
      const answer = await whole.post('', readFileSync(new URL(file, synthea), 'utf8'))
      stored.push(entries(answer).map(({ response }) => /[A-Z]\w+\/[^/]+(?=\/_history)/.exec(response!.location!)![0]))
    }
    for (const bundle of stored) {
      const who = bundle.find(each => each.startsWith('Patient/'))!
      const answers = await pages(whole, `${who}/$everything?_count=100`)
      expect(ids(answers).toSorted()).toEqual(bundle.toSorted())
    }
    await whole.close()
  },
)
