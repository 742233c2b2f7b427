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
  mkdirSync(config.data, { recursive: true })
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
  if (!URL.canParse(url))
    throw new BadSetting(`--url=${url} is not a URL. Give the server, such as http://127.0.0.1:8080.`)
  if (token === '') throw new BadSetting('Give the admin token of the running server: --token, or DHP_ADMIN_TOKEN.')
  const ask = async (method: string, path: string, body?: object): Promise<never> => {
    const response = await fetch(`${url.replace(/\/+$/, '')}/admin/${path}`, {
      method,
      headers: { Authorization: `Bearer ${token}`, ...(body ? { 'Content-Type': 'application/json' } : {}) },
      ...(body ? { body: JSON.stringify(body) } : {}),
    }).catch((error: unknown) => {
      throw new BadSetting(
        `There is no server at ${url} (${((error as Error).cause as { code?: string } | undefined)?.code ?? (error as Error).message}).`,
      )
    })
    const text = await response.text()
    if (response.status === 204) return undefined as never
    const answer: unknown = text.startsWith('{') ? JSON.parse(text) : {}
    if (response.ok) return answer as never
    const said = (answer as { issue?: { diagnostics?: string }[] }).issue?.map(issue => issue.diagnostics).join('; ')
    throw new BadSetting(said ?? `The server answered ${response.status}.`)
  }
  const at = (name: string) => `tenants/${encodeURIComponent(name)}`
  return {
    list: () => ask('GET', 'tenants'),
    info: name => ask('GET', at(name)),
    snapshots: name => ask('GET', `${at(name)}/snapshots`),
    create: tenant => ask('POST', 'tenants', tenant),
    reset: name => ask('POST', `${at(name)}/reset`),
    snapshot: (name, snapshot) => ask('POST', `${at(name)}/snapshots`, { name: snapshot }),
    restore: (name, snapshot) => ask('POST', `${at(name)}/restore`, { snapshot }),
    delete: name => ask('DELETE', at(name)),
  }
}
