/**
 * An action of a rule: when it is asked, what must hold, what follows.
 * https://hl7.org/fhir/R4/plandefinition-definitions.html#PlanDefinition.action
 */
import { expressionReads } from './reads-resource.ts'
import { dynamicValues, ownValue, readTemplate, type Scope } from './read-template.ts'
import { evidenceOf, isName, listOf, objectOf, type Reading, ruleText, textOf } from './reading.ts'
import {
  ACTION_KINDS,
  ACTION_SYSTEM,
  type ActionKind,
  DATA_EVENTS,
  type DataEvent,
  type Named,
  OVERRIDE_REASON,
  QUERY_PATTERN,
  type RuleAction,
  type RuleCondition,
  type RuleInput,
  type RuleSuggestion,
  type RuleTrigger,
} from './words.ts'

type Plain = Readonly<Record<string, unknown>>

const MOST = { triggers: 50, inputs: 50, conditions: 100, suggestions: 20 } as const

/** In the data of a trigger, which R4 does not let be empty. */
const ALL_TYPES = 'Resource'

/** What expressions may name beside the rule's own: by kind of trigger. */
const HOOK_VARIABLES = ['context', 'prefetch', 'user', 'now', 'language']
const DATA_VARIABLES = ['resource', 'previous', 'request', 'caller', 'user', 'now', 'language']
/** Names that inputs cannot have. */
const TAKEN = new Set([...HOOK_VARIABLES, ...DATA_VARIABLES, 'rootResource', 'ucum', 'sct', 'loinc'])

/** Where each kind of action may stand. */
const allowed: Readonly<Record<ActionKind, readonly string[]>> = {
  card: ['hook'],
  'system-action': ['hook'],
  deny: DATA_EVENTS,
  warn: DATA_EVENTS,
  tag: ['data-added', 'data-modified'],
  mask: ['data-accessed'],
  route: ['data-added', 'data-modified', 'data-removed'],
  derive: ['data-added', 'data-modified'],
}

/** What the actions of one rule share. */
export interface RuleScope {
  readonly plan: Plain
  readonly variables: readonly Named[]
  /** Keys of the inputs of all its actions. */
  readonly keys: readonly string[]
}

/** The variables that an action with such triggers has. */
export const variablesFor = (hook: boolean, keys: readonly string[]): readonly string[] =>
  hook ? [...HOOK_VARIABLES, ...keys] : DATA_VARIABLES

/** Reads an action, and says what is wrong with it. */
export function readAction(reading: Reading, value: unknown, index: number, rule: RuleScope): RuleAction | undefined {
  const action = objectOf(value)
  const place = `action[${index}]`
  const triggers = readTriggers(reading, action, place)
  const hook = triggers[0]?.is === 'hook'
  const kind = kindOf(reading, action, place, triggers)
  if (!kind) return undefined
  const inputs = readInputs(reading, action, place)
  if (!hook && inputs.length > 0)
    reading.fault(`${place}.input`, 'Inputs are for CDS hooks: the API has %resource and %previous.')
  const given = [...variablesFor(hook, rule.keys), ...rule.variables.map(({ name }) => name)]
  const variables = [...rule.variables, ...reading.variables(action, place, given)]
  const scope: Scope = { place, variables: [...new Set([...given, ...variables.map(({ name }) => name)])] }
  const conditions = readConditions(reading, action, scope)
  if (kind === 'deny' && triggers.some(each => each.is === 'data' && each.event === 'data-accessed'))
    refuseLooking(reading, conditions, variables)
  const text = (name: string) =>
    ruleText(action, name, ownTexts.has(kind) ? ownValue(reading, action['dynamicValue'], name, scope) : undefined)
  const title = text('title')
  const made = consequence(reading, rule.plan, action, kind, triggers, scope)
  if ((kind === 'card' || kind === 'deny' || kind === 'warn') && !title)
    reading.fault(place, `A ${kind} needs a title: what is said first.`)
  if (title && title.text.length >= 140)
    reading.fault(`${place}.title`, 'The summary of a card has fewer than 140 characters; say more in the description.')
  return {
    index,
    place,
    kind,
    triggers,
    inputs,
    variables,
    conditions,
    title,
    description: text('description'),
    priority: text('priority'),
    evidence: evidenceOf(action['documentation']),
    suggestions: kind === 'card' ? readSuggestions(reading, rule.plan, action, scope) : [],
    selectionBehavior: /^(?:at-most-one|exactly-one)$/.test(String(action['selectionBehavior']))
      ? 'at-most-one'
      : 'any',
    overrideReasons: reasonsOf(reading, action, place),
    ...made,
  }
}

