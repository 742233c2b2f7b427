/**
 * Search: of a type, of everything, of a compartment; by GET and by POST.
 * https://hl7.org/fhir/R4/http.html#search
 */
import { badRequest, type Issue } from '../fhir/outcome.ts'
import { parseJson, printJson } from '../fhir/json.ts'
import { subset } from '../fhir/subset.ts'
import { parseSearch, type ParsedSearch } from '../search/parse.ts'
import type { Position, Query } from '../search/query.ts'
import type { Version } from '../store/store.ts'
import { compartmentParts, type Part } from './compartment.ts'
import { containedEntries } from './contained.ts'
import { CURSOR, openCursor, sealCursor, type Cursor } from './cursor.ts'
import type { Context, FhirResponse, Match, ReadInteraction, Resource } from './exchange.ts'
import { include } from './include.ts'
import { receiptText } from './receipt.ts'
import { searchset, type BundleLink, type SearchsetEntry } from './searchset.ts'

const ofType = async (context: Context, { type }: Match) => search(context, [{ types: [type], filter: undefined }])
const ofSystem = async (context: Context) => search(context, [{ types: context.definitions.resourceTypes, filter: undefined }])
const ofCompartment = async (context: Context, match: Match) => search(context, await compartmentParts(context, match))

export const searchType: ReadInteraction = { kind: 'read', name: 'search-type', method: 'GET', path: ':type', action: 'search', answer: ofType }
export const searchTypeByPost: ReadInteraction = { ...searchType, method: 'POST', path: ':type/_search' }
export const searchSystem: ReadInteraction = { kind: 'read', name: 'search-system', method: 'GET', path: '', answer: ofSystem }
export const searchSystemByPost: ReadInteraction = { ...searchSystem, method: 'POST', path: '_search' }
export const searchCompartment: ReadInteraction = { kind: 'read', name: 'search-type', method: 'GET', path: ':type/:id/:searched', answer: ofCompartment }
export const searchCompartmentByPost: ReadInteraction = { ...searchCompartment, method: 'POST', path: ':type/:id/:searched/_search' }

/** All routes of search. */
export const searches: readonly ReadInteraction[] = [searchType, searchTypeByPost, searchSystem, searchSystemByPost, searchCompartment, searchCompartmentByPost]

/** Where a page begins, and how many match in all, when that was counted. */
interface At {
  /** Which of the parts. */
  readonly part: number
  readonly after?: Position
  readonly total?: number
}

/** Parameters that may stand beside a page link's own: they are about form. */
const beside = new Set([CURSOR, '_format', '_pretty', '_explain'])

async function search(context: Context, parts: readonly Part[]): Promise<FhirResponse> {
  const sent = [...new URLSearchParams(context.request.query)]
  const link = sent.find(([name]) => name === CURSOR)?.[1]
  const more = link === undefined ? undefined : sent.find(([name]) => !beside.has(name))
  if (more) throw badRequest(`A page link is used as it came: ${CURSOR} has the whole search in it, and "${more[0].slice(0, 64)}" cannot be added. Start a new search.`)
  const cursor = link === undefined ? undefined : await openCursor<At>(context, link)
  const asOf = cursor?.asOf ?? context.now()
  const parsed = await parse(context, parts, cursor ? [...new URLSearchParams(cursor.query)] : sent, asOf)
  const page = await find(context, parsed, parts, cursor?.at)
  const matches = entriesOf(context, parsed, page.matches)
  const { versions, cut } = await include(context, page.matches, parsed.includes, parsed.revincludes)
  for (const version of versions) matches.push({ version, mode: 'include', ...shown(context, parsed, version, 'include') })

  const explain = context.prefer.handling !== undefined || sent.some(([name, value]) => name === '_explain' && value === 'true')
  const outcome = receiptText(parsed.receipt, explain, cut ? [tooManyIncluded(context)] : [])
  const links = await linksOf(context, printPairs(parsed.applied), { cursor, link, next: page.next, asOf })
  const { base } = context.request
  const text = searchset({ base, total: page.total, links, entries: matches, now: context.now(), ...(outcome === undefined ? {} : { outcome }) })
  return { status: 200, text }
}

async function parse(context: Context, parts: readonly Part[], pairs: readonly (readonly [string, string])[], now: number): Promise<ParsedSearch> {
  const { definitions, limits, settings, prefer, expand, request } = context
  const parsed = await parseSearch(pairs, {
    definitions,
    types: parts.length === 1 ? parts[0]!.types : parts.flatMap(({ types }) => types).sort(),
    base: request.base,
    now,
    lenient: (prefer.handling ?? settings.handling) === 'lenient',
    ...(expand ? { expand } : {}),
    defaultCount: limits.pageSize,
    maxCount: limits.maxPageSize,
  })
  if (parts.length > 1 && parsed.query.sort.length > 0) throw badRequest('_sort has no meaning across the types of a compartment. Search one type, as in Patient/1/Observation?_sort=date.', 'not-supported')
  return parsed
}

