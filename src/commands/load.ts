/**
 * `load`: files and folders of FHIR data, into the data folder or a running server.
 */
import { appendFileSync, mkdirSync } from 'node:fs'
import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { makeTenants } from '../app.ts'
import { BadSetting, type CommandLine, type Config } from '../config.ts'
import { printJson } from '../fhir/json.ts'
import { loadDefinitions } from '../fhir/packages.ts'
import { lockFolder } from '../store/sqlite/lock.ts'
import { DEFAULT } from '../tenants/names.ts'
import { Ledger } from './ledger.ts'
import { load, type Loaded, type Loading } from './loading.ts'
import { showProgress } from './progress.ts'
import { filesOf } from './sources.ts'
import { LOADED, intoDoor, intoServer, type Target } from './targets.ts'

/** Bundles from a file are not held to the limit for requests: nobody waits behind them. */
const MOST_ENTRIES = 1_000_000

/** Exit code 0 when everything is in, 1 when something was refused. */
export async function run(config: Config, { positionals, options }: CommandLine): Promise<number> {
  if (positionals.length === 0) throw new BadSetting('Say what to load: load PATH... (files or folders).')
  const parallel = Number(options.get('parallel') ?? 4)
  if (!(Number.isInteger(parallel) && parallel > 0 && parallel <= 64))
    throw new BadSetting('--parallel takes a whole number from 1 to 64.')
  mkdirSync(config.data, { recursive: true, mode: 0o700 })
  const files = filesOf(positionals)
  const { target, ledger, close } = await open(config, options)
  const total = files.reduce((sum, { size }) => sum + size, 0)
  const progress = showProgress(total, process.stderr)
  const refusals = join(config.data, `load-refused-${new Date().toISOString().replace(/[:.]/g, '-')}.ndjson`)
  const refused: Loading['refused'] = (file, item, { resource, ...why }) => {
    const where = { file: file.path, ...(item.line ? { line: item.line } : {}), ...why }
    appendFileSync(
      refusals,
      `${JSON.stringify(where).slice(0, -1)},"resource":${resource ? printJson(resource) : 'null'}}\n`,
      { mode: 0o600 },
    )
  }
  const started = performance.now()
  try {
    const loaded = await load(files, {
      target,
      ledger,
      parallel,
      again: options.has('again'),
      done: progress.done,
      refused,
    })
    progress.end()
    process.stdout.write(summary(loaded, progress.done.refused, (performance.now() - started) / 1000))
    if (progress.done.refused) process.stdout.write(`What was refused, and why, is in ${refusals}\n`)
    return progress.done.refused ? 1 : 0
  } finally {
    progress.end()
    await close()
  }
}

async function open(
  config: Config,
  options: ReadonlyMap<string, string>,
): Promise<{ target: Target; ledger: Ledger; close: () => Promise<void> }> {
  const to = options.get('to')
  if (to !== undefined) {
    if (!URL.canParse(to))
      throw new BadSetting(`--to=${to} is not a URL. Give the FHIR base, such as http://127.0.0.1:8080/fhir.`)
    const name = createHash('sha256').update(to.replace(/\/+$/, '')).digest('hex').slice(0, 16)
    return {
      target: await intoServer(to, options.get('token')),
      ledger: new Ledger(join(config.data, `loaded-${name}.jsonl`)),
      close: async () => {},
    }
  }
  const lock = lockFolder(config.data)
  // who loads data of their own does not want our examples among them
  const tenants = makeTenants({ ...config, seed: 'none' }, loadDefinitions(), MOST_ENTRIES)
  try {
    const name = options.get('tenant') ?? DEFAULT
    const tenant = await tenants.room(name)
    const base = `${config.publicUrl || `http://${config.host}:${config.port}`}${tenants.info(name).path}`
    const close = async () => {
      await tenants.close()
      lock.release()
    }
    return {
      target: intoDoor(tenant.door, base, tenant.engine.records(LOADED)),
      ledger: new Ledger(join(config.data, 'tenants', name, 'loaded.jsonl')),
      close,
    }
  } catch (error) {
    await tenants.close()
    lock.release()
    throw error
  }
}

function summary({ files, skipped, byType }: Loaded, refused: number, seconds: number): string {
  const sorted = [...byType].sort(([a], [b]) => (a < b ? -1 : 1))
  const all = sorted.reduce((sum, [, count]) => sum + count, 0)
  const width = Math.max(8, ...sorted.map(([type]) => type.length))
  const lines = sorted.map(([type, count]) => `${type.padEnd(width)} ${count.toLocaleString('en').padStart(12)}`)
  const again = skipped ? `, ${skipped} loaded before and skipped` : ''
  lines.push(`${'all'.padEnd(width)} ${all.toLocaleString('en').padStart(12)}`)
  lines.push(
    `${files} files in ${seconds.toFixed(1)} s (${Math.round(all / Math.max(seconds, 0.001)).toLocaleString('en')} resources/s)${again}${refused ? `, ${refused} refused` : ''}`,
  )
  return lines.join('\n') + '\n'
}
