/**
 * Builds the parts and hands each what it needs: the wiring is the architecture drawing.
 */
import { randomBytes } from 'node:crypto'
import type { Server } from 'node:http'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import packageJson from '../package.json' with { type: 'json' }
import { makeAudit } from './access/audit.ts'
import { type AuditLevel, happeningOf } from './access/audit-words.ts'
import { guard } from './access/guard.ts'
import { BULK_DATA, makeBulk } from './bulk/bulk.ts'
import type { Caller } from './access/caller.ts'
import type { CdsService } from './cds/words.ts'
import { soon, standingOf } from './caller-of-token.ts'
import { lazily, outsideOf, toldOf } from './cds-makings.ts'
import type { Config } from './config.ts'
import type { Conformance } from './fhir/conformance.ts'
import type { Definitions } from './fhir/definitions.ts'
import { loadNpmPackages, OWN_PROFILES } from './fhir/npm-packages.ts'
import { adminOverHttp } from './http/admin.ts'
import { authenticateBy } from './http/authenticate.ts'
import { cdsOverHttp } from './http/cds.ts'
import { endpointsOverHttp } from './http/endpoint.ts'
import { makeServer } from './http/express.ts'
import { exampleApp } from './http/example-app.ts'
import { fhirOverHttp, type Traffic } from './http/fhir.ts'
import { guideOverHttp } from './http/guide.ts'
import { health } from './http/health.ts'
import type { Logger } from './http/log.ts'
import { nowhere } from './http/nowhere.ts'
import { interactions } from './rest/interactions.ts'
import { operations } from './rest/operations.ts'
import { makeDoor } from './rest/server.ts'
import { checkRule, EXPORTING, makeRuleAdmin, ruleReader, sendAllowed } from './rule-makings.ts'
import { makeApiRules } from './rules/api-rules.ts'
import { makeLiveRules } from './rules/live-rules.ts'
import { makeExtractor } from './search/extract.ts'
import { kinds } from './search/kinds.ts'
import { security } from './smart/discovery.ts'
import { traceOf } from './smart/launcher-calls.ts'
import { makeTraces } from './smart/launcher-trace.ts'
import { lazyPages } from './smart/pages/lazy.ts'
import { makeSmartServer } from './smart/server.ts'
import type { SmartHappening } from './smart/words.ts'
import type { Store } from './store/store.ts'
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

/** What an operator's own main.ts adds. */
export interface More {
  /** Example: examples/extensions/. */
  readonly services?: readonly CdsService[]
}

const auditLevel = ({ audit, auth }: Config): AuditLevel => (audit === 'auto' && auth === 'smart' ? 'all' : audit)

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

/** Fetches the public keys of a client: small, at once, and from where it said. */
const fetchKeys =
  ({ privateHosts }: Config) =>
  async (url: string) => {
    const { guardedFetch } = await import('./net/guarded-fetch.ts')
    const headers = { Accept: 'application/json' }
    return guardedFetch(url, { timeout: 5000, maxBytes: 256 * 1024, redirects: 0, headers, allow: privateHosts })
  }

/**
 * The tenants of the data folder. The caller holds the folder's lock. `maxBundle`: most entries of a Bundle, when not as configured.
 * `serving`: what a stop or a crash left undone (exports) goes on.
 */
