/**
 * Judging rules: the conditions of an action in order, until one does not hold; its variables when they are asked for, each
 * once. All actions that hold act. A rule has so many steps for all its expressions, and so have all rules of one occasion
 * together; one that needs more, or whose expressions do not fit the data, is left out and said to have failed.
 * https://hl7.org/fhir/R4/plandefinition.html#12.18.3
 */
import { PathError } from '../fhirpath/error.ts'
import type { Expression } from '../fhirpath/expression.ts'
import type { Items } from '../fhirpath/items.ts'
import { toJson } from '../fhirpath/values.ts'
import { MisfitError } from './dynamic.ts'
import { traced, type Tracing } from './trace.ts'
import { environment, type Environment } from './variables.ts'
import type {
  ActionRun,
  Failed,
  Fired,
  Judged,
  Named,
  Rule,
  RuleAction,
  RuleCondition,
  RuleData,
  RuleTrace,
} from './words.ts'

/** Steps that the expressions of one rule may take together, and those of all the rules of one occasion. */
export const RULE_STEPS = 200_000
export const ALL_STEPS = 500_000

/** Steps left. */
export interface Fuel {
  left: number
}

export interface JudgeOptions {
  /** Of all rules together; ALL_STEPS when not given. */
  readonly fuel?: Fuel
  /** Told what was evaluated of each rule, when wanted: it costs time. */
  readonly trace?: (trace: RuleTrace) => void
}

/** Whether a rule's failure is its own: anything else is a bug of ours. */
export const isRuleError = (error: unknown): error is Error =>
  error instanceof PathError || error instanceof MisfitError

/** What one rule and those of its actions to be asked come to. */
export interface Asked {
  readonly rule: Rule
  readonly actions: readonly RuleAction[]
}

/** Judges the rules in the order in which they are given. Throws only for a bug. */
export function judge(
  asked: readonly Asked[],
  data: RuleData,
  { fuel = { left: ALL_STEPS }, trace }: JudgeOptions = {},
): Judged {
  const fired: Fired[] = []
  const failed: Failed[] = []
  const shared = environment(data)
  for (const { rule, actions } of asked) {
    const own: Fuel = { left: Math.min(RULE_STEPS, fuel.left) }
    const given = own.left
    const tracing = trace ? traced(rule) : undefined
    const known: Known = new Map()
    for (const action of actions) {
      const run = new Running({ rule, action, shared, fuel: own, tracing, known })
      const came = run.judge()
      if (came === true) fired.push({ rule, action, run })
      else if (came) failed.push({ rule, action, ...came })
    }
    fuel.left -= given - own.left
    if (trace) trace(tracing!.end(given - own.left))
  }
  return { fired, failed }
}

/** Values of variables; those of a rule are the same for all of its actions. */
type Known = Map<Named, Items>

interface Occasion {
  readonly rule: Rule
  readonly action: RuleAction
  readonly shared: Environment
  readonly fuel: Fuel
  readonly tracing: Tracing | undefined
  readonly known: Known
}

/** One action on one occasion. */
class Running implements ActionRun {
  readonly #action: RuleAction
  readonly #tracing: Tracing | undefined
  readonly #known: Known
  readonly #focus: Items
  readonly #env: Readonly<Record<string, unknown>>
  readonly #options: { readonly fuel: Fuel; readonly now: () => Date }

  constructor({ rule, action, shared, fuel, tracing, known }: Occasion) {
    this.#action = action
    this.#tracing = tracing
    this.#known = known
    this.#focus = shared.focus
    this.#options = { fuel, now: shared.now }
    this.#env = shared.with(rule, action, named => this.#variable(named))
  }

  /** True when all conditions hold; what went wrong when they cannot be judged. */
  judge(): boolean | { readonly place: string; readonly why: string } {
    const done = this.#tracing?.begin(this.#action)
    let holds = true
    try {
      for (const condition of this.#action.conditions) {
        holds = this.#judged(condition)
        if (!holds) break
      }
      return holds
    } catch (error) {
      holds = false
      if (!(error instanceof ConditionError)) throw error
      return { place: error.place, why: error.message }
    } finally {
      done?.(holds)
    }
  }

  #judged(condition: RuleCondition): boolean {
    try {
      const holds = this.holds(condition)
      this.#tracing?.condition(condition, holds)
      return holds
    } catch (error) {
      if (!isRuleError(error)) throw error
      this.#tracing?.condition(condition, undefined, error.message)
      throw new ConditionError(condition.place, error.message)
    }
  }

  #variable(named: Named): Items {
    const before = this.#known.get(named)
    if (before) return before
    const { name, expression } = named
    try {
      const items = expression.values(this.#focus, this.#env, this.#options)
      this.#tracing?.variable(name, items)
      this.#known.set(named, items)
      return items
    } catch (error) {
      if (isRuleError(error)) this.#tracing?.variable(name, undefined, error.message)
      throw error
    }
  }

  holds({ expression }: RuleCondition): boolean {
    return expression.holds(this.#focus, this.#env, this.#options)
  }

  values(expression: Expression): unknown[] {
    return expression
      .values(this.#focus, this.#env, this.#options)
      .map(toJson)
      .filter(value => value !== undefined)
  }
}

class ConditionError extends Error {
  readonly place: string
  constructor(place: string, message: string) {
    super(message)
    this.place = place
  }
}
