/**
 * Long work in slices, so that other requests are answered meanwhile.
 * https://nodejs.org/en/learn/asynchronous-work/dont-block-the-event-loop
 */
import { setImmediate } from 'node:timers/promises'

/** Gives the event loop to others, when it is due: after 10 ms of work. */
export interface Breather {
  due(): boolean
  now(): Promise<void>
}

export function breather(): Breather {
  let since = performance.now()
  return {
    due: () => performance.now() - since > 10,
    async now() {
      await setImmediate()
      since = performance.now()
    },
  }
}
