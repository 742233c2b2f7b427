/**
 * The admin API of who may sign in to a tenant, and of which apps its gallery shows.
 *
 *   GET   /admin/tenants/{t}/users               POST /admin/tenants/{t}/users {"username", "user": "Practitioner/1", "password"}
 *   PATCH /admin/tenants/{t}/users/{username} {"disabled": true, "password"}
 *   GET   /admin/tenants/{t}/apps                PUT  /admin/tenants/{t}/apps/{client_id}/listing {"publisher", "intendedUse", …, "ai"}
 *   POST  /admin/tenants/{t}/apps/{client_id}/approve     POST /admin/tenants/{t}/apps/{client_id}/reject {"reason"}
 */
import { randomBytes } from 'node:crypto'
import { badRequest, methodNotAllowed, notFound } from '../fhir/outcome.ts'
import { approved, rejected, statusOf, submitted } from '../smart/gallery.ts'
import { makeAccounts } from '../smart/people-accounts.ts'
import { makePeople } from '../smart/people-directory.ts'
import { makeSessions } from '../smart/sessions.ts'
import type { Client } from '../smart/words.ts'
import type { Store } from '../store/store.ts'

export const smartRoutes = [
  'GET /admin/tenants/{tenant}/users',
  'POST /admin/tenants/{tenant}/users',
  'PATCH /admin/tenants/{tenant}/users/{username}',
  'GET /admin/tenants/{tenant}/apps',
  'PUT /admin/tenants/{tenant}/apps/{client_id}/listing',
  'POST /admin/tenants/{tenant}/apps/{client_id}/approve',
  'POST /admin/tenants/{tenant}/apps/{client_id}/reject',
]

const PATH = /^tenants\/([^/]+)\/(users|apps)(?:\/([^/]+))?(?:\/(listing|approve|reject))?$/

export interface SmartExchange {
  readonly method: string
  /** Below /admin/. */
  readonly path: string
  /** The store of a tenant; rejects with notFound. */
  store(tenant: string): Promise<Store>
  /** Reads the body, JSON of this JSON Schema. */
  readJson(schema: object): Promise<object>
}

type Answer = { readonly status: number; readonly value?: object }

const text = { type: 'string', minLength: 1, maxLength: 300 }
const object = (required: readonly string[], properties: object) => ({
  type: 'object',
  required,
  additionalProperties: false,
  properties,
})

/** The answer when the path is one of users or apps; undefined when it is not. Throws a FhirError. */
export async function answerSmart(exchange: SmartExchange): Promise<Answer | undefined> {
  const found = PATH.exec(exchange.path)
  if (!found) return undefined
  const [tenant = '', what, name, verb] = found.slice(1).map(part => part && decoded(part))
  const method = exchange.method === 'HEAD' ? 'GET' : exchange.method
  const store = await exchange.store(tenant)
  if (what === 'users') return verb === undefined ? users(exchange, method, store, name) : undefined
  return apps(exchange, method, store, name, verb)
}

async function users(
  exchange: SmartExchange,
  method: string,
  store: Store,
  name: string | undefined,
): Promise<Answer | undefined> {
  const accounts = makeAccounts(store.records('smart-users'), store.records('smart-users-disabled'), randomBytes)
  if (name === undefined) {
    if (method === 'GET') return { status: 200, value: { users: await accounts.list() } }
    if (method !== 'POST') throw methodNotAllowed('Use GET or POST here.', 'GET, POST')
    const given = (await exchange.readJson(
      object(['username', 'user', 'password'], { username: text, user: text, password: text }),
    )) as Readonly<Record<'username' | 'user' | 'password', string>>
    if (!(await makePeople(store).person(given.user)))
      throw badRequest(`There is no active ${given.user.slice(0, 100)} in this tenant: load or create it first.`)
    return { status: 201, value: await accounts.add(given.username, given.user, given.password) }
  }
  if (method !== 'PATCH') throw methodNotAllowed('Use PATCH here.', 'PATCH')
  const schema = { ...object([], { disabled: { type: 'boolean' }, password: text }), minProperties: 1 }
  const given = (await exchange.readJson(schema)) as { disabled?: boolean; password?: string }
  let account = given.password === undefined ? undefined : await accounts.setPassword(name, given.password)
  if (given.disabled !== undefined) account = await accounts.disable(name, given.disabled)
  // whoever knew the old password, or was let in before, is out
  await makeSessions(store.records('smart-sessions'), Date.now, randomBytes).closeAll(account!.user)
  return { status: 200, value: account! }
}

async function apps(
  exchange: SmartExchange,
  method: string,
  store: Store,
  id: string | undefined,
  verb: string | undefined,
): Promise<Answer | undefined> {
  const clients = store.records('smart-clients')
  if (id === undefined) {
    if (method !== 'GET') throw methodNotAllowed('Use GET here.', 'GET')
    return { status: 200, value: { apps: (await clients.list()).map(({ value }) => shown(value as Client)) } }
  }
  if (verb === undefined) return undefined
  const wanted = verb === 'listing' ? 'PUT' : 'POST'
  if (method !== wanted) throw methodNotAllowed(`Use ${wanted} here.`, wanted)
  const client = (await clients.get(id)) as Client | undefined
  if (!client) throw notFound('There is no registered app of that client_id.')
  const changed = await decide(exchange, client, verb)
  await clients.put(id, changed)
  return { status: 200, value: shown(changed) }
}

async function decide(exchange: SmartExchange, client: Client, verb: string): Promise<Client> {
  if (verb === 'approve') return approved(client, Date.now())
  if (verb === 'listing') return submitted(client, await exchange.readJson({ type: 'object' }), Date.now())
  const { reason } = (await exchange.readJson(object(['reason'], { reason: { ...text, maxLength: 2000 } }))) as {
    reason: string
  }
  return rejected(client, reason, Date.now())
}

/** Without digests of secrets. */
const shown = (client: Client): object => ({
  client_id: client.id,
  name: client.name,
  approved: client.approved,
  status: statusOf(client) ?? 'not submitted',
  scope: client.scope,
  listing: client.listing ?? null,
})

function decoded(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    throw badRequest('The path has a % that is not followed by two hexadecimal digits.')
  }
}
