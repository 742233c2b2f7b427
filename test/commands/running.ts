/**
 * The command line as a process: runs to its end, and gives what it said.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const root = join(import.meta.dirname, '../..')

export const newFolder = () => mkdtempSync(join(tmpdir(), 'dhp-commands-'))

export interface Ran {
  readonly code: number | null
  readonly out: string
  readonly err: string
}

/** `dhp(data, 'load', 'file')` */
export async function dhp(data: string, ...args: string[]): Promise<Ran> {
  const environment = Object.fromEntries(
    Object.entries(process.env).filter(
      ([name]) => !/^(?:DHP_|PORT$|HOST$|METRICS_PORT$|NODE_OPTIONS$|VITEST)/.test(name),
    ),
  )
  const child = spawn(process.execPath, [join(root, 'src/main.ts'), ...args], {
    cwd: root,
    env: { ...environment, DHP_DATA: data, DHP_SEED: 'none', METRICS_PORT: '0', PORT: '0' },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const said = { out: '', err: '' }
  child.stdout.setEncoding('utf8').on('data', (text: string) => (said.out += text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => (said.err += text))
  const [code] = (await once(child, 'close')) as [number | null]
  return { code, ...said }
}
