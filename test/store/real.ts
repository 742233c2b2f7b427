/**
 * Resources as hospitals send them, indexed with the real extractor, and random questions made of what it reads in them.
 * https://hl7.org/fhir/R4/searchparameter-registry.html
 */
import fc from 'fast-check'
import { loadDefinitions } from '../../src/fhir/packages.ts'
import type { Resource } from '../../src/fhir/types.ts'
import { makeExtractor } from '../../src/search/extract.ts'
import { kinds } from '../../src/search/kinds.ts'
import type { Subject } from '../../src/search/match.ts'
import type { Extractor, Filter, IndexEntry, Predicate, Query } from '../../src/search/query.ts'
import { observation, patient } from '../help/resources.ts'

export const realExtractor: Extractor = makeExtractor(loadDefinitions(), kinds)

const families = ['王', '王小', '陳', 'Chen', 'CHEN', 'Chén', 'Ｃｈｅｎ', "O'Brien", 'Ann', 'Anna', 'Susanna', '歐陽']
const givens = ['小明', '明', '大明', 'Anna', 'anna', 'Ann-Marie', '50%', '501', 'a_b', 'axb', '美玲', '志豪']

const loinc = (code: string, display: string) => ({
  coding: [{ system: 'http://loinc.org', code, display }],
  text: display,
})
const ucum = (value: number, unit: string) => ({ value, unit, system: 'http://unitsofmeasure.org', code: unit })

/** A blood pressure: two components, so that a composite must not mix them. */
const pressure = (id: string, subject: string, systolic: number, diastolic: number) => {
  const { valueQuantity: _, ...rest } = observation(id, subject, '1')
  return {
    ...rest,
    id,
    code: loinc('85354-9', 'Blood pressure panel'),
    component: [
      { code: loinc('8480-6', 'Systolic blood pressure'), valueQuantity: ucum(systolic, 'mm[Hg]') },
      { code: loinc('8462-4', 'Diastolic blood pressure'), valueQuantity: ucum(diastolic, 'mm[Hg]') },
    ],
  }
}

/** Some eighty resources of seven types that refer to one another. The same at every call. */
export function realResources(): (Resource & { id: string })[] {
  const people = Array.from({ length: 24 }, (_, i) =>
    patient(`p${i}`, families[i % 12]!, givens[(i * 5) % 12]!, {
      gender: ['female', 'male', 'other', 'unknown'][i % 4],
      birthDate: ['1980', '1980-02', '1980-02-29', '2001-12-31', '1999-01-01'][i % 5],
      active: i % 3 > 0,
      ...(i % 4 === 0 ? { deceasedBoolean: false } : i % 4 === 1 ? { deceasedDateTime: '2026-01-01' } : {}),
      ...(i % 3 === 0 ? { generalPractitioner: [{ reference: `Practitioner/d${i % 4}`, display: '林醫師' }] } : {}),
      ...(i % 5 === 0
        ? {
            managingOrganization: {
              reference: 'Organization/h1',
              identifier: { system: 'http://hospital', value: '0401180014' },
            },
          }
        : {}),
      ...(i % 6 === 0
        ? {
            text: {
              status: 'generated',
              div: `<div xmlns="http://www.w3.org/1999/xhtml"><b>病患 ${i}</b> 王小明 follow-up</div>`,
            },
          }
        : {}),
    }),
  )
  const measured = Array.from({ length: 20 }, (_, i) =>
    observation(`o${i}`, `Patient/p${(i * 7) % 24}`, ['72.5', '72.50', '73', '0.0', '150', '72500'][i % 6]!, {
      status: i % 5 ? 'final' : 'amended',
      effectiveDateTime: ['2026-03-01T08:00:00+08:00', '2026-03-01', '2026-03', '2026-02-28T23:59:59.999Z'][i % 4],
      ...(i % 6 === 5 ? { valueQuantity: ucum(72500, 'g') } : {}),
      ...(i % 7 === 0 ? { valueQuantity: undefined, valueString: '正常 normal' } : {}),
      ...(i % 4 === 0
        ? { performer: [{ reference: `Practitioner/d${i % 4}` }], note: [{ text: '空腹八小時 fasting' }] }
        : {}),
    }),
  )
  const pressures = Array.from({ length: 12 }, (_, i) =>
    pressure(`b${i}`, `Patient/p${i % 5}`, 110 + i * 5, 70 + (i % 4) * 15),
  )
  const doctors = Array.from({ length: 4 }, (_, i) => ({
    resourceType: 'Practitioner',
    id: `d${i}`,
    name: [{ family: '林', given: [givens[i]!] }],
    active: i > 0,
  }))
  const hospitals = [
    {
      resourceType: 'Organization',
      id: 'h1',
      name: '臺大醫院',
      identifier: [
        {
          type: { coding: [{ system: 'http://terminology.hl7.org/CodeSystem/v2-0203', code: 'PRN' }] },
          system: 'http://hospital',
          value: '0401180014',
        },
      ],
    },
  ]
  const places = [
    [25.0419, 121.5194],
    [22.6466, 120.3094],
    [25.042, 121.52],
  ].map(([latitude, longitude], i) => ({
    resourceType: 'Location',
    id: `l${i}`,
    name: `院區 ${i}`,
    position: { latitude, longitude },
  }))
  const orders = Array.from({ length: 6 }, (_, i) => ({
    resourceType: 'MedicationRequest',
    id: `m${i}`,
    status: i % 2 ? 'active' : 'stopped',
    intent: 'order',
    subject: { reference: `Patient/p${i}` },
    contained: [
      {
        resourceType: 'Medication',
        id: 'med',
        code: loinc(i % 2 ? '50' : '501', i % 3 ? 'Metformin 500 mg' : '二甲雙胍'),
      },
    ],
    medicationReference: { reference: '#med' },
    authoredOn: '2026-01-0' + (i + 1),
  }))
  return [...people, ...measured, ...pressures, ...doctors, ...hospitals, ...places, ...orders].map(
    one => JSON.parse(JSON.stringify(one)) as Resource & { id: string },
  )
}

