/**
 * The export jobs of a tenant: a few at work, the others waiting; kept in records, so that a restart goes on with them; removed
 * with their files when they are cancelled or their time is over.
 * https://hl7.org/fhir/uv/bulkdata/STU2/export.html#bulk-data-status-request
 */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Caller } from '../access/caller.ts'
import type { Definitions } from '../fhir/definitions.ts'
import { FhirError, type Issue } from '../fhir/outcome.ts'
import type { Extractor } from '../search/query.ts'
import type { Store } from '../store/store.ts'
import { JobFolders, LineWriter, unguessable } from './files.ts'
import { callerOf } from './permits.ts'
import { JOBS, PROGRESS, type Order, type Progress } from './words.ts'
import { work } from './work.ts'

export interface JobsParts {
  /** The whole store of the tenant. */
  readonly store: Store
  /** As a caller sees it. */
  readonly guard: (store: Store, caller: Caller) => Store
  readonly definitions: () => Definitions
  readonly extractor: () => Extractor
  /** Of the jobs; made when needed. */
  readonly folder: string
  /** How long the files of a finished job are kept, in milliseconds. */
  readonly life: number
  /** Jobs at work at once. Default 2. */
  readonly atWork?: number
  /** Jobs that may wait. Default 20. */
  readonly waiting?: number
  /** Milliseconds since 1970. */
  readonly now?: () => number
  /** Waited for after each page; for tests that must come between. */
  readonly pause?: () => Promise<void>
}

export interface Job {
  readonly id: string
  readonly order: Order
  progress: Progress
  /** When its status was last asked for, and after how many seconds it should have been; milliseconds. */
  polled?: { at: number; wait: number }
}

interface Kept extends Job {
  /** Ends after the page it is at. */
  stopped: boolean
  /** Settles when nothing of it runs any more. */
  running?: Promise<void>
}

const KEEP = 500
/** How often the place of a job is made lasting, in milliseconds. */
const SAVE = 200
const SWEEP = 60_000

export class Jobs {
  readonly folders: JobFolders
  readonly #parts: JobsParts
  readonly #now: () => number
  readonly #jobs = new Map<string, Kept>()
  #closing = false
  #started: Promise<void> | undefined
  #sweeping: NodeJS.Timeout | undefined

  constructor(parts: JobsParts) {
    this.#parts = parts
    this.#now = parts.now ?? Date.now
    this.folders = new JobFolders(parts.folder)
  }

