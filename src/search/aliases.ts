/**
 * Search parameters that say nothing new: `patient` finds what `subject` finds when it is a Patient, `combo-code` what
 * `code` or `component-code` find. An engine need not keep entries for them; it asks for the others instead.
 * https://hl7.org/fhir/R4/searchparameter-registry.html
 */
import type { Definitions, SearchParam } from '../fhir/definitions.ts'
import { type Filter, nothing, type Predicate } from './query.ts'

/** What a parameter's entries are made of. */
export interface Alias {
  /** Codes of parameters of the same type, whose entries together are this one's. */
  readonly params: readonly string[]
  /** Of those, only references to this type. */
  readonly target?: string
}

/** The aliases among the parameters of a type, by code. */
export type Aliases = (type: string) => ReadonlyMap<string, Alias>

const none: ReadonlyMap<string, Alias> = new Map()
export const noAliases: Aliases = () => none

/** Finds the aliases of each type when it is first asked for. */
export function makeAliases(definitions: Definitions): Aliases {
  const known = new Map<string, ReadonlyMap<string, Alias>>()
  return type => {
    let found = known.get(type)
    if (!found) known.set(type, (found = find(definitions, type)))
    return found
  }
}

interface Candidate {
  readonly param: SearchParam
  /** The alternatives of its expression for this type. */
  readonly ways: readonly string[]
}

function find(definitions: Definitions, type: string): ReadonlyMap<string, Alias> {
  const all: Candidate[] = [...definitions.searchParams(type).values()]
    .filter(param => !param.code.startsWith('_') && param.type !== 'composite' && param.type !== 'special')
    .map(param => ({ param, ways: waysOf(param.expression, type) }))
    .filter(({ ways }) => ways.length > 0)
  const found = new Map<string, Alias>()
  for (const one of all) {
    const narrow = one.param.type === 'reference' ? narrowed(one, all) : undefined
    if (narrow) found.set(one.param.code, narrow)
  }
  const whole = all.filter(({ param }) => !found.has(param.code))
  for (const one of whole) {
    const parts = one.ways.length > 1 ? united(one, whole) : undefined
    if (parts && !parts.some(code => found.has(code))) found.set(one.param.code, { params: parts })
  }
  return found
}

const waysOf = (expression: string, type: string): string[] =>
  expression
    .split('|')
    .map(way =>
      way
        .trim()
        .replace(/^\((.*)\)$/, '$1')
        .replace(/\.as\((\w+)\)$/, ' as $1'),
    )
    .filter(way => way.startsWith(`${type}.`))

/** `X.where(resolve() is Patient)`, where another parameter is `X`. */
function narrowed({ param, ways }: Candidate, all: readonly Candidate[]): Alias | undefined {
  const parts = ways.map(way => /^(.+)\.where\(resolve\(\) is (\w+)\)$/.exec(way))
  const target = parts[0]?.[2]
  if (target === undefined || parts.some(part => part?.[2] !== target)) return undefined
  const inner = parts.map(part => part![1]!)
  const other = all.find(each => each.param !== param && each.param.type === 'reference' && sameSet(each.ways, inner))
  return other && { params: [other.param.code], target }
}

/** The parameters of the same kind whose alternatives, put together, are this one's. */
function united({ param, ways }: Candidate, all: readonly Candidate[]): string[] | undefined {
  const own = new Set(ways)
  const smaller = all.filter(
    each => each.param.type === param.type && each.ways.length < own.size && each.ways.every(way => own.has(way)),
  )
  const left = new Set(own)
  const chosen: string[] = []
  for (const each of smaller.sort((a, b) => b.ways.length - a.ways.length)) {
    if (!each.ways.every(way => left.has(way))) continue
    chosen.push(each.param.code)
    for (const way of each.ways) left.delete(way)
  }
  return left.size === 0 ? chosen : undefined
}

const sameSet = (one: readonly string[], other: readonly string[]) =>
  one.length === other.length && one.every(each => other.includes(each))

/** What the entries named `param` (which may have a suffix, as in `combo-code:text`) are made of; undefined when they are kept. */
export function aliasOf(aliases: Aliases, type: string, param: string): Alias | undefined {
  const ofType = aliases(type)
  if (ofType.size === 0) return undefined
  const colon = param.indexOf(':')
  if (colon < 0) return ofType.get(param)
  const alias = ofType.get(param.slice(0, colon))
  return alias && { ...alias, params: alias.params.map(code => code + param.slice(colon)) }
}

/** The same filter, about kept entries only. A `tuple` stays as it is: its parts speak of the elements' own entries. */
export function resolve(filter: Filter, type: string, aliases: Aliases): Filter {
  switch (filter.is) {
    case 'all':
    case 'any':
      return { is: filter.is, parts: filter.parts.map(part => resolve(part, type, aliases)) }
    case 'not':
      return { is: 'not', part: resolve(filter.part, type, aliases) }
    case 'has': {
      const alias = filter.kind === 'words' ? undefined : aliasOf(aliases, type, filter.param)
      if (!alias) return filter
      const where = alias.target && filter.kind === 'reference' ? leadingTo(alias.target, filter.where) : filter.where
      return any(alias.params.map(param => ({ is: 'has', param, kind: filter.kind, ...(where ? { where } : {}) })))
    }
    case 'link': {
      const alias = aliasOf(aliases, type, filter.param)
      const where = resolve(filter.where, filter.type, aliases)
      if (!alias) return { ...filter, where }
      if (alias.target && alias.target !== filter.type) return nothing
      return any(alias.params.map(param => ({ ...filter, param, where })))
    }
    case 'linked by': {
      const alias = aliasOf(aliases, filter.type, filter.param)
      const where = resolve(filter.where, filter.type, aliases)
      if (!alias) return { ...filter, where }
      if (alias.target && alias.target !== type) return nothing
      return any(alias.params.map(param => ({ ...filter, param, where })))
    }
    default:
      return filter
  }
}

const any = (parts: readonly Filter[]): Filter => (parts.length === 1 ? parts[0]! : { is: 'any', parts })

/** The condition on a reference, with the type it must lead to where it does not say so itself. */
function leadingTo(type: string, where: Predicate | undefined): Predicate {
  const leads: Predicate = { is: 'starts', column: 'ref', value: `${type}/` }
  return where && says(where, `${type}/`) ? where : where ? { is: 'and', parts: [where, leads] } : leads
}

function says(where: Predicate, prefix: string): boolean {
  switch (where.is) {
    case 'compare':
      return where.column === 'ref' && where.by === '=' && String(where.value).startsWith(prefix)
    case 'one of':
      return where.column === 'ref' && where.values.every(value => value.startsWith(prefix))
    case 'starts':
      return where.column === 'ref' && where.value.startsWith(prefix)
    case 'or':
      return where.parts.every(part => says(part, prefix))
    case 'and':
      return where.parts.some(part => says(part, prefix))
    default:
      return false
  }
}

/** The reference parameters with entries of their own in which `param` may lead to a resource of the type `target`. */
export function keptParams(aliases: Aliases, type: string, param: string, target: string): readonly string[] {
  const alias = aliasOf(aliases, type, param)
  if (!alias) return [param]
  return alias.target === undefined || alias.target === target ? alias.params : []
}
