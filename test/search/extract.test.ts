import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { loadDefinitions } from '../../src/fhir/packages.ts'
import { componentParams, makeExtractor } from '../../src/search/extract.ts'
import { kinds } from '../../src/search/kinds.ts'
import type { IndexEntry } from '../../src/search/query.ts'
import { made } from './made.ts'

const definitions = loadDefinitions()
const extractor = makeExtractor(definitions, kinds)

const of = (resource: unknown, param: string) => extractor.entries(resource).filter(entry => entry.param === param)
const codes = (entries: readonly IndexEntry[]) => entries.map(entry => (entry.kind === 'token' ? entry.code : entry))
const refs = (entries: readonly IndexEntry[]) => entries.map(entry => (entry.kind === 'reference' ? entry.ref : entry))
const texts = (entries: readonly IndexEntry[]) => entries.map(entry => ('text' in entry ? entry.text : entry))

const concept = (code: string, display?: string) => ({
  coding: [{ system: 'http://loinc.org', code, ...(display ? { display } : {}) }],
})
const quantity = (value: number) => ({ value, system: 'http://unitsofmeasure.org', code: 'mm[Hg]', unit: 'mmHg' })

const bloodPressure = {
  resourceType: 'Observation',
  status: 'final',
  code: concept('85354-9', 'Blood pressure'),
  subject: { reference: 'Patient/1' },
  effectivePeriod: { start: '2024-05-06', end: '2024-05-07' },
  component: [
    { code: concept('8480-6'), valueQuantity: quantity(120) },
    { code: concept('8462-4'), valueQuantity: quantity(80) },
    { code: concept('8462-4'), dataAbsentReason: concept('unknown') },
  ],
}

describe('the entries of a resource', () => {
  test('come from every parameter of its type', () => {
    expect(codes(of(bloodPressure, 'status'))).toEqual(['final'])
    expect(codes(of(bloodPressure, 'code'))).toEqual(['85354-9'])
    expect(refs(of(bloodPressure, 'subject'))).toEqual(['Patient/1'])
    expect(of(bloodPressure, 'date')).toEqual([
      {
        kind: 'date',
        param: 'date',
        low: Date.parse('2024-05-06T00:00:00Z'),
        high: Date.parse('2024-05-07T23:59:59.999Z'),
      },
    ])
    expect(codes(of(bloodPressure, 'component-code'))).toEqual(['8480-6', '8462-4'])
    expect(codes(of(bloodPressure, 'combo-code'))).toEqual(['85354-9', '8480-6', '8462-4'])
    expect(of(bloodPressure, 'component-value-quantity').map(entry => entry.kind === 'quantity' && entry.unit)).toEqual(
      ['mmHg', 'mmHg'],
    )
  })

  test('stand there once each, also where there are very many', () => {
    const identifier = Array.from({ length: 30_000 }, (_, i) => ({ system: 'http://x.org', value: `v${i % 10_000}` }))
    expect(codes(of({ resourceType: 'Patient', identifier }, 'identifier'))).toEqual(
      identifier.slice(0, 10_000).map(each => each.value),
    )
    const few = [{ value: '1' }, { value: '1' }, { system: 'http://x.org', value: '1' }]
    expect(of({ resourceType: 'Patient', identifier: few }, 'identifier')).toHaveLength(2)
  })

  test('take a reference for those parameters whose type it leads to', () => {
    expect(refs(of(bloodPressure, 'patient'))).toEqual(['Patient/1'])
    const group = { ...bloodPressure, subject: { reference: 'Group/1' } }
    expect(of(group, 'patient')).toEqual([])
    expect(refs(of(group, 'subject'))).toEqual(['Group/1'])
    const elsewhere = { ...bloodPressure, subject: { reference: 'http://other.org/fhir/Patient/1' } }
    expect(refs(of(elsewhere, 'patient'))).toEqual(['http://other.org/fhir/Patient/1'])
    const typed = {
      ...bloodPressure,
      subject: { reference: 'urn:uuid:7b1c8a3e-0d2f-4c55-9a39-7f5b2d6c1e10', type: 'Patient' },
    }
    expect(refs(of(typed, 'patient'))).toEqual([typed.subject.reference])
  })

  test('tell apart the values that an expression asks for', () => {
    const telecom = [
      { system: 'email', value: 'a@x.org' },
      { system: 'phone', value: '02-2222' },
    ]
    const patient = { resourceType: 'Patient', telecom }
    expect(codes(of(patient, 'email'))).toEqual(['a@x.org'])
    expect(codes(of(patient, 'phone'))).toEqual(['02-2222'])
    expect(codes(of(patient, 'telecom'))).toEqual(['a@x.org', '02-2222'])
  })

  test.each([
    [{}, 'false'],
    [{ deceasedBoolean: false }, 'false'],
    [{ deceasedBoolean: true }, 'true'],
    [{ deceasedDateTime: '2020' }, 'true'],
  ])('say whether a patient with %j is deceased: %s', (element, deceased) => {
    expect(codes(of({ resourceType: 'Patient', ...element }, 'deceased'))).toEqual([deceased])
  })

  test('lead from a document to its composition, from a message to its header', () => {
    const bundle = (resourceType: string) => ({
      resourceType: 'Bundle',
      type: 'document',
      entry: [{ resource: { resourceType, id: '7' } }, { resource: { resourceType, id: '8' } }],
    })
    expect(refs(of(bundle('Composition'), 'composition'))).toEqual(['Composition/7'])
    expect(of(bundle('Composition'), 'message')).toEqual([])
    expect(refs(of(bundle('MessageHeader'), 'message'))).toEqual(['MessageHeader/7'])
    expect(of(bundle('Patient'), 'composition')).toEqual([])
  })

  test('give a Location by latitude and longitude', () => {
    const location = { resourceType: 'Location', position: { latitude: 25.033, longitude: 121.5654 } }
    expect(extractor.entries(location).filter(entry => entry.param.startsWith('near'))).toEqual([
      { kind: 'quantity', param: 'near:latitude', low: 25.033, high: 25.033, system: '', code: '', unit: '' },
      { kind: 'quantity', param: 'near:longitude', low: 121.5654, high: 121.5654, system: '', code: '', unit: '' },
    ])
  })

  test('leave the id and the time of the last change to the store', () => {
    const entries = extractor.entries({
      ...bloodPressure,
      id: '1',
      meta: { lastUpdated: '2024-05-06T00:00:00Z', tag: [{ code: 't' }], profile: ['http://x.org/p'] },
    })
    expect(entries.filter(entry => ['_id', '_lastUpdated'].includes(entry.param))).toEqual([])
    expect(codes(entries.filter(entry => entry.param === '_tag'))).toEqual(['t'])
    expect(codes(entries.filter(entry => entry.param === '_profile'))).toEqual(['http://x.org/p'])
  })
})

