/**
 * FHIR packages added, listed and removed over HTTP while the server runs.
 * https://confluence.hl7.org/display/FHIR/NPM+Package+Specification
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { holding } from '../help/cost.ts'
import { manifest, resource, smallPackage, tgz } from '../help/packages.ts'
import { startRegistry, type TestRegistry } from '../help/registry.ts'
import { ADMIN, serve, type Served } from './serving.ts'

const url = 'http://example.org/ValueSet/colours'
let registry: TestRegistry
let served: Served
beforeAll(async () => {
  const depends = (dependencies: Record<string, string>) => ({ dependencies })
  registry = await startRegistry({
    'top#1.0.0': smallPackage(
      'top',
      '1.0.0',
      'top',
      depends({ 'hl7.fhir.r4.core': '4.0.1', middle: '2.0.x', absent: '1.0.0' }),
    ),
    'middle#2.0.9': smallPackage('middle', '2.0.9', 'middle', depends({ bottom: '3.0.0', top: '1.0.0' })),
    'middle#2.0.10': smallPackage('middle', '2.0.10', 'middle', depends({ bottom: '3.0.0', top: '1.0.0' })),
    'middle#2.1.0': smallPackage('middle', '2.1.0', 'middle'),
    'bottom#3.0.0': smallPackage('bottom', '3.0.0', 'bottom'),
    'other#1.0.0': smallPackage('something-else', '1.0.0'),
    'broken#1.0.0': tgz({ path: '../x.json', content: '{}' }),
  })
  served = await serve({ DHP_PACKAGE_REGISTRY: registry.url, DHP_PRIVATE_HOSTS: registry.host })
})
afterAll(async () => {
  await served.close()
  registry.close()
})

const authorization = `Bearer ${ADMIN}`
const ask = (method: string, path: string, body?: object) =>
  served.ask(method, `/admin/${path}`, {
    headers: { authorization, 'content-type': Buffer.isBuffer(body) ? 'application/gzip' : 'application/json' },
    ...(body ? { body } : {}),
  })
const said = (answer: { body: any }): string => answer.body.issue[0].diagnostics // eslint-disable-line @typescript-eslint/no-explicit-any
const title = async (tenant = 'default', canonical = url) =>
  (await served.app.tenants.room(tenant)).conformance.now().find('ValueSet', canonical)?.['title']
const listed = async (path = 'packages') =>
  ((await ask('GET', path)).body.packages as { name: string; version: string; from: string }[])
    .filter(({ from }) => from !== 'server')
    .map(({ name, version }) => `${name}#${version}`)

describe('an archive that is sent', () => {
  test('is taken up at once, for all tenants; several versions stand side by side', async () => {
    expect(await title()).toBeUndefined()
    const { status, body } = await ask('POST', 'packages', smallPackage('a', '1.0.0'))
    expect([status, body]).toEqual([
      201,
      { packages: [{ name: 'a', version: '1.0.0', from: 'all', resources: 1, missing: [] }] },
    ])
    expect(await title()).toBe('a 1.0.0')
    await ask('POST', 'packages', smallPackage('a', '2.0.0'))
    expect([await title(), await title('default', `${url}|1.0.0`)]).toEqual(['a 2.0.0', 'a 1.0.0'])
    expect(await listed()).toEqual(['a#1.0.0', 'a#2.0.0'])
  })

  test('again changes nothing but what it brings anew', async () => {
    const again = await ask(
      'POST',
      'packages',
      tgz(manifest('a', '2.0.0'), resource('ValueSet', 'colours', { title: 'anew' })),
    )
    expect([again.status, await title(), await listed()]).toEqual([201, 'anew', ['a#1.0.0', 'a#2.0.0']])
  })

  test('to a tenant is the tenant’s alone, before what all have, and comes with its copy', async () => {
    await ask('POST', 'tenants', { name: 'one' })
    const { status, body } = await ask('POST', 'tenants/one/packages', smallPackage('own', '1.0.0'))
    expect([status, body.packages[0].from]).toEqual([201, 'tenant'])
    await ask('POST', 'tenants', { name: 'two', copyOf: 'one' })
    expect([await title('one'), await title('two'), await title()]).toEqual(['own 1.0.0', 'own 1.0.0', 'anew'])
    expect(await listed('tenants/one/packages')).toEqual(['own#1.0.0'])
    expect(await listed()).not.toContain('own#1.0.0')
    await ask('DELETE', 'tenants/one')
    await ask('POST', 'tenants', { name: 'one' })
    expect([await title('one'), await listed('tenants/one/packages')]).toEqual(['anew', []])
  })

  test('is found by tenants that were opened before and after alike, until it is removed', async () => {
    expect((await ask('DELETE', 'packages/a/2.0.0')).status).toBe(204)
    expect([await title(), await title('one')]).toEqual(['a 1.0.0', 'a 1.0.0'])
    expect((await ask('DELETE', 'packages/a/1.0.0')).status).toBe(204)
    expect([await title(), await title('two'), await listed()]).toEqual([undefined, 'own 1.0.0', []])
    expect((await ask('DELETE', 'tenants/two/packages/own/1.0.0')).status).toBe(204)
    expect(await title('two')).toBeUndefined()
  })

  test('that is broken is refused with the reason, and leaves nothing', async () => {
    const refused = async (body: Buffer) => {
      const answer = await ask('POST', 'packages', body)
      expect(answer.body.resourceType).toBe('OperationOutcome')
      return `${answer.status} ${said(answer)}`
    }
    expect(await refused(Buffer.from('hello'))).toMatch(/^422 .*not a gzip archive/)
    expect(await refused(Buffer.alloc(0))).toMatch(/^422 /)
    expect(await refused(tgz(manifest('b', '1.0.0'), { path: 'package/ValueSet-x.json', content: '{' }))).toMatch(
      /^422 .*package\/ValueSet-x\.json is not JSON/,
    )
    expect(await refused(tgz({ path: '../../x.json', content: '{}' }))).toMatch(/^422 .*outside of the package/)
    expect(await refused(tgz(resource('ValueSet', 'x')))).toMatch(/^422 .*package\.json is missing/)
    expect(readdirSync(join(served.data, 'packages'))).toEqual([])
    expect(served.logged.filter(({ level }) => (level as number) >= 50)).toEqual([])
  })

  test('whose sender gives up in the middle leaves nothing, and the server goes on', async () => {
    const archive = smallPackage('c', '1.0.0')
    const socket = connect(served.port, '127.0.0.1')
    socket.write(
      `POST /admin/packages HTTP/1.1\r\nHost: x\r\nAuthorization: ${authorization}\r\nContent-Type: application/gzip\r\nContent-Length: ${archive.length}\r\n\r\n`,
    )
    socket.write(archive.subarray(0, 100))
    await new Promise(resolve => setTimeout(resolve, 100))
    socket.destroy()
    await new Promise(resolve => setTimeout(resolve, 100))
    expect([readdirSync(join(served.data, 'packages')), await listed()]).toEqual([[], []])
    expect(served.logged.filter(({ level }) => (level as number) >= 50)).toEqual([])
  })

  test('that turns out to be broken before all of it has come is answered all the same', async () => {
    const socket = connect(served.port, '127.0.0.1')
    socket.write(
      `POST /admin/packages HTTP/1.1\r\nHost: x\r\nAuthorization: ${authorization}\r\nContent-Type: application/gzip\r\nContent-Length: 1000000\r\n\r\n`,
    )
    socket.write(Buffer.alloc(1000, 'no archive '))
    const answer = await new Promise<string>(resolve => {
      socket.on('data', data => resolve(data.toString()))
      socket.on('close', () => resolve('closed'))
    })
    expect(answer).toMatch(/^HTTP\/1\.1 422 /)
    socket.destroy()
  })

  test('that says it is larger than the limit is refused before it is read', async () => {
    const socket = connect(served.port, '127.0.0.1')
    socket.write(
      `POST /admin/packages HTTP/1.1\r\nHost: x\r\nAuthorization: ${authorization}\r\nContent-Type: application/gzip\r\nContent-Length: 9999999999\r\n\r\n`,
    )
    const answer = await new Promise<string>(resolve => socket.on('data', data => resolve(data.toString())))
    expect(answer).toMatch(/^HTTP\/1\.1 413 /)
    socket.destroy()
  })
})

describe('a package that is named', () => {
  test('is fetched from the registry; what it depends on and is not here is told', async () => {
    const { status, body } = await ask('POST', 'packages', { package: 'top#1.0.0' })
    expect(status).toBe(201)
    expect(body.packages).toMatchObject([{ name: 'top', version: '1.0.0', missing: ['middle#2.0.x', 'absent#1.0.0'] }])
  })

  test('brings along what it depends on when asked to, the newest that fits; what cannot be had is told', async () => {
    const { status, body } = await ask('POST', 'packages', { package: 'top#1.0.0', dependencies: true })
    expect(status).toBe(201)
    expect(body.packages).toMatchObject([
      { name: 'top', version: '1.0.0', missing: ['absent#1.0.0'] },
      { name: 'middle', version: '2.0.10', missing: [] },
      { name: 'bottom', version: '3.0.0', missing: [] },
    ])
    expect(registry.asked.filter(path => path.includes('r4.core'))).toEqual([])
    expect(await listed()).toEqual(['bottom#3.0.0', 'middle#2.0.10', 'top#1.0.0'])
  })

  test('and is not there, or broken, or no name, is refused with the reason', async () => {
    const refused = async (name: string) => {
      const answer = await ask('POST', 'packages', { package: name })
      return `${answer.status} ${said(answer)}`
    }
    expect(await refused('top#9.0.0')).toBe('404 The registry has no top#9.0.0.')
    expect(await refused('top#9.0.x')).toBe('404 The registry has no top#9.0.x.')
    expect(await refused('other#1.0.0')).toBe('422 Asked for other#1.0.0, the registry sent something-else#1.0.0.')
    expect(await refused('broken#1.0.0')).toMatch(/^422 .*outside of the package/)
    for (const name of ['top', '../x#1', 'http://127.0.0.1/#1', 'a#b#c'])
      expect([name, await refused(name)]).toEqual([name, expect.stringMatching(/^400 .*name#version/)])
  })

  test('is not fetched when no registry is set, or when it is not on the public internet', async () => {
    const none = await serve()
    const headers = { authorization, 'content-type': 'application/json' }
    const off = await none.ask('POST', '/admin/packages', { headers, body: { package: 'top#1.0.0' } })
    expect([off.status, said(off)]).toEqual([501, expect.stringContaining('DHP_PACKAGE_REGISTRY')])
    await none.close()
    const asked = registry.asked.length
    const inside = await serve({ DHP_PACKAGE_REGISTRY: registry.url })
    const refused = await inside.ask('POST', '/admin/packages', { headers, body: { package: 'top#1.0.0' } })
    expect([refused.status, said(refused)]).toEqual([502, expect.stringContaining('DHP_PRIVATE_HOSTS')])
    expect(registry.asked.length).toBe(asked)
    await inside.close()
  })
})

describe('what else is asked', () => {
  test('needs the admin token', async () => {
    for (const [
      method,
      path,
    ] of [['GET', 'packages'], ['POST', 'packages'], ['DELETE', 'packages/a/1'], ['GET', 'tenants/x/packages']] as const) // prettier-ignore
      expect((await served.ask(method, `/admin/${path}`)).status).toBe(401)
  })

  test('of a tenant or a package that is not there is answered 404, of one that comes with the server too', async () => {
    expect((await ask('GET', 'tenants/nobody/packages')).status).toBe(404)
    expect((await ask('POST', 'tenants/nobody/packages', smallPackage('a', '1'))).status).toBe(404)
    const gone = await ask('DELETE', 'packages/nothing/1.0.0')
    expect([gone.status, said(gone)]).toEqual([404, expect.stringContaining('was not added')])
    const shipped = await ask('DELETE', 'packages/hl7.fhir.r4.core/4.0.1')
    expect([shipped.status, said(shipped)]).toEqual([404, expect.stringContaining('comes with the server')])
  })

  test('by names that lead elsewhere reaches nothing', async () => {
    for (const name of ['..', '%2e%2e', '..%2f..', '%00', '%zz', '__proto__', '*'])
      for (const version of ['1', '..%2f..%2ftenants.json'])
        expect((await ask('DELETE', `packages/${name}/${version}`)).status).toBeGreaterThanOrEqual(400)
    expect(existsSync(join(served.data, 'tenants.json'))).toBe(true)
  })

  test('by another method, or with another body, is refused with what to do', async () => {
    expect((await ask('PUT', 'packages', {})).status).toBe(405)
    expect((await ask('GET', 'packages/a/1')).status).toBe(405)
    expect((await ask('GET', 'packages/a')).status).toBe(404)
    for (const body of [{}, { package: 7 }, { package: 'a#1', more: 1 }, { package: 'a#1', dependencies: 'yes' }])
      expect((await ask('POST', 'packages', body)).status).toBe(422)
  })

  test('what comes with the server is listed first', async () => {
    const { body } = await ask('GET', 'packages')
    expect(body.packages[0]).toMatchObject({ name: 'hl7.fhir.r4.core', version: '4.0.1', from: 'server' })
    expect(body.packages.find(({ name }: { name: string }) => name === 'hl7.fhir.us.mcode').resources).toBeGreaterThan(
      100,
    )
  })
})

const core = join(import.meta.dirname, '../../../shared/data/packages/hl7.fhir.us.core-6.1.0.tgz')
test.skipIf(!existsSync(core))(
  'a published package is taken up while others are answered, and judged by at once',
  async () => {
    const patient = 'http://hl7.org/fhir/us/core/StructureDefinition/us-core-patient'
    const validated = async () => {
      const body = { resourceType: 'Patient', gender: 'female' }
      const answer = await served.ask('POST', `/fhir/Patient/$validate?profile=${patient}`, { body })
      return (answer.body.issue as { code: string; expression?: string[] }[]).map(
        ({ code, expression }) => `${code} ${expression?.[0]}`,
      )
    }
    expect(await validated()).toContain('not-found Patient')
    const { result, longest } = await holding(() => ask('POST', 'packages', readFileSync(core)))
    expect(result.status).toBe(201)
    const { conformance } = await served.app.tenants.room('default')
    expect(conformance.now().entry('StructureDefinition', `${patient}|6.1.0`)?.package).toBe('hl7.fhir.us.core#6.1.0')
    expect(longest).toBeLessThan(500)
    const issues = await validated()
    expect(issues).not.toContain('not-found Patient')
    // us-core-patient asks for identifiers and names
    expect(issues.filter(issue => issue === 'required Patient' || issue.startsWith('structure Patient'))).not.toEqual(
      [],
    )
  },
)
