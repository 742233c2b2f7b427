/**
 * The small numbers that stand for words in the index tables: types, parameters, systems, units, phrases,
 * and the rid of a reference's target. Read from the file when asked, kept in memory, made by the writer alone.
 */
import type { EntryKind } from '../../search/query.ts'
import type { Statements } from './statements.ts'

const KEPT = 100_000

/** Kept words of one kind; the oldest half goes when there are too many. */
class Kept extends Map<string, number> {
  keep(key: string, value: number): number {
    if (this.size >= KEPT) {
      let drop = KEPT / 2
      for (const old of this.keys()) {
        if (drop-- === 0) break
        this.delete(old)
      }
    }
    this.set(key, value)
    return value
  }
}

/** Looks words up; undefined when the store has never seen them. */
export class Dictionary {
  protected readonly run: Statements
  protected readonly pids = new Map<string, Map<EntryKind, Map<string, number>>>()
  protected readonly kept = {
    type: new Kept(),
    system: new Kept(),
    unit: new Kept(),
    phrase: new Kept(),
    rid: new Kept(),
  }
  readonly #names = new Map<number, string>()
  /** How often a word was asked for that the store has never seen. */
  readonly missed = { params: 0, others: 0 }
  /** Whether every parameter is made here, so that `params` tells of each. */
  readonly grows: boolean = false
  /** How many parameters were made. */
  params = 0
  /** A number means the same word as long as this is the same. */
  era = 0

  constructor(run: Statements) {
    this.run = run
  }

  protected look(
    kind: keyof typeof this.kept,
    key: string,
    sql: string,
    ...args: (string | number)[]
  ): number | undefined {
    const known = this.kept[kind].get(key)
    if (known !== undefined) return known
    const row = this.run.get(sql, args)
    if (row) return this.kept[kind].keep(key, row[0] as number)
    this.missed.others++
    return undefined
  }

  type(name: string): number | undefined {
    return this.look('type', name, 'SELECT tid FROM type WHERE name = ?', name)
  }

  typeName(tid: number): string {
    let name = this.#names.get(tid)
    if (name === undefined) {
      name = (this.run.get('SELECT name FROM type WHERE tid = ?', [tid])?.[0] as string | undefined) ?? ''
      this.#names.set(tid, name)
    }
    return name
  }

  /** Asked for every entry of every resource, hence maps within maps instead of a key put together. */
  param(type: string, name: string, kind: EntryKind): number | undefined {
    const known = this.pids.get(type)?.get(kind)?.get(name)
    if (known !== undefined) return known
    const row = this.run.get('SELECT pid FROM param WHERE type = ? AND name = ? AND kind = ?', [type, name, kind])
    if (row) return this.keepParam(type, name, kind, row[0] as number)
    this.missed.params++
    return undefined
  }

  protected keepParam(type: string, name: string, kind: EntryKind, pid: number): number {
    let kinds = this.pids.get(type)
    if (!kinds) this.pids.set(type, (kinds = new Map()))
    let names = kinds.get(kind)
    if (!names) kinds.set(kind, (names = new Map()))
    names.set(name, pid)
    return pid
  }

  system(uri: string): number | undefined {
    return uri === '' ? 0 : this.look('system', uri, 'SELECT sid FROM system WHERE uri = ?', uri)
  }

  unit(code: string, system: string, unit: string): number | undefined {
    if (code === '' && system === '' && unit === '') return 0
    return this.look(
      'unit',
      `${code}\n${system}\n${unit}`,
      'SELECT uid FROM unit WHERE code = ? AND system = ? AND unit = ?',
      code,
      system,
      unit,
    )
  }

  phrase(text: string): number | undefined {
    return this.look('phrase', text, 'SELECT fid FROM phrase WHERE text = ?', text)
  }

