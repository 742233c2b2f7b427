/**
 * `_filter`: what its comparisons mean, in terms of the kinds of search parameters.
 * https://hl7.org/fhir/R4/search_filter.html
 */
import type { SearchParam } from '../fhir/definitions.ts'
import { badRequest } from '../fhir/outcome.ts'
import { allResources } from './all-resources.ts'
import { destinations, follow } from './chain.ts'
import { readAsked } from './date.ts'
import { escape } from './escape.ts'
import { type Expression, parseFilter, type Step } from './filter-syntax.ts'
import type { Asking } from './kind.ts'
import { kinds } from './kinds.ts'
import { lookup, reading, spend } from './lookup.ts'
import { everything, type Filter, nothing, type Predicate } from './query.ts'
import { didYouMean } from './suggest.ts'
import { fold } from './words.ts'

type Test = Extract<Expression, { is: 'test' }>
type FindParam = (code: string, asking: Asking) => SearchParam

/** The Filter of a `_filter`. Throws a FhirError (400, 422). */
export const readFilter = (text: string, asking: Asking): Promise<Filter> => compile(parseFilter(text), asking, lookup)

async function compile(expression: Expression, asking: Asking, find: FindParam): Promise<Filter> {
  if (expression.is === 'not') return { is: 'not', part: await compile(expression.part, asking, find) }
  if (expression.is === 'test') return compare(expression.path, expression, asking, find)
  const parts: Filter[] = []
  for (const part of expression.parts) parts.push(await compile(part, asking, find))
  return parts.length === 1 ? parts[0]! : { is: expression.is === 'and' ? 'all' : 'any', parts }
}

async function compare(path: readonly Step[], test: Test, asking: Asking, find: FindParam): Promise<Filter> {
  spend(asking)
  const [step, ...rest] = path
  if (rest.length === 0)
    return Object.hasOwn(allResources, step!.name)
      ? everyResource(step!.name, test, asking)
      : leaf(find(step!.name, asking), test, asking)
  const param = find(step!.name, asking)
  const both = async (deeper: Asking, inner: FindParam): Promise<Filter> => {
    const end = await compare(rest, test, deeper, inner)
    return step!.where ? { is: 'all', parts: [await compile(step!.where, deeper, inner), end] } : end
  }
  if (param.type === 'reference')
    return follow(param.code, destinations(param, step!.type, rest[0]!.name, asking), asking, deeper =>
      both(deeper, lookup),
    )
  if (param.type !== 'composite')
    throw badRequest(
      `_filter: "${param.code}" is a ${param.type} parameter; only references and composites go on after a ".".`,
    )
  const part = await both(asking, component(param, asking))
  return { is: 'tuple', param: param.code, parts: part.is === 'all' ? part.parts : [part] }
}

/** Inside the brackets of a composite only its components have names. */
function component(param: SearchParam, asking: Asking): FindParam {
  const components = asking.componentsOf(asking.types[0]!, param)
  return code => {
    const found = components.find(each => each.code === code)
    const known = components.map(each => each.code)
    if (!found)
      throw badRequest(
        `_filter: ${param.code} has no component "${code}".${didYouMean(code, known)} It has ${known.join(' and ')}.`,
      )
    return found
  }
}

const ordered = ['eq', 'ne', 'gt', 'lt', 'ge', 'le', 'sa', 'eb', 'ap']
const signs: Readonly<Record<string, '=' | '<' | '<=' | '>' | '>='>> = { eq: '=', gt: '>', lt: '<', ge: '>=', le: '<=' }
const partly: Readonly<Record<string, 'contains' | 'starts' | 'ends'>> = { co: 'contains', sw: 'starts', ew: 'ends' }
/** Operators that are modifiers of a token parameter. `ss`: the value is an ancestor; `sb`: it is a descendant. */
const tokenModifiers: Readonly<Record<string, string>> = { in: 'in', ni: 'not-in', ss: 'below', sb: 'above' }

const operators: Readonly<Record<SearchParam['type'], readonly string[]>> = {
  string: ['eq', 'ne', 'co', 'sw', 'ew', 'gt', 'lt', 'ge', 'le', 'pr'],
  token: ['eq', 'ne', 'in', 'ni', 'ss', 'sb', 'pr'],
  uri: ['eq', 'ne', 'co', 'sw', 'ew', 'pr'],
  reference: ['eq', 'ne', 're', 'pr'],
  date: [...ordered, 'po', 'pr'],
  number: [...ordered, 'pr'],
  quantity: [...ordered, 'pr'],
  composite: ['eq', 'pr'],
  special: ['eq', 'pr'],
}

