/**
 * The trace of a rule: what was evaluated, with what value, in which time.
 * https://hl7.org/fhir/R4/plandefinition.html
 */
import type { Items } from '../fhirpath/items.ts'
import { toJson } from '../fhirpath/values.ts'
import type { ActionTrace, Rule, RuleAction, RuleCondition, RuleTrace, TracedValue } from './words.ts'

/** Of a value: so many members, and characters of its JSON. */
const MOST_MEMBERS = 5
const LONGEST = 1_000

export interface Tracing {
  /** An action is judged; to be called when it is done. */
  begin(action: RuleAction): (fired: boolean) => void
  condition(condition: RuleCondition, holds: boolean | undefined, error?: string): void
  variable(name: string, items: Items | undefined, error?: string): void
  end(steps: number): RuleTrace
}

type Open = { -readonly [name in 'conditions' | 'variables']: ActionTrace[name][number][] }

/** Keeps the trace of one rule. */
export function traced({ url, version }: Rule): Tracing {
  const actions: ActionTrace[] = []
  const started = performance.now()
  let open: Open = { conditions: [], variables: [] }
  return {
    begin({ place, kind }) {
      const began = performance.now()
      const { conditions, variables } = (open = { conditions: [], variables: [] })
      return fired => actions.push({ place, kind, conditions, variables, fired, microseconds: since(began) })
    },
    condition: ({ place, expression: { text } }, holds, error) =>
      open.conditions.push({ place, text, holds, ...(error === undefined ? {} : { error }) }),
    variable: (name, items, error) =>
      open.variables.push({
        name,
        ...(items ? { value: shown(items) } : {}),
        ...(error === undefined ? {} : { error }),
      }),
    end: steps => ({ url, version, actions, steps, microseconds: since(started) }),
  }
}

const since = (began: number) => Math.round((performance.now() - began) * 1000)

/** The values as JSON, cut where they are many or long. */
export function shown(items: Items): TracedValue {
  const json = JSON.stringify(items.slice(0, MOST_MEMBERS).map(item => shortened(toJson(item), 4)))
  return { count: items.length, json: json.length > LONGEST ? `${json.slice(0, LONGEST)}…` : json }
}

/** What is deep, long or many is not written out: a value may be a resource of megabytes. */
function shortened(value: unknown, depth: number): unknown {
  if (typeof value === 'string') return value.length > 200 ? `${value.slice(0, 200)}…` : value
  if (typeof value !== 'object' || value === null) return value
  if (depth === 0) return '…'
  if (Array.isArray(value)) return value.slice(0, MOST_MEMBERS).map(each => shortened(each, depth - 1))
  return Object.fromEntries(
    Object.entries(value)
      .slice(0, 20)
      .map(([name, each]) => [name, shortened(each, depth - 1)]),
  )
}
