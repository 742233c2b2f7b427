import { describe, expect, test } from 'vitest'
import { cost } from '../help/cost.ts'
import { against, observation, profile, type Said, validator } from './checked.ts'

const code = (value: string) => ({ coding: [{ system: 'http://example.org/codes', code: value }] })
const components = (...codes: string[]) => ({
  ...observation,
  component: codes.map(each => ({ code: code(each), valueInteger: 1 })),
})

/** Components sliced by their code. */
function sliced(rules: 'open' | 'closed' | 'openAtEnd', more: readonly Said[] = [], ordered = false) {
  return profile('Observation', [
    {
      id: 'Observation.component',
      slicing: { discriminator: [{ type: 'pattern', path: 'code' }], rules, ordered },
    },
    { id: 'Observation.component:a', min: 1, max: '1' },
    { id: 'Observation.component:a.code', patternCodeableConcept: code('a') },
    { id: 'Observation.component:b', max: '1' },
    { id: 'Observation.component:b.code', patternCodeableConcept: code('b') },
    ...more,
  ])
}

describe('slices', () => {
  test('an open slicing allows others beside its slices', async () => {
    expect(await against(components('b', 'a', 'c'), sliced('open'))).toEqual([])
  })

  test('a required slice that is missing is told, with the value that comes nearest and what of it fails', async () => {
    const own = sliced('open')
    const findings = await validator.validate(components('c'), { supporting: [own], profiles: [own.url] })
    expect(findings).toHaveLength(1)
    const [finding] = findings
    expect(finding).toMatchObject({ expression: 'Observation', origin: own.url })
    expect(finding!.said.en).toMatch(
      /^The slice component:a is missing; it is required\. Nearest: Observation\.component\[0\]/,
    )
    expect(finding!.said.zh).toMatch(/^缺少必填的 slice component:a。最接近的是/)
    expect(finding!.trace!.map(({ expression }) => expression)).toEqual(['Observation.component[0].code'])
  })

  test('one slice too many is refused', async () => {
    expect(await against(components('a', 'b', 'b'), sliced('open'))).toEqual([
      'Observation: component:b is allowed at most 1 times; there are 2.',
    ])
  })

  test('a closed slicing allows no others', async () => {
    const [finding] = await against(components('a', 'c'), sliced('closed'))
    expect(finding).toMatch(/^Observation\.component\[1\]: This fits none of the slices allowed here: a, b\./)
  })

  test('a slicing open at its end has others come last', async () => {
    expect(await against(components('a', 'c'), sliced('openAtEnd'))).toEqual([])
    expect(await against(components('c', 'a'), sliced('openAtEnd'))).toHaveLength(1)
  })

  test('an ordered slicing has the slices come in their order', async () => {
    expect(await against(components('a', 'b'), sliced('open', [], true))).toEqual([])
    expect(await against(components('b', 'a'), sliced('open', [], true))).toEqual([
      'Observation.component[1]: The slice a is out of order. The order is: a, b.',
    ])
  })

  test('what a slice says holds for the values in it and no others', async () => {
    const own = sliced('open', [{ id: 'Observation.component:b.dataAbsentReason', min: 1 }])
    expect(await against(components('a', 'b', 'c'), own)).toEqual([
      'Observation.component[1]: dataAbsentReason is missing; it is required.',
    ])
  })

  test('a value in two slices is refused', async () => {
    const both = {
      ...observation,
      component: [{ code: { coding: [...code('a').coding, ...code('b').coding] }, valueInteger: 1 }],
    }
    expect(await against(both, sliced('open'))).toEqual([
      'Observation.component[0]: This fits more than one slice: a, b. Make clear which one is meant.',
    ])
  })

  test('a slice may be sliced again', async () => {
    const own = sliced('open', [
      { id: 'Observation.component:a', slicing: { discriminator: [{ type: 'exists', path: 'value' }], rules: 'open' } },
      { id: 'Observation.component:a/known', sliceName: 'a/known', min: 1 },
      { id: 'Observation.component:a/known.value[x]', min: 1 },
      { id: 'Observation.component:a/known.interpretation', min: 1 },
    ])
    expect(await against(components('a'), own)).toEqual([
      'Observation.component[0]: interpretation is missing; it is required.',
    ])
    expect(await against({ ...observation, component: [{ code: code('a') }] }, own)).toEqual([
      expect.stringMatching(/^Observation: The slice component:a\/known is missing/) as string,
    ])
  })

  test('the default slice takes what is in no other', async () => {
    const own = sliced('closed', [
      { id: 'Observation.component:@default', sliceName: '@default' },
      { id: 'Observation.component:@default.dataAbsentReason', min: 1 },
    ])
    expect(await against(components('a', 'c'), own)).toEqual([
      'Observation.component[1]: dataAbsentReason is missing; it is required.',
    ])
  })
})

