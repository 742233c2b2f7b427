/**
 * 64 clients want the same thing at once: conditional creates make one, If-Match lets one through, and no version is lost.
 * https://hl7.org/fhir/R4/http.html#concurrency
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { complaints, fault, runServer, type Answer, type Running } from '../help/running-server.ts'

let server: Running
beforeAll(async () => void (server = await runServer()))
afterAll(() => server.end())

const CLIENTS = 64
const clients = Array.from({ length: CLIENTS }, (_, i) => i)
const together = <T>(work: (client: number) => Promise<T>): Promise<T[]> => Promise.all(clients.map(work))

/** How many answers there are of each status, after none was found faulty. */
function statuses(answers: readonly Answer[]): Record<number, number> {
  expect(answers.map(answer => fault(answer)).filter(Boolean)).toEqual([])
  const counts: Record<number, number> = {}
  for (const { status } of answers) counts[status] = (counts[status] ?? 0) + 1
  return counts
}

const patient = (identifier: string, more: object = {}) => ({
  resourceType: 'Patient',
  identifier: [{ system: 'urn:race', value: identifier }],
  ...more,
})
const count = async (identifier: string): Promise<number> =>
  (await server.ask('GET', `Patient?identifier=urn:race|${identifier}&_summary=count`)).body.total as number
const transaction = (...entry: object[]) => ({ resourceType: 'Bundle', type: 'transaction', entry })

/** The history of a resource must be 1 to n, newest first, and each text must say its own version. */
async function gapless(path: string): Promise<number> {
  const { body } = await server.ask('GET', `${path}/_history?_count=1000`)
  const entries = body.entry as {
    resource?: { meta: { versionId: string; lastUpdated: string } }
    response: { etag: string }
  }[]
  const versions = entries.map(entry => entry.response.etag)
  expect(versions).toEqual(versions.map((_, i) => `W/"${versions.length - i}"`))
  for (const { resource, response } of entries)
    if (resource) expect(`W/"${resource.meta.versionId}"`).toBe(response.etag)
  const times = entries.flatMap(({ resource }) => resource?.meta.lastUpdated ?? [])
  expect(times).toEqual([...times].sort().reverse())
  return versions.length
}

/** A resource to fight for, with a number in it. */
async function counter(identifier: string): Promise<string> {
  const { body } = await server.ask('POST', 'Patient', { body: patient(identifier, { multipleBirthInteger: 0 }) })
  return body.id as string
}

