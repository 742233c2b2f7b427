/**
 * What the CDS services of a tenant are given from the rest of the server: FHIR servers to read from, ways to fetch and post.
 * https://cds-hooks.hl7.org/2.0/#fhir-resource-access
 */
import type { Audit } from './access/audit.ts'
import { nobody, sandboxUser, type Caller } from './access/caller.ts'
import { callerOfToken, type TokenTenant } from './caller-of-token.ts'
import type { CdsMakings } from './cds/cds.ts'
import type { FhirServers } from './cds/fhir-server.ts'
import type { CdsServer } from './cds/server.ts'
import type { Config } from './config.ts'
import { parseJson } from './fhir/json.ts'
import type { Resource } from './fhir/types.ts'
import type { FetchOptions } from './net/guarded-fetch.ts'
import type { Door } from './rest/exchange.ts'

/** A tenant, as far as its CDS services need it. */
export interface CdsTenant extends TokenTenant {
  readonly door: Door
}

/** Loaded with the first request: most of what a server is started for does not need it. */
export function lazily(load: () => Promise<CdsServer>): CdsServer {
  let loading: Promise<CdsServer> | undefined
  const loaded = () => (loading ??= load())
  return {
    answer: async (request, place) => (await loaded()).answer(request, place),
    admin: async request => (await loaded()).admin(request),
    publishedKeys: async () => (await loaded()).publishedKeys(),
    close: async () => (await loading)?.close(),
  }
}

const SECOND = 1000
const MEBIBYTE = 1024 * 1024

/** The makings that come from outside of cds/. */
export function outsideOf(
  config: Config,
  tenant: CdsTenant,
): Pick<CdsMakings, 'servers' | 'fetch' | 'post' | 'issue' | 'readAs' | 'words'> {
  const { auth, privateHosts } = config
  const { door, smart } = tenant
  const fetched = async (url: string, options: FetchOptions) => {
    const { guardedFetch } = await import('./net/guarded-fetch.ts')
    return guardedFetch(url, { timeout: 5 * SECOND, redirects: 0, allow: privateHosts, ...options })
  }
  const callerFor = (token: string, base: string) => callerOfToken(config, tenant, token, base)

  const own: FhirServers['own'] = async (url, base, token) => {
    const caller = token === undefined ? (auth === 'open' ? sandboxUser : nobody) : await callerFor(token, base)
    return read(door, url, base, caller)
  }
  const other: FhirServers['other'] = async (url, token, signal) => {
    const headers = {
      Accept: 'application/fhir+json',
      ...(token === undefined ? {} : { Authorization: `Bearer ${token}` }),
    }
    const { status, body } = await fetched(url, { maxBytes: 5 * MEBIBYTE, headers, signal })
    return { status, body: resourceIn(body) }
  }

  return {
    servers: { own, other },
    fetch: url => fetched(url, { maxBytes: MEBIBYTE, headers: { Accept: 'application/json' } }),
    post: (url, body, signal, headers = {}) =>
      fetched(url, {
        method: 'POST',
        maxBytes: MEBIBYTE,
        timeout: 10 * SECOND,
        headers: { 'Content-Type': 'application/json', Accept: 'application/json', ...headers },
        body,
        signal,
      }),
    issue: (grant, base) => smart.issueFor(grant, base),
    // what the user may see, as a token for the user would show it
    async readAs(user, patient, url, base) {
      const { access_token: token } = await smart.issueFor(
        { client: 'cds-client', user, patient, scope: 'user/*.rs' },
        base,
      )
      const { body } = await read(door, url, base, await callerFor(token, base))
      return body!
    },
    words: () => ({
      isType: name => tenant.definitions.isResourceType(name),
      typeOf: (type, code) => tenant.definitions.searchParams(type).get(code)?.type,
    }),
  }
}

async function read(
  door: Door,
  url: string,
  base: string,
  caller: Caller,
): Promise<{ status: number; body: Resource | undefined }> {
  const at = url.indexOf('?')
  const [path, query] = at < 0 ? [url, ''] : [url.slice(0, at), url.slice(at + 1)]
  const { status, text, version, resource } = await door.handle(
    { method: 'GET', path, query, headers: {}, base },
    caller,
  )
  const body = text ?? version?.text
  return { status, body: body === undefined ? resource : (JSON.parse(body) as Resource) }
}

function resourceIn(body: Buffer): Resource | undefined {
  try {
    const value = parseJson(body)
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Resource) : undefined
  } catch {
    return undefined
  }
}

/** What the audit log is told. `all`: of calls too, not only of what an operator changes. */
export function toldOf(audit: Pick<Audit, 'tell'>, all: boolean): Pick<CdsMakings, 'called' | 'changed'> {
  return {
    changed: what => audit.tell({ what: 'configured', status: 200, who: { caller: 'admin' }, why: what }),
    ...(all
      ? {
          called({ service, request, status }, client, { base }) {
            const { patientId, userId } = request.context
            // ids of another FHIR server say nothing of the people here
            const ours = request.fhirServer?.replace(/\/+$/, '') === base
            audit.tell({
              what: 'cds-call',
              status,
              who: {
                ...(client === undefined ? { caller: 'cds-client' } : { client }),
                ...(ours && typeof userId === 'string' ? { user: userId } : {}),
              },
              ...(ours && typeof patientId === 'string' ? { patient: `Patient/${patientId}` } : {}),
              why: `${service.hook} ${service.id}`,
            })
          },
        }
      : {}),
  }
}
