/** FHIRPath Patch. https://hl7.org/fhir/R4/fhirpatch.html */
import { describe, expect, test } from 'vitest'
import { applyFhirPathPatch } from '../../src/fhir/fhirpath-patch.ts'
import { parseJson, printJson } from '../../src/fhir/json.ts'
import { FhirError } from '../../src/fhir/outcome.ts'
import { loadDefinitions } from '../../src/fhir/packages.ts'
import type { Resource } from '../../src/fhir/types.ts'
import { cost } from '../help/cost.ts'

const definitions = loadDefinitions()

type Part = Record<string, unknown>
interface Change {
  type: string
  path: string
  name?: string
  /** The part that holds the value, without its name. */
  value?: Part
  index?: number
  source?: number
  destination?: number
}

function operation({ type, path, name, value, index, source, destination }: Change): Part {
  const part: Part[] = [
    { name: 'type', valueCode: type },
    { name: 'path', valueString: path },
  ]
  if (name !== undefined) part.push({ name: 'name', valueString: name })
  if (value !== undefined) part.push({ name: 'value', ...value })
  if (index !== undefined) part.push({ name: 'index', valueInteger: index })
  if (source !== undefined) part.push({ name: 'source', valueInteger: source })
  if (destination !== undefined) part.push({ name: 'destination', valueInteger: destination })
  return { name: 'operation', part }
}

const parameters = (...changes: Change[]) => ({ resourceType: 'Parameters', parameter: changes.map(operation) })

/** The elements of the resource after the changes, without its type. */
function after(elements: Record<string, unknown>, ...changes: Change[]): Record<string, unknown> {
  const resource = { resourceType: 'Patient', ...elements }
  const before = structuredClone(resource)
  const { resourceType, ...rest } = applyFhirPathPatch(resource, parameters(...changes), definitions)
  expect(resource).toEqual(before)
  expect(resourceType).toBe(before.resourceType)
  return rest
}

function refusalOf(resource: Resource, body: unknown): FhirError {
  try {
    applyFhirPathPatch(resource, body, definitions)
  } catch (error) {
    if (error instanceof FhirError) return error
    throw error
  }
  throw new Error('not refused')
}

const refusal = (elements: Record<string, unknown>, ...changes: Change[]) =>
  refusalOf({ resourceType: 'Patient', ...elements }, parameters(...changes))

const identifiers = (...values: string[]) => ({
  identifier: values.map(value => ({ system: 'http://example.org', value })),
})
const identifier = (value: string) => ({ valueIdentifier: { system: 'http://example.org', value } })

