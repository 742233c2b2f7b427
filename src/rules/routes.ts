/**
 * What rules send on: noted in the commit of the write, sent afterwards until it has arrived, also by the next process.
 * https://hl7.org/fhir/R4/endpoint.html
 *
 * A resource goes by PUT [address]/[type]/[id], a deletion by DELETE: what arrives twice does no harm. To one Endpoint one thing is
 * sent at a time; a version that waits is given up for a newer one of the same resource.
 */
import { randomUUID } from 'node:crypto'
import type { Ref } from '../fhir/types.ts'
import type { Note, Store } from '../store/store.ts'

/** Sends a request; rejects when nothing comes back. */
export type Send = (
  url: string,
  request: {
    readonly method: 'PUT' | 'DELETE'
    readonly headers: Readonly<Record<string, string>>
    readonly body?: string
    /** Aborted when the tenant closes. */
    readonly signal: AbortSignal
  },
) => Promise<{ readonly status: number }>

export interface RoutesParts {
  /** Of the whole tenant. */
  readonly store: Pick<Store, 'read' | 'readVersion' | 'records'>
  readonly send: Send
  readonly now: () => number
}

/** What is to be sent, as it is kept. JSON. */
interface Kept {
  /** Canonical of the rule. */
  readonly rule: string
  /** `Endpoint/1` */
  readonly endpoint: string
  readonly ref: Ref
  readonly version: string
  /** Rules that sent it here, and this one: none sends what it has sent before. */
  readonly via: readonly string[]
  /** Milliseconds since 1970. */
  readonly at: number
}

interface Waiting extends Kept {
  readonly key: string
  tries: number
  due: number
  why: string
}

/** How it stands with an Endpoint. */
export interface RouteState {
  readonly endpoint: string
  readonly waiting: number
  /** Milliseconds since 1970. */
  readonly oldest: number
  /** Why the last try failed; '' when it did not. */
  readonly problem: string
}

export interface RoutesState {
  readonly waiting: readonly RouteState[]
  readonly sent: number
  /** Not arrived within 24 hours. */
  readonly givenUp: number
  /** Too many were waiting. */
  readonly dropped: number
}

export interface Routes {
  /** A note for the commit. `committed` must be called when it is. */
  note(route: { rule: string; endpoint: string; ref: Ref; via: readonly string[] }): Noted | undefined
  /** Goes on with what an earlier process left. */
  resume(): Promise<void>
  state(): RoutesState
  /** Ends the work where it stands. */
  close(): Promise<void>
}

export interface Noted {
  readonly note: Note
  committed(): void
}

export const ROUTES = 'rule-routes'
/** So many may wait. */
const MOST = 100_000
const LIFE = 24 * 3600 * 1000
/** Milliseconds: before the second try, and at most. */
const FIRST_PAUSE = 1_000
const LONGEST_PAUSE = 300_000

