import type { ElementDefinition } from 'fhir/r4'
import { describe, expect, test } from 'vitest'
import { against, observation, profile } from './checked.ts'

const withCode = (says: Partial<ElementDefinition>) => profile('Observation', [{ ...says, id: 'Observation.code' }])
const loinc = { system: 'http://loinc.org', code: '8867-4' }

describe('a fixed value', () => {
  const own = withCode({ fixedCodeableConcept: { coding: [loinc] } })

  test('has to be the same, no more and no less', async () => {
    expect(await against(observation, own)).toEqual([])
    expect(await against({ ...observation, code: { coding: [loinc], text: 'Pulse' } }, own)).toEqual([
      'Observation.code.text: Remove this: the value is fixed without it.',
    ])
    expect(await against({ ...observation, code: { text: 'Pulse' } }, own)).toEqual([
      'Observation.code: Missing here; the profile fixes it to {"coding":[{"system":"http://loinc.org","code":"8867-4"}]}.',
      'Observation.code.text: Remove this: the value is fixed without it.',
    ])
  })

  test('the difference is told where it is', async () => {
    const other = { coding: [{ ...loinc, code: '1' }] }
    expect(await against({ ...observation, code: other }, own)).toEqual([
      'Observation.code.coding[0].code: The value is "1"; the profile requires "8867-4".',
    ])
  })
})

describe('a pattern', () => {
  const own = withCode({ patternCodeableConcept: { coding: [loinc] } })

  test('allows more than it names, in any order', async () => {
    const more = {
      coding: [
        { system: 'http://example.org', code: 'x' },
        { ...loinc, display: 'Pulse' },
      ],
      text: 'Pulse',
    }
    expect(await against({ ...observation, code: more }, own)).toEqual([])
  })

  test('what of it is missing is told', async () => {
    expect(await against({ ...observation, code: { coding: [{ code: '8867-4' }] } }, own)).toEqual([
      'Observation.code: No value here has what the profile requires: {"coding":[{"system":"http://loinc.org","code":"8867-4"}]}.',
    ])
  })
})

describe('bounds', () => {
  test('a date before the earliest one is refused; one that may be either is not', async () => {
    const own = profile('Patient', [
      { id: 'Patient.birthDate', minValueDate: '1990-06-01', maxValueDate: '2000-06-30' },
    ])
    const born = (birthDate: string) => against({ resourceType: 'Patient', birthDate }, own)
    expect(await born('1990-06-01')).toEqual([])
    expect(await born('1990')).toEqual([])
    expect(await born('1990-05-31')).toEqual([
      'Patient.birthDate: The value is less than 1990-06-01, the least allowed.',
    ])
    expect(await born('2001')).toEqual(['Patient.birthDate: The value is more than 2000-06-30, the most allowed.'])
  })

  test('numbers, and quantities of one unit, are compared', async () => {
    const own = profile('Observation', [
      { id: 'Observation.value[x]', maxValueInteger: 10 },
      {
        id: 'Observation.referenceRange.low',
        maxValueQuantity: { value: 5, system: 'http://unitsofmeasure.org', code: 'g' },
      },
    ])
    const low = (code: string) => ({
      ...observation,
      referenceRange: [{ low: { value: 6, system: 'http://unitsofmeasure.org', code } }],
    })
    expect(await against({ ...observation, valueInteger: 11 }, own)).toHaveLength(1)
    expect(await against({ ...observation, valueInteger: 10 }, own)).toEqual([])
    expect(await against(low('g'), own)).toEqual([
      'Observation.referenceRange[0].low: The value is more than 5 g, the most allowed.',
    ])
    // another unit is not compared digit by digit
    expect(await against(low('mg'), own)).toEqual([])
  })

  test('a length counts characters, not bytes', async () => {
    const own = profile('Patient', [{ id: 'Patient.name.family', maxLength: 2 }])
    const named = (family: string) => against({ resourceType: 'Patient', name: [{ family }] }, own)
    expect(await named('歐陽')).toEqual([])
    expect(await named('𠮷𠮷')).toEqual([])
    expect(await named('歐陽王')).toEqual(['Patient.name[0].family: The text has 3 characters; at most 2 are allowed.'])
  })
})
