/** The arguments of operations. https://hl7.org/fhir/R4/operations.html#request */
import { describe, expect, test } from 'vitest'
import type { Json } from '../../src/fhir/types.ts'
import { type OperationParameter, parameters, printParameters, readParameters } from '../../src/rest/parameters.ts'

const definitions: readonly OperationParameter[] = [
  { name: 'url', type: 'uri', min: 0, max: 1 },
  { name: 'code', type: 'code', min: 0, max: 1 },
  { name: 'count', type: 'integer', min: 0, max: 1 },
  { name: 'weight', type: 'decimal', min: 0, max: 1 },
  { name: 'abstract', type: 'boolean', min: 0, max: 1 },
  { name: 'coding', type: 'Coding', min: 0, max: 1 },
  { name: 'property', type: 'code', min: 0, max: '*' },
  { name: 'any', type: 'Element', min: 0, max: 1 },
  {
    name: 'match',
    min: 0,
    max: '*',
    part: [
      { name: 'equivalence', type: 'code', min: 1, max: 1 },
      { name: 'concept', type: 'Coding', min: 0, max: 1 },
    ],
  },
]
const needed: readonly OperationParameter[] = [
  { name: 'resource', type: 'Resource', min: 1, max: 1 },
  { name: 'mode', type: 'code', min: 0, max: 1 },
]

const read = (query: readonly (readonly [string, string])[], ...parameter: Json[]) =>
  readParameters(definitions, parameter.length > 0 ? { resourceType: 'Parameters', parameter } : undefined, query)
const refused = expect.objectContaining({ status: 400 })

describe('the query', () => {
  test('has texts for primitive values, and parameters of every request among them', () => {
    const query: [string, string][] = [
      ['url', 'http://example.org'],
      ['count', '10'],
      ['weight', '1.50'],
      ['abstract', 'false'],
      ['property', 'a'],
      ['property', 'b'],
      ['_format', 'json'],
    ]
    expect(read(query)).toEqual({
      url: ['http://example.org'],
      count: [10],
      weight: [1.5],
      abstract: [false],
      property: ['a', 'b'],
    })
  })

  test.each([
    ['count', 'ten'],
    ['count', '1.5'],
    ['count', ''],
    ['abstract', 'yes'],
    ['coding', 'a|b'],
    ['match', 'x'],
    ['any', 'x'],
    ['code', ''],
    ['unknown', 'x'],
    ['__proto__', 'x'],
  ])('%s=%s answers 400', (name, text) => {
    expect(() => read([[name, text]])).toThrow(refused)
  })

  test('a parameter too often answers 400 and says so', () => {
    expect(() =>
      read([
        ['url', 'a'],
        ['url', 'b'],
      ]),
    ).toThrow(/"url" may be sent 1 times/)
  })
})

describe('a Parameters resource', () => {
  test('has values, resources and parts, and is joined with the query', () => {
    const coding = { system: 'http://example.org', code: 'x' }
    const match = (equivalence: string) => ({ name: 'match', part: [{ name: 'equivalence', valueCode: equivalence }] })
    expect(
      read(
        [['code', 'a']],
        { name: 'coding', valueCoding: coding },
        { name: 'url', valueUri: 'http://example.org' },
        { name: 'any', valueDate: '2024' },
        match('equal'),
        match('wider'),
      ),
    ).toEqual({
      code: ['a'],
      coding: [coding],
      url: ['http://example.org'],
      any: ['2024'],
      match: [{ equivalence: ['equal'] }, { equivalence: ['wider'] }],
    })
  })

  test.each<[string, Json]>([
    ['a wrong type', { name: 'count', valueString: '1' }],
    ['a wrong JSON type', { name: 'count', valueInteger: '1' }],
    ['two values', { name: 'code', valueCode: 'a', valueString: 'b' }],
    ['no value', { name: 'code' }],
    ['a resource for a code', { name: 'code', resource: { resourceType: 'Patient' } }],
    ['an unknown name', { name: 'nope', valueCode: 'a' }],
    ['no name', { valueCode: 'a' }],
    ['text', 'x'],
    ['a missing part', { name: 'match', part: [{ name: 'concept', valueCoding: { code: 'a' } }] }],
    ['parts that are no list', { name: 'match', part: {} }],
  ])('with %s answers 400', (_, parameter) => {
    expect(() => read([], parameter)).toThrow(refused)
  })
})

describe('a resource as the body', () => {
  test('is the one parameter of a resource type', () => {
    const patient = { resourceType: 'Patient', id: 'p' }
    expect(readParameters(needed, patient, [['mode', 'create']])).toEqual({ resource: [patient], mode: ['create'] })
    const inside = { resourceType: 'Parameters', parameter: [{ name: 'resource', resource: patient }] }
    expect(readParameters(needed, inside, [])).toEqual({ resource: [patient] })
  })

  test('answers 400 where no parameter takes it, or none is sent', () => {
    expect(() => readParameters(definitions, { resourceType: 'Patient' }, [])).toThrow(refused)
    expect(() => readParameters(definitions, [], [])).toThrow(refused)
    expect(() => readParameters(needed, undefined, [])).toThrow(/"resource" is needed/)
  })
})

test('values are printed as Parameters, and read again are the same', () => {
  const values = {
    url: ['http://example.org'],
    abstract: [true],
    match: [{ equivalence: ['equal'] }],
    property: ['a', 'b'],
  }
  const printed = printParameters(definitions, values)
  expect(printed).toEqual({
    resourceType: 'Parameters',
    parameter: [
      { name: 'url', valueUri: 'http://example.org' },
      { name: 'abstract', valueBoolean: true },
      { name: 'property', valueCode: 'a' },
      { name: 'property', valueCode: 'b' },
      { name: 'match', part: [{ name: 'equivalence', valueCode: 'equal' }] },
    ],
  })
  expect(readParameters(definitions, printed as unknown as Json, [])).toEqual(values)
})

test('a list of values is printed in its order, without an empty array', () => {
  const patient = { resourceType: 'Patient' }
  expect(
    parameters([
      { name: 'when', type: 'dateTime', value: '2024' },
      { name: 'return', type: 'Resource', value: patient },
    ]),
  ).toEqual({
    resourceType: 'Parameters',
    parameter: [
      { name: 'when', valueDateTime: '2024' },
      { name: 'return', resource: patient },
    ],
  })
  expect(parameters([])).toEqual({ resourceType: 'Parameters' })
})
