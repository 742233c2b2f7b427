/**
 * A thread that asks /livez over and over. It answers each message: the first, third, … with 0 when it has begun to take the
 * time, the others with the longest time an answer took since then, in ms.
 */
import { Agent, get } from 'node:http'
import { parentPort, workerData } from 'node:worker_threads'

const { port } = workerData as { port: number }
const agent = new Agent({ keepAlive: true, maxSockets: 1 })

/** How long one answer takes; Infinity when there is none. */
const probe = (): Promise<number> =>
  new Promise(resolve => {
    const started = performance.now()
    get({ port, agent, host: '127.0.0.1', path: '/livez' }, response => {
      response.resume()
      response.on('end', () => resolve(response.statusCode === 200 ? performance.now() - started : Infinity))
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
  parentPort!.postMessage(0)
  let longest = 0
  do {
    longest = Math.max(longest, await probe())
    await new Promise(resolve => setTimeout(resolve, 5))
  } while (messages < round + 1)
  parentPort!.postMessage(longest)
}
