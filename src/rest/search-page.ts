/**
 * One page of matches: asked of the store, part after part where a search has several.
 * https://hl7.org/fhir/R4/http.html#paging
 */
import type { ParsedSearch } from '../search/parse.ts'
import type { Position, Query } from '../search/query.ts'
import type { Version } from '../store/store.ts'
import type { Part } from './compartment.ts'
import type { Context } from './exchange.ts'

/** Where a page begins, and how many match in all, when that was counted. */
export interface At {
  /** Which of the parts. */
  readonly part: number
  readonly after?: Position
  readonly total?: number
}

export interface FoundPage {
  readonly matches: readonly Version[]
  readonly total: number | undefined
  readonly next: At | undefined
}

/** The page's matches, from one part after the other. What is counted is counted once: the links carry it on. */
export async function findPage(
  context: Context,
  parsed: ParsedSearch,
  parts: readonly Part[],
  from: At | undefined,
): Promise<FoundPage> {
  const queries = queriesOf(parsed, parts)
  const { count } = parsed.query
  const several = parts.length > 1
  let total = from ? from.total : several ? await sum(context, queries) : undefined
  if (several && count === 0) return { matches: [], total, next: undefined }
  const matches: Version[] = []
  let at: At | undefined = queries.length > 0 ? (from ?? { part: 0 }) : undefined
  do {
    const query = at && queries[at.part]
    if (!at || !query) break
    const counted = !from && !several
    const { after } = at
    const room = { count: count - matches.length, total: counted ? query.total : ('none' as const) }
    const page = await context.store.find({ ...query, ...room, ...(after ? { after } : {}) })
    if (counted) total = page.total
    for (const version of page.matches) matches.push(version)
    if (page.next) at = { part: at.part, after: page.next }
    else at = at.part + 1 < queries.length ? { part: at.part + 1 } : undefined
  } while (matches.length < count)
  const next = at && count > 0 ? await there(context, queries, at) : undefined
  if (total === undefined && !from && !next && count > 0 && mayCount(parsed))
    return { matches, total: matches.length, next }
  return { matches, total, next: next && { ...next, ...(total === undefined ? {} : { total }) } }
}

/** Whether a page that is the whole tells its number unasked. */
const mayCount = ({ containedType, applied }: ParsedSearch) =>
  containedType !== 'contained' && !applied.some(([name]) => name === '_total')

function queriesOf({ query }: ParsedSearch, parts: readonly Part[]): readonly Query[] {
  return parts.flatMap(({ types, filter }) => {
    if (parts.length === 1)
      return [filter ? { ...query, filter: { is: 'all' as const, parts: [filter, query.filter] } } : query]
    const wanted = types.filter(type => query.types.includes(type))
    return wanted.length === 0
      ? []
      : [{ ...query, types: wanted, filter: { is: 'all' as const, parts: [filter!, query.filter] } }]
  })
}

async function sum(context: Context, queries: readonly Query[]): Promise<number | undefined> {
  if (queries[0]?.total === 'none') return undefined
  let total = 0
  for (const query of queries) total += (await context.store.find({ ...query, count: 0 })).total ?? 0
  return total
}

/** The place, or one further on, where there is something; undefined when nothing is left: no client gets an empty page. */
async function there(context: Context, queries: readonly Query[], from: At): Promise<At | undefined> {
  if (from.after) return from
  for (let part = from.part; part < queries.length; part++) {
    const { matches } = await context.store.find({ ...queries[part]!, count: 1, total: 'none' })
    if (matches.length > 0) return { part }
  }
  return undefined
}
