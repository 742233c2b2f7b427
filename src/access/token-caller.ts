/**
 * An access token as a Caller: its scopes and its context become one Filter for each type and action.
 * https://hl7.org/fhir/smart-app-launch/STU2.2/scopes-and-launch-context.html
 */
import { createHash } from 'node:crypto'
import type { Definitions } from '../fhir/definitions.ts'
import { FhirError } from '../fhir/outcome.ts'
import { everything, type Filter } from '../search/query.ts'
import type { Store } from '../store/store.ts'
import { noState, stateFilter } from './app-state.ts'
import type { Action, Caller, Permitted } from './caller.ts'
import { both, isEverything } from './filters.ts'
import type { Grant } from './grant.ts'
import { recordFilter, SECURITY_CONTEXT } from './patient-record.ts'
import { byNameOnly, letters, readScopes, speaksOf, type Level, type Permission, type Scope } from './scope.ts'
import { queryFilter } from './scope-query.ts'
import { dependsOnStore, patientsOf } from './user-patients.ts'

export interface CallerParts {
  /** The tenant's, as they are now. */
  readonly definitions: Definitions
  /** The whole store of the tenant: users are looked up in it. */
  readonly store: Store
  /** The tenant's FHIR base, without trailing slash. */
  readonly base: string
  /** What more limits a practitioner's user/ scopes (the care team …): ANDed. Everything when not given. */
  readonly limit?: (user: string, type: string) => Filter
  /** What practitioners see with emergency access only. They may create it, since they are who writes it down. */
  readonly withheld?: Filter
  /** The origins that a client's app state belongs to; none when not given. Asked once a token. */
  readonly stateOrigins?: (client: string) => Promise<readonly string[]>
}

/** A Caller that can say where its permissions come from. */
export type TokenCaller = Caller & Required<Pick<Caller, 'grant' | 'because' | 'scopeFor'>>

const letterOf: Readonly<Record<Action, Permission>> = { create: 'c', read: 'r', update: 'u', delete: 'd', search: 's' }

/** Whose records a scope of a level opens: everybody's, or these patients'. */
export type Reach = 'all' | readonly string[]

/** Callers by what the definitions and the grant say; the oldest go first. */
const kept = new WeakMap<Definitions, Map<string, TokenCaller>>()
const MOST_KEPT = 1000

/** By the grant itself, which is the same object as long as its token is remembered, where no resource is asked about its user. */
const ofGrants = new WeakMap<Definitions, WeakMap<Grant, { readonly base: string; readonly caller: TokenCaller }>>()

/**
 * The Caller that this grant stands for. Never throws for what the grant says: what cannot be understood, or lacks the context it
 * needs, permits nothing.
 */
export function callerOf(grant: Grant, parts: CallerParts): TokenCaller | Promise<TokenCaller> {
  const known = ofGrants.get(parts.definitions)?.get(grant)
  return known && known.base === parts.base && !parts.limit ? known.caller : lookedUp(grant, parts)
}

async function lookedUp(grant: Grant, parts: CallerParts): Promise<TokenCaller> {
  const caller = await knownOrMade(grant, parts)
  if (parts.limit || (grant.user !== undefined && dependsOnStore(grant.user))) return caller
  let grants = ofGrants.get(parts.definitions)
  if (!grants) ofGrants.set(parts.definitions, (grants = new WeakMap()))
  grants.set(grant, { base: parts.base, caller })
  return caller
}

async function knownOrMade(grant: Grant, parts: CallerParts): Promise<TokenCaller> {
  const reach = await reachOf(grant, parts.store)
  const key = JSON.stringify([
    grant.id,
    grant.client,
    grant.user,
    grant.patient,
    grant.scope,
    grant.breakGlass,
    reach,
    parts.base,
    parts.withheld,
  ])
  let callers = kept.get(parts.definitions)
  if (!callers) kept.set(parts.definitions, (callers = new Map()))
  const known = parts.limit ? undefined : callers.get(key)
  if (known) return known
  const caller = await makeCaller(grant, reach, parts)
  if (!parts.limit) {
    if (callers.size >= MOST_KEPT) callers.delete(callers.keys().next().value!)
    callers.set(key, caller)
  }
  return caller
}

/** What each level opens; without one, nothing. */
export type Reaches = Readonly<Partial<Record<Level, Reach>>>

async function reachOf({ user, patient }: Grant, store: Store): Promise<Reaches> {
  if (user === undefined) return { system: 'all', ...(patient === undefined ? {} : { patient: [patient] }) }
  const own = await patientsOf(user, store)
  const inContext = patient !== undefined && (own === 'all' || own.includes(patient)) ? { patient: [patient] } : {}
  return { user: own, ...inContext }
}