/** What is shown is refused before it is looked at. */
function refuseLooking(reading: Reading, conditions: readonly RuleCondition[], variables: readonly Named[]): void {
  for (const { place, expression } of conditions)
    if (expressionReads(expression.text, variables))
      reading.fault(
        `${place}.expression`,
        'To refuse data-accessed, ask %request and %caller only: a search cannot be refused by what it would find. Use a mask, or scopes.',
      )
}

/** Kinds whose title, description and priority may be dynamic. */
const ownTexts = new Set<ActionKind>(['card', 'deny', 'warn'])

function readTriggers(reading: Reading, action: Plain, place: string): readonly RuleTrigger[] {
  const all = listOf(action['trigger'])
  if (all.length === 0)
    reading.fault(
      place,
      'It needs a trigger: a CDS hook (named-event), or data-added, data-modified, data-removed, data-accessed.',
    )
  if (all.length > MOST.triggers)
    return (reading.fault(`${place}.trigger`, `An action has at most ${MOST.triggers} triggers.`), [])
  const triggers = all.flatMap((each, i): readonly RuleTrigger[] => {
    const { type, name, data } = objectOf(each)
    const at = `${place}.trigger[${i}]`
    if (type === 'named-event') {
      const problem =
        textOf(name) === undefined ? 'It needs the name of a CDS hook.' : reading.reader.hookProblem?.(name as string)
      return problem ? (reading.fault(`${at}.name`, problem), []) : [{ is: 'hook', hook: name as string }]
    }
    if (!DATA_EVENTS.includes(type as DataEvent))
      return (
        reading.fault(`${at}.type`, `Triggers of rules are named-event (a CDS hook), ${DATA_EVENTS.join(', ')}.`),
        []
      )
    const types = listOf(data).map(one => objectOf(one)['type'])
    const isType = (one: unknown) =>
      typeof one === 'string' && (one === ALL_TYPES || reading.reader.definitions.isResourceType(one))
    const wrong = types.findIndex(one => !isType(one))
    if (wrong >= 0) return (reading.fault(`${at}.data[${wrong}].type`, 'It needs a resource type of FHIR R4.'), [])
    const event = type as DataEvent
    return types.length === 0
      ? [{ is: 'data', event, type: undefined }]
      : types.map(one => ({ is: 'data', event, type: one === ALL_TYPES ? undefined : (one as string) }))
  })
  if (new Set(triggers.map(({ is }) => is)).size > 1)
    reading.fault(`${place}.trigger`, 'CDS hooks and interactions of the API cannot share an action: make it two.')
  return triggers
}

function kindOf(
  reading: Reading,
  action: Plain,
  place: string,
  triggers: readonly RuleTrigger[],
): ActionKind | undefined {
  const codes = listOf(action['code']).flatMap(each => listOf(objectOf(each)['coding']).map(objectOf))
  const code = codes.find(({ system }) => system === ACTION_SYSTEM)?.['code']
  const kind = code ?? (triggers[0]?.is === 'hook' ? 'card' : undefined)
  if (kind === undefined)
    return triggers.length > 0
      ? reading.fault(`${place}`, `It needs a code of ${ACTION_SYSTEM}: ${ACTION_KINDS.slice(2).join(', ')}.`)
      : undefined
  if (!ACTION_KINDS.includes(kind as ActionKind))
    return reading.fault(`${place}.code`, `${String(kind).slice(0, 60)} is not one of ${ACTION_KINDS.join(', ')}.`)
  const wrong = triggers.find(
    trigger => !allowed[kind as ActionKind].includes(trigger.is === 'hook' ? 'hook' : trigger.event),
  )
  if (wrong)
    reading.fault(
      `${place}.code`,
      `${String(kind)} cannot follow from ${wrong.is === 'hook' ? 'a CDS hook' : wrong.event}; it can from ${allowed[kind as ActionKind].join(', ').replace('hook', 'a CDS hook')}.`,
    )
  return kind as ActionKind
}

