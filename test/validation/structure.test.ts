import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { against, definitions, found, observation, profile, validator, wrongAt, conformance } from './checked.ts'
import { makeValidator } from '../../src/validation/validate.ts'

const synthea = join(import.meta.dirname, '../../../shared/data/synthea')

describe('the JSON of a resource', () => {
  test('an Observation without status is refused, at Observation', async () => {
    const { status: _status, ...rest } = observation
    expect(await found(rest)).toEqual(['Observation: status is missing; it is required.'])
  })

  test('a property that FHIR does not have is named, with the one that was probably meant', async () => {
    expect(await found({ resourceType: 'Patient', brithDate: '1970-01-01' })).toEqual([
      'Patient: The property "brithDate" is unknown here. Did you mean "birthDate"?',
    ])
  })

  test('one value where a list belongs, and a list where one value belongs, are both refused', async () => {
    const patient = { resourceType: 'Patient', name: { family: '陳' }, birthDate: ['1970-01-01'] }
    expect(await found(patient)).toEqual([
      'Patient.name: name has to be a list: put the value in [ ].',
      'Patient.birthDate: birthDate has to be one value, not a list.',
    ])
  })

  test('each value has to be of its kind of JSON', async () => {
    const patient = {
      resourceType: 'Patient',
      active: 'true',
      gender: 1,
      multipleBirthInteger: '2',
      maritalStatus: 'M',
      name: [{ given: [7] }],
    }
    expect(await wrongAt(patient)).toEqual([
      'Patient.active',
      'Patient.gender',
      'Patient.multipleBirth.ofType(integer)',
      'Patient.maritalStatus',
      'Patient.name[0].given[0]',
    ])
  })

  test('nothing may be empty: no list, no object, no text, no null', async () => {
    const patient = { resourceType: 'Patient', name: [], address: [{}], contact: [{ gender: '' }], birthDate: null }
    expect(await wrongAt(patient)).toEqual([
      'Patient.name',
      'Patient.address[0]',
      'Patient.contact[0].gender',
      'Patient.birthDate',
    ])
  })

  test('null holds the place of a value that has only an extension', async () => {
    const url = 'http://hl7.org/fhir/StructureDefinition/data-absent-reason'
    const absent = { extension: [{ url, valueCode: 'masked' }] }
    const right = { resourceType: 'Patient', name: [{ given: ['美玲', null], _given: [null, absent] }] }
    expect(await found(right)).toEqual([])
    const wrong = { resourceType: 'Patient', name: [{ given: ['美玲', null], _given: [absent, null] }] }
    expect(await wrongAt(wrong)).toEqual(['Patient.name[0].given[1]'])
    const unequal = { resourceType: 'Patient', name: [{ given: ['美玲', '玲'], _given: [absent] }] }
    expect(await wrongAt(unequal)).toEqual(['Patient.name[0].given'])
  })

  test('a date that is absent may have extensions, and they are checked', async () => {
    const url = 'http://hl7.org/fhir/StructureDefinition/data-absent-reason'
    expect(
      await found({ resourceType: 'Patient', _birthDate: { extension: [{ url, valueCode: 'unknown' }] } }),
    ).toEqual([])
    expect(await wrongAt({ resourceType: 'Patient', _birthDate: { extension: [{ url, valueString: 'x' }] } })).toEqual([
      'Patient.birthDate.extension[0].value.ofType(string)',
    ])
    expect(await wrongAt({ resourceType: 'Patient', _name: [{ id: 'a' }] })).toEqual(['Patient'])
  })

  test('what is required within a data type is required wherever the type is used', async () => {
    const attachment = { ...observation, note: [{ time: '2024-01-01' }] }
    expect(await found(attachment)).toEqual(['Observation.note[0]: text is missing; it is required.'])
  })

  test('an item within an item is held to the same rules', async () => {
    const item = { linkId: '1', type: 'group', item: [{ type: 'string' }] }
    expect(await found({ resourceType: 'Questionnaire', status: 'draft', item: [item] })).toEqual([
      'Questionnaire.item[0].item[0]: linkId is missing; it is required.',
    ])
  })
})

