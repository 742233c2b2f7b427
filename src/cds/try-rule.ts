/**
 * Trying a rule, live or not yet stored: what it would answer to this data, and why.
 * https://cds-hooks.hl7.org/2.0/#calling-a-cds-service
 */
import type { Json } from '../fhir/types.ts'
import type { LiveRules } from '../rules/live-rules.ts'
import { outcomeOf, type DataOutcome } from '../rules/outcomes.ts'
import { isRule, readRule } from '../rules/read-rule.ts'
import type { RuleReader } from '../rules/reading.ts'
import {
  DATA_EVENTS,
  type CallerFacts,
  type DataEvent,
  type HookData,
  type RequestFacts,
  type Rule,
  type RuleFault,
  type RuleTrace,
} from '../rules/words.ts'
import { answerOf } from './rule-service.ts'
import type { CdsResponse } from './words.ts'

/** The data to try it on: of a hook, or of an interaction. */
export interface Trial {
  readonly hook?: string
  readonly context?: Readonly<Record<string, Json>>
  readonly prefetch?: Readonly<Record<string, unknown>>
  /** In place of a hook; `data-added` when there is a resource and nothing else is said. */
  readonly event?: DataEvent
  readonly resource?: unknown
  readonly previous?: unknown
  readonly request?: RequestFacts
  readonly caller?: CallerFacts
  readonly language?: 'en' | 'zh-TW'
  /** Milliseconds since 1970. */
  readonly now?: number
}

export type Tried =
  /** The rule is broken. */
  | { readonly faults: readonly RuleFault[] }
  /** There is no such rule, or the trial cannot be made of this data; in words. */
  | { readonly problem: string }
  | {
      readonly rule: { readonly url: string; readonly version: string; readonly title: string }
      readonly trace: RuleTrace
      /** Of a hook. */
      readonly response?: CdsResponse
      readonly failure?: { readonly place: string; readonly why: string }
      /** Of an interaction. */
      readonly outcome?: TriedOutcome
    }

/** What would follow, without the rule in each part. */
export type TriedOutcome = { readonly [name in keyof DataOutcome]: readonly object[] }

export interface TryParts {
  readonly reader: RuleReader
  /** For rules named by canonical. */
  readonly rules: Pick<LiveRules, 'all'>
}

/** Tries a PlanDefinition, or the stored rule of a canonical (`url` or `url|version`). Nothing is kept, counted or changed. */
export function tryRule({ reader, rules }: TryParts, of: unknown, trial: Trial): Tried {
  const found = typeof of === 'string' ? stored(rules, of) : of
  if (found === undefined) return { problem: `There is no rule ${String(of).slice(0, 200)} here.` }
  if (typeof of !== 'string' && !isRule(of))
    return {
      problem:
        'Send a PlanDefinition that has the profile of a rule in meta.profile, or the canonical of one that is stored.',
    }
  const read =
    typeof of === 'string' ? (found as { rule: Rule } | { faults: readonly RuleFault[] }) : readRule(found, reader)
  return 'faults' in read ? { faults: read.faults } : tried(read.rule, trial)
}

function stored(rules: Pick<LiveRules, 'all'>, canonical: string) {
  const [url, version] = canonical.split('|', 2)
  const found = rules
    .all()
    .filter(each => each.url === url && each.state !== 'overtaken')
    .find(({ rule }) => version === undefined || rule?.version === version)
  return found && (found.rule ? { rule: found.rule } : { faults: found.faults })
}

function tried(rule: Rule, trial: Trial): Tried {
  const { hook, event = 'data-added', resource, previous, now = Date.now(), language = 'en' } = trial
  const about = { url: rule.url, version: rule.version, title: rule.title }
  let trace: RuleTrace | undefined
  const options = { trace: (one: RuleTrace) => (trace = one) }
  if (hook !== undefined) {
    const actions = rule.actions.filter(({ triggers }) =>
      triggers.some(each => each.is === 'hook' && each.hook === hook),
    )
    const data: HookData = {
      is: 'hook',
      hook,
      context: trial.context ?? {},
      prefetch: trial.prefetch ?? {},
      language,
      now,
    }
    const { response, failure } = answerOf({ rule, actions }, data, options)
    return { rule: about, trace: trace!, response, ...(failure ? { failure } : {}) }
  }
  if (!DATA_EVENTS.includes(event)) return { problem: `event is one of ${DATA_EVENTS.join(', ')}.` }
  const type = (resource as { resourceType?: unknown } | undefined)?.resourceType ?? trial.request?.type
  if (typeof type !== 'string')
    return { problem: 'Say the hook with its context and prefetch, or give the resource of an interaction.' }
  const actions = rule.actions.filter(({ triggers }) =>
    triggers.some(
      each => each.is === 'data' && each.event === event && (each.type === undefined || each.type === type),
    ),
  )
  const outcome = outcomeOf(
    [{ rule, actions }],
    {
      is: 'data',
      event,
      type,
      resource,
      previous,
      language,
      now,
      request: { interaction: interactionOf[event], type, ...trial.request },
      caller: trial.caller ?? {},
    },
    options,
  )
  return { rule: about, trace: trace!, outcome: bare(outcome) }
}

const interactionOf: Readonly<Record<DataEvent, string>> = {
  'data-added': 'create',
  'data-modified': 'update',
  'data-removed': 'delete',
  'data-accessed': 'read',
}

const bare = (outcome: DataOutcome): TriedOutcome =>
  Object.fromEntries(
    Object.entries(outcome).map(([name, parts]) => [
      name,
      (parts as readonly Record<string, unknown>[]).map(({ rule: _, action: __, target, ...rest }) => ({
        ...rest,
        ...(typeof target === 'string' ? { target } : target ? { path: (target as { path: string }).path } : {}),
      })),
    ]),
  ) as unknown as TriedOutcome
