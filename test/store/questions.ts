/**
 * Random stores and random questions to them, for fast-check. The values are near-misses of one another, so that a
 * wildcard taken for a letter, a fold forgotten or a boundary off by one shows.
 * https://hl7.org/fhir/R4/search.html
 */
import fc from 'fast-check'
import {
  EARLIEST,
  LATEST,
  type Column,
  type EntryKind,
  type Filter,
  type IndexEntry,
  type Predicate,
  type Query,
  type Sort,
} from '../../src/search/query.ts'
import type { HandMade } from '../help/resources.ts'

export const TYPES = ['Patient', 'Observation', 'Location'] as const
export const IDS = Array.from({ length: 14 }, (_, i) => `x${i}`)
/** How many resources a random store is tried with; `updated` filters speak of the nth of them. */
const NTH = IDS.length * TYPES.length

const texts = [
  '',
  'anna',
  'susanna',
  'annabel',
  'Anna',
  'ann',
  '50%',
  '501',
  '50',
  'a_b',
  'axb',
  'a%b',
  'a\\b',
  '%',
  '_',
  '*',
  "o'brien",
  '"q"',
  '[ab]',
  'b',
  '王小明',
  '王',
  '小明',
  '王大明',
  '明',
  'ａｎｎａ',
  'é',
  'e',
  'a b',
  ' ',
  'ab',
  '\ud7ff',
  '\ue000',
  '\uffff',
  '😀',
  '😀b',
  '\u{10ffff}',
  'null',
  '0',
  '00',
  '1.0',
  '1',
]
const phrases = [
  'anna',
  'anna chen',
  'chen anna',
  'chen',
  '王 小 明',
  '小 明',
  '明 小',
  '王',
  '50',
  '501',
  'and',
  'or not',
  'near',
  'anna chen anna',
]
const systems = ['', 'http://a', 'http://a/', 'http://A', 'urn:x']
const codes = ['', 'a', 'A', 'ab', 'a_b', 'axb', 'b', '50%', '501', '王', 'true', 'false']
const units = ['', 'kg', 'g', 'Kg', '王']
const numbers = [-1.5, -1, 0, 0.1, 0.30000000000000004, 0.3, 1, 1.5, 2, 100, 1e15, 1e300, 5e-324]
const DAY = 86_400_000
const days = [EARLIEST, -DAY, 0, DAY, 2 * DAY, 1_772_323_200_000, 1_772_323_200_001, LATEST]

/** Parameters of one kind; `code` and `value` are there with several kinds, so that kinds cannot be mixed up unseen. */
const params: Record<EntryKind, readonly string[]> = {
  string: ['name', 'given', 'code'],
  token: ['identifier', 'code', 'value'],
  text: ['code:text', 'identifier:of-type'],
  reference: ['subject', 'performer'],
  date: ['date', 'value'],
  quantity: ['value', 'value-quantity:canonical', 'probability'],
  words: ['_text', '_content'],
}
const kinds = Object.keys(params) as EntryKind[]

const text = fc.constantFrom(...texts)
const local = fc.tuple(fc.constantFrom(...TYPES), fc.constantFrom(...IDS)).map(([type, id]) => `${type}/${id}`)
const ref = fc.oneof(
  { weight: 6, arbitrary: local },
  {
    weight: 1,
    arbitrary: fc.constantFrom('Patient/gone', 'http://else/fhir/Patient/x1', 'urn:uuid:1', 'http://vs|1', 'Device/x1'),
  },
)
const range = <T extends number>(values: readonly T[]) =>
  fc
    .tuple(fc.constantFrom(...values), fc.constantFrom(...values), fc.boolean())
    .map(([a, b, plain]) => (plain ? { low: a, high: a } : { low: Math.min(a, b), high: Math.max(a, b) }))

function entryOf(kind: EntryKind): fc.Arbitrary<IndexEntry> {
  const param = fc.constantFrom(...params[kind])
  switch (kind) {
    case 'string':
      return fc
        .record({ kind: fc.constant(kind), param, exact: text })
        .map(entry => ({ ...entry, text: entry.exact.toLowerCase() }))
    case 'token':
      return fc.record({
        kind: fc.constant(kind),
        param,
        system: fc.constantFrom(...systems),
        code: fc.constantFrom(...codes),
      })
    case 'text':
      return fc.record({ kind: fc.constant(kind), param, text })
    case 'reference':
      return fc.record({ kind: fc.constant(kind), param, ref })
    case 'date':
      return fc.tuple(param, range(days)).map(([name, ends]) => ({ kind, param: name, ...ends }))
    case 'quantity':
      return fc
        .tuple(
          param,
          range(numbers),
          fc.constantFrom(...systems),
          fc.constantFrom('', 'kg', 'g'),
          fc.constantFrom(...units),
        )
        .map(([name, ends, system, code, unit]) => ({ kind, param: name, ...ends, system, code, unit }))
    case 'words':
      return fc.record({ kind: fc.constant(kind), param, text: fc.constantFrom(...phrases) })
  }
}

