/**
 * A FHIR package compiled into one file: an index that is read at once, and the resources, each read when it is asked for. So a
 * start costs the index only.
 * https://confluence.hl7.org/display/FHIR/NPM+Package+Specification
 */
import { createHash } from 'node:crypto'
import { closeSync, fstatSync, fsyncSync, mkdirSync, openSync, readSync, renameSync, rmSync, writeSync } from 'node:fs'
import { dirname } from 'node:path'
import {
  entryOf,
  idOf,
  type CanonicalEntry,
  type CanonicalResource,
  type LoadedPackage,
  type PackageInfo,
} from './conformance.ts'

/** Changes whenever what is written below changes: an older file is then compiled anew. */
export const PACKAGE_FORMAT = 2

interface Index {
  readonly format: number
  readonly info: PackageInfo
  readonly entries: readonly CanonicalEntry[]
  /** Where each entry's text begins, in bytes after the head, and at last where the last one ends and the index begins. */
  readonly offsets: readonly number[]
}

/** Where the index begins and its length, in bytes as ten digits, and its digest, each with a line end. */
const HEAD = 11 + 11 + 65

const digest = (text: string) => createHash('sha256').update(text).digest('hex')
const digits = (number: number) => `${String(number).padStart(10, '0')}\n`

/** Writes a package's file resource by resource; the file is there when `finish` has returned, as a whole or not at all. */
export class PackageWriter {
  readonly #path: string
  readonly #temporary: string
  readonly #file: number
  readonly #entries: CanonicalEntry[] = []
  readonly #offsets = [0]
  #open = true

  /** Throws when it cannot be written. */
  constructor(path: string) {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
    this.#path = path
    this.#temporary = `${path}.${process.pid}-${++written}.tmp`
    this.#file = openSync(this.#temporary, 'wx', 0o600)
  }

  /** Other than conformance resources are passed over. Throws a `TypeError` for one that is no such resource inside. */
  add(resource: CanonicalResource): void {
    const entry = entryOf(resource, '')
    if (!entry) return
    const text = Buffer.from(JSON.stringify(trimmed(resource)))
    const offset = this.#offsets.at(-1)!
    writeAll(this.#file, text, HEAD + offset)
    this.#entries.push(entry)
    this.#offsets.push(offset + text.length)
  }

  /** How many resources are in it. */
  get count(): number {
    return this.#entries.length
  }

  finish(info: PackageInfo): void {
    const entries = this.#entries.map(entry => ({ ...entry, package: idOf(info) }))
    const index = JSON.stringify({ format: PACKAGE_FORMAT, info, entries, offsets: this.#offsets } satisfies Index)
    const at = HEAD + this.#offsets.at(-1)!
    writeAll(this.#file, Buffer.from(index), at)
    writeAll(this.#file, Buffer.from(digits(at) + digits(Buffer.byteLength(index)) + `${digest(index)}\n`), 0)
    fsyncSync(this.#file)
    this.#close()
    renameSync(this.#temporary, this.#path)
  }

  /** Leaves nothing behind. */
  discard(): void {
    this.#close()
    rmSync(this.#temporary, { force: true })
  }

  #close(): void {
    if (this.#open) closeSync(this.#file)
    this.#open = false
  }
}

let written = 0

function writeAll(file: number, bytes: Buffer, position: number): void {
  for (let done = 0; done < bytes.length; ) done += writeSync(file, bytes, done, bytes.length - done, position + done)
}

/** Writes the conformance resources of a package (others are passed over) as a whole or not at all. Throws when it cannot be written. */
export function writePackage(path: string, info: PackageInfo, resources: Iterable<CanonicalResource>): void {
  const writer = new PackageWriter(path)
  try {
    for (const resource of resources) writer.add(resource)
    writer.finish(info)
  } catch (error) {
    writer.discard()
    throw error
  }
}

/**
 * Opens what a writer wrote; undefined when it is missing, of another format or incomplete, or, unless `anyOwner`, another
 * user's: folders for temporary files are everybody's.
 */
export function openPackage(path: string, anyOwner = false): LoadedPackage | undefined {
  let file: number
  try {
    file = openSync(path, 'r')
  } catch {
    return undefined
  }
  try {
    const { size, uid } = fstatSync(file)
    if (!anyOwner && process.getuid && uid !== process.getuid()) throw new Error('another user wrote it')
    const head = bytes(file, 0, HEAD).toString('latin1')
    const [begin, length] = [Number(head.slice(0, 10)), Number(head.slice(11, 21))]
    if (!(begin >= HEAD && begin + length === size)) throw new Error('it is incomplete')
    const text = bytes(file, begin, length).toString()
    if (digest(text) !== head.slice(22, 86)) throw new Error('its index was changed')
    const index = JSON.parse(text) as Index
    if (index.format !== PACKAGE_FORMAT || HEAD + index.offsets.at(-1)! !== begin) throw new Error('it is incomplete')
    const opened = { info: index.info, entries: index.entries, read: reader(file, HEAD, index.offsets) }
    // what a request still reads may have been removed meanwhile: closed when nobody can ask any more
    abandoned.register(opened.read, file)
    return opened
  } catch {
    closeSync(file)
    return undefined
  }
}

const abandoned = new FinalizationRegistry<number>(file => closeSync(file))

/** Parsed resources are kept while somebody uses them, and the last few beyond that. */
function reader(file: number, begin: number, offsets: readonly number[]): (position: number) => CanonicalResource {
  const read = new Map<number, WeakRef<CanonicalResource>>()
  const recent: CanonicalResource[] = []
  return position => {
    const known = read.get(position)?.deref()
    if (known) return known
    const [from, to] = [offsets[position]!, offsets[position + 1]!]
    const resource = JSON.parse(bytes(file, begin + from, to - from).toString()) as CanonicalResource
    read.set(position, new WeakRef(resource))
    recent.push(resource)
    if (recent.length > MOST_RECENT) recent.shift()
    return resource
  }
}

const MOST_RECENT = 16

function bytes(file: number, position: number, length: number): Buffer {
  const buffer = Buffer.allocUnsafe(length)
  for (let read = 0; read < length; ) {
    const count = readSync(file, buffer, read, length - read, position + read)
    if (count === 0) throw new Error('the file ends early')
    read += count
  }
  return buffer
}

/** Prose that neither validation nor terminology reads. */
const prose = new Set([
  'mapping',
  'definition',
  'comment',
  'requirements',
  'alias',
  'isModifierReason',
  'orderMeaning',
  'meaningWhenMissing',
  'example',
])

/** Without narrative, and for a profile without prose and, when it has a snapshot, without the differential. */
function trimmed(resource: CanonicalResource): CanonicalResource {
  const { text: _text, contact: _contact, ...rest } = resource
  if (resource.resourceType !== 'StructureDefinition') return rest as CanonicalResource
  const { snapshot, differential, mapping: _mapping, ...head } = rest
  const elements = (of: unknown) => ({
    element: elementsOf(of).map(element =>
      Object.fromEntries(Object.entries(element).filter(([name]) => !prose.has(name))),
    ),
  })
  if (snapshot) return { ...head, snapshot: elements(snapshot) } as CanonicalResource
  return { ...head, ...(differential ? { differential: elements(differential) } : {}) } as CanonicalResource
}

function elementsOf(part: unknown): readonly Record<string, unknown>[] {
  const list = (part as { element?: unknown }).element
  if (!Array.isArray(list) || list.some(each => typeof each !== 'object' || each === null))
    throw new TypeError('its elements are not a list of ElementDefinitions')
  return list as Record<string, unknown>[]
}
