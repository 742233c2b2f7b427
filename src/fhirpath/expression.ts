/**
 * FHIRPath expressions for rules: compiled once, evaluated thousands of times a second on the main thread, whoever wrote
 * them and whoever sent the data. An evaluation takes a bounded number of steps; nothing in it can run away.
 * https://hl7.org/fhirpath/N1/
 */
import type { Definitions } from '../fhir/definitions.ts'
import { checkElements } from './check-elements.ts'
import { type Compiled, compileTree } from './compile.ts'
import type { Code } from './code.ts'
import { fail } from './error.ts'
import type { Terminology } from './functions/fhir.ts'
import type { Items } from './items.ts'
import { parse } from './parse.ts'
import type { Units } from './quantity.ts'
import { Run, type RunOptions } from './run.ts'
import { shapesOf } from './shapes.ts'
import { describe, toJson } from './values.ts'

/** So many steps an evaluation may take: some 20 milliseconds at most. */
export const MOST_STEPS = 200_000

/** What an evaluation may ask, given with the expression or anew with each evaluation. */
export interface EvaluateOptions {
  /** A resource by the text of a reference (`Patient/1`, a URL), out of those at hand; undefined when it is not there. `#contained` ones need no help. */
  readonly resolve?: (reference: string) => unknown
  /** What `now()` and `today()` say; the process's clock by default. */
  readonly now?: () => Date
  /** Minutes east of UTC of `today()`, and of times that do not tell theirs; the process's own by default. */
  readonly offset?: number
  /** Takes what `trace()` shows. */
  readonly trace?: (name: string, values: unknown[]) => void
  /** Steps that an evaluation may take: items looked at, characters scanned. */
  readonly steps?: number
  /** In place of `steps`: shared by several evaluations, each takes from it what it spends. */
  readonly fuel?: { left: number }
}

export interface PathOptions extends EvaluateOptions, Terminology {
  readonly definitions: Definitions
  /** How UCUM units convert (`canonical` of search/ucum.ts); without it quantities compare in the same unit only. */
  readonly units?: Units
  /**
   * The variables that evaluations will bring, without `%`; others are then refused when compiling. By name with the
   * FHIR type of each where that is known: names that the type does not have are refused too.
   */
  readonly variables?: readonly string[] | Readonly<Record<string, string | undefined>>
  /** The FHIR type of the input, where it is known beforehand: names that it does not have are then refused when compiling. */
  readonly inputType?: string
}

/** A compiled expression. */
export class Expression {
  /** As it was written. */
  readonly text: string
  /** The variables it asks for (`patient`, `context`), without those that always have the same value (`ucum`). */
  readonly variables: ReadonlySet<string>
  readonly #code: Code
  readonly #options: RunOptions

  /** Use `compile`. */
  constructor(text: string, { code, variables }: Compiled, options: RunOptions) {
    this.text = text
    this.variables = variables
    this.#code = code
    this.#options = options
  }

  /**
   * The values of the expression for a resource, an array of resources, or plain JSON; undefined is the empty
   * collection. `env`: variables without `%`, as JSON or as `values` gave them; a variable that is undefined is empty.
   * `%context`, `%resource` and `%rootResource` are the input unless given.
   * Values are plain JSON: objects are the resource's own, not copies; dates are texts, quantities FHIR's Quantity;
   * a primitive that has only extensions is left out.
   * Throws a PathError, and what `resolve` and the like throw.
   */
  evaluate(input: unknown, env: Readonly<Record<string, unknown>> = {}, options?: EvaluateOptions): unknown[] {
    const values: unknown[] = []
    for (const item of this.#run(input, env, options)) {
      const value = toJson(item)
      if (value !== undefined) values.push(value)
    }
    return values
  }

  /**
   * As the condition of a rule: true for a single `true`, false for a single `false` or nothing. Throws a PathError for
   * anything else, since an author who forgot `.exists()` should hear of it.
   */
  holds(input: unknown, env: Readonly<Record<string, unknown>> = {}, options?: EvaluateOptions): boolean {
    const items = this.#run(input, env, options)
    const values = items.map(toJson)
    if (items.length === 1 && values[0] !== undefined && typeof values[0] !== 'boolean')
      fail(
        { text: this.text, at: 0 },
        `The condition gives ${describe(items[0]!)} where true or false is wanted`,
        'compare it with something, or ask exists()',
      )
    return isTrue(values, this.text)
  }

  /**
   * As `evaluate`, but the values as expressions compute with them: given as variables to others, they keep their FHIR
   * types. For a text to show, use `toJson` of values.ts.
   */
  values(input: unknown, env: Readonly<Record<string, unknown>> = {}, options?: EvaluateOptions): Items {
    return this.#run(input, env, options)
  }

  #run(input: unknown, env: Readonly<Record<string, unknown>>, options: EvaluateOptions | undefined): Items {
    const fuel = options?.fuel
    const steps = fuel ? { steps: fuel.left } : {}
    const run = new Run(input, env, options ? { ...this.#options, ...given(options), ...steps } : this.#options)
    try {
      return this.#code.step(run)
    } catch (error) {
      // expressions and data are bounded in depth; this is for what is called when the stack is nearly full
      if (error instanceof RangeError) return fail({ text: this.text, at: 0 }, 'The evaluation goes too deep')
      throw error
    } finally {
      if (fuel) fuel.left = Math.max(0, run.fuel)
    }
  }
}

const given = <T extends object>(options: T): T =>
  Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as T

/** Compiles an expression. Throws a PathError that says where it is wrong: what is not supported is refused here. */
export function compile(text: string, options: PathOptions): Expression {
  const { definitions, units, memberOf, subsumes, variables, inputType, resolve, now, offset, trace, steps } = options
  const shapes = shapesOf(definitions)
  const terminology = { ...(memberOf ? { memberOf } : {}), ...(subsumes ? { subsumes } : {}) }
  const tree = parse(text)
  const names = variables && (isList(variables) ? variables : Object.keys(variables))
  const compiled = compileTree(text, tree, { shapes, terminology, variables: names })
  checkElements(text, tree, shapes, { input: inputType, variables: !variables || isList(variables) ? {} : variables })
  return new Expression(text, compiled, {
    text,
    shapes,
    units,
    steps: steps ?? MOST_STEPS,
    now: now ?? (() => new Date()),
    offset,
    resolve,
    trace,
  })
}

const isList = (variables: NonNullable<PathOptions['variables']>): variables is readonly string[] =>
  Array.isArray(variables)

/**
 * Whether the values that a condition gave mean that it holds: a single `true`. Nothing and a single `false` do not.
 * Throws a PathError for anything else.
 */
export function isTrue(values: readonly unknown[], text = ''): boolean {
  const [first] = values
  if (values.length === 0) return false
  if (values.length === 1 && typeof first === 'boolean') return first
  const what =
    values.length > 1
      ? `${values.length} values`
      : Array.isArray(first) || typeof first === 'object'
        ? 'an object'
        : `a ${typeof first}`
  return fail(
    { text, at: 0 },
    `The condition gives ${what} where true or false is wanted`,
    'compare them with something, or ask exists()',
  )
}
