/**
 * The store: versions kept, questions answered. What every engine promises; test/store/contract.ts checks it.
 *
 * Promises: a resolved `commit` is on disk and found by the next `find`; the writes of one `commit` happen all or
 * not at all; every condition is judged inside the commit; the versions of a resource count 1, 2, 3 … without gaps.
 */
import type { IndexEntry, Position, Query } from '../search/query.ts'
import type { Ref } from '../fhir/types.ts'

/** How a version came about; history shows it as `request.method`. */
export type Method = 'POST' | 'PUT' | 'PATCH' | 'DELETE'

/** One version of a resource. */
export interface Version {
  readonly ref: Ref
  /** `meta.versionId`: '1', '2', … */
  readonly version: string
  /** `meta.lastUpdated`, in milliseconds since 1970. Grows with every write to the store. */
  readonly updated: number
  readonly method: Method
  /** The JSON text as it is sent, `id` and `meta` in it. Undefined when this version is a deletion. */
  readonly text: string | undefined
}

/** What must be true of the stored resource for a write to happen. */
export type Expectation =
  | { readonly is: 'anything' }
  /** It does not exist (or was deleted). */
  | { readonly is: 'nothing' }
  | { readonly is: 'version'; readonly version: string }

/**
 * A resource on its way into the store: its text with the two places open that only the commit can fill.
 * The text stored is `head + versionId + middle + lastUpdated + tail`. See `prepare` in store/stamp.ts.
 */
export interface Draft {
  readonly head: string
  readonly middle: string
  readonly tail: string
}

/**
 * What a search said when the write was planned: judged again inside the commit. If-None-Exist is `found: []`.
 * When it says something else now, the commit throws `Overtaken` and the write is planned anew.
 */
export interface Condition {
  readonly query: Query
  readonly found: readonly string[]
}

/** A rule of the tenant writes it, whatever the caller may do. */
type ByRule = true

export type Write =
  | {
      readonly do: 'put'
      readonly ref: Ref
      readonly method: 'POST' | 'PUT' | 'PATCH'
      readonly draft: Draft
      readonly entries: readonly IndexEntry[]
      readonly expect: Expectation
      readonly condition?: Condition
      /** The server has just chosen this id, for a method other than POST. */
      readonly fresh?: true
      readonly byRule?: ByRule
    }
  | {
      readonly do: 'delete'
      readonly ref: Ref
      readonly expect: Expectation
      readonly condition?: Condition
      readonly byRule?: ByRule
    }
  /** Writes nothing: the commit fails unless the condition still holds. */
  | { readonly do: 'check'; readonly condition: Condition }

/** A record kept in the same commit as the writes, or not at all: what was done is known to be done. */
export interface Note {
  /** The name of the records it is among. */
  readonly records: string
  readonly key: string
  /** Made of what the commit made: a value, or its JSON. */
  value(versions: readonly Version[]): unknown
  /** Until when it is kept, in milliseconds since 1970. */
  readonly expires: number
  /** Another one, kept with it. */
  readonly also?: Note
  /** Records that go with it: what it says has taken their place. */
  readonly drops?: readonly { readonly records: string; readonly key: string }[]
}

/** The value of a note that is printed already. */
export class Printed {
  readonly json: string
  constructor(json: string) {
    this.json = json
  }
}

/** Both, kept together; the first of them may be missing. */
export const noted = (note: Note | undefined, more: Note): Note =>
  note ? { ...note, also: noted(note.also, more) } : more

/** Another writer was faster: what a plan had looked up is no longer so. Plan again. */
export class Overtaken extends Error {
  override readonly name = 'Overtaken'
}

/** An `expect` of the client's own does not hold; `current` is what is stored (undefined: nothing, or deleted). */
export class Mismatch extends Error {
  override readonly name = 'Mismatch'
  readonly ref: Ref
  readonly current: string | undefined
  constructor(ref: Ref, current: string | undefined) {
    super(`${ref.type}/${ref.id} is at version ${current ?? 'none'}`)
    this.ref = ref
    this.current = current
  }
}

/** The disk is full: nothing was written; reading goes on. */
export class StorageFull extends Error {
  override readonly name = 'StorageFull'
}

/** One page of matches, in order. */
export interface Page {
  readonly matches: readonly Version[]
  /** Where the next page begins; undefined when this is the last. */
  readonly next: Position | undefined
  /** As `query.total` asked; undefined for 'none'. */
  readonly total: number | undefined
}

/** Whose history: of one resource, of a type, of everything. */
export type HistoryOf = { readonly ref: Ref } | { readonly type: string } | { readonly all: true }

export interface HistoryQuery {
  readonly of: HistoryOf
  readonly count: number
  /** Only versions made at or after this time (milliseconds). */
  readonly since?: number
  /** Only versions that were current at some time of this range (milliseconds, inclusive). */
  readonly at?: { readonly low: number; readonly high: number }
  /** Newest first unless true. */
  readonly oldestFirst?: boolean
  /** Of everything but these types. */
  readonly without?: readonly string[]
  /** The `stamp` of the last version of the page before. */
  readonly after?: number
}

export interface HistoryPage {
  readonly versions: readonly Version[]
  readonly next: number | undefined
  readonly total: number
}

/** Small records that are not FHIR: codes, tokens, jobs, keys. Values are JSON. */
export interface Records {
  /** Keeps a value, until `expires` (milliseconds since 1970) when given. */
  put(key: string, value: unknown, expires?: number): Promise<void>
  get(key: string): Promise<unknown>
  /** Gives the value to one caller only, and removes it. */
  take(key: string): Promise<unknown>
  remove(key: string): Promise<void>
  list(prefix?: string): Promise<{ key: string; value: unknown }[]>
}

export interface Store {
  /** The latest version, a deletion included; undefined when there never was one. */
  read(ref: Ref): Promise<Version | undefined>
  /** The latest versions of several; those that are not there or deleted are left out. Order is not kept. */
  readMany(refs: readonly Ref[]): Promise<Version[]>
  readVersion(ref: Ref, version: string): Promise<Version | undefined>
  find(query: Query): Promise<Page>
  history(query: HistoryQuery): Promise<HistoryPage>
  /** The resources of `type` that refer to one of `refs` by `param`, at most `limit`. For `_revinclude`. */
  referrers(type: string, param: string, refs: readonly Ref[], limit: number): Promise<Version[]>
  /** All of the writes or none. Throws `Mismatch` (a client's If-Match) or `Overtaken` (plan again). */
  commit(writes: readonly Write[], note?: Note): Promise<Version[]>
  /** How many live resources there are, by type. */
  counts(): Promise<ReadonlyMap<string, number>>
  records(name: string): Records
  close(): Promise<void>
}

/** What only the owner of a store does, never a request. */
export interface Engine extends Store {
  /** Indexes again all resources of these types with the extractor it was given; resolves to how many. */
  reindex(types: readonly string[], progress?: (done: number) => void): Promise<number>
  /** A consistent copy into a new file or folder, while the store serves. */
  backup(path: string): Promise<void>
  /** Problems found in the files; empty when all is well. */
  verify(): Promise<string[]>
  /** What the store has cost so far; fsyncs counts durable commits. */
  readonly stats: { commits: number; writes: number; slowQueries: number }
}
