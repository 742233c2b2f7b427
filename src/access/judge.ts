/**
 * Whether a resource satisfies a Filter when no index can tell: an old version, a deleted resource, one on its way in.
 */
import type { Ref, Resource } from '../fhir/types.ts'
import { match, type Subject, type World } from '../search/match.ts'
import type { Extractor, Filter } from '../search/query.ts'
import { fill } from '../store/stamp.ts'
import type { Store, Version, Write } from '../store/store.ts'

type Put = Extract<Write, { do: 'put' }>

/** What one commit would make of things: by `Patient/1`; undefined for what it deletes. */
type Pending = ReadonlyMap<string, Subject | undefined>

export interface Judge {
  /** A version by its content; a deletion by the content before it. */
  version(filter: Filter, version: Version): Promise<boolean>
  /** A resource that is to be written, as it would be after the commit. */
  written(filter: Filter, put: Put, pending: Pending): Promise<boolean>
  pending(writes: readonly Write[]): Pending
}

const none: Pending = new Map()
const name = ({ type, id }: Ref) => `${type}/${id}`

export function makeJudge(store: Store, extractor: Extractor): Judge {
  // links are followed here, asynchronously; match sees single parts only
  const world: World = { extractor, get: () => undefined, referrers: () => [] }

  async function satisfies(filter: Filter, subject: Subject, pending: Pending): Promise<boolean> {
    switch (filter.is) {
      case 'all':
        for (const part of filter.parts) if (!(await satisfies(part, subject, pending))) return false
        return true
      case 'any':
        for (const part of filter.parts) if (await satisfies(part, subject, pending)) return true
        return false
      case 'not':
        return !(await satisfies(filter.part, subject, pending))
      case 'link':
        return links(filter, subject, pending)
      case 'linked by':
        return isLinked(filter, subject, pending)
      default:
        return match(filter, subject, world)
    }
  }

  async function links(
    { param, type, where }: Extract<Filter, { is: 'link' }>,
    subject: Subject,
    pending: Pending,
  ): Promise<boolean> {
    const stored: string[] = []
    for (const entry of subject.entries) {
      if (entry.kind !== 'reference' || entry.param !== param || !entry.ref.startsWith(`${type}/`)) continue
      if (!pending.has(entry.ref)) stored.push(entry.ref.slice(type.length + 1))
      else {
        const target = pending.get(entry.ref)
        if (target && (await satisfies(where, target, pending))) return true
      }
    }
    return stored.length > 0 && found(type, { is: 'all', parts: [{ is: 'id', ids: stored }, where] }, none)
  }

  async function isLinked(
    { param, type, where }: Extract<Filter, { is: 'linked by' }>,
    subject: Subject,
    pending: Pending,
  ): Promise<boolean> {
    const ref = name(subject.ref)
    for (const other of pending.values()) {
      if (
        other?.ref.type !== type ||
        !other.entries.some(entry => entry.kind === 'reference' && entry.param === param && entry.ref === ref)
      )
        continue
      if (await satisfies(where, other, pending)) return true
    }
    const refers: Filter = {
      is: 'has',
      param,
      kind: 'reference',
      where: { is: 'compare', by: '=', column: 'ref', value: ref },
    }
    return found(type, { is: 'all', parts: [refers, where] }, pending)
  }

  /** Whether the store has one that the commit does not touch. */
  async function found(type: string, filter: Filter, pending: Pending): Promise<boolean> {
    const touched = [...pending.keys()].filter(key => key.startsWith(`${type}/`)).map(key => key.slice(type.length + 1))
    const untouched: Filter = touched.length
      ? { is: 'all', parts: [filter, { is: 'not', part: { is: 'id', ids: touched } }] }
      : filter
    const page = await store.find({ types: [type], filter: untouched, sort: [], count: 1, total: 'none' })
    return page.matches.length > 0
  }

  function subjectOf(ref: Ref, updated: number, text: string): Subject {
    const resource = JSON.parse(text) as Resource
    return { ref, updated, entries: extractor.entries(resource), resource }
  }

  return {
    async version(filter, version) {
      const before =
        version.text === undefined ? await store.readVersion(version.ref, String(Number(version.version) - 1)) : version
      return before?.text !== undefined && satisfies(filter, subjectOf(version.ref, before.updated, before.text), none)
    },
    written: (filter, put, pending) => satisfies(filter, pending.get(name(put.ref)) ?? new Coming(put), pending),
    pending: writes =>
      new Map(
        writes.flatMap(write =>
          write.do === 'check' ? [] : [[name(write.ref), write.do === 'put' ? new Coming(write) : undefined] as const],
        ),
      ),
  }
}

/** A resource on its way in; its text is only read when somebody asks. A class because of its getter, see cds/call.ts. */
class Coming implements Subject {
  readonly ref: Ref
  readonly updated = Date.now()
  readonly entries: Subject['entries']
  readonly #draft: Put['draft']
  #parsed: unknown

  constructor({ ref, draft, entries }: Put) {
    this.ref = ref
    this.entries = entries
    this.#draft = draft
  }

  get resource(): unknown {
    return (this.#parsed ??= JSON.parse(fill(this.#draft, 1, this.updated)))
  }
}
