/**
 * Reads a tar archive as it arrives: files only, with names that stay below its root.
 * https://pubs.opengroup.org/onlinepubs/9799919799/utilities/pax.html#tag_20_94_13_06
 */

/** What is wrong with an archive; the text names the file. */
export class BrokenArchive extends Error {
  override readonly name = 'BrokenArchive'
}

export interface TarFile {
  /** With `/`, never absolute, never with `..`. */
  readonly path: string
  readonly bytes: Buffer
}

export interface TarLimits {
  /** How many entries, files or not. */
  readonly entries: number
  /** Bytes of one file that is wanted. */
  readonly fileBytes: number
}

const BLOCK = 512
/** Bytes of a header that extends the next one. */
const MOST_EXTENDED = 1024 * 1024
const LONGEST_PATH = 1000

interface Header {
  readonly path: string
  readonly size: number
  readonly type: string
}

/** The files that are wanted, in the archive's order; the others are passed over without being kept. Throws `BrokenArchive`. */
export async function* tarFiles(
  chunks: AsyncIterable<Buffer>,
  wanted: (path: string) => boolean,
  limits: TarLimits,
): AsyncGenerator<TarFile> {
  const input = new Input(chunks)
  let longPath: string | undefined
  let longSize: number | undefined
  for (let count = 1; ; count++) {
    const block = await input.take(BLOCK)
    // two blocks of zeros end it; what follows is padding
    if (!block || block.every(byte => byte === 0)) return
    if (count > limits.entries) throw new BrokenArchive(`It has more than ${limits.entries} entries.`)
    const header = readHeader(block)
    const { type } = header
    if (type === 'x' || type === 'g' || type === 'L' || type === 'K') {
      if (header.size > MOST_EXTENDED) throw new BrokenArchive('A header of it is too long.')
      const text = await content(input, header.size)
      if (type === 'x') {
        const own = paxRecords(text)
        longPath = own.get('path') ?? longPath
        longSize = own.has('size') ? sizeOf(own.get('size')!) : longSize
      } else if (type === 'L') longPath = text.toString().replace(/\0.*$/s, '')
      continue
    }
    const path = safePath(longPath ?? header.path)
    const size = longSize ?? header.size
    longPath = longSize = undefined
    if (type === '5') await input.skip(padded(size))
    else if (type !== '0' && type !== '\0' && type !== '7')
      throw new BrokenArchive(`${path} is not a file (${kinds[type] ?? 'unknown kind'}). A package has files only.`)
    else if (!wanted(path)) await input.skip(padded(size))
    else if (size > limits.fileBytes) throw new BrokenArchive(`${path} is larger than ${limits.fileBytes} bytes.`)
    else yield { path, bytes: await content(input, size) }
  }
}

const kinds: Readonly<Record<string, string>> = {
  1: 'a link',
  2: 'a symbolic link',
  3: 'a device',
  4: 'a device',
  6: 'a pipe',
}

const padded = (size: number) => Math.ceil(size / BLOCK) * BLOCK

async function content(input: Input, size: number): Promise<Buffer> {
  const bytes = await input.take(padded(size))
  if (!bytes) throw endsEarly()
  return bytes.subarray(0, size)
}

const endsEarly = () => new BrokenArchive('It ends in the middle of a file.')

function readHeader(block: Buffer): Header {
  const text = (from: number, length: number) =>
    block
      .subarray(from, from + length)
      .toString()
      .replace(/\0.*$/s, '')
  const said = Number.parseInt(text(148, 8).trim(), 8)
  // the checksum is computed as if its own field were blank
  let sum = 8 * 0x20
  for (let i = 0; i < BLOCK; i++) if (i < 148 || i >= 156) sum += block[i]!
  if (sum !== said) throw new BrokenArchive('It is not a tar archive, or a header of it is damaged.')
  const posix = block.toString('latin1', 257, 263) === 'ustar\0'
  const prefix = posix ? text(345, 155) : ''
  return {
    path: prefix ? `${prefix}/${text(0, 100)}` : text(0, 100),
    size: numberAt(block.subarray(124, 136)),
    type: String.fromCharCode(block[156]!),
  }
}

/** Octal digits, or with the first bit set a big number in bytes. */
function numberAt(field: Buffer): number {
  if (field[0]! & 0x80) {
    const high = field.subarray(1, 4).some(byte => byte !== 0)
    return high ? sizeOf('too large') : sizeOf(String(field.readBigUInt64BE(4)))
  }
  return sizeOf(String(Number.parseInt(field.toString('latin1').replace(/[\0 ]/g, '') || '0', 8)))
}

function sizeOf(text: string): number {
  const size = /^\d{1,13}$/.test(text) ? Number(text) : NaN
  if (Number.isNaN(size)) throw new BrokenArchive('A header of it says no size that can be.')
  return size
}

/** `27 path=package/a-long-name\n`, each with its own length in front. */
function paxRecords(bytes: Buffer): ReadonlyMap<string, string> {
  const records = new Map<string, string>()
  for (let at = 0; at < bytes.length; ) {
    const blank = bytes.indexOf(0x20, at)
    const length = blank < 0 ? NaN : Number(bytes.toString('latin1', at, blank))
    const equals = bytes.indexOf(0x3d, blank)
    if (!(length > blank - at) || at + length > bytes.length || equals < 0 || equals >= at + length)
      throw new BrokenArchive('An extended header of it cannot be read.')
    records.set(bytes.toString('utf8', blank + 1, equals), bytes.toString('utf8', equals + 1, at + length - 1))
    at += length
  }
  return records
}

function safePath(path: string): string {
  const shown = path.slice(0, 200)
  if (path.length > LONGEST_PATH) throw new BrokenArchive(`The name ${shown}… is too long.`)
  const parts = path.split('/')
  if (path.startsWith('/') || /[\\\0]|^[A-Za-z]:/.test(path) || parts.includes('..'))
    throw new BrokenArchive(`${shown} would lie outside of the package.`)
  return parts.filter(part => part !== '' && part !== '.').join('/')
}

/** Bytes taken from what comes in pieces of any size. */
class Input {
  readonly #chunks: AsyncIterator<Buffer>
  #rest: Buffer = Buffer.alloc(0)

  constructor(chunks: AsyncIterable<Buffer>) {
    this.#chunks = chunks[Symbol.asyncIterator]()
  }

  /** Exactly so many; undefined when nothing is left at all. */
  async take(length: number): Promise<Buffer | undefined> {
    const parts: Buffer[] = []
    let missing = length
    while (missing > this.#rest.length) {
      if (this.#rest.length) parts.push(this.#rest)
      missing -= this.#rest.length
      if (!(await this.#more())) {
        if (missing === length) return length === 0 ? Buffer.alloc(0) : undefined
        throw endsEarly()
      }
    }
    const last = this.#rest.subarray(0, missing)
    this.#rest = this.#rest.subarray(missing)
    return parts.length ? Buffer.concat([...parts, last], length) : last
  }

  async skip(length: number): Promise<void> {
    let left = length
    while (left > this.#rest.length) {
      left -= this.#rest.length
      if (!(await this.#more())) throw endsEarly()
    }
    this.#rest = this.#rest.subarray(left)
  }

  async #more(): Promise<boolean> {
    const { done, value } = await this.#chunks.next()
    this.#rest = done ? Buffer.alloc(0) : value
    return !done
  }
}
