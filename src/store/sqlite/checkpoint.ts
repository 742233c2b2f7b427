/**
 * Moves what is in the write-ahead log into the database file, in a thread, so that no commit has to wait for it. The last bit
 * is moved by the writer itself: only then is the log whole in the file and begins anew.
 * https://sqlite.org/wal.html#ckpt
 */
import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { Worker } from 'node:worker_threads'
import type { Writer } from './writer.ts'

/** In pages of 4 KiB: the log at which moving begins, what the writer moves itself, and the log that waits no longer. */
const BEGIN = 32_000
const LITTLE = 2_000
const MOST = 8 * BEGIN
/** How often the thread goes over it again while the writer goes on writing. */
const PASSES = 5

export class Checkpoints {
  readonly #path: string
  readonly #db: DatabaseSync
  readonly #log: StatementSync
  #worker: Worker | undefined
  #running: Promise<void> | undefined
  #ended: (could: boolean) => void = () => undefined

  constructor(path: string, db: DatabaseSync) {
    this.#path = path
    this.#db = db
    this.#log = db.prepare('PRAGMA wal_checkpoint(NOOP)')
  }

  /** Pages in the log that are not in the file yet. */
  #left(): number {
    const { log, checkpointed } = this.#log.get() as { log: number; checkpointed: number }
    return log - checkpointed
  }

  /** To be called after a commit; costs two microseconds while the log is short. */
  after(writer: Writer): void {
    const left = this.#left()
    if (left < BEGIN) return
    if (left > MOST) this.#db.exec('PRAGMA wal_checkpoint(PASSIVE)')
    else this.#running ??= this.#move(writer).finally(() => (this.#running = undefined))
  }

  async #move(writer: Writer): Promise<void> {
    for (let pass = 0; pass < PASSES; pass++) {
      // SQLite does not tell it to a connection in the midst of a commit, which a large one leaves open between its slices
      await writer.idle()
      if (this.#left() <= LITTLE || !(await this.#inThread())) break
    }
    await writer.idle()
    if (this.#worker) this.#db.exec('PRAGMA wal_checkpoint(PASSIVE)')
  }

  /** Resolves to whether it could. */
  #inThread(): Promise<boolean> {
    const worker = (this.#worker ??= this.#start())
    return new Promise(resolve => {
      this.#ended = resolve
      worker.postMessage('go')
    })
  }

  #start(): Worker {
    const worker = new Worker(new URL('./checkpoint-thread.ts', import.meta.url), { workerData: { path: this.#path } })
    worker.on('message', () => this.#ended(true))
    worker.on('error', () => undefined)
    worker.on('exit', () => {
      this.#worker = undefined
      this.#ended(false)
    })
    worker.unref()
    return worker
  }

  async close(): Promise<void> {
    const worker = this.#worker
    this.#worker = undefined
    await worker?.terminate()
    await this.#running
  }
}
