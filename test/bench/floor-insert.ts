/**
 * The floor for writing: the very same rows, put into the very same tables by SQLite alone, so many resources to a transaction.
 */
import { join } from 'node:path'
import type { Resource } from '../../src/fhir/types.ts'
import type { Extractor } from '../../src/search/query.ts'
import { GrowingDictionary } from '../../src/store/sqlite/dictionary.ts'
import { IndexRows } from '../../src/store/sqlite/index-rows.ts'
import { openFile } from '../../src/store/sqlite/schema.ts'
import { Inserts, statements, type Statements, type Value } from '../../src/store/sqlite/statements.ts'
import { fill, prepare } from '../../src/store/stamp.ts'

/** One INSERT as the server would run it. */
interface Insert {
  readonly sql: string
  readonly values: readonly Value[]
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
  const batches: Insert[][] = []
  db.exec('BEGIN')
  for (let i = 0; i < resources.length; i += perTransaction)
    batches.push(insertsOf(resources.slice(i, i + perTransaction), i, words, extractor))
  db.exec('COMMIT; PRAGMA wal_checkpoint(TRUNCATE);')
  const start = performance.now()
  for (const batch of batches) {
    db.exec('BEGIN IMMEDIATE')
    for (const { sql, values } of batch) run(sql).run(...values)
    db.exec('COMMIT')
  }
  const seconds = (performance.now() - start) / 1000
  db.close()
  return resources.length / seconds
}

function insertsOf(some: readonly Resource[], from: number, words: GrowingDictionary, extractor: Extractor): Insert[] {
  const made: Insert[] = []
  // what would be run is noted instead
  const note = ((sql: string) => ({ run: (...values: Value[]) => made.push({ sql, values }) })) as unknown as Statements
  const rows = new Inserts(note, 'resource', 7)
  const index = new IndexRows(note, words)
  some.forEach((resource, i) => {
    const own = resource.id ?? `made${from + i}`
    // what an earlier one refers to has a row already
    const id = words.target(`${resource.resourceType}/${own}`) === undefined ? own : `${own}-${from + i}`
    const rid = words.newRid(resource.resourceType, id)
    const at = 1_700_000_000_000 + from + i
    rows.add(rid, words.makeType(resource.resourceType), id, 1, at * 1024, 0, fill(prepare(resource, own), 1, at))
    index.add(resource.resourceType, rid, extractor.entries(resource))
  })
  rows.flush()
  index.flush()
  return made
}
