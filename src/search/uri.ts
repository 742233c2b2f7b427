/**
 * Uri parameters: the whole uri as it is written, or what lies above or below it.
 * https://hl7.org/fhir/R4/search.html#uri
 */
import { badRequest } from '../fhir/outcome.ts'
import { unescape } from './escape.ts'
import type { Reading, SearchKind } from './kind.ts'
import type { Column, Filter, IndexEntry, Predicate } from './query.ts'

/** A canonical with a version is found with and without it. */
export const spellings = (uri: string): string[] => {
  const bar = uri.indexOf('|')
  return bar > 0 ? [uri, uri.slice(0, bar)] : [uri]
}

/** Where a uri may be cut: URLs at `/`, urns at `:` and `.`. */
const cuts = (uri: string): readonly string[] => (uri.startsWith('urn:') ? [':', '.'] : ['/'])

/** The uri itself, and all that continue it at a cut. */
export function below(uri: string, column: Column): Predicate {
  const value = uri.endsWith('/') ? uri.slice(0, -1) : uri
  const beginnings = cuts(uri).map((cut): Predicate => ({ is: 'starts', column, value: value + cut }))
  return { is: 'or', parts: [{ is: 'one of', column, values: [...new Set([uri, value])] }, ...beginnings] }
}

/** The uri itself, and all that it continues at a cut, down to the host or the namespace. */
export function above(uri: string, column: Column): Predicate {
  const values = new Set([uri])
  const signs = cuts(uri)
  const start = uri.startsWith('urn:') ? uri.indexOf(':', 4) + 1 : uri.indexOf('://') + 3
  for (let i = uri.length - 1; i > Math.max(start, 3) && values.size < 100; i--) {
    if (!signs.includes(uri[i]!)) continue
    values.add(uri.slice(0, i))
    if (uri[i] === '/') values.add(uri.slice(0, i + 1))
  }
  return { is: 'one of', column, values: [...values] }
}

function index(value: unknown, _dataType: string, param: string): readonly IndexEntry[] {
  if (typeof value !== 'string' || value === '') return []
  return spellings(value).map(code => ({ kind: 'token', param, system: '', code }))
}

const has = ({ param }: Reading, where: Predicate): Filter => ({ is: 'has', param: param.code, kind: 'token', where })

const uriOf = (text: string, { param }: Reading): string => {
  const uri = unescape(text)
  if (uri.trim() === '')
    throw badRequest(`The value of ${param.code} is empty. To find what has none, ask ${param.code}:missing=true.`)
  return uri
}

export const uri: SearchKind = {
  type: 'uri',
  sortsBy: 'token',
  index,
  read: (text, reading) => has(reading, { is: 'compare', by: '=', column: 'code', value: uriOf(text, reading) }),
  modifiers: {
    below: (text, reading) => has(reading, below(uriOf(text, reading), 'code')),
    above: (text, reading) => has(reading, above(uriOf(text, reading), 'code')),
    contains: (text, reading) => has(reading, { is: 'contains', column: 'code', value: uriOf(text, reading) }),
  },
  prefixes: [],
  present: param => ({ is: 'has', param, kind: 'token' }),
}
