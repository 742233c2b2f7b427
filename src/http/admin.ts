/**
 * The admin API: tenants made, reset, copied, kept and removed over HTTP. Needs the admin token.
 *
 *   GET    /admin/tenants                      POST /admin/tenants {"name", "seed"|"copyOf", "expires", "validation"}
 *   GET    /admin/tenants/{t}                  DELETE /admin/tenants/{t}
 *   PATCH  /admin/tenants/{t} {"validation": "off"|"base"|"full"|"server", "terminologyServer": URL|"none"|"server"}
 *   GET    /admin/tenants/{t}/rules/at-work    what rules have done at the API, and what waits to be sent on
 *   POST   /admin/tenants/{t}/reset            POST /admin/tenants/{t}/restore {"snapshot"}
 *   GET    /admin/tenants/{t}/snapshots        POST /admin/tenants/{t}/snapshots {"name"}
 *   and those of FHIR packages: admin-packages.ts, of users and apps: admin-smart.ts, of CDS services: admin-cds.ts
 */
import { createHash, timingSafeEqual } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { parseJson } from '../fhir/json.ts'
import {
  badRequest,
  FhirError,
  methodNotAllowed,
  notFound,
  unprocessable,
  unsupportedMediaType,
} from '../fhir/outcome.ts'
import { LEVELS, type FhirResponse } from '../rest/exchange.ts'
import type { Store } from '../store/store.ts'
import { answerCds, cdsRoutes, type CdsExchange } from './admin-cds.ts'
import { answerPackages, packageRoutes, type PackageAdmin } from './admin-packages.ts'
import { answerSmart, smartRoutes } from './admin-smart.ts'
import { safety, send } from './answer.ts'
import { readBody } from './body.ts'
import { bodyKind } from './negotiate.ts'
import { problem, type ProblemLog } from './problems.ts'
import { baseOf, requestId } from './request.ts'

/** What the admin API asks of the tenants (src/tenants/tenants.ts). */
export interface TenantAdmin {
  list(): readonly object[]
  info(name: string): object
  rulesAtWork(name: string): Promise<object>
  snapshots(name: string): readonly string[]
  create(tenant: { name: string }): Promise<object>
  change(name: string, change: object): object
  reset(name: string): Promise<object>
  snapshot(name: string, snapshot: string): Promise<object>
  restore(name: string, snapshot: string): Promise<object>
  delete(name: string): Promise<void>
}

/** The tenants by name; throws (or rejects with) notFound. */
export interface Rooms {
  room(tenant: string): Room | Promise<Room>
}
interface Room {
  readonly engine: Store
  readonly cds: Awaited<ReturnType<CdsExchange['cds']>>
}

type Given = Readonly<Record<string, string>>
interface Action {
  readonly status: number
  /** A JSON Schema of the body; absent: no body. */
  readonly body?: object
  run(tenants: TenantAdmin, tenant: string, given: Given): unknown
}

const text = { type: 'string', minLength: 1, maxLength: 200 }
const enums: Readonly<Record<string, readonly string[]>> = {
  seed: ['none', 'examples'],
  validation: [...LEVELS, 'server'],
}
const schema = (required: readonly string[], ...optional: string[]) => ({
  type: 'object',
  required,
  additionalProperties: false,
  properties: Object.fromEntries(
    [...required, ...optional].map(name => [name, enums[name] ? { enum: enums[name] } : text]),
  ),
})

const actions: Readonly<Record<string, Action>> = {
  'GET tenants': { status: 200, run: tenants => ({ tenants: tenants.list() }) },
  'POST tenants': {
    status: 201,
    body: schema(['name'], 'seed', 'copyOf', 'expires', 'validation', 'terminologyServer'),
    run: (tenants, _, given) => tenants.create(given as { name: string }),
  },
  'GET tenants/:t': { status: 200, run: (tenants, tenant) => tenants.info(tenant) },
  'PATCH tenants/:t': {
    status: 200,
    body: { ...schema([], 'validation', 'terminologyServer'), minProperties: 1 },
    run: (tenants, tenant, given) => tenants.change(tenant, given),
  },
  'GET tenants/:t/rules/at-work': { status: 200, run: (tenants, tenant) => tenants.rulesAtWork(tenant) },
  'DELETE tenants/:t': { status: 204, run: (tenants, tenant) => tenants.delete(tenant) },
  'POST tenants/:t/reset': { status: 200, run: (tenants, tenant) => tenants.reset(tenant) },
  'GET tenants/:t/snapshots': {
    status: 200,
    run: (tenants, tenant) => (tenants.info(tenant), { snapshots: tenants.snapshots(tenant) }),
  },
  'POST tenants/:t/snapshots': {
    status: 201,
    body: schema(['name']),
    run: (tenants, tenant, given) => tenants.snapshot(tenant, given['name']!),
  },
  'POST tenants/:t/restore': {
    status: 200,
    body: schema(['snapshot']),
    run: (tenants, tenant, given) => tenants.restore(tenant, given['snapshot']!),
  },
}

const MAX_BODY = 64 * 1024

