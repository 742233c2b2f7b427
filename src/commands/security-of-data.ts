/**
 * The security scorecard, as far as the data folder tells: who can read it, and keys, apps and users of each tenant.
 * https://cheatsheetseries.owasp.org/cheatsheets/Secrets_Management_Cheat_Sheet.html
 */
import { existsSync, statSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { Config } from '../config.ts'
import { type KeptKey, REPLACED_AFTER } from '../jwt/signing-keys.ts'
import type { KeptAccount } from '../smart/people-accounts.ts'
import { sandboxClients } from '../smart/sandbox-clients.ts'
import type { Client } from '../smart/words.ts'
import { openToRead } from '../store/sqlite/read-only.ts'
import type { Records } from '../store/store.ts'
import { STORE_FILE } from '../tenants/files.ts'
import { Registry } from '../tenants/registry.ts'
import { ok, warn, wrong, type Finding } from './finding.ts'

const DAY = 24 * 3600 * 1000
const YEAR = 365 * DAY

/** Whether other users of the machine can read the databases, with the signing keys in them. */
export function securityOfData(folder: string): Finding[] {
  // Windows has no such bits
  if (process.platform === 'win32') return []
  const { mode } = statSync(folder)
  const path = resolve(folder)
  const bits = (mode & 0o777).toString(8)
  const todo = `chmod 700 ${path}`
  if (mode & 0o002) return [wrong(`every user of the machine can change ${path} (mode ${bits})`, todo)]
  return mode & 0o077
    ? [warn(`other users of the machine can look into ${path}, where records and signing keys are (mode ${bits})`, todo)] // prettier-ignore
    : [ok(`only the server's own user can look into ${path}, where records and signing keys are`)]
}

/** Keys, apps and users of every tenant that has a store. */
export async function securityOfTenants(config: Config): Promise<Finding[]> {
  const registry = new Registry(config.data)
  const found: Finding[] = []
  for (const [name, { seed, seeded }] of registry.all()) {
    if (config.auth === 'smart' && seed === 'examples' && seeded)
      found.push(
        warn(`tenant ${name}: it was begun with made-up patients`, 'load real ones into a tenant without them (DHP_SEED=none)'), // prettier-ignore
      )
    const file = join(registry.folderOf(name), STORE_FILE)
    if (existsSync(file)) found.push(...(await ofTenant(config, name, file)))
  }
  return found
}

async function ofTenant(config: Config, name: string, file: string): Promise<Finding[]> {
  try {
    const store = openToRead(file)
    try {
      const list = async <T>(records: Records) => (await records.list()).map(({ value }) => value as T)
      const keys = await list<KeptKey>(store.records('smart-keys'))
      const clients = await list<Client>(store.records('smart-clients'))
      const accounts = await list<KeptAccount>(store.records('smart-users'))
      return [
        ofKeys(keys.filter(({ tenant }) => tenant === name)),
        ...ofClients(config, name, clients),
        ...(config.auth === 'smart' ? ofAccounts(name, accounts) : []),
      ].map(finding => ({ ...finding, what: `tenant ${name}: ${finding.what}` }))
    } finally {
      await store.close()
    }
  } catch (error) {
    return [wrong(`tenant ${name}: its keys, apps and users cannot be read: ${(error as Error).message}`)]
  }
}

function ofKeys(keys: readonly KeptKey[]): Finding {
  const current = keys.filter(({ retired }) => retired === undefined)
  if (current.length === 0) return ok('no signing key was made yet')
  const days = Math.floor((Date.now() - Math.min(...current.map(({ created }) => created))) / DAY)
  return days * DAY <= REPLACED_AFTER
    ? ok(`its signing keys are ${days} days old`)
    : warn(
        `its signing keys are ${days} days old, and are replaced after ${REPLACED_AFTER / DAY} when one is next used`,
        'nothing, if nobody signs in here any more',
      )
}

function ofClients({ auth }: Config, name: string, clients: readonly Client[]): Finding[] {
  if (auth !== 'smart') return [ok('the apps of the sandbox are there, with published secrets, since it is open')]
  const published = sandboxClients('http://127.0.0.1')
  const secrets = new Set(published.flatMap(({ secret }) => secret ?? []))
  const keys = new Set(published.flatMap(({ jwks }) => jwks?.keys.map(({ x }) => x) ?? []))
  const known = clients.filter(
    ({ secret, jwks }) => (secret !== undefined && secrets.has(secret)) || jwks?.keys.some(({ x }) => keys.has(x)),
  )
  const waiting = clients.filter(({ approved }) => !approved)
  return [
    known.length > 0
      ? wrong(
          `apps with the published secret or key of the sandbox: ${known.map(({ id }) => id).join(', ')}`,
          'register them anew, with secrets of their own',
        )
      : ok('no app has the published secret or key of the sandbox'),
    waiting.length > 0
      ? warn(
          `${waiting.length} of ${clients.length} apps wait for approval, and are not let in`,
          `look at GET /admin/tenants/${name}/apps`,
        )
      : ok(`apps register themselves and wait for approval: none of ${clients.length} waits`),
  ]
}

function ofAccounts(name: string, accounts: readonly KeptAccount[]): Finding[] {
  const active = accounts.filter(({ disabled }) => !disabled)
  if (active.length === 0)
    return [warn('nobody can sign in', `node src/main.ts users add NAME Practitioner/ID --tenant ${name}`)]
  const disabled = accounts.length - active.length
  const old = active.filter(({ changed }) => changed !== undefined && Date.now() - changed > YEAR).length
  const unknown = active.filter(({ changed }) => changed === undefined).length
  return [
    ok(`${active.length} users can sign in${disabled > 0 ? `, ${disabled} are disabled` : ''}`),
    old + unknown > 0
      ? warn(
          `passwords older than a year: ${old}${unknown > 0 ? `; of unknown age: ${unknown}` : ''}`,
          'have them changed, and disable who is gone: users password, users disable',
        )
      : ok('no password is older than a year'),
  ]
}
