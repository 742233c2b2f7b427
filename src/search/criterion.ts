/**
 * One criterion of a search: `name:modifier=value,value` becomes a Filter.
 * https://hl7.org/fhir/R4/search.html#combining
 */
import type { SearchParam } from '../fhir/definitions.ts'
import { badRequest, tooCostly } from '../fhir/outcome.ts'
import { allResources } from './all-resources.ts'
import { chain, has } from './chain.ts'
import { split } from './escape.ts'
import { readFilter } from './filter-expression.ts'
import type { Asking, Criterion, Reading, SearchKind } from './kind.ts'
import { kinds } from './kinds.ts'
import { lookup, reading, spend } from './lookup.ts'
import { everything, type Filter, nothing, type Predicate } from './query.ts'
import { didYouMean } from './suggest.ts'

export const criterion: Criterion = async (name, value, asking) => {
  spend(asking)
  if (value.trim() === '') throw badRequest(`${name} has no value.`)
  if (name.startsWith('_has:')) return has(name.slice(5), value, asking, criterion)
  const dot = name.indexOf('.')
  if (dot >= 0) return chain(name.slice(0, dot), name.slice(dot + 1), value, asking, criterion)
  const [code = '', modifier, more] = name.split(':')
  if (more !== undefined) throw badRequest(`"${name}" has more than one modifier.`)
  const special = Object.hasOwn(allResources, code) ? allResources[code] : undefined
  if (special) return ofAllResources(code, modifier, value, special, asking)
  if (code === '_filter') {
    if (modifier !== undefined) throw unknownModifier(code, modifier, [])
    return readFilter(value, asking)
  }
  if (code === '_query') throw badRequest('This server has no named queries (_query).', 'not-supported')
  return ofParameter(lookup(code, asking), modifier, value, asking)
}

const unknownModifier = (code: string, modifier: string, known: readonly string[]) =>
  badRequest(
    `${code} has no modifier ":${modifier}".${didYouMean(modifier, known)} ${known.length > 0 ? `It takes ${known.map(each => `:${each}`).join(' ')}.` : 'It takes none.'}`,
  )

const truth = (name: string, value: string): boolean => {
  if (value !== 'true' && value !== 'false') throw badRequest(`"${value}" should be true or false: ${name}.`)
  return value === 'true'
}

/** Every resource has an id and a time of change; `_id:not` leaves some out. */
function ofAllResources(
  code: string,
  modifier: string | undefined,
  value: string,
  read: (value: string, asking: Asking) => Filter,
  asking: Asking,
): Filter {
  checkCount(code, split(value, ','), asking)
  if (modifier === undefined) return read(value, asking)
  const always = code === '_id' || code === '_lastUpdated'
  if (modifier === 'missing' && always) return truth(`${code}:missing`, value) ? nothing : everything
  if (modifier === 'not' && code === '_id') return { is: 'not', part: read(value, asking) }
  throw unknownModifier(code, modifier, code === '_id' ? ['not', 'missing'] : always ? ['missing'] : [])
}

function checkCount(name: string, values: readonly string[], asking: Asking) {
  if (values.length > asking.maxValues)
    throw tooCostly(
      `${name} has ${values.length} values; this server takes ${asking.maxValues}. Ask in several searches.`,
    )
  spend(asking, values.length)
}

type Read = SearchKind['read']

/** What reads the values, by modifier; a reference's modifier may be the type it leads to. */
function reader(param: SearchParam, modifier: string | undefined, asking: Asking): Read {
  const kind = kinds[param.type]
  if (modifier === undefined) return kind.read
  if (Object.hasOwn(kind.modifiers, modifier)) return kind.modifiers[modifier]!
  if (param.type === 'reference' && asking.definitions.isResourceType(modifier)) return ofType(modifier)
  const types = param.type === 'reference' ? (param.target.length > 0 ? param.target : ['Patient']) : []
  throw unknownModifier(param.code, modifier, [...Object.keys(kind.modifiers), 'missing', ...types])
}

const ofType =
  (type: string): Read =>
  (text, given) => {
    const { param, definitions } = given
    if (param.target.length > 0 && !param.target.includes(type) && !param.target.includes('Resource'))
      throw badRequest(`${param.code} does not lead to "${type}".${didYouMean(type, param.target)}`)
    const named = /^([A-Z][A-Za-z]*)\//.exec(text)?.[1]
    if (named !== undefined && named !== type && definitions.isResourceType(named))
      throw badRequest(`${param.code}:${type} asks for ${type}, and "${text}" is a ${named}.`)
    return kinds.reference.read(text, { ...given, param: { ...param, target: [type] } })
  }

async function ofParameter(
  param: SearchParam,
  modifier: string | undefined,
  value: string,
  asking: Asking,
): Promise<Filter> {
  const given: Reading = reading(param, asking)
  if (modifier === 'missing') {
    const present = kinds[param.type].present(param.code, given.components)
    return truth(`${param.code}:missing`, value) ? { is: 'not', part: present } : present
  }
  const read = reader(param, modifier, asking)
  const values = split(value, ',')
  checkCount(param.code, values, asking)
  const filters: Filter[] = []
  for (const each of values) filters.push(await read(each, given))
  return alternatives(filters)
}

/** Any of the filters; of negations, none of what they deny. */
function alternatives(filters: readonly Filter[]): Filter {
  const first = filters[0]!
  if (filters.length === 1) return first
  if (filters.every(each => each.is === 'not')) return { is: 'not', part: alternatives(filters.map(each => each.part)) }
  // one question about one parameter is cheaper for an engine than many
  if (
    first.is === 'has' &&
    filters.every(each => each.is === 'has' && each.param === first.param && each.kind === first.kind && each.where)
  ) {
    const wheres = filters.map(each => (each as { where: Predicate }).where)
    return { ...first, where: oneOf(wheres) ?? { is: 'or', parts: wheres } }
  }
  return { is: 'any', parts: filters }
}

/** Equalities of one column as a single `one of`. */
function oneOf(wheres: readonly Predicate[]): Predicate | undefined {
  const [first] = wheres
  if (first?.is !== 'compare') return undefined
  const values: string[] = []
  for (const each of wheres) {
    if (each.is !== 'compare' || each.by !== '=' || each.column !== first.column || typeof each.value !== 'string')
      return undefined
    values.push(each.value)
  }
  return { is: 'one of', column: first.column, values }
}
