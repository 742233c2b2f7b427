import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openServer, type TestServer } from '../../help/server.ts'

let server: TestServer
beforeAll(async () => {
  server = await openServer()
  await server.put('Patient/a', {
    resourceType: 'Patient',
    id: 'a',
    meta: { tag: [{ system: 'urn:t', code: 'one' }], profile: ['urn:p'] },
  })
  await server.put('Observation/o', {
    resourceType: 'Observation',
    id: 'o',
    status: 'final',
    code: { text: 'x' },
    meta: { security: [{ system: 'urn:s', code: 'R' }] },
  })
})
afterAll(() => server.close())

const meta = (value: object) => ({ resourceType: 'Parameters', parameter: [{ name: 'meta', valueMeta: value }] })
const answered = (body: unknown) => (body as { parameter?: { valueMeta: object }[] }).parameter?.[0]?.valueMeta

describe('$meta', () => {
  test('of a resource has its labels, and only them', async () => {
    expect(answered((await server.get('Patient/a/$meta')).body)).toEqual({
      tag: [{ system: 'urn:t', code: 'one' }],
      profile: ['urn:p'],
    })
    expect((await server.get('Patient/none/$meta')).status).toBe(404)
  })

  test('of a type and of the system has those in use', async () => {
    expect(answered((await server.get('Observation/$meta')).body)).toEqual({
      security: [{ system: 'urn:s', code: 'R' }],
    })
    expect(answered((await server.get('$meta')).body)).toEqual({
      tag: [{ system: 'urn:t', code: 'one' }],
      profile: ['urn:p'],
      security: [{ system: 'urn:s', code: 'R' }],
    })
    expect((await server.get('Device/$meta')).body).toEqual({ resourceType: 'Parameters' })
  })
})

describe('$meta-add and $meta-delete', () => {
  test('add what is not there yet, take away what is, and are found by it', async () => {
    const added = await server.post(
      'Patient/a/$meta-add',
      meta({
        tag: [
          { system: 'urn:t', code: 'two' },
          { system: 'urn:t', code: 'one' },
        ],
      }),
    )
    expect(answered(added.body)).toMatchObject({ tag: [{ code: 'one' }, { code: 'two' }] })
    expect((await server.get('Patient?_tag=urn:t|two')).body!.entry).toHaveLength(1)
    const removed = await server.post(
      'Patient/a/$meta-delete',
      meta({ tag: [{ system: 'urn:t', code: 'two' }], profile: ['urn:p'] }),
    )
    expect(answered(removed.body)).toMatchObject({ tag: [{ system: 'urn:t', code: 'one' }] })
    expect((await server.get('Patient?_tag=urn:t|two')).body!.entry).toBeUndefined()
    expect((await server.get('Patient/a')).body!.meta).toEqual({
      versionId: '3',
      lastUpdated: expect.any(String),
      tag: [{ system: 'urn:t', code: 'one' }],
    })
  })

  test('that change nothing make no version', async () => {
    const { version } = await server.get('Patient/a')
    expect((await server.post('Patient/a/$meta-add', meta({ tag: [{ system: 'urn:t', code: 'one' }] }))).status).toBe(
      200,
    )
    expect(
      (await server.post('Patient/a/$meta-delete', meta({ tag: [{ system: 'urn:other', code: 'one' }] }))).status,
    ).toBe(200)
    expect((await server.get('Patient/a')).version!.version).toBe(version!.version)
  })

  test('by many at once lose nothing', async () => {
    await server.put('Patient/m', { resourceType: 'Patient', id: 'm' })
    await Promise.all(
      Array.from({ length: 20 }, (_, i) => server.post('Patient/m/$meta-add', meta({ tag: [{ code: `t${i}` }] }))),
    )
    expect((await server.get('Patient/m')).body!.meta!.tag).toHaveLength(20)
  })

  test('refuse what is no Meta, or no Parameters', async () => {
    const bodies = [
      { resourceType: 'Parameters' },
      { resourceType: 'Patient' },
      [],
      meta({ tag: 'x' }),
      meta({ nonsense: 1 }),
      { resourceType: 'Parameters', parameter: [{ name: 'mata', valueString: 'x' }] },
      { resourceType: 'Parameters', parameter: {} },
      { resourceType: 'Parameters', parameter: [null] },
      { resourceType: 'Parameters', parameter: [{ name: 'meta' }] },
    ]
    for (const body of bodies) {
      const { status, said } = await server.post('Patient/a/$meta-add', body)
      expect([body, [400, 422].includes(status)]).toEqual([body, true])
      expect(said).not.toBe('')
    }
  })
})
