/**
 * One open tenant: its store, its door, and who is inside.
 */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { unavailable } from '../fhir/outcome.ts'
import type { Definitions } from '../fhir/definitions.ts'
import type { Room } from '../http/fhir.ts'
import { makeCatalogue, type Catalogue } from '../rest/catalogue.ts'
import type { Door } from '../rest/exchange.ts'
import type { Extractor } from '../search/query.ts'
import type { Engine } from '../store/store.ts'
import { STORE_FILE } from './files.ts'

/** What a tenant is made of; given by app.ts. */
export interface TenantParts {
  readonly definitions: Definitions
  makeExtractor(definitions: Definitions): Extractor
  openEngine(path: string, extractor: Extractor): Engine
  openDoor(engine: Engine, catalogue: Catalogue): Door
}

export class Tenant implements Room {
  readonly name: string
  readonly engine: Engine
  readonly door: Door
  #inside = 0
  #closing = false
  #left: (() => void) | undefined

  private constructor(name: string, engine: Engine, door: Door) {
    this.name = name
    this.engine = engine
    this.door = door
  }

  /** Opens the store in the folder, which is made when it is missing. */
  static async open(name: string, folder: string, parts: TenantParts): Promise<Tenant> {
    mkdirSync(folder, { recursive: true })
    const catalogue = makeCatalogue(parts.definitions, definitions => parts.makeExtractor(definitions))
    const engine = parts.openEngine(join(folder, STORE_FILE), catalogue.extractor)
    try {
      await catalogue.restore(engine)
      return new Tenant(name, engine, parts.openDoor(engine, catalogue))
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
