/**
 * Builds the parts and hands each what it needs: the wiring is the architecture drawing.
 */
import type { Server } from 'node:http'
import packageJson from '../package.json' with { type: 'json' }
import { guard } from './access/guard.ts'
import type { Config } from './config.ts'
import type { Definitions } from './fhir/definitions.ts'
import { adminOverHttp } from './http/admin.ts'
import { authenticateBy } from './http/authenticate.ts'
import { makeServer } from './http/express.ts'
import { fhirOverHttp, type Traffic } from './http/fhir.ts'
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
import { Tenants } from './tenants/tenants.ts'

export interface App {
  readonly tenants: Tenants
  /** Not listening yet. */
  readonly server: Server
  readonly traffic: Traffic
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
  return new Tenants({
    folder: config.data,
    defaultSeed: config.seed,
    definitions,
    makeExtractor: current => makeExtractor(current, kinds),
    openEngine: (path, extractor) => openSqlite({ path, extractor }),
    openDoor: (engine, catalogue) =>
      makeDoor({
        interactions: all,
        operations,
        engine,
        catalogue,
        guard: (store, caller) =>
          guard(store, caller, { types: definitions.resourceTypes, extractor: catalogue.extractor }),
        limits: { maxBody: config.maxBody, maxBundleEntries: maxBundle, maxBatchEntries: maxBundle },
        settings: { handling: config.unknownParams, conditionalDelete: config.conditionalDelete },
      }),
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
  const server = makeServer([fhir, adminOverHttp(adminToken, tenants, log), health(ready), nowhere], config.maxBody)
  return { tenants, server, traffic }
}
