import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openServer, type TestServer } from '../help/server.ts'

let server: TestServer
beforeAll(async () => void (server = await openServer()))
afterAll(() => server.close())
const make = async () => (await server.create({ resourceType: 'Patient' })).id

describe('delete', () => {
  test('answers 204; then a read answers 410 and a search does not find it', async () => {
    const id = await make()
    const { status, text, version } = await server.delete(`Patient/${id}`)
    expect([status, text, version!.version]).toEqual([204, '', '2'])
    expect((await server.get(`Patient/${id}`)).status).toBe(410)
    expect((await server.get(`Patient/${id}/_history/1`)).status).toBe(200)
  })

  test('again answers 204 too, and makes no version', async () => {
    const id = await make()
    await server.delete(`Patient/${id}`)
    expect((await server.delete(`Patient/${id}`)).status).toBe(204)
    expect((await server.get(`Patient/${id}/_history`)).body!.total).toBe(2)
  })

  test('of what never was answers 204', async () => {
    expect((await server.delete('Patient/never')).status).toBe(204)
  })

  test('by many at once makes one version', async () => {
    const id = await make()
    const answers = await Promise.all(Array.from({ length: 16 }, () => server.delete(`Patient/${id}`)))
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([204]))
    expect((await server.get(`Patient/${id}/_history`)).body!.total).toBe(2)
  })

  test('with If-Match of another version answers 412 and deletes nothing', async () => {
    const id = await make()
    expect((await server.delete(`Patient/${id}`, { 'if-match': 'W/"2"' })).status).toBe(412)
    expect((await server.delete(`Patient/${id}`, { 'if-match': 'W/"1"' })).status).toBe(204)
    expect((await server.delete(`Patient/${id}`, { 'if-match': 'W/"2"' })).status).toBe(412)
  })

  test('with Prefer: return=OperationOutcome says what was done', async () => {
    const id = await make()
    const prefer = { prefer: 'return=OperationOutcome' }
    expect(await server.delete(`Patient/${id}`, prefer)).toMatchObject({ status: 200, said: `Deleted Patient/${id}.` })
    expect(await server.delete(`Patient/${id}`, prefer)).toMatchObject({
      status: 200,
      said: expect.stringContaining('nothing was deleted'),
    })
  })
})
