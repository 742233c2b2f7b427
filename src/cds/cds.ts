/**
 * A tenant's CDS Hooks: its parts put together.
 * https://cds-hooks.hl7.org/2.0/
 */
import { randomUUID } from 'node:crypto'
import { FhirError, outcome } from '../fhir/outcome.ts'
import type { Resource } from '../fhir/types.ts'
import type { HolderKeysParts } from '../jwt/holder-keys.ts'
import { makeHolderKeys } from '../jwt/holder-keys.ts'
import { sign } from '../jwt/jwt.ts'
import { makeOnce } from '../jwt/once.ts'
import { makeKeys } from '../jwt/signing-keys.ts'
import type { LiveRules } from '../rules/live-rules.ts'
import type { RuleReader } from '../rules/reading.ts'
import type { Records } from '../store/store.ts'
import { answerAdmin, type AdminParts, type RuleAdmin } from './admin.ts'
import type { ClientPolicy } from './admin-clients.ts'
import { makeServiceCatalogue } from './catalogue.ts'
import type { FhirServers } from './fhir-server.ts'
import type { FireParts, Place } from './fire.ts'
import { makeRegistry } from './registry.ts'
import { type RuleServices, ruleServices } from './rule-service.ts'
import type { RemoteParts } from './remote.ts'
import type { SearchWords } from './remote-input.ts'
import { type CdsParts, type CdsServer, makeCdsServer } from './server.ts'
import { services } from './services.ts'
import { makeStatistics } from './statistics.ts'
import { makeWhoCalls, type TrustedClient } from './trusted-clients.ts'
import type { CdsService } from './words.ts'

/** What it is made of; given by app.ts. */
export interface CdsMakings {
  readonly tenant: string
  /** An operator's, beside those in the box. */
  readonly own: readonly CdsService[]
  /** The tenant's rules. */
  readonly rules: LiveRules
  /** How an operator handles them. */
  readonly ruleAdmin: (services: RuleServices) => RuleAdmin
  readonly ruleReader: () => RuleReader
  /** Reads from this tenant as the operator. Rejects with a FhirError. */
  readonly readAll: (url: string, base: string) => Promise<Resource>
  readonly servers: FhirServers
  /** Milliseconds since 1970. */
  readonly now: () => number
  readonly random: (bytes: number) => Buffer
  readonly records: (name: string) => Records
  /** Whether calls need a token of a trusted client, unless the tenant says otherwise. */
  readonly clientsRequired: boolean
  readonly words: () => SearchWords
  /** Guarded. */
  readonly fetch: HolderKeysParts['fetch']
  readonly post: RemoteParts['post']
  readonly issue: FireParts['issue']
  readonly readAs: FireParts['readAs']
  /** Told of every call, for the audit log. Must not throw. */
  readonly called?: CdsParts['called']
  /** Told of what an operator changed. Must not throw. */
  readonly changed?: (what: string) => void
}

const MINUTE = 60
const POLICY = 'clients'

