/**
 * Index entries as rows: which table, which numbers.
 */
import { type Aliases, aliasOf, noAliases } from '../../search/aliases.ts'
import type { IndexEntry } from '../../search/query.ts'
import type { GrowingDictionary } from './dictionary.ts'
import { Inserts, type Statements, type Value } from './statements.ts'

const same = (a: IndexEntry): string => {
  switch (a.kind) {
    case 'token':
      return `t${a.param}\n${a.system}\n${a.code}`
    case 'string':
      return `s${a.param}\n${a.text}\n${a.exact}`
    case 'text':
      return `x${a.param}\n${a.text}`
    case 'reference':
      return `r${a.param}\n${a.ref}`
    case 'date':
      return `d${a.param}\n${a.low}\n${a.high}`
    case 'quantity':
      return `q${a.param}\n${a.low}\n${a.high}\n${a.system}\n${a.code}\n${a.unit}`
    case 'words':
      return `w${a.param}\n${a.text}`
  }
}

/** Nothing, which takes no room, when the quantity is one value: what it mostly is. */
const highOf = ({ low, high }: { low: number; high: number }): number | '' => (high === low ? '' : high)

/** The rows of the index tables, collected and written many at a time. */
export class IndexRows {
  readonly #run: Statements
  readonly #dictionary: GrowingDictionary
  readonly #aliases: Aliases
  readonly tables: Readonly<Record<'token' | 'text' | 'string' | 'ref' | 'date' | 'quantity' | 'words', Inserts>>

  constructor(run: Statements, dictionary: GrowingDictionary, aliases: Aliases = noAliases) {
    this.#run = run
    this.#dictionary = dictionary
    this.#aliases = aliases
    this.tables = {
      token: new Inserts(run, 'token', 4),
      text: new Inserts(run, 'text', 3),
      string: new Inserts(run, 'string', 4),
      ref: new Inserts(run, 'ref', 3),
      date: new Inserts(run, 'date', 4),
      quantity: new Inserts(run, 'quantity', 5),
      words: new Inserts(run, 'words(rowid, text, content)', 3),
    }
  }

  flush(): void {
    for (const table of Object.values(this.tables)) table.flush()
  }

  clear(): void {
    for (const table of Object.values(this.tables)) table.clear()
  }

  /** All entries of a resource that had none. */
  add(type: string, rid: number, entries: readonly IndexEntry[]): void {
    let text: string | undefined
    let content: string | undefined
    for (const entry of entries) {
      if (entry.kind !== 'words') this.#add(type, rid, entry)
      else if (entry.param === '_text') text = entry.text
      else content = entry.text
    }
    if (text !== undefined || content !== undefined) this.tables.words.add(rid, text ?? '', content ?? '')
  }

  #add(type: string, rid: number, entry: Exclude<IndexEntry, { kind: 'words' }>): void {
    if (aliasOf(this.#aliases, type, entry.param)) return
    const words = this.#dictionary
    const pid = words.makeParam(type, entry.param, entry.kind)
    switch (entry.kind) {
      case 'token':
        return this.tables.token.add(pid, entry.code, rid, words.makeSystem(entry.system))
      case 'string':
        return this.tables.string.add(pid, entry.text, rid, entry.exact === entry.text ? '' : entry.exact)
      case 'text':
        return this.tables.text.add(pid, words.makePhrase(entry.text), rid)
      case 'reference':
        return this.tables.ref.add(pid, words.makeTarget(entry.ref), rid)
      case 'date':
        return this.tables.date.add(pid, entry.low, entry.high - entry.low, rid)
      case 'quantity':
        return this.tables.quantity.add(
          pid,
          entry.low,
          words.makeUnit(entry.code, entry.system, entry.unit),
          rid,
          highOf(entry),
        )
    }
  }

  /** What is only in `before` goes, what is only in `after` comes. Rows still collected are written first. */
  replace(type: string, rid: number, before: readonly IndexEntry[], after: readonly IndexEntry[]): void {
    this.flush()
    const old = new Map(before.map(entry => [same(entry), entry]))
    const fresh: IndexEntry[] = []
    let words = false
    for (const entry of after) {
      if (!old.delete(same(entry))) {
        fresh.push(entry)
        words ||= entry.kind === 'words'
      }
    }
    for (const entry of old.values()) {
      if (entry.kind === 'words') words = true
      else this.#remove(type, rid, entry)
    }
    if (words) this.#run('DELETE FROM words WHERE rowid = ?').run(rid)
    this.add(
      type,
      rid,
      words
        ? [...fresh.filter(entry => entry.kind !== 'words'), ...after.filter(entry => entry.kind === 'words')]
        : fresh,
    )
  }

  #remove(type: string, rid: number, entry: Exclude<IndexEntry, { kind: 'words' }>): void {
    if (aliasOf(this.#aliases, type, entry.param)) return
    const words = this.#dictionary
    const remove = (sql: string, ...args: Value[]) => void this.#run(sql).run(...args)
    const pid = words.makeParam(type, entry.param, entry.kind)
    switch (entry.kind) {
      case 'token':
        return remove(
          'DELETE FROM token WHERE pid = ? AND code = ? AND rid = ? AND sid = ?',
          pid,
          entry.code,
          rid,
          words.makeSystem(entry.system),
        )
      case 'string':
        return remove(
          'DELETE FROM string WHERE pid = ? AND text = ? AND rid = ? AND exact = ?',
          pid,
          entry.text,
          rid,
          entry.exact === entry.text ? '' : entry.exact,
        )
      case 'text':
        return remove('DELETE FROM text WHERE pid = ? AND fid = ? AND rid = ?', pid, words.makePhrase(entry.text), rid)
      case 'reference':
        return remove('DELETE FROM ref WHERE pid = ? AND target = ? AND rid = ?', pid, words.makeTarget(entry.ref), rid)
      case 'date':
        return remove(
          'DELETE FROM date WHERE pid = ? AND low = ? AND span = ? AND rid = ?',
          pid,
          entry.low,
          entry.high - entry.low,
          rid,
        )
      case 'quantity':
        return remove(
          'DELETE FROM quantity WHERE pid = ? AND low = ? AND uid = ? AND rid = ? AND high = ?',
          pid,
          entry.low,
          words.makeUnit(entry.code, entry.system, entry.unit),
          rid,
          highOf(entry),
        )
    }
  }

  /** Everything that a resource is found by goes, whatever made it: `$reindex` after definitions changed. */
  removeAll(type: string): void {
    this.flush()
    const tid = this.#dictionary.makeType(type)
    this.#run('DELETE FROM words WHERE rowid IN (SELECT rid FROM resource WHERE tid = ? AND json IS NOT NULL)').run(tid)
    for (const [pid, kind] of this.#run.all('SELECT pid, kind FROM param WHERE type = ?', [type])) {
      const table = kind === 'reference' ? 'ref' : (kind as string)
      if (kind !== 'words') this.#run(`DELETE FROM ${table} WHERE pid = ?`).run(pid as number)
    }
  }
}
