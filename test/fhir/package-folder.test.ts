/**
 * Packages that were added: kept side by side, opened again, and refused as a whole when a file of one is broken.
 * https://confluence.hl7.org/display/FHIR/FHIR+Package+Cache
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { makeConformance } from '../../src/fhir/conformance.ts'
import { packageFiles } from '../../src/fhir/package-archive.ts'
import { openPackage } from '../../src/fhir/package-file.ts'
import { addPackage, openAdded, packagesIn, removePackage } from '../../src/fhir/package-folder.ts'
import { packageInfo, readPackageId } from '../../src/fhir/package-manifest.ts'
import { arriving, manifest, resource, smallPackage, type TarEntry, tgz } from '../help/packages.ts'

const folders: string[] = []
const newFolder = () => {
  folders.push(mkdtempSync(join(tmpdir(), 'dhp-packages-')))
  return folders.at(-1)!
}
afterAll(() => folders.forEach(folder => rmSync(folder, { recursive: true })))

const add = (folder: string, archive: Buffer) => addPackage(folder, packageFiles(arriving(archive, 65536)))
const refusal = async (...entries: TarEntry[]) => {
  const folder = newFolder()
  const said = await add(folder, tgz(...entries)).then(
    () => 'it was added',
    (error: unknown) => `${(error as { status?: number }).status}: ${(error as Error).message}`,
  )
  expect(readdirSync(folder)).toEqual([])
  return said
}

describe('a package that is added', () => {
  test('is found again, with what it says of itself', async () => {
    const folder = newFolder()
    const more = { title: 'Colours', canonical: 'http://example.org', dependencies: { b: '2.0.0' } }
    const { info, resources } = await add(folder, smallPackage('a', '1.0.0', 'colours', more))
    expect([info, resources]).toEqual([{ name: 'a', version: '1.0.0', ...more }, 1])
    const opened = openAdded(folder, 'a#1.0.0')!
    expect(opened.info).toEqual(info)
    expect(opened.read(0)).toMatchObject({ url: 'http://example.org/ValueSet/colours', version: '1.0.0' })
    expect(opened.entries[0]).toMatchObject({ package: 'a#1.0.0', id: 'colours' })
  })

  test('stands beside its other versions, in their order, and adding it again changes nothing', async () => {
    const folder = newFolder()
    for (const version of ['1.10.0', '1.9.0', '1.9.0', '1.10.0-ballot']) await add(folder, smallPackage('a', version))
    expect(packagesIn(folder)).toEqual(['a#1.9.0', 'a#1.10.0-ballot', 'a#1.10.0'])
    expect(readdirSync(folder)).toHaveLength(6)
    const conformance = makeConformance(packagesIn(folder).map(id => openAdded(folder, id)!))
    const title = (canonical: string) => conformance.find('ValueSet', canonical)?.['title']
    expect(title('http://example.org/ValueSet/colours')).toBe('a 1.10.0')
    expect(title('http://example.org/ValueSet/colours|1.9.0')).toBe('a 1.9.0')
  })

  test('is compiled again from what was kept when its compiled file is lost, damaged or older', async () => {
    const folder = newFolder()
    const odd = resource('ValueSet', 'odd', { description: 'line\nend' })
    await add(
      folder,
      tgz(manifest('a', '1.0.0'), {
        ...odd,
        content: `\ufeff${JSON.stringify(JSON.parse(odd.content as string), null, 2)}`,
      }),
    )
    const compiled = join(folder, readdirSync(folder).find(name => name.endsWith('.package'))!)
    const whole = readFileSync(compiled)
    const flipped = Buffer.from(whole)
    // in the name of the resource, in the index: it would still be JSON
    flipped[whole.lastIndexOf('odd')]! ^= 1
    for (const damaged of [Buffer.alloc(0), whole.subarray(0, 50), whole.subarray(0, whole.length - 1), flipped]) {
      writeFileSync(compiled, damaged)
      expect(openPackage(compiled)).toBeUndefined()
      expect(openAdded(folder, 'a#1.0.0')!.read(0)).toMatchObject({ description: 'line\nend' })
    }
  })

  test('that can no longer be read at all is left out, and nothing breaks', async () => {
    const folder = newFolder()
    await add(folder, smallPackage('a', '1.0.0'))
    for (const name of readdirSync(folder)) writeFileSync(join(folder, name), 'damaged')
    expect(packagesIn(folder)).toEqual(['a#1.0.0'])
    expect(openAdded(folder, 'a#1.0.0')).toBeUndefined()
  })

  test('can be taken out; who has it open reads on', async () => {
    const folder = newFolder()
    await add(folder, smallPackage('a', '1.0.0'))
    await add(folder, smallPackage('a', '1.0.0-1'))
    const opened = openAdded(folder, 'a#1.0.0')!
    expect(removePackage(folder, 'a#1.0.0')).toBe(true)
    expect(removePackage(folder, 'a#1.0.0')).toBe(false)
    expect(removePackage(folder, '../a#1.0.0')).toBe(false)
    expect(packagesIn(folder)).toEqual(['a#1.0.0-1'])
    expect(openAdded(folder, 'a#1.0.0-1')).toBeDefined()
    expect(opened.read(0)).toMatchObject({ version: '1.0.0' })
  })
})

describe('a broken package leaves nothing behind, and the message names the file:', () => {
  const fine = manifest('a', '1.0.0')
  const file = (content: string | Buffer) => ({ path: 'package/ValueSet-bad.json', content })
  test.each([
    ['not JSON', file('{"resourceType": "ValueSet",'), 'is not JSON'],
    ['a list', file('[]'), 'is not a JSON object'],
    ['not UTF-8', file(Buffer.from([0x7b, 0xff, 0x7d])), 'is not in UTF-8'],
    ['nested too deep', file(`${'[' .repeat(100_000)}`), 'is nested too deep'],
    ['an object nested too deep', file(`{"a":${'['.repeat(5000)}${']'.repeat(5000)}}`), 'is nested too deep'],
    ['elements that are no list', file('{"resourceType":"StructureDefinition","url":"x","snapshot":{"element":{}}}'), 'elements'],
    ['an element that is no object', file('{"resourceType":"StructureDefinition","url":"x","differential":{"element":[null]}}'), 'elements'],
    ['a snapshot that is a text', file('{"resourceType":"StructureDefinition","url":"x","snapshot":"x"}'), 'elements'],
  ])('%s', async (_, bad, said) => {
    const refused = await refusal(fine, resource('ValueSet', 'x'), bad)
    expect(refused).toMatch(/^422: /)
    expect(refused).toContain('package/ValueSet-bad.json')
    expect(refused).toContain(said)
  }) // prettier-ignore

  test('no manifest, or one that names no package of R4', async () => {
    expect(await refusal(resource('ValueSet', 'x'))).toContain('package/package.json is missing')
    const bad = (content: object) => refusal({ path: 'package/package.json', content: JSON.stringify(content) })
    expect(await bad({ name: 'a' })).toContain('needs a name and a version')
    expect(await bad({ name: '../a', version: '1.0.0' })).toContain('letters')
    expect(await bad({ name: 'a', version: '1/../..' })).toContain('letters')
    expect(await bad({ name: 'a', version: '1', fhirVersions: ['5.0.0'] })).toContain('is for FHIR 5.0.0')
  })
})

test('what is not a resource, or has no canonical, is passed over', async () => {
  const folder = newFolder()
  const { resources } = await add(
    folder,
    tgz(
      manifest('a', '1.0.0'),
      { path: 'package/validation-summary.json', content: '{"errors":0}' },
      { path: 'package/Patient-x.json', content: '{"resourceType":"Patient","id":"x"}' },
      { path: 'package/ValueSet-x.json', content: '{"resourceType":"ValueSet","id":"x","url":7}' },
      { path: 'package/Odd-x.json', content: '{"resourceType":"__proto__","url":"x"}' },
      resource('ValueSet', 'y'),
    ),
  )
  expect(resources).toBe(1)
})

test('a manifest of any shape is read or refused, never an exception', () => {
  expect(packageInfo({ name: 'a', version: '1', dependencies: ['x'], title: 7 }).dependencies).toEqual({ 0: 'x' })
  expect(packageInfo({ name: 'a', version: '1', dependencies: { b: 1, c: '2' } }).dependencies).toEqual({ c: '2' })
  expect(packageInfo({ name: 'a', version: '1', dependencies: null, fhirVersions: 'x' }).dependencies).toEqual({})
})

test('a package is named name#version, or name@version', () => {
  expect(readPackageId('hl7.fhir.us.core#6.1.0')).toEqual({ name: 'hl7.fhir.us.core', version: '6.1.0' })
  expect(readPackageId('a@1.0.x')).toEqual({ name: 'a', version: '1.0.x' })
  for (const wrong of ['a', '#1', 'a#', 'a#1#2', '../a#1', 'a#../1', '', 'a b#1', 'a#1 '])
    expect([wrong, readPackageId(wrong)]).toEqual([wrong, undefined])
})
