/**
 * A server over HTTP in this process: the whole app on a free port and a data folder of its own.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Writable } from 'node:stream'
import pino from 'pino'
import { makeApp, type App, type More } from '../../src/app.ts'
import { stop } from '../../src/commands/serve.ts'
import { readConfig } from '../../src/config.ts'
import { loadDefinitions } from '../../src/fhir/packages.ts'

export const ADMIN = 'admin-token-of-the-tests'

export interface Served {
  readonly app: App
  readonly port: number
  /** `http://127.0.0.1:1234` */
  readonly origin: string
  readonly fhir: string
  readonly data: string
  /** The lines logged so far, parsed. */
  readonly logged: Record<string, unknown>[]
  ask(
    method: string,
    path: string,
    asking?: { body?: string | Buffer | object; headers?: Record<string, string> },
  ): Promise<{ status: number; headers: Headers; text: string; body: any }> // eslint-disable-line @typescript-eslint/no-explicit-any
  close(): Promise<void>
}

export async function serve(settings: Record<string, string> = {}, more: More = {}): Promise<Served> {
  const data = mkdtempSync(join(tmpdir(), 'dhp-http-'))
  const config = readConfig({ DHP_SEED: 'none', DHP_DATA: data, METRICS_PORT: '0', ...settings })
  const logged: Record<string, unknown>[] = []
  const sink = new Writable({
    write: (chunk: Buffer, _, done) => (logged.push(JSON.parse(chunk.toString()) as Record<string, unknown>), done()),
  })
  const app = makeApp(config, loadDefinitions(), ADMIN, pino({ level: 'debug' }, sink), more)
  await new Promise<void>(resolve => app.server.listen(0, '127.0.0.1', resolve))
  const { port } = app.server.address() as AddressInfo
  const origin = `http://127.0.0.1:${port}`
  return {
    app,
    port,
    origin,
    fhir: `${origin}/fhir`,
    data,
    logged,
    async ask(method, path, { body, headers = {} } = {}) {
      const sent = body === undefined || typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body)
      const type =
        sent === undefined || Object.keys(headers).some(name => name.toLowerCase() === 'content-type')
          ? {}
          : { 'content-type': 'application/fhir+json' }
      const response = await fetch(`${origin}${path}`, {
        method,
        headers: { ...type, ...headers },
        ...(sent === undefined ? {} : { body: sent as string }),
      })
      const text = await response.text()
      return {
        status: response.status,
        headers: response.headers,
        text,
        body: /^\s*[[{]/.test(text) ? JSON.parse(text) : undefined,
      }
    },
    async close() {
      await stop(app)
      rmSync(data, { recursive: true, force: true })
    },
  }
}