describe('of 64 at once', () => {
  test('If-None-Exist makes one, and the others are told of it', async () => {
    for (let round = 0; round < 10; round++) {
      const headers = { 'if-none-exist': `identifier=urn:race|none${round}` }
      const answers = await together(() => server.ask('POST', 'Patient', { body: patient(`none${round}`), headers }))
      expect(statuses(answers)).toEqual({ 201: 1, 200: CLIENTS - 1 })
      expect(new Set(answers.map(({ body }) => body.id as string)).size).toBe(1)
      expect(await count(`none${round}`)).toBe(1)
    }
  })

  test('ifNoneExist in transactions makes one, to which what comes along refers', async () => {
    for (let round = 0; round < 5; round++) {
      const answers = await together(client =>
        server.ask('POST', '', {
          body: transaction(
            {
              fullUrl: 'urn:uuid:5ad8f4a0-0000-4000-8000-000000000001',
              resource: patient(`tx${round}`),
              request: { method: 'POST', url: 'Patient', ifNoneExist: `identifier=urn:race|tx${round}` },
            },
            {
              resource: {
                resourceType: 'Basic',
                code: { text: `tx${round}-${client}` },
                subject: { reference: 'urn:uuid:5ad8f4a0-0000-4000-8000-000000000001' },
              },
              request: { method: 'POST', url: 'Basic' },
            },
          ),
        }),
      )
      expect(statuses(answers)).toEqual({ 200: CLIENTS })
      expect(answers.filter(({ body }) => body.entry[0].response.status.startsWith('201'))).toHaveLength(1)
      const { body } = await server.ask('GET', `Patient?identifier=urn:race|tx${round}`)
      expect(body.total).toBe(1)
      const { body: found } = await server.ask(
        'GET',
        `Basic?subject=Patient/${body.entry[0].resource.id}&_summary=count`,
      )
      expect(found.total).toBe(CLIENTS)
    }
  })

  test('PUT to an id that is not there makes it once, and updates it by all others', async () => {
    const answers = await together(client =>
      server.ask('PUT', 'Patient/put-race', {
        body: { ...patient('put'), id: 'put-race', multipleBirthInteger: client },
      }),
    )
    expect(statuses(answers)).toEqual({ 201: 1, 200: CLIENTS - 1 })
    expect(await gapless('Patient/put-race')).toBe(CLIENTS)
    expect(new Set(answers.map(({ headers }) => headers.etag)).size).toBe(CLIENTS)
  })

  test('If-None-Match: * lets one PUT make it, and tells the others 412', async () => {
    const headers = { 'if-none-match': '*' }
    const answers = await together(() =>
      server.ask('PUT', 'Patient/first-only', { body: { ...patient('first'), id: 'first-only' }, headers }),
    )
    expect(statuses(answers)).toEqual({ 201: 1, 412: CLIENTS - 1 })
    expect(await gapless('Patient/first-only')).toBe(1)
  })

  test('If-Match lets one win in each round: losers are told 412, and the sum is right', async () => {
    const id = await counter('match')
    for (let round = 1; round <= 10; round++) {
      const headers = { 'if-match': `W/"${round}"` }
      const body = { ...patient('match'), id, multipleBirthInteger: round }
      expect(statuses(await together(() => server.ask('PUT', `Patient/${id}`, { body, headers })))).toEqual({
        200: 1,
        412: CLIENTS - 1,
      })
    }
    expect(await gapless(`Patient/${id}`)).toBe(11)
  })

  test('all come through that read again when they have lost: no increment is lost', async () => {
    const id = await counter('sum')
    const answers: Answer[] = []
    await together(async () => {
      for (let tries = 0; tries < 500; tries++) {
        const { body, headers } = await server.ask('GET', `Patient/${id}`)
        const next = { ...body, multipleBirthInteger: body.multipleBirthInteger + 1 }
        const answer = await server.ask('PUT', `Patient/${id}`, { body: next, headers: { 'if-match': headers.etag! } })
        answers.push(answer)
        if (answer.status === 200) return
      }
    })
    expect(statuses(answers)[200]).toBe(CLIENTS)
    expect(Object.keys(statuses(answers)).every(status => status === '200' || status === '412')).toBe(true)
    expect((await server.ask('GET', `Patient/${id}`)).body.multipleBirthInteger).toBe(CLIENTS)
    expect(await gapless(`Patient/${id}`)).toBe(CLIENTS + 1)
  })

  test('If-Match on PATCH, DELETE and in transactions lets one win', async () => {
    const patch = { 'content-type': 'application/json-patch+json', 'if-match': 'W/"1"' }
    const patched = await counter('patch')
    const patching = await together(client =>
      server.ask('PATCH', `Patient/${patched}`, {
        body: [{ op: 'replace', path: '/multipleBirthInteger', value: client }],
        headers: patch,
      }),
    )
    expect(statuses(patching)).toEqual({ 200: 1, 412: CLIENTS - 1 })
    expect(await gapless(`Patient/${patched}`)).toBe(2)

    const deleted = await counter('delete')
    const deleting = await together(() =>
      server.ask('DELETE', `Patient/${deleted}`, { headers: { 'if-match': 'W/"1"' } }),
    )
    const { 200: ok = 0, 204: empty = 0, 412: lost = 0 } = statuses(deleting)
    expect([ok + empty, lost]).toEqual([1, CLIENTS - 1])
    expect(await gapless(`Patient/${deleted}`)).toBe(2)

    const bundled = await counter('bundle')
    const bundling = await together(client =>
      server.ask('POST', '', {
        body: transaction(
          {
            resource: {
              resourceType: 'Basic',
              code: { text: 'bundled' },
              identifier: [{ system: 'urn:race', value: `along${client}` }],
            },
            request: { method: 'POST', url: 'Basic' },
          },
          {
            resource: { ...patient('bundle'), id: bundled },
            request: { method: 'PUT', url: `Patient/${bundled}`, ifMatch: 'W/"1"' },
          },
        ),
      }),
    )
    expect(statuses(bundling)).toEqual({ 200: 1, 412: CLIENTS - 1 })
    expect(await gapless(`Patient/${bundled}`)).toBe(2)
    // the losers' other entries went with them
    expect((await server.ask('GET', 'Basic?identifier=urn:race|&_summary=count')).body.total).toBe(1)
  })

  test('patches without If-Match all happen, each on what the one before has left', async () => {
    const id = await counter('append')
    const headers = { 'content-type': 'application/json-patch+json' }
    await server.ask('PATCH', `Patient/${id}`, {
      body: [{ op: 'add', path: '/name', value: [{ text: 'first' }] }],
      headers,
    })
    const answers = await together(client =>
      server.ask('PATCH', `Patient/${id}`, {
        body: [{ op: 'add', path: '/name/-', value: { text: `n${client}` } }],
        headers,
      }),
    )
    expect(statuses(answers)).toEqual({ 200: CLIENTS })
    const { body } = await server.ask('GET', `Patient/${id}`)
    expect(new Set(body.name.map((name: { text: string }) => name.text)).size).toBe(CLIENTS + 1)
    expect(await gapless(`Patient/${id}`)).toBe(CLIENTS + 2)
  })

  test('conditional updates make one and update it by all others', async () => {
    const path = 'Patient?identifier=urn:race|cu'
    const answers = await together(client =>
      server.ask('PUT', path, { body: patient('cu', { multipleBirthInteger: client }) }),
    )
    expect(statuses(answers)).toEqual({ 201: 1, 200: CLIENTS - 1 })
    expect(await count('cu')).toBe(1)
    expect(await gapless(`Patient/${answers[0]!.body.id}`)).toBe(CLIENTS)
  })

  test('conditional deletes delete once', async () => {
    const id = await counter('cd')
    const answers = await together(() => server.ask('DELETE', 'Patient?identifier=urn:race|cd'))
    expect(Object.keys(statuses(answers)).every(status => ['200', '204', '404'].includes(status))).toBe(true)
    expect(await gapless(`Patient/${id}`)).toBe(2)
  })

  test('conditional patches all happen, and none once another condition holds', async () => {
    const id = await counter('cp')
    const headers = { 'content-type': 'application/json-patch+json' }
    const answers = await together(() =>
      server.ask('PATCH', 'Patient?identifier=urn:race|cp&gender:missing=true', {
        body: [{ op: 'add', path: '/gender', value: 'other' }],
        headers,
      }),
    )
    expect(statuses(answers)).toEqual({ 200: 1, 404: CLIENTS - 1 })
    expect(await gapless(`Patient/${id}`)).toBe(2)
  })

  test('updates and deletes of one resource in a storm leave a history without a gap', async () => {
    const id = await counter('storm')
    const headers = { 'content-type': 'application/json-patch+json' }
    const answers = await together(client => {
      if (client % 4 === 0) return server.ask('DELETE', `Patient/${id}`)
      if (client % 4 === 1)
        return server.ask('PATCH', `Patient/${id}`, {
          body: [{ op: 'replace', path: '/multipleBirthInteger', value: client }],
          headers,
        })
      const body = { ...patient('storm'), id, multipleBirthInteger: client }
      if (client % 4 === 2) return server.ask('PUT', `Patient/${id}`, { body })
      return server.ask('POST', '', {
        body: transaction({ resource: body, request: { method: 'PUT', url: `Patient/${id}` } }),
      })
    })
    expect(Object.keys(statuses(answers)).every(status => ['200', '201', '204', '404', '410'].includes(status))).toBe(
      true,
    )
    await gapless(`Patient/${id}`)
  })
})

