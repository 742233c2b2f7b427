/**
 * A store in one SQLite file.
 * https://nodejs.org/docs/latest-v24.x/api/sqlite.html
 */
import { backup, type DatabaseSync } from 'node:sqlite'
import { setTimeout } from 'node:timers/promises'
import type { Resource } from '../../fhir/types.ts'
import { type Aliases, keptParams, noAliases } from '../../search/aliases.ts'
import type { Extractor } from '../../search/query.ts'
import { readStamped } from '../stamp.ts'
import type { Engine, Records, Version } from '../store.ts'
import { Checkpoints } from './checkpoint.ts'
import { Dictionary, GrowingDictionary } from './dictionary.ts'
import { type Finder, finder } from './find.ts'
import { records } from './records.ts'
import { openFile } from './schema.ts'
import { SlowReader } from './slow.ts'
import { type Statements, statements } from './statements.ts'
import { history, latest, METHODS, past } from './versions.ts'
import { Writer } from './writer.ts'

export interface SqliteOptions {
  /** The file; made when it is not there. Its folder must be. */
  readonly path: string
  readonly extractor: Extractor
  /** Milliseconds since 1970. */
  readonly now?: () => number
}

/** How many resources `reindex` takes in one transaction, and `referrers` looks at in one statement. */
const SLICE = 500

/** Opens the store in a file. Throws when SQLite is too old, or the file is of another format. */
export function openSqlite({ path, extractor, now = Date.now }: SqliteOptions): Engine {
  const db = openFile(path)
  const run = statements(db)
  const words = new GrowingDictionary(run)
  const reader = finder(db, run, words, extractor)
  const checkpoints = new Checkpoints(path, db)
  const writer = new Writer({
    db,
    run,
    words,
    finder: reader,
    extractor,
    now,
    committed: writer => checkpoints.after(writer),
  })
  const slow = new SlowReader(path)
  const view = views({ run, words, find: reader.findQuickly }, writer, path, extractor)
  const aliases: Aliases = type => extractor.aliases?.(type) ?? noAliases(type)
  const opened = new Map<string, Records>()

  const engine: Engine = {
    stats: writer.stats,
    // async, so that a failure is a rejection
    read: async ref => latest(view().run, view().words, ref),
    readVersion: async (ref, version) => past(view().run, view().words, ref, version),
    async readMany(refs) {
      const { run, words } = view()
      return refs.map(ref => latest(run, words, ref)).filter(version => version?.text !== undefined) as Version[]
    },
    history: async query => history(view().run, view().words, query),

    async find(query) {
      const page = view().find(query)
      if (page) return page
      writer.stats.slowQueries++
      return slow.find(query)
    },

    async referrers(type, param, refs, limit) {
      const { run, words } = view()
      // what the parameter is made of may depend on the type it leads to
      const pairs = refs.flatMap(ref =>
        keptParams(aliases, type, param, ref.type).map(kept => [
          words.param(type, kept, 'reference'),
          words.rid(ref.type, ref.id),
        ]),
      )
      const known = pairs.filter((pair): pair is [number, number] => pair[0] !== undefined && pair[1] !== undefined)
      const found = new Map<number, Version>()
      for (let i = 0; i < known.length && found.size < limit; i += SLICE) {
        const some = known.slice(i, i + SLICE)
        const rows = run.all(
          `SELECT r.rid, r.json, r.method FROM (SELECT DISTINCT rid FROM ref WHERE (pid, target) IN (VALUES ${some.map(() => '(?,?)').join(',')}) LIMIT ?) p CROSS JOIN resource r ON r.rid = p.rid`,
          [...some.flat(), limit],
        )
        for (const [rid, json, method] of rows)
          found.set(rid as number, readStamped(type, json as string, METHODS[method as number]!))
      }
      return [...found.values()].slice(0, limit)
    },

    commit: (writes, note) => writer.commit(writes, note),

    async counts() {
      const rows = view().run.all(
        'SELECT t.name, count(*) FROM resource r JOIN type t USING (tid) WHERE r.json IS NOT NULL GROUP BY r.tid',
        [],
      )
      return new Map(rows.map(row => [row[0] as string, row[1] as number]))
    },

    records(name) {
      let known = opened.get(name)
      if (!known) opened.set(name, (known = records(run, () => view().run, writer, name, now)))
      return known
    },

    async reindex(types, progress) {
      let done = 0
      for (const type of types) done = await reindexType(type, done, progress)
      await slow.close()
      return done
    },

    backup: target => writer.undisturbed(() => copyTo(db, target)),

    async verify() {
      const problems = run.all('PRAGMA integrity_check(20)', []).map(row => String(row[0]))
      return problems.filter(problem => problem !== 'ok')
    },

    async close() {
      writer.flush()
      await writer.idle()
      await Promise.all([slow.close(), checkpoints.close()])
      view.close()
      db.close()
    },
  }

  /** In slices, so that requests are answered meanwhile; a search of the type sees those done so far. */
  async function reindexType(type: string, before: number, progress?: (done: number) => void): Promise<number> {
    await writer.idle()
    const tid = words.type(type)
    if (tid === undefined) return before
    let done = before
    let last = 0
    transaction(() => writer.index.removeAll(type))
    for (;;) {
      await writer.idle()
      const rows = run.all(
        'SELECT rid, json FROM resource WHERE tid = ? AND json IS NOT NULL AND rid > ? ORDER BY rid LIMIT ?',
        [tid, last, SLICE],
      )
      if (rows.length === 0) return done
      transaction(() => {
        for (const [rid, json] of rows) {
          const resource = JSON.parse(json as string) as Resource
          // one that was written meanwhile has its words already; the other rows may come twice
          run('DELETE FROM words WHERE rowid = ?').run(rid as number)
          writer.index.add(type, rid as number, extractor.entries(resource))
          last = rid as number
        }
        writer.index.flush()
      })
      done += rows.length
      progress?.(done)
      await new Promise(resolve => setImmediate(resolve))
    }
  }

  function transaction(work: () => void): void {
    db.exec('BEGIN IMMEDIATE')
    try {
      work()
      db.exec('COMMIT')
    } catch (error) {
      db.exec('ROLLBACK')
      words.forget()
      throw error
    }
  }

  return engine
}

const MOST_TRIES = 100

/** A copy that begins just while a commit is under way is refused, without a code that says so; it begins again. */
async function copyTo(db: DatabaseSync, target: string): Promise<void> {
  for (let tries = 1; ; tries++)
    try {
      return void (await backup(db, target))
    } catch (error) {
      const { errcode = 0, message } = error as Error & { errcode?: number }
      const isBusy = errcode % 256 === 5 || errcode % 256 === 6 || message === 'not an error'
      if (!isBusy || tries === MOST_TRIES) throw error
      await setTimeout(10)
    }
}

/** What reads need of a connection. */
interface View {
  readonly run: Statements
  readonly words: Dictionary
  readonly find: Finder['findQuickly']
}

/**
 * The connection to read by: the writer's own, whose pages are in memory; while a large commit is written in slices, another
 * one, which sees only what is committed.
 */
function views(own: View, writer: Writer, path: string, extractor: Extractor): (() => View) & { close(): void } {
  let other: (View & { db: DatabaseSync }) | undefined
  const open = () => {
    const db = openFile(path, true)
    const run = statements(db)
    const words = new Dictionary(run)
    return { db, run, words, find: finder(db, run, words, extractor).findQuickly }
  }
  return Object.assign(() => (writer.busy ? (other ??= open()) : own), { close: () => other?.db.close() })
}
