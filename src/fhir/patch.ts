/**
 * Patch: changes to a resource, in the format that the content type says.
 * https://hl7.org/fhir/R4/http.html#patch
 */
import type { Definitions } from './definitions.ts'
import { applyFhirPathPatch } from './fhirpath-patch.ts'
import { MAX_DEPTH } from './json.ts'
import { applyJsonPatch } from './json-patch.ts'
import { unprocessable, unsupportedMediaType } from './outcome.ts'
import { isProperties } from './place.ts'
import type { Resource } from './types.ts'

/** The content types of patches. */
export const patchTypes: readonly string[] = ['application/json-patch+json', 'application/fhir+json']

/**
 * The resource with a patch applied; `resource` itself does not change. The result still needs validation.
 * `contentType`: of the body, parameters such as `charset` allowed.
 * Errors: 415 for another content type, 400 for a malformed patch, 422 for one that cannot be applied, or that
 * would change the type or the id of the resource.
 */
export function applyPatch(resource: Resource, body: unknown, contentType: string, definitions: Definitions): Resource {
  const result = patched(resource, body, contentType.split(';', 1)[0]!.trim().toLowerCase(), definitions)
  for (const name of ['resourceType', 'id'] as const) {
    if (isProperties(result) && result[name] === resource[name]) continue
    throw unprocessable(`A patch cannot change the ${name} of a resource.`, `${resource.resourceType}.${name}`)
  }
  if (isTooDeep(result, MAX_DEPTH)) throw unprocessable(`The result would be more than ${MAX_DEPTH} levels deep.`)
  return result
}

function patched(resource: Resource, body: unknown, type: string, definitions: Definitions): Resource {
  if (type === 'application/json-patch+json') return applyJsonPatch(resource, body)
  if (type === 'application/fhir+json' || type === 'application/json') {
    return applyFhirPathPatch(resource, body, definitions)
  }
  throw unsupportedMediaType(`A patch is sent as one of: ${patchTypes.join(', ')}; not as "${type.slice(0, 100)}".`)
}

function isTooDeep(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return false
  return levels === 0 || Object.values(value).some(part => isTooDeep(part, levels - 1))
}