describe('a transaction that fails', () => {
  const basic = (value: string) => ({
    resourceType: 'Basic',
    code: { text: 'x' },
    identifier: [{ system: 'urn:fails', value }],
  })
  test.each([
    [
      'by a body FHIR does not know',
      { resource: { resourceType: 'Basic', nonsense: 1 }, request: { method: 'POST', url: 'Basic' } },
      422,
    ],
    [
      'by a version that has gone',
      { resource: { ...basic('x'), id: 'old' }, request: { method: 'PUT', url: 'Basic/old', ifMatch: 'W/"99"' } },
      412,
    ],
    [
      'by a patch of nothing',
      { resource: { resourceType: 'Parameters', parameter: [] }, request: { method: 'PATCH', url: 'Basic/not-there' } },
      404,
    ],
    ['by an unknown type', { resource: { resourceType: 'Basik' }, request: { method: 'POST', url: 'Basik' } }, 404],
    [
      'by a reference to what no search finds',
      {
        resource: { ...basic('x'), subject: { reference: 'Patient?identifier=urn:race|nobody' } },
        request: { method: 'POST', url: 'Basic' },
      },
      412,
    ],
    ['by an entry without request', { resource: basic('x') }, 400],
  ])('in its last entry, %s, leaves nothing', async (_, last, status) => {
    const some = Array.from({ length: 50 }, (_, i) => ({
      resource: basic(`e${i}`),
      request: { method: 'POST', url: 'Basic' },
    }))
    const one = { resource: { ...basic('put'), id: 'never' }, request: { method: 'PUT', url: 'Basic/never' } }
    const answer = await server.ask('POST', '', { body: transaction(...some, one, last) })
    expect(fault(answer)).toBe('')
    expect([status, 400, 422]).toContain(answer.status)
    expect((await server.ask('GET', 'Basic?identifier=urn:fails|&_summary=count')).body.total).toBe(0)
    expect((await server.ask('GET', 'Basic/never')).status).toBe(404)
    expect((await server.ask('GET', 'Basic/never/_history')).status).toBe(404)
  })
})

test('the server is none the worse for it', () => expect(complaints(server)).toEqual([]))
