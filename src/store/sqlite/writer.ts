/**
 * Commits, one durable transaction for all that came in one turn of the event loop (group commit). Each is judged
 * before anything of it is written, so one that is refused leaves no trace among the others. A large one is written in
 * slices, between which the event loop turns; who reads meanwhile must use another connection (`busy`).
 * https://sqlite.org/wal.html
 */
import { noAliases } from '../../search/aliases.ts'
import type { DatabaseSync } from 'node:sqlite'
import { setImmediate as setImmediateAgain } from 'node:timers/promises'
import type { Ref } from '../../fhir/types.ts'
import type { Extractor, IndexEntry } from '../../search/query.ts'
import { fill } from '../stamp.ts'
import {
  type Condition,
  type Expectation,
  type Method,
  Mismatch,
  type Note,
  Overtaken,
  Printed,
  StorageFull,
  type Version,
  type Write,
} from '../store.ts'
import type { GrowingDictionary } from './dictionary.ts'
import type { Finder } from './find.ts'
import { IndexRows } from './index-rows.ts'
import { Inserts, type Statements } from './statements.ts'
import { METHODS } from './versions.ts'

/** What the file holds of a resource: version 0 when it is only referred to. */
interface Stored {
  readonly rid: number
  readonly version: number
  readonly stamp: number
  readonly method: number
  readonly json: string | null
  /** Its row is still among the collected inserts. */
  readonly collected: boolean
}

interface Waiting {
  readonly writes: readonly Write[]
  readonly note: Note | undefined
  resolve(versions: Version[]): void
  reject(error: unknown): void
}

export interface WriterOptions {
  readonly db: DatabaseSync
  readonly run: Statements
  readonly words: GrowingDictionary
  readonly finder: Finder
  readonly extractor: Extractor
  readonly now: () => number
  /** Called after each commit. */
  readonly committed: (writer: Writer) => void
}

/** In milliseconds. */
const QUIET = 1
const LONGEST_WAIT = 30
const SLICE = 8
/** Index entries (a resource counts as ten) that are written in one go: some 20 ms. */
const LIGHT = 15_000
/** Entries between two looks at the clock. */
const STEP = 1_000

export class Writer {
  readonly stats = { commits: 0, writes: 0, slowQueries: 0 }
  readonly index: IndexRows
  readonly #own: WriterOptions
  readonly #resources: Inserts
  readonly #history: Inserts
  #waiting: Waiting[] = []
  #walking: Promise<void> | undefined
  #paused = 0
  /** When the first of them came, and when the event loop last came round. */
  #first = 0
  #turn = 0
  #stamp: number
  /** What this transaction has changed and the file may not show yet. */
  #changed = new Map<string, Stored>()

