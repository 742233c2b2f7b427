/**
 * A large code system in one file: its columns one after the other, read when first asked for. What is rarely asked (definitions,
 * designations, properties) stays in the file.
 * https://hl7.org/fhir/R4/codesystem.html
 */
import { closeSync, fsyncSync, openSync, readSync, renameSync, rmSync, writeSync } from 'node:fs'
import { optional, type CodeSystem, type CodeTable } from './code-system.ts'
import { searchIn, type Concepts, type Details, type Property } from './concepts.ts'
import { makeHierarchy } from './hierarchy.ts'
import type { Designation } from './terminology.ts'
import { joinLines, wordLine, type WordLines } from './word-search.ts'

/** Changes whenever what is written below changes: an older file is then refused. */
const FORMAT = 1
const MAGIC = 'dhp-codes'
const COLUMNS = ['codes', 'codeStarts', 'displays', 'displayStarts', 'latin', 'latinStarts', 'other', 'otherStarts', 'flags', 'childs', 'parents', 'details', 'detailStarts'] as const // prettier-ignore
type Column = (typeof COLUMNS)[number]

export interface TableHead {
  readonly url: string
  readonly version?: string
  readonly name?: string
  readonly title?: string
  /** Concepts. */
  readonly size: number
  /** ISO instant. */
  readonly loaded: string
  /** The types of its properties, by code. */
  readonly properties: Readonly<Record<string, string>>
}

/** One concept of the file that is loaded. */
export interface LoadedConcept {
  readonly code: string
  readonly display?: string
  readonly definition?: string
  readonly designation?: readonly Designation[]
  readonly property?: readonly Property[]
  readonly inactive?: boolean
  readonly abstract?: boolean
  /** Codes, which may come later. */
  readonly parents?: readonly string[]
}

interface Layout {
  readonly magic: string
  readonly format: number
  readonly head: TableHead
  /** Bytes of each column, in their order. */
  readonly lengths: Readonly<Record<Column, number>>
}

/** Bytes at the beginning that say how long the layout is. */
const HEAD = 16
const INACTIVE = 1
const ABSTRACT = 2

/** Gathers concepts and writes them. */
export class TableWriter {
  readonly #places = new Map<string, number>()
  readonly #codes: string[] = []
  readonly #displays: string[] = []
  readonly #latin: string[] = []
  readonly #other: string[] = []
  readonly #details: string[] = []
  readonly #flags: number[] = []
  readonly #links: { at: number; parent: string }[] = []
  readonly #types = new Map<string, string>()

  get size(): number {
    return this.#codes.length
  }

