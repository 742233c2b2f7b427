/**
 * Whose turn it is: requests that take long to answer are begun a few in each round of the event loop, in the order in which they
 * were whole. Begun as they are read, all that are there would be answered before any socket is looked at again, and one that comes
 * a moment later would wait for two such rounds: the slowest took twice as long as the others.
 * https://nodejs.org/en/learn/asynchronous-work/event-loop-timers-and-nexttick
 */

/** So many are begun in one round: of 1, 4, 8, 16, 32 and 64, p99 was lowest at 8 and 16 (decision 52). */
const A_ROUND = 16

/** In the order in which they came; and those of them that are next, the first one last. */
let waiting: (() => void)[] = []
let next: (() => void)[] = []

/** Resolves when it is this one's turn. */
export function turn(): Promise<void> {
  return new Promise(resolve => {
    waiting.push(resolve)
    if (waiting.length === 1 && next.length === 0) setImmediate(begin)
  })
}

function begin(): void {
  for (let i = 0; i < A_ROUND; i++) {
    if (next.length === 0) [next, waiting] = [waiting.reverse(), []]
    next.pop()?.()
  }
  if (next.length + waiting.length > 0) setImmediate(begin)
}
