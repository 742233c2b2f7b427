/**
 * A tenant as its owner orders it and sees it, and what is wrong with an order.
 */
import { badRequest } from '../fhir/outcome.ts'
import { snapshotsIn, storeBytes } from './files.ts'
import { DEFAULT, tenantName } from './names.ts'
import type { Level } from '../rest/exchange.ts'
import type { Seed, TenantEntry } from './registry.ts'

/** How a tenant is shown to its owner. */
export interface TenantInfo extends TenantEntry {
  readonly name: string
  readonly path: string
  /** Of the store's files. */
  readonly bytes: number
  readonly snapshots: readonly string[]
}

export interface NewTenant {
  readonly name: string
  readonly seed?: Seed
  /** Starts as a copy of this tenant. */
  readonly copyOf?: string
  /** ISO instant. */
  readonly expires?: string
  readonly validation?: Level
  /** See `TenantChange`. */
  readonly terminologyServer?: string
}

/** What of a tenant can be changed while it is in use. */
export interface TenantChange {
  /** `server`: as the server is set. */
  readonly validation?: Level | 'server'
  /** FHIR base of a terminology server; `none`: no one is asked; `server`: as the server is set. */
  readonly terminologyServer?: string
}

/** The tenant as it is shown; `folder` has its files. */
export const infoOf = (name: string, entry: TenantEntry, folder: string): TenantInfo => ({
  name,
  path: name === DEFAULT ? '/fhir' : `/t/${name}/fhir`,
  ...entry,
  bytes: storeBytes(folder),
  snapshots: snapshotsIn(folder),
})

/** Throws badRequest when such a tenant cannot be. */
export function checkNew({ name, seed = 'none', copyOf, expires, terminologyServer }: NewTenant): void {
  checkTerminologyServer(terminologyServer)
  if (!tenantName.test(name))
    throw badRequest('The name of a tenant has 1 to 63 of a-z, 0-9 and -, and does not begin with -.')
  if (expires !== undefined && !(Date.parse(expires) > Date.now()))
    throw badRequest('"expires" must be an instant to come, such as 2030-01-31T00:00:00Z.')
  if (copyOf !== undefined && seed !== 'none') throw badRequest('Say either "copyOf" or "seed", not both.')
}

/** Throws badRequest when it is neither a FHIR base nor one of the words. */
export function checkTerminologyServer(server: string | undefined): void {
  if (server === undefined || server === 'none' || server === 'server') return
  const url = URL.canParse(server) ? new URL(server) : undefined
  if (!url || !/^https?:$/.test(url.protocol) || url.search || url.hash || url.username)
    throw badRequest('"terminologyServer" is a FHIR base such as https://tx.example.org/r4, or none, or server.')
}

/** As the registry keeps it. */
export const keptServer = (server: string | undefined): { terminologyServer?: string } =>
  server === undefined || server === 'server' ? {} : { terminologyServer: server === 'none' ? '' : server }
