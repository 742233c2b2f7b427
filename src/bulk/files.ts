/**
 * The files of exports: a folder a job below the tenant's, readable by the server only, written so that what was counted is on disk.
 * https://hl7.org/fhir/uv/bulkdata/STU2/export.html#file-request
 */
import { randomBytes } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { mkdir, open, readdir, readFile, rm, type FileHandle } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { MIXED, type OutputFile } from './words.ts'

/** A file is followed by another after so many lines. */
export const MOST_LINES = 100_000

const NEWLINE = 10
const PATIENTS = 'patients.json'
/** Deletions, resources and what goes with them: no more are written in turn. */
const MOST_OPEN = 3
const isOurs = /^[A-Za-z0-9_-]{22}$/

/** A name that nobody guesses: 128 random bits. */
export const unguessable = () => randomBytes(16).toString('base64url')

/** The folders of all jobs of a tenant. `folder` is made when the first job comes. */
export class JobFolders {
  readonly #folder: string
  constructor(folder: string) {
    this.#folder = folder
  }

  path(job: string, name = ''): string {
    return join(this.#folder, job, name)
  }

  async make(job: string, patients: readonly string[] | undefined): Promise<void> {
    await mkdir(this.path(job), { recursive: true, mode: 0o700 })
    if (!patients) return
    const file = await open(this.path(job, PATIENTS), 'wx', 0o600)
    try {
      await file.writeFile(JSON.stringify(patients))
      await file.sync()
    } finally {
      await file.close()
    }
  }

  async patients(job: string): Promise<readonly string[]> {
    return JSON.parse(await readFile(this.path(job, PATIENTS), 'utf8')) as string[]
  }

  async remove(job: string): Promise<void> {
    await rm(this.path(job), { recursive: true, force: true })
  }

  async list(): Promise<string[]> {
    const names = await readdir(this.#folder).catch(() => [])
    return names.filter(name => isOurs.test(name))
  }
}

/** Writes lines behind what is there already, into a new file when the last is long. */
export class LineWriter {
  readonly #folders: JobFolders
  readonly #job: string
  readonly #files: OutputFile[]
  #buffer = Buffer.alloc(0)
  /** The last used ones, the oldest first. */
  readonly #handles = new Map<string, FileHandle>()

  /** `files`: what is known to be written; what stands behind it in a file is cut off. */
  constructor(folders: JobFolders, job: string, files: readonly OutputFile[]) {
    this.#folders = folders
    this.#job = job
    this.#files = [...files]
  }

  get files(): readonly OutputFile[] {
    return [...this.#files]
  }

  /** Of all types: how many resources are in the output. */
  get count(): number {
    return this.#files.reduce((sum, { kind, count }) => sum + (kind === 'output' ? count : 0), 0)
  }

  /** `together`: into the file of the lines before, however long it is. */
  async write(kind: OutputFile['kind'], type: string, lines: readonly string[], together = false): Promise<void> {
    if (lines.length === 0) return
    let at = this.#files.findLastIndex(file => file.kind === kind && file.type === type)
    if (at < 0 || (!together && this.#files[at]!.count >= MOST_LINES))
      at = this.#files.push({ name: `${unguessable()}.ndjson`, kind, type, count: 0, bytes: 0 }) - 1
    const file = this.#files[at]!
    const handle = await this.#open(file)
    const bytes = this.#encoded(lines)
    for (let done = 0; done < bytes.length; ) {
      const { bytesWritten } = await handle.write(bytes, done, bytes.length - done, file.bytes + done)
      done += bytesWritten
    }
    this.#files[at] = { ...file, count: file.count + lines.length, bytes: file.bytes + bytes.length }
  }

  /** One buffer for all pages: each of its own would wait for the garbage collector outside the heap. */
  #encoded(lines: readonly string[]): Buffer {
    const length = lines.reduce((sum, line) => sum + Buffer.byteLength(line) + 1, 0)
    if (this.#buffer.length < length) this.#buffer = Buffer.allocUnsafeSlow(Math.ceil(length * 1.25))
    let at = 0
    for (const line of lines) {
      at += this.#buffer.write(line, at)
      this.#buffer[at++] = NEWLINE
    }
    return this.#buffer.subarray(0, at)
  }

  /** What was written is on the disk then. */
  async sync(): Promise<void> {
    for (const file of this.#handles.values()) await file.datasync()
  }

  async close(): Promise<void> {
    const open = [...this.#handles.values()]
    this.#handles.clear()
    for (const file of open) await file.close()
  }

  async #open({ name, bytes }: OutputFile): Promise<FileHandle> {
    const known = this.#handles.get(name)
    if (known) return known
    const [oldest] = this.#handles
    if (oldest && this.#handles.size >= MOST_OPEN) {
      this.#handles.delete(oldest[0])
      await oldest[1].datasync()
      await oldest[1].close()
    }
    const path = this.#folders.path(this.#job, name)
    const file = await open(path, 'r+').catch(() => open(path, 'wx+', 0o600))
    this.#handles.set(name, file)
    // lines that a crash left behind what was counted
    await file.truncate(bytes)
    return file
  }

  /** Which of these ids the output of a type has already. */
  async written(type: string, ids: ReadonlySet<string>): Promise<Set<string>> {
    const found = new Set<string>()
    for await (const line of this.#lines(type)) {
      const id = idOf.exec(line)?.[2]
      if (id !== undefined && ids.has(id)) found.add(id)
    }
    return found
  }

  /** Which of these patients have a block. */
  async blocks(ids: ReadonlySet<string>): Promise<Set<string>> {
    const found = new Set<string>()
    for await (const line of this.#lines(MIXED)) {
      const id = headerOf.exec(line)?.[1]
      if (id !== undefined && ids.has(id)) found.add(id)
    }
    return found
  }

  /** Which of these ids of a type the block has that is being written: the last. */
  async writtenInBlock(patient: string, type: string, ids: ReadonlySet<string>): Promise<Set<string>> {
    const found = new Set<string>()
    let inside = false
    for await (const line of this.#lines(MIXED, true)) {
      const header = headerOf.exec(line)?.[1]
      if (header !== undefined) inside = header === patient
      const [, of, id] = (inside && idOf.exec(line)) || []
      if (of === type && ids.has(id!)) found.add(id!)
    }
    return found
  }

  async *#lines(type: string, ofLast = false): AsyncGenerator<string> {
    const files = this.#files.filter(file => file.kind === 'output' && file.type === type && file.bytes > 0)
    for (const { name, bytes } of ofLast ? files.slice(-1) : files) {
      const stream = createReadStream(this.#folders.path(this.#job, name), { end: bytes - 1 })
      yield* createInterface({ input: stream, crlfDelay: Infinity })
    }
  }
}

/** Type and id stand first in what the store keeps. */
const idOf = /^\{"resourceType":"([A-Za-z]+)","id":"([^"]+)"/
const headerOf =
  /^\{"resourceType":"Parameters","parameter":\[\{"name":"header","valueReference":\{"reference":"Patient\/([^"]+)"/
