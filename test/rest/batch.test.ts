/** Batch. https://hl7.org/fhir/R4/http.html#transaction */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { base, openServer, type TestServer } from '../help/server.ts'
import { asking, bundle, entries, post, putting } from '../help/whole.ts'
import { patient } from '../help/resources.ts'

let server: TestServer
beforeAll(async () => {
  server = await openServer()
})
afterAll(() => server.close())

const statuses = (answer: Awaited<ReturnType<TestServer['get']>>) =>
  entries(answer).map(({ response }) => response!.status)

describe('a batch', () => {
  test('answers each entry in its place, refusals among them', async () => {
    const answer = await server.post(
      '',
      bundle(
        'batch',
        putting(patient('b1', 'Wang', 'A')),
        asking('GET', 'Patient/none'),
        putting(patient('b2', 'Wang', 'B')),
        asking('GET', 'Patient?nmae=x'),
        post({ resourceType: 'Nonsense' }),
      ),
    )
    expect(answer.status).toBe(200)
    expect(answer.body).toMatchObject({ resourceType: 'Bundle', type: 'batch-response' })
    expect(statuses(answer)).toEqual([
      '201 Created',
      '404 Not Found',
      '201 Created',
      '400 Bad Request',
      '404 Not Found',
    ])
    expect(entries(answer)[0]!.response).toMatchObject({ location: `${base}/Patient/b1/_history/1`, etag: 'W/"1"' })
    expect(entries(answer)[1]!.response!.outcome).toMatchObject({ resourceType: 'OperationOutcome' })
  })

  test('answers reads and searches with their resource', async () => {
    const answer = await server.post(
      '',
      bundle(
        'batch',
        asking('GET', 'Patient/b1'),
        asking('GET', 'Patient?family=Wang&_count=1'),
        asking('GET', `${base}/Patient/b2`),
        asking('GET', '/Patient/b2'),
        asking('HEAD', 'Patient/b1'),
      ),
    )
    expect(entries(answer).map(({ resource }) => resource?.resourceType)).toEqual([
      'Patient',
      'Bundle',
      'Patient',
      'Patient',
      undefined,
    ])
    expect(entries(answer)[0]).toMatchObject({
      fullUrl: `${base}/Patient/b1`,
      response: { status: '200 OK', etag: 'W/"1"' },
    })
  })

  test('gives the resources written only when asked to', async () => {
    const body = bundle('batch', putting(patient('b3', 'Lin', 'A')))
    expect(entries(await server.post('', body))[0]).not.toHaveProperty('resource')
    expect(entries(await server.post('', body, { prefer: 'return=representation' }))[0]!.resource).toMatchObject({
      id: 'b3',
    })
    expect(
      entries(await server.post('', body, { prefer: 'return=OperationOutcome' }))[0]!.response!.outcome,
    ).toMatchObject({ resourceType: 'OperationOutcome' })
  })

  test('keeps the order of entries that write one resource', async () => {
    const many = Array.from({ length: 40 }, (_, i) => putting(patient('order', 'Wang', `G${i}`)))
    const answer = await server.post('', bundle('batch', ...many))
    expect(entries(answer).map(({ response }) => response!.etag)).toEqual(many.map((_, i) => `W/"${i + 1}"`))
    expect((await server.get('Patient/order')).body).toMatchObject({ name: [{ given: ['G39'] }] })
  })

  test('takes conditions of an entry', async () => {
    const answer = await server.post(
      '',
      bundle(
        'batch',
        putting(patient('b1', 'Wang', 'A'), { ifMatch: 'W/"99"' }),
        post(patient('x', 'Wang', 'A'), undefined, { ifNoneExist: '_id=b1' }),
        asking('GET', 'Patient/b1', { ifNoneMatch: 'W/"1"' }),
        asking('DELETE', 'Patient/b2'),
      ),
    )
    expect(statuses(answer)).toEqual(['412 Precondition Failed', '200 OK', '304 Not Modified', '204 No Content'])
    expect((await server.get('Patient/b2')).status).toBe(410)
  })

  test('in a batch is refused, the others go on', async () => {
    const answer = await server.post(
      '',
      bundle(
        'batch',
        { resource: bundle('batch'), request: { method: 'POST', url: '' } },
        { resource: bundle('transaction'), request: { method: 'POST', url: '/' } },
        asking('GET', 'Patient/b1'),
      ),
    )
    expect(statuses(answer)).toEqual(['400 Bad Request', '400 Bad Request', '200 OK'])
  })

  test('without entries answers without entries', async () => {
    const answer = await server.post('', bundle('batch'))
    expect(answer.status).toBe(200)
    expect(answer.body).not.toHaveProperty('entry')
  })

  test('entries that are no requests become outcomes', async () => {
    const wrong = [null, 1, 'x', [], {}, { request: null }, { request: {} }, { request: { method: 'GET' } }, { request: { method: 'TRACE', url: 'Patient' } }, { request: { method: 'GET', url: 7 } },
      { request: { method: 'GET', url: 'http://elsewhere.example/Patient/1' } }, { request: { method: 'POST', url: 'Patient' } }, { request: { method: 'POST', url: 'Patient' }, resource: [] },
      { request: { method: 'GET', url: '%ff' } }, { request: { method: 'GET', url: 'Patient/%2e%2e%2f' } }, { request: { method: 'GET', url: 'Patient/b1', ifModifiedSince: 'never' } },
      { request: { method: 'PATCH', url: 'Patient/b1' }, resource: { resourceType: 'Binary', contentType: 'application/json-patch+json', data: '@@@' } }] // prettier-ignore
    const answer = await server.post('', bundle('batch', ...wrong))
    expect(answer.status).toBe(200)
    for (const status of statuses(answer)) expect(status).toMatch(/^4\d\d /)
    expect(statuses(answer)).toHaveLength(wrong.length)
  })
})

describe('what is posted to the base', () => {
  test('is a Bundle of type batch or transaction', async () => {
    for (const body of [
      patient('1', 'a', 'b'),
      { resourceType: 'Bundle' },
      { resourceType: 'Bundle', type: 'searchset' },
      { resourceType: 'Bundle', type: 'batch', entry: {} },
      [],
      1,
      null,
    ]) {
      expect((await server.post('', body)).status).toBe(400)
    }
  })

  test('with too many entries is refused as a whole', async () => {
    const small = await openServer({ limits: { maxBatchEntries: 2, maxBundleEntries: 2 } })
    for (const type of ['batch', 'transaction'] as const) {
      const answer = await small.post(
        '',
        bundle(
          type,
          post({ resourceType: 'Patient' }),
          post({ resourceType: 'Patient' }),
          post({ resourceType: 'Patient' }),
        ),
      )
      expect(answer.status).toBe(413)
      expect(answer.said).toContain('2 at most')
    }
    expect((await small.get('Patient?_summary=count')).body).toMatchObject({ total: 0 })
    await small.close()
  })
})
