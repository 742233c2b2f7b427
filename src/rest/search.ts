/**
 * Search: of a type, of everything, of a compartment; by GET and by POST.
 * https://hl7.org/fhir/R4/http.html#search
 */
import { badRequest, type Issue } from '../fhir/outcome.ts'
import { parseJson, printJson } from '../fhir/json.ts'
import { subset } from '../fhir/subset.ts'
import { parseSearch, type ParsedSearch } from '../search/parse.ts'
import type { Version } from '../store/store.ts'
import { compartmentParts, type Part } from './compartment.ts'
import { containedEntries } from './contained.ts'
import { CURSOR, openCursor, sealCursor, type Cursor } from './cursor.ts'
import type { Context, FhirResponse, Match, ReadInteraction, Resource } from './exchange.ts'
import type { Filter } from '../search/query.ts'
import { include } from './include.ts'
import { permit } from './permit.ts'
import { receiptText } from './receipt.ts'
import { findPage, type At } from './search-page.ts'
import { searchset, type BundleLink, type SearchsetEntry } from './searchset.ts'

const ofType = async (context: Context, { type }: Match) => search(context, [{ types: [type], filter: undefined }])
const ofSystem = async (context: Context) =>
  search(context, [{ types: context.definitions.resourceTypes, filter: undefined }])
const ofCompartment = async (context: Context, match: Match) => {
  if (match.rest !== '*') permit(context.caller, match.rest, 'search')
  return search(context, await compartmentParts(context, match))
}

export const searchType: ReadInteraction = {
  kind: 'read',
  name: 'search-type',
  method: 'GET',
  path: ':type',
  action: 'search',
  answer: ofType,
}
export const searchTypeByPost: ReadInteraction = { ...searchType, method: 'POST', path: ':type/_search' }
export const searchSystem: ReadInteraction = {
  kind: 'read',
  name: 'search-system',
  method: 'GET',
  path: '',
  answer: ofSystem,
}
export const searchSystemByPost: ReadInteraction = { ...searchSystem, method: 'POST', path: '_search' }
export const searchCompartment: ReadInteraction = {
  kind: 'read',
  name: 'search-type',
  method: 'GET',
  path: ':type/:id/:searched',
  answer: ofCompartment,
}
export const searchCompartmentByPost: ReadInteraction = {
  ...searchCompartment,
  method: 'POST',
  path: ':type/:id/:searched/_search',
}

/** All routes of search. */
export const searches: readonly ReadInteraction[] = [
  searchType,
  searchTypeByPost,
  searchSystem,
  searchSystemByPost,
  searchCompartment,
  searchCompartmentByPost,
]

/** Parameters that may stand beside a page link's own: they are about form. */
const beside = new Set([CURSOR, '_format', '_pretty', '_explain'])

async function search(context: Context, parts: readonly Part[]): Promise<FhirResponse> {
  const sent = [...new URLSearchParams(context.request.query)]
  const link = sent.find(([name]) => name === CURSOR)?.[1]
  const more = link === undefined ? undefined : sent.find(([name]) => !beside.has(name))
  if (more)
    throw badRequest(
      `A page link is used as it came: ${CURSOR} has the whole search in it, and "${more[0].slice(0, 64)}" cannot be added. Start a new search.`,
    )
  const cursor = link === undefined ? undefined : await openCursor<At>(context, link)
  const asOf = cursor?.asOf ?? context.now()
  const { parsed, notes } = await parse(context, parts, cursor ? [...new URLSearchParams(cursor.query)] : sent, asOf)
  const page = await findPage(context, parsed, parts, cursor?.at)
  const matches =
    parsed.containedType === 'contained'
      ? await foundInside(context, parsed, page.matches)
      : entriesOf(context, parsed, page.matches)
  const { versions, cut } = await include(context, page.matches, parsed.includes, parsed.revincludes)
  for (const version of versions)
    matches.push({ version, mode: 'include', ...shown(context, parsed, version, 'include') })

  const explain =
    context.prefer.handling !== undefined || sent.some(([name, value]) => name === '_explain' && value === 'true')
  const outcome = receiptText(parsed.receipt, explain, [...notes, ...(cut ? [tooManyIncluded(context)] : [])])
  const links = await linksOf(context, printPairs(parsed.applied), { cursor, link, next: page.next, asOf })
  const { base } = context.request
  const text = searchset({
    base,
    total: page.total,
    links,
    entries: matches,
    now: context.now(),
    ...(outcome === undefined ? {} : { outcome }),
  })
  return { status: 200, text }
}

