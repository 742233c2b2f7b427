import { describe, expect, test } from 'vitest'
import { FhirError } from '../../src/fhir/outcome.ts'
import { evaluate, evaluateAt, evaluateForSearch, type PathFocus } from '../../src/fhir/path.ts'

const patient = {
  resourceType: 'Patient',
  deceasedDateTime: '2020',
  name: [{ family: '王', given: ['小明', '明'] }, { family: 'Wang' }],
  generalPractitioner: [
    { reference: 'Practitioner/1' },
    { reference: 'http://x.org/fhir/Organization/2' },
    { reference: '#c' },
  ],
  contained: [{ resourceType: 'PractitionerRole', id: 'c' }],
}

describe('FHIRPath', () => {
  test('is evaluated with the types of R4', () => {
    expect(evaluate('Patient.name.given', patient)).toEqual(['小明', '明'])
    expect(evaluate('Patient.deceased', patient)).toEqual(['2020'])
    expect(evaluate('deceased is dateTime', patient)).toEqual([true])
  })

  test('knows %resource and what else it is given', () => {
    expect(evaluate('%resource.name.count() = %count', patient, { count: 2 })).toEqual([true])
  })

  test('that cannot be understood is a 400 that says why', () => {
    for (const expression of ['Patient.(', 'nothing(', "1 + 'a'", 'x'.repeat(20_000)]) {
      expect(() => evaluate(expression, patient), expression).toThrow(FhirError)
      expect(() => evaluate(expression, patient)).toThrow(/FHIRPath/)
    }
  })

  test('gives the same after more expressions than are kept', () => {
    for (let i = 0; i < 600; i++) expect(evaluate(`${i} + 1`, patient)).toEqual([i + 1])
    expect(evaluate('0 + 1', patient)).toEqual([1])
  })

  test('leaves the resource as it was', () => {
    const before = JSON.stringify(patient)
    evaluate('Patient.descendants()', patient)
    expect(JSON.stringify(patient)).toBe(before)
    expect(Reflect.ownKeys(patient.name[0]!)).toEqual(['family', 'given'])
  })
})

describe('FHIRPath for search', () => {
  test('tells the type of each value', () => {
    expect(evaluateForSearch('Patient.deceased | Patient.name.family', patient)).toEqual([
      { value: '2020', type: 'dateTime' },
      { value: '王', type: 'string' },
      { value: 'Wang', type: 'string' },
    ])
    expect(evaluateForSearch('Patient.deceased.exists() and Patient.deceased != false', patient)).toEqual([
      { value: true, type: 'boolean' },
    ])
  })

  test('decides resolve() by the reference alone', () => {
    const found = (type: string) =>
      evaluateForSearch(`Patient.generalPractitioner.where(resolve() is ${type})`, patient).map(each => each.value)
    expect(found('Practitioner')).toEqual([{ reference: 'Practitioner/1' }])
    expect(found('Organization')).toEqual([{ reference: 'http://x.org/fhir/Organization/2' }])
    expect(found('PractitionerRole')).toEqual([{ reference: '#c' }])
    expect(found('Patient')).toEqual([])
  })

  test('takes by `as` those of the type out of many', () => {
    expect(evaluateForSearch('(Patient.name as HumanName).family', patient)).toHaveLength(2)
    expect(evaluateForSearch("Patient.name.as(HumanName).where(family = ' as Wang').family", patient)).toEqual([])
  })

  test('goes on from a part of a resource', () => {
    expect(evaluateForSearch('value.as(string)', { valueString: 'x' }, {}, 'Observation.component')).toEqual([
      { value: 'x', type: 'string' },
    ])
  })
})

test('values that are computed are plain JSON', () => {
  expect(evaluate("@2024-05 | 2 'mg' | 1.50 | true | 'x'", {})).toEqual(['2024-05', "2 'mg'", 1.5, true, 'x'])
  expect(evaluate('Patient.name[0]', patient)[0]).toBe(patient.name[0])
})

describe('FHIRPath at a value of a resource', () => {
  const focus = (value: unknown, type: string, more: Partial<PathFocus> = {}): PathFocus => ({
    value,
    beside: undefined,
    type,
    property: type,
    index: -1,
    parent: undefined,
    ...more,
  })
  const nobody = { resolve: () => undefined, memberOf: () => undefined, conformsTo: () => undefined }
  const root = focus(patient, 'Patient')

  test('knows the types of backbone elements, data types and primitives', () => {
    const component = focus({ valueQuantity: { value: 5, unit: 'mg' } }, 'Observation.component')
    expect(evaluateAt('value.unit', component, {}, nobody)).toEqual(['mg'])
    expect(evaluateAt('value is Quantity', component, {}, nobody)).toEqual([true])
    expect(evaluateAt("$this > '2019'.toDate()", focus('2020-01-01', 'date'), {}, nobody)).toEqual([true])
    expect(evaluateAt('low <= high', focus({ low: { value: 1 }, high: { value: 2 } }, 'Range'), {}, nobody)).toEqual([
      true,
    ])
  })

  test('sees what stands beside a primitive, and variables that are values', () => {
    const beside = { extension: [{ url: 'http://x.org/e', valueCode: 'a' }] }
    const gender = focus(undefined, 'code', { beside, property: 'gender', parent: root })
    expect(evaluateAt("extension('http://x.org/e').value", gender, {}, nobody)).toEqual(['a'])
    expect(evaluateAt('hasValue()', gender, {}, nobody)).toEqual([false])
    expect(
      evaluateAt('%resource.name.count() = 2 and %resource is Patient', gender, { resource: root }, nobody),
    ).toEqual([true])
  })

  test('asks others for what FHIR adds, and traces to nowhere', () => {
    const asked: unknown[] = []
    const functions = {
      resolve: (reference: string) =>
        reference === '#c' ? focus(patient.contained[0], 'PractitionerRole') : undefined,
      memberOf: (value: unknown, type: string, valueSet: string) => {
        asked.push([value, type, valueSet])
        return true
      },
      conformsTo: () => false,
    }
    expect(evaluateAt('generalPractitioner.resolve() is PractitionerRole', root, {}, functions)).toEqual([true])
    expect(evaluateAt("name[0].family.memberOf('http://x.org/vs')", root, {}, functions)).toEqual([true])
    expect(asked).toEqual([['王', 'string', 'http://x.org/vs']])
    expect(evaluateAt("conformsTo('http://x.org/p')", root, {}, functions)).toEqual([false])
    expect(evaluateAt("name.trace('names').count()", root, {}, functions)).toEqual([2])
  })

  test('names value sets and extensions of FHIR by %vs- and %ext-', () => {
    expect(evaluateAt('%`vs-languages`', root, {}, nobody)).toEqual(['http://hl7.org/fhir/ValueSet/languages'])
    expect(evaluateAt('%`ext-patient-nationality`', root, {}, nobody)).toEqual([
      'http://hl7.org/fhir/StructureDefinition/patient-nationality',
    ])
  })

  test('throws what says where the expression is wrong', () => {
    expect(() => evaluateAt('name.(', root, {}, nobody)).toThrow(Error)
    expect(() => evaluateAt('nothing()', root, {}, nobody)).toThrow(/nothing/)
  })
})