function readInputs(reading: Reading, action: Plain, place: string): readonly RuleInput[] {
  const all = listOf(action['input'])
  if (all.length > MOST.inputs)
    return (reading.fault(`${place}.input`, `An action has at most ${MOST.inputs} inputs.`), [])
  return all.flatMap((each, i) => {
    const { id, extension } = objectOf(each)
    const at = `${place}.input[${i}]`
    if (!isName(id) || TAKEN.has(id))
      return (
        reading.fault(at, "It needs an id: the prefetch key, of letters, digits and _, and no other variable's name."),
        []
      )
    const position = listOf(extension).findIndex(one => objectOf(one)['url'] === QUERY_PATTERN)
    const template = textOf(objectOf(listOf(extension)[position])['valueString'])
    if (template === undefined)
      return (reading.fault(at, `It needs the extension ${QUERY_PATTERN}: the read or search.`), [])
    const problem = reading.reader.templateProblem?.(template)
    if (problem) return (reading.fault(`${at}.extension[${position}].value`, problem), [])
    return [{ key: id, template }]
  })
}

function readConditions(reading: Reading, action: Plain, { place, variables }: Scope): readonly RuleCondition[] {
  const all = listOf(action['condition'])
  if (all.length > MOST.conditions)
    return (reading.fault(`${place}.condition`, `An action has at most ${MOST.conditions} conditions.`), [])
  return all.flatMap((each, i) => {
    const { kind, expression } = objectOf(each)
    const at = `${place}.condition[${i}]`
    if (kind !== 'applicability')
      return (reading.fault(`${at}.kind`, 'Conditions of rules are of the kind applicability.'), [])
    const compiled = reading.expression(expression, `${at}.expression`, variables)
    return compiled ? [{ place: at, expression: compiled }] : []
  })
}

function reasonsOf(reading: Reading, action: Plain, place: string) {
  return listOf(action['extension']).flatMap((each, i) => {
    const { url, valueCoding } = objectOf(each)
    if (url !== OVERRIDE_REASON) return []
    const { system, code, display } = objectOf(valueCoding)
    if (typeof code !== 'string' || typeof display !== 'string')
      return (reading.fault(`${place}.extension[${i}].value`, 'A reason needs a code and a display.'), [])
    return [{ ...(typeof system === 'string' ? { system } : {}), code, display }]
  })
}

type Does = 'create' | 'update' | 'delete'

/** What is done, by the code of http://terminology.hl7.org/CodeSystem/action-type. */
function doesOf(action: Plain): Does | undefined {
  const code = objectOf(listOf(objectOf(action['type'])['coding'])[0])['code']
  if (code === undefined || code === 'create') return 'create'
  if (code === 'update') return 'update'
  return code === 'remove' || code === 'remove-event' ? 'delete' : undefined
}

function readSuggestions(reading: Reading, plan: Plain, action: Plain, outer: Scope): readonly RuleSuggestion[] {
  const all = listOf(action['action'])
  if (all.length > MOST.suggestions)
    return (reading.fault(`${outer.place}.action`, `A card has at most ${MOST.suggestions} suggestions.`), [])
  return all.flatMap((each, i) => {
    const inner = objectOf(each)
    const scope = { ...outer, place: `${outer.place}.action[${i}]` }
    const label = ruleText(inner, 'title', ownValue(reading, inner['dynamicValue'], 'title', scope))
    if (!label) return (reading.fault(scope.place, 'A suggestion needs a title.'), [])
    if (inner['action'] !== undefined) reading.fault(`${scope.place}.action`, 'Suggestions have no further actions.')
    const done = doneBy(reading, plan, inner, scope, ['title', 'resourceId'])
    return done
      ? [
          {
            place: scope.place,
            label,
            description: textOf(inner['description']),
            conditions: readConditions(reading, inner, scope),
            ...done,
          },
        ]
      : []
  })
}

