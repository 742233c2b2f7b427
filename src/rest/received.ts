/**
 * The resource a client sends, checked; a Binary may come as its bytes.
 * https://hl7.org/fhir/R4/binary.html#rest
 */
import { badRequest, FhirError } from '../fhir/outcome.ts'
import { checked } from './check.ts'
import type { Context, FhirRequest, Resource } from './exchange.ts'

/** The body as a resource of this type. Throws 400 or 422 with all that is wrong. */
export async function received(context: Context, type: string): Promise<Resource> {
  const { request } = context
  const body = Buffer.isBuffer(request.body) ? binary(request, request.body, type) : request.body
  return accepted(context, checked(body, type, context.definitions))
}

/** The resource, when validation has nothing against it; else throws 422. */
export async function accepted(context: Context, resource: Resource): Promise<Resource> {
  if (!context.validate) return resource
  const issues = await context.validate(resource)
  if (issues.some(({ severity }) => severity === 'error' || severity === 'fatal')) throw new FhirError(422, issues)
  return resource
}

function binary(request: FhirRequest, bytes: Buffer, type: string): Resource {
  const contentType = request.headers['content-type']
  if (type !== 'Binary')
    throw badRequest(`The body of a ${type} is FHIR JSON; send it as application/fhir+json.`, 'structure')
  if (!contentType) throw badRequest('A Binary sent as its bytes needs a Content-Type.', 'required')
  return { resourceType: 'Binary', contentType, ...(bytes.length > 0 ? { data: bytes.toString('base64') } : {}) }
}
