/**
 * A server over HTTP with Bulk Data export, a store of its own, and callers by name: `Authorization: Bearer ward` is the caller `ward`.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { sandboxUser, type Caller } from '../../src/access/caller.ts'
import { guard } from '../../src/access/guard.ts'
import { BULK_DATA, makeBulk } from '../../src/bulk/bulk.ts'
import { makeServer } from '../../src/http/express.ts'
import { fhirOverHttp } from '../../src/http/fhir.ts'
import { makeCatalogue } from '../../src/rest/catalogue.ts'
import { interactions } from '../../src/rest/interactions.ts'
import { operations } from '../../src/rest/operations.ts'
import { makeDoor } from '../../src/rest/server.ts'
import { makeExtractor } from '../../src/search/extract.ts'
import { kinds } from '../../src/search/kinds.ts'
import { everything, type Filter } from '../../src/search/query.ts'
import { openSqlite } from '../../src/store/sqlite/engine.ts'
import { about, definitions } from '../help/server.ts'

export interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string | undefined>>
  readonly text: string
  readonly body: any // eslint-disable-line @typescript-eslint/no-explicit-any
}

export interface Manifest {
  readonly transactionTime: string
  readonly request: string
  readonly requiresAccessToken: boolean
  readonly output: readonly { type: string; url: string; count: number }[]
  readonly deleted: readonly { type: string; url: string; count: number }[]
  readonly error: readonly { type: string; url: string; count: number }[]
}

export interface Exporting {
  readonly base: string
  readonly folder: string
  ask(method: string, url: string, asking?: { body?: object | string; as?: string; headers?: object }): Promise<Answer>
  create(resource: object & { resourceType: string; id: string }): Promise<Answer>
  /** Kicks off; gives the status URL. */
  kickOff(path: string, as?: string, body?: object): Promise<string>
  /** Asks for the status until it is no longer 202. */
  finished(status: string, as?: string): Promise<Answer>
  /** Kicks off, waits, and reads all files: the ids by type, and the manifest. */
  export(path: string, as?: string, body?: object): Promise<Exported>
  /** Ends all work and the door, keeps the store's file, and opens all anew. */
  restart(): Promise<void>
  close(): Promise<void>
}

export interface Exported {
  readonly manifest: Manifest
  /** By type, in the order of the files. */
  readonly resources: Readonly<Record<string, { id: string; [name: string]: unknown }[]>>
  readonly deleted: readonly string[]
  readonly errors: readonly string[]
}

/** Reads only resources that satisfy these filters. */
export const reader = (id: string, filters: Readonly<Record<string, Filter>>): Caller => ({
  id,
  permits: (type, action) => (action === 'read' || action === 'search' ? filters[type] : undefined),
})

export interface Options {
  readonly callers?: Readonly<Record<string, Caller>>
  readonly life?: number
  readonly atWork?: number
  readonly waiting?: number
  readonly now?: () => number
  readonly pause?: () => Promise<void>
}

