/**
 * A tenant's authorization server: its parts put together, and its endpoints as a list.
 * https://hl7.org/fhir/smart-app-launch/STU2.2/
 */
import { tryScopes } from '../access/scope-words.ts'
import type { Definitions } from '../fhir/definitions.ts'
import { makeAuthorize } from './authorize.ts'
import { makeCheckAssertion } from './client-assertion.ts'
import { makeAuthenticate } from './client-authentication.ts'
import { makeHolderKeys } from '../jwt/holder-keys.ts'
import { makeClients } from './clients.ts'
import { makeCodes } from './codes.ts'
import { openidConfiguration, smartConfiguration, style } from './discovery.ts'
import { makeFamilies } from './families.ts'
import { makeIntrospect, makeRevoke } from './introspect.ts'
import { makeIssue } from './issue.ts'
import { makeKeys } from '../jwt/signing-keys.ts'
import { makeLaunches } from './launch-context.ts'
import { errorAnswer, json, OAuthError } from './oauth-error.ts'
import type { Pages, PagesParts } from './people.ts'
import { makeRefreshTokens } from './refresh-tokens.ts'
import { makeRegistration } from './registration.ts'
import { makeKeysPlay } from './simulations.ts'
import { makeThrottle } from './throttle.ts'
import { makeToken } from './token.ts'
import { makeVerify } from './verify.ts'
import type { PlainRequest, PlainResponse, SmartParts, SmartServer } from './words.ts'

type Endpoint = (request: PlainRequest, base: string) => Promise<PlainResponse>

const MINUTE = 60_000

/** `makePages`: of src/smart/pages/. */
export function makeSmartServer(smart: SmartParts, makePages: (parts: PagesParts) => Pages): SmartServer {
  const { records, now, random, tenant, mode } = smart
  const families = makeFamilies({ families: records('smart-families'), revoked: records('smart-revoked'), now, random })
  const clients = makeClients(records('smart-clients'), mode)
  const keys = makeKeys({ records: records('smart-keys'), tenant, algorithms: ['ES256', 'RS256'], now, random })
  const codes = makeCodes(records('smart-codes'), now)
  const launches = makeLaunches(records('smart-launches'), now, random)
  const refreshTokens = makeRefreshTokens(records('smart-refresh'), families, now)
  const { verify, counts, issued } = makeVerify({ keys, families, tenant, now })
  const check = makeCheckAssertion(makeHolderKeys(smart), records('smart-assertions'), now)
  const throttle = () => makeThrottle({ now, most: 5, within: MINUTE })
  const authenticate = makeAuthenticate({ clients, check, throttle: throttle() })
  const registration = makeRegistration({
    clients,
    get definitions() {
      return smart.definitions
    },
    mode,
    now,
    random,
    endClient: id => families.endClient(id),
    registered: ({ id }, from) => smart.audit?.({ what: 'registration', outcome: '0', client: id, from }),
  })
  const pages = makePages({
    ...smart,
    throttle: throttle(),
    client: (id, base) => clients.get(id, base),
    clients: base => clients.all(base),
    saveClient: client => clients.put(client),
    removeClient: async id => {
      await clients.remove(id)
      await families.endClient(id)
    },
    families: async user => (await families.all()).filter(family => family.user === user),
    endFamily: id => families.end(id),
    launch: context => launches.make(context),
    arm: (client, context) => launches.arm(client, context),
    register: metadata => registration.register(metadata),
  })
  const { authorize, interaction } = makeAuthorize({
    smart,
    clients,
    launches,
    get definitions() {
      return smart.definitions
    },
    mode,
    askings: records('smart-askings'),
    families,
    codes,
    pages: () => pages,
  })
  const keysPlay = makeKeysPlay(now)
  const issue = makeIssue({ keys, tenant, now, random, issued })
  const parts = { authenticate, verify, families, refreshTokens, smart }
  const register: Endpoint = (request, base) => registration.answer(request, base)
  const endpoints: Readonly<Record<string, Endpoint>> = {
    '.well-known/smart-configuration': read(base => smartConfiguration(base)),
    '.well-known/openid-configuration': read(base => openidConfiguration(base)),
    'auth/jwks': async (request, base) =>
      (await keysPlay.fails(request.from))
        ? json({ error: 'temporarily_unavailable', error_description: 'Simulated by the launcher.' }, 503)
        : read(async () => ({ keys: await keys.published() }))(request, base),
    'auth/smart-style.json': read(() => style),
    'auth/authorize': authorize,
    'auth/interaction': interaction,
    'auth/token': makeToken(authenticate, { smart, definitions: () => smart.definitions, codes, families, refreshTokens, issue, launches, keysPlay, pages: () => pages }), // prettier-ignore
    'auth/introspect': makeIntrospect(parts),
    'auth/revoke': makeRevoke(parts),
    'auth/register': register,
    'auth/scopes': scopesTried(() => smart.definitions),
  }

  return {
    async answer(request, base) {
      await families.load()
      const endpoint = request.path.split('/', 2).join('/')
      try {
        if (Object.hasOwn(endpoints, endpoint)) return await endpoints[endpoint]!(request, base)
        return (await pages.answer(request, base)) ?? json({ error: 'not_found', error_description: nothingHere }, 404)
      } catch (error) {
        if (error instanceof OAuthError) return errorAnswer(error)
        throw error
      }
    },
    async allows(path, origin, base) {
      const endpoint = path.split('/', 2).join('/')
      if (forAll.has(endpoint)) return '*'
      return forApps.has(endpoint) && (await clients.hasOrigin(origin, base)) ? origin : undefined
    },
    verify,
    counts,
    issueFor: (service, base) => issue.forService(service, base),
    stateOrigins: (id, base) => clients.stateOrigins(id, base),
    traced: (trace, call) => smart.trace?.call(trace, call),
    rotateKeys: () => keys.rotate(),
  }
}

