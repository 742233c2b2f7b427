/**
 * Packs the files of a FHIR package into an archive, to be sent to a running server.
 * https://pubs.opengroup.org/onlinepubs/9799919799/utilities/pax.html#tag_20_94_13_06
 */
import { gzipSync } from 'node:zlib'
import type { PackageFile } from '../fhir/package-archive.ts'

const BLOCK = 512

/** A gzipped tar archive (.tgz) of the files. */
export async function packed(files: AsyncIterable<PackageFile>): Promise<Buffer> {
  const blocks: Buffer[] = []
  for await (const { path, bytes } of files) {
    if (Buffer.byteLength(path) > 100) blocks.push(...entry('long-name', 'x', paxPath(path)))
    blocks.push(...entry(path, '0', bytes))
  }
  return gzipSync(Buffer.concat([...blocks, Buffer.alloc(2 * BLOCK)]))
}

/** A header and its content, filled up to whole blocks. */
function entry(path: string, type: '0' | 'x', content: Buffer): Buffer[] {
  const header = Buffer.alloc(BLOCK)
  header.write(path, 0, 100)
  header.write('0000644\0', 100)
  header.write(`${content.length.toString(8).padStart(11, '0')}\0`, 124)
  header.write(`${'0'.repeat(11)}\0`, 136)
  // the checksum is computed as if its own field were blank
  header.write(' '.repeat(8), 148)
  header.write(type, 156)
  header.write('ustar\x0000', 257)
  const sum = header.reduce((total, byte) => total + byte, 0)
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148)
  return [header, content, Buffer.alloc(-content.length & (BLOCK - 1))]
}

/** Its length counts its own digits. */
function paxPath(path: string): Buffer {
  const rest = Buffer.byteLength(` path=${path}\n`)
  let length = rest + 1
  while (length !== rest + String(length).length) length = rest + String(length).length
  return Buffer.from(`${length} path=${path}\n`)
}
