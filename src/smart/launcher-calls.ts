/**
 * What an app asked of the FHIR API in a launch, for its developer: how often, with which answer, and why it was refused. Never an
 * id, a parameter or content.
 * https://hl7.org/fhir/smart-app-launch/STU2.2/app-launch.html#access-fhir-api
 */
import type { Records } from '../store/store.ts'

/** A request of the FHIR API with a token of a launch. */
export interface FhirCall {
  readonly method: string
  /** `Patient/:id` */
  readonly route: string
  /** `read`, `search-type` … */
  readonly interaction: string
  /** '' when there is none. */
  readonly type: string
  readonly status: number
  /** Why it was refused, of 401 and 403. */
  readonly why?: string
  /** A scope that would have permitted it. */
  readonly scope?: string
}

export interface KeptCalls {
  /** By `read Patient 200`. */
  readonly counts: Record<string, number>
  /** The newest last. */
  readonly last: (FhirCall & { readonly at: number })[]
}

export interface Calls {
  /** At once; nothing happens when there is no such trace. */
  note(trace: string, call: FhirCall): void
  read(trace: string): Promise<KeptCalls>
  forget(trace: string): void
}

/** Traces looked after at once, kinds of calls counted apart, and calls listed. */
const [MOST, KINDS, LISTED] = [300, 100, 50]
/** Milliseconds from a call until it is written down. */
const SOON = 2000

interface CallsParts {
  /** Kept under `{trace}/calls`. */
  readonly records: Records
  readonly lasts: number
  readonly now: () => number
  /** Whether there is such a trace. */
  readonly isThere: (trace: string) => Promise<boolean>
}

export function makeCalls({ records, lasts, now, isThere }: CallsParts): Calls {
  const held = new Map<string, Promise<KeptCalls | undefined>>()
  const waiting = new Set<string>()
  const keyOf = (trace: string) => `${trace}/calls`

  async function load(trace: string): Promise<KeptCalls | undefined> {
    const found = await isThere(trace).catch(() => false)
    if (!found) {
      held.delete(trace)
      return undefined
    }
    return (
      ((await records.get(keyOf(trace)).catch(() => undefined)) as KeptCalls | undefined) ?? { counts: {}, last: [] }
    )
  }

  function holding(trace: string): Promise<KeptCalls | undefined> {
    let found = held.get(trace)
    if (!found) {
      if (held.size >= MOST) held.delete(held.keys().next().value!)
      held.set(trace, (found = load(trace)))
    }
    return found
  }

  /** A trace that cannot be kept is no reason to trouble anybody. */
  async function write(): Promise<void> {
    const some = [...waiting]
    waiting.clear()
    for (const trace of some) {
      const calls = await held.get(trace)
      if (calls) await records.put(keyOf(trace), calls, now() + lasts).catch(() => {})
    }
  }

  return {
    note(trace, call) {
      void holding(trace).then(calls => {
        if (!calls) return
        add(calls, { ...call, at: now() })
        if (waiting.size === 0) setTimeout(() => void write(), SOON).unref()
        waiting.add(trace)
      })
    },
    read: async trace => (await holding(trace)) ?? { counts: {}, last: [] },
    forget(trace) {
      held.delete(trace)
      waiting.delete(trace)
    },
  }
}

function add({ counts, last }: KeptCalls, call: FhirCall & { readonly at: number }): void {
  const kind = [call.interaction, call.type, call.status].filter(part => part !== '').join(' ')
  const key = Object.hasOwn(counts, kind) || Object.keys(counts).length < KINDS ? kind : 'others'
  counts[key] = (counts[key] ?? 0) + 1
  last.push({ ...call, ...(call.why === undefined ? {} : { why: call.why.slice(0, 300) }) })
  if (last.length > LISTED) last.shift()
}

/**
 * The trace that the token of an Authorization header speaks of, also when the token does not count (any more): it opens nothing, so
 * nothing is verified.
 */
export function traceOf(authorization: string | undefined): string | undefined {
  const claims = /^Bearer +[\w-]+\.([\w-]{1,8000})\./i.exec(authorization ?? '')?.[1]
  if (claims === undefined) return undefined
  try {
    const { trace } = JSON.parse(Buffer.from(claims, 'base64url').toString('utf8')) as { trace?: unknown }
    return typeof trace === 'string' && /^[\w-]{10,64}$/.test(trace) ? trace : undefined
  } catch {
    return undefined
  }
}