/** What a scope string would permit, and why: `auth/scopes/try`. */
const scopesTried =
  (definitions: () => Definitions): Endpoint =>
  async ({ method, path, json: sent, form }, base) => {
    if (path !== 'auth/scopes/try') return json({ error: 'not_found', error_description: nothingHere }, 404)
    if (method !== 'POST') throw new OAuthError('invalid_request', 'Use POST here.', 405, { Allow: 'POST' })
    const { scope, patient, user, backend } = (sent ?? Object.fromEntries(form ?? [])) as Record<string, unknown>
    if (typeof scope !== 'string')
      throw new OAuthError('invalid_request', 'Send the scopes as scope, such as {"scope": "patient/*.rs"}.')
    const yes = (value: unknown) => value === true || value === 'true'
    const context = {
      ...(patient === undefined ? {} : { patient: yes(patient) }),
      ...(typeof user === 'string' ? { user: user.slice(0, 64) } : {}),
      ...(backend === undefined ? {} : { backend: yes(backend) }),
    }
    return json(await tryScopes(scope, { definitions: definitions(), base, context }))
  }

const nothingHere = 'There is nothing here. Begin with .well-known/smart-configuration below the FHIR base.'

/** Public documents. */
const forAll: ReadonlySet<string> = new Set([
  '.well-known/smart-configuration',
  '.well-known/openid-configuration',
  'auth/jwks',
  'auth/smart-style.json',
])
/** What an app in a browser calls; the pages for people are for nobody's script. */
const forApps: ReadonlySet<string> = new Set([
  'auth/token',
  'auth/introspect',
  'auth/revoke',
  'auth/register',
  'auth/scopes',
])

const read =
  (document: (base: string) => object | Promise<object>): Endpoint =>
  async (request, base) => {
    if (request.method !== 'GET') throw new OAuthError('invalid_request', 'Use GET here.', 405, { Allow: 'GET' })
    return {
      status: 200,
      headers: { 'Content-Type': 'application/json', 'Cache-Control': 'public, max-age=60' },
      body: await document(base),
    }
  }