describe('the words of a resource', () => {
  const resource = {
    resourceType: 'Condition',
    id: 'secretid',
    text: {
      status: 'generated',
      div: '<div xmlns="http://www.w3.org/1999/xhtml"><!-- hidden --><p class="x">Tom &amp; 小明 &#x4E2D;&lt;b</p><p>sat</p></div>',
    },
    code: {
      text: 'Breast cancer',
      coding: [{ system: 'http://snomed.info/sct', code: '254837009', display: 'Breast cancer' }],
    },
    subject: { reference: 'Patient/abc', display: 'Chen Hsiao-ming' },
    note: [{ text: 'seen **twice**', time: '2024-05-06' }],
    extension: [{ url: 'http://x.org/hush', valueString: 'loud' }],
    contained: [{ resourceType: 'Practitioner', id: 'p', name: [{ family: 'Lin' }] }],
  }

  test('of the narrative are those people see', () => {
    expect(texts(of(resource, '_text'))).toEqual(['tom 小 明 中 b sat'])
  })

  test('of the content are names, displays, notes and codes, not ids, links and dates', () => {
    const [text] = texts(of(resource, '_content')) as [string]
    for (const word of ['breast cancer', '254837009', 'chen hsiao ming', 'seen twice', 'loud', 'lin'])
      expect(text).toContain(word)
    for (const word of ['secretid', 'abc', 'snomed', 'hush', '2024', 'tom', 'generated'])
      expect(text).not.toContain(word)
    expect(text.split('breast cancer')).toHaveLength(2)
  })

  test('are none where nothing can be read', () => {
    expect(
      extractor
        .entries({ resourceType: 'Binary', contentType: 'text/plain', data: 'aGVsbG8=' })
        .filter(entry => entry.kind === 'words'),
    ).toEqual([])
  })
})

describe('contained resources', () => {
  const container = {
    ...bloodPressure,
    contained: [
      { resourceType: 'Patient', id: 'p', name: [{ family: 'Wang' }] },
      { resourceType: 'Patient', id: 'q', name: [{ family: 'Chen' }] },
      { resourceType: 'Observation', id: 'o', subject: { reference: '#p' } },
      { resourceType: 'Nothing' },
      null,
    ],
  }

  test('have their own entries, by type', () => {
    const families = extractor
      .contained(container, 'Patient')
      .map(entries => texts(entries.filter(entry => entry.param === 'family')))
    expect(families).toEqual([['wang'], ['chen']])
    expect(extractor.contained(container, 'Device')).toEqual([])
    expect(extractor.contained(bloodPressure, 'Patient')).toEqual([])
  })

  test('do not lend their entries to the container, which names their types', () => {
    expect(of(container, 'family')).toEqual([])
    expect(codes(of(container, '_contained'))).toEqual(['Patient', 'Observation'])
    expect(of(bloodPressure, '_contained')).toEqual([])
  })
})

