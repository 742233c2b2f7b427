/**
 * The files of exports: a folder a job below the tenant's, readable by the server only, written so that what was counted is on disk.
 * https://hl7.org/fhir/uv/bulkdata/STU2/export.html#file-request
 */
import { randomBytes } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { mkdir, open, readdir, readFile, rm, type FileHandle } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { OutputFile } from './words.ts'

/** A file is followed by another after so many lines. */
export const MOST_LINES = 100_000

const PATIENTS = 'patients.json'
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
  #handle: { readonly name: string; readonly file: FileHandle } | undefined

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

  async write(kind: OutputFile['kind'], type: string, lines: readonly string[]): Promise<void> {
    if (lines.length === 0) return
    let at = this.#files.findLastIndex(file => file.kind === kind && file.type === type)
    if (at < 0 || this.#files[at]!.count >= MOST_LINES)
      at = this.#files.push({ name: `${unguessable()}.ndjson`, kind, type, count: 0, bytes: 0 }) - 1
    const file = this.#files[at]!
    const handle = await this.#open(file)
    const bytes = Buffer.from(lines.join('\n') + '\n')
    for (let done = 0; done < bytes.length; ) {
      const { bytesWritten } = await handle.write(bytes, done, bytes.length - done, file.bytes + done)
      done += bytesWritten
    }
    this.#files[at] = { ...file, count: file.count + lines.length, bytes: file.bytes + bytes.length }
  }

  /** What was written is on the disk then. */
  async sync(): Promise<void> {
    await this.#handle?.file.datasync()
  }

  async close(): Promise<void> {
    await this.#handle?.file.close()
    this.#handle = undefined
  }

  async #open({ name, bytes }: OutputFile): Promise<FileHandle> {
    if (this.#handle?.name === name) return this.#handle.file
    await this.sync()
    await this.close()
    const path = this.#folders.path(this.#job, name)
    const file = await open(path, 'r+').catch(() => open(path, 'wx+', 0o600))
    // lines that a crash left behind what was counted
    await file.truncate(bytes)
    this.#handle = { name, file }
    return file
  }

  /** Which of these ids the output of a type has already. */
  async written(type: string, ids: ReadonlySet<string>): Promise<Set<string>> {
    const found = new Set<string>()
    for (const file of this.#files) {
      if (file.kind !== 'output' || file.type !== type || file.bytes === 0) continue
      const stream = createReadStream(this.#folders.path(this.#job, file.name), { end: file.bytes - 1 })
      for await (const line of createInterface({ input: stream, crlfDelay: Infinity })) {
        const id = idOf.exec(line)?.[1]
        if (id !== undefined && ids.has(id)) found.add(id)
      }
    }
    return found
  }
}

/** Type and id stand first in what the store keeps. */
const idOf = /^\{"resourceType":"[A-Za-z]+","id":"([^"]+)"/
