/**
 * Reads the concepts of a code system from a file, one after the other: CSV and TSV, NDJSON, and FHIR CodeSystem resources.
 * https://www.rfc-editor.org/rfc/rfc4180
 *
 * The first line of a CSV or TSV names the columns: `code`, `display`, `definition`, `parent` (several with `|` between),
 * `status` (`active` or `inactive`), `abstract` (`true`), `display:zh-TW` for a designation; any other is a property. A line of NDJSON is a concept
 * as in CodeSystem.concept, or an object with these columns.
 */
import { designationsOf, isInactive, roleOf, textOf, type Json } from './code-system.ts'
import type { LoadedConcept } from './code-table.ts'
import type { Property } from './concepts.ts'
import { cutter, parsed } from './cut-concepts.ts'
import { linesOf, records } from './separated-values.ts'
import type { Designation } from './terminology.ts'

/** A concept, or why there is none. `line`: 1 is the first of the file; 0 when lines mean nothing. */
export interface ReadConcept {
  readonly line: number
  readonly concept?: LoadedConcept
  readonly problem?: string
}

/** What a CodeSystem resource says of itself. */
export interface ReadAbout {
  url?: string
  version?: string
  name?: string
  title?: string
}

export type Format = 'csv' | 'tsv' | 'ndjson' | 'json'

const MOST_CODE = 200

/** Reads a file piece by piece. `about` is filled from a CodeSystem resource. Throws when the columns cannot be read. */
export function readConcepts(
  format: Format,
  pieces: AsyncIterable<string>,
  about: ReadAbout,
): AsyncGenerator<ReadConcept> {
  if (format === 'ndjson') return readLines(pieces)
  return format === 'json' ? readResource(pieces, about) : readTable(pieces, format === 'csv' ? ',' : '\t')
}

async function* readTable(pieces: AsyncIterable<string>, separator: string): AsyncGenerator<ReadConcept> {
  let columns: readonly string[] | undefined
  for await (const { line, fields, problem } of records(pieces, separator)) {
    if (problem !== undefined) {
      if (!columns) throw new Error(`Line ${line}: ${problem}`)
      yield { line, problem }
    } else if (!columns) columns = columnsOf(fields)
    else if (fields.length !== columns.length)
      yield { line, problem: `There are ${fields.length} values, and ${columns.length} columns.` }
    else {
      const values = columns.map((name, index) => [name, fields[index]!.trim()] as const)
      yield { line, ...conceptOf(values.filter(([, value]) => value !== '')) }
    }
  }
}

function columnsOf(fields: readonly string[]): readonly string[] {
  const columns = fields.map(field => field.trim())
  const repeated = columns.find((name, index) => columns.indexOf(name) !== index)
  if (!columns.includes('code'))
    throw new Error(
      `The first line must name the columns, one of them "code"; it has ${columns.slice(0, 10).join(', ')}.`,
    )
  if (repeated !== undefined) throw new Error(`The column "${repeated}" stands twice in the first line.`)
  return columns
}

const flags: Readonly<Record<string, boolean>> = {
  true: true,
  false: false,
  yes: true,
  no: false,
  '1': true,
  '0': false,
}
const statuses = new Set(['inactive', 'retired'])

/** From columns and their values. */
function conceptOf(values: readonly (readonly [string, string])[]): { concept: LoadedConcept } | { problem: string } {
  const fixed: { code?: string; display?: string; definition?: string } = {}
  const designation: Designation[] = []
  const property: Property[] = []
  let parents: string[] = []
  let [inactive, abstract] = [false, false]
  for (const [name, value] of values) {
    if (name === 'code' || name === 'display' || name === 'definition') fixed[name] = value
    else if (name === 'parent') parents = value.split('|').map(each => each.trim()).filter(Boolean) // prettier-ignore
    else if (name.startsWith('display:')) designation.push({ language: name.slice(8), value })
    else if (name === 'abstract' || name === 'inactive') {
      const flag = flags[value.toLowerCase()]
      if (flag === undefined) return { problem: `${name} is "${value.slice(0, 50)}"; it is true or false.` }
      if (name === 'abstract') abstract = flag
      else inactive = flag
    } else {
      if (name === 'status') inactive ||= statuses.has(value.toLowerCase())
      property.push({ code: name, type: 'string', value })
    }
  }
  const { code } = fixed
  const problem = problemOf(code)
  if (problem !== undefined) return { problem }
  return { concept: { ...fixed, code: code!, designation, property, inactive, abstract, parents } }
} // prettier-ignore

function problemOf(code: unknown): string | undefined {
  if (typeof code !== 'string' || code === '') return 'There is no code.'
  if (code.length > MOST_CODE) return `The code has more than ${MOST_CODE} characters.`
  if (!/^[^\s]+( [^\s]+)*$/.test(code)) return `The code ${JSON.stringify(code.slice(0, 50))} has spaces where none may be.`
  return undefined
} // prettier-ignore

