/**
 * The resource a client sends, checked; a Binary may come as its bytes.
 * https://hl7.org/fhir/R4/binary.html#rest
 */
import { badRequest, FhirError } from '../fhir/outcome.ts'
import { checked } from './checked.ts'
import type { Context, FhirRequest, Resource } from './exchange.ts'
import { mannerOf, refuseInvalid, ruleIssues } from './validation.ts'

/** The body as a resource of this type. Throws 400 or 422 with all that is wrong. */
export async function received(context: Context, type: string): Promise<Resource> {
  const { request } = context
  const body = Buffer.isBuffer(request.body) ? binary(request, request.body, type) : request.body
  return accepted(context, checked(body, type, context.definitions, mannerOf(context)))
}

/** The resource, when validation has nothing against it, and, being a rule, it can be carried out; else throws 422. */
export async function accepted(context: Context, resource: Resource): Promise<Resource> {
  const broken = ruleIssues(context, resource)
  if (broken.length > 0) throw new FhirError(422, broken)
  await refuseInvalid(context, resource)
  return resource
}

function binary(request: FhirRequest, bytes: Buffer, type: string): Resource {
  const contentType = request.headers['content-type']
  if (type !== 'Binary')
    throw badRequest(`The body of a ${type} is FHIR JSON; send it as application/fhir+json.`, 'structure')
  if (!contentType) throw badRequest('A Binary sent as its bytes needs a Content-Type.', 'required')
  return { resourceType: 'Binary', contentType, ...(bytes.length > 0 ? { data: bytes.toString('base64') } : {}) }
}
