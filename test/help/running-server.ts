/**
 * The server as a process of its own, asked over real sockets by tests that mean harm, and watched meanwhile.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { Agent, request, type IncomingHttpHeaders } from 'node:http'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import type { Waits } from './prober.ts'
import { startServer, type ServerProcess } from './process.ts'

export interface Answer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly text: string
  /** The text, parsed; undefined when it is not JSON. */
  readonly body: any // eslint-disable-line @typescript-eslint/no-explicit-any
}

export interface Asking {
  readonly body?: string | Buffer | object
  readonly headers?: Readonly<Record<string, string>>
}

export interface Running extends ServerProcess {
  readonly port: number
  /** `path` is below the FHIR base, or begins with a slash; it is sent as it is. */
  ask(method: string, path: string, asking?: Asking): Promise<Answer>
  /** Sends bytes on a socket of their own; resolves to all that comes back until the server closes, or has answered and is silent. */
  raw(bytes: string | Buffer): Promise<string>
  /** The thread that `watching` asks; started when first needed. */
  prober(): Worker
  /** Ends the process and removes its data. */
  end(): Promise<void>
}

export async function runServer(settings: Record<string, string> = {}): Promise<Running> {
  const folder = mkdtempSync(join(tmpdir(), 'dhp-hostile-'))
  const server = await startServer(folder, settings)
  const port = Number(new URL(server.base).port)
  const agent = new Agent({ keepAlive: true, maxSockets: 64 })
  let prober: Worker | undefined
  return {
    ...server,
    said: () => server.said(),
    port,
    ask: (method, path, asking) => ask(agent, port, method, path, asking),
    raw: bytes => raw(port, bytes),
    prober: () =>
      (prober ??= new Worker(new URL('./prober.ts', import.meta.url), {
        workerData: { port, pid: server.process.pid },
        execArgv: [],
      }).setMaxListeners(0)),
    async end() {
      await prober?.terminate()
      agent.destroy()
      await server.kill()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

const hasType = (headers: Readonly<Record<string, string>>) =>
  Object.keys(headers).some(name => name.toLowerCase() === 'content-type')

function ask(
  agent: Agent,
  port: number,
  method: string,
  path: string,
  { body, headers = {} }: Asking = {},
): Promise<Answer> {
  const sent = body === undefined || typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body)
  const type = sent === undefined || hasType(headers) ? {} : { 'content-type': 'application/fhir+json' }
  const length = sent === undefined ? {} : { 'content-length': String(Buffer.byteLength(sent)) }
  return new Promise((resolve, reject) => {
    const asked = request(
      {
        agent,
        port,
        method,
        host: '127.0.0.1',
        path: path.startsWith('/') ? path : `/fhir/${path}`,
        headers: { ...type, ...length, ...headers },
      },
      response => {
        const parts: Buffer[] = []
        response.on('data', (part: Buffer) => parts.push(part))
        response.on('error', reject)
        response.on('end', () => {
          const text = Buffer.concat(parts).toString('utf8')
          resolve({ status: response.statusCode!, headers: response.headers, text, body: parsed(text) })
        })
      },
    )
    asked.on('error', reject)
    asked.end(sent)
  })
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch {
    return undefined
  }
}

function raw(port: number, bytes: string | Buffer): Promise<string> {
  return new Promise(resolve => {
    const socket = connect(port, '127.0.0.1')
    const parts: Buffer[] = []
    const done = () => {
      socket.destroy()
      resolve(Buffer.concat(parts).toString('utf8'))
    }
    socket.setTimeout(2000, done)
    socket.on('data', part => {
      parts.push(part)
      socket.setTimeout(150, done)
    })
    // a server that refuses may close while we still send: what it said counts
    socket.on('error', done)
    socket.on('close', done)
    socket.write(bytes)
  })
}

/** What must not stand in any answer: the server's insides. */
const insides: readonly RegExp[] = [
  /\bat \S.*\(?\S+:\d+:\d+\)?/,
  /node_modules|node:internal|file:\/\/\/|\.[cm]?[jt]s:\d+/,
  /\b(?:Type|Range|Reference|Syntax|Eval|Assertion|Internal)Error\b/,
  /\bERR_[A-Z]+|SQLITE_|\bSQL\b|sqlite|prepared statement|no such (?:table|column)|near ".*": syntax/i,
  /\/(?:home|root|usr|tmp|var|work|Users)\//,
  /\bundefined\b|\[object Object\]|\bNaN\b/,
]

/**
 * What is wrong with an answer to a hostile request, in words; '' when nothing: a status of 500 or more, an error without an
 * OperationOutcome that says something, or our insides shown (what the client sent may be quoted).
 */
export function fault(answer: Answer, sent = ''): string {
  const shown = `${answer.status} ${answer.text.slice(0, 300)} for ${sent.slice(0, 100)}`
  if (answer.status >= 500 && answer.status !== 501) return `a server error: ${shown}`
  if (answer.status < 400) return ''
  const said: unknown = answer.body?.issue?.[0]?.diagnostics
  if (answer.body?.resourceType !== 'OperationOutcome' || typeof said !== 'string' || said === '')
    return `no OperationOutcome: ${shown}`
  if (insides.some(pattern => pattern.test(answer.text) && !pattern.test(sent))) return `shows its insides: ${shown}`
  return answer.text.length > 20_000 ? `a long answer: ${shown}` : ''
}

/** Does the work while a thread asks /livez all the time; gives the result, and how long answers took meanwhile. */
export async function watching<T>(server: Running, work: () => Promise<T>): Promise<{ result: T } & Waits> {
  const prober = server.prober()
  const heard = (): Promise<Waits> =>
    new Promise((resolve, reject) => prober.once('message', resolve).once('error', reject))
  const tell = () => {
    const answer = heard()
    prober.postMessage('')
    return answer
  }
  await tell()
  try {
    const result = await work()
    return { result, ...(await tell()) }
  } catch (error) {
    await tell()
    throw error
  }
}

/** What the server said on standard error that is an error: unexpected ones are logged there, and only there. */
export const complaints = (server: Running): string[] =>
  server
    .said()
    .split('\n')
    .filter(line => /"level":"(?:error|fatal)"|Error:|Warning/.test(line))
