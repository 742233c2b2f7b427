/**
 * What passes the door, told to the audit log: each exchange once, writes in their own commit.
 * https://www.hl7.org/fhir/R4/auditevent.html
 */
import type { Audit } from '../access/audit.ts'
import { type AuditedInteraction, type AuditLevel, type Happening, whoOf } from '../access/audit-words.ts'
import type { Caller } from '../access/caller.ts'
import { ShownSoFar } from '../access/shown.ts'
import { FhirError, forbidden } from '../fhir/outcome.ts'
import { noted, type Method, type Store, type Version } from '../store/store.ts'
import type { FhirRequest, FhirResponse, Match } from './exchange.ts'

/** The log as a door uses it. */
export interface DoorAudit {
  readonly log: Audit
  readonly level: AuditLevel
}

/** One exchange that is recorded. */
export interface Watch {
  /** The store that is asked for this exchange: it keeps what is shown, and notes what is written. */
  over(store: Store): Store
}

/** What the log is kept as. */
export const TYPE = 'AuditEvent'
/** What nobody may do to it. */
export const written: ReadonlySet<string> = new Set(['create', 'update', 'patch', 'delete', 'transaction'])
const shows: ReadonlySet<string> = new Set([
  'search-type',
  'search-system',
  'history-instance',
  'history-type',
  'history-system',
  'operation',
])

/** Answers, and records it as the level says. AuditEvents that wait are made before they are asked for. */
export async function audited(
  { log, level }: DoorAudit,
  request: FhirRequest,
  caller: Caller,
  match: Match,
  name: AuditedInteraction | 'capabilities',
  answer: (watch: Watch | undefined) => Promise<FhirResponse>,
): Promise<FhirResponse> {
  // an emergency is recorded whole
  const emergency = caller.grant?.breakGlass !== undefined
  const records = level === 'all' || (level === 'auto' && caller.grant !== undefined) || level === 'writes'
  if (name === 'capabilities') return answer(undefined)
  if (match.type === TYPE) {
    await log.settle()
    const inner = answer
    answer = async watch => {
      refuseWrites(match)
      return inner(watch)
    }
  }
  if (!records) return answer(protecting)
  const full = log.room()
  if (full) await full
  const watch = watching(log, request, caller, match, name)
  const isWrite = written.has(name) || match.operation?.affectsState === true
  try {
    const response = await answer(watch)
    if (isWrite || emergency || level !== 'writes') watch.end(response.status, response.version)
    return response
  } catch (error) {
    const status = error instanceof FhirError ? error.status : 500
    if (isWrite || emergency || level !== 'writes' || status === 401 || status === 403)
      watch.end(status, undefined, ruleOf(error))
    throw error
  }
}

/** The rule that refused, by its canonical. */
const ruleOf = (error: unknown): string | undefined =>
  error instanceof FhirError
    ? error.issues.flatMap(({ details }) => details?.coding ?? []).find(({ system }) => system === 'urn:ietf:rfc:3986')
        ?.code
    : undefined

/** Nobody writes the log but the server. */
function refuseWrites({ interaction, operation }: Match): void {
  if (written.has(interaction.name) || operation?.affectsState)
    throw forbidden('AuditEvents are written by the server itself, and by nobody else; they can be read and searched.')
}

/** What is not recorded still keeps its hands off the log. */
const protecting: Watch = { over: store => veiled(store) }

type Mutable<T> = { -readonly [K in keyof T]: T[K] }

interface Watching extends Watch {
  /** Tells of the exchange, unless a commit has. */
  end(status: number, version?: Version, why?: string): void
}

