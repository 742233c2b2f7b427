/**
 * Who is asking, and what of each resource type they may do.
 */
import { everything, type Filter } from '../search/query.ts'

export type Action = 'create' | 'read' | 'update' | 'delete' | 'search'

export interface Caller {
  /** Stable and unique in the tenant; page links are bound to it and logs name it. */
  readonly id: string
  /** Which resources of `type` the caller may do this to: `everything`, a narrower Filter, or undefined for none. */
  permits(type: string, action: Action): Filter | undefined
}

/** The sandbox's own user: what a request without a token acts as when `DHP_AUTH=open`. */
export const sandboxUser: Caller = { id: 'sandbox', permits: () => everything }

/** Nobody: what a request without a token is when `DHP_AUTH=smart`. */
export const nobody: Caller = { id: 'nobody', permits: () => undefined }
