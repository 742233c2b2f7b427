/**
 * The components of composite parameters: what the entries of each are called and how its values are read.
 * https://hl7.org/fhir/R4/search.html#composite
 */
import type { Definitions, SearchParam } from '../fhir/definitions.ts'
import { type Compiled, compileExpression } from './compile.ts'

/** One component: the name its entries have, and the parameter (under that name) whose kind reads its values. */
export interface Component {
  readonly param: string
  readonly search: SearchParam
  /** No parameter's own entries hold these values: they are entered once more, under this name. */
  readonly extra: boolean
  readonly expression: string
}

const known = new WeakMap<Definitions, Map<string, readonly Component[]>>()

/**
 * The components of a composite parameter of a type, in order. Empty when one of them cannot be found in the
 * definitions: the parameter then is unusable. A component whose values a parameter of the type already has among its
 * own has that parameter's code (`combo-code`), any other `<composite>$1`, `$2`, ….
 */
export function componentParams(definitions: Definitions, type: string, composite: SearchParam): readonly Component[] {
  const ofDefinitions = known.get(definitions) ?? new Map<string, readonly Component[]>()
  known.set(definitions, ofDefinitions)
  const key = `${type} ${composite.url} ${composite.code}`
  const made = ofDefinitions.get(key) ?? findComponents(definitions, type, composite)
  ofDefinitions.set(key, made)
  return made
}

function findComponents(definitions: Definitions, type: string, composite: SearchParam): readonly Component[] {
  const roots = compileExpression(definitions, composite.expression, type).ways ?? []
  const params = composite.components.map(component => definitions.searchParam(component.definition))
  if (params.some(param => !param || param.type === 'composite')) return []
  const namesOf = (expression: string) =>
    roots.flatMap(root => namesBelow(definitions, expression, root.names[0]!, root.type) ?? [])
  const expressions = composite.components.map(component => component.expression)
  return (params as SearchParam[]).map((param, i) => {
    const fits = (expression: string) => covers(definitions, type, param, param, namesOf(expression))
    // R4's DocumentReference-relationship has the expressions of its two components exchanged
    const expression = fits(expressions[i]!) ? expressions[i]! : (expressions.find(fits) ?? expressions[i]!)
    const candidates = [param, ...definitions.searchParams(type).values()]
    const covering = candidates.find(candidate => covers(definitions, type, candidate, param, namesOf(expression)))
    const label = covering?.code ?? `${composite.code}$${i + 1}`
    return {
      param: label,
      search: label === param.code ? param : { ...param, code: label },
      extra: !covering,
      expression,
    }
  })
}

/** Where in the resource a component's values lie, relative to the resource. */
function namesBelow(definitions: Definitions, expression: string, root: string, type: string): string[] | undefined {
  const { ways } = compileExpression(definitions, expression, type)
  const fromResource = expression.startsWith('%resource')
  return ways?.flatMap(way => way.names).map(name => (root === '' || fromResource ? name : `${root}.${name}`))
}

function covers(
  definitions: Definitions,
  type: string,
  candidate: SearchParam,
  param: SearchParam,
  names: readonly string[],
): boolean {
  if (names.length === 0 || candidate.type !== param.type || candidate.code.startsWith('_')) return false
  if (definitions.searchParams(type).get(candidate.code) !== candidate) return false
  const own = new Set(ownWays(compileExpression(definitions, candidate.expression, type)))
  return names.every(name => own.has(name))
}

const ownWays = (compiled: Compiled): readonly string[] => compiled.ways?.flatMap(way => way.names) ?? []
