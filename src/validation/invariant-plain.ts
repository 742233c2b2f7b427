/**
 * Plain invariants as functions over the tree of nodes: many times faster than fhirpath.js, and never more work than
 * the expression is long times the resource is large, so that anyone's may run. Where data or types make FHIRPath do
 * more than compare texts, numbers and booleans, the function says so and fhirpath.js is asked instead.
 * https://hl7.org/fhirpath/N1/
 */
import type { Definitions } from '../fhir/definitions.ts'
import { type Expression, type Operator, parseInvariant, type Variable } from './invariant-parse.ts'
import {
  CANNOT_TELL,
  compared,
  condition,
  equal,
  isIn,
  isNode,
  isPrimitive,
  type Item,
  logics,
  no,
  nodeTruth,
  nothing,
  textOf,
  truth,
  union,
} from './invariant-values.ts'
import { childrenOf, type Node, resourceOf } from './node.ts'

/** `undefined`: this function cannot tell. */
export type PlainInvariant = (node: Node, definitions: Definitions) => boolean | undefined

interface Scope {
  readonly root: Node
  readonly definitions: Definitions
}
type Step = (focus: Item, scope: Scope) => readonly Item[]

/** The invariant as a function, or undefined when it is not plain. */
export function compilePlain(expression: string): PlainInvariant | undefined {
  const parsed = parseInvariant(expression)
  if (!parsed || !isLinear(parsed, false)) return undefined
  const step = compile(parsed)
  return (root, definitions) => {
    try {
      const found = step(root, { root, definitions })
      if (found.length !== 1) return found.length > 1
      const [only] = found
      return typeof only === 'boolean' ? only : isNode(only!) ? nodeTruth(only) : true
    } catch (error) {
      if (error === CANNOT_TELL) return undefined
      throw error
    }
  }
}

/**
 * Criteria are looked at once for each value. While they only lead downwards from it that is linear; from the resource
 * anew it would not be.
 */
function isLinear(expression: Expression, inCriterion: boolean): boolean {
  switch (expression.is) {
    case 'literal':
    case 'this':
      return true
    case 'variable':
      return !inCriterion || expression.name !== 'resource'
    case 'operator':
      return isLinear(expression.left, inCriterion) && isLinear(expression.right, inCriterion)
    case 'matches':
      return isSimplePattern(expression.pattern) && isLinear(expression.of, inCriterion)
    case 'call':
      return isLinear(expression.of, inCriterion) && (!expression.argument || isLinear(expression.argument, true))
    default:
      return isLinear(expression.of, inCriterion)
  }
}

/** No groups or choices, and at most one repetition of no fixed length: nothing that can explode. */
export function isSimplePattern(pattern: string): boolean {
  if (pattern.length > 200) return false
  const bare = pattern.replace(/\\./g, 'a').replace(/\[\^?\]?[^\]]*\]/g, 'a')
  if (/[()|]/.test(bare)) return false
  const open = bare.match(/[*+?]|\{\d*,\d*\}/g) ?? []
  return open.length <= 1 && (bare.match(/\{(\d+)/g) ?? []).every(each => Number(each.slice(1)) <= 1000)
}

/** Texts longer than this are left to others. */
const LONGEST_MATCHED = 1000

function compile(expression: Expression): Step {
  switch (expression.is) {
    case 'literal': {
      const value = [expression.value]
      return () => value
    }
    case 'this':
      return focus => [focus]
    case 'variable':
      return variable(expression.name)
    case 'member':
      return member(compile(expression.of), expression.name, expression.of.is === 'this')
    case 'type':
      return ofType(compile(expression.of), expression.name)
    case 'matches':
      return matches(compile(expression.of), expression.pattern)
    case 'call':
      return call(expression, compile(expression.of))
    case 'operator':
      return operator(expression.name, compile(expression.left), compile(expression.right))
  }
}

const urls = { ucum: 'http://unitsofmeasure.org', sct: 'http://snomed.info/sct', loinc: 'http://loinc.org' }

function variable(name: Variable): Step {
  if (name === 'resource') return (_, { root, definitions }) => [resourceOf(root, definitions)]
  const url = [urls[name]]
  return () => url
}

function member(of: Step, name: string, first: boolean): Step {
  const isType = /^[A-Z]/.test(name)
  return (focus, scope) => {
    const from = of(focus, scope)
    if (from.length === 0) return nothing
    const found: Item[] = []
    for (const item of from) {
      if (!isNode(item)) throw CANNOT_TELL
      // a path may begin with the type of what it starts from
      if (isType) {
        if (!first || item.type !== name) throw CANNOT_TELL
        found.push(item)
        continue
      }
      for (const child of childrenOf(item, scope.definitions)) if (child.name === name) found.push(child)
    }
    return found
  }
}

