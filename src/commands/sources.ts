/**
 * The files to load, and what is in them: Bundles and single resources, as JSON or NDJSON, plain or gzipped.
 */
import { createReadStream, readdirSync, statSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { createGunzip, gunzipSync } from 'node:zlib'
import { CannotGoOn } from '../config.ts'
import { parseJson } from '../fhir/json.ts'
import type { Json, Resource } from '../fhir/types.ts'
import type { Seen } from './ledger.ts'

/** Something to load: where it stands in its file, and what it is; or why it cannot be read. */
export interface Item {
  /** 1 is the first line of an NDJSON file; 0 a file that is one resource. */
  readonly line: number
  readonly resource?: Resource
  readonly problem?: string
}

const loadable = /\.(json|ndjson)(\.gz)?$/i

/** The loadable files among these paths, folders looked through. Those that others refer to (Synthea's hospitals and practitioners) first. */
export function filesOf(paths: readonly string[]): Seen[] {
  const files = new Map<string, Seen>()
  const add = (path: string, named: boolean) => {
    const status = statSync(path, { throwIfNoEntry: false })
    if (!status) throw new CannotGoOn(`There is no file or folder ${path}.`)
    if (status.isDirectory()) for (const name of readdirSync(path).sort()) add(join(path, name), false)
    else if (named || loadable.test(path)) files.set(path, { path, size: status.size, modified: status.mtimeMs })
  }
  for (const path of paths) add(resolve(path), true)
  const all = [...files.values()]
  return [...all.filter(isReferredTo), ...all.filter(file => !isReferredTo(file))]
}

export const isReferredTo = ({ path }: Seen) => /(hospital|practitioner)Information[^/\\]*$/i.test(path)

/** What is in a file, one after the other. */
export async function* itemsOf(path: string): AsyncGenerator<Item> {
  const packed = /\.gz$/i.test(path)
  if (/\.ndjson(\.gz)?$/i.test(path)) {
    yield* linesOf(path, packed)
    return
  }
  const bytes = await readFile(path)
  // a gzip file by its first two bytes, whatever its name
  const plain = bytes[0] === 0x1f && bytes[1] === 0x8b ? gunzipSync(bytes, { maxOutputLength: 2 ** 30 }) : bytes
  yield read(plain, 0)
}

async function* linesOf(path: string, packed: boolean): AsyncGenerator<Item> {
  const file = createReadStream(path)
  const input = packed ? file.pipe(createGunzip()) : file
  file.on('error', error => input.destroy(error))
  let line = 0
  for await (const text of createInterface({ input, crlfDelay: Infinity })) {
    line++
    if (text.trim() !== '') yield read(Buffer.from(text), line)
  }
}

function read(bytes: Buffer, line: number): Item {
  try {
    const value: Json = parseJson(bytes)
    const isResource =
      typeof value === 'object' && value !== null && !Array.isArray(value) && typeof value['resourceType'] === 'string'
    return isResource
      ? { line, resource: value as unknown as Resource }
      : { line, problem: 'This is not a FHIR resource: it has no resourceType.' }
  } catch (error) {
    return { line, problem: (error as Error).message }
  }
}