describe('add', () => {
  test('a primitive', () => {
    const change = { type: 'add', path: 'Patient', name: 'birthDate', value: { valueDate: '1930-01-01' } }
    expect(after({}, change)).toEqual({ birthDate: '1930-01-01' })
  })

  test('a primitive with an extension, and one that is only an extension', () => {
    const more = { extension: [{ url: 'http://example.org/time', valueTime: '10:00:00' }] }
    const value = { valueDate: '1930-01-01', _valueDate: more }
    const change = { type: 'add', path: 'Patient', name: 'birthDate' }
    expect(after({}, { ...change, value })).toEqual({ birthDate: '1930-01-01', _birthDate: more })
    expect(after({}, { ...change, value: { _valueDate: more } })).toEqual({ _birthDate: more })
  })

  test('a nested primitive', () => {
    const change = { type: 'add', path: 'Patient.contact[0]', name: 'gender', value: { valueCode: 'male' } }
    expect(after({ contact: [{ name: { text: 'a name' } }] }, change)).toEqual({
      contact: [{ name: { text: 'a name' }, gender: 'male' }],
    })
  })

  test('a complex value', () => {
    const value = { valueCodeableConcept: { text: 'married' } }
    expect(after({}, { type: 'add', path: 'Patient', name: 'maritalStatus', value })).toEqual({
      maritalStatus: { text: 'married' },
    })
  })

  test('an anonymous value, made of parts at any depth', () => {
    const link = {
      part: [
        { name: 'other', valueReference: { reference: 'Patient/2' } },
        { name: 'type', valueCode: 'seealso' },
      ],
    }
    const contact = {
      part: [
        { name: 'name', valueHumanName: { text: 'a name' } },
        { name: 'relationship', part: [{ name: 'text', valueString: 'friend' }] },
        { name: 'relationship', valueCodeableConcept: { text: 'colleague' } },
      ],
    }
    expect(
      after(
        {},
        { type: 'add', path: 'Patient', name: 'contact', value: contact },
        { type: 'add', path: 'Patient', name: 'link', value: link },
      ),
    ).toEqual({
      contact: [{ name: { text: 'a name' }, relationship: [{ text: 'friend' }, { text: 'colleague' }] }],
      link: [{ other: { reference: 'Patient/2' }, type: 'seealso' }],
    })
  })

  test('to a list appends, and makes the list when there is none', () => {
    const change = { type: 'add', path: 'Patient', name: 'identifier', value: identifier('3') }
    expect(after(identifiers('1', '2'), change)).toEqual(identifiers('1', '2', '3'))
    expect(after({}, change)).toEqual(identifiers('3'))
  })

  test('to a list of primitives keeps the extensions of the others in step', () => {
    const change = { type: 'add', path: 'Patient.name', name: 'given', value: { valueString: 'Mei' } }
    const name = { given: ['A', null], _given: [null, { id: 'b' }] }
    expect(after({ name: [name] }, change)).toEqual({
      name: [{ given: ['A', null, 'Mei'], _given: [null, { id: 'b' }, null] }],
    })
  })

  test('to a choice element writes the property of the type of the value', () => {
    const observation = { resourceType: 'Observation', status: 'final' }
    for (const name of ['value', 'value[x]', 'valueString']) {
      const change = { type: 'add', path: 'Observation', name, value: { valueString: 'x' } }
      expect(applyFhirPathPatch(observation, parameters(change), definitions)).toEqual({
        ...observation,
        valueString: 'x',
      })
    }
    const change = { type: 'add', path: 'Observation', name: 'value', value: { valueQuantity: { value: 1 } } }
    expect(applyFhirPathPatch(observation, parameters(change), definitions)['valueQuantity']).toEqual({ value: 1 })
    expect(refusalOf({ ...observation, valueInteger: 5 }, parameters(change))).toMatchObject({
      status: 422,
      message: expect.stringContaining('already'),
    })
  })

  test('an extension to a primitive', () => {
    const value = { valueExtension: { url: 'http://example.org/x', valueBoolean: true } }
    expect(after({ birthDate: '1930' }, { type: 'add', path: 'Patient.birthDate', name: 'extension', value })).toEqual({
      birthDate: '1930',
      _birthDate: { extension: [value.valueExtension] },
    })
  })

  test('a contained resource', () => {
    const value = { resource: { resourceType: 'Organization', id: 'o' } }
    expect(after({}, { type: 'add', path: 'Patient', name: 'contained', value })).toEqual({
      contained: [value.resource],
    })
  })

  test('of a single element that is there already answers 422 and says to replace', () => {
    const change = { type: 'add', path: 'Patient', name: 'gender', value: { valueCode: 'male' } }
    expect(refusal({ gender: 'female' }, change)).toMatchObject({
      status: 422,
      message: expect.stringContaining('replace'),
    })
  })
})

