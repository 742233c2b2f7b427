/**
 * Requests that take long are begun in the order in which they came, and the event loop looks at its sockets in between.
 */
import { setImmediate } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { turn } from '../../src/http/turn.ts'

test('all have their turn, in order, and those that come meanwhile after them', async () => {
  const begun: number[] = []
  let rounds = 0
  const one = async (n: number) => {
    await turn()
    begun.push(n)
    // as a client that asks again at once
    if (n < 1000) await one(n + 1000)
  }
  const all = Promise.all(Array.from({ length: 100 }, (_, n) => one(n)))
  while (begun.length < 200) {
    await setImmediate()
    rounds++
  }
  await all
  expect(begun).toEqual(Array.from({ length: 200 }, (_, i) => (i < 100 ? i : i + 900)))
  expect(rounds).toBeGreaterThan(10)
})

test('one that comes when nobody waits has its turn too', async () => {
  for (let i = 0; i < 3; i++) {
    await turn()
    await setImmediate()
  }
})
