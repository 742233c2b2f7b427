/**
 * History as a caller sees it: the versions are looked at one by one, since an index knows only what is now.
 * https://hl7.org/fhir/R4/http.html#history
 */
import { tooCostly } from '../fhir/outcome.ts'
import { nothing, type Filter } from '../search/query.ts'
import type { HistoryPage, HistoryQuery, Store, Version } from '../store/store.ts'
import { isEverything } from './filters.ts'

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

  const { after, ...whole } = query
  const page = await scan(store, query, sees, query.count, after === undefined)
  const total = page.total ?? (await scan(store, whole, sees, 0, true)).total!
  return { versions: page.versions, next: page.next, total }
}

interface Scanned {
  readonly versions: readonly Version[]
  readonly next: number | undefined
  /** Of all from where it began; undefined when it stopped earlier. */
  readonly total: number | undefined
}

/** The first `count` versions that can be seen; to the end of the history when the total is wanted. */
async function scan(
  store: Store,
  query: HistoryQuery,
  sees: (version: Version) => Promise<boolean>,
  count: number,
  toEnd: boolean,
): Promise<Scanned> {
  const versions: Version[] = []
  let total = 0
  let looked = 0
  let { after } = query
  // where the last version of the page stands: the store tells the stamp of the last of a page only
  let last: { after: number | undefined; count: number } | undefined
  for (;;) {
    const slice = await store.history(from(query, after, SLICE))
    looked += slice.versions.length
    if (looked > MOST)
      throw tooCostly(
        'Too many versions would have to be looked at. Ask for the history of one type or resource, or a later _since.',
      )
    for (const [i, version] of slice.versions.entries()) {
      if (!(await sees(version))) continue
      total++
      if (versions.length < count) {
        versions.push(version)
        last = { after, count: i + 1 }
      } else if (!toEnd) return { versions, next: await stampOf(store, query, last), total: undefined }
    }
    if (slice.next === undefined) break
    after = slice.next
  }
  return {
    versions,
    next: total > versions.length ? await stampOf(store, query, last) : undefined,
    total: toEnd ? total : undefined,
  }
}

const from = ({ after: _, ...query }: HistoryQuery, after: number | undefined, count: number): HistoryQuery => ({
  ...query,
  count,
  ...(after === undefined ? {} : { after }),
})

const stampOf = async (
  store: Store,
  query: HistoryQuery,
  last: { after: number | undefined; count: number } | undefined,
): Promise<number | undefined> => last && (await store.history(from(query, last.after, last.count))).next
