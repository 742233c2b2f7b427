/**
 * What passes the door, told to the audit log: each exchange once, writes in their own commit.
 * https://www.hl7.org/fhir/R4/auditevent.html
 */
import type { Audit } from '../access/audit.ts'
import { type AuditedInteraction, type AuditLevel, type Happening, whoOf } from '../access/audit-words.ts'
import type { Caller } from '../access/caller.ts'
import { ShownSoFar } from '../access/shown.ts'
import { FhirError, forbidden } from '../fhir/outcome.ts'
import type { Ref } from '../fhir/types.ts'
import type { Query } from '../search/query.ts'
import {
  type HistoryPage,
  type HistoryQuery,
  type Method,
  type Note,
  noted,
  type Page,
  type Records,
  type Store,
  type Version,
  type Write,
} from '../store/store.ts'
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
/** What is recorded with what was asked, and what the answer held. */
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
  const watch = new Watching(log, request, caller, match, name)
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

/** A class, and so is the store below: an object with so many functions of its own costs each request more than being recorded does. */
class Watching implements Watch {
  readonly #log: Audit
  readonly #request: FhirRequest
  readonly #caller: Caller
  readonly #match: Match
  readonly #name: AuditedInteraction
  #shown: ShownSoFar | undefined
  #told = false

  constructor(log: Audit, request: FhirRequest, caller: Caller, match: Match, name: AuditedInteraction) {
    this.#log = log
    this.#request = request
    this.#caller = caller
    this.#match = match
    this.#name = name
  }

  over(store: Store): Store {
    const seen = veiled(store)
    // of one resource that is read the answer tells, and nothing is written
    if (this.#name === 'read' || this.#name === 'vread') return seen
    return new Watched(seen, this, shows.has(this.#name))
  }

  /** Keeps what was shown. */
  show(versions: readonly Version[]): void {
    if (versions.length > 0) (this.#shown ??= new ShownSoFar()).add(versions)
  }

  async commit(seen: Store, writes: readonly Write[], note: Note | undefined): Promise<Version[]> {
    if (this.#told || writes.length === 0) return seen.commit(writes, note)
    const own = this.#log.note(versions => this.#committed(versions))
    const versions = await seen.commit(writes, noted(note, own.note))
    this.#told = true
    own.kept()
    return versions
  }

  /** Tells of the exchange, unless a commit has. */
  end(status: number, version?: Version, why?: string): void {
    if (this.#told) return
    this.#told = true
    this.#log.tell(this.#happening(status, version, why))
  }

  #happening(status: number, version?: Version, why?: string): Happening {
    const [request, match, name, shown] = [this.#request, this.#match, this.#name, this.#shown]
    const requestId = request.headers['x-request-id']
    const claimed = request.headers['x-purpose-of-use']
    const id = match.id || (version?.ref.id ?? '')
    const number = match.rest && name === 'vread' ? match.rest : (version?.version ?? '')
    // field by field: every request passes here
    const made: Mutable<Happening> = { what: match.interaction.event ?? name, status, who: whoOf(this.#caller) }
    if (request.from) made.from = request.from
    if (match.type) made.type = match.type
    // what has no type is no resource: the path says it all
    if (id && (match.type || version)) made.id = id
    if (number) made.version = number
    if (match.operation) made.operation = match.operation.code
    if (shows.has(name)) made.query = queryOf(request)
    if (shown) made.shown = shown.text
    if (shown && shown.more > 0) made.more = shown.more
    if (requestId) made.request = requestId
    if (claimed) made.claimed = claimed.slice(0, 64)
    if (why) made.why = why
    return made
  }

  /** One for each version; for what is no write of one resource, one for the whole too. */
  #committed(versions: readonly Version[]): Happening[] {
    const each = versions.map(version => ({ ...this.#happening(200), ...ofVersion(version) }))
    if (this.#match.operation) {
      this.show(versions)
      return [this.#happening(200)]
    }
    if (this.#name === 'transaction') return [this.#happening(200), ...each]
    return each
  }
}

/** The store of one exchange: notes what is written, and keeps what is shown when the answer is made of it. */
class Watched implements Store {
  readonly #store: Store
  readonly #watching: Watching
  readonly #shows: boolean

  constructor(store: Store, watching: Watching, shows: boolean) {
    this.#store = store
    this.#watching = watching
    this.#shows = shows
  }

  #all<T extends readonly Version[]>(versions: T): T {
    if (this.#shows) this.#watching.show(versions)
    return versions
  }

  async read(ref: Ref): Promise<Version | undefined> {
    const version = await this.#store.read(ref)
    if (version) this.#all([version])
    return version
  }
  async readVersion(ref: Ref, number: string): Promise<Version | undefined> {
    const version = await this.#store.readVersion(ref, number)
    if (version) this.#all([version])
    return version
  }
  async readMany(refs: readonly Ref[]): Promise<Version[]> {
    return this.#all(await this.#store.readMany(refs))
  }
  async referrers(type: string, param: string, refs: readonly Ref[], limit: number): Promise<Version[]> {
    return this.#all(await this.#store.referrers(type, param, refs, limit))
  }
  async find(query: Query): Promise<Page> {
    const page = await this.#store.find(query)
    this.#all(page.matches)
    return page
  }
  async history(query: HistoryQuery): Promise<HistoryPage> {
    const page = await this.#store.history(query)
    this.#all(page.versions)
    return page
  }
  commit(writes: readonly Write[], note?: Note): Promise<Version[]> {
    return this.#watching.commit(this.#store, writes, note)
  }
  counts(): Promise<ReadonlyMap<string, number>> {
    return this.#store.counts()
  }
  records(name: string): Records {
    return this.#store.records(name)
  }
  close(): Promise<void> {
    return this.#store.close()
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
    find(query) {
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
