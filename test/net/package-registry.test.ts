/**
 * Fetching a package from a registry of FHIR or of npm.
 * https://confluence.hl7.org/display/FHIR/FHIR+Package+Registry+User+Documentation
 */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { fetchPackage, versionsOf } from '../../src/net/package-registry.ts'
import { startRegistry, type TestRegistry } from '../help/registry.ts'
import { smallPackage } from '../help/packages.ts'

const archive = smallPackage('a.b', '1.0.0')
let fhir: TestRegistry
let npm: TestRegistry
beforeAll(async () => {
  fhir = await startRegistry({ 'a.b#1.0.0': archive, 'a.b#1.1.0': archive })
  npm = await startRegistry({ 'a.b#1.0.0': archive }, true)
})
afterAll(() => {
  fhir.close()
  npm.close()
})
const options = ({ url, host }: TestRegistry) => ({ registry: url, allow: [host], maxBytes: 100_000 })

test('a registry of FHIR answers with the archive', async () => {
  expect(await fetchPackage('a.b', '1.0.0', options(fhir))).toEqual(archive)
  expect(fhir.asked.at(-1)).toBe('/a.b/1.0.0')
})

test('a registry of npm says where the archive is, and what it is: it is fetched and compared', async () => {
  expect(await fetchPackage('a.b', '1.0.0', options(npm))).toEqual(archive)
})

test('the versions of a package are listed', async () => {
  expect(await versionsOf('a.b', options(fhir))).toEqual(['1.0.0', '1.1.0'])
})

test('what is not there, or too large, or not allowed, is said', async () => {
  await expect(fetchPackage('a.b', '2.0.0', options(fhir))).rejects.toThrow('The registry has no a.b#2.0.0.')
  await expect(versionsOf('nothing', options(fhir))).rejects.toThrow('The registry has no package nothing.')
  await expect(fetchPackage('a.b', '1.0.0', { ...options(fhir), maxBytes: 10 })).rejects.toThrow('more than 10 bytes')
  await expect(fetchPackage('a.b', '1.0.0', { ...options(fhir), allow: [] })).rejects.toThrow('DHP_PRIVATE_HOSTS')
})

test('an archive elsewhere is held to the same rules, and must be the one that was described', async () => {
  let dist: object = {}
  const server = createServer((request, response) => {
    if (request.url === '/other.tgz') return void response.end('other')
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ dist }))
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`
  const ask = () => fetchPackage('a', '1', { registry: `http://${host}`, allow: [host], maxBytes: 1000 })
  await expect(ask()).rejects.toThrow('does not say where')
  dist = { tarball: 'http://169.254.169.254/x' }
  await expect(ask()).rejects.toThrow('not on the public internet')
  dist = { tarball: `http://${host}/other.tgz`, shasum: '0'.repeat(40) }
  await expect(ask()).rejects.toThrow('is not the one that the registry describes')
  server.close()
})