  /** Takes up what was left when the store was last closed; once, and before anything else. */
  ready(): Promise<void> {
    return (this.#started ??= this.#start())
  }

  /** Throws a FhirError (429) when too many are waiting or kept. */
  async enqueue(order: Order, patients: readonly string[] | undefined): Promise<string> {
    await this.ready()
    const waiting = this.#in('queued').length
    if (waiting >= (this.#parts.waiting ?? 20))
      throw tooMany(`${waiting} exports are waiting already. Try again in some minutes.`, 120)
    if (this.#jobs.size >= KEEP)
      throw tooMany('Too many exports are kept. Delete those you have fetched: DELETE their status URL.', 600)
    const id = unguessable()
    await this.folders.make(id, patients)
    const progress: Progress = { state: 'queued', place: { type: 0, step: 'find', part: 0 }, files: [], problems: [] }
    await this.#records(PROGRESS).put(id, progress)
    await this.#records(JOBS).put(id, order)
    this.#jobs.set(id, { id, order, progress, stopped: false })
    this.#next()
    return id
  }

  /** The job, for who asked for it; undefined for anybody else, and when it is gone. */
  async find(id: string, caller: Caller): Promise<Job | undefined> {
    await this.ready()
    const job = this.#jobs.get(id)
    if (!job || job.order.caller !== caller.id) return undefined
    if ((job.progress.expires ?? Infinity) > this.#now()) return job
    await this.remove(id)
    return undefined
  }

  /** How many are to be done before it. */
  before(job: Job): number {
    return this.#in('queued').findIndex(({ id }) => id === job.id)
  }

  /** Ends the job and removes all there is of it. */
  async remove(id: string): Promise<void> {
    const job = this.#jobs.get(id)
    if (!job) return
    this.#jobs.delete(id)
    job.stopped = true
    await this.#records(JOBS).remove(id)
    await job.running
    await this.#records(PROGRESS).remove(id)
    await this.folders.remove(id)
    this.#next()
  }

  /** Ends the work where it stands; `ready` of another goes on with it. */
  async close(): Promise<void> {
    this.#closing = true
    clearInterval(this.#sweeping)
    await this.#started?.catch(() => {})
    for (const job of this.#jobs.values()) await job.running
  }

  #records(name: string) {
    return this.#parts.store.records(name)
  }

  #in(state: Progress['state']): Kept[] {
    return [...this.#jobs.values()].filter(({ progress }) => progress.state === state)
  }

  async #start(): Promise<void> {
    const [orders, kept, folders] = await Promise.all([
      this.#records(JOBS).list(),
      this.#records(PROGRESS).list(),
      this.folders.list(),
    ])
    const progresses = new Map(kept.map(({ key, value }) => [key, value as Progress]))
    for (const { key, value } of orders.sort((a, b) => (a.value as Order).asked - (b.value as Order).asked)) {
      const progress = progresses.get(key)
      // a copy of a tenant, or one put back from a snapshot, has the records and not the files
      if (progress && folders.includes(key))
        this.#jobs.set(key, { id: key, order: value as Order, progress, stopped: false })
      else await this.#records(JOBS).remove(key)
    }
    for (const key of progresses.keys()) if (!this.#jobs.has(key)) await this.#records(PROGRESS).remove(key)
    for (const folder of folders) if (!this.#jobs.has(folder)) await this.folders.remove(folder)
    await this.#sweep()
    this.#sweeping = setInterval(() => void this.#sweep().catch(() => {}), SWEEP)
    this.#sweeping.unref()
    for (const job of this.#in('running')) this.#run(job)
    this.#next()
  }

  async #sweep(): Promise<void> {
    for (const { id, progress } of [...this.#jobs.values()])
      if ((progress.expires ?? Infinity) <= this.#now()) await this.remove(id)
  }

  #next(): void {
    if (this.#closing) return
    const free = (this.#parts.atWork ?? 2) - this.#in('running').length
    for (const job of this.#in('queued').slice(0, Math.max(0, free))) this.#run(job)
  }

  #run(job: Kept): void {
    job.progress = { ...job.progress, state: 'running' }
    job.running = this.#work(job)
      .catch((error: unknown) => this.#failed(job, error))
      // the disk or the store are in the way of saying so, too: the next start tries again
      .catch(() => {})
      .then(() => this.#next())
  }

  async #work(job: Kept): Promise<void> {
    const { store, guard, definitions, extractor, pause } = this.#parts
    const time = job.progress.time ?? (await this.#moment(job))
    const { order, progress } = job
    const writer = new LineWriter(this.folders, job.id, progress.files)
    let saved = performance.now()
    try {
      const finished = await work(
        {
          order,
          time,
          whole: store,
          seen: guard(store, callerOf(order)),
          definitions: definitions(),
          extractor: extractor(),
          patients: order.ofPatients ? await this.folders.patients(job.id) : undefined,
          writer,
          save: async place => {
            await pause?.()
            if (job.stopped) return false
            job.progress = { ...job.progress, place, files: writer.files }
            if (!this.#closing && performance.now() - saved < SAVE) return true
            await writer.sync()
            await this.#records(PROGRESS).put(job.id, job.progress)
            saved = performance.now()
            return !this.#closing
          },
        },
        progress.place,
      )
      if (!finished || job.stopped) return
      await writer.write('error', 'OperationOutcome', [...order.warnings, ...job.progress.problems].map(outcomeOf))
      await writer.sync()
      await this.#end(job, { ...job.progress, state: 'done', files: writer.files })
    } finally {
      await writer.close()
    }
  }

  /**
   * The transactionTime. What is committed from now on is later than it; what was before is found: the record waits for a commit that is
   * being written.
   */
  async #moment(job: Kept): Promise<number> {
    const time = this.#now()
    for (let i = 0; i < 20 && this.#now() <= time; i++) await sleep(1)
    job.progress = { ...job.progress, time }
    await this.#records(PROGRESS).put(job.id, job.progress)
    return time
  }

  async #failed(job: Kept, error: unknown): Promise<void> {
    if (job.stopped || this.#closing) return
    const files = job.progress.files
    await this.#end(job, { ...job.progress, state: 'failed', files, problems: [problemOf(error)] })
  }

  async #end(job: Kept, progress: Progress): Promise<void> {
    const expires = this.#now() + this.#parts.life
    job.progress = { ...progress, expires }
    await this.#records(PROGRESS).put(job.id, job.progress)
  }
}

const outcomeOf = (issue: Issue) => JSON.stringify({ resourceType: 'OperationOutcome', issue: [issue] })

const tooMany = (diagnostics: string, seconds: number) =>
  new FhirError(429, [{ severity: 'error', code: 'throttled', diagnostics }], { 'Retry-After': String(seconds) })

/** Without what an error may tell of the server's insides or of a patient. */
function problemOf(error: unknown): Issue {
  if (error instanceof FhirError) return error.issues[0]!
  const full = ['ENOSPC', 'EDQUOT'].includes((error as { code?: string } | undefined)?.code ?? '')
  return {
    severity: 'error',
    code: full ? 'no-store' : 'exception',
    diagnostics: full
      ? "The server's disk is full. Tell the operator, and ask for the export again later."
      : 'The export ended with an error of the server. Ask for it again; if that does not help, tell the operator.',
  }
}
