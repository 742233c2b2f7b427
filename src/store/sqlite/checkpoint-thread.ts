/**
 * The thread of store/sqlite/checkpoint.ts: at each message it moves what it can of the log into the file.
 * https://sqlite.org/pragma.html#pragma_wal_checkpoint
 */
import { DatabaseSync } from 'node:sqlite'
import { parentPort, workerData } from 'node:worker_threads'

const db = new DatabaseSync((workerData as { path: string }).path, { timeout: 0 })
db.exec('PRAGMA wal_autocheckpoint = 0; PRAGMA synchronous = FULL')

parentPort!.on('message', () => {
  try {
    db.exec('PRAGMA wal_checkpoint(PASSIVE)')
  } catch {
    // busy: what is left is moved the next time
  }
  parentPort!.postMessage('done')
})
