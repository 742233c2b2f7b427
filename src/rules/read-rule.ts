/**
 * A PlanDefinition read as a rule, or all that is wrong with it.
 * https://hl7.org/fhir/R4/plandefinition.html
 */
import { readAction, variablesFor } from './read-action.ts'
import { evidenceOf, isName, listOf, objectOf, Reading, type RuleReader, textOf } from './reading.ts'
import { QUERY_PATTERN, RULE_ORDER, RULE_PROFILE, type Rule, type RuleAction, type RuleFault } from './words.ts'

const MOST_ACTIONS = 50

/** Whether a resource declares that it is a rule. */
export function isRule(resource: unknown): boolean {
  const { resourceType, meta } = objectOf(resource)
  return (
    resourceType === 'PlanDefinition' &&
    listOf(objectOf(meta)['profile']).some(each => typeof each === 'string' && each.split('|')[0] === RULE_PROFILE)
  )
}

export type Read = { readonly rule: Rule } | { readonly faults: readonly RuleFault[] }

/** Reads a PlanDefinition that is a rule. Nothing of it is believed but that it is JSON. */
export function readRule(resource: unknown, reader: RuleReader): Read {
  const plan = objectOf(resource)
  const reading = new Reading(reader)
  const needed = (name: string, why: string) =>
    textOf(plan[name]) ?? (reading.fault(name, `A rule needs a ${name}: ${why}.`), '')
  const type = listOf(objectOf(plan['type'])['coding']).map(each => objectOf(each)['code'])
  if (!type.includes('eca-rule')) reading.fault('type', 'The type of a rule is eca-rule.')
  const rule = {
    id: textOf(plan['id']) ?? '',
    url: needed('url', 'what it is approved and found by'),
    version: needed('version', 'what exactly is approved'),
    name: needed('name', 'what its CDS service is called by'),
    title: needed('title', 'what people call it'),
    description: textOf(plan['description']) ?? textOf(plan['title']) ?? '',
    status: textOf(plan['status']) ?? '',
    order: orderOf(reading, plan),
    evidence: evidenceOf(plan['relatedArtifact']),
    ...readActions(reading, plan),
  }
  return reading.faults.length > 0 ? { faults: reading.faults } : { rule }
}

function orderOf(reading: Reading, plan: Readonly<Record<string, unknown>>): number {
  const extensions = listOf(plan['extension']).map(objectOf)
  const position = extensions.findIndex(({ url }) => url === RULE_ORDER)
  if (position < 0) return 100
  const order = extensions[position]!['valueInteger']
  if (typeof order === 'number' && Number.isInteger(order)) return order
  reading.fault(`extension[${position}].value`, 'The order of a rule is an integer.')
  return 100
}

function readActions(reading: Reading, plan: Readonly<Record<string, unknown>>): Pick<Rule, 'keys' | 'actions'> {
  const all = listOf(plan['action'])
  if (all.length === 0) reading.fault('', 'A rule needs an action: what follows, and when.')
  if (all.length > MOST_ACTIONS) {
    reading.fault('action', `A rule has at most ${MOST_ACTIONS} actions. Make several rules.`)
    return { keys: [], actions: [] }
  }
  const keys = inputKeys(reading, all)
  const variables = reading.variables(plan, '', sharedVariables(all, keys))
  const actions: RuleAction[] = []
  for (const [index, value] of all.entries()) {
    if (reading.isFull) break
    const action = readAction(reading, value, index, { plan, variables, keys })
    if (action) actions.push(action)
  }
  return { keys, actions }
}

/** What all of the actions know: a variable of the rule may use nothing else. */
function sharedVariables(actions: readonly unknown[], keys: readonly string[]): readonly string[] {
  const types = actions.flatMap(each => listOf(objectOf(each)['trigger']).map(one => objectOf(one)['type']))
  const hooks = types.filter(type => type === 'named-event').length
  if (hooks === 0 || hooks === types.length) return variablesFor(hooks > 0, keys)
  const data = variablesFor(false, keys)
  return variablesFor(true, keys).filter(name => data.includes(name))
}

/** The keys of all inputs. One key stands for one template throughout a rule. */
function inputKeys(reading: Reading, actions: readonly unknown[]): readonly string[] {
  const templates = new Map<string, unknown>()
  for (const [a, action] of actions.entries())
    for (const [i, input] of listOf(objectOf(action)['input']).entries()) {
      const { id, extension } = objectOf(input)
      if (!isName(id)) continue
      const template = listOf(extension)
        .map(objectOf)
        .find(({ url }) => url === QUERY_PATTERN)?.['valueString']
      if (templates.has(id) && templates.get(id) !== template)
        reading.fault(`action[${a}].input[${i}]`, `There is an input ${id} with another query; give it another id.`)
      templates.set(id, template)
    }
  return [...templates.keys()]
}
