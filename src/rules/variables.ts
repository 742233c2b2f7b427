/**
 * What the expressions of a rule may name: the data of the occasion, and the rule's own variables, evaluated when first asked for.
 * https://cds-hooks.hl7.org/2.0/#http-request_1
 *
 * `%key` of a hook's input is the resources that were given under that key: of a read the one, of a search those of its
 * entries, without what the server had to say (OperationOutcome). The searchset itself is `%prefetch.key`.
 */
import type { Items } from '../fhirpath/items.ts'
import { listOf, objectOf } from './reading.ts'
import type { HookData, Named, Rule, RuleAction, RuleData } from './words.ts'

/** What all rules of one occasion share. */
export interface Environment {
  /** What an expression starts from: of a hook all resources given, of the API the resource. */
  readonly focus: Items
  readonly now: () => Date
  /** The variables of an action. */
  with(rule: Rule, action: RuleAction, evaluate: (named: Named) => Items): Readonly<Record<string, unknown>>
}

export function environment(data: RuleData): Environment {
  const date = new Date(data.now)
  const facts = data.is === 'hook' ? hookFacts(data) : dataFacts(data)
  const focus = (data.is === 'hook' ? Object.values(resourcesByKey(facts)).flat() : [data.resource]) as unknown as Items
  return {
    focus: focus.filter(each => each !== undefined && each !== null),
    now: () => date,
    with(rule, action, evaluate) {
      const env: Record<string, unknown> = { ...facts.values }
      for (const key of rule.keys) env[key] ??= []
      for (const named of action.variables) {
        Object.defineProperty(env, named.name, { get: () => evaluate(named), enumerable: true, configurable: true })
      }
      return env
    },
  }
}

interface Facts {
  readonly values: Readonly<Record<string, unknown>>
  readonly keys: readonly string[]
}

const resourcesByKey = ({ values, keys }: Facts): Record<string, readonly unknown[]> =>
  Object.fromEntries(keys.map(key => [key, values[key] as readonly unknown[]]))

function hookFacts({ context, prefetch, language, now }: HookData): Facts {
  const values: Record<string, unknown> = Object.create(null) as Record<string, unknown>
  const keys = Object.keys(prefetch)
  for (const key of keys) values[key] = resourcesIn(prefetch[key])
  Object.assign(values, { context, prefetch, language, user: context['userId'], now: new Date(now).toISOString() })
  return { values, keys }
}

const dataFacts = (data: Extract<RuleData, { is: 'data' }>): Facts => ({
  keys: [],
  values: {
    resource: data.resource ?? [],
    previous: data.previous ?? [],
    request: data.request,
    caller: data.caller,
    user: data.caller.user,
    language: data.language ?? 'en',
    now: new Date(data.now).toISOString(),
  },
})

/** The resources of what was prefetched under a key. */
export function resourcesIn(value: unknown): readonly unknown[] {
  if (typeof value !== 'object' || value === null) return []
  const { resourceType, entry } = objectOf(value)
  if (resourceType !== 'Bundle') return [value]
  return listOf(entry).flatMap(each => {
    const { resource } = objectOf(each)
    return typeof resource === 'object' &&
      resource !== null &&
      objectOf(resource)['resourceType'] !== 'OperationOutcome'
      ? [resource]
      : []
  })
}
