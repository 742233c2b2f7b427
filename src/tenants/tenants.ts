/**
 * The tenants of this server: each a folder with a store of its own, opened when first asked for.
 */
import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs'
import { cp } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { badRequest, conflict, notFound } from '../fhir/outcome.ts'
import { removeStore, restoreStore, snapshotFile, snapshotsIn, STORE_FILE } from './files.ts'
import {
  checkNew,
  checkTerminologyServer,
  infoOf,
  keptServer,
  type NewTenant,
  type TenantChange,
  type TenantInfo,
} from './info.ts'
import { DEFAULT, tenantName } from './names.ts'
import { type Packages, packagesFolder } from './packages.ts'
import { Registry, type Seed, type TenantEntry } from './registry.ts'
import { Tenant, type TenantParts } from './tenant.ts'
import { TABLES_FOLDER } from '../terminology/code-tables.ts'

export interface TenantsParts extends TenantParts {
  /** The data folder. */
  readonly folder: string
  /** What the default tenant starts with. */
  readonly defaultSeed: Seed
  /** Loads the examples through the door. */
  seed(tenant: Tenant): Promise<void>
}

export class Tenants {
  /** Of all tenants, and of each. */
  readonly packages: Packages
  readonly #parts: TenantsParts
  readonly #registry: Registry
  /** A promise while it opens, or is being replaced. */
  readonly #open = new Map<string, Tenant | Promise<Tenant>>()
  /** What stores that are closed now have cost. */
  readonly #past = { commits: 0, writes: 0, slowQueries: 0 }

  constructor(parts: TenantsParts) {
    this.#parts = parts
    this.packages = parts.packages
    this.#registry = new Registry(parts.folder)
    if (!this.#registry.get(DEFAULT)) {
      const there = existsSync(join(this.#registry.folderOf(DEFAULT), STORE_FILE))
      this.#registry.set(DEFAULT, { created: new Date().toISOString(), seed: parts.defaultSeed, seeded: there })
    }
  }

  /** The tenant, at once when it is open. Throws (or rejects with) notFound. */
  room(name: string): Tenant | Promise<Tenant> {
    return this.#open.get(name) ?? this.#opening(name)
  }

  /** Whether this is the tenant that `room` gives at once now. Opens none. */
  isOpen(name: string, tenant: Tenant): boolean {
    return this.#open.get(name) === tenant
  }

  #opening(name: string): Promise<Tenant> {
    const entry = this.#registry.get(name)
    if (!entry)
      throw notFound(`There is no tenant of that name. POST /admin/tenants makes one; /fhir is the default one.`)
    if (expired(entry)) throw notFound('This tenant has expired.')
    return this.#track(name, () => this.#start(name))
  }

  /** Keeps the promise where requests find it, then the tenant itself; nothing when it fails. */
  #track(name: string, make: () => Promise<Tenant>): Promise<Tenant> {
    const opening = make().then(
      tenant => {
        this.#open.set(name, tenant)
        return tenant
      },
      (error: unknown) => {
        this.#open.delete(name)
        throw error
      },
    )
    opening.catch(() => {})
    this.#open.set(name, opening)
    return opening
  }

