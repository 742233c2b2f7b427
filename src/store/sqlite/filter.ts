/**
 * Filter → SQL. `check` says of one resource (an SQL expression for its rid) whether it satisfies a filter; `source`
 * gives the rids that do, from an index, where the filter has one to start from.
 */
import { type Aliases, resolve } from '../../search/aliases.ts'
import { type EntryKind, everything, type Filter, type Predicate } from '../../search/query.ts'
import type { Dictionary } from './dictionary.ts'
import type { Value } from './statements.ts'

export interface Sql {
  readonly sql: string
  readonly args: readonly Value[]
}

/** A place to start from: `sql` yields a column `rid`, in the order of rids when `ordered`. */
export interface Source extends Sql {
  readonly ordered: boolean
  /** Every rid is of the type asked, so that its row need not be looked at. */
  readonly typed: boolean
  /** A source yields a rid at most once. */
  readonly unique: boolean
}

/** What translating needs beside the filter. `residual` keeps a filter that only the resource's text can answer; its number goes into the SQL. */
export interface Compile {
  readonly words: Dictionary
  /** Filters come with their aliases resolved, but for what is made of them here. */
  readonly aliases: Aliases
  readonly residual: (filter: Filter, type: string) => number
}

type Has = Extract<Filter, { is: 'has' }>

const never: Sql = { sql: '0', args: [] }
const always: Sql = { sql: '1', args: [] }
const join = (parts: readonly Sql[], by: ' AND ' | ' OR ', none: Sql): Sql =>
  parts.length === 0
    ? none
    : parts.length === 1
      ? parts[0]!
      : { sql: `(${parts.map(part => part.sql).join(by)})`, args: parts.flatMap(part => part.args) }

/** LIKE would fold case and know wildcards; these do neither. */
const ceiling = (prefix: string) => prefix + '\u{10FFFF}'

const tableOf: Readonly<Record<Exclude<EntryKind, 'words'>, string>> = {
  string: 'string',
  token: 'token',
  text: 'text',
  reference: 'ref',
  date: 'date',
  quantity: 'quantity',
}

/** A predicate over the row of an index table. */
function row(predicate: Predicate, kind: EntryKind, words: Dictionary): Sql {
  switch (predicate.is) {
    case 'and':
      return join(
        predicate.parts.map(part => row(part, kind, words)),
        ' AND ',
        always,
      )
    case 'or':
      return join(
        predicate.parts.map(part => row(part, kind, words)),
        ' OR ',
        never,
      )
    case 'phrase':
      return never
    default:
      return column(predicate, kind, words)
  }
}

type ColumnPredicate = Exclude<Predicate, { is: 'and' | 'or' | 'phrase' }>

function column(predicate: ColumnPredicate, kind: EntryKind, words: Dictionary): Sql {
  const name = predicate.column
  if (kind === 'token' && name === 'system')
    return interned(predicate, 'sid', 'SELECT sid FROM system WHERE ', 'uri', text => words.system(text))
  const typed =
    kind === 'reference' && predicate.is === 'starts' ? /^([A-Z][A-Za-z]*)\/$/.exec(predicate.value)?.[1] : undefined
  if (typed !== undefined)
    return {
      sql: 'EXISTS (SELECT 1 FROM resource x WHERE x.rid = target AND x.tid = ?)',
      args: [words.type(typed) ?? -1],
    }
  if (kind === 'reference')
    return interned(
      predicate,
      'target',
      "SELECT rid FROM (SELECT r.rid, CASE WHEN r.tid = 0 THEN r.id ELSE y.name || '/' || r.id END text FROM resource r JOIN type y USING (tid)) WHERE ",
      'text',
      text => words.target(text),
    )
  if (kind === 'text') return { ...prefixed('fid IN (SELECT fid FROM phrase WHERE ', compare(predicate, 'text')) }
  if (kind === 'quantity' && (name === 'system' || name === 'code' || name === 'unit'))
    return prefixed('uid IN (SELECT uid FROM unit WHERE ', compare(predicate, name))
  if (kind === 'quantity' && name === 'high') return compare(predicate, "CASE WHEN high = '' THEN low ELSE high END")
  if (kind === 'date' && name === 'high') return compare(predicate, 'low + span')
  if (kind === 'string' && name === 'exact') return compare(predicate, "CASE WHEN exact = '' THEN text ELSE exact END")
  return compare(predicate, name)
}

const prefixed = (sql: string, inner: Sql): Sql => ({ sql: `${sql}${inner.sql})`, args: inner.args })

