import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { FhirError } from '../../src/fhir/outcome.ts'
import { parseSearch } from '../../src/search/parse.ts'
import { nearest } from '../../src/search/suggest.ts'
import { ask, base, definitions, matches, now, worldOf } from './ask.ts'

const refusal = (type: string | readonly string[], query: string) =>
  ask(type, query).then(
    () => undefined,
    (error: FhirError) => error,
  )
const allTypes = definitions.resourceTypes

const people = worldOf([
  { resourceType: 'Organization', id: 'o1', name: 'Taipei General' },
  {
    resourceType: 'Patient',
    id: 'p1',
    name: [{ family: 'Chalmers', given: ['Peter'] }],
    gender: 'male',
    birthDate: '1974-12-25',
    managingOrganization: { reference: 'Organization/o1' },
  },
  {
    resourceType: 'Patient',
    id: 'p2',
    name: [{ text: '王小明' }],
    gender: 'female',
    birthDate: '1980-01-01',
    meta: { lastUpdated: '2025-06-01T00:00:00Z' },
    text: { status: 'generated', div: '<div>Diabetes type 2, 糖尿病</div>' },
  },
  { resourceType: 'Patient', id: 'p3', name: [{ family: 'Abel' }], active: true },
  { resourceType: 'Group', id: 'g1', type: 'person', actual: true },
  {
    resourceType: 'Observation',
    id: 'v1',
    status: 'final',
    subject: { reference: 'Patient/p1' },
    code: { coding: [{ system: 'http://loinc.org', code: '8480-6' }] },
    valueQuantity: { value: 120, system: 'http://unitsofmeasure.org', code: 'mm[Hg]' },
  },
  {
    resourceType: 'Observation',
    id: 'v2',
    status: 'amended',
    subject: { reference: 'Patient/p2' },
    code: { text: 'pressure' },
    component: [
      { code: { coding: [{ code: 'sys' }] }, valueQuantity: { value: 150 } },
      { code: { coding: [{ code: 'dia' }] }, valueQuantity: { value: 90 } },
    ],
  },
  {
    resourceType: 'Observation',
    id: 'v3',
    status: 'final',
    subject: { reference: 'Group/g1' },
    code: { coding: [{ code: 'x' }] },
  },
  { resourceType: 'Provenance', id: 'pr', target: [{ reference: 'Observation/v1' }], recorded: '2025-01-01T00:00:00Z' },
  {
    resourceType: 'List',
    id: 'l1',
    status: 'current',
    mode: 'working',
    entry: [{ item: { reference: 'Patient/p1' } }, { item: { reference: 'Patient/p3' } }],
  },
  { resourceType: 'Location', id: 'near', position: { latitude: 25.03, longitude: 121.56 } },
  { resourceType: 'Location', id: 'far', position: { latitude: 22.62, longitude: 120.3 } },
  {
    resourceType: 'MedicationRequest',
    id: 'm1',
    contained: [{ resourceType: 'Medication', id: 'a', code: { coding: [{ code: 'aspirin' }] } }],
  },
] as never)

