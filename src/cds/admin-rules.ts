/**
 * Managing the rules of a tenant: which there are and whether they act, approval, and trying one on data or on a stored patient.
 * https://hl7.org/fhir/R4/plandefinition.html
 */
import { badRequest, FhirError, methodNotAllowed, notFound, unprocessable } from '../fhir/outcome.ts'
import type { Json, Resource } from '../fhir/types.ts'
import type { LiveRules, StoredRule } from '../rules/live-rules.ts'
import { readRule } from '../rules/read-rule.ts'
import type { RuleReader } from '../rules/reading.ts'
import { DATA_EVENTS, type Rule } from '../rules/words.ts'
import { wrong } from './check-json.ts'
import { fill, readTemplate } from './template.ts'
import { tryRule, type Trial } from './try-rule.ts'

export interface RulesParts {
  readonly rules: LiveRules
  readonly reader: () => RuleReader
  /** Reads from this tenant as the operator, who sees everything. Rejects with a FhirError. */
  readonly read: (url: string, base: string) => Promise<Resource>
}

interface Asked {
  readonly method: string
  readonly body?: unknown
  readonly place: { readonly base: string }
}

/** Undefined when the path is none of these. Throws a FhirError. */
export async function answerRules(
  parts: RulesParts,
  asked: Asked,
  [id, verb, ...rest]: readonly string[],
  changed?: (what: string) => void,
): Promise<{ status: number; value?: unknown } | undefined> {
  // at-work is of the rules of the API: http/admin.ts
  if (rest.length > 0 || id === 'at-work') return undefined
  const { rules } = parts
  if (!rules.isReady) await rules.ready()
  if (id === undefined || id === '') {
    only(asked, 'GET')
    return { status: 200, value: { rules: rules.all().map(listed) } }
  }
  if (id === '$try') {
    only(asked, 'POST')
    return verb === undefined ? { status: 200, value: await tried(parts, asked) } : undefined
  }
  const found = () => {
    const rule = rules.all().find(each => each.id === id)
    if (!rule) throw notFound(`There is no rule PlanDefinition/${id.slice(0, 64)}. GET /admin/rules lists them.`)
    return rule
  }
  const rule = found()
  if (verb === undefined) {
    only(asked, 'GET')
    return { status: 200, value: listed(rule) }
  }
  if (!Object.hasOwn(verbs, verb)) return undefined
  only(asked, 'POST')
  await verbs[verb]!(rules, rule.url)
  changed?.(`rules/${id} ${verb}`)
  return { status: 200, value: listed(found()) }
}

const verbs: Readonly<Record<string, (rules: LiveRules, url: string) => Promise<unknown>>> = {
  approve: (rules, url) => rules.approve(url, 'admin'),
  withdraw: (rules, url) => rules.withdraw(url),
  enable: (rules, url) => rules.switchOn(url),
  disable: (rules, url) => rules.switchOff(url),
}

function only({ method }: Asked, ...methods: string[]): void {
  if (!methods.includes(method)) throw methodNotAllowed(`Use ${methods.join(' or ')} here.`, methods.join(', '))
}

const listed = ({ id, versionId, url, rule, faults, state, statistics }: StoredRule): object => ({
  id,
  url,
  versionId,
  state,
  ...(rule ? { title: rule.title, version: rule.version, order: rule.order, actions: rule.actions.map(actionOf) } : {}),
  ...(faults.length > 0 ? { faults } : {}),
  statistics,
})

const actionOf = ({ kind, triggers, title }: Rule['actions'][number]): object => ({
  kind,
  triggers: triggers.map(trigger =>
    trigger.is === 'hook' ? trigger.hook : `${trigger.event} ${trigger.type ?? 'of any type'}`,
  ),
  ...(title ? { title: title.text } : {}),
})

const facts = { type: 'object' }
const trialSchema = {
  type: 'object',
  required: ['rule'],
  additionalProperties: false,
  properties: {
    rule: { anyOf: [{ type: 'string', minLength: 1, maxLength: 2000 }, facts] },
    hook: { type: 'string', minLength: 1, maxLength: 64 },
    context: facts,
    prefetch: facts,
    patientId: { type: 'string', pattern: '^[A-Za-z0-9\\-.]{1,64}$' },
    userId: { type: 'string', pattern: '^[A-Z][A-Za-z]{1,60}/[A-Za-z0-9\\-.]{1,64}$' },
    event: { enum: [...DATA_EVENTS] },
    resource: facts,
    previous: facts,
    request: facts,
    caller: facts,
    language: { enum: ['en', 'zh-TW'] },
    now: { type: 'string', maxLength: 40 },
  },
}

type Order = Omit<Trial, 'now'> & {
  readonly rule: string | Resource
  readonly patientId?: string
  readonly userId?: string
  readonly now?: string
}

/** A rule on the data that is given, or on what the store has of a patient. */
async function tried(parts: RulesParts, { body, place }: Asked): Promise<object> {
  const problem = wrong(trialSchema, body)
  if (problem) throw badRequest(problem, 'structure')
  const { rule, patientId, userId = 'Practitioner/operator', now, ...trial } = body as Order
  const time = now === undefined ? undefined : Date.parse(now)
  if (Number.isNaN(time)) throw badRequest('now must be a date and time, such as 2026-11-29T08:00:00+08:00.', 'value')
  const context = patientId === undefined ? trial.context : { userId, patientId, ...trial.context }
  const prefetch =
    patientId === undefined || trial.hook === undefined
      ? trial.prefetch
      : { ...(await stored(parts, rule, trial.hook, context!, place.base)), ...trial.prefetch }
  const result = tryRule({ reader: parts.reader(), rules: parts.rules }, rule, {
    ...trial,
    ...(context ? { context } : {}),
    ...(prefetch ? { prefetch } : {}),
    ...(time === undefined ? {} : { now: time }),
  })
  if ('problem' in result) throw badRequest(result.problem, 'value')
  if ('faults' in result)
    throw new FhirError(
      422,
      result.faults.map(({ expression, diagnostics }) => ({
        severity: 'error' as const,
        code: 'invalid' as const,
        diagnostics,
        expression: [expression],
      })),
    )
  return result
}

/** What the inputs of a rule ask for, from this tenant's store; null where there is nothing. */
async function stored(
  { rules, reader, read }: RulesParts,
  of: string | Resource,
  hook: string,
  context: Readonly<Record<string, Json>>,
  base: string,
): Promise<Record<string, Resource | null>> {
  const rule = ruleOf(rules, reader(), of)
  const inputs = (rule?.actions ?? [])
    .filter(({ triggers }) => triggers.some(each => each.is === 'hook' && each.hook === hook))
    .flatMap(action => action.inputs)
  const found: Record<string, Resource | null> = {}
  for (const { key, template } of inputs) {
    const filled = fill(readTemplate(template), context)
    if ('missing' in filled)
      throw unprocessable(`The input ${key} needs ${filled.missing}: give it in context.`, undefined, 'required')
    try {
      found[key] = await read(filled.url, base)
    } catch (error) {
      if (!(error instanceof FhirError) || (error.status !== 404 && error.status !== 410)) throw error
      found[key] = null
    }
  }
  return found
}

function ruleOf(rules: LiveRules, reader: RuleReader, of: string | Resource): Rule | undefined {
  if (typeof of === 'string') {
    const [url] = of.split('|', 1)
    return rules.all().find(each => each.url === url && each.state !== 'overtaken')?.rule
  }
  const result = readRule(of, reader)
  return 'rule' in result ? result.rule : undefined
}
