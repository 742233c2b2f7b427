/**
 * `users`: who may sign in with a password: list, add, disable, enable, password; in the data folder, or through a running server.
 */
import { mkdirSync } from 'node:fs'
import { text } from 'node:stream/consumers'
import { makeTenants } from '../app.ts'
import { BadSetting, type CommandLine, type Config } from '../config.ts'
import { loadDefinitions } from '../fhir/packages.ts'
import { answerSmart } from '../http/admin-smart.ts'
import { didYouMean } from '../search/suggest.ts'
import { lockFolder } from '../store/sqlite/lock.ts'
import { DEFAULT } from '../tenants/names.ts'
import { askAdmin } from './admin.ts'

/** How many names each takes, and what it asks of the admin API. */
const verbs: Readonly<
  Record<
    string,
    { readonly takes: number; ask(names: readonly string[]): Promise<[method: string, name: string, body?: object]> }
  >
> = {
  list: { takes: 0, ask: async () => ['GET', ''] },
  add: { takes: 2, ask: async ([username, user]) => ['POST', '', { username, user, password: await password() }] },
  disable: { takes: 1, ask: async ([username]) => ['PATCH', username!, { disabled: true }] },
  enable: { takes: 1, ask: async ([username]) => ['PATCH', username!, { disabled: false }] },
  password: { takes: 1, ask: async ([username]) => ['PATCH', username!, { password: await password() }] },
}

/** Not an argument: other users of the machine see those. */
async function password(): Promise<string> {
  if (process.stdin.isTTY) process.stderr.write('Password (end with Enter and Ctrl-D): ')
  const given = (await text(process.stdin)).replace(/\r?\n$/, '')
  if (given === '') throw new BadSetting('Give the password on standard input.')
  return given
}

/** Prints what came of it as JSON. */
export async function run(config: Config, { positionals, options }: CommandLine): Promise<number> {
  const [verb = 'list', ...names] = positionals
  const found = Object.hasOwn(verbs, verb) ? verbs[verb]! : undefined
  if (!found)
    throw new BadSetting(
      `users ${verb} is nothing.${didYouMean(verb, Object.keys(verbs))} There are: ${Object.keys(verbs).join(', ')}.`,
    )
  if (names.length !== found.takes)
    throw new BadSetting(
      `users ${verb} takes ${['no name', 'a user name', 'a user name and whose it is, such as Practitioner/1'][found.takes]}.`,
    )
  const [method, name, body] = await found.ask(names)
  const path = `tenants/${encodeURIComponent(options.get('tenant') ?? DEFAULT)}/users${name && `/${encodeURIComponent(name)}`}`
  const url = options.get('url')
  const result =
    url === undefined
      ? await here(config, method, path, body)
      : await askAdmin(url, options.get('token') ?? config.adminToken)(method, path, body)
  process.stdout.write(`${JSON.stringify(result, null, 2)}\n`)
  return 0
}

/** What the admin API does, without a server. */
async function here(config: Config, method: string, path: string, body: object | undefined): Promise<unknown> {
  mkdirSync(config.data, { recursive: true, mode: 0o700 })
  const lock = lockFolder(config.data)
  const tenants = makeTenants(config, loadDefinitions())
  try {
    const store = async (tenant: string) => (await tenants.room(tenant)).engine
    return (await answerSmart({ method, path, store, readJson: async () => body ?? {} }))?.value
  } finally {
    await tenants.close()
    lock.release()
  }
}