describe('insert', () => {
  test.each([
    [0, ['3', '1', '2']],
    [1, ['1', '3', '2']],
    [2, ['1', '2', '3']],
  ])('at %i', (index, expected) => {
    const change = { type: 'insert', path: 'Patient.identifier', index, value: identifier('3') }
    expect(after(identifiers('1', '2'), change)).toEqual(identifiers(...expected))
  })

  test('into a list that is still empty', () => {
    const change = { type: 'insert', path: 'Patient.identifier', index: 0, value: identifier('1') }
    expect(after({}, change)).toEqual(identifiers('1'))
  })

  test('into a nested list of primitives', () => {
    const change = {
      type: 'insert',
      path: "Patient.name.where(use='official').given",
      index: 0,
      value: { valueString: 'X' },
    }
    const other = { use: 'usual', given: ['Z'] }
    expect(after({ name: [other, { use: 'official', given: ['A', 'B'] }] }, change)).toEqual({
      name: [other, { use: 'official', given: ['X', 'A', 'B'] }],
    })
  })

  test.each([-1, 3, 100])('at %i, outside of the list, answers 422', index => {
    const change = { type: 'insert', path: 'Patient.identifier', index, value: identifier('3') }
    expect(refusal(identifiers('1', '2'), change).status).toBe(422)
  })

  test('where the path is no list, or leads to several, answers 422', () => {
    const insert = (path: string) => ({ type: 'insert', path, index: 0, value: { valueString: 'X' } })
    expect(refusal({}, insert('Patient.gender'))).toMatchObject({
      status: 422,
      message: expect.stringContaining('not a list'),
    })
    expect(refusal({ name: [{ given: ['A'] }, { given: ['B'] }] }, insert('Patient.name.given')).status).toBe(422)
    expect(refusal({}, insert('Patient.name[0].given')).status).toBe(422)
    expect(refusal({}, insert('Patient')).status).toBe(422)
    expect(refusal(identifiers('1'), insert('Patient.identifier.first()')).status).toBe(422)
  })
})

describe('delete', () => {
  test('a primitive goes with its extensions', () => {
    expect(
      after({ birthDate: '1920', _birthDate: { id: 'x' } }, { type: 'delete', path: 'Patient.birthDate' }),
    ).toEqual({})
  })

  test('a nested primitive, and its parent when that is then empty', () => {
    const contact = { name: { text: 'a name' }, gender: 'male' }
    expect(after({ contact: [contact] }, { type: 'delete', path: 'Patient.contact[0].gender' })).toEqual({
      contact: [{ name: { text: 'a name' } }],
    })
    expect(after({ contact: [contact] }, { type: 'delete', path: 'Patient.contact[0].name.text' })).toEqual({
      contact: [{ gender: 'male' }],
    })
    expect(
      after({ contact: [{ name: { text: 'x' } }] }, { type: 'delete', path: 'Patient.contact.name.text' }),
    ).toEqual({})
  })

  test('a complex and an anonymous value', () => {
    expect(after({ maritalStatus: { text: 'married' } }, { type: 'delete', path: 'Patient.maritalStatus' })).toEqual({})
    expect(after({ contact: [{ name: { text: 'x' } }] }, { type: 'delete', path: 'Patient.contact[0]' })).toEqual({})
  })

  test.each([
    ['Patient.identifier[0]', ['2', '3']],
    ['Patient.identifier[1]', ['1', '3']],
    ['Patient.identifier[2]', ['1', '2']],
    ['Patient.identifier.first()', ['2', '3']],
    ['Patient.identifier.last()', ['1', '2']],
    ["Patient.identifier.where(value = '2')", ['1', '3']],
    ["identifier.where(value.startsWith('3') and system.exists())", ['1', '2']],
    ["Patient.identifier.where($this.value = '1' or value = '9')", ['2', '3']],
    ['Patient.identifier.skip(1).take(1)', ['1', '3']],
    ['Patient.identifier.tail()[1]', ['1', '2']],
    ["Patient.identifier.where(value > '2')", ['1', '2']],
    ["Patient.identifier.where(value != '1' and (value ~ '3').not())", ['1', '3']],
  ])('%s from a list', (path, expected) => {
    expect(after(identifiers('1', '2', '3'), { type: 'delete', path })).toEqual(identifiers(...expected))
  })

  test.each([
    'Patient.birthDate',
    'Patient.identifier[7]',
    "Patient.identifier.where(value = 'x')",
    'Patient.contact.name.text',
  ])('of nothing at %s is no error', path => {
    expect(after(identifiers('1'), { type: 'delete', path })).toEqual(identifiers('1'))
  })

  test('of several elements answers 422 and nothing is deleted', () => {
    const error = refusal(identifiers('1', '2'), { type: 'delete', path: 'Patient.identifier' })
    expect(error).toMatchObject({ status: 422, message: expect.stringContaining('2 elements') })
  })

  test('of the resource answers 422', () => {
    expect(refusal({}, { type: 'delete', path: 'Patient' }).status).toBe(422)
  })

  test('an extension of a primitive leaves the primitive', () => {
    const _birthDate = { extension: [{ url: 'http://example.org/x', valueBoolean: true }] }
    const path = "Patient.birthDate.extension('http://example.org/x')"
    expect(after({ birthDate: '1930', _birthDate }, { type: 'delete', path })).toEqual({ birthDate: '1930' })
  })

  test('one of a list of primitives keeps the others with their extensions', () => {
    const name = [{ given: ['A', 'B', 'C'], _given: [null, null, { id: 'c' }] }]
    expect(after({ name }, { type: 'delete', path: 'Patient.name[0].given[0]' })).toEqual({
      name: [{ given: ['B', 'C'], _given: [null, { id: 'c' }] }],
    })
  })
})

