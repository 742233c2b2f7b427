import type { CapabilityStatement } from 'fhir/r4'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openAudited } from '../access/audited.ts'
import { leastOf } from '../help/resources.ts'
import { definitions, openServer, type TestServer } from '../help/server.ts'

let server: TestServer
let statement: CapabilityStatement
beforeAll(async () => {
  server = await openServer()
  statement = (await server.get('metadata')).body as unknown as CapabilityStatement
})
afterAll(() => server.close())
const resources = () => statement.rest![0]!.resource!

describe('metadata', () => {
  test('answers a CapabilityStatement of R4 with all its resource types', () => {
    expect(statement).toMatchObject({
      resourceType: 'CapabilityStatement',
      kind: 'instance',
      status: 'active',
      fhirVersion: '4.0.1',
    })
    expect(statement.format).toContain('json')
    expect(resources()).toHaveLength(146)
    expect(resources().find(({ type }) => type === 'Observation')!.searchRevInclude).toContain(
      'Observation:derived-from',
    )
  })

  test('states the limits', () => {
    expect(statement.rest![0]!.documentation).toMatch(/a transaction has 500 entries/)
  })

  test('answers 304 to who has it already', async () => {
    const { headers } = await server.get('metadata')
    expect(headers.ETag).toMatch(/^W\/".+"$/)
    expect(await server.get('metadata', { 'if-none-match': headers.ETag! })).toMatchObject({ status: 304, text: '' })
    expect((await server.get('metadata', { 'if-none-match': 'W/"other"' })).status).toBe(200)
  })

  test('in its modes: full, normative, terminology; no other', async () => {
    expect((await server.get('metadata?mode=full')).body).toEqual(statement)
    expect((await server.get('metadata?mode=normative')).body!.resourceType).toBe('CapabilityStatement')
    expect((await server.get('metadata?mode=terminology')).body!.resourceType).toBe('TerminologyCapabilities')
    expect((await server.get('metadata?mode=some')).status).toBe(400)
  })

  test('answers parts of it', async () => {
    const { body } = await server.get('metadata?_elements=software')
    expect(body!.software).toBeDefined()
    expect(body!.publisher).toBeUndefined()
  })
})

const harmless: Readonly<Record<string, string>> = {
  number: '1', date: '2020', string: 'a', token: 'a', reference: 'Patient/1', quantity: '1', uri: 'urn:a', special: '25|121|1|km',
} // prettier-ignore

/** A value that a parameter takes; of a composite, one for each of its components. */
function valueFor(type: string, name: string, kind: string): string {
  if (name === '_lastUpdated') return '2020'
  if (kind !== 'composite') return harmless[kind]!
  const { components } = definitions.searchParams(type).get(name)!
  return components.map(({ definition }) => harmless[definitions.searchParam(definition)!.type]).join('$')
}

describe('all that is advertised is there:', () => {
  test('every interaction of every type', async () => {
    for (const { type, interaction } of resources()) {
      const names = interaction!.map(({ code }) => code)
      expect(names.sort()).toEqual([
        'create',
        'delete',
        'history-instance',
        'history-type',
        'patch',
        'read',
        'search-type',
        'update',
        'vread',
      ])
      const url = `${type}/probe`
      const body = { ...leastOf(type, definitions), id: 'probe', language: 'en' }
      expect([type, (await server.put(url, body)).said, (await server.put(url, body)).status]).toEqual([type, '', 200])
      expect([type, (await server.get(url)).status, (await server.get(`${url}/_history/1`)).status]).toEqual([
        type,
        200,
        200,
      ])
      expect([type, (await server.get(`${url}/_history`)).body!.total]).toEqual([type, 2])
      expect([type, (await server.get(`${type}/_history`)).body!.total]).toEqual([type, 2])
      const patch = [{ op: 'replace', path: '/language', value: 'fr' }]
      expect([
        type,
        (await server.patch(url, patch, { 'content-type': 'application/json-patch+json' })).status,
      ]).toEqual([type, 200])
      expect([type, (await server.post(type, body, { 'if-none-exist': '_id=probe' })).status]).toEqual([type, 200])
      expect([type, (await server.put(`${type}?_id=probe`, body)).status]).toEqual([type, 200])
      expect([type, (await server.get(`${type}?_id=probe`)).body!.entry]).toMatchObject([
        type,
        [{ resource: { id: 'probe' } }],
      ])
      expect([type, (await server.delete(`${type}?_id=probe`)).status, (await server.get(url)).status]).toEqual([
        type,
        204,
        410,
      ])
      expect([type, (await server.post(type, body)).status]).toEqual([type, 201])
    }
  })

  test('every interaction of the system', async () => {
    expect(statement.rest![0]!.interaction!.map(({ code }) => code).sort()).toEqual([
      'batch',
      'history-system',
      'search-system',
      'transaction',
    ])
    expect((await server.get('?_type=Patient')).status).toBe(200)
    expect((await server.get('_history?_count=1')).status).toBe(200)
    for (const type of ['batch', 'transaction']) {
      const entry = [{ request: { method: 'GET', url: 'Patient' } }]
      expect([type, (await server.post('', { resourceType: 'Bundle', type, entry })).body]).toMatchObject([
        type,
        { type: `${type}-response` },
      ])
    }
  })

  test('every search parameter of every type', async () => {
    const refused: string[] = []
    for (const { type, searchParam } of resources()) {
      for (const { name, type: kind } of searchParam!) {
        const { status, said } = await server.get(
          `${type}?${name}=${encodeURIComponent(valueFor(type, name, kind))}&_count=1`,
        )
        if (status !== 200) refused.push(`${type}?${name} (${kind}): ${status} ${said}`)
      }
    }
    expect(refused).toEqual([])
  })

  test('every search parameter of the system', async () => {
    for (const { name, type } of statement.rest![0]!.searchParam!) {
      expect([
        name,
        (
          await server.get(
            `?${name}=${name === '_lastUpdated' ? '2020' : encodeURIComponent(harmless[type]!)}&_count=1`,
          )
        ).status,
      ]).toEqual([name, 200])
    }
  })

  test('every include and every reverse include', async () => {
    for (const { type, searchInclude, searchRevInclude } of resources()) {
      const ask = (name: string, values: readonly string[]) =>
        server.get(`${type}?_count=1&${values.map(value => `${name}=${encodeURIComponent(value)}`).join('&')}`)
      for (let i = 0; i < searchInclude!.length; i += 50)
        expect([type, (await ask('_include', searchInclude!.slice(i, i + 50))).said]).toEqual([type, ''])
      for (let i = 0; i < searchRevInclude!.length; i += 100)
        expect([type, (await ask('_revinclude', searchRevInclude!.slice(i, i + 100))).said]).toEqual([type, ''])
    }
  })

  test('every operation, and every compartment', async () => {
    for (const { name } of statement.rest![0]!.operation!)
      expect([name, (await server.post(`$${name}`, { resourceType: 'Parameters' })).status]).toEqual([name, 200])
    const patient = await server.create({ resourceType: 'Patient' })
    for (const { name } of resources().find(({ type }) => type === 'Patient')!.operation!) {
      const parameter = [{ name: 'meta', valueMeta: { tag: [{ code: 'x' }] } }]
      const statuses = [
        await server.post(`Patient/${patient.id}/$${name}`, { resourceType: 'Parameters', parameter }),
        await server.post(`Patient/${patient.id}/$${name}`, { resourceType: 'Parameters' }),
        await server.post(`Patient/$${name}`, { resourceType: 'Parameters' }),
      ]
      expect([name, statuses.some(({ status }) => status === 200)]).toEqual([name, true])
    }
    for (const url of statement.rest![0]!.compartment!) {
      const type = resources().find(({ type }) => url.endsWith(`/${type.toLowerCase()}`))!.type
      await server.put(`${type}/c`, { ...leastOf(type, definitions), id: 'c' })
      expect([type, (await server.get(`${type}/c/Observation`)).status]).toEqual([type, 200])
    }
  })
})

