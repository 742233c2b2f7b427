import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openServer, type Answer, type TestServer } from '../help/server.ts'

let server: TestServer
const start = Date.UTC(2026, 0, 1)
let clock = start
const hour = 3_600_000

beforeAll(async () => {
  server = await openServer({ now: () => clock })
  // a: hours 1 (POST would have another id), 2, 3 (deleted), 4; b: 5, 6; an Observation: 7
  const step = async (work: () => Promise<unknown>) => {
    clock += hour
    await work()
  }
  await step(() => server.put('Patient/a', { resourceType: 'Patient', id: 'a', gender: 'male' }))
  await step(() => server.put('Patient/a', { resourceType: 'Patient', id: 'a', gender: 'female' }))
  await step(() => server.delete('Patient/a'))
  await step(() => server.put('Patient/a', { resourceType: 'Patient', id: 'a', gender: 'other' }))
  await step(() => server.put('Patient/b', { resourceType: 'Patient', id: 'b' }))
  await step(() =>
    server.patch('Patient/b', [{ op: 'add', path: '/active', value: true }], {
      'content-type': 'application/json-patch+json',
    }),
  )
  await step(() => server.post('Observation', { resourceType: 'Observation', status: 'final', code: { text: 'x' } }))
  clock += hour
})
afterAll(() => server.close())

interface Entry {
  fullUrl: string
  resource?: { id: string; meta: { versionId: string } }
  request: { method: string; url: string }
  response: { status: string; etag: string; lastModified: string }
}
const entries = ({ body }: Answer) => (body!.entry ?? []) as Entry[]
const told = (answer: Answer) =>
  entries(answer).map(({ request, response }) => `${request.method} ${request.url} ${response.etag}`)
const at = (hours: number) => encodeURIComponent(new Date(start + hours * hour).toISOString())
const link = ({ body }: Answer, relation: string) =>
  (body!.link as { relation: string; url: string }[]).find(link => link.relation === relation)?.url

describe('history', () => {
  test('of a resource has all its versions, the newest first', async () => {
    const answer = await server.get('Patient/a/_history')
    expect(answer.body).toMatchObject({ resourceType: 'Bundle', type: 'history', total: 4 })
    expect(told(answer)).toEqual([
      'PUT Patient/a W/"4"',
      'DELETE Patient/a W/"3"',
      'PUT Patient/a W/"2"',
      'PUT Patient/a W/"1"',
    ])
    expect(entries(answer).map(({ response }) => response.status)).toEqual([
      '200 OK',
      '204 No Content',
      '200 OK',
      '201 Created',
    ])
    expect(entries(answer)[0]).toMatchObject({
      fullUrl: 'http://localhost:8080/fhir/Patient/a',
      resource: { id: 'a', gender: 'other' },
    })
    expect(entries(answer)[1]!.resource).toBeUndefined()
    expect(entries(answer)[3]!.response.lastModified).toBe('2026-01-01T01:00:00.000Z')
  })

  test('of a type, and of everything', async () => {
    expect(told(await server.get('Patient/_history'))).toHaveLength(6)
    const all = await server.get('_history')
    expect(all.body!.total).toBe(7)
    expect(told(all)[0]).toMatch(/^POST Observation W\/"1"$/)
    expect(told(all)[1]).toBe('PATCH Patient/b W/"2"')
    expect((await server.get('Device/_history')).body).toMatchObject({ total: 0 })
    expect((await server.get('Device/_history')).body!.entry).toBeUndefined()
  })

  test('of what never was answers 404; of what was deleted it is there', async () => {
    expect((await server.get('Patient/none/_history')).status).toBe(404)
  })

  test('_since leaves out what is older', async () => {
    expect(told(await server.get(`Patient/_history?_since=${at(5)}`))).toEqual([
      'PATCH Patient/b W/"2"',
      'PUT Patient/b W/"1"',
    ])
    expect((await server.get('_history?_since=2027')).body!.total).toBe(0)
  })

  test('_since takes a zone whose + was not encoded', async () => {
    expect((await server.get('_history?_since=2026-01-01T13:00:00+08:00')).body!.total).toBe(3)
  })

  test('_at has the versions that were current then', async () => {
    expect(told(await server.get(`Patient/a/_history?_at=${at(2.5)}`))).toEqual(['PUT Patient/a W/"2"'])
    expect((await server.get('Patient/a/_history?_at=2025')).body!.total).toBe(0)
  })

  test('_sort=_lastUpdated begins with the oldest', async () => {
    expect(told(await server.get('Patient/a/_history?_sort=_lastUpdated'))[0]).toBe('PUT Patient/a W/"1"')
    expect(told(await server.get('Patient/a/_history?_sort=-_lastUpdated'))[0]).toBe('PUT Patient/a W/"4"')
  })

  test('_count=0 has the total only', async () => {
    const { body } = await server.get('_history?_count=0')
    expect(body).toMatchObject({ total: 7 })
    expect(body!.entry).toBeUndefined()
    expect(link({ body } as Answer, 'next')).toBeUndefined()
  })

  test.each(['_lastUpdated', '-_lastUpdated'])(
    'pages put together are the whole, sorted by %s, also while others write',
    async sort => {
      const whole = told(await server.get(`Patient/_history?_sort=${sort}&_count=100`))
      const pages: string[] = []
      let url: string | undefined = `Patient/_history?_sort=${sort}&_count=2`
      for (let i = 0; url && i < 10; i++) {
        const page = await server.get(url)
        expect(page.status).toBe(200)
        expect(page.body!.total).toBe(6)
        pages.push(...told(page))
        url = link(page, 'next')
        if (sort.startsWith('-'))
          await server.put('Observation/other', {
            resourceType: 'Observation',
            id: 'other',
            status: 'final',
            code: { text: 'x' },
          })
      }
      expect(pages).toEqual(whole)
    },
  )

  test('the self link tells what was applied', async () => {
    expect(link(await server.get('Patient/_history?_count=5&_since=2020&_pretty=true'), 'self')).toBe(
      'http://localhost:8080/fhir/Patient/_history?_count=5&_since=2020',
    )
  })

  test('refuses parameters it cannot use, and says what it has', async () => {
    for (const query of [
      '_count=-1',
      '_count=x',
      '_since=yesterday',
      '_at=2026-13',
      '_sort=name',
      '_count=1&_count=2',
      '_cursor=abc',
    ]) {
      expect([query, (await server.get(`Patient/_history?${query}`)).status]).toEqual([query, 400])
    }
    expect((await server.get('Patient/_history?_sinse=2020')).said).toContain('Did you mean "_since"')
  })

  test('ignores unknown parameters with Prefer: handling=lenient', async () => {
    const answer = await server.get('Patient/_history?_sinse=2020', { prefer: 'handling=lenient' })
    expect([answer.status, answer.body!.total]).toEqual([200, 6])
    expect((await server.get('Patient/_history', { prefer: 'handling=maybe' })).status).toBe(400)
  })
})
