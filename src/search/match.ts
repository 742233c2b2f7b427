/**
 * What a Filter means, in memory: whether a resource satisfies it, and in which order resources come.
 * Engines must agree with this file. https://hl7.org/fhir/R4/search.html
 */
import type { Ref } from '../fhir/types.ts'
import type { Column, EntryKind, Extractor, Filter, IndexEntry, Predicate, Query, Sort } from './query.ts'

/** A resource with what it is found by. */
export interface Subject {
  readonly ref: Ref
  /** The last change, in milliseconds since 1970. */
  readonly updated: number
  /** Grows with every resource created in a store and never changes; needed to order only. */
  readonly rid?: number
  readonly entries: readonly IndexEntry[]
  /** Needed by `tuple` and `contains` only. */
  readonly resource: unknown
}

/** What is around a resource: where links lead, and from where. */
export interface World {
  readonly extractor: Pick<Extractor, 'groups' | 'contained'>
  /** The current resource of a reference (`Patient/123`); undefined when there is none, or it is not on this server. */
  get(ref: string): Subject | undefined
  /** The resources of a type that refer to `ref` (`Patient/123`) by this parameter. */
  referrers(type: string, param: string, ref: string): Iterable<Subject>
}

/** Whether the resource satisfies the filter. */
export function match(filter: Filter, subject: Subject, world: World): boolean {
  switch (filter.is) {
    case 'has':
      return subject.entries.some(
        entry =>
          entry.kind === filter.kind && entry.param === filter.param && (!filter.where || holds(filter.where, entry)),
      )
    case 'not':
      return !match(filter.part, subject, world)
    case 'all':
      return filter.parts.every(part => match(part, subject, world))
    case 'any':
      return filter.parts.some(part => match(part, subject, world))
    case 'link':
      return subject.entries.some(entry => {
        if (entry.kind !== 'reference' || entry.param !== filter.param || !entry.ref.startsWith(`${filter.type}/`))
          return false
        const target = world.get(entry.ref)
        return target !== undefined && match(filter.where, target, world)
      })
    case 'linked by':
      for (const referrer of world.referrers(filter.type, filter.param, `${subject.ref.type}/${subject.ref.id}`))
        if (match(filter.where, referrer, world)) return true
      return false
    case 'type':
      return filter.types.includes(subject.ref.type)
    case 'id':
      return filter.ids.includes(subject.ref.id)
    case 'updated':
      return subject.updated >= filter.low && subject.updated <= filter.high
    case 'tuple':
      return world.extractor
        .groups(subject.resource, filter.param)
        .some(entries => filter.parts.every(part => match(part, { ...subject, entries }, world)))
    case 'near':
      return isNear(filter, subject.entries)
    case 'contains':
      return world.extractor
        .contained(subject.resource, filter.type)
        .some(entries => match(filter.where, { ...subject, entries }, world))
  }
}

/** The value of a column; undefined when entries of this kind have no such column. */
const valueOf = (entry: IndexEntry, column: Column): string | number | undefined =>
  (entry as unknown as Readonly<Partial<Record<Column, string | number>>>)[column]

/** Whether one entry satisfies a predicate. */
export function holds(predicate: Predicate, entry: IndexEntry): boolean {
  switch (predicate.is) {
    case 'compare': {
      const value = valueOf(entry, predicate.column)
      return (
        value !== undefined &&
        typeof value === typeof predicate.value &&
        compares(predicate.by, compare(value, predicate.value))
      )
    }
    case 'starts':
      return String(valueOf(entry, predicate.column) ?? '').startsWith(predicate.value)
    case 'contains':
      return String(valueOf(entry, predicate.column) ?? '').includes(predicate.value)
    case 'ends':
      return String(valueOf(entry, predicate.column) ?? '').endsWith(predicate.value)
    case 'one of':
      return predicate.values.includes(String(valueOf(entry, predicate.column) ?? ''))
    case 'phrase':
      return predicate.value !== '' && entry.kind === 'words' && ` ${entry.text} `.includes(` ${predicate.value} `)
    case 'and':
      return predicate.parts.every(part => holds(part, entry))
    case 'or':
      return predicate.parts.some(part => holds(part, entry))
  }
}

