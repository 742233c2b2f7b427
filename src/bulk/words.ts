/**
 * The words of Bulk Data export: what was asked, how far it is, and what came of it.
 * https://hl7.org/fhir/uv/bulkdata/STU2/export.html
 */
import type { Grant } from '../access/grant.ts'
import type { Filter } from '../search/query.ts'
import type { Issue } from '../fhir/outcome.ts'

/** Where an export was asked for. */
export type Level =
  | { readonly of: 'system' }
  | { readonly of: 'Patient' }
  | { readonly of: 'Group'; readonly id: string }

/** What was asked, by whom. Kept in the records `bulk-jobs` by the job's id; never changes. All of it is JSON. */
export interface Order {
  readonly level: Level
  /** Id of the caller; nobody else hears of the job. */
  readonly caller: string
  /** What its token said: rules may ask for it. */
  readonly grant?: Grant
  /** What the caller could read and find when it was asked, by resource type: the job sees no more, also after a restart. */
  readonly permits: Readonly<Record<string, Filter>>
  /** The effective list, in the order of work. */
  readonly types: readonly string[]
  /** What _typeFilter says of a type. */
  readonly filters: Readonly<Record<string, Filter>>
  /** Milliseconds since 1970: only what changed after it. */
  readonly since?: number
  /** Only what was last changed at or before it. */
  readonly until?: number
  readonly elements?: readonly string[]
  /** Which Provenance comes with what is exported. `latest`: then no other, and it is not among `types`. */
  readonly associated?: 'latest' | 'relevant'
  /** Files are made of the blocks of patients, each of any type; else a file is of one type. */
  readonly organizedBy?: 'Patient'
  /** Whether the job's folder has a list of patients, to whose compartments the export is confined. */
  readonly ofPatients: boolean
  /** The URL of the request, as the manifest repeats it. */
  readonly request: string
  /** What was ignored of the request. */
  readonly warnings: readonly Issue[]
  /** Whether the one who asked sent a token. */
  readonly withToken: boolean
  /** Milliseconds since 1970. */
  readonly asked: number
}

/** One file of NDJSON. */
export interface OutputFile {
  /** In the job's folder and in the URL. */
  readonly name: string
  readonly kind: 'output' | 'deleted' | 'error'
  /** The resource type whose content it tells of; `OperationOutcome` for errors, `MIXED` for blocks. */
  readonly type: string
  /** Lines. */
  readonly count: number
  readonly bytes: number
}

/** Where the work stands: everything before it is on disk. */
export interface Place {
  /** Index into the order's types. */
  readonly type: number
  /** `find` pages through what is there now, `changed` adds what changed since, `deleted` tells what is gone. */
  readonly step: 'find' | 'changed' | 'deleted'
  /** Which part of the patients. */
  readonly part: number
  /** Of the store's pages. */
  readonly after?: unknown
  /** Whose block it is, when the output is organized by patients. */
  readonly block?: Block
}

/** The patients whose blocks are written now, and where the next come from. */
export interface Block {
  readonly ids: readonly string[]
  /** Index into `ids`. */
  readonly at: number
  /** Whether something of it is written already. */
  readonly headed: boolean
  /** The position in the store or in the job's list; absent when these are the last. */
  readonly next?: unknown
  /** These are the ones that were changed after the moment. */
  readonly changed?: true
}

/** How far a job is. Kept in the records `bulk-progress` by the job's id. */
export interface Progress {
  readonly state: 'queued' | 'running' | 'done' | 'failed'
  /** The transactionTime; set when the work begins. */
  readonly time?: number
  readonly place: Place
  readonly files: readonly OutputFile[]
  /** What the manifest's errors tell beside the order's warnings. */
  readonly problems: readonly Issue[]
  /** Until when the files are kept; set at the end. */
  readonly expires?: number
}

export const JOBS = 'bulk-jobs'
export const PROGRESS = 'bulk-progress'
/** The first segment of the URLs of jobs and files. */
/** The type of files with blocks. */
export const MIXED = '*'
export const BULK = 'bulk'
export const NDJSON = 'application/fhir+ndjson'