export async function openExporting(options: Options = {}): Promise<Exporting> {
  const folder = mkdtempSync(join(tmpdir(), 'dhp-bulk-'))
  const { callers = {}, ...bulkOptions } = options
  let running = await open(folder, callers, bulkOptions)
  const ask: Exporting['ask'] = (method, url, { body, as, headers = {} } = {}) =>
    send(method, url.startsWith('http') ? url : `${running.base}/${url}`, body, {
      ...(as ? { authorization: `Bearer ${as}` } : {}),
      ...headers,
    })
  const here = (url: string) => url.replace(/^http:\/\/[^/]+\/fhir/, running.base)

  const kickOff: Exporting['kickOff'] = async (path, as, body) => {
    const answer = await ask(body ? 'POST' : 'GET', path, {
      headers: { prefer: 'respond-async', accept: 'application/fhir+json' },
      ...(body ? { body } : {}),
      ...(as ? { as } : {}),
    })
    if (answer.status !== 202) throw new Error(`${answer.status}: ${answer.text}`)
    return answer.headers['content-location']!
  }
  const finished: Exporting['finished'] = async (status, as) => {
    for (;;) {
      const answer = await ask('GET', here(status), as ? { as } : {})
      if (answer.status !== 202 && answer.status !== 429) return answer
      await new Promise(resolve => setTimeout(resolve, 50))
    }
  }
  const lines = async (url: string, as?: string) =>
    (await ask('GET', here(url), as ? { as } : {})).text.split('\n').filter(line => line !== '')

  return {
    get base() {
      return running.base
    },
    folder,
    ask,
    create: async resource => {
      const answer = await ask('PUT', `${resource.resourceType}/${resource.id}`, { body: resource })
      if (answer.status > 201) throw new Error(answer.text)
      return answer
    },
    kickOff,
    finished,
    async export(path, as, body) {
      const { status, body: manifest, text } = await finished(await kickOff(path, as, body), as)
      if (status !== 200) throw new Error(text)
      const resources: Record<string, { id: string }[]> = {}
      for (const { type, url } of (manifest as Manifest).output)
        resources[type] = [...(resources[type] ?? []), ...(await lines(url, as)).map(line => JSON.parse(line) as never)]
      const all = async (files: Manifest['output']) =>
        (await Promise.all(files.map(({ url }) => lines(url, as)))).flat()
      return {
        manifest: manifest as Manifest,
        resources,
        deleted: await all((manifest as Manifest).deleted),
        errors: await all((manifest as Manifest).error),
      }
    },
    async restart() {
      await running.close()
      running = await open(folder, callers, bulkOptions)
    },
    async close() {
      await running.close()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

async function open(folder: string, callers: Readonly<Record<string, Caller>>, options: Omit<Options, 'callers'>) {
  const catalogue = makeCatalogue(definitions, of => makeExtractor(of, kinds))
  const engine = openSqlite({ path: join(folder, 'store.db'), extractor: catalogue.extractor })
  const guarded: typeof guard extends (a: infer S, b: infer C, c: never) => infer R ? (a: S, b: C) => R : never = (
    store,
    caller,
  ) => guard(store, caller, { types: definitions.resourceTypes, extractor: catalogue.extractor })
  const bulk = makeBulk({
    store: engine,
    guard: guarded,
    definitions: () => definitions,
    extractor: () => catalogue.extractor,
    folder: join(folder, 'bulk'),
    life: 24 * 3_600_000,
    ...options,
  })
  const offered = [...operations, ...bulk.operations]
  const door = makeDoor({
    interactions: interactions({ ...about, instantiates: [BULK_DATA] }, offered, bulk.interactions),
    operations: offered,
    engine,
    catalogue,
    guard: guarded,
  })
  const fhir = fhirOverHttp({
    room: () => ({ door, enter() {}, leave() {} }),
    authenticate: header => callers[header?.replace('Bearer ', '') ?? ''] ?? sandboxUser,
    isType: name => definitions.isResourceType(name),
    log: { info() {}, error() {}, debug() {} } as never,
    traffic: { stopping: false, inFlight: 0, writesInFlight: 0, observe: undefined },
    maxBody: 16_000_000,
    publicUrl: '',
  })
  const server = makeServer([fhir], 16_000_000)
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  await bulk.resume()
  return {
    base: `http://127.0.0.1:${(server.address() as AddressInfo).port}/fhir`,
    async close() {
      server.closeAllConnections()
      await new Promise(resolve => server.close(resolve))
      await bulk.close()
      await engine.close()
    },
  }
}

function send(method: string, url: string, body: object | string | undefined, headers: object): Promise<Answer> {
  const sent = typeof body === 'string' ? body : body && JSON.stringify(body)
  return new Promise((resolve, reject) => {
    const asked = request(
      url,
      { method, headers: { ...(sent ? { 'content-type': 'application/fhir+json' } : {}), ...headers } },
      response => {
        const parts: Buffer[] = []
        response.on('data', (part: Buffer) => parts.push(part))
        response.on('error', reject)
        response.on('end', () => {
          const bytes = Buffer.concat(parts)
          const text = (response.headers['content-encoding'] === 'gzip' ? gunzipSync(bytes) : bytes).toString()
          const json =
            /json\b/.test(response.headers['content-type'] ?? '') && !/ndjson/.test(response.headers['content-type']!)
          resolve({
            status: response.statusCode!,
            headers: response.headers as Answer['headers'],
            text,
            body: json && text ? (JSON.parse(text) as unknown) : undefined,
          })
        })
      },
    )
    asked.on('error', reject)
    asked.end(sent)
  })
}

/** Creates many by transactions. */
export async function createAll(server: Exporting, resources: readonly { resourceType: string; id: string }[]) {
  for (let from = 0; from < resources.length; from += 500) {
    const entry = resources.slice(from, from + 500).map(resource => ({
      resource,
      request: { method: 'PUT', url: `${resource.resourceType}/${resource.id}` },
    }))
    const { status, text } = await server.ask('POST', '', {
      body: { resourceType: 'Bundle', type: 'transaction', entry },
    })
    if (status !== 200) throw new Error(text)
  }
}

/** What a caller that may read all of these types is permitted. */
export const all = (...types: string[]): Readonly<Record<string, Filter>> =>
  Object.fromEntries(types.map(type => [type, everything]))

/** Synthetic. */
export const patient = (id: string, more: object = {}) => ({ resourceType: 'Patient', id, ...more })
export const observation = (id: string, of: string, more: object = {}) => ({
  resourceType: 'Observation',
  id,
  status: 'final',
  code: { text: 'synthetic' },
  subject: { reference: `Patient/${of}` },
  ...more,
})
