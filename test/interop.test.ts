/**
 * A client that this project did not write, fhir-kit-client, speaks to the server as it is started.
 * https://github.com/Vermonster/fhir-kit-client
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { CapabilityTool, Client } from 'fhir-kit-client'
import type { Bundle, CapabilityStatement, Observation, OperationOutcome, Parameters, Patient } from 'fhir/r4'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type ServerProcess, startServer } from './help/process.ts'

let folder: string
let server: ServerProcess
let client: Client
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'interop-'))
  server = await startServer(folder)
  client = new Client({ baseUrl: server.base })
})
afterAll(async () => {
  await server?.stop()
  rmSync(folder, { recursive: true, force: true })
})

/** What the client resolves to, as the type it is. */
const as = async <T>(answer: Promise<unknown> | undefined): Promise<T> => (await answer) as T
const status = (answer: unknown) => Client.httpFor(answer as Parameters & Record<string, unknown>).response!.status
const refused = (answer: Promise<unknown>) =>
  answer.then(
    () => expect.fail('The server should have refused.'),
    (error: unknown) => error as { response: { status: number; data: OperationOutcome } },
  )
const ids = (bundle: Bundle) =>
  (bundle.entry ?? []).filter(entry => entry.search?.mode !== 'outcome').map(entry => entry.resource!.id!)

const chen = (given: string, more: Partial<Patient> = {}): Patient & Record<string, unknown> => ({
  resourceType: 'Patient',
  identifier: [{ system: 'http://interop.example', value: given }],
  name: [{ family: '陳', given: [given] }],
  ...more,
})
const create = (given: string, more: Partial<Patient> = {}) =>
  as<Patient & { id: string }>(client.create({ resourceType: 'Patient', body: chen(given, more) }))
const weight = (subject: string, value: number) => ({
  resourceType: 'Observation',
  status: 'final',
  code: { coding: [{ system: 'http://loinc.org', code: '29463-7' }] },
  subject: { reference: subject },
  valueQuantity: { value, unit: 'kg', system: 'http://unitsofmeasure.org', code: 'kg' },
})

test('capabilityStatement tells what the server does, and the client believes it', async () => {
  const statement = await as<CapabilityStatement & Record<string, unknown>>(client.capabilityStatement())
  expect(statement).toMatchObject({ resourceType: 'CapabilityStatement', fhirVersion: '4.0.1', kind: 'instance' })
  const tool = new CapabilityTool(statement)
  expect(tool.resourceCan('Patient', 'create')).toBe(true)
  expect(tool.resourceCan('Patient', 'history-instance')).toBe(true)
  expect(tool.serverCan('transaction')).toBe(true)
  expect(tool.resourceSearch('Patient', 'birthdate')).toBe(true)
  expect(tool.resourceSearch('Patient', 'shoe-size')).toBe(false)
})

describe('one resource', () => {
  test('is created, read, updated, patched, read as it was, and deleted', async () => {
    const created = await create('小明')
    expect(status(created)).toBe(201)
    expect(created.meta!.versionId).toBe('1')
    const { id } = created
    expect(await client.read({ resourceType: 'Patient', id })).toEqual(created)

    const updated = await as<Patient>(
      client.update({ resourceType: 'Patient', id, body: { ...chen('小明'), id, gender: 'male' } }),
    )
    expect(updated).toMatchObject({ gender: 'male', meta: { versionId: '2' } })
    const patched = await as<Patient>(
      client.patch({
        resourceType: 'Patient',
        id,
        jsonPatch: [
          { op: 'replace', path: '/gender', value: 'female' },
          { op: 'add', path: '/birthDate', value: '1980-02-29' },
        ],
      }),
    )
    expect(patched).toMatchObject({ gender: 'female', birthDate: '1980-02-29', meta: { versionId: '3' } })
    expect(await client.vread({ resourceType: 'Patient', id, version: '1' })).toEqual(created)
    expect(await client.vread({ resourceType: 'Patient', id, version: '2' })).toEqual(updated)
    expect(await client.resolve({ reference: `Patient/${id}` })).toEqual(patched)

    expect([200, 204]).toContain(status(await client.delete({ resourceType: 'Patient', id })))
    const { response } = await refused(client.read({ resourceType: 'Patient', id }))
    expect(response.status).toBe(410)
    expect(response.data.resourceType).toBe('OperationOutcome')
  })

  test('that is not there is refused with 404 and what to do', async () => {
    const { response } = await refused(client.read({ resourceType: 'Patient', id: 'nobody' }))
    expect(response).toMatchObject({
      status: 404,
      data: { resourceType: 'OperationOutcome', issue: [{ severity: 'error', code: 'not-found' }] },
    })
    expect(response.data.issue[0]!.diagnostics).toContain('nobody')
  })

  test('is updated where a search finds it, and created where it finds nothing', async () => {
    const body = chen('條件')
    const update = () =>
      client.update({ resourceType: 'Patient', searchParams: { identifier: 'http://interop.example|條件' }, body })
    expect(status(await update())).toBe(201)
    const again = await as<Patient>(update())
    expect(status(again)).toBe(200)
  })

  test('goes without a body when the client prefers it', async () => {
    const created = await client.create({
      resourceType: 'Patient',
      body: chen('簡'),
      options: { headers: { Prefer: 'return=minimal' } },
    })
    const { response } = Client.httpFor(created)
    expect(response!.status).toBe(201)
    expect(response!.headers.get('location')).toMatch(/\/Patient\/[^/]+\/_history\/1$/)
  })
})