describe('replace', () => {
  test('a primitive, whose extensions go with the old value', () => {
    const change = { type: 'replace', path: 'Patient.birthDate', value: { valueDate: '1930-01-01' } }
    expect(after({ birthDate: '1920-01-01', _birthDate: { id: 'x' } }, change)).toEqual({ birthDate: '1930-01-01' })
  })

  test('nested primitives', () => {
    const contact = [{ name: { text: 'a name' }, gender: 'male' }]
    expect(
      after(
        { contact },
        { type: 'replace', path: 'Patient.contact[0].gender', value: { valueCode: 'female' } },
        { type: 'replace', path: 'Patient.contact[0].name.text', value: { valueString: 'the name' } },
      ),
    ).toEqual({ contact: [{ name: { text: 'the name' }, gender: 'female' }] })
  })

  test('a complex value as a whole', () => {
    const value = { valueCodeableConcept: { id: '2', text: 'not married' } }
    const maritalStatus = { id: '1', coding: [{ code: 'M' }] }
    expect(after({ maritalStatus }, { type: 'replace', path: 'Patient.maritalStatus', value })).toEqual({
      maritalStatus: value.valueCodeableConcept,
    })
  })

  test('in lists', () => {
    expect(
      after(
        identifiers('1', '2'),
        { type: 'replace', path: 'Patient.identifier[0].value', value: { valueString: '2' } },
        { type: 'replace', path: 'Patient.identifier[1]', value: identifier('1') },
      ),
    ).toEqual(identifiers('2', '1'))
  })

  test('a choice element, also by a value of another type', () => {
    const replaced = (path: string) => {
      const change = { type: 'replace', path, value: { valueString: 'low' } }
      const resource = { resourceType: 'Observation', status: 'final', valueQuantity: { value: 1 } }
      return applyFhirPathPatch(resource, parameters(change), definitions)
    }
    for (const path of [
      'Observation.value',
      '(Observation.value as Quantity)',
      'Observation.value.ofType(FHIR.Quantity)',
    ]) {
      expect(replaced(path)).toEqual({ resourceType: 'Observation', status: 'final', valueString: 'low' })
    }
    expect(() => replaced('Observation.value.ofType(string)')).toThrow(/no element/)
  })

  test('what is not there, or is several, or the resource itself, answers 422', () => {
    const replace = (path: string) => ({ type: 'replace', path, value: { valueString: 'x' } })
    expect(refusal({}, replace('Patient.gender'))).toMatchObject({
      status: 422,
      message: expect.stringContaining('no element'),
    })
    expect(refusal(identifiers('1', '2'), replace('Patient.identifier.value')).message).toContain('2 elements')
    expect(refusal({}, replace('Patient')).status).toBe(422)
    expect(refusal(identifiers('1'), replace('Patient.identifier.count()'))).toMatchObject({
      status: 422,
      message: expect.stringContaining('computed'),
    })
  })
})