/** A column that holds the number of a word. */
function interned(
  predicate: ColumnPredicate,
  name: string,
  select: string,
  text: string,
  look: (text: string) => number | undefined,
): Sql {
  const numbers =
    predicate.is === 'one of'
      ? predicate.values.map(look)
      : predicate.is === 'compare' && predicate.by === '='
        ? [look(String(predicate.value))]
        : undefined
  if (!numbers) return prefixed(`${name} IN (${select}`, compare(predicate, text))
  const known = numbers.filter(number => number !== undefined)
  return known.length === 0
    ? never
    : known.length === 1
      ? { sql: `${name} = ?`, args: known }
      : { sql: `${name} IN (${known.map(() => '?').join(',')})`, args: known }
}

function compare(predicate: ColumnPredicate, name: string): Sql {
  switch (predicate.is) {
    case 'compare':
      return { sql: `${name} ${predicate.by} ?`, args: [predicate.value] }
    case 'starts':
      return predicate.value === ''
        ? always
        : { sql: `(${name} >= ? AND ${name} < ?)`, args: [predicate.value, ceiling(predicate.value)] }
    case 'contains':
      return predicate.value === '' ? always : { sql: `instr(${name}, ?) > 0`, args: [predicate.value] }
    case 'ends':
      return predicate.value === ''
        ? always
        : { sql: `substr(${name}, -length(?)) = ?`, args: [predicate.value, predicate.value] }
    case 'one of':
      return predicate.values.length === 0
        ? never
        : { sql: `${name} IN (${predicate.values.map(() => '?').join(',')})`, args: predicate.values }
  }
}

/** Whether the predicate fixes this column to one value (or one of a few): then the index finds it at once. */
function pinned(predicate: Predicate | undefined, name: 'code' | 'ref'): 'one' | 'few' | undefined {
  if (!predicate) return undefined
  if (predicate.is === 'compare' && predicate.by === '=' && predicate.column === name) return 'one'
  if (predicate.is === 'one of' && predicate.column === name) return predicate.values.length === 1 ? 'one' : 'few'
  if (predicate.is === 'and') return predicate.parts.map(part => pinned(part, name)).find(found => found !== undefined)
  return undefined
}

/** The alternatives of a `has`: one `has` each, since "some entry" passes through "or". */
function alternatives(filter: Has): readonly Has[] {
  return filter.where?.is === 'or' ? filter.where.parts.flatMap(where => alternatives({ ...filter, where })) : [filter]
}

/** The FTS5 query of a predicate over words; undefined when it cannot be said. */
function fullText(predicate: Predicate): string | undefined {
  if (predicate.is === 'phrase')
    return predicate.value === '' ? undefined : `"${predicate.value.replaceAll('"', '""')}"`
  if (predicate.is !== 'and' && predicate.is !== 'or') return undefined
  const parts = predicate.parts.map(fullText)
  return parts.length === 0 || parts.includes(undefined)
    ? undefined
    : `(${parts.join(predicate.is === 'and' ? ' AND ' : ' OR ')})`
}

/**
 * Which resources have words at all: FTS5 keeps how many, a varint for `text` and one for `content`.
 * https://sqlite.org/fts5.html#fts5_data_structures
 */
const anyWords = {
  text: "substr(sz, 1, 1) <> x'00'",
  content: "NOT (substr(sz, -1) = x'00' AND substr(sz, -2, 1) < x'80')",
}

function wordsMatch(filter: Has): Sql | undefined {
  if (!filter.where)
    return {
      sql: `SELECT id rid FROM words_docsize WHERE ${anyWords[filter.param === '_text' ? 'text' : 'content']}`,
      args: [],
    }
  const query = filter.where && fullText(filter.where)
  return query
    ? {
        sql: 'SELECT rowid rid FROM words WHERE words MATCH ?',
        args: [`{${filter.param === '_text' ? 'text' : 'content'}} : ${query}`],
      }
    : undefined
}

const selectHas = (pid: number, filter: Has, words: Dictionary): Sql => {
  const where = filter.where ? row(filter.where, filter.kind, words) : always
  return {
    sql: `SELECT rid FROM ${tableOf[filter.kind as 'string']} WHERE pid = ? AND ${where.sql}`,
    args: [pid, ...where.args],
  }
}

