/**
 * Compartment search: `Patient/1/Observation`, `Patient/1/*`.
 * https://hl7.org/fhir/R4/http.html#search
 */
import { compartmentFilter, compartmentGroups } from '../access/compartment.ts'
import { gone, notFound } from '../fhir/outcome.ts'
import type { Filter } from '../search/query.ts'
import type { Context, Match } from './exchange.ts'
import { listed } from './outcome-text.ts'

/** One question to the store: types that one Filter is for. */
export interface Part {
  readonly types: readonly string[]
  readonly filter: Filter | undefined
}

/**
 * What a search of the compartment in the path asks the store: one part for a type, several for `*`, since each type is in the
 * compartment by its own parameters. Throws 404 when there is no such compartment, or the type is never in it.
 */
export async function compartmentParts(context: Context, { type, id, rest }: Match): Promise<readonly Part[]> {
  const { definitions, store } = context
  const members = definitions.compartment(type)
  if (!members) {
    const known = definitions.resourceTypes.filter(each => definitions.compartment(each))
    throw notFound(
      `${type} has no compartment, so ${type}/${id}/${rest} is nothing. FHIR has compartments for ${listed(known)}.`,
    )
  }
  const filter = rest === '*' ? undefined : compartmentFilter(definitions, type, id, rest)
  if (rest !== '*' && !filter) {
    throw notFound(
      `${rest} resources are never in the compartment of a ${type}. Search them by their own parameters: ${rest}?…`,
    )
  }
  const focus = await store.read({ type, id })
  if (!focus) throw notFound({ type, id })
  if (focus.text === undefined) throw gone({ type, id })
  return filter ? [{ types: [rest], filter }] : compartmentGroups(definitions, type, id)
}
