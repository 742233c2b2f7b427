/**
 * FHIR packages as the tests make them: archives entry by entry, good ones and hostile ones.
 */
import { gzipSync } from 'node:zlib'

export interface TarEntry {
  path: string
  content?: string | Buffer
  /** '0' a file, '1' a hard link, '2' a symbolic link, '5' a folder, 'x' and 'L' what comes before a long name. */
  type?: string
  link?: string
  /** Says another size than it has. */
  size?: string
}

/** A tar archive; header by header as it is told, however wrong. */
export function tar(...entries: TarEntry[]): Buffer {
  const blocks = entries.flatMap(({ path, content = '', type = '0', link = '', size }) => {
    const bytes = Buffer.from(content)
    const header = Buffer.alloc(512)
    header.write(path, 0, 100)
    header.write('0000644\0', 100)
    header.write(size ?? `${bytes.length.toString(8).padStart(11, '0')}\0`, 124)
    header.write(' '.repeat(8), 148)
    header.write(type, 156)
    header.write(link, 157)
    header.write('ustar\x0000', 257)
    const sum = header.reduce((total, byte) => total + byte, 0)
    header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148)
    return [header, bytes, Buffer.alloc(-bytes.length & 511)]
  })
  return Buffer.concat([...blocks, Buffer.alloc(1024)])
}

export const tgz = (...entries: TarEntry[]): Buffer => gzipSync(tar(...entries))

export const manifest = (name: string, version: string, more: object = {}): TarEntry => ({
  path: 'package/package.json',
  content: JSON.stringify({ name, version, fhirVersions: ['4.0.1'], ...more }),
})

export const resource = (type: string, id: string, more: object = {}): TarEntry => ({
  path: `package/${type}-${id}.json`,
  content: JSON.stringify({ resourceType: type, id, url: `http://example.org/${type}/${id}`, version: '1', ...more }),
})

/** A package with one ValueSet, `http://example.org/ValueSet/{id}`. */
export const smallPackage = (name: string, version: string, id = 'colours', more: object = {}): Buffer =>
  tgz(manifest(name, version, more), resource('ValueSet', id, { version, title: `${name} ${version}` }))

/** Bytes as they would arrive. */
export async function* arriving(bytes: Buffer, size = 1000): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}
