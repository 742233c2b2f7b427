/**
 * The search parameter meant by a name, for the types that are searched.
 * https://hl7.org/fhir/R4/searchparameter-registry.html
 */
import type { SearchParam } from '../fhir/definitions.ts'
import { badRequest, tooCostly } from '../fhir/outcome.ts'
import type { Asking, Reading } from './kind.ts'
import { didYouMean } from './suggest.ts'

/** Names that mean the same whatever is searched; search/all-resources.ts and search/filter-expression.ts read them. */
export const everywhere = ['_id', '_lastUpdated', '_list', '_text', '_content', '_filter', '_has'] as const

/** Types named in a message; a search of the whole server has too many. */
const several = (types: readonly string[]) =>
  types.length > 4 ? `${types.slice(0, 3).join(', ')} and ${types.length - 3} other types` : types.join(', ')

/**
 * The parameter that all the types searched have by this name; one that leads to other types in each leads to any of
 * them. Refuses (400) a name that one of the types does not know.
 */
export function lookup(code: string, { definitions, types }: Asking): SearchParam {
  const found = types.map(type => definitions.searchParams(type).get(code))
  const first = found[0]
  const unknown = types.filter((_, index) => found[index] === undefined)
  if (!first || unknown.length > 0) {
    const known = types.slice(0, 20).flatMap(type => [...definitions.searchParams(type).keys()])
    const partly =
      unknown.length < types.length ? ' A search of several types takes parameters that all of them have.' : ''
    throw badRequest(
      `${several(unknown)} has no search parameter "${code}".${didYouMean(code, new Set([...known, ...everywhere]))}${partly}`,
    )
  }
  if (types.length === 1 || found.every(param => param === first)) return first
  if (found.some(param => param?.type !== first.type))
    throw badRequest(`"${code}" is not of the same kind for ${several(types)}: search them one by one.`)
  const open = found.some(param => param?.target.length === 0)
  return { ...first, target: open ? [] : [...new Set(found.flatMap(param => param?.target ?? []))] }
}

/** Whether a resource type can be asked for this name, which may be the beginning of a chain. */
export const knows = (type: string, code: string, { definitions }: Asking): boolean =>
  (everywhere as readonly string[]).includes(code) || definitions.searchParams(type).has(code)

/** What a kind needs to read a value of this parameter. */
export function reading(param: SearchParam, asking: Asking): Reading {
  const { definitions, base, now, expand, types, componentsOf } = asking
  const type = types[0]!
  return {
    definitions,
    type,
    param,
    base,
    now,
    ...(expand ? { expand } : {}),
    ...(param.type === 'composite' ? { components: componentsOf(type, param) } : {}),
  }
}

/** Counts one more question. Refuses (422) when there are too many. */
export function spend(asking: Asking, cost = 1): void {
  asking.budget.left -= cost
  if (asking.budget.left < 0)
    throw tooCostly(
      'This search asks for too much at once. Give fewer values, or say which type each reference of a chain leads to (subject:Patient.name).',
    )
}