async function* readLines(pieces: AsyncIterable<string>): AsyncGenerator<ReadConcept> {
  let line = 0
  for await (const text of linesOf(pieces)) {
    line++
    if (text.trim() === '') continue
    let value: unknown
    try {
      value = JSON.parse(text)
    } catch (error) {
      yield { line, problem: `This is not JSON: ${(error as Error).message}` }
      continue
    }
    if (typeof value !== 'object' || value === null || Array.isArray(value))
      yield { line, problem: 'A line must be a JSON object, with a code.' }
    else for (const found of fromJson(value as Json, undefined, parentNames([]))) yield { line, ...found }
  }
}

type Names = ReadonlySet<string>
const parentNames = (properties: readonly Json[]): Names => roleOf(properties, 'parent', ['parent', 'subsumedBy'])
const known = new Set(['code', 'display', 'definition', 'designation', 'property', 'concept', 'id', 'extension'])

/** A concept, and those that it holds. */
function* fromJson(top: Json, above: string | undefined, up: Names): Generator<Omit<ReadConcept, 'line'>> {
  const open: [Json, string | undefined][] = [[top, above]]
  for (let next = open.pop(); next; next = open.pop()) {
    const [json, parent] = next
    const { code, concept } = json
    const problem = problemOf(code)
    if (problem !== undefined) {
      yield { problem }
      continue
    }
    yield { concept: conceptFrom(json, code as string, parent, up) }
    if (Array.isArray(concept))
      for (const each of concept.toReversed() as unknown[])
        if (typeof each === 'object' && each !== null) open.push([each as Json, code as string])
  }
}

function conceptFrom(json: Json, code: string, parent: string | undefined, up: Names): LoadedConcept {
  const columns = Object.entries(json).flatMap(([name, value]): (readonly [string, string])[] =>
    known.has(name) || typeof value === 'object' ? [] : [[name, String(value)]],
  )
  const flat = conceptOf([['code', code], ...columns])
  const extra: LoadedConcept = 'concept' in flat ? flat.concept : { code }
  const property = [...propertiesOf(json), ...(extra.property ?? [])]
  const isParent = ({ code: name, value }: Property) => up.has(name) && typeof value === 'string'
  const [display, definition] = [textOf(json['display']), textOf(json['definition'])]
  return {
    code,
    ...(display === undefined ? {} : { display }),
    ...(definition === undefined ? {} : { definition }),
    designation: [...designationsOf(json), ...(extra.designation ?? [])],
    property: property.filter(each => !isParent(each)),
    inactive: extra.inactive === true || isInactive(property),
    abstract:
      extra.abstract === true || property.some(({ code: name, value }) => name === 'notSelectable' && value === true),
    parents: [
      ...new Set([
        ...(parent === undefined ? [] : [parent]),
        ...property.filter(isParent).map(({ value }) => String(value)),
        ...(extra.parents ?? []),
      ]),
    ],
  }
}

function propertiesOf({ property }: Json): Property[] {
  if (!Array.isArray(property)) return []
  return (property as Json[]).flatMap(each => {
    const name = Object.keys(each ?? {}).find(key => /^value[A-Z]/.test(key))
    if (!name || typeof each['code'] !== 'string') return []
    const type = name.slice('value'.length)
    const lower = type === 'Coding' ? type : type.charAt(0).toLowerCase() + type.slice(1)
    return [{ code: each['code'], type: lower, value: each[name] }]
  })
}

/** A CodeSystem resource: its concepts are cut out of the text one by one, since the whole may be large. */
async function* readResource(pieces: AsyncIterable<string>, about: ReadAbout): AsyncGenerator<ReadConcept> {
  const cut = cutter()
  let up: Names | undefined
  let head: Json | undefined
  const waiting: Json[] = []
  for await (const piece of pieces) {
    for (const text of cut.take(piece)) {
      const value = parsed(text)
      if (!value) yield { line: 0, problem: 'A concept cannot be read: it is not JSON.' }
      // what properties mean may be said after the concepts
      else if (waiting.length < 1_000) waiting.push(value)
      else {
        up ??= parentNames([])
        for (const early of waiting.splice(0)) for (const found of fromJson(early, undefined, up)) yield { line: 0, ...found }
        for (const found of fromJson(value, undefined, up)) yield { line: 0, ...found }
      }
    }
    head ??= cut.head()
    if (head && !up && Array.isArray(head['property'])) up = parentNames(head['property'] as Json[])
  }
  const rest = parsed(cut.rest())
  if (rest?.['resourceType'] !== 'CodeSystem')
    throw new Error('This is not a CodeSystem resource in JSON. For other files say --format csv, tsv or ndjson.')
  for (const name of ['url', 'version', 'name', 'title'] as const) {
    const value = textOf(rest[name])
    if (value !== undefined) about[name] = value
  }
  up ??= parentNames(Array.isArray(rest['property']) ? (rest['property'] as Json[]) : [])
  for (const early of waiting) for (const found of fromJson(early, undefined, up)) yield { line: 0, ...found }
} // prettier-ignore
