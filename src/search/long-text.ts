/**
 * Texts too long to be keys of an index: entries keep their beginning, and questions are asked of it. One name of ten
 * megabytes would otherwise be read again and again by every search that passes it.
 * https://hl7.org/fhir/R4/datatypes.html#string
 */
import { createHash } from 'node:crypto'
import type { Column, Filter, IndexEntry, Predicate } from './query.ts'

/** Characters of a text that it can be found by. */
const LONGEST = 1000

/** The beginning, not ending within a surrogate pair. */
const beginning = (text: string, length: number) => text.slice(0, length).toWellFormed()

/** A stand-in that differs where the texts differ: the beginning, and a digest of the whole. */
const standIn = (text: string) =>
  text.length <= LONGEST ? text : `${beginning(text, LONGEST - 100)}…${createHash('sha256').update(text).digest('hex')}`

/** `text` columns are searched by their beginnings and parts, the others for equality. */
const short = (text: string, column: Column) =>
  column === 'text' ? (text.length <= LONGEST ? text : beginning(text, LONGEST)) : standIn(text)

/** The entry itself, when nothing in it is too long. */
export function shortEntry(entry: IndexEntry): IndexEntry {
  switch (entry.kind) {
    case 'string':
      if (entry.exact.length <= LONGEST && entry.text.length <= LONGEST) return entry
      return { ...entry, text: short(entry.text, 'text'), exact: standIn(entry.exact) }
    case 'token':
      if (entry.code.length <= LONGEST && entry.system.length <= LONGEST) return entry
      return { ...entry, code: standIn(entry.code), system: standIn(entry.system) }
    case 'text':
      return entry.text.length <= LONGEST ? entry : { ...entry, text: short(entry.text, 'text') }
    case 'reference':
      return entry.ref.length <= LONGEST ? entry : { ...entry, ref: standIn(entry.ref) }
    case 'quantity':
      if (entry.code.length <= LONGEST && entry.system.length <= LONGEST && entry.unit.length <= LONGEST) return entry
      return { ...entry, code: standIn(entry.code), system: standIn(entry.system), unit: standIn(entry.unit) }
    default:
      return entry
  }
}

/** The same question, of entries that were made short. */
export function shortFilter(filter: Filter): Filter {
  switch (filter.is) {
    case 'has':
      return filter.where ? { ...filter, where: shortPredicate(filter.where) } : filter
    case 'not':
      return { ...filter, part: shortFilter(filter.part) }
    case 'all':
    case 'any':
    case 'tuple':
      return { ...filter, parts: filter.parts.map(shortFilter) }
    case 'link':
    case 'linked by':
    case 'contains':
      return { ...filter, where: shortFilter(filter.where) }
    default:
      return filter
  }
}

function shortPredicate(predicate: Predicate): Predicate {
  switch (predicate.is) {
    case 'and':
    case 'or':
      return { ...predicate, parts: predicate.parts.map(shortPredicate) }
    case 'compare':
      if (typeof predicate.value !== 'string') return predicate
      return { ...predicate, value: short(predicate.value, predicate.column) }
    case 'one of':
      return { ...predicate, values: predicate.values.map(value => short(value, predicate.column)) }
    case 'starts':
    case 'contains':
    case 'ends':
      return { ...predicate, value: beginning(predicate.value, predicate.column === 'text' ? LONGEST : LONGEST - 100) }
    default:
      return predicate
  }
}
