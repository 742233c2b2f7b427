/**
 * Slow queries, away from the event loop: a thread with a read-only connection of its own, started when first needed.
 * It answers one after another. One that takes too long is given up, and a fresh thread takes over those behind it.
 */
import { Worker } from 'node:worker_threads'
import { tooCostly, unavailable } from '../../fhir/outcome.ts'
import type { Query } from '../../search/query.ts'
import type { Page } from '../store.ts'

/** How long one query may take, in milliseconds. */
const DEADLINE = 10_000

/** More that wait than this are refused: they would wait longer than a client does. */
const MOST_WAITING = 100

interface Asked {
  readonly query: Query
  resolve(page: Page): void
  reject(error: unknown): void
}

export type Answer = { readonly id: number; readonly page: Page } | { readonly id: number; readonly error: string }

export class SlowReader {
  readonly #path: string
  #worker: Worker | undefined
  /** In the order they were asked; the first is being answered. */
  readonly #asked = new Map<number, Asked>()
  #timer: NodeJS.Timeout | undefined
  #last = 0

  constructor(path: string) {
    this.#path = path
  }

  /** The page. Throws 422 when it takes too long, 503 when too many wait. */
  find(query: Query): Promise<Page> {
    if (this.#asked.size >= MOST_WAITING)
      throw unavailable('Too many costly searches are waiting. Ask again, or narrow the search.', 10)
    return new Promise((resolve, reject) => {
      const id = ++this.#last
      this.#asked.set(id, { query, resolve, reject })
      this.#start().postMessage({ id, query })
      if (this.#asked.size === 1) this.#watch()
    })
  }

  #start(): Worker {
    if (this.#worker) return this.#worker
    const worker = new Worker(new URL('./slow-thread.ts', import.meta.url), { workerData: { path: this.#path } })
    worker.on('message', (answer: Answer) => this.#settle(answer))
    worker.on('error', error => {
      if (worker === this.#worker) this.#replace(error)
    })
    worker.unref()
    return (this.#worker = worker)
  }

  /** Gives the first in the row its time. */
  #watch(): void {
    clearTimeout(this.#timer)
    if (this.#asked.size === 0) return
    const late = `The search took more than ${DEADLINE / 1000} s. Narrow it: add a patient, a code or a date, or leave _total out.`
    this.#timer = setTimeout(() => this.#replace(tooCostly(late)), DEADLINE)
  }

  #settle(answer: Answer): void {
    const asked = this.#asked.get(answer.id)
    if (!asked) return
    this.#asked.delete(answer.id)
    this.#watch()
    if ('page' in answer) asked.resolve(answer.page)
    else asked.reject(new Error(answer.error))
  }

  /** The first in the row fails; a new thread goes on with the others. */
  #replace(error: unknown): void {
    void this.#worker?.terminate()
    this.#worker = undefined
    const [first] = this.#asked
    if (first) {
      this.#asked.delete(first[0])
      first[1].reject(error)
    }
    for (const [id, { query }] of this.#asked) this.#start().postMessage({ id, query })
    this.#watch()
  }

  /** Ends the thread; the next query starts another, which reads the definitions anew. */
  async close(): Promise<void> {
    const worker = this.#worker
    this.#worker = undefined
    clearTimeout(this.#timer)
    for (const { reject } of this.#asked.values()) reject(unavailable('The search was cut off. Send it again.'))
    this.#asked.clear()
    await worker?.terminate()
  }
}
