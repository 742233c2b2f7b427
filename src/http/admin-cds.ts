/**
 * The admin API of CDS services, of the clients that may call them, and of the server as a CDS client; for the default tenant, or
 * below /admin/tenants/{t}/ for another. What there is stands in src/cds/admin.ts.
 */
import type { AdminAnswer, AdminRequest } from '../cds/admin.ts'
import { badRequest } from '../fhir/outcome.ts'

export const cdsRoutes = [
  'GET and POST /admin/cds-services',
  'GET, PUT and DELETE /admin/cds-services/{id}',
  'POST /admin/cds-services/{id}/enable and /disable',
  'GET /admin/cds-services/{id}/versions, /statistics and /feedback',
  'POST /admin/cds-services/{id}/versions/{n}/restore',
  'GET /admin/cds-services/$statistics and /$export',
  'POST /admin/cds-services/$import',
  'GET and POST /admin/cds-clients',
  'GET, PUT and DELETE /admin/cds-clients/{iss}',
  'GET and PUT /admin/cds-settings',
  'POST /admin/cds-client/fire',
]

const PATH = /^(?:tenants\/([^/]+)\/)?((?:cds-services|cds-clients|cds-settings|cds-client)(?:\/.*)?)$/s

export interface CdsExchange {
  readonly method: string
  /** Below /admin/, as it came. */
  readonly path: string
  /** The CDS services of a tenant; rejects with notFound. */
  cds(tenant: string): Promise<{ admin(request: AdminRequest): Promise<AdminAnswer | undefined> }>
  /** Where the tenant is for this client: '' or `/t/{tenant}` behind it. */
  root(prefix: string): string
  /** The JSON of the body; undefined when there is none. */
  readBody(): Promise<unknown>
}

/** The answer when the path is one of these; undefined when it is not. Throws a FhirError. */
export async function answerCds(exchange: CdsExchange): Promise<AdminAnswer | undefined> {
  const found = PATH.exec(exchange.path)
  if (!found) return undefined
  const tenant = found[1] === undefined ? 'default' : decoded(found[1])
  const cds = await exchange.cds(tenant)
  const root = exchange.root(found[1] === undefined || tenant === 'default' ? '' : `/t/${tenant}`)
  const method = exchange.method === 'HEAD' ? 'GET' : exchange.method
  const writes = method === 'POST' || method === 'PUT'
  return cds.admin({
    method,
    path: found[2]!.split('/').map(decoded),
    ...(writes ? { body: await exchange.readBody() } : {}),
    place: { base: `${root}/fhir`, services: `${root}/cds-services` },
  })
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    throw badRequest('The path has a % that is not followed by two hexadecimal digits.')
  }
}
