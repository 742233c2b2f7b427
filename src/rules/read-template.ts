/**
 * What a rule makes resources of: a contained resource as it stands, or a contained ActivityDefinition applied.
 * https://hl7.org/fhir/R4/plandefinition-definitions.html#PlanDefinition.action.definition_x_
 */
import type { Resource } from '../fhir/types.ts'
import { requestOf } from './activity.ts'
import { readPath } from './dynamic.ts'
import { listOf, objectOf, type Reading, textOf } from './reading.ts'
import type { Dynamic, RuleTemplate } from './words.ts'

/** Where expressions of an action are read. */
export interface Scope {
  /** `action[0]` */
  readonly place: string
  readonly variables: readonly string[]
}

/** The template an action names; undefined when it names none, or a wrong one. */
export function readTemplate(
  reading: Reading,
  plan: Readonly<Record<string, unknown>>,
  action: Readonly<Record<string, unknown>>,
  scope: Scope,
  own: readonly string[] = [],
): RuleTemplate | undefined {
  const { place, variables } = scope
  const name = action['definitionUri'] !== undefined ? 'definitionUri' : 'definitionCanonical'
  const named = textOf(action[name])
  if (named === undefined) return undefined
  const at = `${place}.definition`
  if (!named.startsWith('#'))
    return reading.fault(at, `Put the template or ActivityDefinition into "contained" and name it here: #its-id.`)
  const index = listOf(plan['contained']).findIndex(each => objectOf(each)['id'] === named.slice(1))
  if (index < 0) return reading.fault(at, `Nothing contained has the id ${named.slice(1, 65)}.`)
  const contained = listOf(plan['contained'])[index] as Resource
  if (contained.resourceType !== 'ActivityDefinition') {
    const { id: _, ...rest } = contained
    return {
      resource: structuredClone(rest),
      activity: false,
      dynamic: dynamicValues(reading, action['dynamicValue'], rest.resourceType, scope, { own }),
    }
  }
  const resource = requestOf(contained)
  if (typeof resource === 'string') return reading.fault(`contained[${index}]`, resource)
  const type = resource.resourceType
  return {
    resource,
    activity: true,
    dynamic: [
      ...dynamicValues(reading, contained['dynamicValue'], type, { place: `contained[${index}]`, variables }),
      ...dynamicValues(reading, action['dynamicValue'], type, scope, { own }),
    ],
  }
}

/**
 * The dynamic values that go into a resource of this type. `own`: paths that are about the action itself, and not read here.
 * `mask`: see `all` of readPath; an expression is not needed.
 */
export function dynamicValues(
  reading: Reading,
  values: unknown,
  type: string,
  { place, variables }: Scope,
  { own = [], mask = false }: { readonly own?: readonly string[]; readonly mask?: boolean } = {},
): readonly Dynamic[] {
  return listOf(values).flatMap((each, index): readonly Dynamic[] => {
    const { path, expression } = objectOf(each)
    const at = `${place}.dynamicValue[${index}]`
    if (typeof path !== 'string') return (reading.fault(at, 'It needs a path: where the value goes.'), [])
    if (own.includes(path)) return []
    const target = readPath(path, type, reading.reader.definitions, mask)
    if (typeof target === 'string') return (reading.fault(`${at}.path`, target), [])
    if (mask && expression === undefined) return [{ ...target, expression: undefined }]
    const compiled = reading.expression(expression, `${at}.expression`, variables)
    return compiled ? [{ ...target, expression: compiled }] : []
  })
}

/** The expression for one of the action's own texts. */
export function ownValue(reading: Reading, values: unknown, name: string, { place, variables }: Scope) {
  const index = listOf(values).findIndex(each => objectOf(each)['path'] === name)
  if (index < 0) return undefined
  const { expression } = objectOf(listOf(values)[index])
  return reading.expression(expression, `${place}.dynamicValue[${index}].expression`, variables)
}
