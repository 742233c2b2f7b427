/**
 * One open tenant: its store, its door, and who is inside.
 */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Audit } from '../access/audit.ts'
import type { CdsServer } from '../cds/server.ts'
import { unavailable } from '../fhir/outcome.ts'
import type { Definitions } from '../fhir/definitions.ts'
import type { Room } from '../http/fhir.ts'
import { makeCatalogue, type Catalogue } from '../rest/catalogue.ts'
import type { Door, Level } from '../rest/exchange.ts'
import { makeTenantConformance, type TenantConformance } from '../rest/tenant-conformance.ts'
import type { LiveRules } from '../rules/live-rules.ts'
import type { Extractor } from '../search/query.ts'
import { announce } from '../store/announce.ts'
import type { SmartServer } from '../smart/words.ts'
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
    audit: Audit | undefined,
    rules: LiveRules,
  ): Door
  /** The tenant's audit log; undefined when nothing is recorded. */
  openAudit?(engine: Engine, catalogue: Catalogue, tenant: string): Audit | undefined
  /** The tenant's authorization server. */
  openSmart(engine: Engine, catalogue: Catalogue, tenant: string, audit: Audit | undefined): SmartServer
  /** The tenant's CDS services. */
  openCds(
    engine: Engine,
    catalogue: Catalogue,
    door: Door,
    smart: SmartServer,
    tenant: string,
    audit: Audit | undefined,
    rules: LiveRules,
  ): CdsServer
  /** The tenant's rules; not read yet. */
  openRules(engine: Engine, catalogue: Catalogue): LiveRules
}

export class Tenant implements Room {
  readonly name: string
  readonly engine: Engine
  readonly door: Door
  readonly conformance: TenantConformance
  readonly smart: SmartServer
  readonly cds: CdsServer
  readonly audit: Audit | undefined
  readonly rules: LiveRules
  readonly #catalogue: Catalogue
  #inside = 0
  #closing = false
  #left: (() => void) | undefined

  private constructor(
    name: string,
    engine: Engine,
    catalogue: Catalogue,
    door: Door,
    conformance: TenantConformance,
    smart: SmartServer,
    cds: CdsServer,
    rules: LiveRules,
    audit?: Audit,
  ) {
    this.name = name
    this.engine = engine
    this.#catalogue = catalogue
    this.door = door
    this.conformance = conformance
    this.smart = smart
    this.cds = cds
    this.rules = rules
    this.audit = audit
  }

  /** Its resource types and search parameters, as they are now. */
  get definitions(): Definitions {
    return this.#catalogue.definitions
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
    const rules = parts.openRules(store, catalogue)
    const engine = announce(store, versions => {
      conformance.committed(versions)
      rules.committed(versions)
    })
    try {
      await catalogue.restore(engine)
      const audit = parts.openAudit?.(engine, catalogue, name)
      const door = parts.openDoor(engine, catalogue, conformance, level, terminologyServer, folder, audit, rules)
      const smart = parts.openSmart(engine, catalogue, name, audit)
      const cds = parts.openCds(engine, catalogue, door, smart, name, audit, rules)
      return new Tenant(name, engine, catalogue, door, conformance, smart, cds, rules, audit)
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
    await this.door.close?.()
    await this.cds.close()
    await this.audit?.close()
    await this.engine.close()
  }
}
