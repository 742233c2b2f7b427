/**
 * Slow queries, away from the event loop: a thread with a read-only connection of its own, started when first needed.
 * One that takes too long is given up, and a fresh one takes over.
 */
import { Worker } from 'node:worker_threads'
import { tooCostly, unavailable } from '../../fhir/outcome.ts'
import type { Query } from '../../search/query.ts'
import type { Page } from '../store.ts'

/** In milliseconds. */
const DEADLINE = 10_000

interface Asked {
  resolve(page: Page): void
  reject(error: unknown): void
  readonly timer: NodeJS.Timeout
}

export type Answer = { readonly id: number; readonly page: Page } | { readonly id: number; readonly error: string }

export class SlowReader {
  readonly #path: string
  #worker: Worker | undefined
  #asked = new Map<number, Asked>()
  #last = 0

  constructor(path: string) {
    this.#path = path
  }

  find(query: Query): Promise<Page> {
    return new Promise((resolve, reject) => {
      const id = ++this.#last
      const timer = setTimeout(() => this.#giveUp(), DEADLINE)
      this.#asked.set(id, { resolve, reject, timer })
      this.#start().postMessage({ id, query })
    })
  }

  #start(): Worker {
    if (this.#worker) return this.#worker
    const worker = new Worker(new URL('./slow-thread.ts', import.meta.url), { workerData: { path: this.#path } })
    worker.on('message', (answer: Answer) => this.#settle(answer))
    worker.on('error', error => this.#end(worker, error))
    worker.unref()
    return (this.#worker = worker)
  }

  #settle(answer: Answer): void {
    const asked = this.#asked.get(answer.id)
    if (!asked) return
    this.#asked.delete(answer.id)
    clearTimeout(asked.timer)
    if ('page' in answer) asked.resolve(answer.page)
    else asked.reject(new Error(answer.error))
  }

  #giveUp(): void {
    if (this.#worker)
      this.#end(
        this.#worker,
        tooCostly(
          `The search took more than ${DEADLINE / 1000} s. Narrow it: add a patient, a code or a date, or leave _total out.`,
        ),
      )
  }

  #end(worker: Worker, error: unknown): void {
    if (worker === this.#worker) this.#worker = undefined
    void worker.terminate()
    const asked = [...this.#asked.values()]
    this.#asked.clear()
    for (const one of asked) {
      clearTimeout(one.timer)
      one.reject(error)
    }
  }

  /** Ends the thread; the next query starts another, which reads the definitions anew. */
  async close(): Promise<void> {
    const worker = this.#worker
    if (worker) this.#end(worker, unavailable('The search was cut off. Send it again.'))
    await worker?.terminate()
  }
}