describe('move', () => {
  test.each([
    [3, 1, '1423'],
    [3, 0, '4123'],
    [3, 2, '1243'],
    [0, 3, '2341'],
    [1, 1, '1234'],
    [0, 1, '2134'],
  ])('from %i to %i', (source, destination, expected) => {
    const change = { type: 'move', path: 'Patient.identifier', source, destination }
    expect(after(identifiers('1', '2', '3', '4'), change)).toEqual(identifiers(...expected))
  })

  test('twice in one patch, each on the result of the one before', () => {
    const move = (source: number, destination: number) => ({
      type: 'move',
      path: 'Patient.identifier',
      source,
      destination,
    })
    expect(after(identifiers('1', '2', '3', '4'), move(1, 0), move(3, 1))).toEqual(identifiers('2', '4', '1', '3'))
  })

  test('in a list of primitives takes the extension along', () => {
    const change = { type: 'move', path: 'Patient.name[0].given', source: 0, destination: 1 }
    expect(after({ name: [{ given: ['A', 'B'], _given: [{ id: 'a' }, null] }] }, change)).toEqual({
      name: [{ given: ['B', 'A'], _given: [null, { id: 'a' }] }],
    })
  })

  test.each([
    [4, 0],
    [0, 4],
    [-1, 0],
    [0, -1],
  ])('from %i to %i, outside of the list, answers 422', (source, destination) => {
    const change = { type: 'move', path: 'Patient.identifier', source, destination }
    expect(refusal(identifiers('1', '2', '3', '4'), change).status).toBe(422)
  })

  test('in an empty list answers 422', () => {
    expect(refusal({}, { type: 'move', path: 'Patient.identifier', source: 0, destination: 0 }).status).toBe(422)
  })
})

