/**
 * A tenant as its owner orders it and sees it, and what is wrong with an order.
 */
import { badRequest } from '../fhir/outcome.ts'
import { snapshotsIn, storeBytes } from './files.ts'
import { DEFAULT, tenantName } from './names.ts'
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
export function checkNew({ name, seed = 'none', copyOf, expires }: NewTenant): void {
  if (!tenantName.test(name))
    throw badRequest('The name of a tenant has 1 to 63 of a-z, 0-9 and -, and does not begin with -.')
  if (expires !== undefined && !(Date.parse(expires) > Date.now()))
    throw badRequest('"expires" must be an instant to come, such as 2030-01-31T00:00:00Z.')
  if (copyOf !== undefined && seed !== 'none') throw badRequest('Say either "copyOf" or "seed", not both.')
}