async function parse(
  context: Context,
  parts: readonly Part[],
  pairs: readonly (readonly [string, string])[],
  now: number,
): Promise<{ parsed: ParsedSearch; notes: readonly Issue[] }> {
  const { definitions, limits, settings, prefer, expand, request } = context
  const notes: Issue[] = []
  const tell = (diagnostics: string) => void notes.push({ severity: 'warning', code: 'incomplete', diagnostics })
  const parsed = await parseSearch(pairs, {
    definitions,
    types: parts.length === 1 ? parts[0]!.types : parts.flatMap(({ types }) => types).sort(),
    base: request.base,
    now,
    lenient: (prefer.handling ?? settings.handling) === 'lenient',
    ...(expand ? { expand: what => expand(what, tell) } : {}),
    defaultCount: limits.pageSize,
    maxCount: limits.maxPageSize,
  })
  if (parts.length > 1 && parsed.query.sort.length > 0)
    throw badRequest(
      '_sort has no meaning across the types of a compartment. Search one type, as in Patient/1/Observation?_sort=date.',
      'not-supported',
    )
  return { parsed, notes }
}

function entriesOf(context: Context, parsed: ParsedSearch, matches: readonly Version[]): SearchsetEntry[] {
  return matches.map(version => ({ version, mode: 'match', ...shown(context, parsed, version, 'match') }))
}

/** With `_contained=both`, what matches by itself beside what is inside. */
async function foundInside(
  context: Context,
  parsed: ParsedSearch,
  matches: readonly Version[],
): Promise<SearchsetEntry[]> {
  const inside = containedEntries(context, matches, parsed.query.filter)
  const { own, contained = [] } = parsed
  const ids = matches.filter(({ ref }) => contained.includes(ref.type)).map(({ ref }) => ref.id)
  if (!own || ids.length === 0) return inside
  const filter: Filter = { is: 'all', parts: [own, { is: 'id', ids }] }
  const { matches: themselves } = await context.store.find({
    types: contained,
    filter,
    sort: [],
    count: matches.length,
    total: 'none',
  })
  return [...entriesOf(context, parsed, themselves), ...inside]
}

/** What is shown of a resource when less than the whole was asked for. */
function shown(
  context: Context,
  { summary, elements }: ParsedSearch,
  { text }: Version,
  mode: 'match' | 'include',
): { text: string } | undefined {
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
  readonly cursor: (Cursor<At> & { readonly hidden: boolean }) | undefined
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
  // what was POSTed was not to stand in an address; nor is what a search is sorted by
  const hidden = cursor?.hidden ?? (context.request.method === 'POST' || (next?.after?.keys.length ?? 0) > 0)
  if (next)
    links.push({
      relation: 'next',
      url: `${address}?${CURSOR}=${await sealCursor<At>(context, { query, asOf, at: next }, hidden)}`,
    })
  return links
}

/** A query string; the signs that search values are full of stay readable. */
const printPairs = (pairs: ParsedSearch['applied']) =>
  pairs.map(([name, value]) => `${encode(name)}=${encode(value)}`).join('&')
const encode = (text: string) =>
  encodeURIComponent(text.toWellFormed()).replace(/%(?:3A|2C|2F|24)/g, code => decodeURIComponent(code))
