/**
 * What the rules of an interaction come to: refused, warned of, tagged, masked, routed, derived.
 * https://hl7.org/fhir/R4/plandefinition.html
 *
 * Deny wins: when one rule denies, nothing else follows. A rule that denies and cannot be judged denies; any other that
 * cannot be judged is left out and told among `failed`.
 */
import type { Coding } from 'fhir/r4'
import type { Resource } from '../fhir/types.ts'
import { MisfitError } from './dynamic.ts'
import { isRuleError, judge, type Asked, type JudgeOptions } from './run-rule.ts'
import { makeResource, removed, said } from './template.ts'
import type { Dynamic, ExchangeData, Failed, Fired, Rule } from './words.ts'

/** A text of a rule for whoever asks. */
export interface RuleSays {
  readonly rule: Rule
  readonly title: string
  readonly description?: string
  /** The rule could not be judged. */
  readonly unjudged?: true
}

export interface RuleTag {
  readonly rule: Rule
  readonly path: 'meta.tag' | 'meta.security'
  readonly codings: readonly Coding[]
}

export interface RuleMask {
  readonly rule: Rule
  /** The element, and each of its repetitions where a step has no index. */
  readonly target: Dynamic
  /** What takes its place; none: it goes. */
  readonly values: readonly unknown[]
}

export interface RuleDerived {
  readonly rule: Rule
  /** Of the action: `action[0]`. */
  readonly place: string
  readonly does: 'create' | 'update' | 'delete'
  readonly resource?: Resource
  /** Of a delete. */
  readonly references?: readonly string[]
}

export interface DataOutcome {
  /** When there is one, nothing of the rest is there. */
  readonly denied: readonly RuleSays[]
  readonly warned: readonly RuleSays[]
  readonly tagged: readonly RuleTag[]
  readonly masked: readonly RuleMask[]
  /** `Endpoint/1` */
  readonly routed: readonly { readonly rule: Rule; readonly target: string }[]
  readonly derived: readonly RuleDerived[]
  readonly failed: readonly Failed[]
}

type Growing = { -readonly [name in keyof DataOutcome]: DataOutcome[name][number][] }

const empty = (): Growing => ({ denied: [], warned: [], tagged: [], masked: [], routed: [], derived: [], failed: [] })

/** Judges the rules of an interaction, in their order. Throws only for a bug. */
export function outcomeOf(asked: readonly Asked[], data: ExchangeData, options: JudgeOptions = {}): DataOutcome {
  const { fired, failed } = judge(asked, data, options)
  const outcome = empty()
  for (const each of failed) left(outcome, each)
  for (const each of fired) {
    try {
      follow(outcome, each, data)
    } catch (error) {
      if (!isRuleError(error)) throw error
      const { rule, action } = each
      left(outcome, { rule, action, place: action.place, why: error.message })
    }
  }
  return outcome.denied.length > 0 ? { ...empty(), denied: outcome.denied, failed: outcome.failed } : outcome
}

function left(outcome: Growing, failure: Failed): void {
  const { rule, action } = failure
  outcome.failed.push(failure)
  if (action.kind === 'deny')
    outcome.denied.push({
      rule,
      title: `The rule "${rule.title}" cannot be judged, and so it is refused.`,
      unjudged: true,
    })
}

function follow(outcome: Growing, { rule, action, run }: Fired, data: ExchangeData): void {
  const says = (): RuleSays => {
    const title = action.title ? said(action.title, run, data.language) : rule.title
    const description = action.description ? said(action.description, run, data.language) : ''
    return { rule, title: title || rule.title, ...(description ? { description } : {}) }
  }
  switch (action.kind) {
    case 'deny':
      outcome.denied.push(says())
      return
    case 'warn':
      outcome.warned.push(says())
      return
    case 'tag':
      for (const { path, expression } of action.dynamic) {
        const codings = run.values(expression!).map(value => codingOf(value, path))
        if (codings.length > 0) outcome.tagged.push({ rule, path: path as RuleTag['path'], codings })
      }
      return
    case 'mask':
      for (const target of action.dynamic)
        outcome.masked.push({ rule, target, values: target.expression ? run.values(target.expression) : [] })
      return
    case 'route':
      outcome.routed.push({ rule, target: action.target! })
      return
    case 'derive':
      outcome.derived.push(
        action.removes
          ? { rule, place: action.place, does: 'delete', references: removed(run.values(action.removes)) }
          : { rule, place: action.place, does: action.does, resource: makeResource(action.template!, run, data) },
      )
      return
    case 'card':
    case 'system-action':
      return
  }
}

/** A Coding as it stands in the data, or as FHIRPath can write one: `system|code`, `system|code|display`. */
function codingOf(value: unknown, path: string): Coding {
  if (typeof value === 'object' && value !== null && typeof (value as Coding).code === 'string') return value as Coding
  const [, system, code, display] = /^([^|\s]+)\|([^|\s]+)(?:\|(.+))?$/.exec(String(value)) ?? []
  if (system === undefined || code === undefined) throw new MisfitError(`${path} takes a Coding, or its system|code`)
  return { system, code, ...(display === undefined ? {} : { display }) }
}
