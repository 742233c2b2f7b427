/**
 * What a tenant's services do: calls, how long they take, cards. Kept in memory and put into the store now and then.
 */
import type { Records } from '../store/store.ts'
import type { Called } from './call.ts'
import type { KeptFeedback } from './feedback.ts'

/** Of one service; counts since they began to be kept. */
export interface ServiceStatistics {
  calls: number
  answered: number
  refused: number
  late: number
  failed: number
  /** Answers without a card. */
  silent: number
  cards: { info: number; warning: number; critical: number }
  systemActions: number
  /** How many calls took up to so many milliseconds: `BOUNDS`, and one more for those beyond. */
  latency: number[]
}

/** Milliseconds. */
export const BOUNDS = [0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000] as const

const none = (): ServiceStatistics => ({
  calls: 0,
  answered: 0,
  refused: 0,
  late: 0,
  failed: 0,
  silent: 0,
  cards: { info: 0, warning: 0, critical: 0 },
  systemActions: 0,
  latency: Array.from({ length: BOUNDS.length + 1 }, () => 0),
})

export interface Statistics {
  called(how: Called): void
  of(id: string): ServiceStatistics
  /** Puts what changed into the store. */
  keep(): Promise<void>
  close(): Promise<void>
}

const KEPT_EVERY = 5_000

/** Goes on from what the store has. */
export async function makeStatistics(records: Records): Promise<Statistics> {
  const all = new Map<string, ServiceStatistics>()
  for (const { key, value } of await records.list()) all.set(key, { ...none(), ...(value as ServiceStatistics) })
  const changed = new Set<string>()
  let timer: NodeJS.Timeout | undefined

  async function keep(): Promise<void> {
    clearTimeout(timer)
    timer = undefined
    const some = [...changed]
    changed.clear()
    await Promise.all(some.map(id => records.put(id, all.get(id))))
  }

  return {
    called({ service: { id }, milliseconds, outcome, response }) {
      let counts = all.get(id)
      if (!counts) all.set(id, (counts = none()))
      counts.calls++
      counts[outcome]++
      counts.latency[bucketOf(milliseconds)]!++
      if (response) {
        for (const { indicator } of response.cards) counts.cards[indicator]++
        counts.systemActions += response.systemActions?.length ?? 0
        if (response.cards.length === 0) counts.silent++
      }
      changed.add(id)
      // what a crash takes away is a few seconds of counts
      timer ??= setTimeout(() => void keep().catch(() => {}), KEPT_EVERY).unref()
    },
    of: id => all.get(id) ?? none(),
    keep,
    close: keep,
  }
}

function bucketOf(milliseconds: number): number {
  let i = 0
  while (i < BOUNDS.length && milliseconds > BOUNDS[i]!) i++
  return i
}

/** An upper bound of the time that this part of the calls took, in milliseconds; undefined without calls. */
export function percentile(latency: readonly number[], part: number): number | undefined {
  const total = latency.reduce((sum, count) => sum + count, 0)
  if (total === 0) return undefined
  let seen = 0
  for (let i = 0; i < latency.length; i++) {
    seen += latency[i]!
    if (seen >= total * part) return BOUNDS[i] ?? Infinity
  }
  return Infinity
}

/** The statistics as an operator reads them. */
export function shown(counts: ServiceStatistics, feedback: readonly KeptFeedback[]): object {
  const { latency, ...rest } = counts
  const reasons = new Map<string, { code: string; display: string; count: number }>()
  let accepted = 0
  let overridden = 0
  for (const { outcome, overrideReason } of feedback) {
    if (outcome === 'accepted') accepted++
    else overridden++
    const reason = overrideReason?.reason
    if (outcome !== 'overridden') continue
    const code = reason?.code ?? (overrideReason?.userComment ? 'other' : 'none given')
    const known = reasons.get(code) ?? { code, display: reason?.display ?? code, count: 0 }
    reasons.set(code, { ...known, count: known.count + 1 })
  }
  const limit = (value: number | undefined) => (value === undefined ? null : value === Infinity ? '> 10000' : value)
  return {
    ...rest,
    milliseconds: {
      p50: limit(percentile(latency, 0.5)),
      p95: limit(percentile(latency, 0.95)),
      p99: limit(percentile(latency, 0.99)),
    },
    feedback: {
      accepted,
      overridden,
      overrideReasons: [...reasons.values()].sort((a, b) => b.count - a.count),
    },
  }
}
