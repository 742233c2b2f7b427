/**
 * The apps this tenant knows: those registered, and in open mode a few that come with the sandbox.
 * https://www.rfc-editor.org/rfc/rfc7591
 */
import type { Records } from '../store/store.ts'
import { sandboxClients } from './sandbox-clients.ts'
import type { Client } from './words.ts'

export interface Clients {
  /** `base`: where the server is for this client; the sandbox's own apps are below its origin. */
  get(id: string, base: string): Promise<Client | undefined>
  all(base: string): Promise<readonly Client[]>
  put(client: Client): Promise<void>
  remove(id: string): Promise<void>
  /** Whether some client has pages of this origin. */
  hasOrigin(origin: string, base: string): Promise<boolean>
  /** Web origins that are the app's own: where its codes are sent. Its state codes begin with them. */
  stateOrigins(id: string, base: string): Promise<readonly string[]>
}

const wellFormed = /^[A-Za-z0-9._~-]{1,128}$/

export function makeClients(records: Records, mode: 'open' | 'smart'): Clients {
  /** Of the registered; made anew when one changes. */
  let origins: Promise<ReadonlySet<string>> | undefined
  const builtIn = (base: string) => (mode === 'open' ? sandboxClients(base) : [])

  const clients: Clients = {
    async get(id, base) {
      if (!wellFormed.test(id)) return undefined
      return builtIn(base).find(client => client.id === id) ?? ((await records.get(id)) as Client | undefined)
    },
    async all(base) {
      return [...builtIn(base), ...(await records.list()).map(({ value }) => value as Client)]
    },
    async put(client) {
      origins = undefined
      await records.put(client.id, client)
      origins = undefined
    },
    async remove(id) {
      await records.remove(id)
      origins = undefined
    },
    async hasOrigin(origin, base) {
      if (mode === 'open' && isLoopback(origin)) return true
      origins ??= records.list().then(all => new Set(all.flatMap(({ value }) => originsOf(value as Client))))
      return (await origins).has(origin) || builtIn(base).some(client => originsOf(client).includes(origin))
    },
    async stateOrigins(id, base) {
      const client = await clients.get(id, base)
      if (!client || (mode === 'smart' && !client.approved)) return []
      return [...new Set(originsOf(client))].filter(origin => /^https?:/.test(origin))
    },
  }
  return clients
}

const originsOf = ({ redirectUris }: Client): string[] =>
  redirectUris.filter(uri => URL.canParse(uri)).map(uri => new URL(uri).origin)

/** `http://localhost:3000`, `http://127.0.0.1:1234`, `http://[::1]` */
export function isLoopback(uri: string): boolean {
  if (!URL.canParse(uri)) return false
  const { protocol, hostname } = new URL(uri)
  return protocol === 'http:' && /^(?:localhost|127\.0\.0\.1|\[::1\])$/.test(hostname)
}
