/**
 * Tenants: made, reset, copied, kept and removed through /admin, each with data that no other can reach.
 */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ADMIN, serve, type Served } from './http/serving.ts'

let server: Served
beforeAll(async () => {
  server = await serve()
})
afterAll(() => server.close())

const headers = { Authorization: `Bearer ${ADMIN}`, 'content-type': 'application/json' }
const admin = (method: string, path: string, body?: object) =>
  server.ask(method, `/admin/${path}`, { headers, ...(body ? { body } : {}) })
const put = (tenant: string, id: string, family = id) =>
  server.ask('PUT', `/t/${tenant}/fhir/Patient/${id}`, { body: { resourceType: 'Patient', id, name: [{ family }] } })
const ids = async (tenant: string) => {
  const { body } = await server.ask('GET', `/t/${tenant}/fhir/Patient?_sort=_id&_elements=id`)
  return ((body.entry ?? []) as { resource: { id: string } }[]).map(entry => entry.resource.id)
}
const make = async (name: string, more: object = {}) =>
  expect((await admin('POST', 'tenants', { name, ...more })).status).toBe(201)

describe('the admin API', () => {
  test('without the token, or with another, is answered 401 and tells where the token is', async () => {
    for (const authorization of [undefined, 'Bearer wrong', `Basic ${ADMIN}`, `Bearer ${ADMIN}x`, 'Bearer ']) {
      const answer = await server.ask('GET', '/admin/tenants', {
        headers: authorization ? { Authorization: authorization } : {},
      })
      expect(answer.status).toBe(401)
      expect(answer.headers.get('www-authenticate')).toContain('Bearer')
      expect(answer.body.issue[0].diagnostics).toContain('DHP_ADMIN_TOKEN')
    }
  })

  test('refuses bodies that are not as they should be, with what is wrong', async () => {
    for (const [body, said] of [
      [{}, 'name'],
      [{ name: 5 }, 'string'],
      [{ name: 'a', sead: 'none' }, 'sead'],
      [{ name: 'a', seed: 'all' }, 'seed'],
      [{ name: '../a' }, 'name of a tenant'],
      [{ name: 'UPPER' }, 'name of a tenant'],
      [{ name: '__proto__' }, 'name of a tenant'],
      [{ name: 'a'.repeat(64) }, 'name of a tenant'],
      [{ name: 'a', expires: 'tomorrow' }, 'instant'],
      [{ name: 'a', expires: '2001-01-01T00:00:00Z' }, 'instant'],
      [{ name: 'a', copyOf: 'default', seed: 'examples' }, 'either'],
    ] as const) {
      const answer = await admin('POST', 'tenants', body)
      expect([400, 422], JSON.stringify(body)).toContain(answer.status)
      expect(answer.body.issue[0].diagnostics).toContain(said)
    }
    expect((await admin('POST', 'tenants', { name: 'a', copyOf: 'nope' })).status).toBe(404)
    expect((await server.ask('POST', '/admin/tenants', { headers, body: '{' })).status).toBe(400)
    expect(
      (await server.ask('POST', '/admin/tenants', { headers: { ...headers, 'content-type': 'text/plain' }, body: 'x' }))
        .status,
    ).toBe(415)
    expect((await admin('PUT', 'tenants')).status).toBe(405)
    expect((await admin('GET', 'nothing')).status).toBe(404)
  })

  test('lists the default tenant', async () => {
    const { body } = await admin('GET', 'tenants')
    expect(body.tenants.find((each: { name: string }) => each.name === 'default')).toMatchObject({
      path: '/fhir',
      seed: 'none',
    })
  })
})

