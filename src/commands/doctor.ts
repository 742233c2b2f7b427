/**
 * `doctor`: looks at everything the server needs, and says what is wrong.
 */
import { existsSync, mkdirSync, mkdtempSync, rmSync, statfsSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { checkExposure, type CommandLine, type Config, settings } from '../config.ts'
import { idOf } from '../fhir/conformance.ts'
import { loadNpmPackages } from '../fhir/npm-packages.ts'
import { openAdded, packagesIn } from '../fhir/package-folder.ts'
import { loadDefinitions } from '../fhir/packages.ts'
import { checkFile, durability } from '../store/sqlite/copy.ts'
import { lockFolder } from '../store/sqlite/lock.ts'
import { ok as fine, scoreOf, wrong, type Finding } from './finding.ts'
import { securityOfSettings } from './security-of-settings.ts'
import { securityOfData, securityOfTenants } from './security-of-data.ts'
import { STORE_FILE, storeBytes } from '../tenants/files.ts'
import { packagesFolder } from '../tenants/packages.ts'
import { Registry } from '../tenants/registry.ts'

/** From this version on SQLite does not damage its log when two connections write and checkpoint at once. */
const LEAST_SQLITE = '3.51.3'
const LEAST_SPACE = 256 * 1024 ** 2

/** Prints one line for each thing looked at; 0 when nothing is wrong, else 1. */
export async function run(config: Config, { options }: Pick<CommandLine, 'options'>): Promise<number> {
  mkdirSync(config.data, { recursive: true, mode: 0o700 })
  const findings = [
    ...described(config),
    exposure(config),
    ...versions(),
    definitions(),
    ...packages(config),
    space(config),
    durable(config),
    lock(config),
    ...stores(config),
  ]
  const security = [...securityOfSettings(config), ...securityOfData(config.data), ...(await securityOfTenants(config))]
  const score = scoreOf(security)
  const all = [...findings, ...security]
  const bad = all.filter(({ state }) => state === 'wrong').length
  if (options.has('json'))
    process.stdout.write(`${JSON.stringify({ well: bad === 0, findings, security: { ...score, findings: security } }, null, 2)}\n`) // prettier-ignore
  else {
    const lines = [
      ...findings.map(printed),
      '',
      'Security',
      ...security.map(printed),
      `Security: ${score.score} of 100 (${score.ok} well, ${score.warn} to look at, ${score.wrong} wrong).`,
      '',
      bad ? `${bad} of ${all.length} need attention.` : 'All is well.',
    ]
    process.stdout.write(`${lines.join('\n')}\n`)
  }
  return bad ? 1 : 0
}

const marks = { ok: 'ok   ', warn: 'warn ', wrong: 'WRONG' } as const
const printed = ({ state, what, todo }: Finding) => `${marks[state]} ${what}${todo ? `: ${todo}` : ''}`

const described = (config: Config): Finding[] =>
  (Object.keys(settings) as (keyof typeof settings)[]).map(key =>
    fine(`${settings[key].name}=${key === 'adminToken' && config.adminToken ? '(set)' : String(config[key])}`),
  )

function exposure(config: Config): Finding {
  try {
    checkExposure(config)
    return fine('what is open to the network is meant to be')
  } catch (error) {
    return wrong((error as Error).message)
  }
}

const parts = (version: string) => version.replace(/^v/, '').split('.').map(Number)
function atLeast(version: string, least: string): boolean {
  const [have, need] = [parts(version), parts(least)]
  const i = need.findIndex((part, at) => (have[at] ?? 0) !== part)
  return i < 0 || (have[i] ?? 0) > need[i]!
}

function versions(): Finding[] {
  const check = (name: string, version: string, least: string) =>
    atLeast(version, least)
      ? fine(`${name} ${version}`)
      : wrong(`${name} ${version} is too old: at least ${least} is needed`)
  return [check('Node.js', process.version, '24.0.0'), check('SQLite', process.versions['sqlite'] ?? '0', LEAST_SQLITE)]
}

function definitions(): Finding {
  try {
    return fine(`FHIR R4 definitions: ${loadDefinitions().resourceTypes.length} resource types`)
  } catch (error) {
    return wrong(`the FHIR definitions cannot be read (run npm ci): ${(error as Error).message}`)
  }
}

/** Those that come with the server, and those that were added, for all tenants or for one. */
function packages(config: Config): Finding[] {
  const shipped = (): Finding => {
    try {
      return fine(
        `packages: ${loadNpmPackages()
          .map(({ info }) => idOf(info))
          .join(', ')}`,
      )
    } catch (error) {
      return wrong(`the packages that come with the server cannot be read (run npm ci): ${(error as Error).message}`)
    }
  }
  const registry = new Registry(config.data)
  const folders = [config.data, ...registry.all().map(([name]) => registry.folderOf(name))].map(packagesFolder)
  const added = folders.flatMap(folder =>
    packagesIn(folder).map(id => {
      const opened = openAdded(folder, id)
      return opened
        ? fine(`package ${id}: ${opened.entries.length} resources`)
        : wrong(`package ${id} in ${folder} cannot be read: add it again, or remove it`)
    }),
  )
  return [shipped(), ...added]
}

function space(config: Config): Finding {
  const { bavail, bsize } = statfsSync(config.data)
  const free = bavail * bsize
  const text = `${Math.floor(free / 1024 ** 2).toLocaleString('en')} MiB free for ${resolve(config.data)}`
  return free >= LEAST_SPACE ? fine(text) : wrong(`${text}: make room, or writes will fail`)
}

/** On the data folder's own disk, in a file of its own: asked after a write, since SQLite tells only then what it really does. */
function durable(config: Config): Finding {
  const folder = mkdtempSync(join(existsSync(config.data) ? config.data : tmpdir(), 'doctor-'))
  try {
    const { synchronous, milliseconds } = durability(join(folder, 'durable.db'))
    const text = `synchronous=${synchronous} after a write; a durable commit takes ${milliseconds.toFixed(2)} ms`
    return synchronous === 'FULL' ? fine(text) : wrong(text)
  } catch (error) {
    return wrong(`the data folder cannot be written: ${(error as Error).message}`)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

function lock(config: Config): Finding {
  try {
    lockFolder(config.data).release()
    return fine('no server has the data folder')
  } catch (error) {
    // not wrong: the doctor may look while the server runs
    return fine((error as Error).message)
  }
}

function stores(config: Config): Finding[] {
  const registry = new Registry(config.data)
  return registry.all().flatMap(([name]) => {
    const folder = registry.folderOf(name)
    const file = join(folder, STORE_FILE)
    if (!existsSync(file)) return [fine(`tenant ${name}: not opened yet`)]
    const problems = checkFile(file)
    return problems.length
      ? problems.map(problem => wrong(`tenant ${name}: ${problem}`))
      : [fine(`tenant ${name}: sound, ${storeBytes(folder).toLocaleString('en')} bytes`)]
  })
}
