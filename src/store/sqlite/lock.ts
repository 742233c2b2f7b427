/**
 * One process a folder: a lock that the operating system lets go of when the process dies, however it dies.
 * https://sqlite.org/lockingv3.html
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'

export interface Lock {
  release(): void
}

/** Another process has the folder; `pid` is its number, when known. */
export class Locked extends Error {
  override readonly name = 'Locked'
  readonly pid: string
  constructor(folder: string, pid: string) {
    super(
      `The data folder ${folder} is in use by another process${pid ? ` (pid ${pid})` : ''}. Stop it first, or use another DHP_DATA.`,
    )
    this.pid = pid
  }
}

/** Takes the folder (which must be there). Throws `Locked`. */
export function lockFolder(folder: string): Lock {
  const pidFile = join(folder, 'lock.pid')
  const db = new DatabaseSync(join(folder, 'lock.db'))
  try {
    // a journal in memory: the lock file itself is never written, so nothing is left to recover after a kill
    db.exec('PRAGMA busy_timeout = 0; PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE')
  } catch (error) {
    db.close()
    if (!/locked|busy/i.test((error as Error).message)) throw error
    throw new Locked(folder, read(pidFile))
  }
  writeFileSync(pidFile, `${process.pid}\n`)
  return { release: () => db.close() }
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8').trim()
  } catch {
    return ''
  }
}
