/**
 * Queries answered on one connection, synchronously: the writer judges conditions with it, reads go through it, and
 * the thread for slow queries has one of its own.
 */
import type { DatabaseSync } from 'node:sqlite'
import { conditions } from '../../search/absorb.ts'
import { type Aliases, aliasOf, noAliases, resolve } from '../../search/aliases.ts'
import { compare, match, sortKey } from '../../search/match.ts'
import type { Extractor, Filter, Position, Query, Sort } from '../../search/query.ts'
import { readStamped } from '../stamp.ts'
import type { Page } from '../store.ts'
import type { Dictionary } from './dictionary.ts'
import { check, type Compile, isExact, isLight, seeks, type Source, source, type Sql } from './filter.ts'
import { named } from './named.ts'
import type { Row, Statements, Value } from './statements.ts'
import { changedSince, type Match, subject } from './snapshot.ts'
import { METHODS } from './versions.ts'

/** So few that counting them all costs nothing. */
const SCANT = 256
const HANDFUL = 16
/** A driver that yields fewer rows than this is read whole and sorted without a thought. */
const FEW = 2_000
/** Beyond so many, walking the resources in page order and checking each is faster than sorting. */
const MANY = 20_000

/** What a query asks of one type: all of this, about kept entries. */
interface Asked {
  readonly type: string
  readonly parts: readonly Filter[]
}

/** Milliseconds in which a store does not become large. */
const LOOK_AGAIN = 100

/** How one type of a query is going to be answered. */
interface Plan {
  readonly type: string
  readonly tid: number
  /** The query's filter, about kept entries. */
  readonly filter: Extract<Filter, { is: 'all' }>
  readonly driver: Source | undefined
  /** What the driver does not already guarantee, about `d.rid`. */
  readonly rest: Filter
  /** How many rows the driver yields, at most `MANY`; undefined when there was no need to know. */
  readonly estimate: number | undefined
}

export interface Finder {
  find(query: Query): Page
  /** The page, when finding it takes so little that other requests need not be spared from it. */
  findQuickly(query: Query): Page | undefined
  /** At most `limit` rids (with their ids) that match: what a condition is judged by. */
  ids(query: Query, limit: number): string[]
}