  /** The rid that a reference leads to: `Patient/123`, or any other text (an absolute URL, a canonical) as it is. */
  target(ref: string): number | undefined {
    const known = this.kept.rid.get(ref)
    if (known !== undefined) return known
    const [type, id] = split(ref)
    const tid = this.type(type)
    return tid === undefined
      ? undefined
      : this.look('rid', ref, 'SELECT rid FROM resource WHERE tid = ? AND id = ?', tid, id)
  }

  rid(type: string, id: string): number | undefined {
    return this.target(`${type}/${id}`)
  }
}

/** `Patient/123` is a resource of this store; everything else is of the type without a name. */
export function split(ref: string): [type: string, id: string] {
  const slash = ref.indexOf('/')
  return slash > 0 && ref.indexOf('/', slash + 1) < 0 && /^[A-Z][A-Za-z]+$/.test(ref.slice(0, slash))
    ? [ref.slice(0, slash), ref.slice(slash + 1)]
    : ['', ref]
}

/** Looks words up and makes those that are not there. Only the writer has one; `forget` after a rollback. */
export class GrowingDictionary extends Dictionary {
  override readonly grows = true
  #next: Record<'type' | 'param' | 'system' | 'unit' | 'phrase' | 'rid', number> | undefined

  /** The next free number of a dictionary. */
  #take(kind: 'type' | 'param' | 'system' | 'unit' | 'phrase' | 'rid'): number {
    const most = (sql: string) => ((this.run.get(sql, [])![0] as number | null) ?? 0) + 1
    this.#next ??= {
      type: most('SELECT max(tid) FROM type'),
      param: most('SELECT max(pid) FROM param'),
      system: most('SELECT max(sid) FROM system'),
      unit: most('SELECT max(uid) FROM unit'),
      phrase: most('SELECT max(fid) FROM phrase'),
      rid: most('SELECT max(rid) FROM resource'),
    }
    return this.#next[kind]++
  }

  /** After a rollback: what was made may be gone. */
  forget(): void {
    this.era++
    for (const kept of Object.values(this.kept)) kept.clear()
    this.pids.clear()
    this.#next = undefined
  }

  makeType(name: string): number {
    return this.type(name) ?? this.#make('type', name, 'INSERT INTO type VALUES (?, ?)', name)
  }

  makeParam(type: string, name: string, kind: EntryKind): number {
    const known = this.param(type, name, kind)
    if (known !== undefined) return known
    const pid = this.#take('param')
    this.run('INSERT INTO param VALUES (?, ?, ?, ?)').run(pid, type, name, kind)
    this.params++
    return this.keepParam(type, name, kind, pid)
  }

  makeSystem(uri: string): number {
    return this.system(uri) ?? this.#make('system', uri, 'INSERT INTO system VALUES (?, ?)', uri)
  }

  makeUnit(code: string, system: string, unit: string): number {
    return (
      this.unit(code, system, unit) ??
      this.#make('unit', `${code}\n${system}\n${unit}`, 'INSERT INTO unit VALUES (?, ?, ?, ?)', code, system, unit)
    )
  }

  makePhrase(text: string): number {
    return this.phrase(text) ?? this.#make('phrase', text, 'INSERT INTO phrase VALUES (?, ?)', text)
  }

  /** The rid of a reference's target; a row without a version when nothing is stored there yet. */
  makeTarget(ref: string): number {
    const known = this.target(ref)
    if (known !== undefined) return known
    const [type, id] = split(ref)
    return this.#make('rid', ref, 'INSERT INTO resource VALUES (?, ?, ?, 0, 0, 0, NULL)', this.makeType(type), id)
  }

  /** A fresh rid for a resource that the store has never heard of; its row is the caller's to insert. */
  newRid(type: string, id: string): number {
    return this.kept.rid.keep(`${type}/${id}`, this.#take('rid'))
  }

  #make(
    kind: 'type' | 'system' | 'unit' | 'phrase' | 'rid',
    key: string,
    sql: string,
    ...args: (string | number)[]
  ): number {
    const number = this.#take(kind)
    this.run(sql).run(number, ...args)
    return this.kept[kind].keep(key, number)
  }
}
