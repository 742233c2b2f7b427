/**
 * Managing a tenant's CDS services: list, add, change, switch, take away, versions, statistics, import and export.
 * Not in any specification; the DHP names it as a module: CDS Hooks Discovery & CRUD, CDS Hooks 管理.
 */
import { badRequest, conflict, methodNotAllowed, notFound } from '../fhir/outcome.ts'
import type { Resource } from '../fhir/types.ts'
import type { Records } from '../store/store.ts'
import { bundleOf, readBundle } from './admin-bundle.ts'
import { wrong } from './check-json.ts'
import { answerClients, answerSettings, type ClientsParts } from './admin-clients.ts'
import { feedbackOf } from './feedback.ts'
import { fire, type FireOrder, type FireParts, type Place } from './fire.ts'
import type { Known, Registry } from './registry.ts'
import { discovered, discoverSchema, remoteFrom, type RemoteInput, type SearchWords } from './remote-input.ts'
import { shown, type Statistics } from './statistics.ts'

export interface AdminRequest {
  readonly method: string
  /** Below `/admin/`, decoded: `cds-services x enable`, `cds-clients`, `cds-settings`, `cds-client fire`. */
  readonly path: readonly string[]
  readonly body?: unknown
  readonly place: Place
}

export interface AdminAnswer {
  readonly status: number
  readonly value?: unknown
}

/** The rules among the services, which are PlanDefinitions. */
export interface RuleAdmin {
  /** Stores it through the door, and lets it act. Rejects with a FhirError. */
  put(planDefinition: Resource): Promise<{ readonly id: string }>
  /** Throws 404 when the service is no rule. */
  planDefinitionOf(serviceId: string): Promise<Resource>
  remove(serviceId: string): Promise<void>
  /** All of them, for export. */
  all(): Promise<readonly Resource[]>
}

export interface AdminParts {
  readonly registry: Registry
  readonly statistics: Statistics
  readonly feedback: Records
  readonly rules: RuleAdmin
  readonly clients: ClientsParts
  readonly words: () => SearchWords
  /** GETs, guarded; rejects with an Error named FetchError. */
  readonly get: (url: string) => Promise<{ status: number; body: Buffer }>
  readonly fire: FireParts
  /** Told of what was changed, for the audit log. Must not throw. */
  readonly changed?: (what: string) => void
}

/** Answers, or throws a FhirError. Undefined when the path is none of these. */
export async function answerAdmin(parts: AdminParts, request: AdminRequest): Promise<AdminAnswer | undefined> {
  const [area, ...rest] = request.path
  switch (area) {
    case 'cds-services':
      return services(parts, request, rest)
    case 'cds-clients':
      return answerClients(parts.clients, request, rest, parts.changed)
    case 'cds-settings':
      return rest.length === 0 ? answerSettings(parts.clients, request, parts.changed) : undefined
    case 'cds-client':
      if (rest.join('/') !== 'fire') return undefined
      only(request, 'POST')
      return { status: 200, value: await fire(parts.fire, checkedOrder(request.body), request.place) }
    default:
      return undefined
  }
}

function only({ method }: AdminRequest, ...methods: string[]): void {
  if (!methods.includes(method)) throw methodNotAllowed(`Use ${methods.join(' or ')} here.`, methods.join(', '))
}

async function services(
  parts: AdminParts,
  request: AdminRequest,
  [id, verb, ...more]: readonly string[],
): Promise<AdminAnswer | undefined> {
  const { registry } = parts
  if (id === undefined || id === '') {
    only(request, 'GET', 'POST')
    if (request.method === 'POST') return { status: 201, value: await added(parts, request.body) }
    return { status: 200, value: { services: registry.all().map(listed) } }
  }
  if (id.startsWith('$')) return verb === undefined ? collective(parts, request, id) : undefined
  if (verb === undefined) {
    only(request, 'GET', 'PUT', 'DELETE')
    if (request.method === 'PUT') return { status: 200, value: await changed(parts, id, request.body) }
    if (request.method === 'DELETE') {
      await removed(parts, id)
      return { status: 204 }
    }
    return { status: 200, value: await detailed(parts, id) }
  }
  return one(parts, request, id, verb, more)
}

