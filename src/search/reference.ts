/**
 * Reference parameters: what a resource points to, on this server or elsewhere.
 * https://hl7.org/fhir/R4/search.html#reference
 */
import { badRequest } from '../fhir/outcome.ts'
import { unescape } from './escape.ts'
import type { Reading, SearchKind } from './kind.ts'
import type { Filter, IndexEntry, Predicate } from './query.ts'
import { tokens } from './token.ts'
import { above, below, spellings } from './uri.ts'

const local = /^([A-Z][A-Za-z]*\/[A-Za-z0-9\-.]{1,64})(?:\/_history\/[A-Za-z0-9\-.]{1,64})?$/
const bareId = /^[A-Za-z0-9\-.]{1,64}$/
const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null

/** What a stored reference is found by; undefined for one into the resource itself. */
function target(text: string): string | undefined {
  if (text === '' || text.startsWith('#')) return undefined
  return local.exec(text)?.[1] ?? text
}

function index(value: unknown, _dataType: string, param: string): readonly IndexEntry[] {
  const refer = (ref: string): IndexEntry => ({ kind: 'reference', param, ref })
  if (typeof value === 'string') return target(value) === undefined ? [] : spellings(target(value)!).map(refer)
  if (!isObject(value)) return []
  const { reference, identifier, resourceType, id } = value
  // the entries of a Bundle hold the resources themselves
  if (typeof resourceType === 'string') return typeof id === 'string' ? [refer(`${resourceType}/${id}`)] : []
  const entries: IndexEntry[] = []
  const ref = typeof reference === 'string' ? target(reference) : undefined
  if (ref !== undefined) entries.push(refer(ref))
  if (isObject(identifier) && typeof identifier['value'] === 'string') {
    const system = typeof identifier['system'] === 'string' ? identifier['system'] : ''
    entries.push({ kind: 'token', param: `${param}:identifier`, system, code: identifier['value'] })
  }
  return entries
}

const has = ({ param }: Reading, where: Predicate): Filter => ({
  is: 'has',
  param: param.code,
  kind: 'reference',
  where,
})

/** The types the parameter may lead to. */
export const targets = ({ definitions, param }: Pick<Reading, 'definitions' | 'param'>): readonly string[] =>
  param.target.length === 0 || param.target.includes('Resource') ? definitions.resourceTypes : param.target

function read(text: string, reading: Reading): Filter {
  const { base, definitions, param } = reading
  const value = unescape(text)
  const own = value.startsWith(`${base}/`) ? value.slice(base.length + 1) : value
  const ref = local.exec(own)?.[1]
  if (ref !== undefined) {
    const type = ref.slice(0, ref.indexOf('/'))
    if (!definitions.isResourceType(type)) throw badRequest(`"${type}" in "${value}" is not a resource type.`)
    // a reference that was stored with the base is found as it was stored
    if (own !== value) return has(reading, { is: 'one of', column: 'ref', values: [ref, value] })
    return has(reading, { is: 'compare', by: '=', column: 'ref', value: ref })
  }
  if (bareId.test(value)) {
    const refs = targets(reading).map(type => `${type}/${value}`)
    return has(
      reading,
      refs.length === 1
        ? { is: 'compare', by: '=', column: 'ref', value: refs[0]! }
        : { is: 'one of', column: 'ref', values: refs },
    )
  }
  if (!value.includes(':'))
    throw badRequest(
      `"${value}" is not a reference: ${param.code} takes an id, Type/id such as ${targets(reading)[0]}/123, or an absolute URL.`,
    )
  return has(reading, { is: 'compare', by: '=', column: 'ref', value })
}

/** Canonicals with a version go by the parts of the version, others by the parts of the path. */
const hierarchy =
  (direction: 'above' | 'below') =>
  (text: string, reading: Reading): Filter => {
    const value = unescape(text)
    if (!value.includes(':'))
      throw badRequest(
        `"${value}" is not a canonical URL: ${reading.param.code}:${direction} takes one, with |version or without.`,
      )
    const bar = value.indexOf('|')
    if (bar < 0) return has(reading, direction === 'below' ? below(value, 'ref') : above(value, 'ref'))
    if (direction === 'below')
      return has(reading, {
        is: 'or',
        parts: [
          { is: 'compare', by: '=', column: 'ref', value },
          { is: 'starts', column: 'ref', value: `${value}.` },
        ],
      })
    const parts = value
      .slice(bar + 1)
      .split('.')
      .slice(0, 20)
    const values = parts.map((_, index) => `${value.slice(0, bar)}|${parts.slice(0, index + 1).join('.')}`)
    return has(reading, { is: 'one of', column: 'ref', values })
  }

export const reference: SearchKind = {
  type: 'reference',
  sortsBy: 'reference',
  index,
  read,
  modifiers: {
    identifier: (text, reading) => ({
      is: 'has',
      param: `${reading.param.code}:identifier`,
      kind: 'token',
      where: tokens(text, reading),
    }),
    above: hierarchy('above'),
    below: hierarchy('below'),
  },
  prefixes: [],
  // a reference may be known by its identifier only
  present: param => ({
    is: 'any',
    parts: [
      { is: 'has', param, kind: 'reference' },
      { is: 'has', param: `${param}:identifier`, kind: 'token' },
    ],
  }),
}
