/**
 * What a tenant can be searched by: the definitions of R4 and the SearchParameter resources made searchable by $reindex.
 * https://hl7.org/fhir/R4/searchparameter.html
 */
import { noAliases } from '../search/aliases.ts'
import type { Definitions } from '../fhir/definitions.ts'
import { ownSearchParameters } from '../fhir/own-search-parameters.ts'
import type { Resource } from '../fhir/types.ts'
import type { Extractor } from '../search/query.ts'
import type { Engine } from '../store/store.ts'

export interface Catalogue {
  /** As they are now; another object after `use`. */
  readonly definitions: Definitions
  /** Always the same object, for the engine to keep; it extracts by the definitions as they are now. */
  readonly extractor: Extractor
  /** Takes up the SearchParameters of the last reindexing; indexes again when that was cut short. Before the first request. */
  restore(engine: Engine): Promise<void>
  /**
   * Adds these to the definitions of R4 (in place of those added before), and indexes again: these types, and those
   * that a new, changed or withdrawn SearchParameter is for. Resolves to how many resources.
   */
  reindex(engine: Engine, types: readonly string[], searchParameters: readonly Resource[]): Promise<number>
}

/** What is kept of the last reindexing. */

interface Kept {
  readonly searchParameters: readonly Resource[]
  /** The types still to be done. */
  readonly pending: readonly string[]
}

export function makeCatalogue(base: Definitions, makeExtractor: (definitions: Definitions) => Extractor): Catalogue {
  let definitions = base
  let current = makeExtractor(base)
  let added: readonly Resource[] = []
  const extractor: Extractor = {
    entries: resource => current.entries(resource),
    groups: (resource, composite) => current.groups(resource, composite),
    contained: (resource, type) => current.contained(resource, type),
    aliases: type => current.aliases?.(type) ?? noAliases(type),
  }
  const use = (searchParameters: readonly Resource[]) => {
    added = searchParameters
    definitions = searchParameters.length > 0 ? base.with(searchParameters) : base
    current = makeExtractor(definitions)
  }
  const kept = (engine: Engine) => engine.records('search-parameters')

  /** Indexes what was stored before the server's own SearchParameters were what they are now. */
  async function takeUpOwn(engine: Engine): Promise<void> {
    const own = ownSearchParameters()
    const before = ((await kept(engine).get('own')) ?? []) as readonly Resource[]
    const types = affected(before, own, base)
    if (types.length === 0) return
    await engine.reindex(types)
    await kept(engine).put('own', own)
  }

  async function reindex(
    engine: Engine,
    types: readonly string[],
    searchParameters: readonly Resource[],
  ): Promise<number> {
    const pending = [...new Set([...types, ...affected(added, searchParameters, base)])]
    // Kept first: a server that stops in between goes on when it starts again
    await kept(engine).put('reindexed', { searchParameters, pending } satisfies Kept)
    use(searchParameters)
    const count = await engine.reindex(pending)
    await kept(engine).put('reindexed', { searchParameters, pending: [] } satisfies Kept)
    return count
  }

  return {
    get definitions() {
      return definitions
    },
    extractor,
    reindex,
    async restore(engine) {
      const last = (await kept(engine).get('reindexed')) as Kept | undefined
      if (last && last.pending.length > 0) await reindex(engine, last.pending, last.searchParameters)
      else if (last) use(last.searchParameters)
      await takeUpOwn(engine)
    },
  }
}

/** The types whose index differs between the two sets of SearchParameters. */
function affected(
  before: readonly Resource[],
  after: readonly Resource[],
  definitions: Definitions,
): readonly string[] {
  const texts = (list: readonly Resource[]) => new Set(list.map(({ meta: _, ...content }) => JSON.stringify(content)))
  const [was, is] = [texts(before), texts(after)]
  const changed = [...[...was].filter(text => !is.has(text)), ...[...is].filter(text => !was.has(text))]
  const bases = changed
    .flatMap(text => (JSON.parse(text) as { base?: unknown }).base)
    .filter(base => typeof base === 'string')
  if (bases.includes('Resource') || bases.includes('DomainResource')) return definitions.resourceTypes
  return bases.filter(base => definitions.isResourceType(base))
}
