/**
 * Unpacking a FHIR package: what comes out, and what is refused.
 * https://confluence.hl7.org/display/FHIR/NPM+Package+Specification
 */
import { createReadStream, existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { packed } from '../../src/commands/pack.ts'
import { folderFiles, packageFiles, type PackageFile } from '../../src/fhir/package-archive.ts'
import { packageLimits as limits } from '../../src/fhir/package-limits.ts'
import { arriving, manifest, resource, tar, tgz } from '../help/packages.ts'

const read = async (files: AsyncIterable<PackageFile>) => {
  const all: PackageFile[] = []
  for await (const file of files) all.push(file)
  return all
}
const paths = async (archive: Buffer, size?: number) =>
  (await read(packageFiles(arriving(archive, size)))).map(({ path }) => path)
const refusal = (archive: Buffer, bounds = limits): Promise<string> =>
  read(packageFiles(arriving(archive), { limits: bounds })).then(
    () => 'it was read',
    (error: unknown) => {
      expect((error as { status?: number }).status).toBe(422)
      return (error as Error).message
    },
  )

const good = tgz(
  manifest('a', '1.0.0'),
  { path: 'package/', type: '5' },
  resource('ValueSet', 'x'),
  { path: 'package/.index.json', content: '{}' },
  { path: 'package/xml/ValueSet-x.xml', content: '<x/>' },
  { path: 'package/example/Patient-p.json', content: '{"resourceType":"Patient"}' },
  { path: 'package/other/spec.internals', content: 'x' },
)

describe('an archive', () => {
  test('gives the JSON files directly in package, in whatever pieces it arrives', async () => {
    for (const size of [1, 7, 512, 100_000])
      expect(await paths(good, size)).toEqual(['package/package.json', 'package/ValueSet-x.json'])
  })

  test('gives the examples too when they are asked for', async () => {
    const files = await read(packageFiles(arriving(good), { folders: ['package', 'package/example'] }))
    expect(files.map(({ path }) => path)).toContain('package/example/Patient-p.json')
  })

  test('may have long names, by pax or GNU headers or the ustar prefix', async () => {
    const long = `package/ValueSet-${'x'.repeat(150)}.json`
    const record = (text: string) => {
      let length = text.length + 3
      while (length !== text.length + 1 + String(length).length) length = text.length + 1 + String(length).length
      return `${length} ${text}`
    }
    const pax = tgz(
      { path: 'pax', type: 'x', content: record(`path=${long}\n`) + record('mtime=1.5\n') },
      { path: 'package/short.json', content: '{}' },
    )
    const gnu = tgz(
      { path: '././@LongLink', type: 'L', content: `${long}\0` },
      { path: 'package/short.json', content: '{}' },
    )
    expect(await paths(pax)).toEqual([long])
    expect(await paths(gnu)).toEqual([long])
  })

  test('that the command packs is read again, long names and Chinese ones too', async () => {
    const files = [
      { path: 'package/package.json', bytes: Buffer.from('{}') },
      { path: `package/${'長'.repeat(60)}.json`, bytes: Buffer.from('{"a":"乙"}') },
    ]
    const again = await read(packageFiles(arriving(await packed((async function* () { yield* files })())))) // prettier-ignore
    expect(again.map(({ path, bytes }) => [path, bytes.toString()])).toEqual(
      files.map(({ path, bytes }) => [path, bytes.toString()]),
    )
  })

  test.each(['../x.json', 'package/../../x.json', '/etc/x.json', 'package\\..\\x.json', 'C:/x.json', '..'])(
    'with the name %s is refused, and named',
    async path => expect(await refusal(tgz({ path, content: '{}' }))).toContain(path),
  )

  test.each([
    ['1', 'a link'],
    ['2', 'a symbolic link'],
    ['3', 'a device'],
    ['4', 'a device'],
    ['6', 'a pipe'],
    ['S', 'unknown kind'],
  ])('with an entry of type %s is refused: it is %s', async (type, kind) => {
    const said = await refusal(tgz({ path: 'package/x.json', type, link: '/etc/passwd' }))
    expect(said).toContain('package/x.json')
    expect(said).toContain(kind)
  })

  test('that is no archive is refused', async () => {
    for (const bytes of [
      Buffer.from('hello'),
      Buffer.alloc(0),
      gzipSync('hello'),
      gzipSync(Buffer.alloc(2000, 7)),
      good.subarray(0, 100),
      good.subarray(0, good.length - 20),
      gzipSync(tar(resource('ValueSet', 'x')).subarray(0, 600)),
      tgz({ path: 'package/x.json', size: '99999999999\0', content: '{}' }),
      tgz({ path: 'package/x.json', size: 'nonsense', content: '{}' }),
      tgz({ path: 'pax', type: 'x', content: '99 path=x\n' }),
      tgz({ path: 'pax', type: 'x', content: 'nothing' }),
    ])
      expect(await refusal(bytes)).toMatch(/^The package cannot be read\. /)
  })

  test('with a damaged header is refused, whatever it still says', async () => {
    const bytes = tar(resource('ValueSet', 'x'))
    bytes[10]! ^= 1
    expect(await refusal(gzipSync(bytes))).toContain('damaged')
  })

  test('with any bytes changed is read or refused, and nothing else happens', async () => {
    const whole = tar(manifest('a', '1.0.0'), resource('ValueSet', 'x'), { path: 'package/example/y.json' })
    let random = 7
    const next = (below: number) => (random = (random * 1103515245 + 12345) % 2147483648) % below
    for (let i = 0; i < 300; i++) {
      const bytes = Buffer.from(whole)
      for (let flips = next(4); flips >= 0; flips--) bytes[next(bytes.length)] = next(256)
      const packed = gzipSync(bytes.subarray(0, next(10) ? bytes.length : next(bytes.length)))
      if (next(4) === 0) packed[next(packed.length)] = next(256)
      expect(await refusal(packed)).toMatch(/^(?:it was read|The package cannot be read\. )/)
    }
  })

  test('that is too large, too full, or unpacks to too much is refused', async () => {
    const many = tgz(...Array.from({ length: 30 }, (_, i) => ({ path: `package/${i}.json`, content: '{}' })))
    expect(await refusal(many, { ...limits, entries: 20 })).toContain('more than 20 entries')
    expect(await refusal(good, { ...limits, packed: 100 })).toContain('larger than 100 bytes')
    const large = tgz({ path: 'package/x.json', content: Buffer.alloc(5000, 65) })
    expect(await refusal(large, { ...limits, fileBytes: 4000 })).toContain('package/x.json is larger')
    expect(await refusal(large, { ...limits, unpacked: 4000 })).toContain('more than 4000 bytes when unpacked')
  })

  test('that is a bomb is refused, also where its files would not be read', async () => {
    const bomb = tgz({ path: 'package/other/x.bin', content: Buffer.alloc(40 * 1024 * 1024) })
    expect(bomb.length).toBeLessThan(100_000)
    expect(await refusal(bomb)).toContain('200 times its size')
  })
})

describe('a folder', () => {
  test('gives the same files, whether it is the package or has it in it', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'dhp-package-'))
    mkdirSync(join(folder, 'package/example'), { recursive: true })
    for (const name of ['package.json', 'ValueSet-x.json', 'example/Patient-p.json', 'x.xml'])
      writeFileSync(join(folder, 'package', name), '{}')
    symlinkSync('/etc/hostname', join(folder, 'package/link.json'))
    const expected = ['package/ValueSet-x.json', 'package/package.json']
    for (const each of [folder, join(folder, 'package')])
      expect((await read(folderFiles(each))).map(({ path }) => path)).toEqual(expected)
    await expect(read(folderFiles(join(folder, 'package/example')))).rejects.toThrow('has no package.json')
    rmSync(folder, { recursive: true })
  })
})

describe('published packages', () => {
  for (const name of ['hl7.fhir.us.core-6.1.0', 'hl7.fhir.us.core-8.0.0', 'tw.gov.mohw.twcore-0.3.1']) {
    const path = join(import.meta.dirname, `../../../shared/data/packages/${name}.tgz`)
    test.skipIf(!existsSync(path))(`${name} is unpacked`, async () => {
      const files = await read(packageFiles(createReadStream(path)))
      expect(files.length).toBeGreaterThan(200)
      expect(files.map(file => file.path)).toContain('package/package.json')
    })
  }
})
