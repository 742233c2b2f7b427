/**
 * Search parameter expressions compiled to walks over property names, choices and types resolved beforehand by the
 * definitions. The shapes that R4's search parameters have are compiled; fhirpath.js walks for the others.
 * https://hl7.org/fhir/R4/searchparameter.html#extraction
 */
import type { Definitions } from '../fhir/definitions.ts'
import { evaluateForSearch } from '../fhir/path.ts'
import { typeReferredTo } from '../fhir/reference.ts'
import { type Expression, readExpression } from './expression.ts'
import { member, ofType, type Place, settled, start, Unsupported } from './navigate.ts'
import { type Found, indexed, namesOf, type Test, type Walk, walkAll, walkOf, type Way } from './walk.ts'

/** More ways than this in one expression are not compiled; R4's own need a hundredth. */
const MOST_WAYS = 1000

/** A resource of more values than this is not found by what fhirpath.js would have to walk: it takes microseconds for each. */
const MOST_VALUES = 20_000

/** An expression ready to be used. */
export interface Compiled {
  readonly walk: Walk
  /** Each way by itself, with the type it leads to; undefined when fhirpath.js walks. */
  readonly ways:
    | readonly { readonly names: readonly string[]; readonly type: string; readonly walk: Walk }[]
    | undefined
}

/**
 * Compiles an expression for a focus of this type (a resource type, or a backbone path: what a composite's components
 * are relative to). An expression that makes no sense finds nothing.
 */
export function compileExpression(definitions: Definitions, expression: string, type: string): Compiled {
  const read = readExpression(expression)
  const place = { definitions, type, resource: type.split('.', 1)[0]!, budget: { left: MOST_WAYS } }
  try {
    if (!read) throw new Unsupported()
    if (isTest(read)) return { walk: booleanWalk(compileTest(read, place)), ways: [] }
    const ways = different(waysOf(read, place)).map(way => ({
      names: namesOf(way),
      type: way.type,
      walk: compileWay(way),
    }))
    return { walk: walkAll(ways.map(way => way.walk)), ways }
  } catch (error) {
    if (!(error instanceof Unsupported)) throw error
    return { walk: interpret(expression, type), ways: undefined }
  }
}

/** A union has each value once. */
const different = (ways: readonly Way[]): readonly Way[] =>
  ways.length === 1
    ? ways
    : [...new Map(ways.map(way => [`${way.fromRoot} ${way.type} ${namesOf(way).join(' ')}`, way])).values()]

const compileWay = (way: Way): Walk =>
  way.steps.some(step => step.is === 'index') ? indexed(way, compileWay) : walkOf(way)

function interpret(expression: string, type: string): Walk {
  const base = type.includes('.') ? type : undefined
  return (focus, root, found) => {
    if (isLarge(root)) return
    try {
      for (const { value, type: of } of evaluateForSearch(expression, focus, { resource: root }, base)) {
        if (value === undefined || value === null || Array.isArray(value)) continue
        found.values.push(value)
        found.types.push(of)
      }
    } catch {
      // extraction never refuses a resource: $validate and the conformance of SearchParameters are elsewhere
    }
  }
}

const counted = new WeakMap<object, boolean>()

/** Whether a resource has more than `MOST_VALUES`; counted once. */
function isLarge(root: unknown): boolean {
  if (typeof root !== 'object' || root === null) return false
  const known = counted.get(root)
  if (known !== undefined) return known
  let left = MOST_VALUES
  const rest: unknown[] = [root]
  while (rest.length > 0 && left >= 0) {
    const values = Object.values(rest.pop() as object)
    left -= values.length
    for (const value of values) if (typeof value === 'object' && value !== null) rest.push(value)
  }
  counted.set(root, left < 0)
  return left < 0
}

const booleanWalk = (test: Test): Walk => {
  return (focus, root, found) => {
    const value = test(focus, root)
    if (value === undefined) return
    found.values.push(value)
    found.types.push('boolean')
  }
}

const testCalls = new Set(['exists', 'empty', 'not'])

const isTest = (expression: Expression): boolean =>
  expression.is === 'test' ||
  (expression.is === 'type' && expression.by === 'is') ||
  (expression.is === 'call' && testCalls.has(expression.name))

function waysOf(expression: Expression, place: Place): Way[] {
  const ways = waysFrom(expression, place)
  place.budget.left -= ways.length
  if (place.budget.left < 0) throw new Unsupported()
  return ways
}

function waysFrom(expression: Expression, place: Place): Way[] {
  switch (expression.is) {
    case 'this':
      return [{ fromRoot: false, steps: [], type: place.type }]
    case 'resource':
      return [{ fromRoot: true, steps: [], type: place.resource }]
    case 'union':
      return expression.parts.flatMap(part => waysOf(part, place))
    case 'member':
      return expression.of
        ? waysOf(expression.of, place).flatMap(way => member(way, expression.name, place))
        : start(expression.name, place)
    case 'type':
      if (expression.by === 'is') throw new Unsupported()
      return waysOf(expression.of, place).flatMap(way => ofType(way, expression.type, place))
    case 'index':
      return at(waysOf(expression.of, place), expression.at)
    case 'call':
      return call(expression, place)
    default:
      throw new Unsupported()
  }
}

