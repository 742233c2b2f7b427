/**
 * The parameters that say what an answer looks like: order, size, includes, subsets.
 * https://hl7.org/fhir/R4/search.html#return
 */
import { badRequest } from '../fhir/outcome.ts'
import type { Asking } from './kind.ts'
import { kinds } from './kinds.ts'
import { lookup } from './lookup.ts'
import type { Query, Sort } from './query.ts'
import { targets } from './reference.ts'
import { didYouMean } from './suggest.ts'

/** What `_include` or `_revinclude` asks for beside the matches. */
export interface Include {
  /** The type that refers; `*` for any. */
  readonly source: string
  /** The reference parameter of the source; `*` for all of them. */
  readonly param: string
  /** Only references to this type. */
  readonly target?: string
  /** Whether it also goes on from what was included (`:iterate`). */
  readonly iterate: boolean
}

export type Summary = 'true' | 'text' | 'data' | 'count' | 'false'
const summaries: readonly string[] = ['true', 'text', 'data', 'count', 'false']
const totals: readonly string[] = ['none', 'estimate', 'accurate']

const oneOf = (name: string, value: string, known: readonly string[]): string => {
  if (!known.includes(value))
    throw badRequest(`"${value}" is no value of ${name}.${didYouMean(value, known)} It takes ${known.join(', ')}.`)
  return value
}
export const readSummary = (value: string) => oneOf('_summary', value, summaries) as Summary
export const readTotal = (value: string) => oneOf('_total', value, totals) as Query['total']

/** A whole number from 0 up; larger ones than `most` are taken as `most`. */
export function readCount(value: string, most: number): number {
  if (!/^\d{1,15}$/.test(value))
    throw badRequest(`"${value}" should be a whole number: _count says how many matches a page holds, at most ${most}.`)
  return Math.min(Number(value), most)
}

/** `-date,name`: the keys in order, each `-` descending. Refuses (400) what cannot be sorted by. */
export function readSort(value: string, asking: Asking): Sort[] {
  const names = value.split(',')
  if (names.length > 8) throw badRequest('_sort takes at most 8 parameters.')
  return names.map(each => {
    const descending = each.startsWith('-')
    const code = (descending ? each.slice(1) : each).trim()
    if (code === '_id') return { by: 'id', descending }
    if (code === '_lastUpdated') return { by: 'updated', descending }
    const param = lookup(code, asking)
    const kind = kinds[param.type].sortsBy
    if (!kind || param.expression === '')
      throw badRequest(`_sort: ${code} is a ${param.type} parameter, which has no order.`)
    return { by: 'param', param: code, kind, descending }
  })
}

/** `name,birthDate`: elements that every answer has kept. Refuses (400) names that no searched type has. */
export function readElements(value: string, { definitions, types }: Asking): string[] {
  const known = new Set(
    types
      .slice(0, 20)
      .flatMap(type =>
        [...(definitions.elements(type) ?? [])].flatMap(([name, info]) => (info.choice ? [name, info.choice] : [name])),
      ),
  )
  return value.split(',').map(each => {
    const name = each
      .trim()
      .replace(/^([A-Z][A-Za-z]*)\./, (whole, type: string) => (types.includes(type) ? '' : whole))
    if (name === '') throw badRequest('_elements has an empty name: give element names with commas between them.')
    const first = name.split('.')[0]!
    if (types.length <= 20 && known.size > 0 && !known.has(first))
      throw badRequest(`_elements: ${types.join(', ')} has no element "${first}".${didYouMean(first, known)}`)
    return name
  })
}

/** `Patient:organization`, `Observation:subject:Patient`, `Patient:*`, `*`. Refuses (400) what does not exist. */
export function readInclude(name: string, value: string, { definitions, types }: Asking): Include {
  const [kind, modifier, more] = name.split(':')
  if (more !== undefined || (modifier !== undefined && modifier !== 'iterate' && modifier !== 'recurse'))
    throw badRequest(`${kind} has no modifier ":${[modifier, more].filter(Boolean).join(':')}"; it takes :iterate.`)
  const iterate = modifier !== undefined
  if (value === '*') return { source: '*', param: '*', iterate }
  const [source = '', param = '', target, extra] = value.split(':')
  if (source === '*' && (param === '*' || param === '') && target === undefined)
    return { source: '*', param: '*', iterate }
  if (extra !== undefined || param === '')
    throw badRequest(
      `"${value}" should be Type:parameter or Type:parameter:TargetType, as in ${kind}=${kind === '_include' ? `${types[0]}:…` : `Observation:subject`}.`,
    )
  if (!definitions.isResourceType(source))
    throw badRequest(`${kind}: "${source}" is not a resource type.${didYouMean(source, definitions.resourceTypes)}`)
  const params = definitions.searchParams(source)
  const found = params.get(param)
  const references = () => [...params.values()].filter(each => each.type === 'reference').map(each => each.code)
  if (param !== '*' && found?.type !== 'reference')
    throw badRequest(`${kind}: ${source} has no reference parameter "${param}".${didYouMean(param, references())}`)
  if (target === undefined || target === '') return { source, param, iterate }
  if (!definitions.isResourceType(target))
    throw badRequest(`${kind}: "${target}" is not a resource type.${didYouMean(target, definitions.resourceTypes)}`)
  if (found && !targets({ definitions, param: found }).includes(target))
    throw badRequest(`${kind}: ${source}:${param} does not lead to ${target}.${didYouMean(target, found.target)}`)
  return { source, param, target, iterate }
}

/** `_type=Patient,Observation` of a search over several types. */
export function readTypes(value: string, { definitions, types }: Asking): string[] {
  const wanted = [...new Set(value.split(',').map(each => each.trim()))]
  for (const type of wanted) {
    if (!definitions.isResourceType(type))
      throw badRequest(`_type: "${type}" is not a resource type.${didYouMean(type, definitions.resourceTypes)}`)
    if (!types.includes(type))
      throw badRequest(`_type: this search is of ${types.slice(0, 5).join(', ')} only, not of ${type}.`)
  }
  return wanted
}
