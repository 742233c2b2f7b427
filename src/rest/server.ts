/**
 * The one door: route, permission, the store as the caller sees it, answer, observation.
 * https://hl7.org/fhir/R4/http.html
 */
import { randomUUID } from 'node:crypto'
import type { Caller } from '../access/caller.ts'
import { FhirError } from '../fhir/outcome.ts'
import type { Expand } from '../search/kind.ts'
import type { Engine, Store } from '../store/store.ts'
import type { Terminology } from '../terminology/terminology.ts'
import type { DoorRules, RuledExchange } from './api-rules.ts'
import { askedOf } from './asked.ts'
import { audited, TYPE as AUDITED, type DoorAudit, type Watch } from './audited.ts'
import type { Catalogue } from './catalogue.ts'
import type {
  Arguments,
  Context,
  Door,
  FhirRequest,
  FhirResponse,
  Interaction,
  Level,
  Limits,
  Match,
  Operation,
  Settings,
} from './exchange.ts'
import { languageOf } from './language.ts'
import { readArguments } from './parameters.ts'
import { knownCaller, permit } from './permit.ts'
import { readPrefer } from './prefer.ts'
import { makeRouter } from './router.ts'
import { told } from './rule-warnings.ts'
import { ruled } from './ruled-write.ts'
import type { TenantConformance } from './tenant-conformance.ts'
import { write } from './write.ts'

/** What a door is made of; one door a tenant. */
export interface DoorParts {
  readonly interactions: readonly Interaction[]
  readonly operations: readonly Operation[]
  readonly engine: Engine
  readonly catalogue: Catalogue
  /** The store as this caller sees it; without it, everybody sees all. */
  readonly guard?: (store: Store, caller: Caller) => Store
  readonly limits?: Partial<Limits>
  readonly settings?: Partial<Settings>
  readonly conformance?: TenantConformance
  readonly terminology?: Terminology
  /** For searches; that of the terminology when not given. */
  readonly expand?: Expand
  readonly validate?: Context['validate']
  readonly checkRule?: Context['checkRule']
  /** What the tenant's rules say of exchanges; without it none acts. */
  readonly rules?: DoorRules
  /** The tenant's own level of validation, as it is now; undefined: that of the settings. */
  readonly level?: () => Level | undefined
  /** The audit log, and what is recorded in it; without it nothing is. */
  readonly audit?: DoorAudit
  /** Told of every exchange when it is over, however it ended. Must not throw. */
  readonly observe?: (event: Exchange) => void
  readonly newId?: () => string
  /** Milliseconds since 1970. */
  readonly now?: () => number
}

/** What happened, without content: no query, no body, nothing of the resource but its identity. */
export interface Exchange {
  readonly interaction: Interaction['name'] | 'unknown'
  /** Without the `$`; '' when none was asked. */
  readonly operation: string
  readonly type: string
  readonly id: string
  readonly version: string
  readonly status: number
  readonly milliseconds: number
  readonly caller: string
  readonly requestId: string
}

export const defaultLimits: Limits = {
  maxBody: 10 * 1024 * 1024,
  maxBatchEntries: 1000,
  maxBundleEntries: 500,
  maxMatches: 1000,
  pageSize: 20,
  maxPageSize: 1000,
  maxIncludes: 1000,
}

export const defaultSettings: Settings = { handling: 'strict', conditionalDelete: 'single', validation: 'base' }