describe('resources within resources', () => {
  test('contained resources and those in a Bundle are checked like any other', async () => {
    const bundle = {
      resourceType: 'Bundle',
      type: 'collection',
      entry: [
        { resource: { ...observation, contained: [{ resourceType: 'Patient', gendr: 'female' }] } },
        { resource: {} },
      ],
    }
    expect(await wrongAt(bundle)).toEqual(['Bundle.entry[0].resource.contained[0]', 'Bundle.entry[1].resource'])
  })

  test('a resource type that R4 does not have is refused', async () => {
    expect(await found({ resourceType: 'Patent' })).toEqual([': "Patent" is no resource type of FHIR R4.'])
    const within = { resourceType: 'Bundle', type: 'collection', entry: [{ resource: { resourceType: 'Patent' } }] }
    expect(await found(within)).toEqual(['Bundle.entry[0].resource: "Patent" is no resource type of FHIR R4.'])
  })
})

describe('profiles', () => {
  test('one that is not here is a warning where it is declared and an error where it is asked for', async () => {
    const url = 'http://example.org/StructureDefinition/none'
    const [declared] = await validator.validate({ ...observation, meta: { profile: [url] } })
    expect(declared).toMatchObject({ severity: 'warning', expression: 'Observation.meta.profile[0]' })
    expect(declared!.said.en).toContain('Load the package')
    expect(declared!.said.zh).toContain('請載入')
    const [asked] = await validator.validate(observation, { profiles: [url] })
    expect(asked).toMatchObject({ severity: 'error', expression: 'Observation' })
  })

  test('one for another type is refused', async () => {
    const bp = 'http://hl7.org/fhir/StructureDefinition/bp'
    expect(await found({ resourceType: 'Patient' }, { profiles: [bp] })).toEqual([
      `Patient: The profile ${bp} is for Observation, and this is a Patient.`,
    ])
  })

  test('what a profile requires is required, and what it forbids is refused, with the profile named', async () => {
    const own = profile('Patient', [
      { id: 'Patient.birthDate', min: 1 },
      { id: 'Patient.photo', max: '0' },
      { id: 'Patient.name', max: '1' },
    ])
    const patient = { resourceType: 'Patient', name: [{ text: 'A' }, { text: 'B' }], photo: [{ title: 'x' }] }
    const findings = await validator.validate(patient, { supporting: [own], profiles: [own.url] })
    expect(findings.map(({ said }) => said.en)).toEqual([
      'name is allowed at most 1 times; there are 2.',
      'photo is not allowed here. Remove it.',
      'birthDate is missing; it is required.',
    ])
    expect(new Set(findings.map(({ origin }) => origin))).toEqual(new Set([own.url]))
  })

  test('a rule that the type has already is said to be the type’s, and said once', async () => {
    const own = profile('Observation', [{ id: 'Observation.category', min: 1 }])
    const { status: _status, ...rest } = { ...observation, category: [{ text: 'x' }], meta: { profile: [own.url] } }
    const findings = await validator.validate(rest, { supporting: [own], profiles: [own.url] })
    expect(findings).toHaveLength(1)
    expect(findings[0]!.origin).toBe('http://hl7.org/fhir/StructureDefinition/Observation')
  })

  test('with onlyProfiles, those the resource declares are left alone', async () => {
    const own = profile('Patient', [{ id: 'Patient.birthDate', min: 1 }])
    const patient = { resourceType: 'Patient', meta: { profile: [own.url] } }
    expect(await wrongAt(patient, { supporting: [own] })).toEqual(['Patient'])
    expect(await wrongAt(patient, { supporting: [own], onlyProfiles: true })).toEqual([])
  })

  test('one that a guide makes global for the type holds for each resource of it, where the guide comes along', async () => {
    const own = profile('Patient', [{ id: 'Patient.birthDate', min: 1 }])
    const guide = {
      resourceType: 'ImplementationGuide',
      url: 'http://example.org/ImplementationGuide/own',
      global: [{ type: 'Patient', profile: own.url }],
    }
    const patient = { resourceType: 'Patient', active: true }
    expect(await wrongAt(patient, { supporting: [own, guide] })).toEqual(['Patient'])
    expect(await wrongAt(patient, { supporting: [own] })).toEqual([])
  })

  test('one that imposes another has both hold', async () => {
    const other = profile('Patient', [{ id: 'Patient.birthDate', min: 1 }], { id: 'other' })
    const imposes = 'http://hl7.org/fhir/StructureDefinition/structuredefinition-imposeProfile'
    const own = profile('Patient', [{ id: 'Patient.name', min: 1 }], {
      extension: [{ url: imposes, valueCanonical: other.url }],
    })
    expect(await against({ resourceType: 'Patient', active: true }, own, [other])).toEqual([
      'Patient: name is missing; it is required.',
      'Patient: birthDate is missing; it is required.',
    ])
  })

  test('of several profiles for an element, one has to fit', async () => {
    const named = profile('Patient', [{ id: 'Patient.name', min: 1 }], { id: 'named' })
    const born = profile('Patient', [{ id: 'Patient.birthDate', min: 1 }], { id: 'born' })
    const own = profile('Bundle', [
      { id: 'Bundle.entry.resource', type: [{ code: 'Patient', profile: [named.url, born.url] }] },
    ])
    const bundle = (patient: object) => ({
      resourceType: 'Bundle',
      type: 'collection',
      entry: [{ resource: { resourceType: 'Patient', ...patient } }],
    })
    expect(await against(bundle({ birthDate: '1970-01-01' }), own, [named, born])).toEqual([])
    const [finding] = await validator.validate(bundle({ gender: 'female' }), {
      supporting: [own, named, born],
      profiles: [own.url],
    })
    expect(finding).toMatchObject({ severity: 'error', expression: 'Bundle.entry[0].resource' })
    expect(finding!.trace).toHaveLength(1)
  })
})

