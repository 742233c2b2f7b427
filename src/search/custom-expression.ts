/**
 * Which expressions a client's SearchParameter may have: those whose cost grows with the resource, and no faster.
 * https://hl7.org/fhirpath/N1/#functions
 */
import type { Definitions, SearchParam } from '../fhir/definitions.ts'
import { FhirError, type Issue } from '../fhir/outcome.ts'
import { readSearchParam } from '../fhir/search-param.ts'
import type { Resource } from '../fhir/types.ts'
import { compileExpression } from './compile.ts'

/** An expression that fhirpath.js has to walk may have so many characters. */
const LONGEST = 1000
const DEEPEST = 20

/** No loops, no recursion, no client's regular expressions, nothing that makes texts longer or looks elsewhere. */
const functions: ReadonlySet<string> = new Set([
  'where', 'exists', 'all', 'empty', 'not', 'count', 'first', 'last', 'tail', 'skip', 'take', 'single', 'extension', 'ofType', 'as', 'is', 'resolve', 'hasValue', 'getValue', 'iif',
  'startsWith', 'endsWith', 'contains', 'indexOf', 'substring', 'length', 'lower', 'upper', 'trim', 'toString', 'toInteger', 'toDecimal', 'toDate', 'toDateTime', 'toQuantity', 'today', 'now',
]) // prettier-ignore

/** Comments and what is no token are not matched: they could hide a call. */
const TOKEN =
  /\s+|'(?:[^'\\]|\\.)*'|`([^`\\]*)`|@[\d:.TZ+-]+|\d+(?:\.\d+)?|(%)(?:[A-Za-z_][\w-]*)|\$?([A-Za-z_]\w*)|([()[\]])|[.,|=<>{}-]|!=/sy

/** So many different places one parameter may look at in a resource of one type; R4's own look at four. */
const MOST_PLACES = 20

/** So many search parameters of one type may need fhirpath.js: each takes a moment at every write. */
const MOST_INTERPRETED = 20

/**
 * Refuses (422, an issue for each) SearchParameters that could cost more than the resources they index are large.
 * Those that can be no parameter at all are not looked at: they index nothing.
 */
export function checkExpressions(searchParameters: readonly Resource[], definitions: Definitions): void {
  const issues: Issue[] = []
  const interpreted = new Map<string, number>()
  for (const resource of searchParameters) {
    const param = readSearchParam(resource)
    if (!param || issues.length >= MOST_ISSUES) continue
    const refused = judge(param, definitions, interpreted)
    if (refused === undefined) continue
    const diagnostics = `The expression of SearchParameter/${String(resource['id'])} ${refused}. Change it, or retire or delete the SearchParameter, and ask again.`
    issues.push({ severity: 'error', code: 'too-costly', diagnostics, expression: ['SearchParameter.expression'] })
  }
  if (issues.length > 0) throw new FhirError(422, issues)
}

const MOST_ISSUES = 20

/** Why a parameter is refused, as the end of a sentence. Counts in `interpreted` those that need fhirpath.js, by type. */
function judge(param: SearchParam, definitions: Definitions, interpreted: Map<string, number>): string | undefined {
  const all = param.base.includes('Resource') || param.base.includes('DomainResource')
  for (const type of all ? definitions.resourceTypes : param.base.filter(name => definitions.isResourceType(name))) {
    const { ways } = compileExpression(definitions, param.expression, type)
    if (ways && ways.length > MOST_PLACES)
      return `looks at ${ways.length} places in a ${type}, more than ${MOST_PLACES}`
    const parts = (ways ?? []).flatMap(way =>
      param.components.map(({ expression }) => ({ expression, type: way.type })),
    )
    for (const part of [{ expression: param.expression, type }, ...parts]) {
      const compiled = compileExpression(definitions, part.expression, part.type).ways !== undefined
      const refused = hazard(part.expression, compiled)
      if (refused !== undefined) return refused
      if (compiled) continue
      const count = (interpreted.get(type) ?? 0) + 1
      interpreted.set(type, count)
      if (count > MOST_INTERPRETED)
        return `is one of more than ${MOST_INTERPRETED} for ${type} that are not made of paths, where(), exists() and "|" alone`
    }
  }
  return undefined
}

/** The first thing in an expression that could make it cost more than the resource is large. */
function hazard(expression: string, compiled: boolean): string | undefined {
  if (!compiled && expression.length > LONGEST) {
    return `is longer than ${LONGEST} characters and not made of paths, where(), exists() and "|" alone`
  }
  let depth = 0
  let called = ''
  for (TOKEN.lastIndex = 0; TOKEN.lastIndex < expression.length; ) {
    const at = TOKEN.lastIndex
    const found = TOKEN.exec(expression)
    if (!found)
      return !compiled ? `has "${expression.slice(at, at + 20)}", which a search parameter cannot use here` : undefined
    const [token, delimited, variable, name, bracket] = found
    if (variable && depth > 0)
      return 'uses a variable (%) within a criterion; write the criterion relative to its element'
    if (bracket === '(' && called && !compiled && !functions.has(called)) {
      return `uses ${called.slice(0, 40)}(), which a search parameter cannot use here; these it can: ${[...functions].join(', ')}`
    }
    if (bracket === '(' || bracket === '[') depth++
    else if (bracket) depth--
    if (depth > DEEPEST) return `is nested more than ${DEEPEST} levels deep`
    if (!/^\s/.test(token)) called = delimited ?? name ?? ''
  }
  return undefined
}