function compares(by: '=' | '<' | '<=' | '>' | '>=', order: number): boolean {
  switch (by) {
    case '=':
      return order === 0
    case '<':
      return order < 0
    case '<=':
      return order <= 0
    case '>':
      return order > 0
    case '>=':
      return order >= 0
  }
}

/** Numbers by size, strings by code point (which is the order of their UTF-8 bytes); negative, 0 or positive. */
export function compare(one: string | number, other: string | number): number {
  if (one === other) return 0
  if (typeof one === 'number' || typeof other === 'number') return Number(one) < Number(other) ? -1 : 1
  const length = Math.min(one.length, other.length)
  for (let i = 0; i < length; i++) {
    const [a, b] = [one.charCodeAt(i), other.charCodeAt(i)]
    if (a !== b) return rank(a) - rank(b)
  }
  return one.length - other.length
}

/** UTF-16 puts U+E000 to U+FFFF behind the surrogates, code points before them. */
const rank = (unit: number): number => (unit < 0xd800 ? unit : unit < 0xe000 ? unit + 0x2000 : unit - 0x800)

/** The mean radius of the earth, in metres. */
export const EARTH = 6_371_008.8

/** The great circle between two places in degrees: metres, by the haversine formula. */
export function metresBetween(
  latitude: number,
  longitude: number,
  otherLatitude: number,
  otherLongitude: number,
): number {
  const radians = Math.PI / 180
  const north = Math.sin(((otherLatitude - latitude) * radians) / 2)
  const east = Math.sin(((otherLongitude - longitude) * radians) / 2)
  const half = north * north + Math.cos(latitude * radians) * Math.cos(otherLatitude * radians) * east * east
  return 2 * EARTH * Math.asin(Math.min(1, Math.sqrt(half)))
}

function isNear(filter: Extract<Filter, { is: 'near' }>, entries: readonly IndexEntry[]): boolean {
  const degrees = (name: string) =>
    entries.flatMap(entry =>
      entry.kind === 'quantity' && entry.param === `${filter.param}:${name}` ? [entry.low] : [],
    )
  // R4's Location has one position, so there is one of each
  const [latitude, longitude] = [degrees('latitude')[0], degrees('longitude')[0]]
  return (
    latitude !== undefined &&
    longitude !== undefined &&
    metresBetween(filter.latitude, filter.longitude, latitude, longitude) <= filter.metres
  )
}

/** The column that each kind of entry is sorted by, upwards as well as downwards. */
export const sortColumn: Readonly<Record<EntryKind, Column>> = {
  string: 'text',
  token: 'code',
  text: 'text',
  reference: 'ref',
  date: 'low',
  quantity: 'low',
  words: 'text',
}

/** What a resource has for one key of a sort: its smallest value upwards, its largest downwards, null when it has none. */
export function sortKey(sort: Sort, subject: Subject): string | number | null {
  if (sort.by !== 'param') return sort.by === 'id' ? subject.ref.id : subject.updated
  const column = sortColumn[sort.kind]
  let best: string | number | null = null
  for (const entry of subject.entries) {
    if (entry.kind !== sort.kind || entry.param !== sort.param) continue
    const value = valueOf(entry, column)!
    const order = best === null ? -1 : compare(value, best)
    if (best === null || (sort.descending ? order > 0 : order < 0)) best = value
  }
  return best
}

/**
 * The subjects in the order of a query: by each key in turn, none last whichever way; then the newest resource first,
 * which is the one with the greatest `rid`.
 */
export function order<T extends Subject>(query: Pick<Query, 'sort'>, subjects: readonly T[]): T[] {
  const keyed = subjects.map(subject => ({ subject, keys: query.sort.map(sort => sortKey(sort, subject)) }))
  keyed.sort((a, b) => {
    for (const [index, sort] of query.sort.entries()) {
      const [one, other] = [a.keys[index] ?? null, b.keys[index] ?? null]
      if (one === null || other === null) {
        if (one !== other) return one === null ? 1 : -1
        continue
      }
      const order = compare(one, other)
      if (order !== 0) return sort.descending ? -order : order
    }
    return (b.subject.rid ?? 0) - (a.subject.rid ?? 0)
  })
  return keyed.map(each => each.subject)
}