/** Opens a tenant's door. */
export function makeDoor(parts: DoorParts): Door {
  const { engine, catalogue, guard, conformance, terminology, validate, checkRule, observe, audit, rules } = parts
  const expand = parts.expand ?? terminology?.expandForSearch
  const { newId = randomUUID, now = Date.now } = parts
  const limits = { ...defaultLimits, ...parts.limits }
  const serverWritten: ReadonlySet<string> = new Set(audit ? [AUDITED] : [])
  const fixed = { ...defaultSettings, ...parts.settings }
  const settings: Settings = {
    ...fixed,
    get validation() {
      return parts.level?.() ?? fixed.validation
    },
  }
  const router = makeRouter(parts.interactions, parts.operations, () => catalogue.definitions)
  const { route } = router
  const reindex: Context['reindex'] = (types, searchParameters) => catalogue.reindex(engine, types, searchParameters)
  const optional = {
    ...(conformance && { conformance: () => conformance.now() }),
    ...(terminology && { terminology }),
    ...(expand && { expand }),
    ...(validate && { validate }),
    ...(checkRule && { checkRule }),
  }

  const storeOf = (caller: Caller): Store => (guard ? guard(engine, caller) : engine)
  const seenBy = (caller: Caller, ruling: RuledExchange | undefined): Store =>
    ruling ? ruling.over(storeOf(caller)) : storeOf(caller)
  const contextOf = (
    request: FhirRequest,
    caller: Caller,
    watch: Watch | undefined,
    ruling: RuledExchange | undefined,
  ): Context => ({
    request,
    caller,
    store: watch ? watch.over(seenBy(caller, ruling)) : seenBy(caller, ruling),
    definitions: catalogue.definitions,
    extractor: catalogue.extractor,
    limits,
    settings,
    serverWritten,
    prefer: readPrefer(request.headers.prefer),
    language: languageOf(request.headers['accept-language']),
    door,
    newId,
    now,
    reindex,
    ...optional,
    ...(ruling && { rules: ruling }),
  })

  function answer(match: Match, request: FhirRequest, caller: Caller, watch?: Watch): Promise<FhirResponse> {
    const { interaction, operation, type } = match
    const action = operation ? operation.action : interaction.action
    if (action && type) permit(caller, type, action)
    else if (interaction.name !== 'capabilities') knownCaller(caller)
    const ruling = rules?.concern(interaction.name, type) ? rules.exchange(caller, asked(match, request)) : undefined
    const context = contextOf(request, caller, watch, ruling)
    if (!ruling) return carriedOut(context, match, request)
    return ruledAnswer(ruling, match, () => carriedOut(context, match, request))
  }

  function carriedOut(context: Context, match: Match, request: FhirRequest): Promise<FhirResponse> {
    const { interaction, operation } = match
    if (operation) return operation.run(context, match, argumentsOf(operation, request))
    if (interaction.kind === 'read') return interaction.answer(context, match)
    return write(context.rules ? ruled(interaction) : interaction, context, match)
  }

  async function handle(request: FhirRequest, caller: Caller): Promise<FhirResponse> {
    const match = route(request.method, request.path)
    if (conformance && !conformance.isReady && !plain.has(match.interaction.name)) await conformance.ready()
    if (rules && !rules.isReady) await rules.ready()
    if (!audit) return answer(match, request, caller)
    // awaited: to give a promise on from an async function takes longer
    return await audited(audit, request, caller, match, nameOf(match, request), watch =>
      answer(match, request, caller, watch),
    )
  }

  const door: Door = { handle: observe ? observed(handle, route, observe) : handle, route }
  return door
}

/** Rules may refuse what shows data; a patch shows what it is made of. */
async function ruledAnswer(
  ruling: RuledExchange,
  { interaction: { name, kind } }: Match,
  answer: () => Promise<FhirResponse>,
): Promise<FhirResponse> {
  const shows = kind === 'read' ? name !== 'batch' && name !== 'transaction' : name === 'patch'
  const warnings = shows ? ruling.admit() : []
  return told(await answer(), warnings)
}

const asked = (match: Match, request: FhirRequest) =>
  askedOf(request, match, nameOf(match, request), languageOf(request.headers['accept-language']))

/** What no definition is needed for. */
const plain: ReadonlySet<Interaction['name']> = new Set([
  'read',
  'vread',
  'history-instance',
  'history-type',
  'history-system',
])

/** An operation that reads the body itself is given what the query says. */
function argumentsOf(operation: Operation, request: FhirRequest): Arguments {
  if (operation.readsRequest) return new Map()
  const { method, path, query, headers, base } = request
  return readArguments(operation, { request: operation.readsBody ? { method, path, query, headers, base } : request })
}

/** Tells of every exchange when it is over. */
function observed(handle: Door['handle'], route: Door['route'], observe: (event: Exchange) => void): Door['handle'] {
  return async (request, caller) => {
    const started = performance.now()
    let status = 500
    let version: FhirResponse['version']
    try {
      const response = await handle(request, caller)
      ;({ status, version } = response)
      return response
    } catch (error) {
      if (error instanceof FhirError) status = error.status
      throw error
    } finally {
      const match = matchOf(route, request)
      observe({
        interaction: match ? nameOf(match, request) : 'unknown',
        operation: match?.operation?.code ?? '',
        type: match?.type ?? '',
        id: match?.id || (version?.ref.id ?? ''),
        version: version?.version ?? '',
        status,
        milliseconds: performance.now() - started,
        caller: caller.id,
        requestId: request.headers['x-request-id'] ?? '',
      })
    }
  }
}

/** One route answers both types of Bundle. */
function nameOf({ interaction: { name } }: Match, { body }: FhirRequest): Interaction['name'] {
  if (name !== 'batch' && name !== 'transaction') return name
  return (body as { type?: unknown } | undefined)?.type === 'batch' ? 'batch' : 'transaction'
}

function matchOf(route: Door['route'], { method, path }: FhirRequest): Match | undefined {
  try {
    return route(method, path)
  } catch {
    return undefined
  }
}
