/**
 * The thread of store/sqlite/slow.ts: answers one query after another on a read-only connection.
 */
import { parentPort, workerData } from 'node:worker_threads'
import { loadDefinitions } from '../../fhir/packages.ts'
import { makeExtractor } from '../../search/extract.ts'
import { kinds } from '../../search/kinds.ts'
import type { Query } from '../../search/query.ts'
import { Dictionary } from './dictionary.ts'
import { finder } from './find.ts'
import { openFile } from './schema.ts'
import { statements } from './statements.ts'

const { path } = workerData as { path: string }
const db = openFile(path, true)
const run = statements(db)
const stored = run.all(
  "SELECT r.json FROM resource r JOIN type t USING (tid) WHERE t.name = 'SearchParameter' AND r.json IS NOT NULL",
  [],
)
const definitions = loadDefinitions().with(stored.map(row => JSON.parse(row[0] as string) as unknown))
const { find } = finder(db, run, new Dictionary(run), makeExtractor(definitions, kinds))

parentPort!.on('message', ({ id, query }: { id: number; query: Query }) => {
  try {
    parentPort!.postMessage({ id, page: find(query) })
  } catch (error) {
    parentPort!.postMessage({ id, error: (error as Error).message })
  }
})
