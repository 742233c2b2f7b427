import { describe, expect, test } from 'vitest'
import { against, found, observation, profile } from './checked.ts'

describe('an element with a choice of types', () => {
  test('may have one value only', async () => {
    const both = { ...observation, valueString: 'x', component: [], valueInteger: 1 }
    expect(await found(both)).toEqual([
      'Observation.component: An empty list is not allowed. Leave the property out.',
      'Observation: value[x] is allowed at most 1 times; there are 2.',
    ])
  })

  test('a type that the resource does not allow is an unknown property', async () => {
    expect(await found({ ...observation, valueAddress: { city: '台北' } })).toEqual([
      'Observation: The property "valueAddress" is unknown here.',
    ])
  })

  test('a profile may allow fewer types', async () => {
    const own = profile('Observation', [
      { id: 'Observation.value[x]', type: [{ code: 'Quantity' }, { code: 'string' }] },
    ])
    expect(await against({ ...observation, valueString: 'x' }, own)).toEqual([])
    expect(await against({ ...observation, valueInteger: 1 }, own)).toEqual([
      'Observation.value.ofType(integer): The type integer is not allowed here: it has to be Quantity, string.',
    ])
  })

  test('a profile may ask for more of one of the types, by its slice', async () => {
    const own = profile('Observation', [
      { id: 'Observation.value[x]:valueQuantity', type: [{ code: 'Quantity' }] },
      { id: 'Observation.value[x]:valueQuantity.unit', min: 1 },
    ])
    expect(await against({ ...observation, valueString: 'x' }, own)).toEqual([])
    expect(await against({ ...observation, valueQuantity: { value: 1 } }, own)).toEqual([
      'Observation.value.ofType(Quantity): unit is missing; it is required.',
    ])
  })

  test('or by its short name, `valueQuantity`', async () => {
    const own = profile('Observation', [
      { id: 'Observation.valueQuantity', min: 1 },
      { id: 'Observation.valueQuantity.code', min: 1 },
    ])
    expect(await against({ ...observation, valueQuantity: { value: 1 } }, own)).toEqual([
      'Observation.value.ofType(Quantity): code is missing; it is required.',
    ])
    expect(await against(observation, own)).toContain('Observation: value[x] is missing; it is required.')
    expect(await against({ ...observation, valueString: 'x' }, own)).toContain(
      'Observation.value.ofType(string): The type string is not allowed here: it has to be Quantity.',
    )
  })

  test('rules of the type itself hold for a value of it', async () => {
    const own = profile('Observation', [
      {
        id: 'Observation.value[x]',
        type: [{ code: 'Quantity', profile: ['http://hl7.org/fhir/StructureDefinition/SimpleQuantity'] }],
      },
    ])
    expect(await against({ ...observation, valueQuantity: { value: 1, comparator: '<' } }, own)).toEqual([
      'Observation.value.ofType(Quantity): comparator is not allowed here. Remove it.',
    ])
  })
})
