import { describe, expect, test } from 'vitest'
import type { FhirError } from '../../src/fhir/outcome.ts'
import { parseFilter } from '../../src/search/filter-syntax.ts'
import type { Expand } from '../../src/search/kind.ts'
import { base, definitions, now, worldOf } from './ask.ts'
import { parseSearch } from '../../src/search/parse.ts'

const find = worldOf([
  {
    resourceType: 'Patient',
    id: 'p1',
    name: [{ family: 'Chalmers', given: ['Peter', 'James'] }],
    gender: 'male',
    birthDate: '1974-12-25',
  },
  {
    resourceType: 'Patient',
    id: 'p2',
    name: [{ family: 'Carpet', given: ['Anna'] }],
    gender: 'female',
    birthDate: '2015-01-01',
    managingOrganization: { reference: 'Organization/o1' },
  },
  { resourceType: 'Patient', id: 'p3', name: [{ text: '王小明' }], birthDate: '2014-10-10' },
  { resourceType: 'Organization', id: 'o1', name: 'Say "ah" (clinic)' },
  {
    resourceType: 'Observation',
    id: 'a',
    status: 'final',
    subject: { reference: 'Patient/p1' },
    code: { coding: [{ system: 'http://loinc.org', code: '1234-5' }] },
    valueQuantity: { value: 5.4, system: 'http://unitsofmeasure.org', code: 'g' },
    effectivePeriod: { start: '2024-01-01', end: '2024-03-31' },
  },
  {
    resourceType: 'Observation',
    id: 'b',
    status: 'final',
    subject: { reference: 'Patient/p2' },
    code: { coding: [{ code: 'x' }, { code: 'y' }] },
    component: [
      { code: { coding: [{ code: 'sys' }] }, valueQuantity: { value: 150 } },
      { code: { coding: [{ code: 'dia' }] }, valueQuantity: { value: 90 } },
    ],
  },
  { resourceType: 'ValueSet', id: 'v', status: 'active', url: 'http://acme.org/vs' },
] as never)
const expand: Expand = what =>
  Promise.resolve(
    'valueSet' in what
      ? [{ system: 'http://loinc.org', code: '1234-5' }]
      : what.direction === 'below'
        ? [{ system: 'http://loinc.org', code: '1234-5' }]
        : [],
  )