async function leaf(param: SearchParam, test: Test, asking: Asking): Promise<Filter> {
  const { operator, value } = test
  const { type, code } = param
  if (!operators[type].includes(operator))
    throw badRequest(
      `_filter: ${code} is a ${type} parameter, which has no "${operator}". It takes ${operators[type].join(' ')}.`,
    )
  const given = reading(param, asking)
  const kind = kinds[type]
  if (operator === 'pr') return present(kind.present(code, given.components), code, value)
  if (type === 'string') return text(code, operator, value)
  if (partly[operator])
    return { is: 'has', param: code, kind: 'token', where: { is: partly[operator], column: 'code', value } }
  const modifier = tokenModifiers[operator]
  if (modifier) return kind.modifiers[modifier]!(modifier.endsWith('in') ? escape(value) : value, given)
  if (operator === 'po') return overlaps(code, value, asking)
  if (type === 'date' || type === 'number' || type === 'quantity') return kind.read(`${operator}${value}`, given)
  const equal = await kind.read(value, given)
  return operator === 'ne' ? unequal(equal) : equal
}

function present(filter: Filter, name: string, value: string): Filter {
  if (value !== 'true' && value !== 'false')
    throw badRequest(`_filter: "${name} pr" takes true or false, not "${value}".`)
  return value === 'true' ? filter : { is: 'not', part: filter }
}

/** Whole strings are compared, whatever their case and accents. */
function text(param: string, operator: string, value: string): Filter {
  const folded = fold(value)
  if (folded === '')
    throw badRequest(`_filter: the value of ${param} is empty. To find what has none, ask "${param} pr false".`)
  const has = (where: Predicate): Filter => ({ is: 'has', param, kind: 'string', where })
  if (partly[operator]) return has({ is: partly[operator], column: 'text', value: folded })
  if (operator === 'ne') return has(otherThan('text', folded))
  return has({ is: 'compare', by: signs[operator]!, column: 'text', value: folded })
}

/** `po`: the periods have a moment in common. */
function overlaps(param: string, value: string, { now }: Asking): Filter {
  const { low, high } = readAsked(value, now)
  const parts: Predicate[] = [
    { is: 'compare', by: '>=', column: 'high', value: low },
    { is: 'compare', by: '<=', column: 'low', value: high },
  ]
  return { is: 'has', param, kind: 'date', where: { is: 'and', parts } }
}

type Column = Extract<Predicate, { is: 'compare' }>['column']
const otherThan = (column: Column, value: string | number): Predicate => ({
  is: 'or',
  parts: [
    { is: 'compare', by: '<', column, value },
    { is: 'compare', by: '>', column, value },
  ],
})

/** `ne`: some value is another one (which is not the same as: no value is this one). */
function unequal(equal: Filter): Filter {
  if (equal.is === 'has' && equal.where) return { ...equal, where: denied(equal.where) }
  return { is: 'not', part: equal }
}

/** The opposite of a predicate made of equalities. */
function denied(where: Predicate): Predicate {
  if (where.is === 'compare') return otherThan(where.column, where.value)
  if (where.is === 'one of') return { is: 'and', parts: where.values.map(value => otherThan(where.column, value)) }
  if (where.is === 'and') return { is: 'or', parts: where.parts.map(denied) }
  if (where.is === 'or') return { is: 'and', parts: where.parts.map(denied) }
  throw badRequest('_filter: this cannot be compared with "ne"; write not (… eq …).')
}

const textOperators = ['eq', 'co']

/** `_id`, `_lastUpdated`, `_list`, `_text` and `_content` are no index entries; few operators make sense of them. */
function everyResource(name: string, { operator, value }: Test, asking: Asking): Filter {
  const read = allResources[name]!
  if (operator === 'pr' && (name === '_id' || name === '_lastUpdated')) return present(everything, name, value)
  if (name === '_lastUpdated' && ordered.includes(operator)) return read(escape(`${operator}${value}`), asking)
  if (name === '_lastUpdated' && operator === 'po') return read(escape(value), asking)
  const takes = name === '_id' || name === '_list' ? ['eq', 'ne', 'in'] : textOperators
  if (!takes.includes(operator)) throw badRequest(`_filter: ${name} has no "${operator}". It takes ${takes.join(' ')}.`)
  const equal = value === '' ? nothing : read(escape(value), asking)
  return operator === 'ne' ? { is: 'not', part: equal } : equal
}