describe('errors', () => {
  test('say which operation and which path, and nothing of the patch is done', () => {
    const resource = { resourceType: 'Patient', ...identifiers('1') }
    const good = { type: 'delete', path: 'Patient.identifier[0]' }
    const error = refusalOf(resource, parameters(good, { type: 'delete', path: 'Patient.nickname' }))
    expect(error.status).toBe(422)
    expect(error.message).toContain('Operation 1 (delete Patient.nickname)')
    expect(resource).toEqual({ resourceType: 'Patient', ...identifiers('1') })
  })

  test.each([
    'Patient.nickname',
    'nickname',
    'Patient.name.nickname',
    'Patient.gender.coding',
    'Observation.status',
    'Patient.__proto__',
    'Patient.name.where(Patient.text.exists())',
  ])('a path with an element that is not of FHIR, %s, answers 422', path => {
    expect(refusal({ name: [{ text: 'x' }], gender: 'male' }, { type: 'delete', path }).status).toBe(422)
  })

  test.each(['nickname', '__proto__', 'constructor', 'valueString'])(
    'a name that is not of FHIR, %s, answers 422',
    name => {
      expect(refusal({}, { type: 'add', path: 'Patient', name, value: { valueString: 'x' } }).status).toBe(422)
      expect(({} as { x?: unknown }).x).toBeUndefined()
    },
  )

  test.each<[string, Part]>([
    ['gender', { valueInteger: 1 }],
    ['gender', { valueCodeableConcept: { text: 'x' } }],
    ['birthDate', { valueBoolean: true }],
    ['birthDate', { valueDateTime: '1930-01-01' }],
    ['active', { valueString: 'true' }],
    ['active', { valueBoolean: 'true' }],
    ['name', { valueString: 'Lin' }],
    ['name', { valueHumanName: 'Lin' }],
    ['name', { valueHumanName: [{ text: 'Lin' }] }],
    ['maritalStatus', { valueCoding: { code: 'M' } }],
    ['deceased', { valueString: 'no' }],
    ['deceased', { part: [{ name: 'x', valueString: 'y' }] }],
    ['gender', { part: [{ name: 'x', valueString: 'y' }] }],
    ['contact', { valueHumanName: { text: 'x' } }],
    ['contact', { part: [] }],
    ['contact', { part: [{ name: 'nickname', valueString: 'y' }] }],
    ['contact', { part: [{ name: 'gender', valueInteger: 1 }] }],
    ['maritalStatus', { resource: { resourceType: 'Basic' } }],
  ])('a value of the wrong type for %s, %j, answers 422', (name, value) => {
    expect(refusal({}, { type: 'add', path: 'Patient', name, value }).status).toBe(422)
  })

  test('a text may stand for a code, and a Quantity for its kinds', () => {
    expect(after({}, { type: 'add', path: 'Patient', name: 'gender', value: { valueString: 'male' } })).toEqual({
      gender: 'male',
    })
  })

  test.each<[string, unknown]>([
    ['not Parameters', { resourceType: 'Patient' }],
    ['an array', []],
    ['nothing', undefined],
    ['parameter is no array', { resourceType: 'Parameters', parameter: {} }],
    ['another parameter', { resourceType: 'Parameters', parameter: [{ name: 'x' }] }],
    ['null among them', { resourceType: 'Parameters', parameter: [null] }],
    ['no parts', { resourceType: 'Parameters', parameter: [{ name: 'operation' }] }],
    ['an unknown type', parameters({ type: 'upsert', path: 'Patient' })],
    ['an inherited name as type', parameters({ type: 'toString', path: 'Patient' })],
    [
      'no path',
      { resourceType: 'Parameters', parameter: [{ name: 'operation', part: [{ name: 'type', valueCode: 'delete' }] }] },
    ],
    ['a part too few', parameters({ type: 'add', path: 'Patient', name: 'gender' })],
    ['a part too much', parameters({ type: 'delete', path: 'Patient.gender', index: 0 })],
    ['no index', parameters({ type: 'insert', path: 'Patient.name', value: { valueHumanName: { text: 'x' } } })],
    [
      'half an index',
      parameters({ type: 'insert', path: 'Patient.name', index: 0.5, value: { valueHumanName: { text: 'x' } } }),
    ],
    [
      'a value with two types',
      parameters({ type: 'add', path: 'Patient', name: 'gender', value: { valueCode: 'male', valueString: 'x' } }),
    ],
    ['a value without one', parameters({ type: 'add', path: 'Patient', name: 'gender', value: {} })],
  ])('malformed: %s, answers 400', (_, body) => {
    expect(refusalOf({ resourceType: 'Patient' }, body).status).toBe(400)
  })

  test('a part twice answers 400', () => {
    const twice = { ...operation({ type: 'delete', path: 'Patient.gender' }) }
    const part = [...(twice['part'] as Part[]), { name: 'path', valueString: 'Patient.name' }]
    expect(
      refusalOf({ resourceType: 'Patient' }, { resourceType: 'Parameters', parameter: [{ ...twice, part }] }).status,
    ).toBe(400)
  })
})