export function makeTenants(
  config: Config,
  definitions: Definitions,
  maxBundle = config.maxBundle,
  serving = false,
  log?: Pick<Logger, 'warn' | 'error'>,
  more: More = {},
): Tenants {
  const about = {
    name: 'DHP FHIR server',
    version: packageJson.version,
    title: 'DHP FHIR R4 server',
    description: packageJson.description,
    date: '2026-11-22',
    instantiates: [BULK_DATA],
    security,
  }
  const packages = makePackages(config)
  const recorded = auditLevel(config)
  return new Tenants({
    folder: config.data,
    packages,
    defaultSeed: config.seed,
    definitions,
    makeExtractor: current => makeExtractor(current, kinds),
    openEngine: (path, extractor) => openSqlite({ path, extractor }),
    ...(config.audit === 'off'
      ? {}
      : {
          openAudit: (engine, catalogue, tenant) =>
            makeAudit({
              engine,
              extractor: catalogue.extractor,
              server: about.name,
              failed: error => log?.error({ tenant, error: (error as Error).name }, 'the audit log cannot be written'),
              alert: fields => log?.warn({ tenant, ...fields }, 'emergency access was taken: see its AuditEvent'),
            }),
        }),
    openDoor: (engine, catalogue, conformance, level, terminologyServer, folder, audit, live) => {
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
      const guarded = (store: Store, caller: Caller) =>
        guard(store, caller, { types: definitions.resourceTypes, extractor: catalogue.extractor })
      const rules = makeApiRules({
        live,
        store: engine,
        definitions: () => catalogue.definitions,
        send: sendAllowed(config),
      })
      const bulk = makeBulk({
        store: engine,
        // what an export shows is what rules let its owner see when it is made
        guard: (store, caller) =>
          rules.exchange(caller, EXPORTING)?.over(guarded(store, caller), true) ?? guarded(store, caller),
        definitions: () => catalogue.definitions,
        extractor: () => catalogue.extractor,
        folder: join(folder, 'bulk'),
        life: config.exportHours * 3_600_000,
      })
      const offered = [...operations, ...bulk.operations]
      const door = makeDoor({
        interactions: interactions(about, offered, bulk.interactions),
        operations: offered,
        engine,
        catalogue,
        conformance,
        terminology,
        validate,
        checkRule: resource => checkRule(resource, catalogue.definitions),
        rules,
        level,
        ...(audit ? { audit: { log: audit, level: recorded } } : {}),
        guard: guarded,
        limits: { maxBody: config.maxBody, maxBundleEntries: maxBundle, maxBatchEntries: maxBundle },
        settings: {
          handling: config.unknownParams,
          conditionalDelete: config.conditionalDelete,
          validation: config.validation,
        },
      })
      if (serving) {
        // not before what rules hide is known
        void live
          .ready()
          .then(() => bulk.resume())
          .catch(() => {})
        void rules.resume().catch(() => {})
      }
      return Object.assign(door, {
        rulesAtWork: () => ({ rules: Object.fromEntries(rules.counts()), routes: rules.routes() }),
        close: async () => void (await Promise.all([bulk.close(), rules.close()])),
      })
    },
    openSmart: (engine, catalogue, tenant, audit) =>
      makeSmartServer(
        {
          tenant,
          store: engine,
          records: name => engine.records(name),
          get definitions() {
            return catalogue.definitions
          },
          mode: config.auth,
          breakGlass: config.breakGlass === 'allow' && audit !== undefined,
          now: () => Date.now(),
          random: randomBytes,
          fetch: fetchKeys(config),
          audit: (what: SmartHappening) => audit?.tell(happeningOf(what)),
          ...(audit ? { log: { level: recorded, flush: () => audit.flush(), settle: () => audit.settle() } } : {}),
          ...(config.auth === 'open'
            ? {
                trace: makeTraces(
                  engine.records('smart-traces'),
                  engine.records('smart-trace-events'),
                  Date.now,
                  randomBytes,
                ),
              }
            : {}),
        },
        lazyPages,
      ),
    openRules: (engine, catalogue) =>
      makeLiveRules({
        store: engine,
        records: name => engine.records(name),
        reader: () => ruleReader(catalogue.definitions),
        open: config.auth === 'open',
      }),
    openCds: (engine, catalogue, door, smart, tenant, audit, rules) =>
      lazily(async () => {
        const { makeCds } = await import('./cds/cds.ts')
        const required = config.cdsClients === 'auto' ? config.auth === 'smart' : config.cdsClients === 'required'
        return makeCds({
          tenant,
          own: more.services ?? [],
          rules,
          ruleReader: () => ruleReader(catalogue.definitions),
          ruleAdmin: services => makeRuleAdmin(config, door, rules, services),
          now: () => Date.now(),
          random: randomBytes,
          records: name => engine.records(name),
          clientsRequired: required,
          ...(audit ? toldOf(audit, auditLevel(config) === 'all') : {}),
          ...outsideOf(config, {
            engine,
            get definitions() {
              return catalogue.definitions
            },
            door,
            smart,
          }),
        })
      }),
    seed: seedExamples,
  })
}

/** Made when it is first asked for. */
function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined
  return () => (made ??= make())
}

/** The server over the tenants of the data folder. `adminToken` opens /admin. */
export function makeApp(
  config: Config,
  definitions: Definitions,
  adminToken: string,
  log: Logger,
  more: More = {},
): App {
  const tenants = makeTenants(config, definitions, config.maxBundle, true, log, more)
  const traffic: Traffic = { stopping: false, inFlight: 0, writesInFlight: 0, observe: undefined }
  const ready = async () => {
    if (traffic.stopping) return ['the server is stopping']
    const tenant = await tenants.room(DEFAULT)
    await tenant.engine.records('health').put('ready', Date.now())
    return []
  }
  const fhir = fhirOverHttp({
    room: name => tenants.room(name),
    authenticate: authenticateBy(config.auth, (token, name, base) =>
      soon(tenants.room(name), tenant => standingOf(config, tenant, token, base, () => tenants.isOpen(name, tenant))),
    ),
    isType: name => definitions.isResourceType(name),
    log,
    traffic,
    maxBody: config.maxBody,
    publicUrl: config.publicUrl,
    ...(config.auth === 'open'
      ? {
          traces: {
            of: traceOf,
            async tell(tenant, trace, call) {
              try {
                ;(await tenants.room(tenant)).smart.traced(trace, call)
              } catch {
                // a token may be sent to a tenant that is not there: nobody follows that
              }
            },
          },
        }
      : {}),
  })
  const endpoints = endpointsOverHttp({ room: name => tenants.room(name), log, publicUrl: config.publicUrl })
  const cds = cdsOverHttp({ room: name => tenants.room(name), log, publicUrl: config.publicUrl })
  const guide = once(async () => {
    const { makeGuide } = await import('./guide/guide.ts')
    return makeGuide({
      package: OWN_PROFILES,
      folder: fileURLToPath(new URL('../implementation-guide', import.meta.url)),
      conformance: () => tenants.packages.shared(),
      definitions,
    })
  })
  const server = makeServer(
    [
      endpoints,
      fhir,
      cds,
      adminOverHttp(adminToken, tenants, tenants.packages, log, config.publicUrl),
      health(ready),
      guideOverHttp(guide),
      exampleApp(config.auth === 'open'),
      nowhere,
    ],
    config.maxBody,
  )
  return { tenants, server, traffic }
}