export function finder(db: DatabaseSync, run: Statements, words: Dictionary, extractor: Extractor): Finder {
  let residuals: { filter: Filter; type: string }[] = []
  const aliases: Aliases = type => extractor.aliases?.(type) ?? noAliases(type)
  const compile: Compile = { words, aliases, residual: (filter, type) => residuals.push({ filter, type }) - 1 }
  const byId = named(run, words, compile)

  db.function('holds', { directOnly: true }, (n: unknown, json: unknown) => {
    const { filter } = residuals[n as number]!
    // what it says of other resources an index has decided already
    return typeof json === 'string' &&
      match(filter, subject(json, extractor), { get: () => undefined, referrers: () => [], extractor })
      ? 1
      : 0
  })
  db.function('sortkey', { directOnly: true }, (param: unknown, kind: unknown, descending: unknown, json: unknown) => {
    const sort = { by: 'param', param, kind, descending: descending === 1 } as Sort
    return typeof json === 'string' ? sortKey(sort, subject(json, extractor)) : null
  })

  let small = true
  let looked = -Infinity
  /** Whether the store holds so little that nothing takes long. Rids only grow, so once it does not it never will again. */
  function isSmall(): boolean {
    const now = performance.now()
    if (!small || now - looked < LOOK_AGAIN) return small
    looked = now
    return (small = ((run.get('SELECT max(rid) FROM resource', [])![0] as number | null) ?? 0) < MANY)
  }

  const sized = new Map<string, { rows: number; until: number }>()

  /** How many rows a source yields, at most `MANY`. What is more than a handful is remembered for a while: only its magnitude matters. */
  function size({ sql, args }: Sql): number {
    const key = `${sql}\n${args.join('\n')}`
    const known = sized.get(key)
    const now = performance.now()
    if (known && known.until > now) return known.rows
    const count = (limit: number) =>
      run.get(`SELECT count(*) FROM (SELECT 1 FROM (${sql}) LIMIT ${limit})`, args)![0] as number
    let rows = count(SCANT)
    const scant = rows < SCANT
    // a handful is as soon counted as remembered
    if (rows < HANDFUL) return rows
    if (!scant) rows = count(MANY)
    if (sized.size >= 1000) sized.clear()
    sized.set(key, { rows, until: now + (scant ? 1_000 : 10_000) })
    return rows
  }

  function plan({ type, parts }: Asked): Plan | undefined {
    const tid = words.type(type)
    if (tid === undefined) return undefined
    const filter: Plan['filter'] = { is: 'all', parts }
    const named = parts.findIndex(part => part.is === 'id' && part.ids.length < SCANT)
    if (named >= 0) {
      const { ids } = parts[named] as Extract<Filter, { is: 'id' }>
      const rest: Filter = { is: 'all', parts: parts.filter((_, i) => i !== named) }
      return { type, tid, filter, driver: source(parts[named]!, type, compile)!, rest, estimate: ids.length }
    }
    // one that reads all the entries of a parameter is only begun with where there is no other
    const direct = parts.some(part => seeks(part) && source(part, type, compile))
    const sources = parts.map(part => (direct && !seeks(part) ? undefined : source(part, type, compile)))
    let best = -1
    let estimate: number | undefined
    const usable = sources.filter(found => found !== undefined).length
    if (usable === 1 && parts.length === 1 && sources[0]!.ordered) best = 0
    else {
      sources.forEach((found, i) => {
        if (!found || (estimate !== undefined && estimate < 50)) return
        const rows = size(found)
        const better =
          estimate === undefined ||
          (rows < FEW || estimate < FEW ? rows < estimate : found.ordered && !sources[best]!.ordered)
        if (better) [best, estimate] = [i, rows]
      })
      if (best >= 0 && estimate! >= MANY && !sources[best]!.ordered) [best, estimate] = [-1, undefined]
    }
    const driver = sources[best]
    return {
      type,
      tid,
      filter,
      driver,
      rest: { is: 'all', parts: parts.filter((part, i) => i !== best || !isExact(part)) },
      estimate,
    }
  }

  /** `FROM … WHERE …` giving `d.rid`, each live resource of the type that matches (several times, when the driver repeats). */
  function from({ driver, rest, tid, type }: Plan, query?: Query): Sql {
    const conditions = unchanged(check(rest, type, 'd.rid', compile), query)
    if (!driver)
      return {
        sql: `FROM resource d WHERE d.tid = ? AND d.json IS NOT NULL AND ${conditions.sql}`,
        args: [tid, ...conditions.args],
      }
    const typed = driver.typed
      ? ''
      : ` AND EXISTS (SELECT 1 FROM resource t WHERE t.rid = d.rid AND t.tid = ${tid} AND t.json IS NOT NULL)`
    return { sql: `FROM (${driver.sql}) d WHERE ${conditions.sql}${typed}`, args: [...driver.args, ...conditions.args] }
  }

  /** Pages of a sorted search after the first: what was changed since is found as it was (store/sqlite/snapshot.ts). */
  const unchanged = (conditions: Sql, query?: Query): Sql =>
    query?.after?.asOf === undefined
      ? conditions
      : {
          sql: `${conditions.sql} AND EXISTS (SELECT 1 FROM resource y WHERE y.rid = d.rid AND y.stamp <= ?)`,
          args: [...conditions.args, query.after.asOf],
        }

  const version = (type: string, row: Row) => readStamped(type, row[1] as string, METHODS[row[2] as number]!)

  const fetched = 'r.rid, r.json, r.method'

  /**
   * The page, when it is full after looking at the newest rows of a driver that has too many to look at all. Whoever asks
   * for two common things mostly gets them so.
   */
  function soon(plan: Plan, query: Query, limit: number): Match[] | undefined {
    const { driver } = plan
    if (!driver?.ordered || !driver.typed || query.sort.length > 0) return undefined
    const before = query.after ? ' WHERE rid < ?' : ''
    const sql = `SELECT rid FROM (${driver.sql})${before} ORDER BY rid DESC LIMIT ${FEW}`
    const args = query.after ? [...driver.args, query.after.rid] : driver.args
    const found = byRid({ ...plan, driver: { ...driver, sql, args } }, query, limit)
    return found.length === limit ? found : undefined
  }

  /** Newest first. The limit is written out here and elsewhere: when it is bound, SQLite prepares the statement anew each time. */
  function byRid(plan: Plan, query: Query, limit: number): Match[] {
    const { sql, args } = from(plan)
    const distinct = plan.driver && !plan.driver.unique ? 'DISTINCT ' : ''
    const before = query.after ? ' AND d.rid < ?' : ''
    const rows = run.all(
      `SELECT ${fetched} FROM (SELECT ${distinct}d.rid ${sql}${before} ORDER BY d.rid DESC LIMIT ${limit}) p CROSS JOIN resource r NOT INDEXED ON r.rid = p.rid ORDER BY p.rid DESC`,
      query.after ? [...args, query.after.rid] : args,
    )
    return rows.map(row => ({
      version: version(plan.type, row),
      position: { keys: [], rid: row[0] as number, type: plan.type },
    }))
  }

  /** The column that a sort key reads from an index that is in its order; undefined when there is none. */
  function inOrder(sort: Sort, type: string): { table: string; column: string; pid: number; more: string } | undefined {
    if (sort.by !== 'param') return undefined
    const pid = words.param(type, sort.param, sort.kind)
    if (pid === undefined) return undefined
    if (sort.kind === 'date') return { table: 'date', column: 'low', pid, more: 'span' }
    if (sort.kind === 'string') return { table: 'string', column: 'text', pid, more: 'exact' }
    return sort.kind === 'quantity' ? { table: 'quantity', column: 'low', pid, more: 'uid' } : undefined
  }

  /** One sort key with an index of its own, and no driver that would leave few to sort: read the index in order. */
  function byIndex(plan: Plan, query: Query, limit: number): Match[] | undefined {
    const sort = query.sort[0]!
    if (query.sort.length !== 1 || (plan.estimate !== undefined && plan.estimate < FEW)) return undefined
    const [by, past] = sort.descending ? ['DESC', '<'] : ['ASC', '>']
    const page = (sql: string, args: readonly Value[], most: number): Match[] =>
      run
        .all(
          `SELECT ${fetched}, p.k FROM (${sql} LIMIT ${most}) p CROSS JOIN resource r NOT INDEXED ON r.rid = p.rid`,
          args,
        )
        .map(row => ({
          version: version(plan.type, row),
          position: { keys: [row[3] as Value], rid: row[0] as number, type: plan.type },
        }))
    const after = query.after
    const key = after?.keys[0]
    if (sort.by !== 'param') {
      const conditions = unchanged(check(plan.filter, plan.type, 'd.rid', compile), query)
      const column = sort.by === 'id' ? 'd.id' : 'd.stamp'
      const cursor = after ? ` AND ${column} ${past}= ? AND (${column} ${past} ? OR d.rid < ?)` : ''
      return page(
        `SELECT d.rid, ${column} k FROM resource d WHERE d.tid = ? AND d.json IS NOT NULL AND d.version > 0 AND ${conditions.sql}${cursor} ORDER BY ${column} ${by}, d.rid DESC`,
        [plan.tid, ...conditions.args, ...(after ? [key!, key!, after.rid] : [])],
        limit,
      )
    }
    const index = inOrder(sort, plan.type)
    if (!index) return undefined
    const { table, column, pid, more } = index
    const found: Match[] = []
    if (!after || key !== null) {
      const conditions = unchanged(check(plan.filter, plan.type, 'd.rid', compile), query)
      const cursor = after ? ` AND d.${column} ${past}= ? AND (d.${column} ${past} ? OR d.rid < ?)` : ''
      const first = `NOT EXISTS (SELECT 1 FROM ${table} o WHERE o.pid = d.pid AND o.rid = d.rid AND (o.${column} ${sort.descending ? '>' : '<'} d.${column} OR (o.${column} = d.${column} AND o.${more} < d.${more})))`
      found.push(
        ...page(
          `SELECT DISTINCT d.rid, d.${column} k FROM ${table} d WHERE d.pid = ?${cursor} AND ${first} AND ${conditions.sql} ORDER BY d.${column} ${by}, d.rid DESC`,
          [pid, ...(after ? [key!, key!, after.rid] : []), ...conditions.args],
          limit,
        ),
      )
    }
    if (found.length < limit) {
      const conditions = unchanged(check(plan.filter, plan.type, 'd.rid', compile), query)
      const cursor = after && key === null ? ' AND d.rid < ?' : ''
      found.push(
        ...page(
          `SELECT d.rid, NULL k FROM resource d WHERE d.tid = ? AND d.json IS NOT NULL AND NOT EXISTS (SELECT 1 FROM ${table} o WHERE o.pid = ? AND o.rid = d.rid) AND ${conditions.sql}${cursor} ORDER BY d.rid DESC`,
          [plan.tid, pid, ...conditions.args, ...(cursor ? [after!.rid] : [])],
          limit - found.length,
        ),
      )
    }
    return found
  }

  /** The value that a sort key has for `d.rid`. Times are equal within a millisecond where another key follows. */
  function keyOf(sort: Sort, type: string, last: boolean): Sql {
    if (sort.by !== 'param')
      return {
        sql: `(SELECT ${sort.by === 'id' ? 'id' : last ? 'stamp' : 'stamp / 1024'} FROM resource k WHERE k.rid = d.rid)`,
        args: [],
      }
    const index = inOrder(sort, type)
    const best = sort.descending ? 'max' : 'min'
    if (index)
      return {
        sql: `(SELECT ${best}(k.${index.column}) FROM ${index.table} k WHERE k.pid = ? AND k.rid = d.rid)`,
        args: [index.pid],
      }
    if (words.param(type, sort.param, sort.kind) === undefined && !aliasOf(aliases, type, sort.param))
      return { sql: 'NULL', args: [] }
    return {
      sql: 'sortkey(?, ?, ?, (SELECT json FROM resource k WHERE k.rid = d.rid))',
      args: [sort.param, sort.kind, sort.descending ? 1 : 0],
    }
  }

  /** Every match with its keys, sorted. */
  function bySorting(plan: Plan, query: Query, limit: number): Match[] {
    const keys = query.sort.map((sort, i) => keyOf(sort, plan.type, i === query.sort.length - 1))
    const { sql, args } = from(plan, query)
    const order = query.sort.map((sort, i) => `k${i} IS NULL, k${i} ${sort.descending ? 'DESC' : 'ASC'}`).join(', ')
    const cursor = query.after ? behind(query.sort, query.after) : { sql: '1', args: [] }
    const rows = run.all(
      `SELECT ${fetched}, ${keys.map((_, i) => `p.k${i}`).join(', ')} FROM (SELECT * FROM (SELECT DISTINCT d.rid, ${keys.map((key, i) => `${key.sql} k${i}`).join(', ')} ${sql}) WHERE ${cursor.sql} ORDER BY ${order}, rid DESC LIMIT ${limit}) p CROSS JOIN resource r NOT INDEXED ON r.rid = p.rid`,
      [...keys.flatMap(key => key.args), ...args, ...cursor.args],
    )
    return rows.map(row => ({
      version: version(plan.type, row),
      position: { keys: row.slice(3), rid: row[0] as number, type: plan.type },
    }))
  }

  function matches(plan: Plan, query: Query, limit: number): Match[] {
    if (query.sort.length === 0) return byRid(plan, query, limit)
    const found = byIndex(plan, query, limit) ?? bySorting(plan, query, limit)
    const asOf = query.after?.asOf
    if (asOf === undefined) return found
    const old = changedSince(asOf, plan, query, { run, words, extractor, aliases }).filter(
      one => inOrderOf(query.sort, one.position, query.after!) > 0,
    )
    return old.length === 0 ? found : [...found, ...old].sort((a, b) => inOrderOf(query.sort, a.position, b.position))
  }

  function total(plans: readonly Plan[], kind: Query['total']): number {
    return plans.reduce((sum, one) => sum + (kind === 'estimate' ? estimated(one) : counted(one)), 0)
  }

  function counted(plan: Plan): number {
    const { sql, args } = from(plan)
    const what = !plan.driver || plan.driver.unique ? 'SELECT count(*)' : 'SELECT count(*) FROM (SELECT DISTINCT d.rid'
    return run.get(`${what} ${sql}${what.endsWith('rid') ? ')' : ''}`, args)![0] as number
  }

  /** Exact up to `MANY`; beyond, what the rids of the first `MANY` say of the rest. */
  function estimated(plan: Plan): number {
    const { sql, args } = from(plan)
    const [count, low, high] = run.get(
      `SELECT count(*), min(rid), max(rid) FROM (SELECT DISTINCT d.rid ${sql} LIMIT ${MANY})`,
      args,
    ) as [number, number, number]
    if (count < MANY) return count
    const newest = run.get('SELECT max(rid) FROM resource', [])![0] as number
    return Math.round((count * newest) / Math.max(1, high - low + 1))
  }

  const newestStamp = () => run.get('SELECT coalesce(max(stamp), 0) FROM resource WHERE version > 0', [])![0] as number

  /** What is asked of each type. */
  const asked = ({ types, filter }: Query): readonly Asked[] =>
    types.map(type => ({ type, parts: conditions(resolve(filter, type, aliases)) }))

  const plans = (all: readonly Asked[]): Plan[] => {
    residuals = []
    return all.map(plan).filter(found => found !== undefined)
  }

  function find(ready: readonly Plan[], query: Query): Page {
    const limit = query.count + 1
    let found = query.count === 0 ? [] : ready.flatMap(one => matches(one, query, limit))
    if (ready.length > 1) found = found.sort((a, b) => inOrderOf(query.sort, a.position, b.position))
    return pageOf(found, query, query.total === 'none' ? undefined : total(ready, query.total))
  }

  /** `found` is one longer than the page, when there is a next one. */
  function pageOf(found: Match[], query: Query, total: number | undefined): Page {
    const more = found.length > query.count
    if (more) found.length = query.count
    const last = more ? found.at(-1)?.position : undefined
    const next = last && query.sort.length > 0 ? { ...last, asOf: query.after?.asOf ?? newestStamp() } : last
    return { matches: found.map(one => one.version), next, total }
  }

  function isQuick(one: Plan, query: Query): boolean {
    // reading texts takes longer than reading an index
    const rows = one.driver?.ordered && query.sort.length === 0 && !readsTexts(one.rest) ? MANY : FEW
    if (one.estimate !== undefined && one.estimate < rows) return true
    const { parts } = one.filter
    const straight = parts.length === 0 || (parts.length === 1 && !!one.driver?.ordered)
    const [sort, ...others] = query.sort
    const sorted =
      !sort || (others.length === 0 && parts.length === 0 && (sort.by !== 'param' || !!inOrder(sort, one.type)))
    return straight && sorted && query.total !== 'accurate'
  }

  return {
    find: query => find(plans(asked(query)), query),

    findQuickly(query) {
      const one = byId(query)
      if (one) return one
      const all = asked(query)
      if (isSmall()) return find(plans(all), query)
      const few = (source: Sql) => size(source) < FEW
      const light = all.every(
        ({ type, parts }) =>
          parts.every(part => isLight(part, type, compile, few)) && (parts.length === 0 || parts.some(seeks)),
      )
      if (!light) return undefined
      const ready = plans(all)
      if (ready.every(one => isQuick(one, query))) return find(ready, query)
      if (ready.length !== 1 || query.total !== 'none' || query.count === 0) return undefined
      const found = soon(ready[0]!, query, query.count + 1)
      return found && pageOf(found, query, undefined)
    },

    ids(query, limit) {
      return plans(asked(query)).flatMap(one =>
        byRid(one, { ...query, sort: [] }, limit).map(found => found.version.ref.id),
      )
    },
  }
}