/** Answers requests below /admin; gives others on with `next`. */
export function adminOverHttp(
  token: string,
  tenants: TenantAdmin & Rooms,
  packages: PackageAdmin,
  log: ProblemLog,
  publicUrl: string,
): (request: IncomingMessage, response: ServerResponse, next: () => void) => void {
  const expected = digest(token)
  return (request, response, next) => {
    const path = request.url!.split('?', 1)[0]!
    if (path !== '/admin' && !path.startsWith('/admin/')) return next()
    void exchange(request, response, path.slice(7).replace(/\/$/, ''))
  }

  async function exchange(request: IncomingMessage, response: ServerResponse, path: string): Promise<void> {
    const id = requestId(request.headers['x-request-id'])
    try {
      authorize(request.headers.authorization, expected)
      const ofPackages = await answerPackages({
        request,
        path,
        packages,
        known: tenant => tenants.info(tenant),
        readJson: schema => read(request, schema),
      })
      if (ofPackages) return json(response, ofPackages.status, ofPackages.value)
      const ofSmart = await answerSmart({
        method: request.method!,
        path,
        store: async tenant => (await tenants.room(tenant)).engine,
        readJson: schema => read(request, schema),
      })
      if (ofSmart) return json(response, ofSmart.status, ofSmart.value)
      const ofCds = await answerCds({
        method: request.method!,
        path,
        cds: async tenant => (await tenants.room(tenant)).cds,
        root: prefix => baseOf(request, publicUrl, prefix),
        readBody: () => readAny(request),
      })
      if (ofCds) return json(response, ofCds.status, ofCds.value)
      const { action, tenant } = find(request.method!, path)
      const given = action.body ? await read(request, action.body) : {}
      json(response, action.status, await action.run(tenants, tenant, given))
    } catch (error) {
      request.resume()
      const answer: FhirResponse = problem(error, id, log)
      send(request, response, answer, { requestId: id, base: '', pretty: true, raw: false, last: false })
    }
  }
}

/** Digests have one length, so that comparing takes the same time whatever was sent. */
const digest = (token: string) => createHash('sha256').update(token).digest()

function authorize(header: string | undefined, expected: Buffer): void {
  const given = /^Bearer +([^ ]+)$/i.exec(header ?? '')?.[1]
  if (given !== undefined && timingSafeEqual(digest(given), expected)) return
  const diagnostics =
    'Send the admin token: Authorization: Bearer <token>. It is DHP_ADMIN_TOKEN, or the one printed at start.'
  throw new FhirError(401, [{ severity: 'error', code: 'login', diagnostics }], {
    'WWW-Authenticate': 'Bearer realm="admin"',
  })
}

function find(method: string, path: string): { action: Action; tenant: string } {
  const [first = '', tenant, ...rest] = path.split('/', 5)
  const shape = [first, ...(tenant === undefined ? [] : [':t']), ...rest].join('/')
  const key = `${method === 'HEAD' ? 'GET' : method} ${shape}`
  if (Object.hasOwn(actions, key)) return { action: actions[key]!, tenant: tenant ?? '' }
  const others = Object.keys(actions)
    .filter(each => each.split(' ')[1] === shape)
    .map(each => each.split(' ')[0]!)
  if (others.length) throw methodNotAllowed(`Use ${others.join(' or ')} here.`, others.join(', '))
  throw notFound(
    `There is nothing here. The admin API has: ${[
      ...Object.keys(actions).map(each => each.replace(' ', ' /admin/').replace(':t', '{tenant}')),
      ...packageRoutes,
      ...smartRoutes,
      ...cdsRoutes,
    ].join(', ')}.`,
  )
}

/** Bundles of services come here, too. */
const MAX_BUNDLE = 4 * 1024 * 1024

async function readAny(request: IncomingMessage): Promise<unknown> {
  const kind = bodyKind(request.headers['content-type'] ?? 'application/json')
  const bytes = await readBody(request, MAX_BUNDLE)
  if (bytes.length === 0) return undefined
  if (kind !== 'fhir') throw unsupportedMediaType('Send JSON with Content-Type: application/json.')
  return parseJson(bytes)
}

async function read(request: IncomingMessage, shape: object): Promise<Given> {
  const kind = bodyKind(request.headers['content-type'] ?? 'application/json')
  const bytes = await readBody(request, MAX_BODY)
  if (kind !== 'fhir') throw unsupportedMediaType('Send JSON with Content-Type: application/json.')
  if (bytes.length === 0) throw badRequest('The body is empty. Send a JSON object.')
  const value = parseJson(bytes)
  // loaded with the first body: most servers never see one
  const { Ajv } = await import('ajv')
  const ajv = new Ajv({ allErrors: true, logger: false })
  if (ajv.validate(shape, value)) return value as Given
  throw unprocessable(
    ajv
      .errors!.map(
        ({ instancePath, message, params }) =>
          `${instancePath || 'the body'} ${message}${'additionalProperty' in params ? `: ${params['additionalProperty']}` : ''}`,
      )
      .join('; '),
    undefined,
    'structure',
  )
}

function json(response: ServerResponse, status: number, value: unknown): void {
  const body = value === undefined || status === 204 ? '' : JSON.stringify(value, null, 2) + '\n'
  const type = body
    ? ['Content-Type', 'application/json; charset=utf-8', 'Content-Length', String(Buffer.byteLength(body))]
    : []
  response.writeHead(status, [...type, ...safety] as string[]).end(body)
}