  /** Whether the code was not there yet; else it is not taken again. */
  add(concept: LoadedConcept): boolean {
    const { code, display = '', definition, designation = [], property = [], parents = [] } = concept
    if (this.#places.has(code)) return false
    const at = this.#codes.length
    this.#places.set(code, at)
    this.#codes.push(code)
    this.#displays.push(display)
    const { latin, other } = wordLine([code, display, ...designation.map(({ value }) => value)])
    this.#latin.push(latin)
    this.#other.push(other)
    this.#flags.push((concept.inactive ? INACTIVE : 0) | (concept.abstract ? ABSTRACT : 0))
    const details = optional({
      definition,
      designation: designation.length > 0 ? designation : undefined,
      property: property.length > 0 ? property : undefined,
    })
    this.#details.push(Object.keys(details).length > 0 ? JSON.stringify(details) : '')
    for (const parent of parents) this.#links.push({ at, parent })
    for (const { code: name, type } of property) if (!this.#types.has(name)) this.#types.set(name, type)
    return true
  }

  /** Parents that no concept has as its code: their number, and the first of them. */
  orphans(): { count: number; first: readonly string[] } {
    const missing = new Set(this.#links.filter(({ parent }) => !this.#places.has(parent)).map(({ parent }) => parent))
    return { count: missing.size, first: [...missing].slice(0, 5) }
  }

  /** Writes the file as a whole or not at all. Throws when it cannot be written. */
  write(path: string, about: Omit<TableHead, 'size' | 'properties'>): TableHead {
    const head: TableHead = { ...about, size: this.size, properties: Object.fromEntries(this.#types) }
    const linked = this.#links.flatMap(({ at, parent }) => {
      const other = this.#places.get(parent)
      return other === undefined || other === at ? [] : [[at, other] as const]
    })
    const [codes, displays] = [joinLines(this.#codes), joinLines(this.#displays)]
    const [latin, other] = [joinLines(this.#latin), joinLines(this.#other)]
    const details = this.#details.map(text => Buffer.from(text))
    const detailStarts = new Uint32Array(details.length + 1)
    details.forEach((bytes, at) => (detailStarts[at + 1] = detailStarts[at]! + bytes.length))
    const columns: Record<Column, Uint8Array> = {
      codes: Buffer.from(codes.text),
      codeStarts: bytesOf(codes.starts),
      displays: Buffer.from(displays.text),
      displayStarts: bytesOf(displays.starts),
      // no letter beyond one byte: see word-search.ts
      latin: Buffer.from(latin.text, 'latin1'),
      latinStarts: bytesOf(latin.starts),
      other: Buffer.from(other.text),
      otherStarts: bytesOf(other.starts),
      flags: Uint8Array.from(this.#flags),
      childs: bytesOf(Uint32Array.from(linked, ([child]) => child)),
      parents: bytesOf(Uint32Array.from(linked, ([, parent]) => parent)),
      details: Buffer.concat(details),
      detailStarts: bytesOf(detailStarts),
    }
    const lengths = Object.fromEntries(COLUMNS.map(name => [name, columns[name].length])) as Record<Column, number>
    const layout = Buffer.from(JSON.stringify({ magic: MAGIC, format: FORMAT, head, lengths } satisfies Layout))
    const parts = [Buffer.from(String(layout.length).padStart(HEAD - 1, '0') + '\n'), layout]
    writeWhole(path, [...parts, ...COLUMNS.map(name => columns[name])])
    return head
  }
}

const bytesOf = (numbers: Uint32Array) => new Uint8Array(numbers.buffer, numbers.byteOffset, numbers.byteLength)

function writeWhole(path: string, parts: readonly Uint8Array[]): void {
  const temporary = `${path}.${process.pid}.part`
  try {
    const file = openSync(temporary, 'w', 0o600)
    try {
      for (const part of parts)
        for (let written = 0; written < part.length; ) written += writeSync(file, part, written, part.length - written)
      fsyncSync(file)
    } finally {
      closeSync(file)
    }
    renameSync(temporary, path)
  } catch (error) {
    rmSync(temporary, { force: true })
    throw error
  }
}

function readExactly(file: number, position: number, length: number): Buffer<ArrayBuffer> {
  const buffer = Buffer.from(new ArrayBuffer(length))
  for (let done = 0; done < length; ) {
    const count = readSync(file, buffer, done, length - done, position + done)
    if (count === 0) throw new Error('the file ends early')
    done += count
  }
  return buffer
}

function readLayout(file: number): { layout: Layout; begin: number } {
  const length = Number(readExactly(file, 0, HEAD).toString('latin1'))
  if (!Number.isInteger(length) || length <= 0 || length > 10_000_000) throw new Error('it is no code table')
  const layout = JSON.parse(readExactly(file, HEAD, length).toString()) as Layout
  if (layout.magic !== MAGIC || layout.format !== FORMAT) throw new Error('it is of another version of this server')
  return { layout, begin: HEAD + length }
}

/** Reads only what the file says of itself. Throws when it is none of these files. */
export function openTable(path: string): CodeTable & { readonly head: TableHead } {
  const file = openSync(path, 'r')
  let layout: Layout
  let begin: number
  try {
    ;({ layout, begin } = readLayout(file))
  } finally {
    closeSync(file)
  }
  const { url, version, name, title } = layout.head
  let opened: CodeSystem | undefined
  return {
    url,
    ...optional({ version, name, title }),
    head: layout.head,
    codeSystem: () => (opened ??= readTable(path, layout, begin)),
  }
}

/** Closes the file of a table when nobody uses the table any more. */
const files = new FinalizationRegistry<number>(file => closeSync(file))

function readTable(path: string, { head, lengths }: Layout, begin: number): CodeSystem {
  // kept open: the file may be replaced, and the details must be of this one
  const file = openSync(path, 'r')
  const places = new Map<Column, number>()
  let next = begin
  for (const name of COLUMNS) {
    places.set(name, next)
    next += lengths[name]
  }
  const column = (name: Column) => readExactly(file, places.get(name)!, lengths[name])
  const numbers = (name: Column) => {
    const { buffer } = column(name)
    return new Uint32Array(buffer)
  }
  const text = (name: Column) => column(name).toString()
  const [codes, displays] = [text('codes'), text('displays')]
  const [codeStarts, displayStarts, flags] = [numbers('codeStarts'), numbers('displayStarts'), column('flags')]
  const [detailStarts, details] = [numbers('detailStarts'), places.get('details')!]
  const find = finder(codes, codeStarts)
  let lines: WordLines | undefined
  const wordLines = () =>
    (lines ??= {
      latin: { text: column('latin').toString('latin1'), starts: numbers('latinStarts') },
      other: { text: text('other'), starts: numbers('otherStarts') },
    })
  const detailText = blocks(file, details, lengths.details)
  const concepts: Concepts = {
    size: head.size,
    hierarchy: makeHierarchy(head.size, numbers('childs'), numbers('parents')),
    find,
    code: at => codes.slice(codeStarts[at], codeStarts[at + 1]! - 1),
    display: at => displays.slice(displayStarts[at], displayStarts[at + 1]! - 1) || undefined,
    details(at) {
      const [from, to] = [detailStarts[at]!, detailStarts[at + 1]!]
      if (from === to) return none
      return { ...none, ...(JSON.parse(detailText(from, to)) as Partial<Details>) }
    },
    isInactive: at => (flags[at]! & INACTIVE) !== 0,
    isAbstract: at => (flags[at]! & ABSTRACT) !== 0,
    search: filter => searchIn(concepts, wordLines, filter),
  }
  files.register(concepts, file)
  const { url, version, name, title, properties } = head
  return {
    url,
    ...optional({ version, name, title }),
    content: 'complete',
    properties: new Map(Object.entries(properties)),
    concepts,
  }
}

const none: Details = { designation: [], property: [] }
const BLOCK = 1 << 18

/** Reads texts of a column, a block at a time: who asks for one will often ask for the next. */
function blocks(file: number, begin: number, length: number): (from: number, to: number) => string {
  let [first, block] = [0, Buffer.alloc(0)]
  return (from, to) => {
    if (from < first || to > first + block.length) {
      first = from
      block = readExactly(file, begin + from, Math.max(to - from, Math.min(BLOCK, length - from)))
    }
    return block.toString('utf8', from - first, to - first)
  }
}

/** A hash table of the positions, made at once: much smaller than a Map of texts. */
function finder(codes: string, starts: Uint32Array): (code: string) => number {
  const size = starts.length - 1
  const slots = new Int32Array(2 ** Math.ceil(Math.log2(size * 2 + 2))).fill(-1)
  const mask = slots.length - 1
  const hash = (text: string, from: number, to: number) => {
    let sum = 0x811c9dc5
    for (let i = from; i < to; i++) sum = Math.imul(sum ^ text.charCodeAt(i), 0x01000193)
    return (sum ^ (sum >>> 15)) & mask
  }
  for (let at = 0; at < size; at++) {
    let slot = hash(codes, starts[at]!, starts[at + 1]! - 1)
    while (slots[slot] !== -1) slot = (slot + 1) & mask
    slots[slot] = at
  }
  return code => {
    for (let slot = hash(code, 0, code.length); slots[slot] !== -1; slot = (slot + 1) & mask) {
      const at = slots[slot]!
      if (starts[at + 1]! - 1 - starts[at]! === code.length && codes.startsWith(code, starts[at])) return at
    }
    return -1
  }
}
