/**
 * `tenants`: list, create, reset, snapshot, restore, delete; in the data folder, or through a running server.
 */
import { mkdirSync } from 'node:fs'
import { makeTenants } from '../app.ts'
import { BadSetting, type CommandLine, type Config } from '../config.ts'
import { loadDefinitions } from '../fhir/packages.ts'
import type { TenantAdmin } from '../http/admin.ts'
import { didYouMean } from '../search/suggest.ts'
import { lockFolder } from '../store/sqlite/lock.ts'
import { askAdmin, type AskAdmin } from './admin.ts'

type Do = (tenants: Remote, name: string, snapshot: string, options: ReadonlyMap<string, string>) => unknown

/** What can be done, here or there. */
type Remote = {
  [K in keyof TenantAdmin]: (
    ...args: Parameters<TenantAdmin[K]>
  ) => ReturnType<TenantAdmin[K]> | Promise<Awaited<ReturnType<TenantAdmin[K]>>>
}

const verbs: Readonly<Record<string, { readonly needs: number; readonly run: Do }>> = {
  list: { needs: 0, run: tenants => tenants.list() },
  create: { needs: 1, run: (tenants, name, _, options) => tenants.create(wanted(name, options)) },
  reset: { needs: 1, run: (tenants, name) => tenants.reset(name) },
  snapshot: { needs: 2, run: (tenants, name, snapshot) => tenants.snapshot(name, snapshot) },
  snapshots: { needs: 1, run: (tenants, name) => tenants.snapshots(name) },
  restore: { needs: 2, run: (tenants, name, snapshot) => tenants.restore(name, snapshot) },
  delete: { needs: 1, run: (tenants, name) => tenants.delete(name) },
}

/** Prints what came of it as JSON. */
export async function run(config: Config, { positionals, options }: CommandLine): Promise<number> {
  const [verb = 'list', ...names] = positionals
  const found = Object.hasOwn(verbs, verb) ? verbs[verb]! : undefined
  if (!found)
    throw new BadSetting(
      `tenants ${verb} is nothing.${didYouMean(verb, Object.keys(verbs))} There are: ${Object.keys(verbs).join(', ')}.`,
    )
  if (names.length !== found.needs)
    throw new BadSetting(
      `tenants ${verb} takes ${['no name', 'the name of a tenant', 'the names of a tenant and a snapshot'][found.needs]}.`,
    )
  const [name = '', snapshot = ''] = names
  const url = options.get('url')
  const result =
    url === undefined
      ? await here(config, tenants => found.run(tenants, name, snapshot, options))
      : await found.run(there(url, options.get('token') ?? config.adminToken), name, snapshot, options)
  process.stdout.write(
    result === undefined ? `${verb} ${names.join(' ')}: done\n` : `${JSON.stringify(result, null, 2)}\n`,
  )
  return 0
}

function wanted(name: string, options: ReadonlyMap<string, string>): { name: string } {
  const [seed, copyOf, expires] = [options.get('from'), options.get('copy-of'), options.get('expires')]
  if (seed !== undefined && seed !== 'none' && seed !== 'examples')
    throw new BadSetting('--from takes none or examples.')
  return { name, ...(seed && { seed }), ...(copyOf && { copyOf }), ...(expires && { expires }) }
}

async function here(config: Config, work: (tenants: Remote) => unknown): Promise<unknown> {
  mkdirSync(config.data, { recursive: true, mode: 0o700 })
  const lock = lockFolder(config.data)
  const tenants = makeTenants(config, loadDefinitions())
  try {
    return await work(tenants)
  } finally {
    await tenants.close()
    lock.release()
  }
}

/** The admin API of a running server. */
function there(url: string, token: string): Remote {
  const ask = askAdmin(url, token) as (...args: Parameters<AskAdmin>) => Promise<never>
  const at = (name: string) => `tenants/${encodeURIComponent(name)}`
  return {
    list: () => ask('GET', 'tenants'),
    info: name => ask('GET', at(name)),
    snapshots: name => ask('GET', `${at(name)}/snapshots`),
    create: tenant => ask('POST', 'tenants', tenant),
    reset: name => ask('POST', `${at(name)}/reset`),
    snapshot: (name, snapshot) => ask('POST', `${at(name)}/snapshots`, { name: snapshot }),
    restore: (name, snapshot) => ask('POST', `${at(name)}/restore`, { snapshot }),
    change: (name, change) => ask('PATCH', at(name), change),
    rulesAtWork: name => ask('GET', `${at(name)}/rules/at-work`),
    delete: name => ask('DELETE', at(name)),
  }
}
