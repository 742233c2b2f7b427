/**
 * A server in a variable: the door of a tenant over a real database file in a folder of its own, without HTTP.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sandboxUser, type Caller } from '../../src/access/caller.ts'
import { type Conformance, makeConformance } from '../../src/fhir/conformance.ts'
import { parseJson } from '../../src/fhir/json.ts'
import { loadNpmPackages } from '../../src/fhir/npm-packages.ts'
import { FhirError, outcome } from '../../src/fhir/outcome.ts'
import { loadDefinitions } from '../../src/fhir/packages.ts'
import { makeCatalogue } from '../../src/rest/catalogue.ts'
import type { Door, FhirRequest, FhirResponse, HttpMethod, Resource } from '../../src/rest/exchange.ts'
import { interactions } from '../../src/rest/interactions.ts'
import { operations } from '../../src/rest/operations.ts'
import { makeDoor, type DoorParts } from '../../src/rest/server.ts'
import { makeExtractor } from '../../src/search/extract.ts'
import { kinds } from '../../src/search/kinds.ts'
import { openSqlite } from '../../src/store/sqlite/engine.ts'
import type { Engine, Version } from '../../src/store/store.ts'
import { makeTerminology } from '../../src/terminology/service.ts'
import type { Terminology } from '../../src/terminology/terminology.ts'
import { lazyValidator } from '../../src/validation/lazy.ts'

export const base = 'http://localhost:8080/fhir'

/** Read once for all the tests of a file. */
export const definitions = loadDefinitions()

let packages: Conformance | undefined
/** The packages that come with the server, opened when first asked for. */
export const conformance = (): Conformance => (packages ??= makeConformance(loadNpmPackages()))

let codes: Terminology | undefined
/** Over those packages. */
export const terminology = (): Terminology => (codes ??= makeTerminology({ conformance }))

export const about = {
  name: 'DHP',
  version: '0.0.0',
  title: 'A server under test',
  description: 'For tests.',
  date: '2026-01-01',
}

export interface Answer {
  readonly status: number
  /** The body, parsed; undefined when there is none. */
  readonly body: Resource | undefined
  /** The body as it is sent. */
  readonly text: string
  readonly headers: Readonly<Record<string, string>>
  readonly version: Version | undefined
  /** The diagnostics of an OperationOutcome, joined. */
  readonly said: string
}

export interface Asking {
  readonly body?: unknown
  readonly headers?: Readonly<Record<string, string>>
  readonly caller?: Caller
}

export interface TestServer {
  readonly door: Door
  readonly engine: Engine
  /** `url` is below the base and may have a query, as in `Patient?name=a`. Errors are answers here, as they are over HTTP. */
  ask(method: HttpMethod, url: string, asking?: Asking): Promise<Answer>
  get(url: string, headers?: Readonly<Record<string, string>>): Promise<Answer>
  post(url: string, body: unknown, headers?: Readonly<Record<string, string>>): Promise<Answer>
  put(url: string, body: unknown, headers?: Readonly<Record<string, string>>): Promise<Answer>
  patch(url: string, body: unknown, headers?: Readonly<Record<string, string>>): Promise<Answer>
  delete(url: string, headers?: Readonly<Record<string, string>>): Promise<Answer>
  /** Creates a resource that must be accepted; gives it as stored. */
  create(resource: Resource): Promise<Resource & { id: string }>
  close(): Promise<void>
}

/** Opens one; close it in afterAll. */
export async function openServer(parts: Partial<DoorParts> = {}): Promise<TestServer> {
  const folder = mkdtempSync(join(tmpdir(), 'dhp-'))
  const catalogue = makeCatalogue(definitions, definitions => makeExtractor(definitions, kinds))
  const engine = openSqlite({
    path: join(folder, 'tenant.db'),
    extractor: catalogue.extractor,
    ...(parts.now ? { now: parts.now } : {}),
  })
  await catalogue.restore(engine)
  const { validate } = lazyValidator({
    conformance,
    definitions: () => catalogue.definitions,
    checkCode: question => terminology().checkCode(question),
  })
  const door = makeDoor({
    interactions: interactions(about, operations),
    operations,
    engine,
    catalogue,
    validate,
    ...parts,
  })

  const ask: TestServer['ask'] = async (method, url, { body, headers = {}, caller = sandboxUser } = {}) =>
    answered(async () => {
      const [path = '', query = ''] = split(url)
      const read =
        body === undefined || Buffer.isBuffer(body)
          ? body
          : parseJson(Buffer.from(typeof body === 'string' ? body : JSON.stringify(body)))
      const request: FhirRequest = {
        method,
        path: decodeURIComponent(path),
        query,
        headers,
        base,
        ...(read === undefined ? {} : { body: read }),
      }
      return door.handle(request, caller)
    })

  return {
    door,
    engine,
    ask,
    get: (url, headers = {}) => ask('GET', url, { headers }),
    post: (url, body, headers = {}) => ask('POST', url, { body, headers }),
    put: (url, body, headers = {}) => ask('PUT', url, { body, headers }),
    patch: (url, body, headers = {}) => ask('PATCH', url, { body, headers }),
    delete: (url, headers = {}) => ask('DELETE', url, { headers }),
    async create(resource) {
      const { status, body, said } = await ask('POST', resource.resourceType, { body: resource })
      if (status !== 201) throw new Error(`${status}: ${said}`)
      return body as Resource & { id: string }
    },
    async close() {
      await engine.close()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

function split(url: string): string[] {
  const path = url.startsWith(base) ? url.slice(base.length + 1) : url
  const at = path.indexOf('?')
  return at < 0 ? [path] : [path.slice(0, at), path.slice(at + 1)]
}

async function answered(respond: () => Promise<FhirResponse>): Promise<Answer> {
  try {
    const { status, version, resource, text, empty, headers = {} } = await respond()
    const sent = empty ? '' : (text ?? (resource ? JSON.stringify(resource) : (version?.text ?? '')))
    const body = sent === '' ? undefined : (JSON.parse(sent) as Resource)
    return { status, body, text: sent, headers, version, said: diagnostics(body) }
  } catch (error) {
    if (!(error instanceof FhirError)) throw error
    const body = outcome(error.issues) as unknown as Resource
    return {
      status: error.status,
      body,
      text: JSON.stringify(body),
      headers: error.headers,
      version: undefined,
      said: diagnostics(body),
    }
  }
}

const diagnostics = (body: Resource | undefined): string =>
  body?.resourceType === 'OperationOutcome'
    ? ((body.issue ?? []) as { diagnostics?: string }[]).map(issue => issue.diagnostics ?? '').join(' | ')
    : ''
