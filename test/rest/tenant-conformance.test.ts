/**
 * What a tenant's resources are judged by: packages, and its own conformance resources as soon as they are written.
 * https://hl7.org/fhir/R4/conformance-module.html
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { makeConformance } from '../../src/fhir/conformance.ts'
import { loadDefinitions } from '../../src/fhir/packages.ts'
import { makeTenantConformance } from '../../src/rest/tenant-conformance.ts'
import { makeExtractor } from '../../src/search/extract.ts'
import { kinds } from '../../src/search/kinds.ts'
import { announce } from '../../src/store/announce.ts'
import { openSqlite } from '../../src/store/sqlite/engine.ts'
import { prepare } from '../../src/store/stamp.ts'
import type { Write } from '../../src/store/store.ts'
import { ADMIN, serve, type Served } from '../http/serving.ts'

const url = 'http://example.org/ValueSet/x'
const valueSet = (id: string, title: string, more: object = {}) => ({
  resourceType: 'ValueSet',
  id,
  url,
  status: 'active',
  title,
  ...more,
})

describe('a conformance resource that a client stores', () => {
  let served: Served
  beforeAll(async () => void (served = await serve()))
  afterAll(() => served.close())

  const conformance = async (tenant = 'default') => (await served.app.tenants.room(tenant)).conformance.now()
  const found = async (canonical = url, tenant?: string) =>
    (await conformance(tenant)).find('ValueSet', canonical)?.['title']
  const put = async (resource: { id: string; resourceType: string }, base = '/fhir') => {
    const { status } = await served.ask('PUT', `${base}/${resource.resourceType}/${resource.id}`, { body: resource })
    expect(status).toBeLessThan(300)
  }
  const admin = { headers: { authorization: `Bearer ${ADMIN}`, 'content-type': 'application/json' } }

  test('is found with the answer, and no longer when it is deleted', async () => {
    expect(await found()).toBeUndefined()
    await put(valueSet('a', 'first'))
    expect(await found()).toBe('first')
    await put(valueSet('a', 'changed'))
    expect(await found()).toBe('changed')
    await served.ask('DELETE', '/fhir/ValueSet/a')
    expect(await found()).toBeUndefined()
  })

  test('by a transaction or a batch too', async () => {
    for (const type of ['transaction', 'batch']) {
      const entry = [{ resource: valueSet('b', type), request: { method: 'PUT', url: 'ValueSet/b' } }]
      const { status } = await served.ask('POST', '/fhir', { body: { resourceType: 'Bundle', type, entry } })
      expect([status, await found()]).toEqual([200, type])
    }
    await served.ask('DELETE', '/fhir/ValueSet/b')
  })

  test('that is refused changes nothing', async () => {
    const { status } = await served.ask('PUT', '/fhir/ValueSet/c', { body: { ...valueSet('c', 'x'), nonsense: 1 } })
    expect([status >= 400, await found()]).toEqual([true, undefined])
  })

  test('comes before that of a package; of several with one canonical the one written last counts', async () => {
    const gender = 'http://hl7.org/fhir/ValueSet/administrative-gender'
    const before = await found(gender)
    await put({ ...valueSet('d', 'ours'), url: gender } as never)
    await put({ ...valueSet('e', 'ours too'), url: gender } as never)
    expect([before, await found(gender)]).toEqual(['AdministrativeGender', 'ours too'])
    await put({ ...valueSet('d', 'ours again'), url: gender } as never)
    expect(await found(gender)).toBe('ours again')
    expect(await found(`${gender}|4.0.1`)).toBe('AdministrativeGender')
    for (const id of ['d', 'e']) await served.ask('DELETE', `/fhir/ValueSet/${id}`)
    expect(await found(gender)).toBe('AdministrativeGender')
  })

  test('is the tenant’s alone, and goes with a reset and comes with a copy or a snapshot', async () => {
    await served.ask('POST', '/admin/tenants', { ...admin, body: { name: 'one' } })
    await put(valueSet('a', 'of one'), '/t/one/fhir')
    await served.ask('POST', '/admin/tenants/one/snapshots', { ...admin, body: { name: 'kept' } })
    await served.ask('POST', '/admin/tenants', { ...admin, body: { name: 'two', copyOf: 'one' } })
    await served.ask('POST', '/admin/tenants/one/reset', admin)
    const afresh = async (tenant: string) => {
      await (await served.app.tenants.room(tenant)).conformance.ready()
      return found(url, tenant)
    }
    expect([await found(), await afresh('one'), await afresh('two')]).toEqual([undefined, undefined, 'of one'])
    await served.ask('POST', '/admin/tenants/one/restore', { ...admin, body: { snapshot: 'kept' } })
    expect(await afresh('one')).toBe('of one')
  })

  test('is read before the first request that may need it, and not for a plain read', async () => {
    await put(valueSet('a', 'before'))
    await served.app.tenants.snapshot('default', 'again')
    await served.app.tenants.restore('default', 'again')
    const { conformance } = await served.app.tenants.room('default')
    expect((await served.ask('GET', '/fhir/ValueSet/a')).status).toBe(200)
    expect(conformance.isReady).toBe(false)
    await served.ask('GET', '/fhir/Patient?_count=1')
    expect(conformance.isReady).toBe(true)
    expect(conformance.now().find('ValueSet', url)?.['title']).toBe('before')
  })

  test('makes another object of the conformance, and nothing else does', async () => {
    const before = await conformance()
    await put({ resourceType: 'Patient', id: 'p' } as never)
    expect(await conformance()).toBe(before)
    await put(valueSet('f', 'more'))
    expect(await conformance()).not.toBe(before)
  })
})

describe('over a store', () => {
  const folder = mkdtempSync(join(tmpdir(), 'dhp-own-'))
  const extractor = makeExtractor(loadDefinitions(), kinds)
  let files = 0
  const open = () => openSqlite({ path: join(folder, `${++files}.db`), extractor })
  afterAll(() => rmSync(folder, { recursive: true }))
  const packages = makeConformance([])
  const putting = (resource: ReturnType<typeof valueSet>): Write => ({
    do: 'put',
    ref: { type: 'ValueSet', id: resource.id },
    method: 'PUT',
    draft: prepare(resource, resource.id),
    entries: extractor.entries(resource),
    expect: { is: 'anything' },
  })
  const titleOf = (own: ReturnType<typeof makeTenantConformance>, canonical = url) =>
    own.now().find('ValueSet', canonical)?.['title']

  test('what is written or deleted while the others are read is not overtaken by what was read before', async () => {
    const store = open()
    for (let i = 0; i < 300; i++) await store.commit([putting(valueSet(`v${i}`, 'old', { url: `${url}${i}` }))])
    await store.commit([putting(valueSet('same', 'old'))])
    const own = makeTenantConformance(() => packages, {
      // each page is given a while after it was read
      find: async query => {
        const page = await store.find(query)
        await new Promise(resolve => setTimeout(resolve, 20))
        return page
      },
    })
    const engine = announce(store, versions => own.committed(versions))
    const reading = own.ready()
    await engine.commit([putting(valueSet('same', 'new'))])
    await engine.commit([{ do: 'delete', ref: { type: 'ValueSet', id: 'v7' }, expect: { is: 'anything' } }])
    await reading
    expect([titleOf(own), titleOf(own, `${url}7`), titleOf(own, `${url}8`)]).toEqual(['new', undefined, 'old'])
    await store.close()
  })

  test('no more is kept in memory than a bound; what is beyond it is stored, but does not count', async () => {
    const store = open()
    const own = makeTenantConformance(() => packages, store, 5000)
    const engine = announce(store, versions => own.committed(versions))
    await own.ready()
    await engine.commit([putting(valueSet('large', 'too large', { description: 'x'.repeat(6000) }))])
    await engine.commit([putting(valueSet('small', 'small', { url: `${url}/small` }))])
    expect([titleOf(own), titleOf(own, `${url}/small`)]).toEqual([undefined, 'small'])
    await engine.commit([putting(valueSet('large', 'small now'))])
    expect(titleOf(own)).toBe('small now')
    await store.close()
  })

  test('when it cannot be read, that is said, and tried again the next time', async () => {
    const store = open()
    let broken = true
    const own = makeTenantConformance(() => packages, {
      find: query => (broken ? Promise.reject(new Error('the disk is gone')) : store.find(query)),
    })
    await expect(own.ready()).rejects.toThrow('the disk is gone')
    expect(own.isReady).toBe(false)
    broken = false
    await own.ready()
    expect(own.isReady).toBe(true)
    await store.close()
  })
})