/** The Caller of a grant whose users and context have been looked up. */
export async function makeCaller(
  grant: Grant,
  reaches: Reaches,
  parts: Omit<CallerParts, 'store'>,
): Promise<TokenCaller> {
  const { definitions, limit, withheld, base } = parts
  const glass: Filter | undefined =
    withheld && reaches.user === 'all' && grant.breakGlass === undefined ? { is: 'not', part: withheld } : undefined
  const origins = (await parts.stateOrigins?.(grant.client)) ?? []
  const scopes: (Scope & { readonly filter: Filter })[] = []
  for (const scope of readScopes(grant.scope, definitions).resources) {
    const filter = await granular(scope, parts)
    if (filter) scopes.push({ ...scope, filter })
  }

  function of(scope: (typeof scopes)[number], type: string, action: Action): Filter | undefined {
    const filter = opened(scope, type, action)
    return filter && glass && action !== 'create' ? both(filter, glass) : filter
  }

  function opened(scope: (typeof scopes)[number], type: string, action: Action): Filter | undefined {
    const plain = ofRecords(scope, type, action)
    const reach = reaches[scope.level]
    if (type !== 'Basic' || !reach || !isAsked(scope, type, action)) return plain
    const { level } = scope
    const state = stateFilter({ level, reach, base, origins, user: grant.user }, action)
    const parts = [plain && both(plain, noState), state && both(state, limited(scope, type))]
    const some = parts.filter(each => each !== undefined)
    return some.length === 0 ? undefined : anyOf(some)
  }

  const isAsked = (scope: Scope, type: string, action: Action) =>
    speaksOf(scope.type, type) && scope.permissions.has(letterOf[action])
  const limited = (scope: (typeof scopes)[number], type: string) =>
    limit && scope.level === 'user' ? both(limit(grant.user!, type), scope.filter) : scope.filter

  /** Of all that is no app state. */
  function ofRecords(scope: (typeof scopes)[number], type: string, action: Action): Filter | undefined {
    const reach = reaches[scope.level]
    if (!reach || !isAsked(scope, type, action)) return undefined
    // what was recorded of accesses is not changed by those who access
    if (byNameOnly.has(type) && (action === 'update' || action === 'delete')) return undefined
    if (reach !== 'all') {
      const records = reach.flatMap(patient => recordFilter(definitions, patient, type, action) ?? [])
      return records.length === 0 ? undefined : both(anyOf(records), scope.filter)
    }
    const filter = limited(scope, type)
    return type === 'Binary' ? binaries(filter, scope, action) : filter
  }

  /** A Binary is seen by those who may see what it belongs to. https://hl7.org/fhir/R4/binary.html#security */
  function binaries(filter: Filter, scope: Scope, action: Action): Filter | undefined {
    if (!glass && scope.type === '*' && scope.query === '' && scope.permissions.has('r')) return filter
    if (!definitions.searchParams('Binary').has(SECURITY_CONTEXT)) return undefined
    const free: Filter = { is: 'not', part: { is: 'has', param: SECURITY_CONTEXT, kind: 'reference' } }
    const seen = definitions.resourceTypes.flatMap((type): Filter[] => {
      const where = type === 'Binary' ? undefined : permits(type, 'read')
      return where ? [{ is: 'link', param: SECURITY_CONTEXT, type, where }] : []
    })
    return action === 'create' && seen.length === 0 ? both(filter, free) : both(filter, anyOf([free, ...seen]))
  }

  const because = (type: string, action: Action): readonly Permitted[] =>
    scopes.flatMap(scope => {
      const filter = of(scope, type, action)
      return filter ? [{ scope, filter }] : []
    })

  const table = new Map<string, Filter | undefined>()
  function permits(type: string, action: Action): Filter | undefined {
    const key = `${type} ${action}`
    if (!table.has(key)) {
      const filters = because(type, action).map(({ filter }) => filter)
      table.set(key, filters.length === 0 ? undefined : filters.some(isEverything) ? everything : anyOf(filters))
    }
    return table.get(key)
  }

  const level: Level = reaches.system ? (reaches.patient ? 'patient' : 'system') : reaches.patient ? 'patient' : 'user'
  return {
    id: idOf(grant, scopes),
    grant,
    stateOrigins: origins,
    permits,
    because,
    scopeFor: (type, action) => `${level}/${type}.${letterOf[action]}`,
  }
}

/** What the search parameters of the scope say; undefined when they cannot be understood (any more): then it grants nothing. */
async function granular(
  scope: Scope,
  { definitions, base }: Pick<CallerParts, 'definitions' | 'base'>,
): Promise<Filter | undefined> {
  if (scope.query === '') return everything
  try {
    // the parameters that go with * are those of every type
    return await queryFilter(scope.type === '*' ? 'Basic' : scope.type, scope.query, { definitions, base })
  } catch (error) {
    if (error instanceof FhirError) return undefined
    throw error
  }
}

const anyOf = (filters: readonly Filter[]): Filter =>
  filters.length === 1 ? filters[0]! : { is: 'any', parts: filters }

/** Page links are bound to it, so another token with the same rights can follow them, and one with less cannot. */
function idOf({ client, user, patient, breakGlass }: Grant, scopes: readonly Scope[]): string {
  const texts = scopes.map(({ level, type, permissions, query }) => `${level}/${type}.${letters(permissions)}?${query}`)
  const digest = createHash('sha256').update(texts.sort().join(' ')).digest('base64url').slice(0, 16)
  const parts = [client, user ?? '', patient ?? '', breakGlass === undefined ? '' : 'break-glass', digest]
  return `token:${parts.map(encodeURIComponent).join(':')}`
}
