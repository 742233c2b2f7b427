import { describe, expect, test } from 'vitest'
import { against, found, observation, profile, type Said, validator, wrongAt } from './checked.ts'

const birthPlace = 'http://hl7.org/fhir/StructureDefinition/patient-birthPlace'
const url = 'http://example.org/StructureDefinition/colour'

/** The definition of an extension. */
const definition = (elements: readonly Said[], more: Readonly<Record<string, unknown>> = {}) =>
  profile('Extension', [{ id: 'Extension.url', fixedUri: url }, ...elements], {
    id: 'colour',
    context: [{ type: 'element', expression: 'Patient' }],
    ...more,
  })

const simple = definition([
  { id: 'Extension.extension', max: '0' },
  { id: 'Extension.value[x]', min: 1, type: [{ code: 'code' }] },
])
const patient = (...extension: object[]) => ({ resourceType: 'Patient', extension })
const check = (resource: unknown, ...supporting: unknown[]) => found(resource, { supporting })

describe('an extension', () => {
  test('with the value its definition asks for is right', async () => {
    expect(await check(patient({ url, valueCode: 'red' }), simple)).toEqual([])
    expect(await check(patient({ url: birthPlace, valueAddress: { city: '台南市' } }))).toEqual([])
  })

  test('of HL7’s that carries a later version’s element, or a tool’s note, may be unknown', async () => {
    const unknown = async (url: string) => (await check(patient({ url, valueString: 'x' })))[0]?.startsWith('(warning)')
    expect(await unknown('http://hl7.org/fhir/5.0/StructureDefinition/extension-Patient.none')).toBe(true)
    expect(await unknown('http://hl7.org/fhir/tools/StructureDefinition/none')).toBe(true)
    expect(await unknown('http://hl7.org/fhir/StructureDefinition/none')).toBe(false)
  })

  test('with a value of another type, or none, is refused', async () => {
    expect(await check(patient({ url, valueString: 'red' }), simple)).toEqual([
      'Patient.extension[0].value.ofType(string): The type string is not allowed here: it has to be code.',
    ])
    expect(await check(patient({ url }), simple)).toEqual([
      'Patient.extension[0]: value[x] is missing; it is required.',
    ])
  })

  test('needs a url, an absolute one, without a version', async () => {
    expect(await wrongAt(patient({ valueCode: 'red' }))).toEqual(['Patient.extension[0]'])
    expect(await check(patient({ url: 'colour', valueCode: 'red' }), simple)).toEqual([
      'Patient.extension[0]: The extension url "colour" has to be absolute, as in https://….',
    ])
    expect(await wrongAt(patient({ url: `${url}|1.0`, valueCode: 'red' }), { supporting: [simple] })).toEqual([
      'Patient.extension[0]',
      'Patient.extension[0].url',
    ])
  })

  test('that is not known is an error, or what the caller says; a modifier always is', async () => {
    const unknown = patient({ url: 'http://example.org/none', valueCode: 'x' })
    expect(await wrongAt(unknown)).toEqual(['Patient.extension[0]'])
    const [finding] = await validator.validate(unknown, { unknownExtensions: 'information' })
    expect(finding).toMatchObject({ severity: 'information', expression: 'Patient.extension[0]' })
    const modifier = {
      resourceType: 'Patient',
      modifierExtension: [{ url: 'http://example.org/none', valueCode: 'x' }],
    }
    expect(await wrongAt(modifier, { unknownExtensions: 'information' })).toEqual(['Patient.modifierExtension[0]'])
  })

  test('that a profile asks for and whose definition is not here is a warning', async () => {
    const own = profile('Patient', [
      { id: 'Patient.extension:none', type: [{ code: 'Extension', profile: ['http://example.org/none'] }] },
    ])
    expect(await against(patient({ url: 'http://example.org/none', valueCode: 'x' }), own)).toEqual([
      expect.stringMatching(/^\(warning\) Patient\.extension\[0\]/) as string,
    ])
  })

  test('of a primitive is checked like any other', async () => {
    const born = {
      resourceType: 'Patient',
      birthDate: '1970-01-01',
      _birthDate: { extension: [{ url: 'http://example.org/none' }] },
    }
    expect(await wrongAt(born)).toEqual(['Patient.birthDate.extension[0]'])
  })
})

