/**
 * A store's file opened to be looked at only, also while a server has it open: its histories and records.
 * https://sqlite.org/wal.html
 */
import type { Engine } from '../store.ts'
import { Dictionary } from './dictionary.ts'
import { records } from './records.ts'
import { openFile } from './schema.ts'
import { statements } from './statements.ts'
import { history } from './versions.ts'

const never = { busy: false, idle: () => Promise.resolve() }

/** Throws an Error whose message a person can act on. Its records refuse to be written. */
export function openToRead(path: string): Pick<Engine, 'history' | 'records' | 'close'> {
  const db = openFile(path, true)
  const run = statements(db)
  const words = new Dictionary(run)
  return {
    history: async query => history(run, words, query),
    records: name => records(run, () => run, never, name, Date.now),
    close: async () => db.close(),
  }
}
