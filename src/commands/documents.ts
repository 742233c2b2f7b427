/**
 * The resources in a file with the text they are written in: JSON, or NDJSON line by line, plain or gzipped.
 * https://hl7.org/fhir/R4/json.html
 */
import { createReadStream } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { createInterface } from 'node:readline'
import { createGunzip, gunzipSync } from 'node:zlib'
import { jsonFault } from '../fhir/json-fault.ts'
import { parseJson } from '../fhir/json.ts'
import type { Json } from '../fhir/types.ts'
import { locateIn, type Locate, type Position } from '../validation/locate.ts'
import type { Finding } from '../validation/words.ts'

export interface Document {
  /** From 1 in an NDJSON file; 0: the file is one resource. */
  readonly line: number
  readonly resource?: Json
  /** Lines and columns of the file. */
  readonly locate: Locate
  /** Why there is no resource. */
  readonly problem?: Finding
}

/** So much one file may have, inflated. */
const MOST_BYTES = 2 ** 30

/** What is in a file, one after the other; a file that cannot be read is a problem too. */
export async function* documentsOf(path: string): AsyncGenerator<Document> {
  try {
    yield* contentOf(path)
  } catch (error) {
    const reason = (error as Error).message
    const said = { en: `This file cannot be read: ${reason}`, zh: `無法讀取此檔案：${reason}` }
    yield { line: 0, locate: () => undefined, problem: { severity: 'error', code: 'structure', expression: '', said } }
  }
}

async function* contentOf(path: string): AsyncGenerator<Document> {
  if (/\.ndjson(\.gz)?$/i.test(path)) {
    yield* linesOf(path)
    return
  }
  const bytes = await readFile(path)
  // a gzip file by its first two bytes, whatever its name
  const isPacked = bytes[0] === 0x1f && bytes[1] === 0x8b
  yield read(isPacked ? gunzipSync(bytes, { maxOutputLength: MOST_BYTES }) : bytes, 0)
}

async function* linesOf(path: string): AsyncGenerator<Document> {
  const file = createReadStream(path)
  const input = /\.gz$/i.test(path) ? file.pipe(createGunzip()) : file
  file.on('error', error => input.destroy(error))
  let line = 0
  for await (const text of createInterface({ input, crlfDelay: Infinity })) {
    line++
    if (text.trim() !== '') yield read(Buffer.from(text), line)
  }
}

function read(bytes: Buffer, line: number): Document {
  const text = bytes.toString('utf8')
  const above = Math.max(0, line - 1)
  const inText = locateIn(text)
  const locate: Locate = expression => {
    const found = inText(expression)
    return found && { ...found, line: found.line + above }
  }
  try {
    return { line, resource: parseJson(bytes), locate }
  } catch (error) {
    const at = placeOfFault(text, above)
    const reason = (error as Error).message
    const said = { en: `This cannot be read as FHIR JSON. ${reason}`, zh: `無法讀成 FHIR JSON。${reason}` }
    return { line, locate: () => at, problem: { severity: 'error', code: 'structure', expression: '', said } }
  }
}

/** Where the text stops being JSON; its beginning when it is JSON, and refused for something else. */
function placeOfFault(text: string, above: number): Position {
  const before = text.slice(0, jsonFault(text) ?? 0)
  return { line: before.split('\n').length + above, column: before.length - before.lastIndexOf('\n') }
}
