/**
 * Who is asking, and what of each resource type they may do.
 */
import { everything, type Filter } from '../search/query.ts'
import type { Grant } from './grant.ts'
import type { Scope } from './scope.ts'

export type Action = 'create' | 'read' | 'update' | 'delete' | 'search'

/** A scope that lets a caller do something, and the Filter that narrows it. */
export interface Permitted {
  readonly scope: Scope
  readonly filter: Filter
}

export interface Caller {
  /** Stable and unique in the tenant; page links are bound to it and logs name it. */
  readonly id: string
  /** Which resources of `type` the caller may do this to: `everything`, a narrower Filter, or undefined for none. */
  permits(type: string, action: Action): Filter | undefined
  /** What the token says, for a caller with one. */
  readonly grant?: Grant
  /** The origins under which the caller's app keeps app state: access/app-state.ts. */
  readonly stateOrigins?: readonly string[]
  /** A scope that would permit it, to be told to an app that lacks it. */
  scopeFor?(type: string, action: Action): string
  /** The scopes that permit this, for a caller with a token; empty for none. */
  because?(type: string, action: Action): readonly Permitted[]
}

/** The sandbox's own user: what a request without a token acts as when `DHP_AUTH=open`. */
export const sandboxUser: Caller = { id: 'sandbox', permits: () => everything }

/** Nobody: what a request without a token is when `DHP_AUTH=smart`. */
export const nobody: Caller = { id: 'nobody', permits: () => undefined }
