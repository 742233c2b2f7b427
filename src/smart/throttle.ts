/**
 * Failed attempts are counted, and after some of them no more are looked at for a while.
 * https://www.rfc-editor.org/rfc/rfc6749#section-10.10
 */

export interface Throttle {
  /** Seconds until this key may try again; 0: now. */
  tooMany(key: string): number
  failed(key: string): void
  /** It succeeded: begin anew. */
  cleared(key: string): void
}

/** Keys remembered at once; the oldest are forgotten first. */
const MOST_KEYS = 20_000

/** At most `most` failures of a key within so many milliseconds. */
export function makeThrottle({ now, most, within }: { now: () => number; most: number; within: number }): Throttle {
  const failures = new Map<string, number[]>()
  const recent = (key: string) => (failures.get(key) ?? []).filter(at => at > now() - within)
  return {
    tooMany(key) {
      const times = recent(key)
      return times.length < most ? 0 : Math.max(1, Math.ceil((times[times.length - most]! + within - now()) / 1000))
    },
    failed(key) {
      const times = [...recent(key), now()].slice(-most)
      failures.delete(key)
      if (failures.size >= MOST_KEYS) failures.delete(failures.keys().next().value!)
      failures.set(key, times)
    },
    cleared(key) {
      failures.delete(key)
    },
  }
}