export async function makeCds(makings: CdsMakings): Promise<CdsServer> {
  const { own, rules, servers, now, random, records, tenant } = makings
  const builtIn = [...services, ...own]
  const ofRules = ruleServices(rules, new Set(builtIn.map(({ id }) => id)))
  await rules.ready()
  const feedback = records('cds-feedback')
  const statistics = await makeStatistics(records('cds-statistics'))
  const registry = await makeRegistry({
    builtIn,
    rules: ofRules.current,
    settings: records('cds-services'),
    versions: records('cds-service-versions'),
    remote: { post: makings.post, now },
    now,
  })
  const policy = await makePolicy(records('cds-settings'), makings.clientsRequired)
  const keys = makeKeys({ records: records('cds-client-keys'), tenant, algorithms: ['ES384'], now, random })
  const once = makeOnce(records('cds-tokens'), now)
  const findKey = makeHolderKeys({ fetch: makings.fetch, now })
  const whoCallsAt = (root: string) =>
    makeWhoCalls({
      clients: records('cds-clients'),
      findKey,
      once,
      now,
      ourselves: async iss => (iss === root ? ourselves(root, await keys.published()) : undefined),
      required: policy.required,
    })

  const { answer } = makeCdsServer({
    catalogue: makeServiceCatalogue(() => registry.current()),
    servers,
    now,
    feedback,
    called(how, client, place) {
      statistics.called(how)
      makings.called?.(how, client, place)
    },
    heard: (service, told) => registry.tell(service, told),
    whoCalls: (authorization, audience) => whoCallsAt(rootOf(audience.at(-1)!))(authorization, audience),
  })

  async function signed(audience: string, place: Place): Promise<string> {
    const key = await keys.signing('ES384')
    const seconds = Math.floor(now() / 1000)
    const iss = rootOf(place.services)
    const claims = { iss, aud: audience, iat: seconds, exp: seconds + 5 * MINUTE, jti: randomUUID(), tenant }
    return sign(claims, key, 'JWT')
  }

  /** A service of ours is called as from outside, without the way through the network. */
  async function postTo(url: string, body: object, headers: Readonly<Record<string, string>>, place: Place) {
    if (!url.startsWith(`${place.services}/`)) return elsewhere(makings.post, url, body, headers)
    try {
      const path = url.slice(place.services.length + 1)
      const { status, body: answered } = await answer({ method: 'POST', path, headers, body }, place)
      return { status, body: answered === undefined ? '' : JSON.stringify(answered) }
    } catch (error) {
      if (!(error instanceof FhirError)) throw error
      return { status: error.status, body: JSON.stringify(outcome(error.issues)) }
    }
  }

  const admin: AdminParts = {
    registry,
    statistics,
    feedback,
    rules: makings.ruleAdmin(ofRules),
    clients: { clients: records('cds-clients'), policy, now },
    allRules: { rules, reader: makings.ruleReader, read: makings.readAll },
    words: makings.words,
    get: makings.fetch,
    fire: {
      services: () => registry.current(),
      readAs: makings.readAs,
      issue: makings.issue,
      sign: signed,
      post: postTo,
    },
    ...(makings.changed ? { changed: makings.changed } : {}),
  }
  /** Rules that were just written count at once. */
  const afterRules =
    <In extends unknown[], Out>(work: (...given: In) => Promise<Out>) =>
    async (...given: In): Promise<Out> => {
      if (!rules.isReady) await rules.ready()
      return work(...given)
    }
  return {
    answer: afterRules(answer),
    admin: afterRules((request: Parameters<CdsServer['admin']>[0]) => answerAdmin(admin, request)),
    publishedKeys: async () => ({ keys: await keys.published() }),
    close: () => statistics.close(),
  }
}

/** Of the discovery's address. */
const rootOf = (services: string) => services.replace(/\/cds-services$/, '')

const ourselves = (root: string, keys: readonly Readonly<Record<string, unknown>>[]): TrustedClient => ({
  iss: root,
  name: 'This server',
  jwks: { keys },
  enabled: true,
  changed: 0,
})

async function elsewhere(
  post: RemoteParts['post'],
  url: string,
  body: object,
  headers: Readonly<Record<string, string>>,
): Promise<{ status: number; body: string }> {
  const answer = await post(url, JSON.stringify(body), AbortSignal.timeout(10_000), headers)
  return { status: answer.status, body: answer.body.toString('utf8') }
}

async function makePolicy(settings: Records, standard: boolean) {
  let policy = ((await settings.get(POLICY)) as ClientPolicy | undefined) ?? 'server'
  return {
    now: () => policy,
    required: () => (policy === 'server' ? standard : policy === 'required'),
    async set(next: ClientPolicy) {
      await settings.put(POLICY, next)
      policy = next
    },
  }
}
