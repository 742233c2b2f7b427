/**
 * The audit log of a tenant: what happened is noted at once in a journal (writes in their own commit, all else a moment later,
 * many together) and made into AuditEvents, one chain, soon after.
 * https://hl7.org/fhir/R4/auditevent.html
 */
import { randomUUID } from 'node:crypto'
import type { Resource } from '../fhir/types.ts'
import type { Extractor } from '../search/query.ts'
import { prepare } from '../store/stamp.ts'
import { type Engine, type Note, Printed, type Version, type Write } from '../store/store.ts'
import { AUDIT_RECORDS, chained, HEAD, type Head, start } from './audit-chain.ts'
import { auditEvent } from './audit-event.ts'
import { countOf, happenings, type Journalled, type Page, pageOf, Pages } from './audit-journal.ts'
import { type Happening, type Recorded } from './audit-words.ts'
import { patientsOf } from './audit-patients.ts'

/** Names of the journal's records sort by time. */
export const JOURNAL = 'audit-journal'

export interface AuditParts {
  /** The whole store, not as a caller sees it. */
  readonly engine: Engine
  readonly extractor: Extractor
  /** What AuditEvents say of this server. */
  readonly server: string
  /** Milliseconds since 1970. */
  readonly now?: () => number
  /** Told when the log cannot be written; nothing of what happened is in it. */
  readonly failed?: (error: unknown) => void
  /** Told of what someone should look at now: an emergency access. Without personal data. */
  readonly alert?: (fields: { readonly event: string; readonly client?: string }) => void
}

export interface Audit {
  /** Notes what happened. What is noted is on disk within a fifth of a second, or when `flush` resolves. */
  tell(what: Happening): void
  /** What to wait for before more is accepted; undefined when there is room. Rejects when the log cannot be written. */
  room(): Promise<void> | undefined
  /** A note for the commit of a write: what happened, made of the versions it made. `kept` must be called when it is committed. */
  note(happened: (versions: readonly Version[]) => readonly Happening[]): { note: Note; kept(): void }
  /** Everything told is on disk. */
  flush(): Promise<void>
  /** Everything told is an AuditEvent; at most so many milliseconds. Resolves to whether all is. */
  settle(patience?: number): Promise<boolean>
  /** How many happenings wait: in memory, and on disk to be made AuditEvents. */
  readonly waiting: { readonly queue: number; readonly journal: number }
  /** Flushes, and makes the chain as complete as it can in two seconds. To be called before the store is closed. */
  close(): Promise<void>
}

/** Happenings kept in memory before they are written, and the most there may be before requests wait. */
const BATCH = 5000
export const MOST_QUEUED = 10_000
/** The same in characters: an answer that shows a thousand resources is a long line. */
const BATCH_LENGTH = 4 << 20
const MOST_LENGTH = 64 << 20
/** Happenings that may wait in the journal before requests do. */
const MOST_JOURNAL = 500_000
/** Milliseconds. */
const FLUSH_AFTER = 200
/** How long a stop makes AuditEvents; the rest is made at the next start. */
const STOPPING = 2_000
/** AuditEvents made in one go: a commit of many costs each of them less, and holds the event loop for longer. */
const SLICE = 50
/** When somebody waits for them. */
const MORE = 200
/** There are pauses (milliseconds), and as long is worked between them; less while requests come in. */
const PAUSE = 100
/** Requests in a pause that are few. */
const BUSY = 20
/** Pauses that left no time, after which some are made all the same. */
const PATIENCE = 20
/** Happenings in the journal beyond which time is taken from requests: the more, the fuller it is. */
const COMFORTABLE = 50_000
/** Events a minute of requests without a valid token. */
const MOST_TURNED_AWAY = 60
/** The journal's records go when they are used up. */
const NEVER = 8_640_000_000_000_000

