/**
 * What rules hide from a caller is hidden in the store: the same store, every version that comes out of it without what is masked,
 * and no question answered that would tell it. Whatever reads through it need not know.
 * https://hl7.org/fhir/R4/security.html
 */
import { setImmediate } from 'node:timers/promises'
import type { FhirError } from '../fhir/outcome.ts'
import type { HistoryOf, Store, Version } from '../store/store.ts'
import type { Query } from '../search/query.ts'

/** What is hidden from a caller. */
export interface View {
  /** Why nothing of a type may be shown; undefined when it may. */
  refusal(type: string): FhirError | undefined
  /** Why this must not be asked; undefined when it may. */
  revealing(query: Query): FhirError | undefined
  /** The same for who refers to something by this parameter. */
  revealingParam(type: string, param: string): FhirError | undefined
  masks(type: string): boolean
  /** The text without what is masked. */
  masked(type: string, text: string): string
}

/** Milliseconds of masking before others have the event loop. */
const SLICE = 10

/**
 * The store as it is seen so. A type that is asked for by name and may not be shown throws; among others it is left out, as is
 * all of it for work in the background. To write, one must know what is there, also what may not be shown.
 */
export function maskedStore(store: Store, view: View, use: 'reading' | 'writing' | 'background'): Store {
  const one = (version: Version): Version =>
    version.text !== undefined && view.masks(version.ref.type)
      ? { ...version, text: view.masked(version.ref.type, version.text) }
      : version

  async function all<T extends Version>(versions: readonly T[]): Promise<Version[]> {
    const shown: Version[] = []
    let since = performance.now()
    for (const version of versions) {
      shown.push(one(version))
      if (performance.now() - since <= SLICE) continue
      await setImmediate()
      since = performance.now()
    }
    return shown
  }

  const hidden = (type: string) => view.refusal(type) !== undefined
  function named(type: string): boolean {
    const refusal = view.refusal(type)
    if (refusal && use !== 'background') throw refusal
    return !refusal
  }
  const allowed = (error: FhirError | undefined) => {
    if (error) throw error
  }

  return {
    async read(ref) {
      if (use !== 'writing' && hidden(ref.type)) return undefined
      const version = await store.read(ref)
      return version && one(version)
    },
    async readVersion(ref, number) {
      if (use !== 'writing' && hidden(ref.type)) return undefined
      const version = await store.readVersion(ref, number)
      return version && one(version)
    },
    readMany: async refs => all(await store.readMany(refs.filter(({ type }) => !hidden(type)))),
    async find(query) {
      const types = query.types.length > 1 ? query.types.filter(type => !hidden(type)) : query.types
      if (types.length === 0) named(query.types[0]!)
      if (types.length === 0 || (types.length === 1 && !named(types[0]!)))
        return { matches: [], next: undefined, total: query.total === 'none' ? undefined : 0 }
      const asked = types.length < query.types.length ? { ...query, types } : query
      allowed(view.revealing(asked))
      const page = await store.find(asked)
      return { ...page, matches: await all(page.matches) }
    },
    async history(query) {
      const type = typeOf(query.of)
      if (type !== undefined && !named(type)) return { versions: [], next: undefined, total: 0 }
      const without = type === undefined ? [...(await store.counts()).keys()].filter(hidden) : []
      const page = await store.history(
        without.length > 0 ? { ...query, without: [...(query.without ?? []), ...without] } : query,
      )
      return { ...page, versions: await all(page.versions) }
    },
    async referrers(type, param, refs, limit) {
      if (hidden(type)) return []
      allowed(view.revealingParam(type, param))
      return all(await store.referrers(type, param, refs, limit))
    },
    commit: (writes, note) => store.commit(writes, note),
    counts: () => store.counts(),
    records: name => store.records(name),
    close: () => store.close(),
  }
}

const typeOf = (of: HistoryOf): string | undefined => ('ref' in of ? of.ref.type : 'type' in of ? of.type : undefined)