/** Whether the resource with this rid satisfies the filter, as an SQL expression. */
export function check(filter: Filter, type: string, rid: string, compile: Compile, depth = 0): Sql {
  const { words } = compile
  switch (filter.is) {
    case 'all':
      return join(
        filter.parts.map(part => check(part, type, rid, compile, depth)),
        ' AND ',
        always,
      )
    case 'any':
      return join(
        filter.parts.map(part => check(part, type, rid, compile, depth)),
        ' OR ',
        never,
      )
    case 'not':
      return prefixed('NOT (', check(filter.part, type, rid, compile, depth))
    case 'has':
      return checkHas(filter, type, rid, words)
    case 'type':
      return filter.types.includes(type) ? always : never
    case 'id': {
      const tid = words.type(type)
      if (tid === undefined || filter.ids.length === 0) return never
      return {
        sql: `${rid} IN (SELECT rid FROM resource WHERE tid = ? AND id IN (${filter.ids.map(() => '?').join(',')}) AND json IS NOT NULL)`,
        args: [tid, ...filter.ids],
      }
    }
    case 'updated':
      return {
        sql: `EXISTS (SELECT 1 FROM resource u WHERE u.rid = ${rid} AND u.stamp BETWEEN ? AND ?)`,
        args: stamps(filter),
      }
    case 'link':
      return checkLink(filter, type, rid, compile, depth)
    case 'linked by': {
      const pid = words.param(filter.type, filter.param, 'reference')
      if (pid === undefined) return never
      const inner = check(filter.where, filter.type, `f${depth}.rid`, compile, depth + 1)
      return {
        sql: `EXISTS (SELECT 1 FROM ref f${depth} WHERE f${depth}.pid = ? AND f${depth}.target = ${rid} AND ${inner.sql})`,
        args: [pid, ...inner.args],
      }
    }
    case 'tuple':
    case 'near':
    case 'contains': {
      const rough = check(resolve(necessary(filter), type, compile.aliases), type, rid, compile, depth)
      return {
        sql: `(${rough.sql} AND holds(?, (SELECT json FROM resource WHERE rid = ${rid})))`,
        args: [...rough.args, compile.residual(filter, type)],
      }
    }
  }
}

/** Whether an index finds the entries of one resource: the others are sets, made whole before the first is looked at. */
function byRid({ kind, where }: Has): boolean {
  if (kind === 'token') return pinned(where, 'code') !== undefined
  return kind === 'text' ? where !== undefined : kind !== 'words'
}

/** Whether the source of a filter goes straight to its rows; one that does not reads every entry of the parameter. */
export function seeks(filter: Filter): boolean {
  if (filter.is === 'any') return filter.parts.every(seeks)
  if (filter.is === 'all') return filter.parts.some(seeks)
  return filter.is !== 'has' || !filter.where || filter.kind === 'words' || isSeek(filter.where)
}

function isSeek(predicate: Predicate): boolean {
  switch (predicate.is) {
    case 'and':
      return predicate.parts.some(isSeek)
    case 'or':
      return predicate.parts.every(isSeek)
    case 'compare':
    case 'one of':
    case 'starts':
      return (
        predicate.column === 'code' ||
        predicate.column === 'ref' ||
        predicate.column === 'text' ||
        predicate.column === 'low'
      )
    default:
      return false
  }
}

/**
 * Whether a filter can be planned and checked resource by resource without making a large set on the way.
 * `few`: whether a source yields only few rows.
 */
export function isLight(filter: Filter, type: string, compile: Compile, few: (source: Sql) => boolean): boolean {
  const fewOf = (part: Filter, of: string): boolean => {
    const found = source(part, of, compile)
    return found !== undefined && few(found)
  }
  switch (filter.is) {
    case 'all':
    case 'any':
      return filter.parts.every(part => isLight(part, type, compile, few))
    case 'not':
      return isLight(filter.part, type, compile, few)
    case 'has':
      if (filter.kind === 'reference' && filter.where && pinned(filter.where, 'ref') === undefined)
        return alternatives(filter).every(({ where }) => pinned(where, 'ref') !== undefined)
      return alternatives(filter).every(one => byRid(one) || fewOf(one, type))
    case 'link':
    case 'linked by': {
      const parts = filter.where.is === 'all' ? filter.where.parts : [filter.where]
      const near = parts.some(part => (part.is === 'has' || part.is === 'id') && fewOf(part, filter.type))
      return near && parts.every(part => isLight(part, filter.type, compile, few))
    }
    default:
      return true
  }
}

