/**
 * The store as it was at the transactionTime: resources that were changed or deleted since are exported as they stood then.
 * https://hl7.org/fhir/uv/bulkdata/STU2/export.html#response---complete-status
 */
import { makeJudge } from '../access/judge.ts'
import type { Extractor, Filter } from '../search/query.ts'
import type { Ref } from '../fhir/types.ts'
import type { HistoryQuery, Store, Version } from '../store/store.ts'

export interface Moment {
  /** The version that was current, as far as the caller may see it; undefined when there was none, or it was a deletion. */
  at(ref: Ref): Promise<Version | undefined>
  /** Whether the content of a version satisfies a filter; of a deletion, the content before. */
  satisfies(filter: Filter, version: Version): Promise<boolean>
  /** The ids of a type that were changed after the moment, page by page. */
  changedAfter(type: string): AsyncIterable<readonly string[]>
  /** The deletions of a type made after `since` that still held at the moment. `after`: of the page before. */
  deleted(type: string, since: number, after: number | undefined): Promise<Deletions>
}

export interface Deletions {
  readonly versions: readonly Version[]
  readonly next: number | undefined
}

const PAGE = 500

/** `seen` is the store as the caller sees it, `whole` tells which version was current. `time` in milliseconds since 1970. */
export function momentOf(whole: Store, seen: Store, extractor: Extractor, time: number): Moment {
  const judge = makeJudge(seen, extractor)

  async function versionAt(ref: Ref): Promise<Version | undefined> {
    const { versions } = await whole.history({ of: { ref }, count: 1, at: { low: time, high: time } })
    return versions[0]
  }

  return {
    async at(ref) {
      const version = await versionAt(ref)
      return version?.text === undefined ? undefined : seen.readVersion(ref, version.version)
    },

    satisfies: (filter, version) => judge.version(filter, version),

    async *changedAfter(type) {
      let after: number | undefined
      do {
        const page = await seen.history(
          pageOf({ of: { type }, count: PAGE, since: time + 1, oldestFirst: true }, after),
        )
        yield [...new Set(page.versions.map(({ ref }) => ref.id))]
        after = page.next
      } while (after !== undefined)
    },

    async deleted(type, since, after) {
      const asked = { of: { type }, count: PAGE, since: since + 1, oldestFirst: true }
      const { versions, next } = await seen.history(pageOf(asked, after))
      const found: Version[] = []
      for (const version of versions) {
        if (version.text !== undefined || version.updated > time) continue
        if ((await versionAt(version.ref))?.version === version.version) found.push(version)
      }
      // the history goes on behind the moment
      return { versions: found, next: (versions.at(-1)?.updated ?? 0) > time ? undefined : next }
    },
  }
}

const pageOf = (query: HistoryQuery, after: number | undefined): HistoryQuery =>
  after === undefined ? query : { ...query, after }