async function one(
  parts: AdminParts,
  request: AdminRequest,
  id: string,
  verb: string,
  more: readonly string[],
): Promise<AdminAnswer | undefined> {
  const { registry, statistics, feedback } = parts
  switch (`${verb}${more.length > 0 ? '/…' : ''}`) {
    case 'enable':
    case 'disable': {
      only(request, 'POST')
      const known = await registry.enable(id, verb === 'enable')
      parts.changed?.(`cds-services/${id} ${verb}d`)
      return { status: 200, value: listed(known) }
    }
    case 'versions':
      only(request, 'GET')
      registry.get(id)
      return { status: 200, value: { versions: await registry.versionsOf(id) } }
    case 'versions/…':
      return restored(parts, request, id, more)
    case 'statistics':
      only(request, 'GET')
      registry.get(id)
      return { status: 200, value: shown(statistics.of(id), await feedbackOf(feedback, id)) }
    case 'feedback':
      only(request, 'GET')
      registry.get(id)
      return { status: 200, value: { feedback: await feedbackOf(feedback, id) } }
    default:
      return undefined
  }
}

async function collective(parts: AdminParts, request: AdminRequest, verb: string): Promise<AdminAnswer | undefined> {
  const { registry, statistics, feedback, rules } = parts
  switch (verb) {
    case '$statistics': {
      only(request, 'GET')
      const told = Map.groupBy(await feedbackOf(feedback), ({ service }) => service)
      const value = registry.all().map(({ id }) => ({ id, ...shown(statistics.of(id), told.get(id) ?? []) }))
      return { status: 200, value: { services: value } }
    }
    case '$export':
      only(request, 'GET')
      return { status: 200, value: bundleOf(registry.all(), await rules.all()) }
    case '$import':
      only(request, 'POST')
      return { status: 200, value: { services: await imported(parts, request.body) } }
    default:
      return undefined
  }
}

async function added(parts: AdminParts, body: unknown): Promise<object> {
  const { registry, rules } = parts
  const given = (typeof body === 'object' && body !== null ? body : {}) as Record<string, unknown>
  if ('discovery' in given) return addedAll(parts, body)
  if ('rule' in given) {
    const { id } = await rules.put(planDefinitionIn(given['rule']))
    parts.changed?.(`cds-services/${id} added`)
    return listed(registry.get(id))
  }
  const remote = remoteFrom(body, parts.words())
  const { id, enabled } = body as RemoteInput
  if (id === undefined) throw badRequest('A remote service needs an id: it is called at cds-services/{id}.', 'required')
  const known = await registry.addRemote(id, remote, enabled)
  parts.changed?.(`cds-services/${id} added`)
  return listed(known)
}

function planDefinitionIn(value: unknown): Resource {
  if (typeof value === 'object' && value !== null && (value as Resource).resourceType === 'PlanDefinition')
    return value as Resource
  throw badRequest('rule must be a PlanDefinition.', 'structure')
}

async function addedAll({ registry, get, changed }: AdminParts, body: unknown): Promise<object> {
  const problem = wrong(discoverSchema, body)
  if (problem) throw badRequest(problem, 'structure')
  const { discovery, prefix = '', ...how } = body as { discovery: string; prefix?: string; timeout?: number }
  const root = discovery.replace(/\/+$/, '')
  const found = discovered(root, await fetched(get, root), how)
  if (found.size === 0) throw conflict(`The discovery at ${root} lists no service for a hook this server knows.`)
  const taken = [...found.keys()].filter(id => registry.all().some(each => each.id === `${prefix}${id}`))
  if (taken.length > 0)
    throw conflict(`There are services of these ids already: ${taken.join(', ')}. Give a prefix for the new ones.`)
  const known = []
  for (const [id, remote] of found) known.push(await registry.addRemote(`${prefix}${id}`, remote))
  for (const { id } of known) changed?.(`cds-services/${id} added`)
  return { services: known.map(listed) }
}

async function fetched(get: AdminParts['get'], url: string): Promise<{ status: number; body: Buffer }> {
  try {
    return await get(url)
  } catch (error) {
    if ((error as Error).name !== 'FetchError') throw error
    throw badRequest((error as Error).message, 'not-found')
  }
}

async function changed(parts: AdminParts, id: string, body: unknown): Promise<object> {
  const { registry, rules } = parts
  const { kind } = registry.get(id)
  if (kind === 'built-in') throw conflict(`${id} comes with the server: it can be enabled and disabled, not changed.`)
  if (kind === 'rule') {
    const given = (body ?? {}) as Record<string, unknown>
    const { id: now } = await rules.put({
      ...planDefinitionIn(given['rule']),
      id: (await rules.planDefinitionOf(id)).id!,
    })
    parts.changed?.(`cds-services/${now} changed`)
    return listed(registry.get(now))
  }
  const known = await registry.changeRemote(id, remoteFrom(body, parts.words()))
  parts.changed?.(`cds-services/${id} changed`)
  return listed(known)
}