/** Opens a tenant's log; what an earlier process has left in the journal is gone on with. */
export function makeAudit(parts: AuditParts): Audit {
  const { engine, extractor, server, now = Date.now, failed = () => {}, alert = () => {} } = parts
  const journal = engine.records(JOURNAL)
  const records = engine.records(AUDIT_RECORDS)
  const patients = patientsOf(engine)
  /** What is told now, and when (milliseconds since 1970). Printed many together: one by one, each costs thrice as much. */
  let told: Happening[] = []
  let times: number[] = []
  /** Characters of the long parts of it. */
  let length = 0
  const pages = new Pages()
  /** What is being written, or could not be; the oldest first. */
  const unwritten: (Page & { readonly name: string })[] = []
  let flushTimer: NodeJS.Timeout | undefined
  let flushing: Promise<void> | undefined
  let problem: unknown
  let names = 0
  let recent = 0
  let head: Head | undefined
  let sealing: Promise<void> | undefined
  let hurry = 0
  let closed = false
  /** The journal's records, oldest first. */
  let journalled: { readonly name: string; readonly count: number }[] = []
  /** Happenings in them. */
  let waiting = 0
  const opened = open()
  opened.catch(failed)

  const newName = () =>
    `${String(now()).padStart(15, '0')}-${String(++names).padStart(9, '0')}-${randomUUID().slice(0, 8)}`
  const queued = () => unwritten.reduce((sum, { count }) => sum + count, told.length)
  const isLong = () => told.length >= BATCH || length >= BATCH_LENGTH

  /** Whether some of the journal may have been made into events before: after a crash, or a commit that failed. */
  let doubt = true

  /** Names that were in the journal at the start, so that a write of that moment is not counted twice. */
  let left = new Set<string>()

  /** What a stop or a crash left is gone on with. */
  async function open(): Promise<void> {
    const own = new Set(journalled.map(({ name }) => name))
    const found = (await journal.list())
      .filter(({ key }) => !own.has(key))
      .map(({ key, value }) => ({ name: key, count: countOf(value as Journalled) }))
    left = new Set(found.map(({ name }) => name))
    journalled = [...found, ...journalled]
    waiting += found.reduce((sum, { count }) => sum + count, 0)
    if (journalled.length > 0) seal()
  }

  /** Requests without a valid token cost their sender nothing: so many a minute have an event of their own, the rest are counted. */
  const turned = { since: 0, told: 0, more: 0 }
  function counted(what: Happening): Happening | undefined {
    if (now() - turned.since >= 60_000) Object.assign(turned, { since: now(), told: 0 })
    if (++turned.told > MOST_TURNED_AWAY) return void turned.more++
    const { more } = turned
    turned.more = 0
    return more === 0 ? what : { ...what, why: `${what.why ?? '401'}, and ${more} more before` }
  }

  function tell(happened: Happening): void {
    const what = happened.what === 'unauthenticated' ? counted(happened) : happened
    if (!what) return
    recent++
    told.push(what)
    times.push(now())
    length += (what.shown?.length ?? 0) + (what.query?.length ?? 0)
    if (what.what === 'break-glass')
      alert({ event: pages.eventOf(told.length - 1), ...(what.who?.client ? { client: what.who.client } : {}) })
    if (flushing) return
    if (isLong()) void flush().catch(() => {})
    else soon()
  }

  function flush(): Promise<void> {
    if (flushing) return flushing.then(() => (queued() > 0 ? flush() : undefined))
    clearTimeout(flushTimer)
    flushTimer = undefined
    flushing = write().finally(() => {
      flushing = undefined
      if (queued() > 0) soon()
    })
    return flushing
  }

  /** Many share one durable commit: the next one waits, unless there are many already. */
  function soon(): void {
    flushTimer ??= setTimeout(() => void flush().catch(() => {}), isLong() ? 0 : FLUSH_AFTER)
  }

  async function write(): Promise<void> {
    await opened
    if (waiting >= MOST_JOURNAL && !closed) await drain(1000)
    if (told.length > 0) {
      told.forEach((what, i) => pages.add(what, times[i]!))
      told = []
      times = []
      length = 0
      unwritten.push({ name: newName(), ...pages.take() })
    }
    for (let page = unwritten[0]; page; page = unwritten[0]) {
      const { name, json, count } = page
      try {
        await engine.commit([], { records: JOURNAL, key: name, value: () => new Printed(json), expires: NEVER })
      } catch (error) {
        problem = error
        failed(error)
        throw error
      }
      problem = undefined
      unwritten.shift()
      intoJournal(name, count)
    }
    seal()
  }

  const intoJournal = (name: string, count: number) => {
    if (left.size > 0 && left.has(name)) return
    journalled.push({ name, count })
    waiting += count
  }

  function room(): Promise<void> | undefined {
    if (unwritten.length === 0 && !isLong()) return undefined
    const all = unwritten.reduce((sum, { json }) => sum + json.length, length)
    return queued() < MOST_QUEUED && all < MOST_LENGTH ? undefined : flush()
  }

  function note(happened: (versions: readonly Version[]) => readonly Happening[]): { note: Note; kept(): void } {
    const name = newName()
    let count = 0
    const value = (versions: readonly Version[]) => {
      const page = pageOf(happened(versions), now())
      count = page.count
      return new Printed(page.json)
    }
    return {
      note: { records: JOURNAL, key: name, value, expires: NEVER },
      kept() {
        recent++
        intoJournal(name, count)
        seal()
      },
    }
  }

  /** Goes on making AuditEvents until the journal is empty; gently while requests come in. */
  function seal(): void {
    if (closed) return
    sealing ??= sealAll()
      .catch((error: unknown) => {
        problem = error
        // whether the commit is on disk is not known
        doubt = true
        head = undefined
        failed(error)
      })
      .finally(() => {
        sealing = undefined
      })
  }

  async function sealAll(): Promise<void> {
    await opened
    while (journalled.length > 0 && !closed) {
      if (hurry === 0) await leisure()
      if (closed) return
      const until = performance.now() + PAUSE
      do {
        await sealSome(hurry > 0 ? MORE : SLICE)
        await new Promise(resolve => setImmediate(resolve))
      } while (journalled.length > 0 && recent <= BUSY && performance.now() < until && !closed)
    }
  }

  /** Resolves when few requests come in, or somebody waits; until then makes events in what time there is for it. */
  async function leisure(): Promise<void> {
    for (let full = 0; ; ) {
      recent = 0
      const before = performance.eventLoopUtilization()
      await sleep(PAUSE)
      if (hurry > 0 || recent <= BUSY || closed) return
      const time = timeFor(performance.eventLoopUtilization(before).idle)
      if (time === 0 && ++full < PATIENCE) continue
      full = 0
      const until = performance.now() + time
      do await sealSome(SLICE)
      while (journalled.length > 0 && performance.now() < until && !closed)
    }
  }

  /**
   * Half of what requests leave free when that is most of it: a client that is kept waiting asks less, and what it leaves is not free.
   * Milliseconds in a pause, of both.
   */
  function timeFor(idle: number): number {
    const fullness = (waiting - COMFORTABLE) / (MOST_JOURNAL - COMFORTABLE)
    return Math.max(idle < PAUSE / 2 ? 0 : idle / 2, fullness * PAUSE, 0)
  }

  /** What of the first record of the journal was made into events already, when it has more than a slice. */
  let half: { name: string; rest: Recorded[] } | undefined

  async function sealSome(most: number): Promise<void> {
    if (journalled.length === 0) return
    const used: string[] = []
    const some: Recorded[] = []
    let rest: typeof half
    while (some.length < most && used.length < journalled.length) {
      const { name } = journalled[used.length]!
      const all = half?.name === name ? half.rest : happenings((await journal.get(name)) as Journalled | undefined)
      const fit = all.slice(0, most - some.length)
      some.push(...fit)
      if (fit.length < all.length) {
        rest = { name, rest: all.slice(fit.length) }
        break
      }
      used.push(name)
    }
    let next = (head ??= ((await records.get(HEAD)) as Head | undefined) ?? start)
    const writes: Write[] = []
    for (const one of some) {
      // the beginning of a long record may be there already
      if (doubt && (await engine.read({ type: 'AuditEvent', id: one.event }))) continue
      const made = chained(auditEvent(one, await patients(one), server), next)
      next = made.head
      writes.push(putOf(made.event as unknown as Resource & { id: string }))
    }
    const kept = next
    const drops = used.map(key => ({ records: JOURNAL, key }))
    await engine.commit(writes, { records: AUDIT_RECORDS, key: HEAD, value: () => kept, expires: NEVER, drops })
    head = kept
    half = rest
    problem = undefined
    for (const { count } of journalled.slice(0, used.length)) waiting -= count
    journalled = journalled.slice(used.length)
    if (journalled.length > 0) return
    left = new Set()
    doubt = false
  }

  /** Words are left out of the index: nobody searches the log by its text, and they cost more than all the rest. */
  function putOf(event: Resource & { id: string }): Write {
    const entries = extractor.entries(event).filter(entry => entry.kind !== 'words' && entry.param !== '_tag')
    const ref = { type: 'AuditEvent', id: event.id }
    return { do: 'put', ref, method: 'POST', draft: prepare(event, event.id), entries, expect: { is: 'nothing' } }
  }

  async function settle(patience = 5000): Promise<boolean> {
    await flush()
    return drain(patience)
  }

  async function drain(patience: number): Promise<boolean> {
    const until = now() + patience
    hurry++
    try {
      while (journalled.length > 0 && !closed && problem === undefined && now() < until) {
        seal()
        await Promise.race([sealing, sleep(20)])
      }
    } finally {
      hurry--
    }
    return queued() === 0 && journalled.length === 0
  }

  return {
    tell,
    room,
    note,
    flush,
    settle,
    get waiting() {
      return { queue: queued(), journal: waiting }
    },
    async close() {
      // what cannot be written was told of by `failed`
      await flush().catch(() => {})
      await drain(STOPPING)
      closed = true
      await sealing
    },
  }
}

const sleep = (milliseconds: number) => new Promise<void>(resolve => setTimeout(resolve, milliseconds))
