import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openServer, type TestServer } from '../help/server.ts'

let server: TestServer
beforeAll(async () => void (server = await openServer()))
afterAll(() => server.close())

const patient = (id: string, more: object = {}) => ({ resourceType: 'Patient', id, ...more })

describe('update', () => {
  test('of what is not there creates it under the client’s id: 201 with Location', async () => {
    const { status, body, headers } = await server.put('Patient/made.by-PUT', patient('made.by-PUT', { active: true }))
    expect(status).toBe(201)
    expect(body).toMatchObject({ id: 'made.by-PUT', active: true, meta: { versionId: '1' } })
    expect(headers.Location).toMatch(/Patient\/made\.by-PUT\/_history\/1$/)
  })

  test('answers 200 with the next version, and keeps nothing of the old content', async () => {
    await server.put('Patient/b', patient('b', { active: true, gender: 'male' }))
    const { status, body } = await server.put('Patient/b', patient('b', { active: false }))
    expect([status, body!.meta!.versionId, body!.active, body!.gender]).toEqual([200, '2', false, undefined])
  })

  test('that changes nothing makes a new version all the same', async () => {
    await server.put('Patient/same', patient('same'))
    expect((await server.put('Patient/same', patient('same'))).version!.version).toBe('2')
  })

  test('needs the id of the URL in the body', async () => {
    expect(await server.put('Patient/c', { resourceType: 'Patient' })).toMatchObject({
      status: 400,
      said: expect.stringContaining('no id'),
    })
    expect(await server.put('Patient/c', patient('d'))).toMatchObject({
      status: 400,
      said: expect.stringContaining('"d"'),
    })
    expect((await server.get('Patient/c')).status).toBe(404)
  })

  test('under an id that cannot be one is refused', async () => {
    for (const id of ['a b', 'x'.repeat(65), 'ü', '人'])
      expect((await server.put(`Patient/${encodeURIComponent(id)}`, patient(id))).status).toBe(400)
  })

  test('brings a deleted resource back: 201, and the versions go on', async () => {
    await server.put('Patient/back', patient('back'))
    await server.delete('Patient/back')
    const { status, version } = await server.put('Patient/back', patient('back'))
    expect([status, version!.version]).toEqual([201, '3'])
    expect((await server.put('Patient/back', patient('back'))).status).toBe(200)
  })

  test('of a Binary by its bytes needs no id in them', async () => {
    const { status, body } = await server.put('Binary/b', Buffer.from('x'), { 'content-type': 'text/plain' })
    expect([status, body!.id, body!.data]).toEqual([201, 'b', 'eA=='])
  })
})

describe('update with If-Match', () => {
  test('of the current version is done, however the version is written', async () => {
    await server.put('Patient/m', patient('m'))
    for (const [i, tag] of ['W/"1"', '"2"', '3', 'W/"1", W/"4"', '*'].entries()) {
      expect([tag, (await server.put('Patient/m', patient('m'), { 'if-match': tag })).version?.version]).toEqual([
        tag,
        String(i + 2),
      ])
    }
  })

  test('of another version answers 412 and names the current one', async () => {
    await server.put('Patient/n', patient('n'))
    await server.put('Patient/n', patient('n'))
    const { status, said } = await server.put('Patient/n', patient('n'), { 'if-match': 'W/"1"' })
    expect(status).toBe(412)
    expect(said).toContain('is at version 2')
    expect((await server.get('Patient/n')).version!.version).toBe('2')
  })

  test('of what is not there, or not any more, answers 412', async () => {
    expect(await server.put('Patient/o', patient('o'), { 'if-match': 'W/"1"' })).toMatchObject({
      status: 412,
      said: expect.stringContaining('does not exist'),
    })
    await server.put('Patient/p', patient('p'))
    await server.delete('Patient/p')
    expect(await server.put('Patient/p', patient('p'), { 'if-match': 'W/"2"' })).toMatchObject({
      status: 412,
      said: expect.stringContaining('was deleted'),
    })
  })

  test('that names no version is refused', async () => {
    for (const tag of ['', ',', 'W/', 'W/"a b"', '"'.repeat(5000), 'x'.repeat(70)]) {
      expect([tag, (await server.put('Patient/m', patient('m'), { 'if-match': tag })).status]).toEqual([tag, 400])
    }
  })

  test('has one winner of many, and the others are told', async () => {
    await server.put('Patient/race', patient('race'))
    const answers = await Promise.all(
      Array.from({ length: 32 }, () => server.put('Patient/race', patient('race'), { 'if-match': 'W/"1"' })),
    )
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1)
    expect(answers.filter(({ status, said }) => status === 412 && said.includes('is at version 2'))).toHaveLength(31)
  })

  test('If-None-Match: * creates, and only creates', async () => {
    const answers = await Promise.all(
      Array.from({ length: 8 }, () => server.put('Patient/only', patient('only'), { 'if-none-match': '*' })),
    )
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 412, 412, 412, 412, 412, 412, 412])
  })
})

test('many updates at once all succeed, with versions without gaps, one 201 among them', async () => {
  const answers = await Promise.all(Array.from({ length: 50 }, () => server.put('Patient/many', patient('many'))))
  expect(answers.map(({ version }) => Number(version!.version)).sort((a, b) => a - b)).toEqual(
    Array.from({ length: 50 }, (_, i) => i + 1),
  )
  expect(answers.filter(({ status }) => status === 201)).toHaveLength(1)
})