  constructor(options: WriterOptions) {
    this.#own = options
    this.index = new IndexRows(options.run, options.words, type => options.extractor.aliases?.(type) ?? noAliases(type))
    this.#resources = new Inserts(options.run, 'resource', 7)
    this.#history = new Inserts(options.run, 'history', 6)
    this.#stamp = Number(
      options.run.get(
        'SELECT max((SELECT coalesce(max(stamp), 0) FROM resource WHERE version > 0), (SELECT coalesce(max(stamp), 0) FROM history))',
        [],
      )![0],
    )
  }

  commit(writes: readonly Write[], note?: Note): Promise<Version[]> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ writes, note, resolve, reject })
      if (this.#waiting.length > 1) return
      this.#first = this.#turn = performance.now()
      setImmediate(this.#flushWhenQuiet)
    })
  }

  /**
   * Others may be about to commit too: as long as the turns of the event loop are busy ones, theirs are waited for, so that
   * many share the cost of one durable transaction. Alone, a commit waits for nothing.
   */
  readonly #flushWhenQuiet = (): void => {
    const now = performance.now()
    const busy = now - this.#turn > QUIET && now - this.#first < LONGEST_WAIT
    this.#turn = now
    if (busy) setImmediate(this.#flushWhenQuiet)
    else this.flush()
  }

  /** Whether a transaction is open between two turns of the event loop: its connection shows what is not committed yet. */
  get busy(): boolean {
    return this.#walking !== undefined
  }

  /** Resolves when no transaction is open. What is done in the same turn of the event loop finds none. */
  async idle(): Promise<void> {
    while (this.#walking) await this.#walking
  }

  /** Carries out work during which no transaction stays open between turns; large commits are then written in one go. */
  async undisturbed<T>(work: () => Promise<T>): Promise<T> {
    this.#paused++
    try {
      await this.idle()
      this.flush()
      return await work()
    } finally {
      this.#paused--
    }
  }

  /** Writes all that is waiting; when a large one is being written, after it. */
  flush(): void {
    while (this.#waiting.length > 0 && !this.#walking) {
      const { light, rest } = portion(this.#waiting)
      this.#waiting = []
      if (light.length > 0) for (const _ of this.#transaction(light));
      if (rest.length === 0) continue
      if (this.#paused > 0) for (const _ of this.#transaction(rest));
      else this.#walking = this.#walk(rest)
    }
  }

  async #walk(group: readonly Waiting[]): Promise<void> {
    // first of all, so that `#walking` is set when the end is reached
    await setImmediateAgain()
    let until = performance.now() + SLICE
    for (const _ of this.#transaction(group)) {
      if (performance.now() < until) continue
      await setImmediateAgain()
      until = performance.now() + SLICE
    }
    this.#walking = undefined
    this.flush()
  }

  /** Yields where the event loop may turn. */
  *#transaction(group: readonly Waiting[]): Generator<void, void> {
    const done: { one: Waiting; versions: Version[] }[] = []
    const refused: { one: Waiting; error: unknown }[] = []
    try {
      this.#own.db.exec('BEGIN IMMEDIATE')
      for (const one of group) {
        let stored: (Stored | undefined)[]
        try {
          stored = yield* this.#judge(one.writes)
        } catch (error) {
          if (!(error instanceof Mismatch || error instanceof Overtaken)) throw error
          refused.push({ one, error })
          continue
        }
        const versions = yield* this.#apply(one.writes, stored)
        if (one.note) this.#note(one.note, versions)
        done.push({ one, versions })
      }
      this.#flushRows()
      this.#own.db.exec('COMMIT')
    } catch (error) {
      this.#rollback()
      // one that cannot be written must not take the others along
      if (group.length > 1) for (const one of group) yield* this.#transaction([one])
      else group[0]!.reject(isFull(error) ? new StorageFull() : error)
      return
    }
    this.#changed.clear()
    this.stats.commits++
    for (const { one, versions } of done) {
      this.stats.writes += versions.length
      one.resolve(versions)
    }
    for (const { one, error } of refused) one.reject(error)
    this.#own.committed(this)
  }

  #note({ records, key, value, expires, also, drops = [] }: Note, versions: readonly Version[]): void {
    const { run } = this.#own
    const made = value(versions)
    const json = made instanceof Printed ? made.json : JSON.stringify(made)
    run('INSERT OR REPLACE INTO record VALUES (?, ?, ?, ?)').run(records, key, json, expires)
    for (const gone of drops) run('DELETE FROM record WHERE name = ? AND key = ?').run(gone.records, gone.key)
    if (also) this.#note(also, versions)
  }

  #flushRows(): void {
    this.#resources.flush()
    this.#history.flush()
    this.index.flush()
  }

  #rollback(): void {
    try {
      if (this.#own.db.isTransaction) this.#own.db.exec('ROLLBACK')
    } finally {
      this.#resources.clear()
      this.#history.clear()
      this.index.clear()
      this.#changed.clear()
      this.#own.words.forget()
    }
  }

  #stored(ref: Ref): Stored | undefined {
    const changed = this.#changed.get(`${ref.type}/${ref.id}`)
    if (changed) return changed
    const tid = this.#own.words.type(ref.type)
    const row =
      tid === undefined
        ? undefined
        : this.#own.run.get('SELECT rid, version, stamp, method, json FROM resource WHERE tid = ? AND id = ?', [
            tid,
            ref.id,
          ])
    return (
      row && {
        rid: row[0] as number,
        version: row[1] as number,
        stamp: row[2] as number,
        method: row[3] as number,
        json: row[4] as string | null,
        collected: false,
      }
    )
  }

  /** What is stored of each write's resource; throws when a write must not happen. */
  *#judge(writes: readonly Write[]): Generator<void, (Stored | undefined)[]> {
    const seen = new Set<string>()
    const found: (Stored | undefined)[] = []
    for (const write of writes) {
      if (write.condition) {
        this.#judgeCondition(write.condition)
        yield
      }
      if (write.do === 'check') {
        found.push(undefined)
        continue
      }
      if (writes.length > 1) {
        const key = `${write.ref.type}/${write.ref.id}`
        if (seen.has(key)) throw new Error(`${key} stands twice in one commit.`)
        seen.add(key)
      }
      const stored = this.#stored(write.ref)
      judgeExpectation(write.ref, write.expect, stored)
      found.push(stored)
    }
    return found
  }

  #judgeCondition({ query, found }: Condition): void {
    this.#flushRows()
    this.#changed.forEach((stored, key) => stored.collected && this.#changed.set(key, { ...stored, collected: false }))
    const now = this.#own.finder.ids(query, found.length + 1)
    if (now.length !== found.length || !found.every(id => now.includes(id)))
      throw new Overtaken('What a condition found has changed.')
  }

  *#apply(writes: readonly Write[], stored: readonly (Stored | undefined)[]): Generator<void, Version[]> {
    // rids first, so that a reference to a later entry does not make a row of its own
    const rids = writes.map((write, i) =>
      write.do === 'put' ? (stored[i]?.rid ?? this.#own.words.newRid(write.ref.type, write.ref.id)) : 0,
    )
    const versions: Version[] = []
    let entries = 0
    for (const [i, write] of writes.entries()) {
      if (write.do === 'check') continue
      const before = this.#afresh(write.ref, stored[i])
      if (write.do === 'put') versions.push(yield* this.#put(write, rids[i]!, before))
      else versions.push(this.#delete(write.ref, before))
      entries += weightOf(write)
      if (entries < STEP) continue
      entries = 0
      yield
    }
    return versions
  }

  /** A condition judged later in the same commit may have written the row that was still collected. */
  #afresh(ref: Ref, stored: Stored | undefined): Stored | undefined {
    return stored?.collected ? this.#stored(ref) : stored
  }

  *#put(write: Extract<Write, { do: 'put' }>, rid: number, before: Stored | undefined): Generator<void, Version> {
    const { ref } = write
    const version = (before?.version ?? 0) + 1
    const stamp = this.#nextStamp()
    const updated = Math.floor(stamp / 1024)
    const json = fill(write.draft, version, updated)
    this.#keep(ref, before, { rid, version, stamp, method: METHODS.indexOf(write.method), json })
    if (before?.json)
      this.index.replace(ref.type, rid, this.#own.extractor.entries(JSON.parse(before.json)), write.entries)
    else yield* this.#add(ref.type, rid, write.entries)
    return { ref, version: String(version), updated, method: write.method, text: json }
  }

  /** A resource may have many entries; the words among them go together. */
  *#add(type: string, rid: number, entries: readonly IndexEntry[]): Generator<void, void> {
    if (entries.length <= STEP) return this.index.add(type, rid, entries)
    const others = entries.filter(entry => entry.kind !== 'words')
    for (let i = 0; i < others.length; i += STEP) {
      this.index.add(type, rid, others.slice(i, i + STEP))
      yield
    }
    this.index.add(
      type,
      rid,
      entries.filter(entry => entry.kind === 'words'),
    )
  }

  #delete(ref: Ref, before: Stored | undefined): Version {
    const method: Method = 'DELETE'
    if (!before?.json)
      return {
        ref,
        version: String(before?.version ?? 0),
        updated: Math.floor((before?.stamp ?? 0) / 1024),
        method,
        text: undefined,
      }
    const version = before.version + 1
    const stamp = this.#nextStamp()
    this.#keep(ref, before, { rid: before.rid, version, stamp, method: METHODS.indexOf(method), json: null })
    this.index.replace(ref.type, before.rid, this.#own.extractor.entries(JSON.parse(before.json)), noEntries)
    return { ref, version: String(version), updated: Math.floor(stamp / 1024), method, text: undefined }
  }

  /** The new version into `resource`, the one before into `history`. */
  #keep(ref: Ref, before: Stored | undefined, now: Omit<Stored, 'collected'>): void {
    const tid = this.#own.words.makeType(ref.type)
    if (before) {
      if (before.collected) this.#resources.flush()
      if (before.version > 0)
        this.#history.add(before.stamp, before.rid, before.version, tid, before.method, before.json)
      this.#own
        .run('UPDATE resource SET version = ?, stamp = ?, method = ?, json = ? WHERE rid = ?')
        .run(now.version, now.stamp, now.method, now.json, now.rid)
    } else this.#resources.add(now.rid, tid, ref.id, now.version, now.stamp, now.method, now.json)
    this.#changed.set(`${ref.type}/${ref.id}`, { ...now, collected: !before })
  }

  /** Milliseconds and a count within them: grows with every write, also when the clock steps back. */
  #nextStamp(): number {
    return (this.#stamp = Math.max(this.#stamp + 1, this.#own.now() * 1024))
  }
}

