/**
 * `restore`: a backup in place of a tenant's store. The server must be stopped.
 */
import { existsSync, mkdirSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { BadSetting, type CommandLine, type Config } from '../config.ts'
import { checkFile } from '../store/sqlite/copy.ts'
import { lockFolder } from '../store/sqlite/lock.ts'
import { restoreStore } from '../tenants/files.ts'
import { DEFAULT } from '../tenants/names.ts'
import { Registry } from '../tenants/registry.ts'
import { storeOf } from './backup.ts'
import { hashOf } from './ledger.ts'

/** Verifies the checksum (FILE.sha256) and the file before anything is touched. */
export async function run(config: Config, { positionals, options }: CommandLine): Promise<number> {
  const [given, ...more] = positionals
  if (given === undefined || more.length) throw new BadSetting('Say which backup: restore FILE.')
  const file = resolve(given)
  if (!existsSync(file)) throw new BadSetting(`There is no file ${file}.`)
  await verify(file)
  const tenant = options.get('tenant') ?? DEFAULT
  const store = storeOf(config, tenant)
  mkdirSync(config.data, { recursive: true, mode: 0o700 })
  const lock = lockFolder(config.data)
  try {
    if (existsSync(store) && !options.has('force')) {
      throw new BadSetting(
        `Tenant ${tenant} has data in ${config.data}. Say --force to put the backup in its place; make a backup of it first.`,
      )
    }
    const registry = new Registry(config.data)
    await restoreStore(registry.folderOf(tenant), file)
    const entry = registry.get(tenant) ?? { created: new Date().toISOString(), seed: 'none' as const }
    registry.set(tenant, { ...entry, seeded: true })
  } finally {
    lock.release()
  }
  process.stdout.write(`Tenant ${tenant} in ${config.data} is as it was in ${file}.\n`)
  return 0
}

async function verify(file: string): Promise<void> {
  const sum = `${file}.sha256`
  if (!existsSync(sum))
    throw new BadSetting(`${sum} is missing, so that ${file} cannot be verified. Put it beside the backup.`)
  const expected = readFileSync(sum, 'utf8').slice(0, 64)
  if ((await hashOf(file)) !== expected)
    throw new BadSetting(
      `${file} is not the file that was backed up: its checksum differs from ${sum}. Nothing was changed.`,
    )
  const problems = checkFile(file)
  if (problems.length)
    throw new BadSetting(`${file} is damaged (${problems.slice(0, 3).join('; ')}). Nothing was changed.`)
}
