/**
 * The one resource of an id, when it satisfies a filter: how a caller who may see some of a type only reads. The filter of
 * such a caller is the same object each time, so what it means in SQL is kept with it, and only the id is bound anew.
 * https://hl7.org/fhir/R4/http.html#read
 */
import { type Aliases, resolve } from '../../search/aliases.ts'
import type { Filter, Query } from '../../search/query.ts'
import type { Page } from '../store.ts'
import type { Dictionary } from './dictionary.ts'
import { check, type Compile, isLight, type Sql } from './filter.ts'
import type { Statements } from './statements.ts'
import { version } from './versions.ts'

/** What a filter means for a type, as long as the store's words and the parameters of the type mean the same. */
interface Kept extends Sql {
  readonly aliases: ReturnType<Aliases>
  readonly era: number
  /** The parameters that there were, when one was asked for that was not among them. */
  readonly params: number | undefined
}

/** Whether the filter speaks of the entries of one resource only: not of others, and not of its text. */
const isPlain = (filter: Filter): boolean =>
  filter.is === 'all' || filter.is === 'any'
    ? filter.parts.every(isPlain)
    : filter.is === 'not'
      ? isPlain(filter.part)
      : filter.is === 'has' || filter.is === 'type' || filter.is === 'id'

/** Answers a query for one id; undefined when the query asks for anything else, or may take long. */
export type Named = (query: Query) => Page | undefined

export function named(run: Statements, words: Dictionary, compile: Compile): Named {
  const known = new WeakMap<Filter, Map<string, Kept | undefined>>()

  const isCurrent = ({ aliases, era, params }: Kept, type: string) =>
    era === words.era && (params === undefined || params === words.params) && aliases === compile.aliases(type)

  function compiled(filter: Filter, type: string, tid: number): Kept | undefined {
    let types = known.get(filter)
    if (!types) known.set(filter, (types = new Map()))
    const before = types.get(type)
    if (before ? isCurrent(before, type) : types.has(type)) return before
    const own = resolve(filter, type, compile.aliases)
    if (!isPlain(own) || !isLight(own, type, compile, () => false)) return void types.set(type, undefined)
    const missed = { ...words.missed }
    const { sql, args } = check(own, type, 'd.rid', compile)
    const kept: Kept = {
      sql: `SELECT d.version, d.stamp, d.method, d.json FROM resource d WHERE d.tid = ${tid} AND d.id = ? AND d.json IS NOT NULL AND ${sql}`,
      args,
      aliases: compile.aliases(type),
      era: words.era,
      params: missed.params === words.missed.params ? undefined : words.params,
    }
    // a word that is not there yet may be there the next time
    const lasts = missed.others === words.missed.others && (kept.params === undefined || words.grows)
    if (lasts) types.set(type, kept)
    return kept
  }

  return ({ types, filter, sort, count, after, total }) => {
    if (types.length !== 1 || sort.length > 0 || count === 0 || after || total !== 'none') return undefined
    if (filter.is !== 'all' || filter.parts.length !== 2) return undefined
    const [first, rest] = filter.parts as [Filter, Filter]
    if (first.is !== 'id' || first.ids.length !== 1) return undefined
    const type = types[0]!
    const tid = words.type(type)
    if (tid === undefined) return undefined
    const found = compiled(rest, type, tid)
    if (!found) return undefined
    const id = first.ids[0]!
    const row = run.get(found.sql, [id, ...found.args])
    return { matches: row ? [version(type, id, row)] : [], next: undefined, total: undefined }
  }
}