describe('discriminators', () => {
  const slicedBy = (type: 'value' | 'exists' | 'type' | 'profile', path: string, more: readonly Said[]) =>
    profile('Observation', [
      { id: 'Observation.component', slicing: { discriminator: [{ type, path }], rules: 'closed' } },
      ...more,
    ])

  test('a value is found along its path', async () => {
    const own = slicedBy('value', 'code.coding.code', [
      { id: 'Observation.component:a' },
      { id: 'Observation.component:a.code.coding.code', fixedCode: 'a' },
    ])
    expect(await against(components('a'), own)).toEqual([])
    expect(await against(components('c'), own)).toHaveLength(1)
  })

  test('a pattern above the path tells the value, too', async () => {
    const own = slicedBy('value', 'code.coding.code', [
      { id: 'Observation.component:a' },
      { id: 'Observation.component:a.code', patternCodeableConcept: code('a') },
      { id: 'Observation.component:a.value[x]', min: 1 },
    ])
    expect(await against(components('a'), own)).toEqual([])
    expect(await against(components('c'), own)).toHaveLength(1)
    // it is in the slice by its code alone, whatever else it breaks
    expect(await against({ ...observation, component: [{ code: code('a') }] }, own)).toEqual([
      'Observation.component[0]: value[x] is missing; it is required.',
    ])
  })

  test('a required binding tells it by the value set', async () => {
    const own = slicedBy('value', 'code', [
      { id: 'Observation.component:a' },
      { id: 'Observation.component:a.code', binding: { strength: 'required', valueSet: 'http://example.org/vs' } },
    ])
    expect(await against(components('in-it'), own)).toEqual([])
    expect(await against(components('out'), own)).toHaveLength(1)
  })

  test('whether something exists', async () => {
    const own = slicedBy('exists', 'value', [
      { id: 'Observation.component:with' },
      { id: 'Observation.component:with.value[x]', min: 1 },
      { id: 'Observation.component:without', max: '1' },
      { id: 'Observation.component:without.value[x]', max: '0' },
    ])
    const without = { code: code('x') }
    expect(await against({ ...observation, component: [{ ...without, valueInteger: 1 }, without] }, own)).toEqual([])
    expect(await against({ ...observation, component: [without, without] }, own)).toEqual([
      'Observation: component:without is allowed at most 1 times; there are 2.',
    ])
  })

  test('the type of a resource in a Bundle, and its profile', async () => {
    const named = profile('Patient', [{ id: 'Patient.name', min: 1 }], { id: 'named' })
    const bundleBy = (type: 'type' | 'profile', profiles: string[]) =>
      profile('Bundle', [
        { id: 'Bundle.entry', slicing: { discriminator: [{ type, path: 'resource' }], rules: 'open' } },
        { id: 'Bundle.entry:patient', min: 1, max: '1' },
        {
          id: 'Bundle.entry:patient.resource',
          min: 1,
          type: [{ code: 'Patient', ...(profiles.length ? { profile: profiles } : {}) }],
        },
      ])
    const bundle = (...resources: object[]) => ({
      resourceType: 'Bundle',
      type: 'collection',
      entry: resources.map(resource => ({ resource })),
    })
    const patient = { resourceType: 'Patient', name: [{ text: 'A' }] }
    expect(await against(bundle(observation, patient), bundleBy('type', []))).toEqual([])
    expect(await against(bundle(observation), bundleBy('type', []))).toHaveLength(1)
    expect(await against(bundle(patient), bundleBy('profile', [named.url]), [named])).toEqual([])
    expect(
      await against(bundle({ resourceType: 'Patient', active: true }), bundleBy('profile', [named.url]), [named]),
    ).toEqual([expect.stringMatching(/^Bundle: The slice entry:patient is missing/) as string])
  })

  test('what a reference leads to, where it is here', async () => {
    const own = profile('Observation', [
      {
        id: 'Observation.performer',
        slicing: { discriminator: [{ type: 'type', path: 'resolve()' }], rules: 'open' },
      },
      { id: 'Observation.performer:person', min: 1, max: '1' },
      {
        id: 'Observation.performer:person',
        type: [{ code: 'Reference', targetProfile: ['http://hl7.org/fhir/StructureDefinition/Practitioner'] }],
      },
    ])
    const practitioner = { resourceType: 'Practitioner', id: 'p', active: true }
    const by = (reference: string) => ({ ...observation, contained: [practitioner], performer: [{ reference }] })
    expect(await against(by('#p'), own)).toEqual([])
    expect(await against(by('Practitioner/7'), own)).toEqual([])
    expect(await against(by('Organization/7'), own)).toEqual([
      expect.stringMatching(/^Observation: The slice performer:person is missing/) as string,
    ])
  })

  test('the profile of what a reference leads to cannot be told where it is not here, so nothing is missing', async () => {
    const named = profile('Practitioner', [{ id: 'Practitioner.name', min: 1 }], { id: 'named-practitioner' })
    const own = profile('Observation', [
      {
        id: 'Observation.performer',
        slicing: { discriminator: [{ type: 'profile', path: 'resolve()' }], rules: 'open' },
      },
      {
        id: 'Observation.performer:person',
        min: 1,
        max: '1',
        type: [{ code: 'Reference', targetProfile: [named.url] }],
      },
    ])
    const by = (reference: string, ...name: object[]) => ({
      ...observation,
      contained: [{ resourceType: 'Practitioner', id: 'p', ...(name.length ? { name } : { active: true }) }],
      performer: [{ reference }, { reference: 'Practitioner/8' }].slice(0, reference === '#p' ? 1 : 2),
    })
    expect(await against(by('#p', { text: 'A' }), own, [named])).toEqual([])
    expect(await against(by('#p'), own, [named])).toHaveLength(1)
    expect(await against(by('Practitioner/7'), own, [named])).toEqual([])
  })

  test('resources that all refer to one another are told apart in time', async () => {
    const own = profile('Observation', [
      {
        id: 'Observation.hasMember',
        slicing: { discriminator: [{ type: 'profile', path: 'resolve()' }], rules: 'open' },
      },
      {
        id: 'Observation.hasMember:own',
        min: 1,
        type: [{ code: 'Reference', targetProfile: ['http://example.org/StructureDefinition/own'] }],
      },
    ])
    const ids = Array.from({ length: 12 }, (_, i) => `o${i}`)
    const contained = ids.map(id => ({ ...observation, id, hasMember: ids.map(each => ({ reference: `#${each}` })) }))
    const all = { ...observation, contained, hasMember: [{ reference: '#o0' }] }
    expect(await cost(async () => expect(await against(all, own)).toEqual([]))).toBeLessThan(2_000)
  })

  test('a slice told by what an extension of it holds', async () => {
    const url = 'http://hl7.org/fhir/StructureDefinition/data-absent-reason'
    const own = profile('Patient', [
      {
        id: 'Patient.identifier',
        slicing: { discriminator: [{ type: 'value', path: `extension('${url}').value` }], rules: 'open' },
      },
      { id: 'Patient.identifier:masked', max: '0' },
      { id: 'Patient.identifier:masked.extension:absent', min: 1, type: [{ code: 'Extension', profile: [url] }] },
      { id: 'Patient.identifier:masked.extension:absent.value[x]', fixedCode: 'masked' },
    ])
    const identified = (valueCode: string) => ({
      resourceType: 'Patient',
      identifier: [{ extension: [{ url, valueCode }] }],
    })
    expect(await against(identified('masked'), own)).toEqual([
      'Patient: identifier:masked is not allowed here. Remove it.',
    ])
    expect(await against(identified('unknown'), own)).toEqual([])
  })
})