/** A predicate that an entry like this satisfies, or nearly does. */
function like(entry: IndexEntry): fc.Arbitrary<Predicate> {
  const part = (text: string) =>
    fc
      .tuple(fc.nat(text.length), fc.nat(text.length))
      .map(([a, b]) => [...text].slice(Math.min(a, b), Math.max(a, b) + 1).join(''))
  const texts = (column: 'text' | 'exact' | 'code' | 'system' | 'ref', value: string): fc.Arbitrary<Predicate> =>
    fc.oneof(
      fc.constant<Predicate>({ is: 'compare', by: '=', column, value }),
      fc.record({ is: fc.constantFrom('starts', 'contains', 'ends'), column: fc.constant(column), value: part(value) }),
      fc.constant<Predicate>({ is: 'one of', column, values: [value, `${value}x`] }),
    )
  switch (entry.kind) {
    case 'string':
      return fc.oneof(texts('text', entry.text), texts('exact', entry.exact))
    case 'text':
      return texts('text', entry.text)
    case 'token':
      return fc
        .tuple(texts('code', entry.code), texts('system', entry.system), fc.boolean())
        .map(([code, system, both]) => (both ? { is: 'and', parts: [system, code] } : code))
    case 'reference':
      return texts('ref', entry.ref)
    case 'words':
      return part(entry.text.split(' ').join('\n')).map(some => ({
        is: 'phrase',
        value: some.split('\n').filter(Boolean).slice(0, 3).join(' ') || entry.text.split(' ')[0]!,
      }))
    default:
      return fc.record({
        is: fc.constant('compare' as const),
        by: fc.constantFrom('=', '<', '<=', '>', '>='),
        column: fc.constantFrom('low', 'high'),
        value: fc.constantFrom(entry.low, entry.high, entry.low + 1, entry.high - 1),
      })
  }
}

