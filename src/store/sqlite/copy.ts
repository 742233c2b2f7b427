/**
 * A store's file from outside: copied while a server may be writing to it, and looked at.
 * https://sqlite.org/backup.html
 */
import { backup, DatabaseSync } from 'node:sqlite'
import { openFile } from './schema.ts'

/** Copies the store in `from` into the new file `to`: all of one moment. */
export async function copyStore(from: string, to: string): Promise<void> {
  const db = new DatabaseSync(from, { readOnly: true })
  try {
    await backup(db, to)
  } finally {
    db.close()
  }
  // out of WAL mode the copy is one file, whoever looks at it; the store goes back to WAL when it is opened
  const copy = new DatabaseSync(to)
  copy.exec('PRAGMA journal_mode = DELETE')
  copy.close()
}

/** What is wrong with a store's file; empty when all is well. */
export function checkFile(path: string): string[] {
  const db = new DatabaseSync(path, { readOnly: true })
  try {
    return db
      .prepare('PRAGMA integrity_check(20)')
      .all()
      .map(row => String(Object.values(row)[0]))
      .filter(text => text !== 'ok')
  } catch (error) {
    return [(error as Error).message]
  } finally {
    db.close()
  }
}

const LEVELS = ['OFF', 'NORMAL', 'FULL', 'EXTRA']

/** How durable a commit is on this disk: a new file is written with the settings of a store, and asked after the write. */
export function durability(path: string): { synchronous: string; milliseconds: number } {
  const db = openFile(path)
  try {
    db.exec('CREATE TABLE doctor (n INTEGER)')
    const started = performance.now()
    for (let n = 0; n < 20; n++) db.exec(`INSERT INTO doctor VALUES (${n})`)
    const milliseconds = (performance.now() - started) / 20
    const level = Object.values(db.prepare('PRAGMA synchronous').get() ?? {})[0] as number
    return { synchronous: LEVELS[level] ?? String(level), milliseconds }
  } finally {
    db.close()
  }
}
