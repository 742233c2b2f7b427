/**
 * The body of a write as a resource of the type it is sent to.
 * https://hl7.org/fhir/R4/http.html#create
 */
import type { Definitions } from '../fhir/definitions.ts'
import { badRequest, FhirError } from '../fhir/outcome.ts'
import type { Resource } from '../fhir/types.ts'
import { didYouMean } from '../search/suggest.ts'
import { kindOf } from './check-texts.ts'
import { problems, type Manner } from './check.ts'
import { quoted } from './outcome-text.ts'

/**
 * The body as a resource of the type the URL names. Throws 400 when it is no resource or one of another type,
 * 422 with all that is wrong (up to 20 issues, each with its FHIRPath) otherwise.
 */
export function checked(body: unknown, type: string, definitions: Definitions, manner?: Manner): Resource {
  if (body === undefined) throw badRequest(`There is no body; it should be a ${type} resource.`, 'structure')
  if (!isObject(body))
    throw badRequest(
      `The body is ${kindOf(body)}; it should be a ${type} resource, a JSON object with "resourceType".`,
      'structure',
    )
  const { resourceType } = body
  if (typeof resourceType !== 'string')
    throw badRequest(`The body has no "resourceType"; add "resourceType": "${type}".`, 'structure')
  if (!definitions.isResourceType(resourceType)) {
    throw badRequest(
      `${quoted(resourceType)} is not a resource type of FHIR R4.${didYouMean(resourceType, definitions.resourceTypes)}`,
      'structure',
      'resourceType',
    )
  }
  if (resourceType !== type) {
    throw badRequest(
      `The body is a ${resourceType}, but the URL names ${type}. Send it to ${resourceType}, or change the body.`,
      'invalid',
      'resourceType',
    )
  }
  const issues = problems(body as Resource, definitions, manner)
  if (issues.length > 0) throw new FhirError(422, issues)
  return body as Resource
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
