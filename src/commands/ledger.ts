/**
 * Which files were loaded already: lines of JSON beside what they were loaded into.
 */
import { createHash } from 'node:crypto'
import { appendFileSync, createReadStream, existsSync, mkdirSync, readFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { pipeline } from 'node:stream/promises'

/** A file as it was when it was looked at. */
export interface Seen {
  readonly path: string
  readonly size: number
  /** Milliseconds. */
  readonly modified: number
}

const stamp = ({ path, size, modified }: Seen) => `${size} ${Math.floor(modified)} ${path}`

export class Ledger {
  readonly #file: string
  readonly #stamps = new Set<string>()
  readonly #hashes = new Set<string>()

  constructor(file: string) {
    this.#file = file
    if (!existsSync(file)) return
    for (const line of readFileSync(file, 'utf8').split('\n')) {
      try {
        const { path, size, modified, hash } = JSON.parse(line) as Seen & { hash: string }
        this.#stamps.add(stamp({ path, size, modified }))
        this.#hashes.add(hash)
      } catch {
        // the last line, when a crash cut it: that file is loaded again
      }
    }
  }

  /** Whether this file, or another of the same content, is loaded. */
  async has(seen: Seen): Promise<boolean> {
    return this.#stamps.has(stamp(seen)) || (this.#hashes.size > 0 && this.#hashes.has(await hashOf(seen.path)))
  }

  async add(seen: Seen): Promise<void> {
    const hash = await hashOf(seen.path)
    mkdirSync(dirname(this.#file), { recursive: true })
    appendFileSync(this.#file, `${JSON.stringify({ ...seen, hash, loaded: new Date().toISOString() })}\n`)
    this.#stamps.add(stamp(seen))
    this.#hashes.add(hash)
  }
}

/** SHA-256 of a file's bytes, in hex. */
export async function hashOf(path: string): Promise<string> {
  const hash = createHash('sha256')
  await pipeline(createReadStream(path), hash)
  return hash.digest('hex')
}
