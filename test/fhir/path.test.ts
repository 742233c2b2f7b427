import { describe, expect, test } from 'vitest'
import { FhirError } from '../../src/fhir/outcome.ts'
import { evaluate, evaluateForSearch } from '../../src/fhir/path.ts'

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
