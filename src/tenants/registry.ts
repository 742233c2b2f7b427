/**
 * Which tenants there are: a small file in the data folder, replaced as a whole so that it is never half written.
 */
import { mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { CannotGoOn } from '../config.ts'
import type { Level } from '../rest/exchange.ts'
import { writeWhole } from './files.ts'
import { tenantName } from './names.ts'

export type Seed = 'examples' | 'none'

export interface TenantEntry {
  /** ISO instants. */
  readonly created: string
  /** Deleted after this time. */
  readonly expires?: string
  /** What it starts with, also after a reset. */
  readonly seed: Seed
  /** Whether the seed is in. */
  readonly seeded: boolean
  /** How closely what is stored is looked at; absent: as the server is set. */
  readonly validation?: Level
  /** FHIR base of the terminology server it asks, '' for none; absent: as the server is set. */
  readonly terminologyServer?: string
}

export class Registry {
  readonly #file: string
  readonly #folder: string
  readonly #tenants: Map<string, TenantEntry>

  /** Makes the folder when it is missing. Throws when the file is there and cannot be read. */
  constructor(folder: string) {
    mkdirSync(join(folder, 'tenants'), { recursive: true })
    this.#folder = folder
    this.#file = join(folder, 'tenants.json')
    this.#tenants = new Map(Object.entries(readTenants(this.#file)))
  }

  get(name: string): TenantEntry | undefined {
    return this.#tenants.get(name)
  }

  all(): [name: string, entry: TenantEntry][] {
    return [...this.#tenants.entries()].sort(([a], [b]) => (a < b ? -1 : 1))
  }

  set(name: string, entry: TenantEntry): void {
    this.#tenants.set(name, entry)
    this.#write()
  }

  delete(name: string): void {
    this.#tenants.delete(name)
    this.#write()
  }

  /** Where a tenant's files are. */
  folderOf(name: string): string {
    if (!tenantName.test(name)) throw new Error('not the name of a tenant')
    return join(this.#folder, 'tenants', name)
  }

  #write(): void {
    const text = JSON.stringify({ tenants: Object.fromEntries(this.all()) }, null, 2) + '\n'
    writeWhole(this.#file, text, this.#folder)
  }
}

function readTenants(file: string): Record<string, TenantEntry> {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (error) {
    if ((error as { code?: string }).code === 'ENOENT') return {}
    throw error
  }
  try {
    const { tenants } = JSON.parse(text) as { tenants: Record<string, TenantEntry> }
    return Object.fromEntries(Object.entries(tenants).filter(([name]) => tenantName.test(name)))
  } catch {
    throw new CannotGoOn(
      `${file} cannot be read. Put back a copy of it, or remove it: tenants are then created anew over their folders.`,
    )
  }
}