  async #start(name: string): Promise<Tenant> {
    const tenant = await Tenant.open(
      name,
      this.#registry.folderOf(name),
      this.#parts,
      () => this.#registry.get(name)?.validation,
      () => this.#registry.get(name)?.terminologyServer,
    )
    const entry = this.#registry.get(name)
    if (entry && !entry.seeded) {
      try {
        if (entry.seed === 'examples') await this.#parts.seed(tenant)
      } catch (error) {
        await tenant.close(0)
        throw error
      }
      this.#registry.set(name, { ...entry, seeded: true })
    }
    return tenant
  }

  list(): TenantInfo[] {
    return this.#registry.all().map(([name]) => this.info(name))
  }

  info(name: string): TenantInfo {
    return infoOf(name, this.#known(name), this.#registry.folderOf(name))
  }

  /** What the rules of the tenant have done since it was opened, and what they wait to send on. */
  async rulesAtWork(name: string): Promise<object> {
    return (await this.room(name)).door.rulesAtWork?.() ?? {}
  }

  async create(order: NewTenant): Promise<TenantInfo> {
    const { name, seed = 'none', copyOf, expires } = order
    const validation = order.validation ?? (copyOf === undefined ? undefined : this.#registry.get(copyOf)?.validation)
    checkNew(order)
    if (this.#registry.get(name) || this.#open.has(name))
      throw conflict(`There is a tenant ${name} already. Take another name, or delete or reset it.`)
    const origin = copyOf === undefined ? undefined : await this.room(copyOf)
    const entry: TenantEntry = {
      created: new Date().toISOString(),
      seed: copyOf === undefined ? seed : this.#known(copyOf).seed,
      seeded: !!origin,
      ...(expires ? { expires } : {}),
      ...(validation ? { validation } : {}),
      ...keptServer(
        order.terminologyServer ?? (copyOf === undefined ? undefined : this.#registry.get(copyOf)?.terminologyServer),
      ),
    }
    const folder = this.#registry.folderOf(name)
    const done = this.#track(name, async () => {
      // what a crash left of a tenant that is not in the registry
      rmSync(folder, { recursive: true, force: true })
      mkdirSync(folder, { recursive: true })
      this.packages.forget(name)
      if (origin) {
        await origin.engine.backup(join(folder, STORE_FILE))
        const packages = packagesFolder(this.#registry.folderOf(origin.name))
        if (existsSync(packages)) await cp(packages, packagesFolder(folder), { recursive: true })
        const tables = join(this.#registry.folderOf(origin.name), TABLES_FOLDER)
        if (existsSync(tables)) await cp(tables, join(folder, TABLES_FOLDER), { recursive: true })
      }
      this.#registry.set(name, entry)
      return this.#start(name)
    })
    await done.catch((error: unknown) => {
      if (this.#registry.get(name)) this.#registry.delete(name)
      rmSync(folder, { recursive: true, force: true })
      throw error
    })
    return this.info(name)
  }

  /** Takes effect with the next request. */
  change(name: string, { validation, terminologyServer }: TenantChange): TenantInfo {
    checkTerminologyServer(terminologyServer)
    const { validation: before, terminologyServer: asked, ...entry } = this.#known(name)
    const now = validation ?? before
    this.#registry.set(name, {
      ...entry,
      ...(now && now !== 'server' ? { validation: now } : {}),
      ...keptServer(terminologyServer ?? asked),
    })
    return this.info(name)
  }

  /** Empties the tenant and puts its seed in again. Snapshots, packages and code tables stay. */
  async reset(name: string): Promise<TenantInfo> {
    const entry = this.#known(name)
    await this.#replace(name, folder => {
      removeStore(folder)
      this.#registry.set(name, { ...entry, seeded: false })
    })
    return this.info(name)
  }

  async snapshot(name: string, snapshot: string): Promise<TenantInfo> {
    const file = this.#snapshotFile(name, snapshot)
    if (existsSync(file)) throw conflict(`There is a snapshot ${snapshot} already. Take another name.`)
    mkdirSync(dirname(file), { recursive: true })
    const tenant = await this.room(name)
    // under another name until it is whole
    await tenant.engine.backup(`${file}.part`)
    renameSync(`${file}.part`, file)
    return this.info(name)
  }

  snapshots(name: string): string[] {
    return snapshotsIn(this.#registry.folderOf(name))
  }

  /** Puts a snapshot in place of what the tenant has now. */
  async restore(name: string, snapshot: string): Promise<TenantInfo> {
    const file = this.#snapshotFile(name, snapshot)
    if (!existsSync(file))
      throw notFound(
        `Tenant ${name} has no snapshot ${snapshot}. It has: ${this.snapshots(name).join(', ') || 'none'}.`,
      )
    const entry = this.#known(name)
    await this.#replace(name, async folder => {
      await restoreStore(folder, file)
      this.#registry.set(name, { ...entry, seeded: true })
    })
    return this.info(name)
  }

  async delete(name: string): Promise<void> {
    this.#known(name)
    if (name === DEFAULT) throw conflict('The default tenant cannot be deleted. Reset it instead.')
    const open = await this.#settled(name)
    // from here on requests are told that there is none; those inside end first
    this.#registry.delete(name)
    this.#open.delete(name)
    if (open) await this.#close(open)
    rmSync(this.#registry.folderOf(name), { recursive: true, force: true })
    this.packages.forget(name)
  }

  /** Deletes the tenants whose time is over. */
  async sweep(): Promise<string[]> {
    const over = this.#registry
      .all()
      .filter(([name, entry]) => name !== DEFAULT && expired(entry))
      .map(([name]) => name)
    for (const name of over) await this.delete(name)
    return over
  }

  cost(): { commits: number; writes: number; slowQueries: number } {
    const sum = { ...this.#past }
    for (const tenant of this.#open.values()) if (tenant instanceof Tenant) add(sum, tenant.engine.stats)
    return sum
  }

  async close(): Promise<void> {
    const open = await Promise.allSettled([...this.#open.values()].map(async tenant => tenant))
    this.#open.clear()
    for (const one of open) if (one.status === 'fulfilled') await this.#close(one.value)
  }

  async #close(tenant: Tenant): Promise<void> {
    await tenant.close()
    add(this.#past, tenant.engine.stats)
  }

  /** Closes the tenant, changes its files, and opens it again; requests that come meanwhile wait. */
  async #replace(name: string, change: (folder: string) => void | Promise<void>): Promise<void> {
    const open = await this.#settled(name)
    await this.#track(name, async () => {
      if (open) await this.#close(open)
      await change(this.#registry.folderOf(name))
      return this.#start(name)
    })
  }

  /** The tenant when it is open, after what is going on with it; undefined when it is not. */
  async #settled(name: string): Promise<Tenant | undefined> {
    for (;;) {
      const now = this.#open.get(name)
      if (!(now instanceof Promise)) return now
      await now.catch(() => {})
    }
  }

  #known(name: string): TenantEntry {
    const entry = this.#registry.get(name)
    if (!entry)
      throw notFound(
        `There is no tenant of that name. There are: ${this.#registry
          .all()
          .map(([each]) => each)
          .join(', ')}.`,
      )
    return entry
  }

  #snapshotFile(name: string, snapshot: string): string {
    this.#known(name)
    if (!tenantName.test(snapshot))
      throw badRequest('The name of a snapshot has 1 to 63 of a-z, 0-9 and -, and does not begin with -.')
    return snapshotFile(this.#registry.folderOf(name), snapshot)
  }
}

const expired = ({ expires }: TenantEntry) => expires !== undefined && Date.parse(expires) <= Date.now()

function add(sum: { commits: number; writes: number; slowQueries: number }, more: typeof sum): void {
  sum.commits += more.commits
  sum.writes += more.writes
  sum.slowQueries += more.slowQueries
}
