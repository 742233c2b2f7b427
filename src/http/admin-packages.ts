/**
 * The admin API of FHIR packages, for all tenants or for one.
 *
 *   GET  /admin/packages                             GET  /admin/tenants/{t}/packages
 *   POST /admin/packages                             POST /admin/tenants/{t}/packages
 *        the archive (.tgz) as application/gzip, or {"package": "name#version", "dependencies": true} from the registry
 *   DELETE /admin/packages/{name}/{version}          DELETE /admin/tenants/{t}/packages/{name}/{version}
 */
import type { IncomingMessage } from 'node:http'
import { badRequest, methodNotAllowed, tooLarge } from '../fhir/outcome.ts'
import { packageLimits } from '../fhir/package-limits.ts'
import { declaresTooMuch } from './body.ts'
import { Aborted } from './problems.ts'

/** What the admin API asks of the packages (src/tenants/packages.ts). Without a tenant: those of all tenants. */
export interface PackageAdmin {
  list(tenant?: string): readonly object[]
  addArchive(archive: AsyncIterable<Buffer>, tenant?: string): Promise<object>
  addNamed(id: string, dependencies: boolean, tenant?: string): Promise<readonly object[]>
  remove(name: string, version: string, tenant?: string): void
}

/** What is answered at which method and path, for those who ask for what is not there. */
export const packageRoutes = [
  'GET /admin/packages',
  'POST /admin/packages',
  'DELETE /admin/packages/{name}/{version}',
  'GET /admin/tenants/{tenant}/packages',
  'POST /admin/tenants/{tenant}/packages',
  'DELETE /admin/tenants/{tenant}/packages/{name}/{version}',
]

const PATH = /^(?:tenants\/([^/]+)\/)?packages(?:\/([^/]+)\/([^/]+))?$/

const order = {
  type: 'object',
  required: ['package'],
  additionalProperties: false,
  properties: { package: { type: 'string', minLength: 1, maxLength: 200 }, dependencies: { type: 'boolean' } },
}

export interface PackageExchange {
  readonly request: IncomingMessage
  /** Below /admin/. */
  readonly path: string
  readonly packages: PackageAdmin
  /** Throws when there is no such tenant. */
  known(tenant: string): void
  /** Reads the body, JSON of this JSON Schema. */
  readJson(schema: object): Promise<object>
}

/** The answer when the path is one of packages; undefined when it is not. Throws a FhirError. */
export async function answerPackages(
  exchange: PackageExchange,
): Promise<{ status: number; value?: object } | undefined> {
  const { request, path, packages, known } = exchange
  const found = PATH.exec(path)
  if (!found) return undefined
  const [tenant, name, version] = found.slice(1).map(part => part && decoded(part))
  if (tenant !== undefined) known(tenant)
  const method = request.method === 'HEAD' ? 'GET' : request.method
  if (name !== undefined) {
    if (method !== 'DELETE') throw methodNotAllowed('Use DELETE here.', 'DELETE')
    packages.remove(name, version!, tenant)
    return { status: 204 }
  }
  if (method === 'GET') return { status: 200, value: { packages: packages.list(tenant) } }
  if (method !== 'POST') throw methodNotAllowed('Use GET or POST here.', 'GET, POST')
  if (isArchive(request)) {
    const added = await packages.addArchive(bytesOf(request), tenant)
    return { status: 201, value: { packages: [added] } }
  }
  const given = (await exchange.readJson(order)) as { package: string; dependencies?: boolean }
  const added = await packages.addNamed(given.package, given.dependencies ?? false, tenant)
  return { status: 201, value: { packages: added } }
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    throw badRequest('The path has a % that is not followed by two hexadecimal digits.')
  }
}

const isArchive = ({ headers }: IncomingMessage) =>
  /^application\/(?:(?:x-)?gzip|(?:x-)?tar\+gzip|(?:x-)?gtar|x-compressed-tar|octet-stream)(?:;|$)/i.test(
    headers['content-type']?.trim() ?? '',
  )

/** The body as it arrives; the connection outlives a reader that stops early, so that the client gets its answer. */
async function* bytesOf(request: IncomingMessage): AsyncGenerator<Buffer> {
  const most = packageLimits.packed
  if (declaresTooMuch(request, most))
    throw tooLarge(`The archive is larger than ${most} bytes, which is the most this server reads.`)
  try {
    yield* request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>
  } catch (error) {
    if (!request.complete) throw new Aborted('the client closed the connection')
    throw error
  } finally {
    // a reader that stopped early leaves the rest, which would stand before the next request of the connection
    setImmediate(() => request.resume())
  }
}
