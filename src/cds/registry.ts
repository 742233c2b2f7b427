/**
 * Which services a tenant offers: those in the box, its rules, services elsewhere; each can be switched off, and keeps its versions.
 * Not in any specification: CDS Hooks says how services are found and called, not how they are managed.
 */
import { conflict, notFound } from '../fhir/outcome.ts'
import type { Records } from '../store/store.ts'
import type { Feedback } from './feedback.ts'
import { type Health, makeRemote, type Remote, type RemoteParts, type RemoteService } from './remote.ts'
import type { CdsService } from './words.ts'

export type Kind = 'built-in' | 'rule' | 'remote'

/** What was decided of a service, in the records `cds-services` by id. Built-in services without one are on. */
export interface Setting {
  readonly id: string
  readonly kind: Kind
  readonly enabled: boolean
  /** 1, 2, 3 … */
  readonly version: number
  /** Milliseconds since 1970. */
  readonly changed: number
  readonly remote?: Remote
  /** Of a version that took it away. */
  readonly deleted?: true
}

export interface RegistryParts {
  readonly builtIn: readonly CdsService[]
  /** The same array as long as no rule changed. */
  readonly rules: () => readonly CdsService[]
  readonly settings: Records
  readonly versions: Records
  readonly remote: RemoteParts
  readonly now: () => number
}

export interface Known {
  readonly id: string
  readonly kind: Kind
  readonly enabled: boolean
  readonly version: number
  readonly changed?: number
  /** One for each hook. */
  readonly services: readonly CdsService[]
  readonly remote?: Remote
  readonly health?: Health
}

export interface Registry {
  /** Those that are on; the same array as long as nothing changed. */
  current(): readonly CdsService[]
  all(): readonly Known[]
  /** Throws 404. */
  get(id: string): Known
  enable(id: string, enabled: boolean): Promise<Known>
  /** A remote service, new (409 when the id is taken) or changed (404 when there is none). */
  addRemote(id: string, remote: Remote, enabled?: boolean): Promise<Known>
  changeRemote(id: string, remote: Remote): Promise<Known>
  remove(id: string): Promise<void>
  versionsOf(id: string): Promise<readonly Setting[]>
  /** Hands feedback of a remote service on. */
  tell(id: string, feedback: readonly Feedback[]): void
}

export async function makeRegistry(parts: RegistryParts): Promise<Registry> {
  const { builtIn, rules, settings: records, versions, remote: remoteParts, now } = parts
  const settings = new Map<string, Setting>()
  const remotes = new Map<string, RemoteService>()
  for (const { key, value } of await records.list()) take(key, value as Setting)

  function take(id: string, setting: Setting): void {
    if (setting.deleted) settings.delete(id)
    else settings.set(id, setting)
    remotes.delete(id)
    if (setting.remote && !setting.deleted) remotes.set(id, makeRemote(id, setting.remote, remoteParts))
    list = undefined
  }

  let list: readonly CdsService[] | undefined
  let ofRules: readonly CdsService[] | undefined

  const isOn = ({ id }: CdsService) => settings.get(id)?.enabled !== false
  function current(): readonly CdsService[] {
    const live = rules()
    if (list && live === ofRules) return list
    ofRules = live
    const taken = new Set(builtIn.map(({ id }) => id))
    const remote = [...remotes].flatMap(([id, { services }]) => (taken.has(id) ? [] : services))
    for (const { id } of remote) taken.add(id)
    // a rule never takes the place of another kind of service
    return (list = [...builtIn, ...remote, ...live.filter(({ id }) => !taken.has(id))].filter(isOn))
  }

  function all(): readonly Known[] {
    const found = new Map<string, Known>()
    const add = (kind: Kind, services: readonly CdsService[]) => {
      for (const [id, some] of Map.groupBy(services, ({ id }) => id))
        if (!found.has(id)) found.set(id, described(id, kind, some))
    }
    add('built-in', builtIn)
    add(
      'remote',
      [...remotes.values()].flatMap(({ services }) => services),
    )
    add('rule', rules())
    return [...found.values()]
  }

  function described(id: string, kind: Kind, services: readonly CdsService[]): Known {
    const setting = settings.get(id)
    const remote = remotes.get(id)
    return {
      id,
      kind,
      enabled: setting?.enabled !== false,
      version: setting?.version ?? 0,
      ...(setting ? { changed: setting.changed } : {}),
      services,
      ...(setting?.remote ? { remote: setting.remote } : {}),
      ...(remote ? { health: remote.health() } : {}),
    }
  }

  function get(id: string): Known {
    const known = all().find(each => each.id === id)
    if (!known) throw notFound(`There is no CDS service ${id.slice(0, 64)}. GET /admin/cds-services lists them.`)
    return known
  }

  async function keep(setting: Omit<Setting, 'version' | 'changed'>): Promise<void> {
    const before = await versionsOf(setting.id)
    const kept: Setting = { ...setting, version: (before[0]?.version ?? 0) + 1, changed: now() }
    await versions.put(`${kept.id}/${String(kept.version).padStart(8, '0')}`, kept)
    if (kept.deleted) await records.remove(kept.id)
    else await records.put(kept.id, kept)
    take(kept.id, kept)
  }

  const versionsOf = async (id: string): Promise<readonly Setting[]> =>
    (await versions.list(`${id}/`)).map(({ value }) => value as Setting).sort((a, b) => b.version - a.version)

  return {
    current,
    all,
    get,
    versionsOf,
    async enable(id, enabled) {
      const { kind, remote } = get(id)
      await keep({ id, kind, enabled, ...(remote ? { remote } : {}) })
      return get(id)
    },
    async addRemote(id, remote, enabled = true) {
      if (all().some(each => each.id === id))
        throw conflict(`There is a CDS service ${id} already. Take another id, or change that one.`)
      await keep({ id, kind: 'remote', enabled, remote })
      return get(id)
    },
    async changeRemote(id, remote) {
      const { kind, enabled } = get(id)
      if (kind !== 'remote') throw conflict(`${id} is ${kind}, not a remote service.`)
      await keep({ id, kind, enabled, remote })
      return get(id)
    },
    async remove(id) {
      const { kind, enabled, remote } = get(id)
      if (kind === 'built-in') throw conflict(`${id} comes with the server and cannot be deleted. Disable it instead.`)
      await keep({ id, kind, enabled, ...(remote ? { remote } : {}), deleted: true })
    },
    tell: (id, feedback) => void remotes.get(id)?.tell(feedback),
  }
}
