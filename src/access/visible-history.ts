/**
 * History as a caller sees it: the versions are looked at one by one, since an index knows only what is now.
 * https://hl7.org/fhir/R4/http.html#history
 */
import { tooCostly } from '../fhir/outcome.ts'
import { nothing, type Filter } from '../search/query.ts'
import type { HistoryPage, HistoryQuery, Store, Version } from '../store/store.ts'
import { isEverything } from './guard.ts'

/** Versions looked at together. */
const SLICE = 500
/** Most versions looked at for one page with its total. */
const MOST = 20_000

/**
 * The page of those versions that `sees` lets through, with their total. `permitted`: what of a type may be read.
 * Throws tooCostly when too many versions would have to be looked at.
 */
export async function visibleHistory(
  store: Store,
  query: HistoryQuery,
  sees: (version: Version) => Promise<boolean>,
  permitted: (type: string) => Filter,
): Promise<HistoryPage> {
  const { of } = query
  const type = 'ref' in of ? of.ref.type : 'type' in of ? of.type : undefined
  if (type !== undefined && permitted(type) === nothing) return { versions: [], next: undefined, total: 0 }
  if (type !== undefined && isEverything(permitted(type))) return store.history(query)

  const { after, ...rest } = query
  const all = await scan(store, rest, sees, Infinity)
  const page = after === undefined ? all : await scan(store, query, sees, query.count + 1)
  const more = page.versions.length > query.count
  return {
    versions: page.versions.slice(0, query.count),
    next: more ? page.stamps[query.count - 1] : undefined,
    total: all.versions.length,
  }
}

/** Visible versions in order, each with the stamp to go on behind it, until there are so many. */
async function scan(store: Store, query: HistoryQuery, sees: (version: Version) => Promise<boolean>, most: number): Promise<{ versions: Version[]; stamps: number[] }> {
  const versions: Version[] = []
  const stamps: number[] = []
  let looked = 0
  let after = query.after
  while (versions.length < most) {
    // one at a time, where each version's own stamp is needed; the store gives a stamp per page only
    const page = await store.history({ ...query, count: most === Infinity ? SLICE : 1, ...(after === undefined ? {} : { after }) })
    looked += page.versions.length
    if (looked > MOST) throw tooCostly('Too many versions would have to be looked at. Ask for the history of one type or resource, or a later _since.')
    for (const version of page.versions) {
      if (!(await sees(version))) continue
      versions.push(version)
      stamps.push(page.next ?? 0)
    }
    if (page.next === undefined) break
    after = page.next
  }
  return { versions, stamps }
}