describe('what would take too long or go too deep', () => {
  test('5,000 levels are refused in one sentence', async () => {
    let part: object = { url: 'http://example.org/x', valueString: 'x' }
    for (let i = 0; i < 5_000; i++) part = { url: 'http://example.org/x', extension: [part] }
    const findings = await validator.validate({ resourceType: 'Patient', extension: [part] })
    expect(findings.map(({ code, expression }) => `${code} ${expression}`)).toEqual(['too-costly Patient'])
  })

  test('a list of findings ends somewhere, and warnings do not hide errors', async () => {
    const name = Array.from({ length: 3_000 }, () => ({ famly: 'x' }))
    const findings = await validator.validate({ resourceType: 'Patient', name })
    expect(findings).toHaveLength(1_001)
    expect(findings.at(-1)!.code).toBe('too-costly')
  })

  test('when the time is up, that is said, and no more is checked', async () => {
    const slow = makeValidator(
      { conformance: () => conformance, definitions: () => definitions, checkCode: () => new Promise(() => undefined) },
      {
        element: [],
        type: [{ types: ['HumanName'], check: (_, run) => run.checkCode({ code: 'x' }, () => undefined) }],
        resource: [],
      },
    )
    const began = performance.now()
    const findings = await slow.validate({ resourceType: 'Patient', name: [{ family: 'x' }] }, { budget: 50 })
    expect(findings.map(({ code }) => code)).toEqual(['too-costly'])
    expect(performance.now() - began).toBeLessThan(5_000)
  })

  test('what is no resource at all is answered in words', async () => {
    for (const nothing of [null, undefined, 7, 'Patient', [], {}, { resourceType: 7 }])
      expect(await wrongAt(nothing)).toHaveLength(1)
  })
})

test.skipIf(!existsSync(synthea))(
  'nothing is wrong with the structure of synthetic patients but extensions that are not here',
  async () => {
    const wrong = new Set<string>()
    for (const file of readdirSync(synthea).slice(0, 5)) {
      const bundle: unknown = JSON.parse(readFileSync(join(synthea, file), 'utf8'))
      for (const line of await found(bundle)) if (!line.includes('The extension')) wrong.add(line)
    }
    expect([...wrong]).toEqual([])
  },
)
