import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { nobody, type Caller } from '../../src/access/caller.ts'
import { everything } from '../../src/search/query.ts'
import { openServer, type TestServer } from '../help/server.ts'

let server: TestServer
beforeAll(async () => {
  server = await openServer()
  await server.put('Patient/a', {
    resourceType: 'Patient',
    id: 'a',
    active: true,
    name: [{ family: 'Lin' }],
    photo: [{ title: 'x' }],
  })
  await server.put('Patient/a', {
    resourceType: 'Patient',
    id: 'a',
    active: false,
    name: [{ family: 'Lin' }],
    photo: [{ title: 'x' }],
  })
  await server.put('Patient/gone', { resourceType: 'Patient', id: 'gone' })
  await server.delete('Patient/gone')
})
afterAll(() => server.close())

describe('read', () => {
  test('answers the latest version with what was stored', async () => {
    const { status, body, version } = await server.get('Patient/a')
    expect([status, version!.version]).toEqual([200, '2'])
    expect(body).toMatchObject({ resourceType: 'Patient', id: 'a', active: false, meta: { versionId: '2' } })
  })

  test('HEAD finds the same as GET', async () => {
    expect((await server.ask('HEAD', 'Patient/a')).version).toEqual((await server.get('Patient/a')).version)
  })

  test('of what never was answers 404, of what was deleted 410', async () => {
    expect(await server.get('Patient/none')).toMatchObject({
      status: 404,
      said: 'There is no Patient/none on this server.',
    })
    expect(await server.get('Patient/gone')).toMatchObject({
      status: 410,
      said: expect.stringContaining('Patient/gone/_history'),
    })
  })

  test('of an id that cannot be one answers 404', async () => {
    for (const id of ['a b', 'ü', "a'--", 'x'.repeat(65), '%00'])
      expect((await server.get(`Patient/${encodeURIComponent(id)}`)).status).toBe(404)
  })

  test('by If-None-Match answers 304 for the version the client has, however it is written', async () => {
    for (const tag of ['W/"2"', '"2"', '2', 'W/"1", W/"2"', '*']) {
      const { status, text, version } = await server.get('Patient/a', { 'if-none-match': tag })
      expect([tag, status, text, version?.version]).toEqual([tag, 304, '', '2'])
    }
    expect((await server.get('Patient/a', { 'if-none-match': 'W/"1"' })).status).toBe(200)
  })

  test('by If-Modified-Since answers 304 when nothing was written since', async () => {
    const { version } = await server.get('Patient/a')
    const at = (shift: number) => ({ 'if-modified-since': new Date(version!.updated + shift).toUTCString() })
    expect((await server.get('Patient/a', at(0))).status).toBe(304)
    expect((await server.get('Patient/a', at(-2000))).status).toBe(200)
    expect((await server.get('Patient/a', { ...at(0), 'if-none-match': 'W/"1"' })).status).toBe(200)
    expect((await server.get('Patient/a', { 'if-modified-since': 'yesterday' })).status).toBe(400)
  })

  test('with _summary and _elements answers a part that says it is one', async () => {
    const part = (await server.get('Patient/a?_elements=active')).body!
    expect(part).toMatchObject({ id: 'a', active: false, meta: { tag: [{ code: 'SUBSETTED' }] } })
    expect(part.name).toBeUndefined()
    expect((await server.get('Patient/a?_summary=true')).body!.photo).toBeUndefined()
    expect((await server.get('Patient/a?_summary=some')).status).toBe(400)
    expect((await server.get('Patient/a?_pretty=true')).body).toEqual((await server.get('Patient/a')).body)
  })
})

describe('vread', () => {
  test('answers each version as it was', async () => {
    expect((await server.get('Patient/a/_history/1')).body).toMatchObject({ active: true, meta: { versionId: '1' } })
    expect((await server.get('Patient/a/_history/2')).body).toMatchObject({ active: false })
    expect((await server.get('Patient/gone/_history/1')).status).toBe(200)
  })

  test('of a version that is not there answers 404, of a deletion 410', async () => {
    for (const version of ['3', '0', '-1', 'x', '1e0', '01', '99999999999999999999']) {
      expect([version, (await server.get(`Patient/a/_history/${version}`)).status]).toEqual([version, 404])
    }
    expect((await server.get('Patient/gone/_history/2')).status).toBe(410)
  })

  test('answers 304 too', async () => {
    expect((await server.get('Patient/a/_history/1', { 'if-none-match': 'W/"1"' })).status).toBe(304)
  })
})

