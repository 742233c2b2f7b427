import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { openServer, type TestServer } from '../help/server.ts'

let server: TestServer
let id = ''
beforeAll(async () => void (server = await openServer()))
afterAll(() => server.close())
beforeEach(async () => {
  id = (
    await server.create({
      resourceType: 'Patient',
      active: true,
      name: [{ family: 'Lin', given: ['Mei'] }],
      identifier: [{ system: 'urn:n', value: `p${Math.random()}` }],
    })
  ).id
})

const json = { 'content-type': 'application/json-patch+json' }
const fhir = { 'content-type': 'application/fhir+json; charset=utf-8' }
const replace = (path: string, name: string, value: unknown) => ({
  resourceType: 'Parameters',
  parameter: [
    {
      name: 'operation',
      part: [
        { name: 'type', valueCode: 'replace' },
        { name: 'path', valueString: path },
        { name: 'value', [name]: value },
      ],
    },
  ],
})

describe('patch', () => {
  test('by JSON Patch answers 200 with the new version', async () => {
    const { status, body } = await server.patch(
      `Patient/${id}`,
      [{ op: 'replace', path: '/name/0/family', value: 'Chen' }],
      json,
    )
    expect(status).toBe(200)
    expect(body).toMatchObject({
      id,
      active: true,
      name: [{ family: 'Chen', given: ['Mei'] }],
      meta: { versionId: '2' },
    })
  })

  test('by FHIRPath Patch answers 200 with the new version', async () => {
    const { status, body } = await server.patch(
      `Patient/${id}`,
      replace('Patient.name[0].family', 'valueString', 'Wu'),
      fhir,
    )
    expect([status, body!.meta!.versionId]).toEqual([200, '2'])
    expect(body).toMatchObject({ name: [{ family: 'Wu' }] })
  })

  test('whose test does not hold changes nothing: 422', async () => {
    const { status } = await server.patch(
      `Patient/${id}`,
      [
        { op: 'test', path: '/active', value: false },
        { op: 'remove', path: '/name' },
      ],
      json,
    )
    expect(status).toBe(422)
    expect((await server.get(`Patient/${id}`)).version!.version).toBe('1')
  })

  test('cannot change what the resource is', async () => {
    for (const [path, value] of [
      ['/id', 'other'],
      ['/resourceType', 'Group'],
    ]) {
      expect((await server.patch(`Patient/${id}`, [{ op: 'replace', path, value }], json)).status).toBe(422)
    }
  })

  test('whose result is no Patient any more is refused, telling where', async () => {
    const { status, body } = await server.patch(`Patient/${id}`, [{ op: 'add', path: '/nonsense', value: 1 }], json)
    expect(status).toBe(422)
    expect(body).toMatchObject({ issue: [{ expression: ['Patient.nonsense'] }] })
  })

  test('of what is not there answers 404, of what was deleted 410', async () => {
    expect((await server.patch('Patient/none', [], json)).status).toBe(404)
    await server.delete(`Patient/${id}`)
    expect((await server.patch(`Patient/${id}`, [], json)).status).toBe(410)
  })

  test('in a format there is not answers 415', async () => {
    expect((await server.patch(`Patient/${id}`, [], { 'content-type': 'application/merge-patch+json' })).status).toBe(
      415,
    )
    expect(
      (await server.patch(`Patient/${id}`, Buffer.from('<diff/>'), { 'content-type': 'application/xml-patch+xml' }))
        .status,
    ).toBe(415)
    expect((await server.ask('PATCH', `Patient/${id}`)).status).toBe(400)
  })

  test('with If-Match of another version answers 412', async () => {
    const { status, said } = await server.patch(`Patient/${id}`, [{ op: 'remove', path: '/active' }], {
      ...json,
      'if-match': 'W/"7"',
    })
    expect(status).toBe(412)
    expect(said).toContain('is at version 1')
  })

  test('by many at once loses no change', async () => {
    const list = (await server.create({ resourceType: 'Basic', code: { text: 'x' }, identifier: [{ value: 'start' }] }))
      .id
    const answers = await Promise.all(
      Array.from({ length: 40 }, (_, i) =>
        server.patch(`Basic/${list}`, [{ op: 'add', path: '/identifier/-', value: { value: `v${i}` } }], json),
      ),
    )
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(40)
    expect((await server.get(`Basic/${list}`)).body!.identifier).toHaveLength(41)
  })

  test('keeps the digits of decimals it does not touch', async () => {
    const text = '{"resourceType":"Observation","status":"final","code":{"text":"x"},"valueQuantity":{"value":1.00}}'
    const { version } = await server.ask('POST', 'Observation', { body: text })
    const { text: patched } = await server.patch(
      `Observation/${version!.ref.id}`,
      [{ op: 'replace', path: '/status', value: 'amended' }],
      json,
    )
    expect(patched).toContain('"value":1.00}')
    expect(patched).toContain('"amended"')
  })
})
