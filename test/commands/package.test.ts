/**
 * The command `package`: in the data folder of a stopped server, or through a running one.
 */
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startServer, type ServerProcess } from '../help/process.ts'
import { manifest, resource, smallPackage, tgz } from '../help/packages.ts'
import { startRegistry, type TestRegistry } from '../help/registry.ts'
import { dhp, newFolder } from './running.ts'

const outer = mkdtempSync(join(tmpdir(), 'dhp-package-'))
const archive = join(outer, 'a-1.0.0.tgz')
const folder = join(outer, 'folder')
let registry: TestRegistry
beforeAll(async () => {
  registry = await startRegistry({ 'r#1.0.0': smallPackage('r', '1.0.0', 'r', { dependencies: { s: '1.0.0' } }), 's#1.0.0': smallPackage('s', '1.0.0') }) // prettier-ignore
  writeFileSync(archive, smallPackage('a', '1.0.0'))
  mkdirSync(folder)
  for (const { path, content } of [manifest('b', '2.0.0'), resource('ValueSet', 'b')])
    writeFileSync(join(folder, path.replace('package/', '')), content!)
})
afterAll(() => {
  registry.close()
  rmSync(outer, { recursive: true })
})
const fromRegistry = () => ['--package-registry', registry.url, '--private-hosts', registry.host]

describe('in the data folder', () => {
  let data: string
  beforeAll(() => void (data = newFolder()))
  afterAll(() => rmSync(data, { recursive: true }))

  test('add takes a file, a folder or a name; list and remove know them; a tenant has its own', async () => {
    expect(await dhp(data, 'package', 'add', archive)).toMatchObject({
      code: 0,
      out: 'a#1.0.0: 1 resources, for all tenants\n',
    })
    expect((await dhp(data, 'package', 'add', folder, '--tenant', 'default')).err).toContain(
      'There is no tenant default',
    )
    await dhp(data, 'tenants', 'create', 'one')
    expect((await dhp(data, 'package', 'add', folder, '--tenant', 'one')).out).toBe(
      'b#2.0.0: 1 resources, for this tenant\n',
    )
    const named = await dhp(data, 'package', 'add', 'r#1.0.0', '--with-dependencies', ...fromRegistry())
    expect(named.out).toBe('r#1.0.0: 1 resources, for all tenants\ns#1.0.0: 1 resources, for all tenants\n')
    const { out } = await dhp(data, 'package', 'list')
    expect(out).toContain('hl7.fhir.us.mcode#4.0.0: ')
    expect(out.split('\n').filter(line => line.includes('for all')).map(line => line.split(':')[0])).toEqual(['a#1.0.0', 'r#1.0.0', 's#1.0.0']) // prettier-ignore
    expect(await dhp(data, 'package', 'remove', 'a#1.0.0')).toMatchObject({ code: 0, out: 'remove a#1.0.0: done\n' })
    expect((await dhp(data, 'package')).out).not.toContain('a#1.0.0')
    expect((await dhp(data, 'package', 'list', '--tenant', 'one')).out).toBe('b#2.0.0: 1 resources, for this tenant\n')
  })

  test('what cannot be is said in a sentence', async () => {
    const broken = join(outer, 'broken.tgz')
    writeFileSync(broken, tgz(manifest('x', '1.0.0'), { path: 'package/ValueSet-x.json', content: '[' }))
    const said = async (...args: string[]) => {
      const { code, err } = await dhp(data, 'package', ...args)
      expect(code).toBeGreaterThan(0)
      expect(err).not.toMatch(/\n\s+at /)
      return err
    }
    expect(await said('add', broken)).toContain('package/ValueSet-x.json is not JSON')
    expect(await said('add', join(outer, 'nothing.tgz'))).toContain('There is no file or folder')
    expect(await said('add')).toContain('package add FILE')
    expect(await said('remove', 'a')).toContain('name#version')
    expect(await said('remove', 'a#9')).toContain('was not added')
    expect(await said('ad', archive)).toContain('Did you mean')
    expect(await said('add', 'r#1.0.0')).toContain('DHP_PACKAGE_REGISTRY')
    expect(await said('add', 'r#1.0.0', '--package-registry', registry.url)).toContain('DHP_PRIVATE_HOSTS')
  })
})

describe('while a server runs', () => {
  const token = 'a-token-for-the-tests'
  let data: string
  let server: ServerProcess
  let url: string
  beforeAll(async () => {
    data = newFolder()
    server = await startServer(data, { DHP_ADMIN_TOKEN: token })
    url = server.base.replace('/fhir', '')
  })
  afterAll(async () => {
    await server.stop()
    rmSync(data, { recursive: true })
  })

  test('its data folder is not touched: the command says how to go on', async () => {
    const { code, err } = await dhp(data, 'package', 'add', archive)
    expect([code, err]).toEqual([1, expect.stringContaining('in use by another process')])
    expect(existsSync(join(data, 'packages'))).toBe(false)
  })

  test('add, list and remove go through it with --url', async () => {
    const there = ['--url', url, '--token', token]
    expect((await dhp(data, 'package', 'add', archive, ...there)).out).toContain('a#1.0.0: 1 resources')
    expect((await dhp(data, 'package', 'add', folder, ...there)).out).toContain('b#2.0.0: 1 resources')
    expect((await dhp(data, 'package', 'list', ...there)).out).toMatch(/a#1\.0\.0.*\nb#2\.0\.0/)
    expect((await dhp(data, 'package', 'remove', 'a#1.0.0', ...there)).code).toBe(0)
    expect((await dhp(data, 'package', 'list', ...there)).out).not.toContain('a#1.0.0')
    expect((await dhp(data, 'package', 'add', join(folder, 'package.json'), ...there)).err).toContain(
      'not a gzip archive',
    )
  })
})

test('doctor looks at the packages, and names one that cannot be read', async () => {
  const data = newFolder()
  await dhp(data, 'package', 'add', archive)
  expect((await dhp(data, 'doctor')).out).toContain('ok    package a#1.0.0: 1 resources')
  for (const name of readdirSync(join(data, 'packages'))) writeFileSync(join(data, 'packages', name), 'damaged')
  const { code, out } = await dhp(data, 'doctor')
  expect([code, out]).toEqual([1, expect.stringContaining('WRONG package a#1.0.0')])
  rmSync(data, { recursive: true })
})