const noEntries: readonly IndexEntry[] = []

/** The light ones, the lightest first, and those that are written in slices. */
function portion(waiting: readonly Waiting[]): { light: readonly Waiting[]; rest: readonly Waiting[] } {
  const weights = waiting.map(({ writes }) => writes.reduce((sum, write) => sum + weightOf(write), 0))
  if (weights.reduce((sum, weight) => sum + weight, 0) <= LIGHT) return { light: waiting, rest: [] }
  const order = weights.map((_, i) => i).sort((a, b) => weights[a]! - weights[b]! || a - b)
  let sum = 0
  const most = order.findIndex(i => (sum += weights[i]!) > LIGHT)
  return { light: order.slice(0, most).map(i => waiting[i]!), rest: order.slice(most).map(i => waiting[i]!) }
}

const weightOf = (write: Write): number => 10 + (write.do === 'put' ? write.entries.length : 0)

function judgeExpectation(ref: Ref, expect: Expectation, stored: Stored | undefined): void {
  const there = stored && stored.json !== null
  if (expect.is === 'nothing' && there) throw new Overtaken(`${ref.type}/${ref.id} is there by now.`)
  if (expect.is !== 'version') return
  if (!stored || String(stored.version) !== expect.version)
    throw new Mismatch(ref, there ? String(stored.version) : undefined)
}

/** https://sqlite.org/rescode.html#full */
const isFull = (error: unknown): boolean => ((error as { errcode?: number }).errcode ?? 0) % 256 === 13