describe('searches', () => {
  const family = '林'
  let people: string[]
  beforeAll(async () => {
    people = []
    for (let i = 0; i < 7; i++) people.push((await create(`頁${i}`, { name: [{ family, given: [`頁${i}`] }] })).id)
    await client.create({ resourceType: 'Observation', body: weight(`Patient/${people[0]}`, 70) })
    await client.create({ resourceType: 'Observation', body: weight(`Patient/${people[1]}`, 80) })
  })

  test('go through the pages, to the last and back', async () => {
    const first = await as<Bundle>(
      client.search({ resourceType: 'Patient', searchParams: { family, _count: '3', _total: 'accurate' } }),
    )
    expect(first).toMatchObject({ type: 'searchset', total: 7 })
    const second = await as<Bundle>(client.nextPage({ bundle: first as never }))
    const third = await as<Bundle>(client.nextPage({ bundle: second as never }))
    expect([first, second, third].map(page => page.entry!.length)).toEqual([3, 3, 1])
    expect([first, second, third].flatMap(ids).sort()).toEqual([...people].sort())
    expect(client.nextPage({ bundle: third as never })).toBeUndefined()
    expect(client.prevPage({ bundle: first as never })).toBeUndefined()
    const back = client.prevPage({ bundle: third as never })
    // Pages go forward by key; a server need not give the way back, but one that it gives must lead there
    if (back) expect(ids(await as<Bundle>(back))).toEqual(ids(second))
  })

  test('are sent by GET or by POST, and answer the same', async () => {
    const searchParams = { family, given: '頁3' }
    const got = await as<Bundle>(client.search({ resourceType: 'Patient', searchParams }))
    const posted = await as<Bundle>(
      client.search({ resourceType: 'Patient', searchParams, options: { postSearch: true } }),
    )
    expect(ids(got)).toEqual([people[3]])
    expect(ids(posted)).toEqual([people[3]])
  })

  test('include what they refer to, and count what is in the bundle', async () => {
    const bundle = await as<Bundle>(
      client.search({
        resourceType: 'Observation',
        searchParams: { 'subject:Patient.family': family, 'value-quantity': 'gt75', _include: 'Observation:subject' },
      }),
    )
    expect(bundle.entry!.map(entry => [entry.resource!.resourceType, entry.search!.mode])).toEqual([
      ['Observation', 'match'],
      ['Patient', 'include'],
    ])
    expect(bundle.entry![1]!.resource!.id).toBe(people[1])
  })

  test('of a compartment find what belongs to the patient, by GET and by POST', async () => {
    const compartment = { resourceType: 'Patient', id: people[0]! }
    for (const postSearch of [false, true]) {
      const bundle = await as<Bundle<Observation>>(
        client.search({
          resourceType: 'Observation',
          compartment,
          searchParams: { code: '29463-7' },
          options: { postSearch },
        }),
      )
      expect(bundle.entry!.map(entry => entry.resource!.subject!.reference)).toEqual([`Patient/${people[0]}`])
    }
  })

  test('of the whole server name the types they want', async () => {
    const bundle = await as<Bundle>(client.search({ searchParams: { _type: 'Patient,Observation', _id: people[2]! } }))
    expect(ids(bundle)).toEqual([people[2]])
  })

  test('with a parameter that does not exist are refused, and say which one might be meant', async () => {
    const { response } = await refused(client.search({ resourceType: 'Patient', searchParams: { birthdat: '1980' } }))
    expect(response.status).toBe(400)
    expect(JSON.stringify(response.data)).toContain('birthdate')
  })
})

