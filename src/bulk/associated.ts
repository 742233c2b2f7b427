/**
 * includeAssociatedData: with each exported resource the Provenance that tells of it, all of it or the most recent.
 * What was exported is never remembered: a Provenance comes out with the first of its targets that is exported, which is judged anew each time.
 * https://hl7.org/fhir/uv/bulkdata/STU2/export.html#query-parameters
 */
import type { Ref } from '../fhir/types.ts'
import { listed, quoted } from '../rest/outcome-text.ts'
import type { Extractor, Filter, Position } from '../search/query.ts'
import type { Store, Version } from '../store/store.ts'
import { listOf, skip, type Asked } from './asked.ts'
import type { Moment } from './moment.ts'
import type { Order } from './words.ts'

const values = { LatestProvenanceResources: 'latest', RelevantProvenanceResources: 'relevant' } as const

/** The least restrictive of what was asked; undefined for none. Throws 400 for a value that is not known, unless lenient. */
export function readAssociated(asked: Asked): Order['associated'] {
  const found = new Set<'latest' | 'relevant'>()
  for (const value of listOf(asked, 'includeAssociatedData') ?? []) {
    // a Coding or a token of its code system names the same
    const code = value.slice(value.lastIndexOf('|') + 1)
    if (Object.hasOwn(values, code)) found.add(values[code as keyof typeof values])
    else skip(asked, `includeAssociatedData: ${quoted(value)} is not known. Known are: ${listed(Object.keys(values))}.`)
  }
  return found.has('relevant') ? 'relevant' : found.has('latest') ? 'latest' : undefined
}

export const PROVENANCE = 'Provenance'

export interface AssociatedParts {
  readonly kind: 'latest' | 'relevant'
  readonly seen: Store
  readonly moment: Moment
  readonly extractor: Extractor
  /** The transactionTime. */
  readonly time: number
  /** What _typeFilter says of Provenance. */
  readonly filter: Filter | undefined
}

/** What tells which resources are exported: of the whole order, or of one block. */
export interface Exporting {
  /** Whether this resource, as it was at the moment, is exported and is no Provenance. */
  isExported(ref: Ref): Promise<boolean>
  /** Whether this Provenance comes out as a resource of its own. */
  isExportedAlone(provenance: Version): Promise<boolean>
}

export interface Associated {
  /** The Provenance to be exported with these, page by page. */
  with(refs: readonly Ref[], exporting: Exporting): AsyncIterable<readonly Version[]>
}

/** So many resources are asked about at once, and so many answers read. */
const AT_ONCE = 50
const PAGE = 200

interface Told {
  readonly version: Version
  readonly targets: readonly string[]
  readonly recorded: number
}

export function associatedWith(parts: AssociatedParts): Associated {
  const { kind, seen, moment, extractor, time, filter } = parts
  /** What was changed or deleted after the moment, as it was then. Few: a Provenance is written once. */
  const changed = new Map<string, Told>()
  let from = time + 1

  async function lookForChanges(): Promise<void> {
    let after: number | undefined
    do {
      const { versions, next } = await seen.history({
        of: { type: PROVENANCE },
        count: PAGE,
        since: from,
        oldestFirst: true,
        ...(after === undefined ? {} : { after }),
      })
      for (const { ref } of versions) {
        const then = changed.has(ref.id) ? undefined : await moment.at(ref)
        if (then && (!filter || (await moment.satisfies(filter, then)))) changed.set(ref.id, tell(then))
      }
      // that millisecond once more the next time: others of it may be on their way
      from = versions.at(-1)?.updated ?? from
      after = next
    } while (after !== undefined)
  }

  function tell(version: Version): Told {
    const content = JSON.parse(version.text!) as { recorded?: unknown }
    const targets = extractor
      .entries(content)
      .flatMap(entry => (entry.kind === 'reference' && entry.param === 'target' ? [entry.ref] : []))
    const recorded = typeof content.recorded === 'string' ? Date.parse(content.recorded) : NaN
    return { version, targets, recorded: Number.isNaN(recorded) ? -Infinity : recorded }
  }

  /** All that told of one of these at the moment, page by page, each once. */
  async function* about(names: ReadonlySet<string>): AsyncGenerator<readonly Told[]> {
    const target: Filter = {
      is: 'has',
      param: 'target',
      kind: 'reference',
      where: { is: 'one of', column: 'ref', values: [...names] },
    }
    const done = new Set<string>()
    let after: Position | undefined
    do {
      const { matches, next } = await seen.find({
        types: [PROVENANCE],
        filter: { is: 'all', parts: filter ? [target, filter] : [target] },
        sort: [],
        count: PAGE,
        total: 'none',
        ...(after ? { after } : {}),
      })
      yield matches.filter(({ updated }) => updated <= time).map(tell)
      for (const { ref, updated } of matches) if (updated <= time) done.add(ref.id)
      after = next
    } while (after)
    await lookForChanges()
    yield [...changed.values()].filter(
      ({ version, targets }) => !done.has(version.ref.id) && targets.some(name => names.has(name)),
    )
  }

  /** By name, the id of the most recent of each. */
  async function latestOf(names: ReadonlySet<string>): Promise<Map<string, string>> {
    const best = new Map<string, Told>()
    for await (const page of about(names))
      for (const told of page)
        for (const name of told.targets) {
          if (!names.has(name)) continue
          const other = best.get(name)
          if (!other || isLater(told, other)) best.set(name, told)
        }
    return new Map([...best].map(([name, { version }]) => [name, version.ref.id]))
  }

  return {
    async *with(refs, exporting) {
      for (let from = 0; from < refs.length; from += AT_ONCE) {
        const names = new Set(refs.slice(from, from + AT_ONCE).map(({ type, id }) => `${type}/${id}`))
        const latest = kind === 'latest' ? await latestOf(names) : undefined
        /** Whether it goes with this resource of the page, or of an earlier or later one. */
        const goesWith = async (told: Told, name: string): Promise<boolean> => {
          if (!names.has(name)) {
            const [type = '', id = ''] = name.split('/')
            if (!(await exporting.isExported({ type, id }))) return false
          }
          if (!latest) return true
          const last = names.has(name) ? latest : await latestOf(new Set([name]))
          return last.get(name) === told.version.ref.id
        }
        const first = async (told: Told): Promise<string | undefined> => {
          for (const name of told.targets) if (await goesWith(told, name)) return name
          return undefined
        }
        for await (const page of about(names)) {
          const going: Version[] = []
          for (const told of page) {
            const name = await first(told)
            if (name !== undefined && names.has(name) && !(await exporting.isExportedAlone(told.version)))
              going.push(told.version)
          }
          if (going.length > 0) yield going
        }
      }
    },
  }
}

const isLater = (one: Told, other: Told): boolean =>
  one.recorded !== other.recorded
    ? one.recorded > other.recorded
    : one.version.updated !== other.version.updated
      ? one.version.updated > other.version.updated
      : one.version.ref.id > other.version.ref.id
