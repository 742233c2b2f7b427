/**
 * One open tenant: its store, its door, and who is inside.
 */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { unavailable } from '../fhir/outcome.ts'
import type { Definitions } from '../fhir/definitions.ts'
import type { Room } from '../http/fhir.ts'
import { makeCatalogue, type Catalogue } from '../rest/catalogue.ts'
import type { Door, Level } from '../rest/exchange.ts'
import { makeTenantConformance, type TenantConformance } from '../rest/tenant-conformance.ts'
import type { Extractor } from '../search/query.ts'
import { announce } from '../store/announce.ts'
import type { Engine } from '../store/store.ts'
import { STORE_FILE } from './files.ts'
import type { Packages } from './packages.ts'

/** What a tenant is made of; given by app.ts. */
export interface TenantParts {
  readonly definitions: Definitions
  readonly packages: Packages
  makeExtractor(definitions: Definitions): Extractor
  openEngine(path: string, extractor: Extractor): Engine
  /**
   * `level`: the tenant's own level of validation, as it is now; `terminologyServer`: its own terminology server, '' for none.
   * `folder`: of the tenant's files.
   */
  openDoor(
    engine: Engine,
    catalogue: Catalogue,
    conformance: TenantConformance,
    level: () => Level | undefined,
    terminologyServer: () => string | undefined,
    folder: string,
  ): Door
}

export class Tenant implements Room {
  readonly name: string
  readonly engine: Engine
  readonly door: Door
  readonly conformance: TenantConformance
  #inside = 0
  #closing = false
  #left: (() => void) | undefined

  private constructor(name: string, engine: Engine, door: Door, conformance: TenantConformance) {
    this.name = name
    this.engine = engine
    this.door = door
    this.conformance = conformance
  }

  /** Opens the store in the folder, which is made when it is missing. */
  static async open(
    name: string,
    folder: string,
    parts: TenantParts,
    level: () => Level | undefined,
    terminologyServer: () => string | undefined,
  ): Promise<Tenant> {
    mkdirSync(folder, { recursive: true })
    const catalogue = makeCatalogue(parts.definitions, definitions => parts.makeExtractor(definitions))
    const store = parts.openEngine(join(folder, STORE_FILE), catalogue.extractor)
    const conformance = makeTenantConformance(() => parts.packages.of(name), store)
    const engine = announce(store, versions => conformance.committed(versions))
    try {
      await catalogue.restore(engine)
      const door = parts.openDoor(engine, catalogue, conformance, level, terminologyServer, folder)
      return new Tenant(name, engine, door, conformance)
    } catch (error) {
      await engine.close()
      throw error
    }
  }

  enter(): void {
    if (this.#closing) throw unavailable('This tenant is being replaced. Try again in a moment.')
    this.#inside++
  }

  leave(): void {
    if (--this.#inside === 0) this.#left?.()
  }

  /** Lets nobody in, waits for those inside (at most so many milliseconds), and closes the store. */
  async close(patience = 10_000): Promise<void> {
    this.#closing = true
    if (this.#inside > 0) {
      await new Promise<void>(resolve => {
        const timer = setTimeout(resolve, patience)
        this.#left = () => (clearTimeout(timer), resolve())
      })
    }
    await this.engine.close()
  }
}
