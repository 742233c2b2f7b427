/**
 * `backup`: a tenant's store into one file, with its checksum beside it. The server may be running.
 */
import { existsSync, statSync, writeFileSync } from 'node:fs'
import { rename, rm } from 'node:fs/promises'
import { basename, join, resolve } from 'node:path'
import { BadSetting, type CommandLine, type Config } from '../config.ts'
import { checkFile, copyStore } from '../store/sqlite/copy.ts'
import { DEFAULT } from '../tenants/names.ts'
import { hashOf } from './ledger.ts'

/** `FILE` is new, or a folder in which the file is named for the tenant and the time. */
export async function run(config: Config, { positionals, options }: CommandLine): Promise<number> {
  const [given, ...more] = positionals
  if (given === undefined || more.length) throw new BadSetting('Say where to: backup FILE (or a folder).')
  const tenant = options.get('tenant') ?? DEFAULT
  const store = storeOf(config, tenant)
  if (!existsSync(store)) throw new BadSetting(`There is no tenant ${tenant} in ${config.data}.`)
  const file = fileFor(given, tenant)
  if (existsSync(file)) throw new BadSetting(`${file} is there already. A backup never overwrites; name another file.`)
  const part = `${file}.part`
  await rm(part, { force: true })
  await copyStore(store, part)
  const problems = checkFile(part)
  if (problems.length) {
    process.stderr.write(`The copy is not sound, and is kept as ${part}:\n${problems.join('\n')}\n`)
    return 1
  }
  const hash = await hashOf(part)
  writeFileSync(`${file}.sha256`, `${hash}  ${basename(file)}\n`)
  await rename(part, file)
  process.stdout.write(`${file} (${statSync(file).size.toLocaleString('en')} bytes, sha256 ${hash})\n`)
  return 0
}

function fileFor(given: string, tenant: string): string {
  const path = resolve(given)
  const folder = statSync(path, { throwIfNoEntry: false })?.isDirectory() === true
  return folder ? join(path, `${tenant}-${new Date().toISOString().replace(/[:.]/g, '-')}.db`) : path
}

/** Where a tenant's store is. Throws `BadSetting` for what is no tenant's name. */
export function storeOf(config: Config, tenant: string): string {
  if (!/^[a-z0-9][a-z0-9-]{0,62}$/.test(tenant)) throw new BadSetting(`${tenant} is not the name of a tenant.`)
  return join(config.data, 'tenants', tenant, 'store.db')
}