describe('composites', () => {
  const groups = (resource: unknown, composite: string) =>
    extractor
      .groups(resource, composite)
      .map(group =>
        group.flatMap(entry =>
          entry.kind === 'token'
            ? [`${entry.param}=${entry.code}`]
            : entry.kind === 'quantity' && entry.unit === 'mmHg'
              ? [`${entry.param}=${entry.low}`]
              : [],
        ),
      )

  test('keep together what stands in one element', () => {
    expect(groups(bloodPressure, 'component-code-value-quantity')).toEqual([
      ['component-code=8480-6', 'component-value-quantity=120'],
      ['component-code=8462-4', 'component-value-quantity=80'],
      ['component-code=8462-4'],
    ])
    expect(groups(bloodPressure, 'combo-code-value-quantity')[0]).toEqual(['combo-code=85354-9'])
    expect(groups(bloodPressure, 'combo-code-value-quantity')).toHaveLength(4)
    expect(groups(bloodPressure, 'code-value-quantity')).toEqual([['code=85354-9']])
    expect(groups(bloodPressure, 'unknown')).toEqual([])
  })

  test('of three components work alike', () => {
    const sequence = {
      resourceType: 'MolecularSequence',
      referenceSeq: { chromosome: concept('7'), windowStart: 100, windowEnd: 200 },
      variant: [
        { start: 110, end: 120 },
        { start: 130, end: 140 },
      ],
    }
    const found = extractor
      .groups(sequence, 'chromosome-variant-coordinate')
      .map(group => group.filter(entry => entry.kind !== 'text'))
    expect(found.map(group => group.map(entry => entry.param))).toEqual(
      Array(2).fill(['chromosome', 'variant-start', 'variant-end']),
    )
    expect(
      found.map(group =>
        group.map(entry =>
          'code' in entry && entry.kind === 'token'
            ? entry.code
            : entry.kind === 'quantity' && (entry.low + entry.high) / 2,
        ),
      ),
    ).toEqual([
      ['7', 110, 120],
      ['7', 130, 140],
    ])
  })

  test('name their parts after the parameter that has these entries already', () => {
    const named = (type: string, code: string) =>
      componentParams(definitions, type, definitions.searchParams(type).get(code)!).map(each => each.param)
    expect(named('Observation', 'code-value-quantity')).toEqual(['code', 'value-quantity'])
    expect(named('Observation', 'combo-code-value-concept')).toEqual(['combo-code', 'combo-value-concept'])
    expect(named('ValueSet', 'context-type-quantity')).toEqual(['context-type', 'context-quantity'])
    expect(named('DocumentReference', 'relationship')).toEqual(['relatesto', 'relation'])
  })

  test('every part named after a parameter is covered by the entries of that parameter', () => {
    let compared = 0
    for (const type of definitions.resourceTypes) {
      for (const param of definitions.searchParams(type).values()) {
        if (param.type !== 'composite') continue
        expect(componentParams(definitions, type, param).length, `${type}.${param.code}`).toBeGreaterThan(1)
        for (let variant = 0; variant < 6; variant++) {
          const resource = made(definitions, type, variant)
          const entries = new Set(extractor.entries(resource).map(entry => JSON.stringify(entry)))
          for (const entry of extractor.groups(resource, param.code).flat()) {
            compared++
            expect(entries.has(JSON.stringify(entry)), `${type}.${param.code}: ${JSON.stringify(entry)}`).toBe(true)
          }
        }
      }
    }
    expect(compared).toBeGreaterThan(500)
  })

  test('enter once more what no parameter has', () => {
    const group = {
      resourceType: 'Group',
      characteristic: [
        { code: concept('gender'), valueCodeableConcept: concept('female') },
        { code: concept('age'), valueQuantity: quantity(7) },
      ],
    }
    expect(codes(of(group, 'characteristic-value$2').filter(entry => entry.kind === 'token'))).toContain('female')
    expect(groups(group, 'characteristic-value')[0]).toEqual(['characteristic=gender', 'characteristic-value$2=female'])
  })
})

