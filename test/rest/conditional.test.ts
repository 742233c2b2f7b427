import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openServer, type TestServer } from '../help/server.ts'

let server: TestServer
let number = 0
beforeAll(async () => void (server = await openServer()))
afterAll(() => server.close())

/** A Patient whose identifier no other has, and criteria that match it. */
function fresh(more: object = {}) {
  const value = `n${++number}`
  return {
    resource: { resourceType: 'Patient', identifier: [{ system: 'urn:n', value }], ...more },
    criteria: `identifier=urn:n|${value}`,
  }
}
async function twice() {
  const { resource, criteria } = fresh()
  await server.create(resource)
  await server.create(resource)
  return { resource, criteria }
}
const total = async (criteria: string) => (await server.engine.counts()).get('Patient') ?? criteria.length
const json = { 'content-type': 'application/json-patch+json' }

describe('conditional create', () => {
  test('creates when nothing matches, and else answers 200 with what there is', async () => {
    const { resource, criteria } = fresh()
    const first = await server.post('Patient', resource, { 'if-none-exist': criteria })
    const second = await server.post('Patient', { ...resource, active: true }, { 'if-none-exist': criteria })
    expect([first.status, second.status]).toEqual([201, 200])
    expect(second.body).toEqual(first.body)
    expect(second.headers.Location).toBe(first.headers.Location)
  })

  test('takes criteria with a question mark or the type before them', async () => {
    const { resource, criteria } = fresh()
    await server.create(resource)
    for (const before of ['?', 'Patient?'])
      expect((await server.post('Patient', resource, { 'if-none-exist': before + criteria })).status).toBe(200)
  })

  test('answers 412 when several match', async () => {
    const { resource, criteria } = await twice()
    const { status, body } = await server.post('Patient', resource, { 'if-none-exist': criteria })
    expect(status).toBe(412)
    expect(body).toMatchObject({ issue: [{ code: 'multiple-matches' }] })
  })

  test('by many at once makes one resource, and all learn its id', async () => {
    const { resource, criteria } = fresh()
    const before = await total(criteria)
    const answers = await Promise.all(
      Array.from({ length: 32 }, () => server.post('Patient', resource, { 'if-none-exist': criteria })),
    )
    expect(answers.map(({ status }) => status).sort()).toEqual([...Array<number>(31).fill(200), 201])
    expect(new Set(answers.map(({ body }) => body!.id)).size).toBe(1)
    expect(await total(criteria)).toBe(before + 1)
  })

  test('creates again after what matched was deleted', async () => {
    const { resource, criteria } = fresh()
    const { id } = await server.create(resource)
    await server.delete(`Patient/${id}`)
    expect((await server.post('Patient', resource, { 'if-none-exist': criteria })).status).toBe(201)
  })

  test('refuses criteria that are none, unknown, or about the answer', async () => {
    const { resource } = fresh()
    for (const criteria of ['', '?', 'nonsense=1', '_count=1', 'identifier=', '_format=json', 'name:nonsense=a']) {
      const { status, said } = await server.post('Patient', resource, {
        'if-none-exist': criteria,
        prefer: 'handling=lenient',
      })
      expect([criteria, status]).toEqual([criteria, 400])
      expect(said).not.toBe('')
    }
  })
})

describe('conditional update', () => {
  test('creates when nothing matches: under a new id, or the one in the body', async () => {
    const one = fresh()
    const made = await server.put(`Patient?${one.criteria}`, one.resource)
    expect(made.status).toBe(201)
    expect(made.headers.Location).toContain(`Patient/${made.version!.ref.id}/_history/1`)
    const two = fresh({ id: 'chosen' })
    expect((await server.put(`Patient?${two.criteria}`, two.resource)).body!.id).toBe('chosen')
  })

  test('updates the one that matches', async () => {
    const { resource, criteria } = fresh()
    const { id } = await server.create(resource)
    const without = await server.put(`Patient?${criteria}`, { ...resource, active: true })
    expect([without.status, without.body!.id, without.body!.meta!.versionId]).toEqual([200, id, '2'])
    const withId = await server.put(`Patient?${criteria}`, { ...resource, id })
    expect([withId.status, withId.body!.meta!.versionId]).toEqual([200, '3'])
  })

  test('answers 400 when another matches than the body names', async () => {
    const { resource, criteria } = fresh()
    await server.create(resource)
    expect(await server.put(`Patient?${criteria}`, { ...resource, id: 'another' })).toMatchObject({
      status: 400,
      said: expect.stringContaining('"another"'),
    })
  })

  test('answers 409 when nothing matches and the id in the body is another resource’s', async () => {
    const { id } = await server.create(fresh().resource)
    const { resource, criteria } = fresh({ id })
    expect((await server.put(`Patient?${criteria}`, resource)).status).toBe(409)
    expect((await server.get(`Patient/${id}`)).version!.version).toBe('1')
  })

  test('answers 412 when several match, 400 without criteria or with an impossible id', async () => {
    const { resource, criteria } = await twice()
    expect((await server.put(`Patient?${criteria}`, resource)).status).toBe(412)
    expect((await server.put('Patient', resource)).status).toBe(400)
    const { resource: other, criteria: none } = fresh({ id: 'a b' })
    expect((await server.put(`Patient?${none}`, other)).status).toBe(400)
  })

  test('obeys If-Match', async () => {
    const { resource, criteria } = fresh()
    await server.create(resource)
    expect((await server.put(`Patient?${criteria}`, resource, { 'if-match': 'W/"2"' })).status).toBe(412)
    expect((await server.put(`Patient?${criteria}`, resource, { 'if-match': 'W/"1"' })).status).toBe(200)
    const none = fresh()
    expect((await server.put(`Patient?${none.criteria}`, none.resource, { 'if-match': 'W/"1"' })).status).toBe(412)
  })

  test('by many at once makes one resource', async () => {
    const { resource, criteria } = fresh()
    const answers = await Promise.all(Array.from({ length: 16 }, () => server.put(`Patient?${criteria}`, resource)))
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(1)
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(15)
    expect(new Set(answers.map(({ body }) => body!.id)).size).toBe(1)
  })
})