test('history tells of a resource, a type and the server', async () => {
  const { id } = await create('史')
  await client.update({ resourceType: 'Patient', id, body: { ...chen('史'), id, active: true } })
  await client.delete({ resourceType: 'Patient', id })
  const own = await as<Bundle>(client.history({ resourceType: 'Patient', id }))
  expect(own).toMatchObject({ type: 'history', total: 3 })
  expect(own.entry!.map(entry => entry.request!.method)).toEqual(['DELETE', 'PUT', 'POST'])
  for (const bundle of [
    await as<Bundle>(client.history({ resourceType: 'Patient' })),
    await as<Bundle>(client.history()),
  ]) {
    expect(bundle.type).toBe('history')
    expect(bundle.entry!.slice(0, 3).map(entry => entry.request!.url)).toEqual([
      `Patient/${id}`,
      `Patient/${id}`,
      expect.stringMatching(/^Patient/),
    ])
  }
})

describe('bundles', () => {
  test('a transaction resolves its own references', async () => {
    const answer = await as<Bundle>(
      client.transaction({
        body: {
          resourceType: 'Bundle',
          type: 'transaction',
          entry: [
            {
              fullUrl: 'urn:uuid:5b8ea9ac-2a7d-4c2e-9d0c-0d3f4b3c8a10',
              resource: chen('交易'),
              request: { method: 'POST', url: 'Patient' },
            },
            {
              resource: weight('urn:uuid:5b8ea9ac-2a7d-4c2e-9d0c-0d3f4b3c8a10', 60),
              request: { method: 'POST', url: 'Observation' },
            },
          ],
        },
      }),
    )
    expect(answer.type).toBe('transaction-response')
    const [patient, observation] = answer.entry!.map(
      entry => /([A-Z][a-z]+)\/([^/]+)\/_history/.exec(entry.response!.location!)!,
    )
    const read = await as<Observation>(client.read({ resourceType: 'Observation', id: observation![2]! }))
    expect(read.subject!.reference).toBe(`Patient/${patient![2]}`)
  })

  test('a transaction with one bad entry leaves nothing', async () => {
    const entry = [
      { resource: chen('全無'), request: { method: 'POST', url: 'Patient' } },
      { resource: { ...chen('x'), id: 'nobody' }, request: { method: 'PUT', url: 'Patient/nobody', ifMatch: 'W/"9"' } },
    ]
    const { response } = await refused(
      client.transaction({ body: { resourceType: 'Bundle', type: 'transaction', entry } }),
    )
    expect(response.status).toBe(412)
    expect(ids(await as<Bundle>(client.search({ resourceType: 'Patient', searchParams: { given: '全無' } })))).toEqual(
      [],
    )
  })

  test('a batch answers each entry by itself', async () => {
    const { id } = await create('批')
    const entry = [
      { request: { method: 'GET', url: `Patient/${id}` } },
      { request: { method: 'GET', url: 'Patient/nobody' } },
      { resource: chen('批次'), request: { method: 'POST', url: 'Patient' } },
    ]
    const answer = await as<Bundle>(client.batch({ body: { resourceType: 'Bundle', type: 'batch', entry } }))
    expect(answer.entry!.map(one => one.response!.status.slice(0, 3))).toEqual(['200', '404', '201'])
    expect(answer.entry![0]!.resource).toMatchObject({ resourceType: 'Patient', id })
  })
})

describe('operations', () => {
  test('$everything gathers what belongs to a patient', async () => {
    const { id } = await create('全部')
    await client.create({ resourceType: 'Observation', body: weight(`Patient/${id}`, 55) })
    for (const method of ['GET', 'POST'] as const) {
      const bundle = await as<Bundle>(
        client.operation({
          name: '$everything',
          resourceType: 'Patient',
          id,
          method,
          ...(method === 'POST' ? { input: { resourceType: 'Parameters' } } : {}),
        }),
      )
      expect(bundle.entry!.map(entry => entry.resource!.resourceType).sort()).toEqual(['Observation', 'Patient'])
    }
  })

  test('$meta tells of tags, and of where they stand', async () => {
    const tag = { system: 'http://interop.example', code: '試' }
    const { id } = await create('標', { meta: { tag: [tag] } })
    const own = await as<Parameters>(client.operation({ name: 'meta', resourceType: 'Patient', id, method: 'GET' }))
    expect(own.parameter![0]!.valueMeta!.tag).toEqual([tag])
  })
})