async function removed(parts: AdminParts, id: string): Promise<void> {
  const { registry, rules } = parts
  if (registry.get(id).kind === 'rule') await rules.remove(id)
  else await registry.remove(id)
  parts.changed?.(`cds-services/${id} deleted`)
}

async function restored(
  parts: AdminParts,
  request: AdminRequest,
  id: string,
  [number, verb, ...rest]: readonly string[],
): Promise<AdminAnswer | undefined> {
  if (verb !== 'restore' || rest.length > 0) return undefined
  only(request, 'POST')
  const { registry } = parts
  const version = (await registry.versionsOf(id)).find(each => String(each.version) === number)
  if (!version) throw notFound(`${id} has no version ${String(number).slice(0, 20)}.`)
  if (version.remote) {
    if (registry.all().some(each => each.id === id)) await registry.changeRemote(id, version.remote)
    else await registry.addRemote(id, version.remote)
  }
  const known = await registry.enable(id, version.enabled)
  parts.changed?.(`cds-services/${id} restored`)
  return { status: 200, value: listed(known) }
}

/** All or none of them are looked at before the first is stored. */
async function imported(parts: AdminParts, body: unknown): Promise<object[]> {
  const { registry, rules } = parts
  const found = readBundle(body, parts.words())
  for (const { id } of found.settings) registry.get(id)
  for (const { id } of found.remotes) {
    const there = registry.all().find(each => each.id === id)
    if (there && there.kind !== 'remote')
      throw conflict(`${id} is ${there.kind} here; a remote service cannot take its place.`)
  }
  const ids: string[] = []
  for (const planDefinition of found.rules) ids.push((await rules.put(planDefinition)).id)
  for (const { id, remote, enabled } of found.remotes) {
    if (registry.all().some(each => each.id === id)) await registry.changeRemote(id, remote)
    else await registry.addRemote(id, remote)
    await registry.enable(id, enabled)
    ids.push(id)
  }
  for (const { id, enabled } of found.settings) {
    await registry.enable(id, enabled)
    ids.push(id)
  }
  for (const id of ids) parts.changed?.(`cds-services/${id} imported`)
  return ids.map(id => {
    const known = registry.all().find(each => each.id === id)
    return known ? listed(known) : { id, enabled: false }
  })
}

/** One service in a list. */
const listed = ({ id, kind, enabled, version, changed, services, remote, health }: Known): object => ({
  id,
  kind,
  enabled,
  version,
  ...(changed === undefined ? {} : { changed: new Date(changed).toISOString() }),
  hooks: services.map(({ hook, title, description, prefetch, usageRequirements, evidence }) => ({
    hook,
    title,
    description,
    ...(prefetch ? { prefetch } : {}),
    ...(usageRequirements ? { usageRequirements } : {}),
    ...(evidence ? { evidence } : {}),
  })),
  ...(remote ? { url: remote.url, timeout: remote.timeout, forwardAuthorization: remote.forwardAuthorization } : {}),
  ...(health ? { health } : {}),
})

async function detailed({ registry, statistics, feedback, rules }: AdminParts, id: string): Promise<object> {
  const known = registry.get(id)
  return {
    ...listed(known),
    ...(known.kind === 'rule' ? { rule: await rules.planDefinitionOf(id) } : {}),
    statistics: shown(statistics.of(id), await feedbackOf(feedback, id)),
  }
}

const orderSchema = {
  type: 'object',
  required: ['hook', 'service', 'patientId', 'userId'],
  additionalProperties: false,
  properties: {
    hook: { type: 'string', minLength: 1 },
    service: {
      anyOf: [
        { type: 'string', minLength: 1 },
        {
          type: 'object',
          required: ['url'],
          additionalProperties: false,
          properties: {
            url: { type: 'string', pattern: '^https?://[^\\s]{1,2000}$' },
            prefetch: { type: 'object', additionalProperties: { type: 'string', maxLength: 2000 } },
          },
        },
      ],
    },
    patientId: { type: 'string' },
    userId: { type: 'string' },
    encounterId: { type: 'string' },
    context: { type: 'object' },
    prefetch: {
      type: 'object',
      additionalProperties: {
        anyOf: [
          { enum: ['send', 'omit', 'fail', 'nothing'] },
          { type: 'object', required: ['resourceType'], properties: { resourceType: { type: 'string' } } },
        ],
      },
    },
    fhirServer: { type: 'boolean' },
    scope: { type: 'string', minLength: 1, maxLength: 2000 },
    jwt: { type: 'boolean' },
    language: { type: 'string', maxLength: 100 },
  },
}

function checkedOrder(body: unknown): FireOrder {
  const problem = wrong(orderSchema, body)
  if (problem) throw badRequest(problem, 'structure')
  return body as FireOrder
}