/** Random questions about these resources: each is made of entries that some of them have. */
export function realQuestion(subjects: readonly Subject[]): fc.Arbitrary<Query> {
  const typed = subjects.flatMap(({ ref, entries }) => entries.map(entry => ({ type: ref.type, entry })))
  const ofType = (type: string) => typed.filter(one => one.type === type).map(({ entry }) => entry)
  const types = [...new Set(typed.map(one => one.type))]
  const pools = new Map(types.map(type => [type, ofType(type)]))
  const links = typed.flatMap(({ type, entry }) =>
    entry.kind === 'reference' && pools.has(entry.ref.split('/')[0]!)
      ? [{ from: type, param: entry.param, to: entry.ref.split('/')[0]! }]
      : [],
  )

  const hasOf = (type: string): fc.Arbitrary<Filter> =>
    fc
      .constantFrom(...pools.get(type)!)
      .chain(entry =>
        fc
          .option(like(entry), { nil: undefined, freq: 12 })
          .map((where): Filter => ({ is: 'has', param: entry.param, kind: entry.kind, ...(where ? { where } : {}) })),
      )

  const filterOf = (type: string, depth: number): fc.Arbitrary<Filter> => {
    if (depth === 0) return hasOf(type)
    const forth = links.filter(link => link.from === type)
    const back = links.filter(link => link.to === type)
    const part = filterOf(type, depth - 1)
    return fc.oneof(
      { weight: 6, arbitrary: hasOf(type) },
      {
        weight: 2,
        arbitrary: fc.record({
          is: fc.constantFrom('all', 'any'),
          parts: fc.array(part, { minLength: 1, maxLength: 3 }),
        }),
      },
      { weight: 1, arbitrary: part.map((inner): Filter => ({ is: 'not', part: inner })) },
      ...(forth.length
        ? [
            {
              weight: 2,
              arbitrary: fc
                .constantFrom(...forth)
                .chain(link =>
                  filterOf(link.to, depth - 1).map(
                    (where): Filter => ({ is: 'link', param: link.param, type: link.to, where }),
                  ),
                ),
            },
          ]
        : []),
      ...(back.length
        ? [
            {
              weight: 2,
              arbitrary: fc
                .constantFrom(...back)
                .chain(link =>
                  filterOf(link.from, depth - 1).map(
                    (where): Filter => ({ is: 'linked by', param: link.param, type: link.from, where }),
                  ),
                ),
            },
          ]
        : []),
      ...(type === 'Observation' ? [{ weight: 3, arbitrary: composites(pools.get(type)!) }] : []),
      ...(type === 'Location' ? [{ weight: 2, arbitrary: near }] : []),
      ...(type === 'MedicationRequest' ? [{ weight: 2, arbitrary: contained }] : []),
    )
  }
  return fc.constantFrom(...types).chain(type =>
    fc.record({
      types: fc.constant([type]),
      filter: filterOf(type, 2),
      sort: fc.constant([]),
      count: fc.constantFrom(3, 100),
      total: fc.constantFrom('none', 'accurate'),
    }),
  )
}

const near: fc.Arbitrary<Filter> = fc.record({
  is: fc.constant('near' as const),
  param: fc.constant('near'),
  latitude: fc.constantFrom(25.0419, 22.6, 0),
  longitude: fc.constantFrom(121.5194, 120.3, 179),
  metres: fc.constantFrom(0, 50, 100, 10_000, 400_000, 20_100_000),
})

const contained: fc.Arbitrary<Filter> = fc.constantFrom('50', '501', '5', 'x').map(value => ({
  is: 'contains',
  type: 'Medication',
  where: { is: 'has', param: 'code', kind: 'token', where: { is: 'compare', by: '=', column: 'code', value } },
}))

/** A code of a component and a value, of the same or of another component. */
function composites(pool: readonly IndexEntry[]): fc.Arbitrary<Filter> {
  const codes = pool.filter(entry => entry.param === 'component-code' && entry.kind === 'token')
  const values = pool.filter(entry => entry.param === 'component-value-quantity' && entry.kind === 'quantity')
  const has = (entry: IndexEntry) =>
    like(entry).map((where): Filter => ({ is: 'has', param: entry.param, kind: entry.kind, where }))
  return fc
    .tuple(fc.constantFrom(...codes).chain(has), fc.constantFrom(...values).chain(has))
    .map(parts => ({ is: 'tuple', param: 'component-code-value-quantity', parts }))
}
