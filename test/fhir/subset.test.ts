/** _summary and _elements. https://hl7.org/fhir/R4/search.html#summary */
import { describe, expect, test } from 'vitest'
import { parseJson, printJson } from '../../src/fhir/json.ts'
import { FhirError } from '../../src/fhir/outcome.ts'
import { loadDefinitions } from '../../src/fhir/packages.ts'
import { readSubset, subset, type SubsetOptions } from '../../src/fhir/subset.ts'
import type { Resource } from '../../src/fhir/types.ts'

const definitions = loadDefinitions()
const subsetted = { system: 'http://terminology.hl7.org/CodeSystem/v3-ObservationValue', code: 'SUBSETTED' }
const text = { status: 'generated', div: '<div xmlns="http://www.w3.org/1999/xhtml">Lin</div>' }
const extension = [{ url: 'http://example.org/x', valueBoolean: true }]

const patient = () => ({
  resourceType: 'Patient',
  id: 'p1',
  meta: { versionId: '3', profile: ['http://example.org/profile'], tag: [{ code: 'mine' }] },
  implicitRules: 'http://example.org/rules',
  language: 'zh-TW',
  text,
  contained: [{ resourceType: 'Organization', id: 'o' }],
  extension,
  modifierExtension: extension,
  identifier: [{ system: 'http://example.org', value: '1', extension }],
  active: true,
  name: [{ use: 'official', family: 'Lin', given: ['Mei'], _given: [{ id: 'g' }] }, { text: 'nickname only' }],
  birthDate: '1970-01-01',
  _birthDate: { extension },
  maritalStatus: { text: 'married' },
  contact: [{ name: { text: 'friend' } }],
  photo: [{ contentType: 'image/png' }],
  link: [{ other: { reference: 'Patient/2' }, type: 'seealso', extension }],
})

const observation = () => ({
  resourceType: 'Observation',
  id: 'o1',
  text,
  status: 'final',
  category: [{ text: 'laboratory' }],
  code: { text: 'glucose', extension },
  subject: { reference: 'Patient/p1', display: 'Lin' },
  valueQuantity: { value: 5, unit: 'mmol/L' },
  note: [{ text: 'fasting' }],
  component: [
    { code: { text: 'a' }, valueString: 'x', interpretation: [{ text: 'high' }] },
    { code: { text: 'b' }, referenceRange: [{ text: '1-2' }] },
  ],
})

const part = (resource: Resource, options: SubsetOptions) => subset(resource, options, definitions)
const names = (resource: Resource) => Object.keys(resource).sort()

describe('_summary=true', () => {
  test('keeps the elements marked as summary, the mandatory ones and modifierExtension', () => {
    expect(names(part(patient(), { summary: 'true' }))).toEqual(
      [
        '_birthDate',
        'active',
        'birthDate',
        'id',
        'identifier',
        'implicitRules',
        'link',
        'meta',
        'modifierExtension',
        'name',
        'resourceType',
      ].sort(),
    )
    expect(names(part(observation(), { summary: 'true' }))).toEqual([
      'code',
      'component',
      'id',
      'meta',
      'resourceType',
      'status',
      'subject',
      'valueQuantity',
    ])
  })

  test('does so inside of elements as well', () => {
    const result = part(observation(), { summary: 'true' })
    expect(result['component']).toEqual([{ code: { text: 'a' }, valueString: 'x' }, { code: { text: 'b' } }])
    expect(result['code']).toEqual({ text: 'glucose' })
    expect(result['subject']).toEqual({ reference: 'Patient/p1', display: 'Lin' })
    expect(part(patient(), { summary: 'true' })['name']).toEqual(patient().name)
    expect(part(patient(), { summary: 'true' })['link']).toEqual([
      { other: { reference: 'Patient/2' }, type: 'seealso' },
    ])
  })

  test('reaches into the resources of a Bundle', () => {
    const bundle = {
      resourceType: 'Bundle',
      type: 'collection',
      entry: [{ fullUrl: 'urn:x', resource: observation() }],
    }
    const result = part(bundle, { summary: 'true' }) as unknown as { entry: { fullUrl: string; resource: Resource }[] }
    expect(result.entry[0]!.fullUrl).toBe('urn:x')
    expect(names(result.entry[0]!.resource)).toEqual([
      'code',
      'component',
      'id',
      'resourceType',
      'status',
      'subject',
      'valueQuantity',
    ])
  })
})

test('_summary=text keeps the text and the mandatory elements', () => {
  expect(names(part(observation(), { summary: 'text' }))).toEqual([
    'code',
    'id',
    'meta',
    'resourceType',
    'status',
    'text',
  ])
  expect(part(patient(), { summary: 'text' })['text']).toEqual(text)
})

test('_summary=data leaves only the text out', () => {
  const { text: _, ...rest } = patient()
  expect(part(patient(), { summary: 'data' })).toEqual({
    ...rest,
    meta: { ...rest.meta, tag: [{ code: 'mine' }, subsetted] },
  })
})

test('_summary=count leaves type, id and meta', () => {
  expect(part(observation(), { summary: 'count' })).toEqual({
    resourceType: 'Observation',
    id: 'o1',
    meta: { tag: [subsetted] },
  })
})

