/**
 * A thread that asks /livez over and over. It answers each message: the first, third, … with nothing of note when it has begun
 * to take the time, the others with what it took since then.
 */
import { readFileSync } from 'node:fs'
import { Agent, get } from 'node:http'
import { parentPort, workerData } from 'node:worker_threads'
import { slowness } from './cost.ts'

/** In ms of the reference machine, and of a wait only as much as the server's main thread was busy meanwhile. */
export interface Waits {
  /** The longest that one answer took. */
  readonly longest: number
  /** All the time together. */
  readonly whole: number
}

const { port, pid } = workerData as { port: number; pid: number }
const agent = new Agent({ keepAlive: true, maxSockets: 1 })

/** CPU time that the server's main thread has used so far, in ms; undefined where the system does not tell. */
function busy(): number | undefined {
  try {
    return Number(readFileSync(`/proc/${pid}/task/${pid}/schedstat`, 'utf8').split(' ')[0]) / 1e6 || undefined
  } catch {
    return undefined
  }
}

/** Tells, when asked, how many ms have passed since, or how many of them the server was busy where that is told. */
function watch(): () => number {
  const [started, used] = [performance.now(), busy()]
  return () => {
    const now = busy()
    return Math.min(performance.now() - started, now === undefined || used === undefined ? Infinity : now - used)
  }
}

/** How long one answer takes; Infinity when there is none. */
const probe = (): Promise<number> =>
  new Promise(resolve => {
    const taken = watch()
    get({ port, agent, host: '127.0.0.1', path: '/livez' }, response => {
      response.resume()
      response.on('end', () => resolve(response.statusCode === 200 ? taken() : Infinity))
    }).on('error', () => resolve(Infinity))
  })

const asked: (() => void)[] = []
let messages = 0
parentPort!.on('message', () => {
  messages++
  asked.shift()?.()
})
const until = (count: number) => new Promise<void>(resolve => (messages >= count ? resolve() : asked.push(resolve)))

for (let round = 1; ; round += 2) {
  await until(round)
  await probe()
  const before = slowness()
  const whole = watch()
  parentPort!.postMessage({ longest: 0, whole: 0 } satisfies Waits)
  let longest = 0
  do {
    longest = Math.max(longest, await probe())
    await new Promise(resolve => setTimeout(resolve, 5))
  } while (messages < round + 1)
  const taken = whole()
  const slow = Math.max(before, slowness())
  parentPort!.postMessage({ longest: longest / slow, whole: taken / slow } satisfies Waits)
}