describe('a tenant', () => {
  test('has data of its own', async () => {
    await make('north')
    await make('south')
    await put('north', 'n')
    await put('south', 's')
    expect(await ids('north')).toEqual(['n'])
    expect(await ids('south')).toEqual(['s'])
    expect((await server.ask('GET', '/fhir/Patient/n')).status).toBe(404)
    const { body } = await server.ask('GET', '/t/north/fhir/Patient')
    expect(body.entry[0].fullUrl).toBe(`${server.origin}/t/north/fhir/Patient/n`)
  })

  test('that is not there is answered 404, and its name made twice 409', async () => {
    expect((await server.ask('GET', '/t/west/fhir/Patient')).status).toBe(404)
    expect(existsSync(join(server.data, 'tenants/west'))).toBe(false)
    await make('twice')
    expect((await admin('POST', 'tenants', { name: 'twice' })).status).toBe(409)
  })

  test('made twice at once is made once', async () => {
    const answers = await Promise.all([1, 2, 3, 4].map(() => admin('POST', 'tenants', { name: 'race' })))
    expect(answers.map(answer => answer.status).sort()).toEqual([201, 409, 409, 409])
    expect((await server.ask('GET', '/t/race/fhir/Patient')).status).toBe(200)
  })

  test('can start as a copy of another, and they part from there', async () => {
    await make('origin')
    await put('origin', 'shared')
    await make('copy', { copyOf: 'origin' })
    await put('origin', 'later')
    await put('copy', 'own')
    expect(await ids('origin')).toEqual(['later', 'shared'])
    expect(await ids('copy')).toEqual(['own', 'shared'])
  })

  test('reset is empty, keeps its snapshots, and goes back to one', async () => {
    await make('kept')
    await put('kept', 'one')
    expect((await admin('POST', 'tenants/kept/snapshots', { name: 'before' })).status).toBe(201)
    await put('kept', 'two')
    expect((await admin('POST', 'tenants/kept/reset')).status).toBe(200)
    expect(await ids('kept')).toEqual([])
    expect((await admin('GET', 'tenants/kept/snapshots')).body).toEqual({ snapshots: ['before'] })
    expect((await admin('POST', 'tenants/kept/snapshots', { name: 'before' })).status).toBe(409)
    expect((await admin('POST', 'tenants/kept/restore', { snapshot: 'after' })).status).toBe(404)
    expect((await admin('POST', 'tenants/kept/restore', { snapshot: '../../x' })).status).toBe(400)
    expect((await admin('POST', 'tenants/kept/restore', { snapshot: 'before' })).status).toBe(200)
    expect(await ids('kept')).toEqual(['one'])
    expect((await server.ask('GET', '/t/kept/fhir/Patient?name=one')).body.entry).toHaveLength(1)
  })

  test('is reset while requests come: none fails, and none finds half a tenant', async () => {
    await make('busy')
    await put('busy', 'x')
    const stop = { now: false }
    const statuses = new Set<number>()
    const asking = [1, 2, 3, 4].map(async () => {
      while (!stop.now) statuses.add((await server.ask('GET', '/t/busy/fhir/Patient?_total=accurate')).status)
    })
    for (let i = 0; i < 5; i++) expect((await admin('POST', 'tenants/busy/reset')).status).toBe(200)
    stop.now = true
    await Promise.all(asking)
    expect([...statuses].filter(status => status !== 200 && status !== 503)).toEqual([])
  })

  test('deleted is gone with its files; the default one stays', async () => {
    await make('brief')
    await put('brief', 'x')
    expect((await admin('DELETE', 'tenants/brief')).status).toBe(204)
    expect((await server.ask('GET', '/t/brief/fhir/Patient')).status).toBe(404)
    expect(existsSync(join(server.data, 'tenants/brief'))).toBe(false)
    expect((await admin('GET', 'tenants/brief')).status).toBe(404)
    expect((await admin('DELETE', 'tenants/default')).status).toBe(409)
    await make('brief')
    expect(await ids('brief')).toEqual([])
  })

  test('whose time is over is answered 404 and swept', async () => {
    await make('short', { expires: new Date(Date.now() + 300).toISOString() })
    await make('long', { expires: new Date(Date.now() + 3_600_000).toISOString() })
    await put('short', 'x')
    await new Promise(resolve => setTimeout(resolve, 350))
    expect(await server.app.tenants.sweep()).toEqual(['short'])
    expect((await server.ask('GET', '/t/short/fhir/Patient')).status).toBe(404)
    expect((await server.ask('GET', '/t/long/fhir/Patient')).status).toBe(200)
  })

  test('a page link of one tenant is nothing in another', async () => {
    await make('links-a')
    await make('links-b')
    for (const tenant of ['links-a', 'links-b']) for (const id of ['1', '2', '3']) await put(tenant, id)
    const { body } = await server.ask('GET', '/t/links-a/fhir/Patient?_count=1')
    const next = (body.link as { relation: string; url: string }[]).find(link => link.relation === 'next')!.url
    expect((await fetch(next)).status).toBe(200)
    expect((await fetch(next.replace('links-a', 'links-b'))).status).toBeGreaterThanOrEqual(400)
  })

  test('a new SearchParameter is one tenant’s own', async () => {
    await make('custom')
    await make('plain')
    await server.ask('PUT', '/t/custom/fhir/SearchParameter/nick', {
      body: {
        resourceType: 'SearchParameter',
        id: 'nick',
        url: 'http://example.org/nick',
        name: 'nick',
        status: 'active',
        description: 'x',
        code: 'nick',
        base: ['Patient'],
        type: 'string',
        expression: 'Patient.name.text',
      },
    })
    await server.ask('PUT', '/t/custom/fhir/Patient/p', {
      body: { resourceType: 'Patient', id: 'p', name: [{ text: 'Mei' }] },
    })
    expect(
      (await server.ask('POST', '/t/custom/fhir/$reindex', { body: { resourceType: 'Parameters' } })).status,
    ).toBeLessThan(300)
    expect((await server.ask('GET', '/t/custom/fhir/Patient?nick=mei')).body.entry).toHaveLength(1)
    expect((await server.ask('GET', '/t/plain/fhir/Patient?nick=mei')).status).toBe(400)
  })

  test('the registry is a readable file', () => {
    const { tenants } = JSON.parse(readFileSync(join(server.data, 'tenants.json'), 'utf8')) as {
      tenants: Record<string, unknown>
    }
    expect(Object.keys(tenants)).toContain('north')
  })
})