describe('SearchParameters of a tenant', () => {
  const more = (expression: string, type = 'string') =>
    makeExtractor(
      definitions.with([
        {
          resourceType: 'SearchParameter',
          url: 'http://x.org/SearchParameter/mine',
          code: 'mine',
          base: ['Patient'],
          type,
          expression,
        },
      ]),
      kinds,
    )
  const patient = {
    resourceType: 'Patient',
    name: [{ family: 'Wang', given: ['Ming'] }],
    _birthDate: { extension: [{ url: 'http://x.org/time', valueDateTime: '2020-01-01T10:00:00Z' }] },
    extension: [
      { url: 'http://x.org/race', valueString: 'a' },
      { url: 'http://x.org/other', valueString: 'b' },
      { url: 'http://x.org/deep', extension: [{ url: 'x', valueCode: 'c' }] },
    ],
  }
  const mine = (expression: string, type?: string) =>
    texts(
      more(expression, type)
        .entries(patient)
        .filter(entry => entry.param === 'mine'),
    )

  test.each([
    ["Patient.extension('http://x.org/race').value", 'a'],
    ["Patient.extension.where(url = 'http://x.org/race').value.as(string)", 'a'],
    ["(Patient.extension.where(url='http://x.org/race' and value.exists()).value as string)", 'a'],
    ["Patient.extension('http://x.org/deep').extension('x').value.ofType(code)", 'c'],
    ['Patient.name.first().family', 'wang'],
    ['name.given', 'ming'],
    // left to fhirpath.js
    ['Patient.name.family.substring(0, 2)', 'wa'],
    ["Patient.name.select(family + ' ' + given.first())", 'wang ming'],
  ])('%s finds %s', (expression, text) => {
    expect(mine(expression)).toEqual([text])
  })

  test('reach the extensions of primitives', () => {
    const entries = more("Patient.birthDate.extension('http://x.org/time').value", 'date').entries(patient)
    expect(entries.find(entry => entry.param === 'mine')).toMatchObject({
      kind: 'date',
      low: Date.parse('2020-01-01T10:00:00Z'),
    })
  })

  test.each([
    'Patient.(',
    'Observation.code',
    'Patient.nothing.at.all',
    "Patient.name.where(family = 'x'",
    'resolve()',
    "1 + 'a'",
    '%nothing',
    ''.padEnd(300, '('),
  ])('%s finds nothing and hinders nothing', expression => {
    expect(mine(expression)).toEqual([])
    expect(
      more(expression)
        .entries(patient)
        .some(entry => entry.param === 'family'),
    ).toBe(true)
  })
})

describe('what is misshapen', () => {
  test.each([
    [undefined],
    [null],
    [7],
    ['Patient'],
    [[]],
    [[bloodPressure]],
    [{}],
    [{ resourceType: 'Nothing' }],
    [{ resourceType: '__proto__' }],
    [{ resourceType: ['Patient'] }],
  ])('%j has no entries', value => {
    expect(extractor.entries(value)).toEqual([])
    expect(extractor.groups(value, 'code-value-quantity')).toEqual([])
    expect(extractor.contained(value, 'Patient')).toEqual([])
  })

  test('never makes it throw, and the rest is still found', () => {
    const odd = fc.oneof(
      fc.constantFrom<unknown>(
        null,
        7,
        'text',
        true,
        [],
        {},
        [null],
        [[]],
        [['x']],
        { length: 3 },
        { value: [] },
        [{}],
        { coding: 'x' },
        { reference: {} },
      ),
      fc.jsonValue(),
    )
    const types = [
      'Observation',
      'Patient',
      'Bundle',
      'Location',
      'MolecularSequence',
      'Questionnaire',
      'ActivityDefinition',
    ]
    fc.assert(
      fc.property(
        fc.constantFrom(...types),
        fc.nat(7),
        fc.array(fc.tuple(fc.nat(), odd), { maxLength: 8 }),
        (type, variant, changes) => {
          const resource = made(definitions, type, variant) as Record<string, unknown>
          for (const [at, value] of changes) spoil(resource, at, value)
          resource.resourceType = type
          resource.language = 'zh-TW'
          extractor.entries(resource)
          for (const param of definitions.searchParams(type).values())
            if (param.type === 'composite') extractor.groups(resource, param.code)
          extractor.contained(resource, 'Patient')
        },
      ),
      { numRuns: 300 },
    )
  })
})

/** Puts the value in place of one of the parts, at any depth. */
function spoil(resource: Record<string, unknown>, at: number, value: unknown): void {
  const places: [holder: Record<string, unknown>, name: string][] = []
  const open: unknown[] = [resource]
  for (let part = open.pop(); part !== undefined; part = open.pop()) {
    if (typeof part !== 'object' || part === null) continue
    for (const name of Object.keys(part)) {
      places.push([part as Record<string, unknown>, name])
      open.push((part as Record<string, unknown>)[name])
    }
  }
  const place = places[at % places.length]
  if (place) place[0][place[1]] = value
}