describe('conditional patch', () => {
  const off = [{ op: 'add', path: '/active', value: false }]
  test('patches the one that matches', async () => {
    const { resource, criteria } = fresh()
    const { id } = await server.create(resource)
    const { status, body } = await server.patch(`Patient?${criteria}`, off, json)
    expect([status, body!.id, body!.active]).toEqual([200, id, false])
  })

  test('answers 404 when nothing matches, 412 when several do, 400 without criteria', async () => {
    expect((await server.patch(`Patient?${fresh().criteria}`, off, json)).status).toBe(404)
    expect((await server.patch(`Patient?${(await twice()).criteria}`, off, json)).status).toBe(412)
    expect((await server.patch('Patient', off, json)).status).toBe(400)
  })
})

describe('conditional delete', () => {
  test('deletes the one that matches; nothing is fine too', async () => {
    const { resource, criteria } = fresh()
    const { id } = await server.create(resource)
    expect((await server.delete(`Patient?${criteria}`)).status).toBe(204)
    expect((await server.get(`Patient/${id}`)).status).toBe(410)
    expect((await server.delete(`Patient?${criteria}`)).status).toBe(204)
  })

  test('never deletes without criteria, or with criteria it does not know', async () => {
    const { id } = await server.create(fresh().resource)
    for (const query of ['', '?', '?nonsense=1', '?_count=1', '?_format=json'])
      expect([query, (await server.delete(`Patient${query}`, { prefer: 'handling=lenient' })).status]).toEqual([
        query,
        400,
      ])
    expect((await server.get(`Patient/${id}`)).status).toBe(200)
  })

  test('of several answers 412 and deletes none', async () => {
    const { criteria } = await twice()
    expect((await server.delete(`Patient?${criteria}`)).status).toBe(412)
  })

  test('of several deletes them all where it may, up to the limit', async () => {
    const generous = await openServer({ settings: { conditionalDelete: 'multiple' }, limits: { maxMatches: 5 } })
    for (let i = 0; i < 5; i++) await generous.create({ resourceType: 'Patient', gender: 'male' })
    await generous.create({ resourceType: 'Patient', gender: 'female' })
    const answer = await generous.delete('Patient?gender=male', { prefer: 'return=OperationOutcome' })
    expect(answer).toMatchObject({ status: 200, said: 'Deleted 5 Patient resources.' })
    expect((await generous.engine.counts()).get('Patient')).toBe(1)
    for (let i = 0; i < 6; i++) await generous.create({ resourceType: 'Patient', gender: 'male' })
    expect(await generous.delete('Patient?gender=male')).toMatchObject({
      status: 422,
      said: expect.stringContaining('More than 5'),
    })
    expect((await generous.engine.counts()).get('Patient')).toBe(7)
    await generous.close()
  })

  test('obeys If-Match', async () => {
    const { resource, criteria } = fresh()
    await server.create(resource)
    expect((await server.delete(`Patient?${criteria}`, { 'if-match': 'W/"3"' })).status).toBe(412)
    expect((await server.delete(`Patient?${criteria}`, { 'if-match': 'W/"1"' })).status).toBe(204)
    expect((await server.delete(`Patient?${criteria}`, { 'if-match': 'W/"1"' })).status).toBe(412)
  })
})
