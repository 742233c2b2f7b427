/**
 * The server as a process of its own: started on a free port with a data folder, stopped or killed.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'

const root = join(import.meta.dirname, '../..')
const main = join(root, 'src/main.ts')

export interface ServerProcess {
  /** The FHIR base, without a trailing slash. */
  readonly base: string
  readonly process: ChildProcess
  /** What it has said on standard error so far. */
  said(): string
  /** SIGTERM; resolves to the exit code. */
  stop(): Promise<number | null>
  /** SIGKILL; resolves when it is gone. */
  kill(): Promise<void>
}

/** Settings of the machine the tests run on must not reach the server. */
const clean = () =>
  Object.fromEntries(
    Object.entries(process.env).filter(
      ([name]) => !/^(?:DHP_|PORT$|HOST$|METRICS_PORT$|NODE_OPTIONS$|VITEST)/.test(name),
    ),
  )

/** Starts the server on a free port; resolves when it says that it is ready. */
export async function startServer(data: string, settings: Record<string, string> = {}): Promise<ServerProcess> {
  const child = spawn(process.execPath, [main, 'serve'], {
    cwd: root,
    env: { ...clean(), PORT: '0', METRICS_PORT: '0', DHP_DATA: data, DHP_SEED: 'none', DHP_LOG: 'warn', ...settings },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let errors = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => (errors = (errors + text).slice(-20_000)))
  const gone = once(child, 'exit') as Promise<[number | null]>
  const base = await new Promise<string>((resolve, reject) => {
    createInterface(child.stdout).on('line', line => {
      const ready = /DHP FHIR server ready at (\S+)/.exec(line)
      if (ready) resolve(ready[1]!.replace(/\/$/, ''))
    })
    gone.then(([code]) => reject(new Error(`The server ended with ${code} before it was ready: ${errors}`)), reject)
    setTimeout(() => reject(new Error(`The server was not ready within 20 s: ${errors}`)), 20_000).unref()
  }).catch((error: unknown) => {
    child.kill('SIGKILL')
    throw error
  })
  return {
    base,
    process: child,
    said: () => errors,
    async stop() {
      child.kill('SIGTERM')
      return (await gone)[0]
    },
    async kill() {
      child.kill('SIGKILL')
      await gone
    },
  }
}

/** Whether there is a server to start. */
export const hasServer = existsSync(main)