const anyKind = fc.constantFrom(...kinds)
const entry = anyKind.chain(entryOf)
const key = (one: IndexEntry) => JSON.stringify(one)
/** An extractor gives no entry twice, and one running text for each of `_text` and `_content`. */
const distinct = (entries: readonly IndexEntry[]) => {
  const seen = new Set<string>()
  return entries.filter(one => {
    const mark = one.kind === 'words' ? one.param : key(one)
    return !seen.has(mark) && seen.add(mark)
  })
}

const latitudes = [25.033, 25.034, 25.05, -89.9999, 89.99, 90, 0, 22.99]
const longitudes = [121.565, 121.566, 121.6, 179.999, -179.999, 180, 0, -58.4, 120.2]
/** 22.99 degrees are 2,556,355 m, a thousandth of one 111.2 m: just within, and just without. */
const metres = [0, 1, 111, 112, 250, 2_000, 5_000, 250_000, 2_556_300, 2_556_400, 20_100_000]
const position = fc.tuple(fc.constantFrom(...latitudes), fc.constantFrom(...longitudes))
const degree = (param: string, value: number): IndexEntry => ({
  kind: 'quantity',
  param,
  low: value,
  high: value,
  system: '',
  code: '',
  unit: '',
})

/** A resource with any entries; composites and contained resources are made of entries of the same sorts. */
export const resource = (resourceType: string, id: string): fc.Arbitrary<HandMade> =>
  fc
    .record({
      entries: fc.array(entry, { maxLength: 9 }),
      at: fc.option(position, { nil: undefined, freq: 3 }),
      groups: fc.array(fc.array(fc.nat(20), { maxLength: 3 }), { maxLength: 3 }),
      contained: fc.array(
        fc.record({ resourceType: fc.constantFrom(...TYPES), entries: fc.array(entry, { maxLength: 4 }) }),
        { maxLength: 2 },
      ),
    })
    .map(({ entries, at, groups, contained }) => {
      const own = distinct([
        ...entries,
        ...(at ? [degree('near:latitude', at[0]), degree('near:longitude', at[1])] : []),
      ])
      // The components of a composite are parameters of the resource too: a group is a choice of its entries
      const composite = groups.map(group => [...new Set(group)].flatMap(i => own[i] ?? []))
      return {
        resourceType,
        id,
        entries: own,
        groups: { 'code-value': composite },
        contained: contained.map(part => ({ ...part, entries: distinct(part.entries) })),
      }
    })

const columns: Record<EntryKind, readonly Column[]> = {
  string: ['text', 'exact'],
  token: ['system', 'code'],
  text: ['text'],
  reference: ['ref'],
  date: ['low', 'high'],
  quantity: ['low', 'high', 'system', 'code', 'unit'],
  words: [],
}

const valueOf = (column: Column): fc.Arbitrary<string> =>
  column === 'system'
    ? fc.constantFrom(...systems)
    : column === 'unit'
      ? fc.constantFrom(...units)
      : column === 'ref'
        ? ref
        : column === 'code'
          ? fc.constantFrom(...codes, 'kg')
          : text

function simple(kind: EntryKind): fc.Arbitrary<Predicate> {
  if (kind === 'words') return fc.constantFrom(...phrases).map(value => ({ is: 'phrase' as const, value }))
  return fc.constantFrom(...columns[kind]).chain((column): fc.Arbitrary<Predicate> => {
    if (column === 'low' || column === 'high') {
      return fc.record({
        is: fc.constant('compare' as const),
        by: fc.constantFrom('=', '<', '<=', '>', '>='),
        column: fc.constant(column),
        value: fc.constantFrom(...(kind === 'date' ? days : numbers)),
      })
    }
    const value = valueOf(column)
    const fixed = fc.constant(column)
    return fc.oneof(
      fc.record({ is: fc.constant('compare' as const), by: fc.constant('=' as const), column: fixed, value }),
      fc.record({ is: fc.constantFrom('starts', 'contains', 'ends'), column: fixed, value }),
      fc.record({ is: fc.constant('one of' as const), column: fixed, values: fc.array(value, { maxLength: 3 }) }),
    )
  })
}

function predicate(kind: EntryKind, depth = 2): fc.Arbitrary<Predicate> {
  if (depth === 0) return simple(kind)
  // `and` and `or` of nothing are defined for filters; of one entry's predicates there is at least one
  const parts = fc.array(predicate(kind, depth - 1), { minLength: 1, maxLength: 3 })
  return fc.oneof(
    { weight: 4, arbitrary: simple(kind) },
    { weight: 1, arbitrary: fc.record({ is: fc.constantFrom('and', 'or'), parts }) },
  )
}