function checkHas(filter: Has, type: string, rid: string, words: Dictionary): Sql {
  if (filter.kind === 'words') {
    const found = wordsMatch(filter)
    return found ? { sql: `${rid} IN (${found.sql})`, args: found.args } : never
  }
  const pid = words.param(type, filter.param, filter.kind)
  if (pid === undefined) return never
  return join(
    alternatives(filter).map(one => {
      const where = one.where ? row(one.where, one.kind, words) : always
      if (!byRid(one)) return prefixed(`${rid} IN (`, selectHas(pid, one, words))
      return {
        sql: `EXISTS (SELECT 1 FROM ${tableOf[one.kind as 'string']} e WHERE e.pid = ? AND e.rid = ${rid} AND ${where.sql})`,
        args: [pid, ...where.args],
      }
    }),
    ' OR ',
    never,
  )
}

function checkLink(
  filter: Extract<Filter, { is: 'link' }>,
  type: string,
  rid: string,
  compile: Compile,
  depth: number,
): Sql {
  const pid = compile.words.param(type, filter.param, 'reference')
  const tid = compile.words.type(filter.type)
  if (pid === undefined || tid === undefined) return never
  const f = `f${depth}`
  const inner = check(filter.where, filter.type, `${f}.target`, compile, depth + 1)
  const live = `EXISTS (SELECT 1 FROM resource l WHERE l.rid = ${f}.target AND l.tid = ? AND l.json IS NOT NULL)`
  return {
    sql: `EXISTS (SELECT 1 FROM ref ${f} WHERE ${f}.pid = ? AND ${f}.rid = ${rid} AND ${live} AND ${inner.sql})`,
    args: [pid, tid, ...inner.args],
  }
}

const stamps = (filter: { low: number; high: number }): [number, number] => [
  clamp(filter.low * 1024),
  clamp(filter.high * 1024 + 1023),
]
const clamp = (value: number) => Math.max(0, Math.min(Number.MAX_SAFE_INTEGER, Math.floor(value)))

/** What an index can say of a filter that only the text can answer: true of every resource that satisfies it. */
function necessary(filter: Extract<Filter, { is: 'tuple' | 'near' | 'contains' }>): Filter {
  switch (filter.is) {
    case 'tuple':
      return { is: 'all', parts: filter.parts.map(ofSome) }
    case 'contains':
      return {
        is: 'has',
        param: '_contained',
        kind: 'token',
        where: { is: 'compare', by: '=', column: 'code', value: filter.type },
      }
    case 'near': {
      const latitude = (filter.metres / 111_000) * 1.01 + 1e-9
      const farthest = Math.abs(filter.latitude) + latitude
      const longitude = farthest < 89 ? (latitude * 1.1) / Math.cos((farthest * Math.PI) / 180) : 180
      const between = (param: string, low: number, high: number): Filter => ({
        is: 'has',
        param,
        kind: 'quantity',
        where: {
          is: 'and',
          parts: [
            { is: 'compare', by: '>=', column: 'low', value: low },
            { is: 'compare', by: '<=', column: 'low', value: high },
          ],
        },
      })
      const parts = [between(`${filter.param}:latitude`, filter.latitude - latitude, filter.latitude + latitude)]
      const [west, east] = [filter.longitude - longitude, filter.longitude + longitude]
      // across the date line, or near a pole, any longitude may do
      if (west > -180 && east < 180) parts.push(between(`${filter.param}:longitude`, west, east))
      return { is: 'all', parts }
    }
  }
}

/** What is true of the resource when the filter is true of one of its elements. */
function ofSome(filter: Filter): Filter {
  if (filter.is === 'has') return filter
  return filter.is === 'all' || filter.is === 'any' ? { ...filter, parts: filter.parts.map(ofSome) } : everything
}