describe('paths', () => {
  test.each([
    'Patient.',
    '.gender',
    'Patient..gender',
    'Patient.name[',
    'Patient.name[x]',
    'Patient.name[-1]',
    'Patient.name.where()',
    'Patient.name.first(1)',
    "Patient.name.where(use='official'",
    "Patient.name.where(use='official)",
    'Patient gender',
    'Patient.name; drop',
    'Patient.name + 1',
    '%user.name',
    '()',
    '   ',
  ])('that do not parse, %s, answer 400', path => {
    expect(refusal({}, { type: 'delete', path }).status).toBe(400)
  })

  test.each([
    "name.where(family.matches('^(a+)+$'))",
    "name.family.replaceMatches('a', 'b')",
    'repeat(extension)',
    "trace('x')",
    'managingOrganization.resolve()',
    "gender.memberOf('http://example.org')",
    'descendants()',
    'children()',
    'name.iif(true, 1, 2)',
    'now()',
    'name.toString()',
    'name.constructor()',
  ])('with other functions, %s, answer 400 and name those allowed', path => {
    const error = refusal({}, { type: 'delete', path: `Patient.${path}` })
    expect(error).toMatchObject({ status: 400, message: expect.stringContaining('where') })
  })

  test('have at most 1,000 characters and 1,000 operations', () => {
    expect(refusal({}, { type: 'delete', path: `Patient.gender${' '.repeat(1000)}` }).status).toBe(400)
    const many = Array.from({ length: 1001 }, () => ({ type: 'delete', path: 'Patient.gender' }))
    expect(refusal({}, ...many).status).toBe(422)
    expect(after({ gender: 'male' }, ...many.slice(1))).toEqual({})
  })

  test('nested deeply are refused', () => {
    const path = `${'('.repeat(400)}Patient.gender${')'.repeat(400)}`
    expect(refusal({}, { type: 'delete', path }).status).toBe(400)
  })

  test('that look at very much are stopped in time', async () => {
    const name = Array.from({ length: 2000 }, (_, i) => ({ family: `F${i}`, given: ['A', 'B'] }))
    const long = 'x'.repeat(5_000_000)
    for (const criterion of ['%resource.name.family.exists()', "%resource.birthDate.contains('y').not()"]) {
      const path = `Patient.name.where(${Array.from({ length: 20 }, () => criterion).join(' and ')})`
      const patch = Array.from({ length: 900 }, () => ({ type: 'delete', path }))
      let error: unknown
      expect(await cost(() => (error = refusal({ name, birthDate: long }, ...patch)))).toBeLessThan(3000)
      expect(error).toMatchObject({ status: 422, issues: [{ code: 'too-costly' }] })
    }
  })

  test('compare primitives, not objects', () => {
    expect(refusal({ name: [{ text: 'x' }] }, { type: 'delete', path: 'Patient.where(name = name)' }).status).toBe(422)
  })

  test('may quote and escape', () => {
    const elements = { name: [{ family: "O'Neil" }, { family: 'Lin' }] }
    expect(after(elements, { type: 'delete', path: "Patient.`name`.where(family = 'O\\'Neil')" })).toEqual({
      name: [{ family: 'Lin' }],
    })
    expect(after(elements, { type: 'delete', path: "Patient.name.where(family = 'L\\u0069n')" })).toEqual({
      name: [{ family: "O'Neil" }],
    })
  })
})

describe('numbers', () => {
  const parse = (text: string) => parseJson(Buffer.from(text))
  const printed = (path: string, type: string, value = '') => {
    const observation = parse(
      '{"resourceType":"Observation","valueQuantity":{"value":1.00,"unit":"g"},"component":[{"valueQuantity":{"value":2.0}}]}',
    )
    const part = `{"name":"type","valueCode":"${type}"},{"name":"path","valueString":"${path}"}${value}`
    const body = parse(`{"resourceType":"Parameters","parameter":[{"name":"operation","part":[${part}]}]}`)
    return printJson(applyFhirPathPatch(observation as unknown as Resource, body, definitions))
  }

  test('of the resource and of the patch keep their digits', () => {
    const value = ',{"name":"value","valueDecimal":7.10}'
    expect(printed('Observation.value.value', 'replace', value)).toBe(
      '{"resourceType":"Observation","valueQuantity":{"value":7.10,"unit":"g"},"component":[{"valueQuantity":{"value":2.0}}]}',
    )
    expect(
      printed('Observation.component[0].value', 'replace', ',{"name":"value","valueQuantity":{"value":0.50}}'),
    ).toBe(
      '{"resourceType":"Observation","valueQuantity":{"value":1.00,"unit":"g"},"component":[{"valueQuantity":{"value":0.50}}]}',
    )
  })

  test('are compared by value', () => {
    expect(printed('Observation.value.where(value = 1).unit', 'delete')).toContain('{"value":1.00}')
  })
})
