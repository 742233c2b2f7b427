/**
 * What work costs, wherever it is measured: CPU time of this thread, so that a wait for a core does not count, in ms of a
 * reference machine, so that a slow one does not count either.
 */

/** In ms of CPU time: what `plain` costs on the reference machine. */
const REFERENCE = 3.4

const asleep = new Int32Array(new SharedArrayBuffer(4))
const table = new Int32Array(1 << 16)

/** Work that is always the same. It makes nothing, so that no garbage of others is collected meanwhile. */
function plain(): void {
  let state = 1
  for (let i = 0; i < 1_000_000; i++) {
    state = (Math.imul(state, 1_103_515_245) + 12_345) | 0
    const at = (state >>> 12) & 0xffff
    table[at] = (table[at]! ^ state) + (i % 7)
  }
}

/** CPU time of this thread so far, in ms. */
export function cpuTime(): number {
  // while a thread runs, the kernel counts it at its ticks only; once it has slept, exactly
  Atomics.wait(asleep, 0, 0, 0.01)
  const { user, system } = process.threadCpuUsage()
  return (user + system) / 1000
}

/** How many times slower than the reference machine this one is at the moment; at least 1. */
export function slowness(): number {
  const once = () => {
    const started = cpuTime()
    plain()
    return cpuTime() - started
  }
  // the best of three: one alone may be interrupted
  return Math.max(1, Math.min(once(), once(), once()) / REFERENCE)
}

// compiled before it is measured
for (let i = 0; i < 5; i++) plain()

/** CPU time that the work takes of this thread, in ms of the reference machine. */
export async function cost(work: () => unknown): Promise<number> {
  const before = slowness()
  const started = cpuTime()
  await work()
  const taken = cpuTime() - started
  return taken / Math.max(before, slowness())
}

/** Does the work; gives the result, and the longest that it held the event loop: CPU time in ms of the reference machine. */
export async function holding<T>(work: () => Promise<T>): Promise<{ result: T; longest: number }> {
  const before = slowness()
  let longest = 0
  let last = cpuTime()
  const tick = () => {
    const now = cpuTime()
    longest = Math.max(longest, now - last)
    last = now
  }
  const ticking = setInterval(tick, 2)
  try {
    const result = await work()
    tick()
    return { result, longest: longest / Math.max(before, slowness()) }
  } finally {
    clearInterval(ticking)
  }
}
