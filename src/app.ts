/**
 * Builds the parts and hands each what it needs: the wiring is the architecture drawing.
 */
import type { Server } from 'node:http'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import packageJson from '../package.json' with { type: 'json' }
import { guard } from './access/guard.ts'
import type { Config } from './config.ts'
import type { Conformance } from './fhir/conformance.ts'
import type { Definitions } from './fhir/definitions.ts'
import { loadNpmPackages, OWN_PROFILES } from './fhir/npm-packages.ts'
import { adminOverHttp } from './http/admin.ts'
import { authenticateBy } from './http/authenticate.ts'
import { makeGuide } from './guide/guide.ts'
import { makeServer } from './http/express.ts'
import { fhirOverHttp, type Traffic } from './http/fhir.ts'
import { guideOverHttp } from './http/guide.ts'
import { health } from './http/health.ts'
import type { Logger } from './http/log.ts'
import { nowhere } from './http/nowhere.ts'
import { interactions } from './rest/interactions.ts'
import { operations } from './rest/operations.ts'
import { makeDoor } from './rest/server.ts'
import { makeExtractor } from './search/extract.ts'
import { kinds } from './search/kinds.ts'
import { openSqlite } from './store/sqlite/engine.ts'
import { seedExamples } from './tenants/seed.ts'
import { DEFAULT } from './tenants/names.ts'
import { Packages, packagesFolder } from './tenants/packages.ts'
import { Tenants } from './tenants/tenants.ts'
import { followTables, TABLES_FOLDER } from './terminology/code-tables.ts'
import { followOutside, type Fetch } from './terminology/outside.ts'
import { makeTerminology } from './terminology/service.ts'
import { lazyValidator } from './validation/lazy.ts'

export interface App {
  readonly tenants: Tenants
  /** Not listening yet. */
  readonly server: Server
  readonly traffic: Traffic
}

/** The packages that come with the server and those of the data folder. Nothing is opened yet. */
export const makePackages = (config: Config): Packages =>
  new Packages({
    folderOf: tenant => packagesFolder(tenant === undefined ? config.data : join(config.data, 'tenants', tenant)),
    shipped: () => loadNpmPackages(),
    registry: config.packageRegistry,
    privateHosts: config.privateHosts,
  })

/** Fetches from the public internet, and from the private hosts that are allowed. Loaded when first used. */
const fetchAllowed =
  ({ privateHosts }: Config): Fetch =>
  async (url, options) => {
    const { guardedFetch } = await import('./net/guarded-fetch.ts')
    return guardedFetch(url, { ...options, allow: privateHosts })
  }

/** The tenants of the data folder. The caller holds the folder's lock. `maxBundle`: most entries of a Bundle, when not as configured. */
export function makeTenants(config: Config, definitions: Definitions, maxBundle = config.maxBundle): Tenants {
  const about = {
    name: 'DHP FHIR server',
    version: packageJson.version,
    title: 'DHP FHIR R4 server',
    description: packageJson.description,
    date: '2026-11-22',
  }
  const all = interactions(about, operations)
  const packages = makePackages(config)
  return new Tenants({
    folder: config.data,
    packages,
    defaultSeed: config.seed,
    definitions,
    makeExtractor: current => makeExtractor(current, kinds),
    openEngine: (path, extractor) => openSqlite({ path, extractor }),
    openDoor: (engine, catalogue, conformance, level, terminologyServer, folder) => {
      const terminologyOver = (current: () => Conformance) =>
        makeTerminology({
          conformance: current,
          tables: followTables(join(folder, TABLES_FOLDER)),
          outside: followOutside(() => terminologyServer() ?? config.terminologyServer, fetchAllowed(config)),
        })
      const terminology = terminologyOver(() => conformance.now())
      const { validate } = lazyValidator({
        conformance: () => conformance.now(),
        definitions: () => catalogue.definitions,
        checkCode: terminology.checkCode,
        checkCodeOver: supported => terminologyOver(() => supported).checkCode,
        trusted: id => packages.isShipped(id),
      })
      return makeDoor({
        interactions: all,
        operations,
        engine,
        catalogue,
        conformance,
        terminology,
        validate,
        level,
        guard: (store, caller) =>
          guard(store, caller, { types: definitions.resourceTypes, extractor: catalogue.extractor }),
        limits: { maxBody: config.maxBody, maxBundleEntries: maxBundle, maxBatchEntries: maxBundle },
        settings: {
          handling: config.unknownParams,
          conditionalDelete: config.conditionalDelete,
          validation: config.validation,
        },
      })
    },
    seed: seedExamples,
  })
}

/** The server over the tenants of the data folder. `adminToken` opens /admin. */
export function makeApp(config: Config, definitions: Definitions, adminToken: string, log: Logger): App {
  const tenants = makeTenants(config, definitions)
  const traffic: Traffic = { stopping: false, inFlight: 0, writesInFlight: 0, observe: undefined }
  const ready = async () => {
    if (traffic.stopping) return ['the server is stopping']
    const tenant = await tenants.room(DEFAULT)
    await tenant.engine.records('health').put('ready', Date.now())
    return []
  }
  const fhir = fhirOverHttp({
    room: name => tenants.room(name),
    authenticate: authenticateBy(config.auth),
    isType: name => definitions.isResourceType(name),
    log,
    traffic,
    maxBody: config.maxBody,
    publicUrl: config.publicUrl,
  })
  const guide = makeGuide({
    package: OWN_PROFILES,
    folder: fileURLToPath(new URL('../implementation-guide', import.meta.url)),
    conformance: () => tenants.packages.shared(),
    definitions,
  })
  const server = makeServer(
    [fhir, adminOverHttp(adminToken, tenants, tenants.packages, log), health(ready), guideOverHttp(guide), nowhere],
    config.maxBody,
  )
  return { tenants, server, traffic }
}