describe('_filter finds', () => {
  test.each([
    ['Patient', 'name co "pet"', ['p2', 'p1']],
    ['Patient', 'name co pet', ['p2', 'p1']],
    ['Patient', 'given eq "peter" and birthdate ge 1970-10-10', ['p1']],
    ['Patient', 'given eq "pet"', []],
    ['Patient', 'given ne "peter"', ['p2', 'p1']],
    ['Patient', 'family sw ch', ['p1']],
    ['Patient', 'family ew PET', ['p2']],
    ['Patient', 'family gt carx', ['p1']],
    ['Patient', 'name co 小', ['p3']],
    ['Patient', 'birthdate ge 2014-10-10', ['p3', 'p2']],
    ['Patient', 'birthdate lt 2014-10-10', ['p1']],
    ['Patient', 'gender pr false', ['p3']],
    ['Patient', 'gender pr true', ['p2', 'p1']],
    ['Patient', 'not (gender eq male)', ['p3', 'p2']],
    ['Patient', 'gender ne male', ['p2']],
    // from left to right: (a or b) and c
    ['Patient', 'gender eq male or gender eq female and birthdate gt 2000', ['p2']],
    ['Patient', 'gender eq male or (gender eq female and birthdate gt 2000)', ['p2', 'p1']],
    ['Patient', 'not(gender eq male) and not (gender eq female)', ['p3']],
    ['Patient', 'gender eq male and family eq chalmers and given eq anna', []],
    ['Patient', 'family eq carpet and gender eq male and given eq anna', []],
    ['Patient', 'gender eq male or gender eq female or birthdate eq 2014-10-10', ['p3', 'p2', 'p1']],
    ['Patient', 'organization.name eq "say \\"ah\\" (clinic)"', ['p2']],
    ['Patient', '_id eq p1 or _id eq p3', ['p3', 'p1']],
    ['Patient', '_id ne p1', ['p3', 'p2']],
    ['Patient', '_content co chalmers', ['p1']],
    ['Observation', 'code eq http://loinc.org|1234-5', ['a']],
    ['Observation', 'code ne x', ['b', 'a']],
    ['Observation', 'subject.name co "pet"', ['b', 'a']],
    ['Observation', 'subject.name co "carp"', ['b']],
    ['Observation', 'subject:Patient.organization.name co "clinic"', ['b']],
    ['Observation', 'subject[gender eq male].name co "pet"', ['a']],
    ['Observation', 'subject[gender eq male].name co "carp"', []],
    ['Observation', 'subject re Patient/p1', ['a']],
    ['Observation', 'subject ne Patient/p1', ['b']],
    ['Observation', 'value-quantity gt 5000|http://unitsofmeasure.org|mg', ['a']],
    ['Observation', 'date po 2024-03', ['a']],
    ['Observation', 'date po 2024-04', []],
    ['Observation', 'date eb 2024-04', ['a']],
    ['Observation', 'component-code-value-quantity[component-code eq sys].component-value-quantity gt 100', ['b']],
    ['Observation', 'component-code-value-quantity[component-code eq dia].component-value-quantity gt 100', []],
    ['Observation', 'component-code-value-quantity eq dia$90', ['b']],
    ['ValueSet', 'url co acme', ['v']],
    ['ValueSet', 'url ew /vs', ['v']],
  ])('%s: %s', async (type, filter, ids) => expect(await find(type, `_filter=${filter}`)).toEqual(ids))

  test('codes through terminology', async () => {
    expect(await find('Observation', '_filter=code in http://vs', { expand })).toEqual(['a'])
    expect(await find('Observation', '_filter=code ni http://vs', { expand })).toEqual(['b'])
    expect(await find('Observation', '_filter=code ss http://loinc.org|top', { expand })).toEqual(['a'])
    expect(await find('Observation', '_filter=code sb http://loinc.org|leaf', { expand })).toEqual([])
  })
})

describe('_filter refuses', () => {
  const refusal = (type: string, value: string) =>
    parseSearch([['_filter', value]], { definitions, types: [type], base, now, lenient: false }).then(
      () => undefined,
      (error: FhirError) => error,
    )
  test.each([
    ['name', 'an operator'],
    ['name co', 'an operator'],
    ['name co ', 'a value'],
    ['name co "pet', 'a closing quote'],
    ['name co pet)', '"and", "or" or the end'],
    ['(name co pet', '")"'],
    ['name co pet and', 'the name of a search parameter'],
    ['name co pet xor gender eq male', '"and", "or" or the end'],
    ['nmae co pet', 'Did you mean "name"'],
    ['birthdate co 2000', 'has no "co"'],
    ['gender gt male', 'has no "gt"'],
    ['birthdate ge soon', 'not a date'],
    ['gender[name eq x].name eq y', 'only references and composites'],
    ['organization[name eq x] eq y', '"." and a parameter'],
    ['gender pr maybe', 'true or false'],
    ['code in http://vs', 'no search parameter'],
    ['name co ""', 'empty'],
    ['name zz x', 'has no "zz"'],
  ])('%s', async (filter, text) => {
    const error = await refusal('Patient', filter)
    expect(error).toMatchObject({ status: 400 })
    expect(error?.message).toContain(text)
  })
  test('what is too deep, too long or too much', async () => {
    for (const filter of [
      '('.repeat(100_000),
      `${'('.repeat(20)}name eq x${')'.repeat(20)}`,
      Array(101).fill('name eq x').join(' and '),
      'a.'.repeat(50) + 'b eq x',
      'organization['.repeat(3000),
    ])
      expect(await refusal('Patient', filter), filter.slice(0, 30)).toMatchObject({ status: 422 })
  })
})

test('a group is one part of what stands beside it', () => {
  const name = (value: string) => ({ is: 'test', path: [{ name: 'n' }], operator: 'eq', value })
  expect(parseFilter('(n eq 1 or n eq 2) and n eq 3')).toEqual({
    is: 'and',
    parts: [{ is: 'or', parts: [{ is: 'or', parts: [name('1'), name('2')] }] }, name('3')],
  })
})
