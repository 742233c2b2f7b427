/**
 * `resolve()` among resources at hand: those of a request, and what was prefetched for it.
 * https://hl7.org/fhir/R4/fhirpath.html#functions
 */
import { readReference } from '../fhir/reference.ts'
import { isObject } from './items.ts'

/**
 * Finds resources by reference, for an evaluation's `resolve`. `given`: resources, Bundles (their entries are found, by
 * `fullUrl` too) and lists of them; anything else is passed over. Of equal references the first wins. Nothing is looked
 * at before the first question.
 */
export function resolverOf(given: readonly unknown[]): (reference: string) => unknown {
  let known: Map<string, unknown> | undefined
  return reference => {
    known ??= index(given)
    const found = known.get(reference)
    if (found !== undefined) return found
    const { type, id, version } = readReference(reference) ?? {}
    if (version === undefined) return undefined
    const latest = known.get(`${type}/${id}`)
    return isObject(latest) && isObject(latest['meta']) && latest['meta']['versionId'] === version ? latest : undefined
  }
}

function index(given: readonly unknown[]): Map<string, unknown> {
  const known = new Map<string, unknown>()
  const add = (reference: unknown, resource: unknown) => {
    if (typeof reference === 'string' && !known.has(reference)) known.set(reference, resource)
  }
  const open = [...given].reverse()
  for (let resource = open.pop(); open.length > 0 || resource !== undefined; resource = open.pop()) {
    if (Array.isArray(resource)) for (const each of resource.toReversed()) open.push(each)
    if (!isObject(resource)) continue
    const { resourceType, id, entry } = resource
    if (typeof resourceType === 'string' && typeof id === 'string') add(`${resourceType}/${id}`, resource)
    if (resourceType !== 'Bundle' || !Array.isArray(entry)) continue
    for (const each of entry as unknown[]) {
      if (!isObject(each) || !isObject(each['resource'])) continue
      add(each['fullUrl'], each['resource'])
      open.push(each['resource'])
    }
  }
  return known
}
