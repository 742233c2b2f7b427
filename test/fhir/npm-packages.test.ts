/**
 * The packages that come with the server: compiled once, opened after that.
 * https://hl7.org/fhir/R4/downloads.html
 */
import { mkdtempSync, readdirSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { LoadedPackage } from '../../src/fhir/conformance.ts'
import { loadNpmPackages, npmPackagesAreCompiled } from '../../src/fhir/npm-packages.ts'

let folder: string
let first: LoadedPackage[]
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'dhp-npm-'))
  first = loadNpmPackages(folder)
})
afterAll(() => rmSync(folder, { recursive: true }))

const times = () => new Map(readdirSync(folder).map(name => [name, statSync(join(folder, name)).mtimeMs]))

test('they are compiled once: the second time the same files are opened', () => {
  const before = times()
  expect([npmPackagesAreCompiled(folder), npmPackagesAreCompiled(tmpdir())]).toEqual([true, false])
  const again = loadNpmPackages(folder)
  expect(times()).toEqual(before)
  expect(again.map(({ info, entries }) => [info, entries.length])).toEqual(
    first.map(({ info, entries }) => [info, entries.length]),
  )
})

test('each resource is read whole, without narrative, as the entry says', () => {
  for (const { entries, read } of first)
    for (const [position, entry] of entries.entries()) {
      // every 40th: there are nine thousand
      if (position % 40 !== 0) continue
      const resource = read(position)
      expect([resource.resourceType, resource['id']]).toEqual([entry.resourceType, entry.id])
      expect(resource).not.toHaveProperty('text')
    }
})

test('one that was cut short is compiled again, and what was compiled before is tidied away', () => {
  const mcode = readdirSync(folder).find(name => name.startsWith('hl7.fhir.us.mcode'))!
  const older = mcode.replace('.package', '0.package')
  writeFileSync(join(folder, older), 'of an older version of the server')
  truncateSync(join(folder, mcode), 1000)
  const again = loadNpmPackages(folder).find(({ info }) => info.name === 'hl7.fhir.us.mcode')!
  expect(again.read(0).resourceType).toBe(again.entries[0]!.resourceType)
  expect(readdirSync(folder)).not.toContain(older)
})

test('a folder that cannot be written is said', () => {
  expect(() => loadNpmPackages(join(folder, 'nothing\0here'))).toThrow(/cannot be compiled into/)
})