/** Whether some of a filter is judged by the resource's text. */
const readsTexts = (filter: Filter): boolean =>
  filter.is === 'all' || filter.is === 'any'
    ? filter.parts.some(readsTexts)
    : filter.is === 'not'
      ? readsTexts(filter.part)
      : filter.is === 'tuple' || filter.is === 'near' || filter.is === 'contains'

/** The rows behind a position, in the order of the sort: missing values last, equal ones newest first. */
function behind(sort: readonly Sort[], after: Position): Sql {
  const args: Value[] = []
  let sql = 'rid < ?'
  const tail: Value[] = [after.rid]
  let inner: Value[] = tail
  for (let i = sort.length - 1; i >= 0; i--) {
    const key = after.keys[i] ?? null
    const past = sort[i]!.descending ? '<' : '>'
    if (key === null) sql = `(k${i} IS NULL AND ${sql})`
    else {
      sql = `(k${i} IS NULL OR k${i} ${past} ? OR (k${i} = ? AND ${sql}))`
      inner = [key, key, ...inner]
    }
  }
  args.push(...inner)
  return { sql, args }
}

function inOrderOf(sort: readonly Sort[], a: Position, b: Position): number {
  for (let i = 0; i < sort.length; i++) {
    const [x, y] = [a.keys[i] ?? null, b.keys[i] ?? null]
    if (x === y) continue
    if (x === null) return 1
    if (y === null) return -1
    const order = compare(x, y)
    return sort[i]!.descending ? -order : order
  }
  return b.rid - a.rid
}