/** Types that others are derived from are left to those who know the derivations. */
const concrete = new Set([
  'CodeableConcept',
  'Coding',
  'Reference',
  'Period',
  'Range',
  'Ratio',
  'SampledData',
  'boolean',
  'dateTime',
  'time',
  'code',
])

function ofType(of: Step, name: string): Step {
  return (focus, scope) => {
    const from = of(focus, scope)
    return from.filter(item => {
      if (!isNode(item)) throw CANNOT_TELL
      if (item.type === name) return true
      if (!concrete.has(name) && name !== 'Quantity') throw CANNOT_TELL
      if (name === 'Quantity' && !concrete.has(item.type) && !isPrimitive(item.type)) throw CANNOT_TELL
      return false
    })
  }
}

function matches(of: Step, pattern: string): Step {
  let regex: RegExp | undefined
  try {
    regex = new RegExp(pattern, 'us')
  } catch {
    regex = undefined
  }
  return (focus, scope) => {
    const text = textOf(of(focus, scope))
    if (text === undefined) return nothing
    if (!regex || text.length > LONGEST_MATCHED) throw CANNOT_TELL
    return truth(regex.test(text))
  }
}

function call(expression: Expression & { readonly is: 'call' }, of: Step): Step {
  const { name, argument } = expression
  const inner = argument && compile(argument)
  const holds = (item: Item, scope: Scope) => condition(inner!(item, scope)) === true
  const text = argument?.is === 'literal' ? String(argument.value) : ''
  switch (name) {
    case 'exists':
      if (inner) return (focus, scope) => truth(of(focus, scope).some(item => holds(item, scope)))
      return (focus, scope) => truth(of(focus, scope).length > 0)
    case 'empty':
      return (focus, scope) => truth(of(focus, scope).length === 0)
    case 'where':
      return (focus, scope) => of(focus, scope).filter(item => holds(item, scope))
    case 'all':
      return (focus, scope) => truth(of(focus, scope).every(item => holds(item, scope)))
    case 'select':
      return (focus, scope) => of(focus, scope).flatMap(item => inner!(item, scope))
    case 'count':
      return (focus, scope) => [of(focus, scope).length]
    case 'first':
      return (focus, scope) => of(focus, scope).slice(0, 1)
    case 'not':
      return (focus, scope) => {
        const value = condition(of(focus, scope))
        return value === undefined ? nothing : truth(!value)
      }
    case 'hasValue':
      return (focus, scope) => {
        const found = of(focus, scope)
        if (found.length !== 1) return no
        const [item] = found
        return truth(isNode(item!) ? isPrimitive(item.type) && item.value !== undefined : true)
      }
    case 'extension':
      return (focus, scope) =>
        of(focus, scope).flatMap(item => {
          if (!isNode(item)) throw CANNOT_TELL
          return childrenOf(item, scope.definitions).filter(
            child => child.name === 'extension' && urlOf(child) === text,
          )
        })
    case 'startsWith':
    case 'endsWith':
    case 'contains': {
      const test = { startsWith: 'startsWith', endsWith: 'endsWith', contains: 'includes' } as const
      const method = test[name]
      return (focus, scope) => {
        const own = textOf(of(focus, scope))
        return own === undefined ? nothing : truth(own[method](text))
      }
    }
    case 'trace':
      return of
  }
}

const urlOf = (node: Node) => (node.value as { url?: unknown } | undefined)?.url

function operator(name: Operator, left: Step, right: Step): Step {
  const logic = logics[name as keyof typeof logics]
  if (logic)
    return (focus, scope) => {
      const one = condition(left(focus, scope))
      // no short cut where the other side may be undecidable: fhirpath.js evaluates both
      const other = condition(right(focus, scope))
      const value = logic(one, other)
      return value === undefined ? nothing : truth(value)
    }
  if (name === '|') return (focus, scope) => union([...left(focus, scope), ...right(focus, scope)])
  if (name === 'in') return (focus, scope) => isIn(left(focus, scope), right(focus, scope))
  if (name === '=' || name === '!=')
    return (focus, scope) => {
      const same = equal(left(focus, scope), right(focus, scope))
      return same === undefined ? nothing : truth(same === (name === '='))
    }
  return (focus, scope) => compared(name, left(focus, scope), right(focus, scope))
}