describe('the audit log', () => {
  test('what the CapabilityStatement offers for AuditEvent works, and what it does not is refused', async () => {
    const served = await openAudited()
    try {
      await served.ask('PUT', 'Patient/p1', { body: { resourceType: 'Patient', id: 'p1' } })
      const [event] = await served.events()
      const id = event!.id!
      const { body } = await served.ask('GET', 'metadata')
      const all = (body as unknown as CapabilityStatement).rest![0]!.resource!
      const told = all.find(({ type }) => type === 'AuditEvent')!
      const offered = told.interaction!.map(({ code }) => code)
      expect(offered).toEqual(['read', 'vread', 'history-instance', 'history-type', 'search-type'])
      const patch = { 'content-type': 'application/json-patch+json' }
      const tried = {
        read: () => served.ask('GET', `AuditEvent/${id}`),
        vread: () => served.ask('GET', `AuditEvent/${id}/_history/1`),
        'history-instance': () => served.ask('GET', `AuditEvent/${id}/_history`),
        'history-type': () => served.ask('GET', 'AuditEvent/_history'),
        'search-type': () => served.ask('GET', 'AuditEvent?action=C'),
        create: () => served.ask('POST', 'AuditEvent', { body: event }),
        update: () => served.ask('PUT', `AuditEvent/${id}`, { body: event }),
        patch: () =>
          served.ask('PATCH', `AuditEvent/${id}`, {
            body: [{ op: 'replace', path: '/outcome', value: '8' }],
            headers: patch,
          }),
        delete: () => served.ask('DELETE', `AuditEvent/${id}`),
      }
      for (const [name, ask] of Object.entries(tried))
        expect([name, (await ask()).status]).toEqual([name, offered.includes(name as 'read') ? 200 : 403])
      const conditional = {
        updateCreate: () => served.ask('PUT', 'AuditEvent/of-mine', { body: { ...event, id: 'of-mine' } }),
        conditionalCreate: () =>
          served.ask('POST', 'AuditEvent', { body: event, headers: { 'if-none-exist': '_id=x' } }),
        conditionalUpdate: () => served.ask('PUT', `AuditEvent?_id=${id}`, { body: event }),
      }
      for (const [name, ask] of Object.entries(conditional)) {
        expect([name, told[name as 'updateCreate']]).toEqual([name, false])
        expect([name, (await ask()).status]).toEqual([name, 403])
      }
      expect(told.conditionalDelete).toBe('not-supported')
      expect((await served.ask('DELETE', `AuditEvent?_id=${id}`)).status).toBe(403)
      const operations = told.operation!.map(({ name }) => name)
      for (const name of ['meta-add', 'meta-delete', 'reindex']) expect(operations).not.toContain(name)
      // another type is told as it is
      const other = all.find(({ type }) => type === 'Patient')!
      expect(other.interaction!.map(({ code }) => code)).toContain('create')
      expect([other.updateCreate, other.conditionalCreate, other.conditionalUpdate]).toEqual([true, true, true])
    } finally {
      await served.close()
    }
  })

  test('without one, AuditEvent is a type as any other', async () => {
    const told = resources().find(({ type }) => type === 'AuditEvent')!
    expect(told.interaction!.map(({ code }) => code)).toContain('create')
    const body = leastOf('AuditEvent', definitions)
    expect((await server.post('AuditEvent', body as never)).status).toBe(201)
  })
})
