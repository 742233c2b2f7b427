import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openServer, type TestServer } from '../help/server.ts'

let server: TestServer
beforeAll(async () => void (server = await openServer()))
afterAll(() => server.close())

const anna = { resourceType: 'Patient', name: [{ family: 'Lin', given: ['Anna'] }] }

describe('create', () => {
  test('answers 201 with Location, version 1 and the resource as stored', async () => {
    const { status, body, version, headers } = await server.post('Patient', anna)
    expect(status).toBe(201)
    expect(body).toMatchObject({ ...anna, id: version!.ref.id, meta: { versionId: '1' } })
    expect(body!.meta!.lastUpdated).toMatch(/^\d{4}-\d\d-\d\dT.*Z$/)
    expect(headers.Location).toBe(`http://localhost:8080/fhir/Patient/${version!.ref.id}/_history/1`)
    expect((await server.get(`Patient/${version!.ref.id}`)).body).toEqual(body)
  })

  test('gives an id of its own whatever id, version and time the client sends', async () => {
    const { status, body } = await server.post('Patient', {
      ...anna,
      id: 'mine',
      meta: { versionId: '9', lastUpdated: '2001-01-01T00:00:00Z', source: 'urn:x' },
    })
    expect(status).toBe(201)
    expect(body!.id).not.toBe('mine')
    expect(body!.meta).toMatchObject({ versionId: '1', source: 'urn:x' })
    expect(body!.meta!.lastUpdated).not.toMatch(/^2001/)
  })

  test('keeps the digits of decimals', async () => {
    const text =
      '{"resourceType":"Observation","status":"final","code":{"text":"x"},"valueQuantity":{"value":1.00},"component":[{"code":{"text":"y"},"valueQuantity":{"value":0.10000000000000000001}}]}'
    const { text: stored } = await server.ask('POST', 'Observation', { body: text })
    expect(stored).toContain('"value":1.00}')
    expect(stored).toContain('0.10000000000000000001')
  })

  test('with Prefer: return=minimal has no body, but its version', async () => {
    const { status, text, version } = await server.post('Patient', anna, { prefer: 'return=minimal' })
    expect([status, text, version?.version]).toEqual([201, '', '1'])
  })

  test('with Prefer: return=OperationOutcome answers an OperationOutcome', async () => {
    const { status, body, said } = await server.post('Patient', anna, { prefer: 'return=OperationOutcome' })
    expect([status, body!.resourceType]).toEqual([201, 'OperationOutcome'])
    expect(said).toMatch(/^Created Patient\/.*, version 1\.$/)
  })

  test('of a type other than the URL names is refused, naming both', async () => {
    const { status, said } = await server.post('Observation', anna)
    expect(status).toBe(400)
    expect(said).toContain('is a Patient, but the URL names Observation')
  })

  test('of a type R4 does not have says which is near', async () => {
    expect(await server.post('Patiant', anna)).toMatchObject({
      status: 404,
      said: expect.stringContaining('"Patient"'),
    })
    expect(await server.post('Patient', { resourceType: 'Pateint' })).toMatchObject({
      status: 400,
      said: expect.stringContaining('"Patient"'),
    })
  })

  test('without a body, or with one that is no resource, is refused', async () => {
    for (const body of [undefined, [], 'null', '3', {}, { resourceType: 7 }]) {
      const { status, said } = await server.ask('POST', 'Patient', { body })
      expect([body, status]).toEqual([body, 400])
      expect(said).not.toBe('')
    }
  })

  test('of a Binary takes its bytes', async () => {
    const { status, body } = await server.post('Binary', Buffer.from('hello'), { 'content-type': 'text/plain' })
    expect(status).toBe(201)
    expect(body).toMatchObject({ resourceType: 'Binary', contentType: 'text/plain', data: 'aGVsbG8=' })
  })

  test('of bytes as anything but a Binary is refused', async () => {
    expect((await server.post('Patient', Buffer.from('hello'), { 'content-type': 'text/plain' })).status).toBe(400)
  })

  test('refuses a resource that validation finds wrong, with its issues', async () => {
    const finding = {
      severity: 'error',
      code: 'invariant',
      said: { en: 'No.', zh: '不行。' },
      expression: 'Patient',
    } as const
    const validate = async (resource: unknown) => ((resource as { active?: boolean }).active === false ? [finding] : [])
    const strict = await openServer({ validate, settings: { validation: 'full' } })
    expect((await strict.post('Patient', anna)).status).toBe(201)
    expect(await strict.post('Patient', { ...anna, active: false })).toMatchObject({ status: 422, said: 'No.' })
    await strict.close()
  })
})
