/**
 * String parameters: names, addresses, text. By default a beginning, whatever the case, accents and width; Chinese,
 * Japanese and Korean, which have no spaces, are found by any part.
 * https://hl7.org/fhir/R4/search.html#string
 */
import { badRequest } from '../fhir/outcome.ts'
import { unescape } from './escape.ts'
import type { Reading, SearchKind } from './kind.ts'
import type { Filter, IndexEntry, Predicate } from './query.ts'
import { fold, isUnspaced } from './words.ts'

/** The parts of a HumanName or an Address that people search by; `use`, `type` and `period` are not. */
const searched = [
  'text',
  'family',
  'given',
  'prefix',
  'suffix',
  'line',
  'city',
  'district',
  'state',
  'postalCode',
  'country',
] as const

/** A name as it is said in Chinese, when only its parts are written down: 王 and 小明 are 王小明. */
function joined(name: Record<string, unknown>): string | undefined {
  const { text, family, given } = name
  if (text !== undefined || typeof family !== 'string' || !Array.isArray(given)) return undefined
  const whole = family + given.filter(each => typeof each === 'string').join('')
  return isUnspaced(whole) ? whole : undefined
}

function index(value: unknown, _dataType: string, param: string): readonly IndexEntry[] {
  const entries: IndexEntry[] = []
  const add = (exact: unknown) => {
    if (typeof exact !== 'string') return
    const text = fold(exact)
    if (text !== '') entries.push({ kind: 'string', param, text, exact })
  }
  if (typeof value !== 'object' || value === null) {
    add(value)
    return entries
  }
  const parts = value as Record<string, unknown>
  for (const name of searched) {
    const part = parts[name]
    if (Array.isArray(part)) part.forEach(add)
    else if (part !== undefined) add(part)
  }
  add(joined(parts))
  return entries
}

/** The folded text of a search value. Refuses (400) what is nothing but white space. */
export function folded(text: string, { param }: Reading): string {
  const value = fold(unescape(text))
  if (value === '')
    throw badRequest(`The value of ${param.code} is empty. To find what has none, ask ${param.code}:missing=true.`)
  return value
}

/** What a string search means without modifier. */
export const beginning = (value: string): Predicate => ({
  is: isUnspaced(value) ? 'contains' : 'starts',
  column: 'text',
  value,
})

const has = ({ param }: Reading, where: Predicate): Filter => ({ is: 'has', param: param.code, kind: 'string', where })

export const string: SearchKind = {
  type: 'string',
  sortsBy: 'string',
  index,
  read: (text, reading) => has(reading, beginning(folded(text, reading))),
  modifiers: {
    exact: (text, reading) => has(reading, { is: 'compare', by: '=', column: 'exact', value: unescape(text) }),
    contains: (text, reading) => has(reading, { is: 'contains', column: 'text', value: folded(text, reading) }),
  },
  prefixes: [],
  present: param => ({ is: 'has', param, kind: 'string' }),
}