const has: fc.Arbitrary<Filter> = anyKind.chain(kind =>
  fc
    .tuple(
      fc.constantFrom(...params[kind], ...(kind === 'token' ? ['nothing-has-this'] : [])),
      fc.option(predicate(kind), { nil: undefined, freq: 6 }),
    )
    .map(([param, where]) => ({ is: 'has' as const, param, kind, ...(where ? { where } : {}) })),
)

/** Filters over the entries of one group or one contained resource. */
const within: fc.Arbitrary<Filter> = fc.oneof(
  { weight: 5, arbitrary: has },
  { weight: 1, arbitrary: fc.record({ is: fc.constantFrom('any', 'all'), parts: fc.array(has, { maxLength: 2 }) }) },
)
const negated: fc.Arbitrary<Filter> = fc.oneof(
  within,
  within.map(part => ({ is: 'not' as const, part })),
)

/** A question whose `updated` speaks of the nth resource of the store: see `resolve`. */
export const filter = (depth = 3): fc.Arbitrary<Filter> => {
  const type = fc.constantFrom(...TYPES)
  const leaves: fc.WeightedArbitrary<Filter>[] = [
    { weight: 10, arbitrary: has },
    {
      weight: 1,
      arbitrary: fc.record({
        is: fc.constant('id' as const),
        ids: fc.array(fc.constantFrom(...IDS, 'none'), { maxLength: 4 }),
      }),
    },
    {
      weight: 1,
      arbitrary: fc.tuple(fc.nat(NTH), fc.nat(NTH)).map(([low, high]) => ({ is: 'updated' as const, low, high })),
    },
    {
      weight: 2,
      arbitrary: fc.record({
        is: fc.constant('tuple' as const),
        param: fc.constant('code-value'),
        parts: fc.array(negated, { minLength: 1, maxLength: 3 }),
      }),
    },
    {
      weight: 1,
      arbitrary: fc.tuple(position, fc.constantFrom(...metres)).map(([[latitude, longitude], distance]) => ({
        is: 'near' as const,
        param: 'near',
        latitude,
        longitude,
        metres: distance,
      })),
    },
    { weight: 1, arbitrary: fc.record({ is: fc.constant('contains' as const), type, where: negated }) },
  ]
  if (depth === 0) return fc.oneof(...leaves)
  const part = filter(depth - 1)
  return fc.oneof(
    ...leaves,
    { weight: 3, arbitrary: fc.record({ is: fc.constantFrom('all', 'any'), parts: fc.array(part, { maxLength: 3 }) }) },
    { weight: 2, arbitrary: part.map(inner => ({ is: 'not' as const, part: inner })) },
    {
      weight: 3,
      arbitrary: fc.record({
        is: fc.constantFrom('link', 'linked by'),
        param: fc.constantFrom(...params.reference),
        type,
        where: part,
      }),
    },
  )
}

/** The filter with `updated` in milliseconds: the times of the nth resources. */
export function resolve(asked: Filter, times: readonly number[]): Filter {
  switch (asked.is) {
    case 'updated':
      return { is: 'updated', low: times[asked.low % times.length]!, high: times[asked.high % times.length]! }
    case 'not':
      return { is: 'not', part: resolve(asked.part, times) }
    case 'all':
    case 'any':
      return { is: asked.is, parts: asked.parts.map(part => resolve(part, times)) }
    case 'link':
    case 'linked by':
      return { ...asked, where: resolve(asked.where, times) }
    default:
      return asked
  }
}

const sort: fc.Arbitrary<Sort> = fc.oneof(
  { weight: 1, arbitrary: fc.record({ by: fc.constantFrom('id', 'updated'), descending: fc.boolean() }) },
  {
    weight: 4,
    arbitrary: fc.constantFrom<EntryKind>('string', 'token', 'reference', 'date', 'quantity').chain(kind =>
      fc.record({
        by: fc.constant('param' as const),
        param: fc.constantFrom(...params[kind]),
        kind: fc.constant(kind),
        descending: fc.boolean(),
      }),
    ),
  },
)

export const question: fc.Arbitrary<Query> = fc.record({
  types: fc.uniqueArray(fc.constantFrom(...TYPES), { minLength: 1, maxLength: 3 }),
  filter: filter(),
  sort: fc.oneof(
    { weight: 2, arbitrary: fc.constant([]) },
    { weight: 3, arbitrary: fc.array(sort, { minLength: 1, maxLength: 3 }) },
  ),
  count: fc.constantFrom(1, 2, 3, 7, 100),
  total: fc.constantFrom('none', 'estimate', 'accurate'),
})