describe('where an extension may stand', () => {
  test('elsewhere it is refused, at the element it extends', async () => {
    expect(await check({ ...observation, extension: [{ url, valueCode: 'red' }] }, simple)).toEqual([
      `Observation: The extension ${url} is not allowed here. It is for: Patient.`,
    ])
    const mother = 'http://hl7.org/fhir/StructureDefinition/humanname-mothers-family'
    const name = [{ extension: [{ url: mother, valueString: '林' }] }]
    expect(await wrongAt({ resourceType: 'Patient', name })).toEqual(['Patient.name[0]'])
  })

  test.each([
    ['a data type', 'HumanName', { name: [{ extension: [{ url, valueCode: 'red' }] }] }],
    [
      'a path in a resource',
      'Patient.contact.name',
      { contact: [{ name: { extension: [{ url, valueCode: 'red' }] } }] },
    ],
    ['a part of a data type', 'HumanName.family', { name: [{ _family: { extension: [{ url, valueCode: 'red' }] } }] }],
    ['a choice', 'Patient.deceased[x]', { _deceasedBoolean: { extension: [{ url, valueCode: 'red' }] } }],
    ['any element', 'Element', { name: [{ extension: [{ url, valueCode: 'red' }] }] }],
    ['any resource', 'DomainResource', { extension: [{ url, valueCode: 'red' }] }],
    ['the type that its type is derived from', 'uri', { _implicitRules: { extension: [{ url, valueCode: 'red' }] } }],
  ])('it may stand on %s', async (_, expression, holder) => {
    const own = { ...simple, context: [{ type: 'element', expression }] }
    expect(await check({ resourceType: 'Patient', ...holder }, own)).toEqual([])
    const other = { ...simple, context: [{ type: 'element', expression: 'Observation.code' }] }
    expect(await wrongAt({ resourceType: 'Patient', ...holder }, { supporting: [other] })).toHaveLength(1)
  })

  test('as a modifier only if it is one', async () => {
    const modifier = definition([{ id: 'Extension', isModifier: true }], {
      context: [{ type: 'element', expression: 'Element' }],
    })
    expect(await check(patient({ url, valueCode: 'red' }), modifier)).toEqual([
      `Patient.extension[0]: ${url} changes the meaning: it has to stand under modifierExtension.`.replace(
        url,
        modifier.url,
      ),
    ])
    const misplaced = { resourceType: 'Patient', modifierExtension: [{ url, valueCode: 'red' }] }
    expect(await check(misplaced, modifier)).toEqual([])
    expect(await check(misplaced, simple)).toEqual([
      `Patient.modifierExtension[0]: ${url} is no modifier: it has to stand under modifierExtension.`.replace(
        'under modifierExtension',
        'under extension',
      ),
    ])
  })
})

describe('an extension of several parts', () => {
  const complex = definition([
    { id: 'Extension.extension:shade', min: 1, max: '1' },
    { id: 'Extension.extension:shade.url', fixedUri: 'shade' },
    { id: 'Extension.extension:shade.value[x]', min: 1, type: [{ code: 'decimal' }] },
    { id: 'Extension.value[x]', max: '0' },
  ])

  test('has the parts its definition names, and each is checked', async () => {
    const whole = (...parts: object[]) => patient({ url, extension: parts })
    expect(await check(whole({ url: 'shade', valueDecimal: 0.5 }), complex)).toEqual([])
    expect(await check(whole({ url: 'shade', valueString: 'x' }), complex)).toEqual([
      'Patient.extension[0].extension[0].value.ofType(string): The type string is not allowed here: it has to be decimal.',
    ])
    expect(await check(whole({ url: 'shaed', valueDecimal: 0.5 }), complex)).toEqual([
      'Patient.extension[0]: The slice extension:shade is missing; it is required.',
      'Patient.extension[0].extension[0]: The extension around it has no part "shaed". It has: shade.',
    ])
    expect(await check(patient({ url, valueCode: 'red' }), complex)).toEqual([
      'Patient.extension[0]: value[x] is not allowed here. Remove it.',
      'Patient.extension[0]: The slice extension:shade is missing; it is required.',
    ])
  })
})
