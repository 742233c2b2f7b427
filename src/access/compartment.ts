/**
 * Compartments: which resources belong to a patient (an encounter, a device …), exactly as CompartmentDefinition says.
 * https://hl7.org/fhir/R4/compartmentdefinition.html
 */
import type { Definitions } from '../fhir/definitions.ts'
import type { Filter } from '../search/query.ts'

/**
 * What puts a resource of `type` into the compartment `code/id`: one of the type's parameters refers to it, or it is that resource
 * itself. Undefined when no resource of that type is ever in such a compartment, or `code` has no compartment at all.
 */
export function compartmentFilter(
  definitions: Definitions,
  code: string,
  id: string,
  type: string,
): Filter | undefined {
  const params = compartmentParams(definitions, code, type)
  if (!params) return undefined
  const parts: Filter[] = params.map(param => ({
    is: 'has',
    param,
    kind: 'reference',
    where: { is: 'compare', by: '=', column: 'ref', value: `${code}/${id}` },
  }))
  if (type === code) parts.unshift({ is: 'id', ids: [id] })
  return parts.length === 1 ? parts[0]! : { is: 'any', parts }
}

/** The parameters that put a resource of `type` into a compartment of this code; undefined when nothing does. */
export function compartmentParams(definitions: Definitions, code: string, type: string): readonly string[] | undefined {
  const members = definitions.compartment(code)
  if (!members) return undefined
  // `{def}` is the definition's way to say: the resource that the compartment is named for.
  const params = (members.get(type) ?? []).filter(param => param !== '{def}')
  return params.length > 0 || type === code ? params : undefined
}

/**
 * The types of the compartment, those with the same parameters together: one Filter finds a whole group, and no resource is found
 * by a parameter that only counts for another type. In a lasting order.
 */
export function compartmentGroups(
  definitions: Definitions,
  code: string,
  id: string,
  types: readonly string[] = definitions.resourceTypes,
): readonly { types: readonly string[]; filter: Filter }[] {
  const groups = new Map<string, { types: string[]; filter: Filter }>()
  for (const type of types.toSorted()) {
    const filter = compartmentFilter(definitions, code, id, type)
    if (!filter) continue
    const params = compartmentParams(definitions, code, type)!
    const key = type === code ? '' : params.toSorted().join(' ')
    const group = groups.get(key)
    if (group) group.types.push(type)
    else groups.set(key, { types: [type], filter })
  }
  // the resource itself first
  return [...groups.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, group]) => group)
}
