/**
 * The load: keep-alive sockets that ask one request after another, in a process of their own.
 * Run by bench.ts with a job on its IPC channel; answers with how many were served and how long they took.
 */
import { connect } from 'node:net'
import { observation } from './generate.ts'

export type Job = { readonly port: number; readonly connections: number; readonly seconds: number } & (
  | { readonly kind: 'get'; readonly paths: readonly string[]; readonly token?: string }
  | { readonly kind: 'create'; readonly from: number }
  | { readonly kind: 'post'; readonly path: string; readonly bodies: readonly string[]; readonly once: boolean }
)

export interface Result {
  /** Answered with 2xx. */
  readonly served: number
  readonly failed: number
  readonly seconds: number
  /** In milliseconds. */
  readonly p50: number
  readonly p99: number
  readonly bytes: number
}

const post = (path: string, body: string) =>
  `POST ${path} HTTP/1.1\r\nHost: bench\r\nContent-Type: application/fhir+json\r\nPrefer: return=minimal\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`

function requests(job: Job): () => string | undefined {
  let n = 0
  if (job.kind === 'get') {
    // a token is for the server by the name that it was asked for under
    const host = `127.0.0.1:${job.port}`
    const authorization = job.token === undefined ? '' : `Authorization: Bearer ${job.token}\r\n`
    const made = job.paths.map(
      path => `GET ${path} HTTP/1.1\r\nHost: ${host}\r\nAccept: application/fhir+json\r\n${authorization}\r\n`,
    )
    return () => made[n++ % made.length]
  }
  if (job.kind === 'create')
    return () => {
      const { id: _, ...body } = observation(job.from + n, `Patient/p${n % 1000}`, `Encounter/e${n % 5000}`)
      n++
      return post('/fhir/Observation', JSON.stringify(body))
    }
  return () => (job.once && n >= job.bodies.length ? undefined : post(job.path, job.bodies[n++ % job.bodies.length]!))
}

export function run(job: Job): Promise<Result> {
  const next = requests(job)
  const times: number[] = []
  let served = 0
  let failed = 0
  let bytes = 0
  let open = job.connections
  const start = performance.now()
  const until = start + job.seconds * 1000
  return new Promise(resolve => {
    const done = () => {
      if (--open > 0) return
      times.sort((a, b) => a - b)
      const at = (share: number) => times[Math.min(times.length - 1, Math.floor(times.length * share))] ?? 0
      resolve({ served, failed, seconds: (performance.now() - start) / 1000, p50: at(0.5), p99: at(0.99), bytes })
    }
    for (let i = 0; i < job.connections; i++) {
      const socket = connect(job.port, '127.0.0.1')
      socket.setNoDelay(true)
      let asked = 0
      let need = -1
      let head = Buffer.alloc(0)
      let have = 0
      let ok = false
      const ask = () => {
        const request = performance.now() < until ? next() : undefined
        if (request === undefined) return void socket.end()
        asked = performance.now()
        need = -1
        have = 0
        head = Buffer.alloc(0)
        socket.write(request)
      }
      socket.on('connect', ask)
      socket.on('close', done)
      socket.on('error', () => failed++)
      socket.on('data', chunk => {
        bytes += chunk.length
        if (need < 0) {
          head = head.length ? Buffer.concat([head, chunk]) : chunk
          const end = head.indexOf('\r\n\r\n')
          if (end < 0) return
          const text = head.toString('latin1', 0, end)
          ok = text.startsWith('HTTP/1.1 2')
          need = Number(/content-length: *(\d+)/i.exec(text)?.[1] ?? 0)
          have = head.length - end - 4
        } else have += chunk.length
        if (have < need) return
        if (ok) {
          served++
          times.push(performance.now() - asked)
        } else failed++
        ask()
      })
    }
  })
}

if (process.send) process.on('message', job => void run(job as Job).then(result => process.send!(result)))
