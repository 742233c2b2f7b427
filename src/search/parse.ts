/**
 * URL parameters become a Query; what is not known is refused or, when the client wants it so, left out and told.
 * https://hl7.org/fhir/R4/search.html#errors
 */
import type { Definitions } from '../fhir/definitions.ts'
import { badRequest, FhirError, tooCostly, type Issue } from '../fhir/outcome.ts'
import { criterion } from './criterion.ts'
import { componentParams } from './extract.ts'
import type { Asking, Expand } from './kind.ts'
import { shortFilter } from './long-text.ts'
import { spend } from './lookup.ts'
import { everything, type Filter, type Query, type Sort } from './query.ts'
import {
  type Include,
  readCount,
  readElements,
  readInclude,
  readSort,
  readSummary,
  readTotal,
  readTypes,
  type Summary,
} from './results.ts'

export type { Include, Summary }

export interface SearchOptions {
  readonly definitions: Definitions
  /** The types searched: one, or for a search of the whole server all that `_type` may choose from. Never empty. */
  readonly types: readonly string[]
  /** The server's own base, without trailing slash. */
  readonly base: string
  /** Milliseconds since 1970; `ap` on dates depends on it. */
  readonly now: number
  /** Leave out (and tell) what cannot be used, instead of refusing it. */
  readonly lenient: boolean
  readonly expand?: Expand
  /** Matches in a page when `_count` does not say. Default 20. */
  readonly defaultCount?: number
  /** No page holds more. Default 1000. */
  readonly maxCount?: number
  /** Alternatives between commas of one parameter. Default 100. */
  readonly maxValues?: number
  /** References that a chain may follow. Default 4. */
  readonly maxDepth?: number
  /** When `_total` does not say. Default none. */
  readonly defaultTotal?: Query['total']
}

/** What became of each parameter, for the search receipt. */
export interface Receipt {
  readonly used: readonly { readonly name: string; readonly value: string }[]
  readonly ignored: readonly { readonly name: string; readonly value: string; readonly reason: string }[]
  /** Used otherwise than they came. */
  readonly rewritten: readonly {
    readonly name: string
    readonly value: string
    readonly as: string
    readonly reason: string
  }[]
}

export interface ParsedSearch {
  readonly query: Query
  readonly includes: readonly Include[]
  readonly revincludes: readonly Include[]
  readonly summary?: Summary
  readonly elements?: readonly string[]
  readonly total: Query['total']
  /** `_contained=true` or `both`: the query finds the resources that contain matches of these types. */
  readonly contained?: readonly string[]
  readonly containedType?: 'container' | 'contained'
  /** `_contained=both`: what a resource of these types that is not contained must satisfy to be a match itself. */
  readonly own?: Filter
  readonly receipt: Receipt
  /** The parameters as they were applied, for the self link. Those that the host handles (`_format`, …) are not among them. */
  readonly applied: readonly (readonly [name: string, value: string])[]
}

/** Parameters of the request that are not for the search to judge. */
const ofTheHost = new Set(['_format', '_pretty', '_explain', '_cursor'])
/** How many questions one search may hold in all. */
const BUDGET = 2_000
const MOST_PARAMETERS = 200

/** What has been read so far. */
interface Draft {
  asking: Asking
  readonly options: SearchOptions
  readonly filters: Filter[]
  readonly sort: Sort[]
  readonly includes: Include[]
  readonly revincludes: Include[]
  count?: number
  total?: Query['total']
  summary?: Summary
  elements?: string[]
  contained?: 'true' | 'false' | 'both'
  containedType?: 'container' | 'contained'
}

/** Reads one result parameter; what it returns says how the value was changed. */
type Read = (value: string, draft: Draft, name: string) => { as: string; reason: string } | void

const resultParameters: Readonly<Record<string, Read>> = {
  _type(value, draft) {
    draft.asking = { ...draft.asking, types: readTypes(value, draft.asking) }
  },
  _sort: (value, { asking, sort }) => void sort.push(...readSort(value, asking)),
  _count(value, draft) {
    const most = draft.options.maxCount ?? 1000
    draft.count = readCount(value, most)
    if (Number(value) > most) return { as: String(most), reason: `A page holds at most ${most} matches.` }
  },
  _total: (value, draft) => void (draft.total = readTotal(value)),
  _summary: (value, draft) => void (draft.summary = readSummary(value)),
  _elements(value, draft) {
    draft.elements = [...(draft.elements ?? []), ...readElements(value, draft.asking)]
  },
  _include: (value, { asking, includes }, name) => void includes.push(readInclude(name, value, asking)),
  _revinclude: (value, { asking, revincludes }, name) => void revincludes.push(readInclude(name, value, asking)),
  _contained(value, draft) {
    if (value !== 'true' && value !== 'false' && value !== 'both')
      throw badRequest(`"${value}" is no value of _contained. It takes true, false, both.`)
    draft.contained = value
  },
  _containedType(value, draft) {
    if (value !== 'container' && value !== 'contained')
      throw badRequest(`"${value}" is no value of _containedType. It takes container, contained.`)
    draft.containedType = value
  },
}

/** Parameters that take a modifier; the others refuse one. */
const withModifier = new Set(['_include', '_revinclude'])