function watching(log: Audit, request: FhirRequest, caller: Caller, match: Match, name: AuditedInteraction): Watching {
  const shown = new ShownSoFar()
  let told = false
  const happening = (status: number, version?: Version, why?: string): Happening => {
    const requestId = request.headers['x-request-id']
    const claimed = request.headers['x-purpose-of-use']
    const id = match.id || (version?.ref.id ?? '')
    const number = match.rest && name === 'vread' ? match.rest : (version?.version ?? '')
    // field by field: every request passes here
    const made: Mutable<Happening> = { what: match.interaction.event ?? name, status, who: whoOf(caller) }
    if (request.from) made.from = request.from
    if (match.type) made.type = match.type
    // what has no type is no resource: the path says it all
    if (id && (match.type || version)) made.id = id
    if (number) made.version = number
    if (match.operation) made.operation = match.operation.code
    if (name.startsWith('search') || name.startsWith('history') || name === 'operation') made.query = queryOf(request)
    if (shown.text) made.shown = shown.text
    if (shown.more > 0) made.more = shown.more
    if (requestId) made.request = requestId
    if (claimed) made.claimed = claimed.slice(0, 64)
    if (why) made.why = why
    return made
  }
  /** One for each version; for what is no write of one resource, one for the whole too. */
  const committed = (versions: readonly Version[]): Happening[] => {
    const each = versions.map(version => ({ ...happening(200), ...ofVersion(version) }))
    if (match.operation) {
      shown.add(versions)
      return [happening(200)]
    }
    if (name === 'transaction') return [happening(200), ...each]
    return each
  }
  return {
    over(store) {
      const seen = veiled(store)
      // of one resource that is read the answer tells, and nothing is written
      if (name === 'read' || name === 'vread') return seen
      return {
        ...seen,
        commit: async (writes, note) => {
          if (told || writes.length === 0) return seen.commit(writes, note)
          const own = log.note(committed)
          const versions = await seen.commit(writes, noted(note, own.note))
          told = true
          own.kept()
          return versions
        },
        ...(shows.has(name) ? showing(seen, versions => shown.add(versions)) : {}),
      }
    },
    end(status, version, why) {
      if (told) return
      told = true
      log.tell(happening(status, version, why))
    },
  }
}

/** The questions whose answers are shown. */
function showing(
  store: Store,
  keep: (versions: readonly Version[]) => void,
): Pick<Store, 'find' | 'read' | 'readMany' | 'readVersion' | 'history' | 'referrers'> {
  const kept = (version: Version | undefined) => {
    if (version) keep([version])
    return version
  }
  const all = <T extends readonly Version[]>(versions: T): T => {
    keep(versions)
    return versions
  }
  return {
    read: async ref => kept(await store.read(ref)),
    readVersion: async (ref, version) => kept(await store.readVersion(ref, version)),
    readMany: async refs => all(await store.readMany(refs)),
    referrers: async (type, param, refs, limit) => all(await store.referrers(type, param, refs, limit)),
    async find(query) {
      const page = await store.find(query)
      keep(page.matches)
      return page
    },
    async history(query) {
      const page = await store.history(query)
      keep(page.versions)
      return page
    },
  }
}

/**
 * The store in which AuditEvents are found by those who ask for them by name only: not among everything, and not to be written,
 * also not by way of a Bundle or an operation.
 */
function veiled(store: Store): Store {
  let veil = veils.get(store)
  if (!veil) veils.set(store, (veil = veilOver(store)))
  return veil
}

const veils = new WeakMap<Store, Store>()

function veilOver(store: Store): Store {
  return {
    read: ref => store.read(ref),
    readMany: refs => store.readMany(refs),
    readVersion: (ref, version) => store.readVersion(ref, version),
    referrers: (type, param, refs, limit) => store.referrers(type, param, refs, limit),
    counts: () => store.counts(),
    records: name => store.records(name),
    close: () => store.close(),
    async find(query) {
      if (query.types.length < 2 || !query.types.includes(TYPE)) return store.find(query)
      return store.find({ ...query, types: query.types.filter(type => type !== TYPE) })
    },
    history: query => store.history('all' in query.of ? { ...query, without: [TYPE] } : query),
    async commit(writes, note) {
      if (writes.some(write => write.do !== 'check' && write.ref.type === TYPE))
        throw forbidden('AuditEvents are written by the server itself, and by nobody else.')
      return store.commit(writes, note)
    },
  }
}

const methods: Readonly<Record<Method, AuditedInteraction>> = {
  POST: 'create',
  PUT: 'update',
  PATCH: 'patch',
  DELETE: 'delete',
}

/** A PUT that made the first version has created it. */
const ofVersion = ({
  ref,
  version,
  method,
}: Version): Pick<Happening, 'what' | 'type' | 'id' | 'version' | 'status'> => ({
  what: method === 'PUT' && version === '1' ? 'create' : methods[method],
  status: 200,
  type: ref.type,
  id: ref.id,
  ...(version === '0' ? {} : { version }),
})

const queryOf = ({ method, path, query }: FhirRequest) => `${method} ${path}${query ? `?${query}` : ''}`
