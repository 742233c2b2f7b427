/**
 * The canary harness over HTTP: a tenant's door with exports behind real sockets, callers by name, and faults that can be set below it.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { Agent, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { sandboxUser, type Caller } from '../../src/access/caller.ts'
import { guard } from '../../src/access/guard.ts'
import { recordFilter } from '../../src/access/patient-record.ts'
import { callerOf } from '../../src/access/token-caller.ts'
import { makeBulk } from '../../src/bulk/bulk.ts'
import { authenticateBy } from '../../src/http/authenticate.ts'
import { makeServer } from '../../src/http/express.ts'
import { fhirOverHttp } from '../../src/http/fhir.ts'
import { makeCatalogue } from '../../src/rest/catalogue.ts'
import { interactions } from '../../src/rest/interactions.ts'
import { operations } from '../../src/rest/operations.ts'
import { makeDoor } from '../../src/rest/server.ts'
import { makeExtractor } from '../../src/search/extract.ts'
import { kinds } from '../../src/search/kinds.ts'
import { nothing } from '../../src/search/query.ts'
import { openSqlite } from '../../src/store/sqlite/engine.ts'
import type { Engine, Store } from '../../src/store/store.ts'
import { about, definitions, terminology } from '../help/server.ts'
import { clock, id, tokens, type Stored } from './canary-records.ts'
import { storing } from './canary-world.ts'

export interface Heard {
  readonly status: number
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>
  readonly text: string
}

export interface Served {
  readonly fhir: string
  readonly engine: Engine
  readonly folder: string
  /** While set, the methods of the store that it chooses throw its error. */
  fault: ((method: string) => Error | undefined) | undefined
  /** `as`: the name of a token, `all` for one that sees everything; any other name is an expired one. */
  ask(
    method: string,
    url: string,
    asking?: { as?: string | undefined; body?: unknown; headers?: Readonly<Record<string, string>> },
  ): Promise<Heard>
  close(): Promise<void>
}

class InvalidToken extends Error {
  override readonly name = 'InvalidToken'
}

export async function serveCanaries(
  resources: readonly (readonly Stored[])[],
  deleted: readonly Stored[],
): Promise<Served> {
  const folder = mkdtempSync(join(tmpdir(), 'dhp-canary-'))
  const catalogue = makeCatalogue(definitions, of => makeExtractor(of, kinds))
  const { extractor } = catalogue
  const engine = openSqlite({ path: join(folder, 'store.db'), extractor, now: () => clock })
  for (const some of resources) await engine.commit(storing(some, extractor))
  if (deleted.length > 0)
    await engine.commit(
      deleted.map(({ resourceType: type, id }) => ({ do: 'delete', ref: { type, id }, expect: { is: 'anything' } })),
    )
  const state: { fault: Served['fault'] } = { fault: undefined }
  const faulty = failing(engine, () => state.fault)
  const guarded = (store: Store, caller: Caller) =>
    guard(store, caller, { types: definitions.resourceTypes, extractor })
  const bulk = makeBulk({
    store: faulty,
    guard: guarded,
    definitions: () => definitions,
    extractor: () => extractor,
    folder: join(folder, 'bulk'),
    life: 3_600_000,
  })
  const offered = [...operations, ...bulk.operations]
  let count = 0
  const door = makeDoor({
    interactions: interactions(about, offered, bulk.interactions),
    operations: offered,
    engine: faulty,
    catalogue,
    guard: guarded,
    now: () => clock,
    newId: () => `new-${++count}`,
    terminology: terminology(),
  })
  const callerOfName = async (name: string, base: string): Promise<Caller> => {
    if (name === 'all') return { ...sandboxUser, id: 'all' }
    const token = tokens[Object.keys(tokens)[Number(name)] ?? '']
    if (!token) throw new InvalidToken('The access token has expired.')
    const limit = token.limited
      ? { limit: (_user: string, type: string) => recordFilter(definitions, id, type, 'read') ?? nothing }
      : {}
    return callerOf(token.grant, { definitions, store: engine, base, ...limit })
  }
  const server = makeServer(
    [
      fhirOverHttp({
        room: () => ({ door, enter() {}, leave() {} }),
        authenticate: authenticateBy('smart', async (name, _tenant, base) => ({
          caller: await callerOfName(name, base),
          counts: () => true,
        })),
        isType: name => definitions.isResourceType(name),
        log: { info() {}, error() {}, debug() {} } as never,
        traffic: { stopping: false, inFlight: 0, writesInFlight: 0, observe: undefined },
        maxBody: 16_000_000,
        publicUrl: '',
      }),
    ],
    16_000_000,
  )
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  await bulk.resume()
  const fhir = `http://127.0.0.1:${(server.address() as AddressInfo).port}/fhir`
  const agent = new Agent({ keepAlive: true })
  return {
    fhir,
    engine,
    folder,
    get fault() {
      return state.fault
    },
    set fault(fault) {
      state.fault = fault
    },
    ask: (method, url, { as, body, headers = {} } = {}) =>
      new Promise((resolve, reject) => {
        const sent = body === undefined || typeof body === 'string' ? body : JSON.stringify(body)
        const name = as === undefined ? undefined : as === 'all' ? 'all' : String(Object.keys(tokens).indexOf(as))
        const asked = request(
          url.startsWith('http') ? url : `${fhir}/${url}`,
          {
            method,
            agent,
            headers: {
              ...(sent === undefined ? {} : { 'content-type': 'application/fhir+json' }),
              ...(name === undefined ? {} : { authorization: `Bearer ${name.replace('-', 'x')}` }),
              ...headers,
            },
          },
          response => {
            const parts: Buffer[] = []
            response.on('data', (part: Buffer) => parts.push(part))
            response.on('error', reject)
            response.on('end', () => {
              const bytes = Buffer.concat(parts)
              const text = (response.headers['content-encoding'] === 'gzip' ? gunzipSync(bytes) : bytes).toString()
              resolve({ status: response.statusCode!, headers: response.headers, text })
            })
          },
        )
        asked.on('error', reject)
        asked.end(sent)
      }),
    async close() {
      agent.destroy()
      server.closeAllConnections()
      await new Promise(resolve => server.close(resolve))
      await bulk.close()
      await engine.close()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** The engine itself, but for the methods that fail. */
function failing(engine: Engine, fault: () => Served['fault']): Engine {
  return new Proxy(engine, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name, target)
      if (typeof value !== 'function') return value
      return (...given: unknown[]) => {
        const error = fault()?.(String(name))
        if (!error) return (value as (...all: unknown[]) => unknown).apply(target, given)
        if (name === 'records') throw error
        return Promise.reject(error)
      }
    },
  })
}
