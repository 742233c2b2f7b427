/** A POST whose answer was lost is sent again (R8): nothing is written twice. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startServer } from '../help/process.ts'

describe('a POST under an X-Request-Id of the client', () => {
  const data = mkdtempSync(join(tmpdir(), 'retry-'))
  let server: Awaited<ReturnType<typeof startServer>>
  beforeAll(async () => {
    server = await startServer(data)
  })
  afterAll(async () => {
    await server.stop()
    rmSync(data, { recursive: true, force: true })
  })

  const patient = (family: string) => ({ resourceType: 'Patient', name: [{ family }] })
  const post = async (path: string, body: object, id?: string) => {
    const headers = { 'content-type': 'application/fhir+json', ...(id ? { 'x-request-id': id } : {}) }
    const response = await fetch(`${server.base}${path}`, { method: 'POST', headers, body: JSON.stringify(body) })
    return { status: response.status, location: response.headers.get('location'), text: await response.text() }
  }
  const total = async (search: string) =>
    ((await (await fetch(`${server.base}/${search}&_summary=count`)).json()) as { total: number }).total

  test('sent again creates nothing, and is answered as before', async () => {
    const first = await post('/Patient', patient('Again'), 'again-1')
    const second = await post('/Patient', patient('Again'), 'again-1')
    expect([first.status, second]).toEqual([201, first])
    expect(await total('Patient?family=again')).toBe(1)
  })

  test('with other content, under another id or none, is another request', async () => {
    for (const [family, id] of [
      ['Other1', 'o-1'],
      ['Other2', 'o-1'],
      ['Other1', 'o-2'],
      ['Other1', undefined],
    ] as const)
      expect((await post('/Patient', patient(family), id)).status).toBe(201)
    expect(await total('Patient?family=other')).toBe(4)
  })

  test('sent eight times at once creates one', async () => {
    const all = await Promise.all(Array.from({ length: 8 }, () => post('/Patient', patient('Eight'), 'eight')))
    expect(new Set(all.map(one => one.location)).size).toBe(1)
    expect(await total('Patient?family=eight')).toBe(1)
  })

  test('that was refused may be sent again', async () => {
    const bad = { resourceType: 'Patient', nmae: 'x' }
    expect([(await post('/Patient', bad, 'bad')).status, (await post('/Patient', bad, 'bad')).status]).toEqual([
      422, 422,
    ])
  })

  test('with a transaction writes it once, also after a kill -9, and reads anew what it reads', async () => {
    const entry = [
      {
        fullUrl: 'urn:uuid:00000000-0000-4000-8000-000000000001',
        resource: patient('Whole'),
        request: { method: 'POST', url: 'Patient' },
      },
      { request: { method: 'GET', url: 'Patient?family=whole&_summary=count' } },
      {
        resource: { resourceType: 'Patient', id: 'whole-2', name: [{ family: 'Whole' }] },
        request: { method: 'PUT', url: 'Patient/whole-2' },
      },
    ]
    const bundle = { resourceType: 'Bundle', type: 'transaction', entry }
    const answer = async () => {
      const { status, text } = await post('', bundle, 'whole')
      const { entry: answers } = JSON.parse(text) as {
        entry: { response: { location?: string }; resource?: { total?: number } }[]
      }
      return [status, answers[0]!.response.location, answers[1]!.resource?.total, answers[2]!.response.location]
    }
    const first = await answer()
    expect(first).toEqual([
      200,
      expect.stringContaining('/_history/1'),
      2,
      expect.stringContaining('Patient/whole-2/_history/1'),
    ])
    expect(await answer()).toEqual(first)
    await server.kill()
    server = await startServer(data)
    expect((await answer()).map(each => String(each).replace(/^http.*\/fhir\//, ''))).toEqual(
      first.map(each => String(each).replace(/^http.*\/fhir\//, '')),
    )
    expect(await total('Patient?family=whole')).toBe(2)
  })
})
