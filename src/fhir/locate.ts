/**
 * Finds the places in a resource that a path expression leads to.
 * https://hl7.org/fhirpath/N1/ and https://hl7.org/fhir/R4/fhirpatch.html
 */
import type { Definitions, ElementInfo } from './definitions.ts'
import { isRawNumber } from './json.ts'
import { tooCostly, unprocessable } from './outcome.ts'
import type { Callable, Comparison, Expression, Step } from './path-expression.ts'
import { childrenOf, infosFor, type Place } from './place.ts'

/** Where a search for places happens. `visits`: how many places may still be looked at; counts down. */
export interface Scope {
  readonly root: Place
  readonly definitions: Definitions
  visits: number
}

/**
 * The places an expression leads to, in order; none is fine. A place without a slot is the resource itself or a value
 * that was computed. Refuses (422) names that the types do not have, and searches that take too long.
 */
export function locate(expression: Expression, scope: Scope): Place[] {
  return evaluate(expression, [scope.root], scope)
}

/**
 * The list an expression names, which may still be empty: the element that owns it, and what the list is. Refuses
 * (422) what is not a plain name at its end (`Patient.name`), or has no or several owners.
 */
export function locateList(
  expression: Expression,
  scope: Scope,
): { readonly owner: Place; readonly info: ElementInfo } {
  const last = expression.is === 'path' ? expression.steps.at(-1) : undefined
  if (expression.is !== 'path' || last?.is !== 'member') {
    throw unprocessable('The path must end with the name of a list, such as Patient.identifier.')
  }
  const owners = locate({ ...expression, steps: expression.steps.slice(0, -1) }, scope)
  const [owner] = owners
  if (!owner || owners.length > 1) {
    throw unprocessable(
      `The path must lead to one list, and there are ${owners.length}. Say which, as in name[0].given.`,
    )
  }
  const info = infosFor(scope.definitions, owner.type, last.name)[0]!
  if (!info.many) throw unprocessable(`${owner.type}.${last.name} is not a list.`)
  return { owner, info }
}

function evaluate(expression: Expression, focus: readonly Place[], scope: Scope): Place[] {
  switch (expression.is) {
    case 'literal':
      return [computed(expression.value)]
    case 'and':
      return [computed(holds(expression.left, focus, scope) && holds(expression.right, focus, scope))]
    case 'or':
      return [computed(holds(expression.left, focus, scope) || holds(expression.right, focus, scope))]
    case 'compare': {
      const left = comparables(evaluate(expression.left, focus, scope), scope)
      const right = comparables(evaluate(expression.right, focus, scope), scope)
      return left.length === 0 || right.length === 0 ? [] : [computed(compare(left, expression.by, right))]
    }
    case 'path': {
      let places: readonly Place[]
      if (expression.from === 'focus') places = focus
      else places = expression.from === 'resource' ? [scope.root] : evaluate(expression.from, focus, scope)
      expression.steps.forEach((step, index) => {
        visit(scope, places.length + 1)
        const atStart = index === 0 && expression.from === 'focus'
        if (!(atStart && step.is === 'member' && namesRoot(step.name, places, scope)))
          places = follow(step, places, scope)
      })
      return [...places]
    }
  }
}

function visit(scope: Scope, places: number): void {
  scope.visits -= places
  if (scope.visits < 0) throw tooCostly('The paths of the patch look at more elements than this server allows.')
}

/** `Patient` at the start of a path is the resource itself. */
function namesRoot(name: string, places: readonly Place[], { root, definitions }: Scope): boolean {
  if (places[0] !== root) return false
  if (name === root.type || name === 'Resource' || name === 'DomainResource') return true
  if (definitions.isResourceType(name)) {
    throw unprocessable(`The path is about ${name}, but the resource to patch is of type ${root.type}.`)
  }
  return false
}

function follow(step: Step, places: readonly Place[], scope: Scope): Place[] {
  switch (step.is) {
    case 'member': {
      const found = places.flatMap(place => childrenOf(scope.definitions, place, step.name))
      visit(scope, found.length)
      return found
    }
    case 'index':
      return places.slice(step.at, step.at + 1)
    case 'type':
      return places.filter(place => place.type === step.name)
    case 'call':
      return call(step.name, step.argument, places, scope)
  }
}