describe('a search finds', () => {
  test.each([
    ['Patient', '', ['p3', 'p2', 'p1']],
    ['Patient', 'name=chal', ['p1']],
    ['Patient', 'name=chal,abel', ['p3', 'p1']],
    ['Patient', 'name=chal&gender=male', ['p1']],
    ['Patient', 'name=chal&gender=female', []],
    ['Patient', 'name=pet&name=chal', ['p1']],
    ['Patient', 'name=pet&name=abel', []],
    ['Patient', 'gender:not=male', ['p3', 'p2']],
    ['Patient', 'gender:not=male,female', ['p3']],
    ['Patient', 'gender:missing=true', ['p3']],
    ['Patient', 'gender:missing=false', ['p2', 'p1']],
    ['Patient', '_id=p1,p3', ['p3', 'p1']],
    ['Patient', '_id:not=p1,p3', ['p2']],
    ['Patient', '_lastUpdated=ge2025', ['p2']],
    ['Patient', '_lastUpdated=2025-06-01', ['p2']],
    ['Patient', '_lastUpdated=ne2025-06-01', ['p3', 'p1']],
    ['Patient', '_lastUpdated=gt2025-06-01T00:00:00.000Z', []],
    ['Patient', '_lastUpdated=sa2025-05-31', ['p2']],
    ['Patient', '_lastUpdated=lt2025-06-01T00:00:00Z', ['p3', 'p1']],
    ['Patient', '_lastUpdated=le2025-06-01T00:00:00Z&_lastUpdated=ge2025-06-01T00:00:00Z', ['p2']],
    ['Patient', '_lastUpdated=lt2025,2025-06-01', ['p3', 'p2', 'p1']],
    ['Patient', '_list=l1', ['p3', 'p1']],
    ['Patient', '_list=List/l1&active=true', ['p3']],
    ['Patient', '_sort=birthdate', ['p1', 'p2', 'p3']],
    ['Patient', '_sort=-birthdate', ['p2', 'p1', 'p3']],
    ['Patient', '_sort=gender,-_id', ['p2', 'p1', 'p3']],
    ['Patient', '_text=diabetes type', ['p2']],
    ['Patient', '_text="type diabetes"', []],
    ['Patient', '_text="diabetes type"', ['p2']],
    ['Patient', '_content=尿病', []],
    ['Patient', '_text=尿病', ['p2']],
    ['Patient', '_text=cancer OR 糖尿', ['p2']],
    ['Patient', '_content=chalmers', ['p1']],
    ['Patient', 'organization.name=taipei', ['p1']],
    ['Patient', 'organization:missing=true', ['p3', 'p2']],
    ['Patient', '_has:Observation:patient:code=8480-6', ['p1']],
    ['Patient', '_has:Observation:patient:_has:Provenance:target:recorded=2025', ['p1']],
    ['Patient', '_has:Observation:subject:status=amended', ['p2']],
    ['Observation', 'subject:Patient.name=chal', ['v1']],
    ['Observation', 'subject.name=chal', ['v1']],
    ['Observation', 'patient.organization.name=taipei', ['v1']],
    ['Observation', 'subject.type=person', ['v3']],
    ['Observation', 'patient.gender:not=male', ['v2']],
    ['Observation', 'subject=p1', ['v1']],
    ['Observation', 'subject:Patient=p1', ['v1']],
    ['Observation', 'subject:Group=p1', []],
    ['Observation', 'subject=Patient/p1,Group/g1', ['v3', 'v1']],
    ['Observation', 'code:missing=true', []],
    ['Observation', 'value-quantity=16|http://unitsofmeasure.org|kPa', ['v1']],
    ['Observation', 'code-value-quantity=8480-6$gt100', ['v1']],
    ['Observation', 'code-value-quantity=http://loinc.org|8480-6$lt100', []],
    ['Observation', 'component-code-value-quantity=sys$gt100', ['v2']],
    ['Observation', 'component-code-value-quantity=dia$gt100', []],
    ['Observation', 'component-code-value-quantity=dia$gt100,dia$90', ['v2']],
    ['Observation', 'component-code-value-quantity:missing=false', ['v2']],
    ['Location', 'near=25.0330|121.5654|5|km', ['near']],
    ['Location', 'near=25.0330|121.5654|500', ['far', 'near']],
    ['Location', 'near=25.0330|121.5654|5|m', []],
    ['Location', 'near:missing=true', []],
    ['Medication', 'code=aspirin&_contained=true', ['m1']],
    ['Medication', 'code=other&_contained=true', []],
  ])('%s?%s', async (type, query, ids) => expect(await people(type, query)).toEqual(ids))

  test('in several types what all of them can be asked for', async () => {
    expect(await people(allTypes, '_type=Patient,Group&_id=p1,g1')).toEqual(['g1', 'p1'])
    expect(await people(allTypes, '_id=p1,g1,v1')).toEqual(['v1', 'g1', 'p1'])
    expect((await refusal(allTypes, 'name=x'))?.status).toBe(400)
    expect((await refusal(allTypes, '_type=Patient,Group&birthdate=2000'))?.message).toContain(
      'Group has no search parameter',
    )
    expect(await people(allTypes, 'patient=p2&_type=Observation,MedicationRequest')).toEqual(['v2'])
  })
})