test('_summary=false and no options leave the resource whole, without a tag', () => {
  expect(part(patient(), { summary: 'false' })).toEqual(patient())
  expect(part(patient(), {})).toEqual(patient())
})

describe('_elements', () => {
  test('keeps the named elements, the mandatory ones and modifierExtension', () => {
    expect(names(part(patient(), { elements: ['name', 'birthDate'] }))).toEqual([
      '_birthDate',
      'birthDate',
      'id',
      'meta',
      'modifierExtension',
      'name',
      'resourceType',
    ])
    expect(names(part(observation(), { elements: ['subject'] }))).toEqual([
      'code',
      'id',
      'meta',
      'resourceType',
      'status',
      'subject',
    ])
  })

  test('keeps a named element whole', () => {
    const result = part(patient(), { elements: ['identifier', 'contact'] })
    expect(result).toMatchObject({ identifier: patient().identifier, contact: patient().contact })
  })

  test.each(['value', 'value[x]', 'valueQuantity'])('finds a choice element by %s', name => {
    expect(part(observation(), { elements: [name] })).toHaveProperty('valueQuantity', observation().valueQuantity)
  })

  test('takes names inside of elements, with what is mandatory there', () => {
    expect(part(patient(), { elements: ['name.family'] })['name']).toEqual([{ family: 'Lin' }])
    expect(part(observation(), { elements: ['component.value'] })['component']).toEqual([
      { code: { text: 'a' }, valueString: 'x' },
      { code: { text: 'b' } },
    ])
    expect(part(patient(), { elements: ['name.given'] })['name']).toEqual([{ given: ['Mei'], _given: [{ id: 'g' }] }])
    expect(part(patient(), { elements: ['name.family', 'name'] })['name']).toEqual(patient().name)
  })

  test('takes names qualified by a type for that type only', () => {
    const elements = ['Patient.name', 'Observation.subject']
    expect(names(part(patient(), { elements }))).toEqual(['id', 'meta', 'modifierExtension', 'name', 'resourceType'])
    expect(names(part(observation(), { elements }))).toEqual([
      'code',
      'id',
      'meta',
      'resourceType',
      'status',
      'subject',
    ])
    expect(part(observation(), { elements: ['Patient.name'] })).toEqual(observation())
  })

  test('with a name that is not of the type keeps what is always there', () => {
    expect(names(part(observation(), { elements: ['birthDate'] }))).toEqual([
      'code',
      'id',
      'meta',
      'resourceType',
      'status',
    ])
  })
})

describe('the result', () => {
  test('is tagged SUBSETTED once, beside the other tags and the rest of meta', () => {
    const once = part(patient(), { elements: ['name'] })
    expect(once.meta).toEqual({ ...patient().meta, tag: [{ code: 'mine' }, subsetted] })
    expect(part(once, { elements: ['name'] })).toEqual(once)
    expect(part(observation(), { elements: ['subject'] }).meta).toEqual({ tag: [subsetted] })
  })

  test('is a new resource: the one given does not change', () => {
    const resource = patient()
    for (const summary of ['true', 'text', 'data', 'count'] as const) part(resource, { summary })
    part(resource, { elements: ['name.family', 'meta'] })
    expect(resource).toEqual(patient())
  })

  test('keeps the digits of numbers', () => {
    const whole =
      '{"resourceType":"Observation","id":"o1","status":"final","valueQuantity":{"value":5.00},"component":[{"code":{},"valueQuantity":{"value":1.0}},{"code":{"text":"b"},"valueQuantity":{"value":2.50}}],"note":[]}'
    const resource = parseJson(Buffer.from(whole)) as unknown as Resource
    for (const options of [
      { summary: 'true' },
      { summary: 'data' },
      { elements: ['value', 'component.value'] },
    ] as const) {
      const printed = printJson(part(resource, options))
      expect(printed).toContain('"valueQuantity":{"value":5.00}')
      expect(printed).toContain('{"value":1.0}')
      expect(printed).toContain('{"value":2.50}')
    }
  })
})

describe('readSubset', () => {
  test('reads what asks for a part', () => {
    expect(readSubset('true', undefined)).toEqual({ summary: 'true' })
    expect(readSubset(undefined, 'name, Patient.name.family,value[x]')).toEqual({
      elements: ['name', 'Patient.name.family', 'value[x]'],
    })
    expect(readSubset('false', 'name')).toEqual({ elements: ['name'] })
    expect(readSubset('count', 'name')).toEqual({ summary: 'count' })
    expect(readSubset('false', undefined)).toBeUndefined()
    expect(readSubset(undefined, undefined)).toBeUndefined()
  })

  test.each([
    ['yes', undefined],
    ['', undefined],
    ['True', undefined],
    ['true', 'name'],
    [undefined, ''],
    [undefined, 'name,,id'],
    [undefined, 'name.'],
    [undefined, '__proto__'],
    [undefined, 'name[0]'],
    [undefined, 'a.'.repeat(50) + 'a'],
  ])('answers 400 to _summary=%s with _elements=%s', (summary, elements) => {
    expect(() => readSubset(summary, elements)).toThrow(FhirError)
    expect(() => readSubset(summary, elements)).toThrow(expect.objectContaining({ status: 400 }))
  })
})