interface Found {
  readonly matches: readonly Version[]
  readonly total: number | undefined
  readonly next: At | undefined
}

/** The page's matches, from one part after the other. */
async function find(context: Context, parsed: ParsedSearch, parts: readonly Part[], from: At | undefined): Promise<Found> {
  const queries = queriesOf(parsed, parts)
  const { count } = parsed.query
  const matches: Version[] = []
  // Counted once: the links carry it on
  let total = from ? from.total : parts.length > 1 ? await sum(context, queries) : undefined
  let at: At | undefined = from ?? { part: 0 }
  while (at && (matches.length < count || (count === 0 && !from && parts.length === 1))) {
    const query: Query | undefined = queries[at.part]
    if (!query) break
    const counted = !from && parts.length === 1
    const page = await context.store.find({ ...query, count: count - matches.length, ...(at.after ? { after: at.after } : {}), total: counted ? query.total : 'none' })
    if (counted) total = page.total
    for (const version of page.matches) matches.push(version)
    at = page.next ? { part: at.part, after: page.next } : at.part + 1 < queries.length ? { part: at.part + 1 } : undefined
    if (count === 0) break
  }
  const next = at && count > 0 ? await there(context, queries, at) : undefined
  const whole = !from && !next && count > 0 && parsed.containedType !== 'contained' && !parsed.applied.some(([name]) => name === '_total')
  return { matches, total: total ?? (whole ? matches.length : undefined), next: next && { ...next, ...(total === undefined ? {} : { total }) } }
}

function queriesOf({ query }: ParsedSearch, parts: readonly Part[]): readonly Query[] {
  return parts.flatMap(({ types, filter }) => {
    if (parts.length === 1) return [filter ? { ...query, filter: { is: 'all' as const, parts: [filter, query.filter] } } : query]
    const wanted = types.filter(type => query.types.includes(type))
    return wanted.length === 0 ? [] : [{ ...query, types: wanted, filter: { is: 'all' as const, parts: [filter!, query.filter] } }]
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

function entriesOf(context: Context, parsed: ParsedSearch, matches: readonly Version[]): SearchsetEntry[] {
  if (parsed.containedType === 'contained') return containedEntries(context, matches, parsed.query.filter)
  return matches.map(version => ({ version, mode: 'match', ...shown(context, parsed, version, 'match') }))
}

/** What is shown of a resource when less than the whole was asked for. */
function shown(context: Context, { summary, elements }: ParsedSearch, { text }: Version, mode: 'match' | 'include'): { text: string } | undefined {
  const some = summary !== undefined && summary !== 'false'
  // _elements names elements of the matches
  if (!some && (!elements || mode === 'include')) return undefined
  const whole = parseJson(Buffer.from(text!)) as unknown as Resource
  return { text: printJson(subset(whole, some ? { summary } : { elements: elements! }, context.definitions)) }
}

const tooManyIncluded = ({ limits }: Context): Issue => ({
  severity: 'warning',
  code: 'incomplete',
  diagnostics: `More than ${limits.maxIncludes} resources would be included in this page; the rest is left out. Ask for smaller pages (_count) or fewer includes.`,
})

interface Paging {
  readonly cursor: Cursor<At> | undefined
  /** The `_cursor` of this page. */
  readonly link: string | undefined
  readonly next: At | undefined
  readonly asOf: number
}

async function linksOf(context: Context, query: string, { cursor, link, next, asOf }: Paging): Promise<BundleLink[]> {
  const { base, path } = context.request
  const below = path.replace(/\/?(?:_search)?\/?$/, '')
  const address = below ? `${base}/${encodeURI(below)}` : base
  const first = query ? `${address}?${query}` : address
  const links: BundleLink[] = [{ relation: 'self', url: link === undefined ? first : `${address}?${CURSOR}=${link}` }]
  if (cursor || next) links.push({ relation: 'first', url: first })
  if (next) links.push({ relation: 'next', url: `${address}?${CURSOR}=${await sealCursor<At>(context, { query, asOf, at: next })}` })
  return links
}

/** A query string; the signs that search values are full of stay readable. */
const printPairs = (pairs: ParsedSearch['applied']) => pairs.map(([name, value]) => `${encode(name)}=${encode(value)}`).join('&')
const encode = (text: string) => encodeURIComponent(text.toWellFormed()).replace(/%(?:3A|2C|2F|24)/g, code => decodeURIComponent(code))