describe('a search is refused', () => {
  test.each([
    ['Patient', 'nmae=x', 'Did you mean "name"'],
    ['Patient', 'birthDate=2000', 'Did you mean "birthdate"'],
    ['Patient', 'name:exat=x', 'Did you mean "exact"'],
    ['Patient', 'gender:foo=x', 'no modifier ":foo"'],
    ['Patient', 'name:not=x', 'no modifier ":not"'],
    ['Patient', 'name:constructor=x', 'no modifier'],
    ['Patient', '__proto__=x', 'no search parameter'],
    ['Patient', 'name:exact:contains=x', 'more than one modifier'],
    ['Patient', 'name=', 'no value'],
    ['Patient', 'name=a,,b', 'empty'],
    ['Patient', 'name', 'no value'],
    ['Patient', 'birthdate=soon', 'not a date'],
    ['Patient', '_count=-1', 'whole number'],
    ['Patient', '_count=ten', 'whole number'],
    ['Patient', '_sort=shoe-size', 'no search parameter'],
    ['Patient', '_summary=yes', 'true, text, data, count, false'],
    ['Patient', '_total=some', 'none, estimate, accurate'],
    ['Patient', '_elements=nmae', 'Did you mean "name"'],
    ['Patient', '_include=Patient:organisation', 'Did you mean "organization"'],
    ['Patient', '_include=Patient:gender', 'no reference parameter'],
    ['Patient', '_include=Patiant:organization', 'Did you mean "Patient"'],
    ['Patient', '_include:all=Patient:organization', 'no modifier'],
    ['Patient', '_include=Patient:organization:Practitioner', 'does not lead to'],
    ['Patient', '_contained=some', 'true, false, both'],
    ['Patient', '_list=$current-problems', 'functional lists'],
    ['Patient', '_query=x', 'named queries'],
    ['Patient', '_type=Observation', 'Patient only'],
    ['Patient', '_text=!!', 'no words'],
    ['Patient', '_id=a b', 'not an id'],
    ['Patient', 'gender.name=x', 'only a reference'],
    ['Patient', 'organization.nmae=x', 'Did you mean "name"'],
    ['Patient', 'organization:Patient.name=x', 'does not lead to'],
    ['Patient', 'organization.=x', 'not a chain'],
    ['Patient', '_has:Observation=x', '_has:Type:reference:parameter'],
    ['Patient', '_has:Observatoin:patient:code=x', 'Did you mean "Observation"'],
    ['Patient', '_has:Observation:code:code=x', 'only a reference'],
    ['Patient', '_has:Encounter:location:status=x', 'never refers to'],
    ['Observation', 'focus.name=x', 'say which one'],
    ['Observation', 'subject:Practitioner=1', 'does not lead to'],
    ['Observation', 'subject:Patient=Group/1', 'is a Group'],
    ['Observation', 'code-value-quantity=8480-6', 'code$value-quantity'],
    ['Location', 'near=here', 'latitude|longitude'],
    ['Location', 'near=95|0', 'latitude'],
    ['Location', 'near=5|0|5|kg', 'length'],
  ])('%s?%s', async (type, query, text) => {
    const error = await refusal(type, query)
    expect(error).toMatchObject({ name: 'FhirError', status: 400 })
    expect(error?.message).toContain(text)
  })
  test('in few words, however long the question', async () => {
    const error = await refusal('Observation', `date=${'9'.repeat(100_000)}`)
    expect(error?.issues[0]?.diagnostics?.length).toBeLessThan(1000)
    expect(error?.issues[0]?.diagnostics).toContain('is not a date')
  })
  test('with all that is wrong at once', async () =>
    expect((await refusal('Patient', 'a=1&name=x&b=2'))?.issues).toHaveLength(2))
  test.each([
    ['Patient', `name=${'a,'.repeat(100)}a`],
    ['Patient', '_has:Observation:patient:'.repeat(1) + 'patient.organization.partof.partof.partof.name=x'],
    [
      'Observation',
      `${'encounter.part-of.'.replace('encounter.', 'encounter:Encounter.')}${'part-of.'.repeat(5)}status=x`,
    ],
  ])('as too costly: %s?%.60s…', async (type, query) => {
    expect(await refusal(type, query)).toMatchObject({ status: 422 })
    await expect(ask(type, query, { lenient: true })).rejects.toMatchObject({ status: 422 })
  })
})

describe('a lenient search', () => {
  test('leaves out what it cannot use, and tells', async () => {
    const { query, receipt, applied } = await ask('Patient', 'nmae=x&gender=male&birthdate=soon&_count=5000&name=', {
      lenient: true,
    })
    expect(query.count).toBe(1000)
    expect(query.filter).toMatchObject({ is: 'has', param: 'gender' })
    expect(receipt.used.map(each => each.name)).toEqual(['gender', '_count'])
    expect(receipt.ignored.map(each => each.name)).toEqual(['nmae', 'birthdate', 'name'])
    expect(receipt.ignored[0]!.reason).toContain('Did you mean "name"')
    expect(receipt.rewritten).toMatchObject([{ name: '_count', value: '5000', as: '1000' }])
    expect(applied).toEqual([
      ['gender', 'male'],
      ['_count', '1000'],
    ])
  })
})