/** What a suggestion or system action does, to what. */
function doneBy(reading: Reading, plan: Plain, action: Plain, scope: Scope, own: readonly string[]) {
  const does = doesOf(action)
  if (!does) return reading.fault(`${scope.place}.type`, 'It can be create, update or remove.')
  if (does === 'delete') {
    const removes = ownValue(reading, action['dynamicValue'], 'resourceId', scope)
    return removes
      ? { does, template: undefined, removes }
      : reading.fault(
          scope.place,
          'To remove needs a dynamicValue with path resourceId: the reference of what is removed, such as MedicationRequest/1.',
        )
  }
  const before = reading.faults.length
  const template = readTemplate(reading, plan, action, scope, own)
  if (template) return { does, template, removes: undefined }
  return reading.faults.length > before
    ? undefined
    : reading.fault(scope.place, 'It needs a definitionUri such as #its-id: the contained template of what is made.')
}

function consequence(
  reading: Reading,
  plan: Plain,
  action: Plain,
  kind: ActionKind,
  triggers: readonly RuleTrigger[],
  scope: Scope,
): Pick<RuleAction, 'template' | 'does' | 'removes' | 'dynamic' | 'target'> {
  const nothing = { template: undefined, does: 'create', removes: undefined, dynamic: [], target: undefined } as const
  const { place } = scope
  switch (kind) {
    case 'card':
    case 'deny':
    case 'warn':
      return nothing
    case 'system-action':
      return { ...nothing, ...doneBy(reading, plan, action, scope, ['resourceId']) }
    case 'derive':
      return { ...nothing, ...doneBy(reading, plan, action, scope, []) }
    case 'route': {
      const target = textOf(action['definitionUri'])
      if (target === undefined || !/^Endpoint\/[A-Za-z0-9\-.]{1,64}$/.test(target))
        reading.fault(`${place}.definition`, 'To route needs definitionUri = Endpoint/id: where it goes.')
      return { ...nothing, target }
    }
    case 'tag':
    case 'mask': {
      const types = [...new Set(triggers.map(trigger => (trigger.is === 'data' ? trigger.type : undefined)))]
      const values = action['dynamicValue']
      if (listOf(values).length === 0)
        reading.fault(
          place,
          kind === 'tag'
            ? 'To tag needs a dynamicValue with path meta.tag or meta.security.'
            : 'To mask needs dynamicValues: their paths are what is masked.',
        )
      const dynamic = types.flatMap(type =>
        dynamicValues(reading, values, type ?? 'DomainResource', scope, { mask: kind === 'mask' }),
      )
      listOf(values).forEach((each, i) => {
        const path = String(objectOf(each)['path'])
        if (kind === 'tag' && path !== 'meta.tag' && path !== 'meta.security')
          reading.fault(`${place}.dynamicValue[${i}].path`, 'To tag, the path is meta.tag or meta.security.')
        if (kind === 'mask' && /^(?:[A-Z]\w*\.)?(?:id|meta|implicitRules)\b/.test(path))
          reading.fault(
            `${place}.dynamicValue[${i}].path`,
            'id, meta and implicitRules cannot be masked: without them it is another resource.',
          )
      })
      return { ...nothing, dynamic: unique(dynamic) }
    }
  }
}

/** The same path of several types once. */
function unique(dynamic: RuleAction['dynamic']): RuleAction['dynamic'] {
  const seen = new Set<string>()
  return dynamic.filter(({ path }) => !seen.has(path) && seen.add(path))
}