describe('the door', () => {
  test('answers 405 with Allow for a method that is not for the path', async () => {
    const { status, headers, said } = await server.ask('POST', 'Patient/a', { body: { resourceType: 'Patient' } })
    expect([status, headers.Allow]).toEqual([405, 'HEAD, GET, PUT, PATCH, DELETE'])
    expect(said).toContain('POST is not for "Patient/a"')
    expect((await server.delete('metadata')).headers.Allow).toBe('HEAD, GET')
  })

  test('answers 404 for a path that is nothing, without repeating all of it', async () => {
    for (const path of [
      'nothing',
      'Patient/a/b',
      'Patient/a/_history/1/x',
      'Patient//a',
      'Patient/a/_x',
      '_x',
      'Patient/_x',
      '/',
      '//',
      '__proto__',
      'constructor',
    ]) {
      const { status, said } = await server.get(path)
      if (path !== '/') expect([path, status]).toEqual([path, 404])
      expect(said.length).toBeLessThan(400)
    }
    expect((await server.get('X'.repeat(5000))).said.length).toBeLessThan(400)
  })

  test('takes a slash at the end', async () => {
    expect((await server.get('Patient/a/')).status).toBe(200)
  })

  test('names the operations there are when it has not the one asked', async () => {
    const { status, said } = await server.get('Patient/a/$met')
    expect(status).toBe(404)
    expect(said).toMatch(/"\$meta"/)
    expect(said).toContain('$meta-add')
    const elsewhere = (await server.get('$meta-add')).said
    expect(elsewhere).toContain('[type]/[id]/$meta-add')
    expect(elsewhere).toMatch(/here: .*\$reindex/)
    expect(elsewhere).not.toContain('$meta-delete')
    expect(await server.get('Patient/a/$meta-add')).toMatchObject({ status: 405, headers: { Allow: 'POST' } })
  })

  test('answers 401 to nobody and 403 to one who may not, before it looks', async () => {
    const reader: Caller = {
      id: 'reader',
      permits: (type, action) => (type === 'Patient' && action === 'read' ? everything : undefined),
    }
    for (const path of [
      'Patient/a',
      'Patient',
      '',
      '_history',
      '$meta',
      'Patient/a/$everything',
      'Patient/a/Observation',
    ]) {
      expect([path, (await server.ask('GET', path, { caller: nobody })).status]).toEqual([path, 401])
    }
    expect((await server.ask('GET', 'metadata', { caller: nobody })).status).toBe(200)
    expect((await server.ask('GET', 'Patient/a', { caller: reader })).status).toBe(200)
    expect((await server.ask('GET', 'Observation/none', { caller: reader })).status).toBe(403)
    expect((await server.ask('DELETE', 'Patient/a', { caller: reader })).status).toBe(403)
    expect((await server.ask('PUT', 'Patient/a', { caller: reader, body: {} })).status).toBe(403)
    expect((await server.ask('POST', 'Patient/a/$meta-add', { caller: reader, body: {} })).status).toBe(403)
    expect((await server.get('Patient/a')).status).toBe(200)
  })

  test('tells an observer of every exchange, without its content', async () => {
    const events: object[] = []
    const watched = await openServer({ observe: event => events.push(event) })
    await watched.post('Patient', { resourceType: 'Patient', name: [{ family: 'Secret' }] })
    await watched.get('Patient/none?name=Secret')
    await watched.get('Nothing')
    await watched.get('$meta')
    await watched.close()
    expect(events).toMatchObject([
      { interaction: 'create', type: 'Patient', status: 201, version: '1', caller: 'sandbox' },
      { interaction: 'read', type: 'Patient', id: 'none', status: 404 },
      { interaction: 'unknown', status: 404 },
      { interaction: 'operation', operation: 'meta', status: 200 },
    ])
    expect(JSON.stringify(events)).not.toContain('Secret')
  })
})
