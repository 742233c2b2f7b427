/**
 * What happened in a launch, kept for an hour for the developer of the app: requests, answers and checks, tokens taken apart
 * and nothing in them that could be used again. In the sandbox only.
 * https://www.rfc-editor.org/rfc/rfc7519#section-7.2
 */
import type { Records } from '../store/store.ts'
import { makeCalls, type FhirCall, type KeptCalls } from './launcher-calls.ts'

/** What a developer is shown of a launch. */
export interface Trace {
  readonly what: string
  readonly request?: Readonly<Record<string, unknown>>
  readonly answer?: Readonly<Record<string, unknown>>
  readonly checks?: readonly { readonly name: string; readonly ok: boolean; readonly why?: string }[]
}

/** One launch. */
export interface TraceHead {
  readonly id: string
  readonly title: string
  /** Milliseconds since 1970. */
  readonly begun: number
}

export interface TraceEvent extends Trace {
  /** Milliseconds since 1970. */
  readonly at: number
}

export interface Traces {
  /** The id of a new one. */
  begin(title: string): Promise<string>
  /** Never rejects; leaves out nothing but what is secret. */
  note(id: string | undefined, event: Trace): Promise<void>
  /** A request of the FHIR API with a token of this launch. */
  call(id: string, call: FhirCall): void
  /** The newest first. */
  recent(): Promise<TraceHead[]>
  read(id: string): Promise<{ head: TraceHead; events: TraceEvent[]; calls: KeptCalls } | undefined>
}

const LASTS = 60 * 60_000
const MOST_TRACES = 300
const MOST_EVENTS = 200
/** Characters of one value that are shown. */
const MOST_SHOWN = 2000
/** `heads`, `events`: the records `smart-traces` and `smart-trace-events`. */
export function makeTraces(
  heads: Records,
  events: Records,
  now: () => number,
  random: (bytes: number) => Buffer,
): Traces {
  const begun: string[] = []
  const noted = new Map<string, number>()
  const calls = makeCalls({
    records: events,
    lasts: LASTS,
    now,
    isThere: async id => (await heads.get(id)) !== undefined,
  })
  // a trace that cannot be kept is no reason to refuse a launch
  const quietly = async (work: Promise<unknown>): Promise<void> => void (await work.catch(() => {}))
  const forget = async (id: string) => {
    noted.delete(id)
    calls.forget(id)
    await heads.remove(id)
    for (const { key } of await events.list(`${id}/`)) await events.remove(key)
  }
  return {
    async begin(title) {
      const id = random(16).toString('base64url')
      await quietly(heads.put(id, { id, title: title.slice(0, 200), begun: now() } satisfies TraceHead, now() + LASTS))
      begun.push(id)
      if (begun.length > MOST_TRACES) await quietly(forget(begun.shift()!))
      return id
    },
    async note(id, event) {
      if (id === undefined) return
      const number = noted.get(id) ?? 0
      if (number >= MOST_EVENTS) return
      noted.set(id, number + 1)
      const kept: TraceEvent = {
        at: now(),
        what: event.what.slice(0, 200),
        ...(event.request ? { request: shown(event.request) } : {}),
        ...(event.answer ? { answer: shown(event.answer) } : {}),
        ...(event.checks ? { checks: event.checks.slice(0, 50) } : {}),
      }
      // in order, also after a restart has begun to count anew
      const key = `${id}/${String(kept.at).padStart(15, '0')}-${String(number).padStart(4, '0')}`
      await quietly(events.put(key, kept, now() + LASTS))
    },
    call(id, call) {
      calls.note(id, call)
    },
    recent: async () =>
      (await heads.list())
        .map(({ value }) => value as TraceHead)
        .sort((a, b) => b.begun - a.begun)
        .slice(0, 100),
    async read(id) {
      const head = (await heads.get(id)) as TraceHead | undefined
      if (!head) return undefined
      const all = await events.list(`${id}/`)
      return {
        head,
        events: all.filter(({ key }) => !key.endsWith('/calls')).map(({ value }) => value as TraceEvent),
        calls: await calls.read(id),
      }
    },
  }
}

/** What could be used again by who reads it. */
const secrets = new Set([
  'code', 'client_secret', 'code_verifier', 'refresh_token', 'password', 'csrf', 'launch', 'registration_access_token', 'cookie', 'set-cookie', 'session',
]) // prettier-ignore
const HIDDEN = '(not shown)'

/** Values as they may be shown: secrets left out, tokens taken apart. */
function shown(values: Readonly<Record<string, unknown>>, depth = 0): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(values)
      .slice(0, 50)
      .map(([name, value]) => [name.slice(0, 100), safe(name.toLowerCase(), value, depth)]),
  )
}

function safe(name: string, value: unknown, depth: number): unknown {
  if (value === undefined || value === null || typeof value === 'number' || typeof value === 'boolean') return value
  if (secrets.has(name)) return HIDDEN
  if (typeof value === 'string') return safeText(name, value)
  if (depth >= 4) return '…'
  if (Array.isArray(value)) return value.slice(0, 50).map(each => safe(name, each, depth + 1))
  return shown(value as Readonly<Record<string, unknown>>, depth + 1)
}

const compactJws = /[\w-]{10,}\.[\w-]{4,}\.[\w-]*/g

function safeText(name: string, text: string): unknown {
  const whole = text.slice(0, 20_000)
  if (name === 'authorization' && !/^bearer /i.test(whole)) return `${whole.split(' ', 1)[0]!} ${HIDDEN}`
  const claims = /^(?:bearer )?([\w-]+\.[\w-]+\.[\w-]*)$/i.exec(whole)
  if (claims) return takenApart(claims[1]!)
  if (
    name === 'authorization' ||
    name === 'access_token' ||
    name === 'id_token' ||
    name === 'client_assertion' ||
    name === 'token'
  )
    return HIDDEN
  // parameters of addresses: a redirect carries its code in the query
  return whole
    .replace(
      /([?&#](?:code|launch|access_token|id_token|client_secret|refresh_token|code_verifier)=)[^&#\s]*/gi,
      `$1${HIDDEN}`,
    )
    .replace(compactJws, HIDDEN)
    .slice(0, MOST_SHOWN)
}

/** Header and claims of a token; the signature, without which it is worth nothing, is dropped. */
function takenApart(token: string): unknown {
  const [header, claims] = token.split('.', 2).map(part => {
    try {
      return JSON.parse(Buffer.from(part, 'base64url').toString('utf8')) as unknown
    } catch {
      return undefined
    }
  })
  return header && claims ? { header, claims, signature: HIDDEN } : HIDDEN
}