describe('result parameters', () => {
  test('are read beside the filter', async () => {
    const parsed = await ask(
      'Patient',
      '_count=7&_total=accurate&_elements=name,birthDate&_summary=false&_include=Patient:organization&_include:iterate=Organization:partof:Organization&_revinclude=Observation:*&_include=*&_format=json&_sort=-_lastUpdated,name',
    )
    expect(parsed).toMatchObject({ total: 'accurate', summary: 'false', elements: ['name', 'birthDate'] })
    expect(parsed.query).toEqual({
      types: ['Patient'],
      filter: { is: 'all', parts: [] },
      sort: [
        { by: 'updated', descending: true },
        { by: 'param', param: 'name', kind: 'string', descending: false },
      ],
      count: 7,
      total: 'accurate',
    })
    expect(parsed.includes).toEqual([
      { source: 'Patient', param: 'organization', iterate: false },
      { source: 'Organization', param: 'partof', target: 'Organization', iterate: true },
      { source: '*', param: '*', iterate: false },
    ])
    expect(parsed.revincludes).toEqual([{ source: 'Observation', param: '*', iterate: false }])
    expect(parsed.applied.map(each => each[0])).not.toContain('_format')
  })
  test('ask for the number only with _summary=count or _count=0', async () => {
    expect((await ask('Patient', '_summary=count')).query).toMatchObject({ count: 0, total: 'accurate' })
    expect((await ask('Patient', '_count=0')).query).toMatchObject({ count: 0, total: 'accurate' })
  })
  test('alternatives of one parameter are one question', async () => {
    expect((await ask('Patient', 'gender=male,female')).query.filter).toEqual({
      is: 'has',
      param: 'gender',
      kind: 'token',
      where: { is: 'one of', column: 'code', values: ['male', 'female'] },
    })
  })
})

test('every R4 parameter of every type can be asked whether it is missing, and sorted by unless it is composite or special', async () => {
  let asked = 0
  for (const type of allTypes)
    for (const [code, param] of definitions.searchParams(type)) {
      if (param.expression === '') continue
      const { query } = await ask(type, `${code}:missing=true`)
      expect(['not', 'any']).toContain(query.filter.is)
      if (param.type !== 'composite' && param.type !== 'special')
        expect((await ask(type, `_sort=${code}`)).query.sort).toHaveLength(1)
      asked++
    }
  expect(asked).toBeGreaterThan(1300)
})

test('no value and no name makes a search fail otherwise than by a refusal', async () => {
  const codes = (type: string) => [
    ...definitions.searchParams(type).keys(),
    '_has:Observation:patient:code',
    'subject.name',
    '_filter',
    '_list',
    '_sort',
    '_include',
    '_elements',
  ]
  const text = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 30 }),
    fc
      .array(
        fc.constantFrom(
          '\\',
          '|',
          '$',
          ',',
          '-',
          '1',
          'e',
          '.',
          'ge',
          'Patient/',
          ':',
          'http://',
          '(',
          ')',
          '"',
          '[',
          ']',
          ' and ',
          'name',
          ' eq ',
          'not',
          '王',
          'T',
        ),
        { maxLength: 12 },
      )
      .map(parts => parts.join('')),
  )
  const name = fc
    .constantFrom('Patient', 'Observation', 'Location')
    .chain(type =>
      fc.tuple(
        fc.constant(type),
        fc.constantFrom(...codes(type)),
        fc.oneof(
          fc.constant(''),
          fc.constantFrom(
            ':not',
            ':text',
            ':below',
            ':above',
            ':identifier',
            ':contains',
            ':of-type',
            ':Patient',
            ':missing',
            '.name',
            ':',
          ),
          text,
        ),
      ),
    )
  let accepted = 0
  await fc.assert(
    fc.asyncProperty(name, text, async ([type, code, modifier], value) => {
      const options = { definitions, types: [type], base, now, lenient: false }
      try {
        const { query } = await parseSearch([[code + modifier, value]], options)
        expect(typeof matches(query.filter, [])).toBe('boolean')
        accepted++
      } catch (error) {
        expect(error).toBeInstanceOf(FhirError)
        expect([400, 422]).toContain((error as FhirError).status)
      }
    }),
    { seed: 20261122, numRuns: 3000 },
  )
  expect(accepted).toBeGreaterThan(200)
})

test('the nearest names come first', () => {
  expect(nearest('nmae', ['name', 'mane', 'gender'])).toEqual(['name', 'mane'])
  expect(nearest('xyzzy', ['name'])).toEqual([])
  expect(nearest('BIRTHDATE', ['birthdate', 'death-date'])).toEqual(['birthdate'])
  expect(nearest('x'.repeat(1000), ['name'])).toEqual([])
})
