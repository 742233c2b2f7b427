/**
 * Composite parameters: `code$value`, both of one and the same element.
 * https://hl7.org/fhir/R4/search.html#composite
 */
import { badRequest } from '../fhir/outcome.ts'
import type { SearchParam } from '../fhir/definitions.ts'
import { split } from './escape.ts'
import type { SearchKind } from './kind.ts'
import type { Filter } from './query.ts'

/** Its components are of the other kinds, which the list of kinds gives. */
export const composite = (kindOf: (type: SearchParam['type']) => SearchKind): SearchKind => ({
  type: 'composite',
  sortsBy: undefined,
  // the extractor groups the components' own entries by element
  index: () => [],
  async read(text, reading) {
    const { param, components = [] } = reading
    const values = split(text, '$')
    if (components.length === 0)
      throw badRequest(`The components of ${param.code} are not known to this server.`, 'not-supported')
    if (values.length !== components.length)
      throw badRequest(
        `"${text}" has ${values.length} part(s): ${param.code} takes ${components.map(each => each.code).join('$')}. Write a "$" that belongs to a value as "\\$".`,
      )
    const parts: Filter[] = []
    for (const [at, component] of components.entries())
      parts.push(await kindOf(component.type).read(values[at]!, { ...reading, param: component }))
    return { is: 'tuple', param: param.code, parts }
  },
  modifiers: {},
  prefixes: [],
  present: (param, components = []) => ({
    is: 'tuple',
    param,
    parts: components.map(component => kindOf(component.type).present(component.code)),
  }),
})