export function makeRoutes({ store, send, now }: RoutesParts): Routes {
  const records = store.records(ROUTES)
  /** By Endpoint, in the order of the commits. */
  const queues = new Map<string, Waiting[]>()
  const working = new Map<string, Promise<void>>()
  let timer: NodeJS.Timeout | undefined
  let waiting = 0
  let closed = false
  const closing = new AbortController()
  const counts = { sent: 0, givenUp: 0, dropped: 0 }

  function enqueue(kept: Kept, key: string): void {
    const queue = queues.get(kept.endpoint) ?? []
    queues.set(kept.endpoint, queue)
    queue.push({ ...kept, key, tries: 0, due: 0, why: '' })
    waiting++
    wake(kept.endpoint)
  }

  function wake(endpoint: string): void {
    if (closed || working.has(endpoint)) return
    const work = drain(endpoint)
      .catch(() => {})
      .finally(() => {
        working.delete(endpoint)
        later()
      })
    working.set(endpoint, work)
  }

  /** The next time something is due. */
  function later(): void {
    clearTimeout(timer)
    const idle = [...queues].filter(([endpoint, queue]) => queue.length > 0 && !working.has(endpoint))
    if (closed || idle.length === 0) return
    const due = Math.min(...idle.flatMap(([, queue]) => queue.map(each => each.due)))
    timer = setTimeout(
      () => {
        for (const [endpoint, queue] of queues) if (queue.some(each => each.due <= now())) wake(endpoint)
        later()
      },
      Math.max(10, due - now()),
    ).unref()
  }

  async function drain(endpoint: string): Promise<void> {
    for (;;) {
      const queue = queues.get(endpoint) ?? []
      const next = closed ? undefined : queue.find(each => each.due <= now())
      if (!next) return
      const newer = queue.find(each => isNewer(each, next))
      if (newer) {
        await remove(queue, next)
        continue
      }
      // before it is sent: an older one must never arrive after it, also not after a crash
      for (const older of queue.filter(each => isNewer(next, each))) await remove(queue, older)
      const problem = await attempt(next)
      if (closed) return
      if (problem === undefined) counts.sent++
      else if (now() - next.at >= LIFE) counts.givenUp++
      else {
        next.tries++
        next.why = problem
        next.due = now() + Math.min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** (next.tries - 1))
        continue
      }
      await remove(queue, next)
    }
  }

  async function remove(queue: Waiting[], each: Waiting): Promise<void> {
    await records.remove(each.key)
    queue.splice(queue.indexOf(each), 1)
    waiting--
  }

  /** Why it has not arrived; undefined when it has. */
  async function attempt({ endpoint, ref, version, via }: Waiting): Promise<string | undefined> {
    try {
      const [, id = ''] = endpoint.split('/')
      const where = endpointOf((await store.read({ type: 'Endpoint', id }))?.text)
      if (typeof where === 'string') return where
      const found = await store.readVersion(ref, version)
      // nothing there is no deletion: it was never committed, or its history is gone
      if (!found) return undefined
      const { text } = found
      const { status } = await send(`${where.address}/${ref.type}/${ref.id}`, {
        method: text === undefined ? 'DELETE' : 'PUT',
        signal: closing.signal,
        headers: {
          ...where.headers,
          accept: 'application/fhir+json',
          'x-routed-by': via.join(' '),
          ...(text === undefined ? {} : { 'content-type': 'application/fhir+json' }),
        },
        ...(text === undefined ? {} : { body: text }),
      })
      const arrived = status < 300 || (text === undefined && (status === 404 || status === 410))
      return arrived ? undefined : `It answered ${status}.`
    } catch (error) {
      return (error as Error).message
    }
  }

  return {
    note({ rule, endpoint, ref, via }) {
      if (waiting >= MOST) {
        counts.dropped++
        return undefined
      }
      const at = now()
      const key = `${String(at).padStart(15, '0')}-${randomUUID()}`
      let kept: Kept | undefined
      const note: Note = {
        records: ROUTES,
        key,
        value(versions) {
          const made = versions.find(each => each.ref.type === ref.type && each.ref.id === ref.id)
          return (kept = { rule, endpoint, ref, version: made?.version ?? '', via, at })
        },
        expires: at + 2 * LIFE,
      }
      return { note, committed: () => kept && enqueue(kept, key) }
    },
    async resume() {
      const left = await records.list()
      for (const { key, value } of left.sort((a, b) => (a.key < b.key ? -1 : 1))) {
        const known = [...queues.values()].some(queue => queue.some(each => each.key === key))
        if (!known) enqueue(value as Kept, key)
      }
    },
    state: () => ({
      waiting: [...queues].flatMap(([endpoint, queue]) =>
        queue.length > 0
          ? [
              {
                endpoint,
                waiting: queue.length,
                oldest: Math.min(...queue.map(({ at }) => at)),
                problem: queue.map(({ why }) => why).find(why => why !== '') ?? '',
              },
            ]
          : [],
      ),
      ...counts,
    }),
    async close() {
      closed = true
      closing.abort()
      clearTimeout(timer)
      await Promise.all(working.values())
    },
  }
}

const isNewer = (one: Kept, other: Kept) =>
  one.ref.type === other.ref.type && one.ref.id === other.ref.id && Number(one.version) > Number(other.version)

/** Where it is; in words why nothing can be sent there. */
function endpointOf(text: string | undefined): { address: string; headers: Record<string, string> } | string {
  if (text === undefined) return 'There is no such Endpoint.'
  const { status, address, connectionType, header } = JSON.parse(text) as Record<string, unknown>
  if (status !== 'active') return 'The Endpoint is not active.'
  if ((connectionType as { code?: unknown } | undefined)?.code !== 'hl7-fhir-rest')
    return 'The connectionType of the Endpoint is not hl7-fhir-rest.'
  if (typeof address !== 'string') return 'The Endpoint has no address.'
  const headers: Record<string, string> = {}
  for (const line of Array.isArray(header) ? header : []) {
    const [, name, value] = /^([\w-]{1,100}):\s*([\x20-\x7e]{0,4000})$/.exec(String(line)) ?? []
    if (name) headers[name.toLowerCase()] = value!
  }
  return { address: address.replace(/\/+$/, ''), headers }
}
