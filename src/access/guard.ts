/**
 * What a caller may see is a store too: the same store, with the caller's Filters inside every question and every write.
 * https://hl7.org/fhir/R4/security.html
 */
import type { Ref } from '../fhir/types.ts'
import { type Extractor, type Filter, nothing, type Query } from '../search/query.ts'
import type { Store, Version } from '../store/store.ts'
import type { Action, Caller } from './caller.ts'
import { both, isEverything, scope } from './filters.ts'
import { makeJudge, type Judge } from './judge.ts'
import { commitPermitted } from './permitted-write.ts'
import { visibleHistory } from './visible-history.ts'

export interface GuardParts {
  /** All resource types there are. */
  readonly types: readonly string[]
  /** Reads what is not in the index: a deleted resource, an old version, one on its way in. */
  readonly extractor: Extractor
}

const actions: readonly Action[] = ['create', 'read', 'update', 'delete', 'search']
const unrestricted = new WeakMap<Caller, boolean>()

/** Callers are remembered, and so is the store as each sees it. */
const kept = new WeakMap<Caller, { readonly store: Store; readonly extractor: Extractor; readonly seen: Store }>()

/**
 * The store as this caller sees it. Who may do everything gets the store itself. What a caller may not see is as if it were
 * not there; a write that the caller may not do throws a FhirError (403), and so does `permit` in rest/ for types that are asked by name.
 */
export function guard(store: Store, caller: Caller, { types, extractor }: GuardParts): Store {
  let all = unrestricted.get(caller)
  if (all === undefined) {
    all = types.every(type => actions.every(action => isEverything(caller.permits(type, action) ?? nothing)))
    unrestricted.set(caller, all)
  }
  if (all) return store
  const known = kept.get(caller)
  if (known?.store === store && known.extractor === extractor) return known.seen
  const seen = guarded(store, caller, makeJudge(store, extractor))
  kept.set(caller, { store, extractor, seen })
  return seen
}

function guarded(store: Store, caller: Caller, judge: Judge): Store {
  const permitted = (type: string, action: Action): Filter => caller.permits(type, action) ?? nothing
  const scoped = (filter: Filter): Filter => scope(filter, type => permitted(type, 'search'))

  /** The current version, when it is there and the caller may do this to it. */
  async function current(ref: Ref, action: Action): Promise<Version | undefined> {
    const filter = caller.permits(ref.type, action)
    if (!filter) return undefined
    const page = await store.find(queryOf(ref.type, both({ is: 'id', ids: [ref.id] }, filter), 1))
    return page.matches[0]
  }

  /** Whether the caller may see this version: it, and the resource as it is now (or was last). */
  async function sees(version: Version): Promise<boolean> {
    const filter = caller.permits(version.ref.type, 'read')
    if (!filter) return false
    if (isEverything(filter)) return true
    return (await judge.version(filter, version)) && (await read(version.ref)) !== undefined
  }

  // no async function where there is nothing to wait for: each costs three turns of the queue, and every request passes here
  function read(ref: Ref): Promise<Version | undefined> {
    const filter = caller.permits(ref.type, 'read')
    if (!filter) return Promise.resolve(undefined)
    return isEverything(filter) ? store.read(ref) : readWithin(ref, filter)
  }

  async function readWithin(ref: Ref, filter: Filter): Promise<Version | undefined> {
    const { matches } = await store.find(queryOf(ref.type, both({ is: 'id', ids: [ref.id] }, filter), 1))
    if (matches.length > 0) return matches[0]
    // beyond reach, or deleted: no index knows those, and their last content tells
    const version = await store.read(ref)
    return version && version.text === undefined && (await judge.version(filter, version)) ? version : undefined
  }

  const guardedStore: Store = {
    read,

    async readMany(refs) {
      const byType = Map.groupBy(refs, ref => ref.type)
      const found = await Promise.all(
        [...byType].map(async ([type, some]) => {
          const filter = permitted(type, 'read')
          if (isEverything(filter)) return store.readMany(some)
          const ids = [...new Set(some.map(ref => ref.id))]
          return (await store.find(queryOf(type, both({ is: 'id', ids }, filter), ids.length))).matches
        }),
      )
      return found.flat()
    },

    async readVersion(ref, version) {
      if (!caller.permits(ref.type, 'read')) return undefined
      const found = await store.readVersion(ref, version)
      return found && (await sees(found)) ? found : undefined
    },

    find(query) {
      const types = query.types.filter(type => caller.permits(type, 'search'))
      if (types.length > 0) return store.find(within({ ...query, types }))
      return Promise.resolve({ matches: [], next: undefined, total: query.total === 'none' ? undefined : 0 })
    },

    history: query => visibleHistory(store, query, sees, type => permitted(type, 'read')),

    async referrers(type, param, refs, limit) {
      const filter = permitted(type, 'search')
      if (isEverything(filter)) return store.referrers(type, param, refs, limit)
      const values = refs.map(ref => `${ref.type}/${ref.id}`)
      const refers: Filter = { is: 'has', param, kind: 'reference', where: { is: 'one of', column: 'ref', values } }
      return [...(await store.find(queryOf(type, both(refers, filter), limit))).matches]
    },

    commit: (writes, note) => commitPermitted(writes, note, { caller, store, judge, current, within }),

    async counts() {
      const counts = new Map<string, number>()
      for (const [type, count] of await store.counts()) {
        const filter = permitted(type, 'search')
        const seen = isEverything(filter)
          ? count
          : ((await store.find({ ...queryOf(type, filter, 0), total: 'accurate' })).total ?? 0)
        if (seen > 0) counts.set(type, seen)
      }
      return counts
    },

    records: name => store.records(name),

    // the store belongs to the server, not to a request
    close: async () => {},
  }

  /** The query with the caller's Filters in it. */
  function within(query: Query): Query {
    if (query.types.length === 1)
      return { ...query, filter: both(scoped(query.filter), permitted(query.types[0]!, 'search')) }
    const filters = new Map(query.types.map(type => [type, permitted(type, 'search')]))
    const different = new Set(filters.values())
    const own: Filter =
      different.size === 1
        ? [...different][0]!
        : {
            is: 'any',
            parts: [...Map.groupBy(filters, ([, filter]) => filter)].map(([filter, some]) =>
              both({ is: 'type', types: some.map(([type]) => type) }, filter),
            ),
          }
    return { ...query, filter: both(scoped(query.filter), own) }
  }

  return guardedStore
}

const queryOf = (type: string, filter: Filter, count: number): Query => ({
  types: [type],
  filter,
  sort: [],
  count,
  total: 'none',
})
