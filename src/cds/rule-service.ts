/**
 * A rule as CDS services: one for each hook it acts on, with cards made of its actions.
 * https://cds-hooks.hl7.org/2.0/#cds-service-response
 */
import { randomUUID } from 'node:crypto'
import { hooksOf, type LiveRules } from '../rules/live-rules.ts'
import { isRuleError, judge, type Asked, type JudgeOptions } from '../rules/run-rule.ts'
import { makeResource, removed, said as textOf } from '../rules/template.ts'
import type { Fired, HookData, Rule, RuleSuggestion } from '../rules/words.ts'
import { card, said } from './card.ts'
import { wrong } from './check-json.ts'
import { responseSchema } from './schemas.ts'
import type { Action, Call, Card, CdsResponse, CdsService, Language, Suggestion } from './words.ts'

export interface RuleServices {
  /** Of the live rules: the same array until they change. */
  current(): readonly CdsService[]
  /** The logical id of the PlanDefinition that a service is made of. */
  idOf(serviceId: string): string | undefined
  /** The other way round. */
  serviceOf(id: string): string | undefined
}

/** `taken`: ids that services in the box have. */
export function ruleServices(rules: LiveRules, taken: ReadonlySet<string>): RuleServices {
  let of: readonly Rule[] | undefined
  let services: readonly CdsService[] = []
  const ids = new Map<string, string>()
  const current = () => {
    const live = rules.live()
    if (live !== of) {
      of = live
      ids.clear()
      services = servicesOf(live, taken, rules, ids)
    }
    return services
  }
  return {
    current,
    idOf: serviceId => (current(), ids.get(serviceId)),
    serviceOf: id => (current(), [...ids].find(each => each[1] === id)?.[0]),
  }
}

function servicesOf(
  live: readonly Rule[],
  taken: ReadonlySet<string>,
  rules: LiveRules,
  ids: Map<string, string>,
): readonly CdsService[] {
  const used = new Set(taken)
  return live.flatMap(rule => {
    const hooks = [...hooksOf(rule)]
    if (hooks.length === 0) return []
    // a rule never stands in place of another service
    const id = [kebab(rule.name), rule.id, `rule-${rule.id}`.slice(0, 64)].find(each => each !== '' && !used.has(each))
    if (id === undefined) return []
    used.add(id)
    ids.set(id, rule.id)
    return hooks.map(hook => serviceOf(rule, id, hook, rules))
  })
}

/** `MetforminAndContrast` as `metformin-and-contrast`. */
export const kebab = (name: string): string =>
  name
    .replace(/([a-z0-9])([A-Z])/g, '$1-$2')
    .replace(/([A-Z]+)([A-Z][a-z])/g, '$1-$2')
    .replace(/[^A-Za-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '')
    .toLowerCase()
    .slice(0, 64)

function serviceOf(rule: Rule, id: string, hook: string, rules: LiveRules): CdsService {
  const actions = rule.actions.filter(({ triggers }) => triggers.some(each => each.is === 'hook' && each.hook === hook))
  // an input is said once in a rule: ids are unique in a resource
  const prefetch = Object.fromEntries(
    rule.actions.flatMap(({ inputs }) => inputs.map(({ key, template }) => [key, template])),
  )
  return {
    id,
    hook,
    title: rule.title,
    description: rule.description,
    prefetch,
    evidence: rule.evidence,
    answer(call) {
      const { response, fired, failure } = answerOf({ rule, actions }, dataOf(hook, call))
      rules.count(rule, fired, failure)
      return response
    },
  }
}

const dataOf = (hook: string, { context, prefetch, language, now }: Call): HookData => ({
  is: 'hook',
  hook,
  context,
  prefetch,
  language,
  now,
})

export interface RuleAnswer {
  readonly response: CdsResponse
  /** How many of its actions fired. */
  readonly fired: number
  /** What could not be judged or made; the last. */
  readonly failure: { readonly place: string; readonly why: string } | undefined
}

/** What a rule answers to a call. What of it fails is left out. */
export function answerOf(asked: Asked, data: HookData, options: JudgeOptions = {}): RuleAnswer {
  const { fired, failed } = judge([asked], data, options)
  let failure: RuleAnswer['failure'] = failed.at(-1)
  const cards: Card[] = []
  const systemActions: Action[] = []
  for (const each of fired) {
    try {
      if (each.action.kind === 'card') cards.push(checkedCard(cardOf(each, data)))
      else systemActions.push(...actionsOf(each, each.action, each.rule.title, data))
    } catch (error) {
      if (!isRuleError(error) && !(error instanceof CardError)) throw error
      failure = { place: each.action.place, why: error.message }
    }
  }
  const response = { cards, ...(systemActions.length > 0 ? { systemActions } : {}) }
  return { response, fired: fired.length, failure }
}

/** A card that is none of CDS Hooks. */
class CardError extends Error {}

function checkedCard(made: Card): Card {
  const problem = wrong(responseSchema, { cards: [made] }, 'It')
  if (problem) throw new CardError(problem)
  return made
}

const indicators: Readonly<Record<string, Card['indicator']>> = {
  routine: 'info',
  urgent: 'warning',
  asap: 'warning',
  stat: 'critical',
}

function cardOf(fired: Fired, data: HookData): Card {
  const { rule, action, run } = fired
  const { language } = data
  const both = (text: string) => said(text, text)
  const summary = textOf(action.title!, run, language).replace(/\s+/g, ' ').trim()
  const detail = action.description ? textOf(action.description, run, language) : ''
  const priority = action.priority ? textOf(action.priority, run) : 'routine'
  const evidence = action.evidence.length > 0 ? action.evidence : rule.evidence
  const suggestions = action.suggestions.flatMap(each => suggestionOf(fired, each, data))
  return card(
    {
      summary: both(summary),
      indicator: indicators[priority] ?? 'info',
      ...(detail ? { detail: both(detail) } : {}),
      evidence: evidence.length > 0 ? evidence : [{ label: rule.title, url: rule.url }],
      suggestions,
      selectionBehavior: action.selectionBehavior,
      overrideReasons: action.overrideReasons,
      links: action.evidence.map(({ label, url }) => ({ label, url, type: 'absolute' })),
    },
    language satisfies Language,
  )
}

function suggestionOf(fired: Fired, suggestion: RuleSuggestion, data: HookData): readonly Suggestion[] {
  const { run } = fired
  if (!suggestion.conditions.every(condition => run.holds(condition))) return []
  const label = textOf(suggestion.label, run, data.language)
  const actions = actionsOf(fired, suggestion, suggestion.description ?? label, data)
  return actions.length > 0 ? [{ label, uuid: randomUUID(), actions }] : []
}

/** What a suggestion or a system action does. */
function actionsOf(
  { run }: Fired,
  { does, template, removes }: Pick<RuleSuggestion, 'does' | 'template' | 'removes'>,
  description: string,
  data: HookData,
): readonly Action[] {
  if (removes) return removed(run.values(removes)).map(resourceId => ({ type: 'delete', description, resourceId }))
  return [{ type: does, description, resource: makeResource(template!, run, data) }]
}