function at(ways: readonly Way[], index: number): Way[] {
  const [way] = ways
  if (ways.length > 1 || way?.choice) throw new Unsupported()
  return way ? [{ ...way, steps: [...way.steps, { is: 'index', at: index }] }] : []
}

function call(expression: Extract<Expression, { is: 'call' }>, place: Place): Way[] {
  const of = waysOf(expression.of ?? { is: 'this' }, place)
  const [argument, ...more] = expression.args
  if (expression.name === 'first' && !argument) return at(of, 0)
  if (!argument || more.length > 0) throw new Unsupported()
  if (expression.name === 'where') return of.flatMap(way => where(way, argument, place))
  if (expression.name === 'extension' && argument.is === 'literal') {
    const sameUrl: Expression = {
      is: 'test',
      by: '=',
      left: { is: 'member', of: undefined, name: 'url' },
      right: argument,
    }
    return of.flatMap(way => member(way, 'extension', place)).flatMap(way => where(way, sameUrl, place))
  }
  throw new Unsupported()
}

function where(way: Way, criterion: Expression, place: Place): Way[] {
  return settled(way).map(each => {
    const test = compileTest(criterion, { ...place, type: each.type })
    return { ...each, steps: [...each.steps, { is: 'where', test, key: JSON.stringify(criterion) }] }
  })
}

function compileTest(expression: Expression, place: Place): Test {
  if (expression.is === 'literal' && typeof expression.value === 'boolean') return () => expression.value as boolean
  if (expression.is === 'test') {
    if (expression.by === '=' || expression.by === '!=') return compileEquality(expression, place)
    const [left, right] = [compileTest(expression.left, place), compileTest(expression.right, place)]
    // FHIRPath's three-valued logic: one false decides an `and`, one true an `or`
    const decides = expression.by === 'or'
    return (focus, root) => {
      const first = left(focus, root)
      if (first === decides) return decides
      const second = right(focus, root)
      return second === decides ? decides : first === undefined ? undefined : second
    }
  }
  if (expression.is === 'type' && expression.by === 'is')
    return compileResolvesTo(expression.of, expression.type, place)
  if (expression.is === 'call') return compileTestCall(expression, place)
  const ways = waysOf(expression, place)
  if (ways.some(way => way.type !== 'boolean' || way.choice)) throw new Unsupported()
  const values = valuesOf(ways)
  return (focus, root) => values(focus, root)[0] as boolean | undefined
}

const valuesOf = (ways: readonly Way[]) => {
  const walk = walkAll(ways.map(compileWay))
  return (focus: unknown, root: unknown): unknown[] => {
    const found: Found = { values: [], types: [] }
    walk(focus, root, found)
    return found.values
  }
}

function compileEquality(expression: Extract<Expression, { is: 'test' }>, place: Place): Test {
  const [literal, path] =
    expression.right.is === 'literal' ? [expression.right, expression.left] : [expression.left, expression.right]
  if (literal.is !== 'literal' || path.is === 'literal') throw new Unsupported()
  const values = valuesOf(waysOf(path, place))
  const negated = expression.by === '!='
  return (focus, root) => {
    const found = values(focus, root)
    return found.length === 0 ? undefined : (found.length === 1 && found[0] === literal.value) !== negated
  }
}

function compileTestCall(expression: Extract<Expression, { is: 'call' }>, place: Place): Test {
  const of = expression.of ?? { is: 'this' as const }
  const [argument, ...more] = expression.args
  if (expression.name === 'not' && !argument && isTest(of)) {
    const test = compileTest(of, place)
    return (focus, root) => {
      const value = test(focus, root)
      return value === undefined ? undefined : !value
    }
  }
  if (more.length > 0 || (expression.name !== 'exists' && (expression.name !== 'empty' || argument)))
    throw new Unsupported()
  const values = valuesOf(waysOf(argument ? { is: 'call', of, name: 'where', args: [argument] } : of, place))
  const wanted = expression.name === 'exists'
  return (focus, root) => values(focus, root).length > 0 === wanted
}

/** `resolve() is Patient`: decided by the reference alone; the other resource is not read. */
function compileResolvesTo(of: Expression, type: string, place: Place): Test {
  if (of.is !== 'call' || of.name !== 'resolve' || of.args.length > 0) throw new Unsupported()
  const values = valuesOf(waysOf(of.of ?? { is: 'this' }, place))
  return (focus, root) => {
    const found = values(focus, root)
    return found.length === 0 ? undefined : found.some(value => typeReferredTo(value, root) === type)
  }
}