async function readOne(name: string, value: string, draft: Draft): Promise<{ as: string; reason: string } | void> {
  const [plain = ''] = name.split(':')
  const read = Object.hasOwn(resultParameters, plain) ? resultParameters[plain] : undefined
  if (!read) return void draft.filters.push(await criterion(name, value, draft.asking))
  spend(draft.asking)
  if (value.trim() === '') throw badRequest(`${name} has no value.`)
  if (plain !== name && !withModifier.has(plain)) throw badRequest(`${plain} takes no modifier.`)
  return read(value, draft, name)
}

/**
 * Reads the parameters of a search, names and values percent-decoded. Several of one name must all hold.
 * Throws one FhirError (400) with an issue for each parameter that cannot be used, unless `lenient`; 422 when the search
 * asks for too much, also when `lenient`.
 */
export async function parseSearch(
  pairs: readonly (readonly [name: string, value: string])[],
  options: SearchOptions,
): Promise<ParsedSearch> {
  if (pairs.length > MOST_PARAMETERS)
    throw badRequest(`A search takes at most ${MOST_PARAMETERS} parameters.`, 'too-costly')
  const draft: Draft = { asking: begin(options), options, filters: [], sort: [], includes: [], revincludes: [] }
  const used: [string, string][] = []
  const ignored: Receipt['ignored'][number][] = []
  const rewritten: Receipt['rewritten'][number][] = []
  const applied: [string, string][] = []
  const issues: Issue[] = []
  const mine = pairs.filter(([name]) => !ofTheHost.has(name))
  // _type says what the names of all others mean
  const inOrder = mine.toSorted(([one], [other]) => Number(other === '_type') - Number(one === '_type'))
  for (const [name, value] of inOrder) {
    try {
      const changed = await readOne(name, value, draft)
      used.push([name, value])
      applied.push([name, changed?.as ?? value])
      if (changed) rewritten.push({ name, value, ...changed })
    } catch (error) {
      if (!(error instanceof FhirError) || error.status !== 400) throw error
      issues.push(...error.issues.map(shortened))
      ignored.push({
        name,
        value,
        reason: error.issues.map(issue => shortened(issue).diagnostics ?? issue.code).join('; '),
      })
    }
  }
  if (issues.length > 0 && !options.lenient) throw new FhirError(400, issues)
  return finish(draft, applied, { used: used.map(([name, value]) => ({ name, value })), ignored, rewritten })
}

/** Messages repeat what was asked, which may be long. */
function shortened(issue: Issue): Issue {
  const { diagnostics } = issue
  if (diagnostics === undefined || diagnostics.length <= 1000) return issue
  return { ...issue, diagnostics: `${diagnostics.slice(0, 600)} … ${diagnostics.slice(-300)}` }
}

function begin({ definitions, types, base, now, expand, maxValues = 100, maxDepth = 4 }: SearchOptions): Asking {
  return {
    definitions,
    types,
    base,
    now,
    ...(expand ? { expand: bounded(expand) } : {}),
    componentsOf: (type, param) => componentParams(definitions, type, param).map(each => each.search),
    maxValues,
    depth: maxDepth,
    budget: { left: BUDGET },
  }
}

/** What value sets and hierarchies may stand for in one search, all in all: each code and each system is a question to the store. */
const MOST_CODES = 10_000
const MOST_SYSTEMS = 500

/** Refuses (422) when the value sets of one search have too many codes together. */
function bounded(expand: Expand): Expand {
  let [codes, systems] = [0, 0]
  return async (what, tell) => {
    const found = await expand(what, tell)
    codes += found?.length ?? 0
    systems += new Set(found?.map(({ system }) => system)).size
    if (codes <= MOST_CODES && systems <= MOST_SYSTEMS) return found
    throw tooCostly(
      `The value sets of this search stand for more than ${MOST_CODES} codes or ${MOST_SYSTEMS} systems. Name each value set once, and search for fewer at once.`,
    )
  }
}

function finish(draft: Draft, applied: ParsedSearch['applied'], receipt: Receipt): ParsedSearch {
  const { options, asking, filters, sort, includes, revincludes, summary, elements, contained, containedType } = draft
  const filter = shortFilter(
    filters.length === 0 ? everything : filters.length === 1 ? filters[0]! : { is: 'all', parts: filters },
  )
  const count = summary === 'count' ? 0 : (draft.count ?? options.defaultCount ?? 20)
  // a search for no matches can only be after their number
  const total = count === 0 ? 'accurate' : (draft.total ?? options.defaultTotal ?? 'none')
  const both = contained === 'both'
  const within = both
    ? ownOrInside(asking.types, filter)
    : contained === 'true'
      ? inside(asking.types, filter)
      : undefined
  const plain: Query = { types: asking.types, filter, sort, count, total }
  return {
    query: within ? { ...plain, types: asking.definitions.resourceTypes, filter: within, sort: [] } : plain,
    includes,
    revincludes,
    ...(summary ? { summary } : {}),
    ...(elements ? { elements } : {}),
    total,
    ...(within ? { contained: asking.types, containedType: containedType ?? 'container' } : {}),
    ...(both ? { own: filter } : {}),
    receipt,
    applied,
  }
}

/** Resources that contain a match. */
const inside = (types: readonly string[], where: Filter): Filter => {
  const parts = types.map((type): Filter => ({ is: 'contains', type, where }))
  return parts.length === 1 ? parts[0]! : { is: 'any', parts }
}

/** Matches, and resources that contain one. */
const ownOrInside = (types: readonly string[], filter: Filter): Filter => ({
  is: 'any',
  parts: [
    { is: 'all', parts: [{ is: 'type', types }, filter] },
    ...types.map((type): Filter => ({ is: 'contains', type, where: filter })),
  ],
})
