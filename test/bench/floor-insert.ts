/**
 * The floor for writing: the very same rows, put into the very same tables by SQLite alone, so many resources to a transaction.
 */
import type { DatabaseSync } from 'node:sqlite'
import { join } from 'node:path'
import type { Resource } from '../../src/fhir/types.ts'
import type { Extractor } from '../../src/search/query.ts'
import { GrowingDictionary } from '../../src/store/sqlite/dictionary.ts'
import { IndexRows } from '../../src/store/sqlite/index-rows.ts'
import { openFile } from '../../src/store/sqlite/schema.ts'
import { statements, type Value } from '../../src/store/sqlite/statements.ts'
import { fill, prepare } from '../../src/store/stamp.ts'

interface Table {
  readonly columns: number
  readonly into: string
  values: Value[]
}

/** Resources a second, at FULL, `perTransaction` at a time. What is interned and what is printed is made before the clock starts. */
export function insertFloor(
  folder: string,
  resources: readonly Resource[],
  extractor: Extractor,
  perTransaction: number,
): number {
  const db = openFile(join(folder, `floor-${perTransaction}-${Math.random().toString(36).slice(2)}.db`))
  const run = statements(db)
  const words = new GrowingDictionary(run)
  const index = new IndexRows(run, words)
  db.exec('BEGIN')
  const batches: Table[][] = []
  for (let i = 0; i < resources.length; i += perTransaction)
    batches.push(rowsOf(resources.slice(i, i + perTransaction), i, index, words, extractor))
  db.exec('COMMIT; PRAGMA wal_checkpoint(TRUNCATE);')
  const start = performance.now()
  for (const batch of batches) {
    db.exec('BEGIN IMMEDIATE')
    for (const table of batch) insert(db, table)
    db.exec('COMMIT')
  }
  const seconds = (performance.now() - start) / 1000
  db.close()
  return resources.length / seconds
}

function rowsOf(
  some: readonly Resource[],
  from: number,
  index: IndexRows,
  words: GrowingDictionary,
  extractor: Extractor,
): Table[] {
  const resources: Value[] = []
  some.forEach((resource, i) => {
    const id = resource.id ?? `made${from + i}`
    // what an earlier one refers to has a row already
    const known = words.target(`${resource.resourceType}/${id}`)
    const rid = words.newRid(resource.resourceType, known === undefined ? id : `${id}-${from + i}`)
    const at = 1_700_000_000_000 + from + i
    resources.push(
      rid,
      words.makeType(resource.resourceType),
      known === undefined ? id : `${id}-${from + i}`,
      1,
      at * 1024,
      0,
      fill(prepare(resource, id), 1, at),
    )
    index.add(resource.resourceType, rid, extractor.entries(resource))
  })
  const tables: Table[] = [{ into: 'resource', columns: 7, values: resources }]
  const columns = { token: 4, text: 3, string: 4, ref: 3, date: 4, quantity: 5, words: 3 }
  for (const [name, table] of Object.entries(index.tables))
    tables.push({
      into: name === 'words' ? 'words(rowid, text, content)' : name,
      columns: columns[name as keyof typeof columns],
      values: [...table.pending],
    })
  index.clear()
  return tables
}

const kept = new WeakMap<DatabaseSync, Map<string, ReturnType<DatabaseSync['prepare']>>>()

function insert(db: DatabaseSync, { into, columns, values }: Table): void {
  let prepared = kept.get(db)
  if (!prepared) kept.set(db, (prepared = new Map()))
  let at = 0
  for (const size of [64, 16, 4, 1]) {
    while (values.length - at >= size * columns) {
      const key = `${into} ${size}`
      let statement = prepared.get(key)
      if (!statement) {
        const row = `(${Array.from({ length: columns }, () => '?').join(',')})`
        prepared.set(
          key,
          (statement = db.prepare(
            `INSERT OR IGNORE INTO ${into} VALUES ${Array.from({ length: size }, () => row).join(',')}`,
          )),
        )
      }
      statement.run(...values.slice(at, at + size * columns))
      at += size * columns
    }
  }
}