function call(name: Callable, argument: Expression | undefined, places: readonly Place[], scope: Scope): Place[] {
  const given = () => (argument ? comparables(evaluate(argument, places.slice(0, 1), scope), scope)[0] : undefined)
  switch (name) {
    case 'where':
      return places.filter(place => holds(argument!, [place], scope))
    case 'exists':
      return [computed(places.some(place => !argument || holds(argument, [place], scope)))]
    case 'extension': {
      const url = given()
      const extensions = places.flatMap(place => childrenOf(scope.definitions, place, 'extension'))
      return extensions.filter(place => (place.value as Record<string, unknown> | undefined)?.['url'] === url)
    }
    case 'skip':
      return places.slice(amount(given()))
    case 'take':
      return places.slice(0, amount(given()))
    case 'first':
      return places.slice(0, 1)
    case 'last':
      return places.slice(-1)
    case 'tail':
      return places.slice(1)
    case 'single':
      if (places.length > 1) throw unprocessable(`single() was asked of ${places.length} elements.`)
      return [...places]
    case 'empty':
      return [computed(places.length === 0)]
    case 'count':
      return [computed(places.length)]
    case 'not':
      return places.length === 0 ? [] : [computed(!truth(places))]
    default:
      return text(name, given(), places, scope)
  }
}

function text(name: Callable, given: unknown, places: readonly Place[], scope: Scope): Place[] {
  if (places.length === 0) return []
  const [own] = comparables(places, scope)
  if (places.length > 1 || typeof own !== 'string') throw unprocessable(`${name}() needs one text.`)
  if (name === 'lower') return [computed(own.toLowerCase())]
  if (name === 'upper') return [computed(own.toUpperCase())]
  if (typeof given !== 'string') throw unprocessable(`${name}() needs a text to look for.`)
  if (name === 'startsWith') return [computed(own.startsWith(given))]
  if (name === 'endsWith') return [computed(own.endsWith(given))]
  return [computed(own.includes(given))]
}

function amount(given: unknown): number {
  if (typeof given === 'number' && Number.isInteger(given) && given >= 0) return given
  throw unprocessable('skip() and take() need a whole number.')
}

const computed = (value: string | number | boolean): Place => {
  const type = typeof value === 'number' ? 'decimal' : typeof value
  return { value, type }
}

const holds = (criterion: Expression, focus: readonly Place[], scope: Scope) => truth(evaluate(criterion, focus, scope))

/** A collection as a condition: none is false, one boolean is itself, one of anything else is true. */
function truth(places: readonly Place[]): boolean {
  if (places.length > 1) throw unprocessable('A condition in the path has more than one value. Use exists(…).')
  const [place] = places
  return place !== undefined && place.value !== false
}

type Comparable = string | number | boolean

/** The values of primitives, for comparison. Long texts count as many places. */
function comparables(places: readonly Place[], scope: Scope): Comparable[] {
  return places.flatMap(({ value }) => {
    if (isRawNumber(value)) return [Number(value.rawJSON)]
    if (value === undefined) return []
    if (typeof value === 'object') throw unprocessable('The path compares an object. Compare its elements.')
    if (typeof value === 'string') visit(scope, value.length / 100)
    return [value as Comparable]
  })
}

function compare(left: readonly Comparable[], by: Comparison, right: readonly Comparable[]): boolean {
  const same = (fold: (value: Comparable) => Comparable) =>
    left.length === right.length && left.every((value, index) => fold(value) === fold(right[index]!))
  const folded = (value: Comparable) => (typeof value === 'string' ? value.trim().toLowerCase() : value)
  if (by === '=' || by === '!=') return same(value => value) === (by === '=')
  if (by === '~' || by === '!~') return same(folded) === (by === '~')
  const [one, other] = [left[0]!, right[0]!]
  if (left.length > 1 || right.length > 1 || typeof one !== typeof other) {
    throw unprocessable(`The path compares with ${by} what has no order.`)
  }
  if (by === '<') return one < other
  if (by === '>') return one > other
  return by === '<=' ? one <= other : one >= other
}
