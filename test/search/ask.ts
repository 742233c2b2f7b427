/**
 * What the search tests share: definitions, a way to ask, and a small world of resources.
 */
import { loadDefinitions } from '../../src/fhir/packages.ts'
import type { Resource } from '../../src/fhir/types.ts'
import { makeExtractor } from '../../src/search/extract.ts'
import type { Reading } from '../../src/search/kind.ts'
import { kinds } from '../../src/search/kinds.ts'
import { match, order, type Subject, type World } from '../../src/search/match.ts'
import { parseSearch, type SearchOptions } from '../../src/search/parse.ts'
import type { Filter, IndexEntry } from '../../src/search/query.ts'

export const definitions = loadDefinitions()
export const extractor = makeExtractor(definitions, kinds)
export const base = 'http://localhost:8080/fhir'
export const now = Date.parse('2026-01-01T00:00:00Z')

/** What a kind is given to read a value of this parameter. */
export function readingOf(type: string, code: string, more: Partial<Reading> = {}): Reading {
  const param = definitions.searchParams(type).get(code)
  if (!param) throw new Error(`${type} has no ${code}`)
  return { definitions, type, param, base, now, ...more }
}

/** Reads `name=value&…` as a search of a type; values are taken as they stand, percent signs and all. */
export const ask = (type: string | readonly string[], query: string, options: Partial<SearchOptions> = {}) =>
  parseSearch(pairs(query), {
    definitions,
    types: typeof type === 'string' ? [type] : type,
    base,
    now,
    lenient: false,
    ...options,
  })

export const pairs = (query: string): [string, string][] =>
  query === ''
    ? []
    : query.split('&').map(each => {
        const at = each.indexOf('=')
        return at < 0 ? [each, ''] : [each.slice(0, at), each.slice(at + 1)]
      })

/** Only entries, no resource: enough for filters of one resource. */
export const matches = (filter: Filter, entries: readonly IndexEntry[]): boolean =>
  match(
    filter,
    { ref: { type: 'X', id: 'x' }, updated: 0, rid: 1, entries, resource: {} },
    { extractor, get: () => undefined, referrers: () => [] },
  )

/** A store in memory: asks a search of these resources and gives the ids found, in order. */
export function worldOf(resources: readonly Resource[], options: Partial<SearchOptions> = {}) {
  const subjects = resources.map((resource, index): Subject => {
    const updated = resource.meta?.lastUpdated ? Date.parse(resource.meta.lastUpdated) : 0
    return {
      ref: { type: resource.resourceType, id: resource.id! },
      updated,
      rid: index + 1,
      entries: extractor.entries(resource),
      resource,
    }
  })
  const refOf = ({ ref }: Subject) => `${ref.type}/${ref.id}`
  const world: World = {
    extractor,
    get: ref => subjects.find(each => refOf(each) === ref),
    referrers: (type, param, ref) =>
      subjects.filter(
        each =>
          each.ref.type === type &&
          each.entries.some(entry => entry.kind === 'reference' && entry.param === param && entry.ref === ref),
      ),
  }
  return async (
    type: string | readonly string[],
    query: string,
    more: Partial<SearchOptions> = {},
  ): Promise<string[]> => {
    const { query: asked } = await ask(type, query, { ...options, ...more })
    const found = subjects.filter(each => asked.types.includes(each.ref.type) && match(asked.filter, each, world))
    return order(asked, found).map(each => each.ref.id)
  }
}