/** Where to start looking for the resources of `type` that satisfy the filter; undefined when no index leads there. */
export function source(filter: Filter, type: string, compile: Compile): Source | undefined {
  const { words } = compile
  switch (filter.is) {
    case 'has':
      return sourceHas(filter, type, words)
    case 'any': {
      const parts = filter.parts.map(part => source(part, type, compile))
      return parts.includes(undefined) ? undefined : union(parts as Source[])
    }
    case 'all':
      return filter.parts.map(part => source(part, type, compile)).find(found => found !== undefined)
    case 'id': {
      const tid = words.type(type)
      if (tid === undefined || filter.ids.length === 0) return empty
      return {
        sql: `SELECT rid FROM resource WHERE tid = ? AND id IN (${filter.ids.map(() => '?').join(',')}) AND json IS NOT NULL`,
        args: [tid, ...filter.ids],
        ordered: false,
        typed: true,
        unique: true,
      }
    }
    case 'updated': {
      const tid = words.type(type)
      return tid === undefined
        ? empty
        : {
            sql: 'SELECT rid FROM resource WHERE tid = ? AND stamp BETWEEN ? AND ? AND version > 0 AND json IS NOT NULL',
            args: [tid, ...stamps(filter)],
            ordered: false,
            typed: true,
            unique: true,
          }
    }
    case 'link': {
      const pid = words.param(type, filter.param, 'reference')
      const inner = select(filter.where, filter.type, compile)
      if (pid === undefined) return empty
      return (
        inner && {
          sql: `SELECT rid FROM ref WHERE pid = ? AND target IN (${inner.sql})`,
          args: [pid, ...inner.args],
          ordered: false,
          typed: true,
          unique: false,
        }
      )
    }
    case 'linked by': {
      const pid = words.param(filter.type, filter.param, 'reference')
      const inner = select(filter.where, filter.type, compile)
      if (pid === undefined) return empty
      return (
        inner && {
          sql: `SELECT target rid FROM ref WHERE pid = ? AND rid IN (${inner.sql})`,
          args: [pid, ...inner.args],
          ordered: false,
          typed: false,
          unique: false,
        }
      )
    }
    case 'tuple':
    case 'near':
    case 'contains':
      return source(resolve(necessary(filter), type, compile.aliases), type, compile)
    case 'type':
      return filter.types.includes(type) ? undefined : empty
    case 'not':
      return undefined
  }
}

const empty: Source = { sql: 'SELECT 0 rid WHERE 0', args: [], ordered: true, typed: true, unique: true }

/** All live rids of the type that satisfy the filter, however they are found. */
export function select(filter: Filter, type: string, compile: Compile): Sql {
  const parts = filter.is === 'all' ? filter.parts : [filter]
  const tid = compile.words.type(type)
  if (tid === undefined) return empty
  const start = parts.findIndex(part => source(part, type, compile) !== undefined)
  const from = start < 0 ? undefined : source(parts[start]!, type, compile)!
  const exact = start >= 0 && isExact(parts[start]!)
  const rest = check({ is: 'all', parts: parts.filter((_, i) => i !== start || !exact) }, type, 's.rid', compile)
  const base = from?.typed
    ? `(${from.sql}) s WHERE ${rest.sql}`
    : from
      ? `(${from.sql}) s WHERE ${rest.sql} AND EXISTS (SELECT 1 FROM resource l WHERE l.rid = s.rid AND l.tid = ${tid} AND l.json IS NOT NULL)`
      : `resource s WHERE s.tid = ${tid} AND s.json IS NOT NULL AND ${rest.sql}`
  return { sql: `SELECT s.rid FROM ${base}`, args: [...(from?.args ?? []), ...rest.args] }
}

/** Whether the source of a filter yields just what satisfies it, so that it need not be checked again. */
export function isExact(filter: Filter): boolean {
  switch (filter.is) {
    case 'has':
    case 'id':
    case 'updated':
    case 'linked by':
      return true
    case 'any':
      return filter.parts.every(isExact)
    case 'all':
      return filter.parts.length === 1 && isExact(filter.parts[0]!)
    default:
      return false // a link's target may be gone; the others are judged by the text
  }
}

function sourceHas(filter: Has, type: string, words: Dictionary): Source | undefined {
  if (filter.kind === 'words') {
    const found = wordsMatch(filter)
    return found ? { ...found, ordered: true, typed: false, unique: true } : empty
  }
  const pid = words.param(type, filter.param, filter.kind)
  if (pid === undefined) return empty
  const parts = alternatives(filter)
  if (parts.length > 1) return union(parts.map(part => sourceHas(part, type, words)!))
  if (parts.length === 0) return empty
  const column = filter.kind === 'token' ? 'code' : filter.kind === 'reference' ? 'ref' : undefined
  const pin = column && pinned(filter.where, column)
  const unique =
    filter.kind === 'reference' ? pin === 'one' : pin === 'one' && !!filter.where && fixesSystem(filter.where)
  return { ...selectHas(pid, filter, words), ordered: pin === 'one', typed: true, unique }
}

const fixesSystem = (predicate: Predicate): boolean =>
  predicate.is === 'compare'
    ? predicate.by === '=' && predicate.column === 'system'
    : predicate.is === 'and' && predicate.parts.some(fixesSystem)

const union = (parts: readonly Source[]): Source =>
  parts.length === 1
    ? parts[0]!
    : parts.length === 0
      ? empty
      : {
          sql: parts.map(part => part.sql).join(' UNION '),
          args: parts.flatMap(part => part.args),
          ordered: false,
          typed: parts.every(part => part.typed),
          unique: true,
        }
