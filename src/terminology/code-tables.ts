/**
 * The code tables of a tenant: the files of a folder, followed while they are added and removed.
 * https://hl7.org/fhir/R4/codesystem.html
 */
import { createHash } from 'node:crypto'
import { mkdirSync, readdirSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { CodeTable } from './code-system.ts'
import { openTable, type TableHead } from './code-table.ts'

/** In the folder of a tenant. */
export const TABLES_FOLDER = 'terminology'
const ENDING = '.codes'
/** Milliseconds between looks at the folder. */
const LOOK = 1_000

/** The file of a code system in a version; another one of the same name takes its place. */
export function tableFile(folder: string, url: string, version: string | undefined): string {
  mkdirSync(folder, { recursive: true })
  const digest = createHash('sha256')
    .update(`${url}|${version ?? ''}`)
    .digest('hex')
    .slice(0, 24)
  return join(folder, digest + ENDING)
}

/** The tables there are now, the same array until the folder changes. Files that cannot be read are told to `problem`. */
export function followTables(
  folder: string,
  problem: (text: string) => void = () => {},
  now: () => number = Date.now,
): () => readonly CodeTable[] {
  let looked = -Infinity
  let stamp: string | undefined
  let tables: readonly CodeTable[] = []
  return () => {
    if (now() - looked < LOOK) return tables
    looked = now()
    const before = stamp
    stamp = stampOf(folder)
    if (stamp !== before) tables = listTables(folder, problem).map(({ table }) => table)
    return tables
  }
}

/** Changes when a file is added, replaced or removed. */
function stampOf(folder: string): string {
  const status = statSync(folder, { throwIfNoEntry: false })
  return status ? String(status.mtimeMs) : ''
}

/** Tables loaded last come first. */
export function listTables(
  folder: string,
  problem: (text: string) => void = () => {},
): { readonly file: string; readonly head: TableHead; readonly table: CodeTable }[] {
  if (!statSync(folder, { throwIfNoEntry: false })) return []
  return readdirSync(folder)
    .filter(name => name.endsWith(ENDING))
    .flatMap(name => {
      const file = join(folder, name)
      try {
        const table = openTable(file)
        return [{ file, head: table.head, table }]
      } catch (error) {
        problem(`The code table ${file} cannot be read: ${(error as Error).message}. Load the code system again.`)
        return []
      }
    })
    .sort((a, b) => (a.head.loaded < b.head.loaded ? 1 : -1))
}

/** Removes the tables of a code system, all versions or one. Gives what was removed. */
export function removeTables(folder: string, url: string, version?: string): TableHead[] {
  const found = listTables(folder).filter(
    ({ head }) => head.url === url && (version === undefined || head.version === version),
  )
  for (const { file } of found) rmSync(file, { force: true })
  return found.map(({ head }) => head)
}
