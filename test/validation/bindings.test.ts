import { describe, expect, test } from 'vitest'
import type { CheckCode, CodeQuestion } from '../../src/fhir/code-check.ts'
import { makeConformance } from '../../src/fhir/conformance.ts'
import { loadNpmPackages } from '../../src/fhir/npm-packages.ts'
import { loadDefinitions } from '../../src/fhir/packages.ts'
import { makeTerminology } from '../../src/terminology/service.ts'
import { bindings } from '../../src/validation/bindings.ts'
import { codings } from '../../src/validation/codings.ts'
import { makeValidator } from '../../src/validation/validate.ts'

const conformance = makeConformance(loadNpmPackages())
const definitions = loadDefinitions()
const terminology = makeTerminology({ conformance: () => conformance })
const validatorWith = (checkCode: CheckCode) =>
  makeValidator(
    { conformance: () => conformance, definitions: () => definitions, checkCode },
    { element: [bindings], type: [codings], resource: [] },
  )
const validator = validatorWith(question => terminology.checkCode(question))

/** Those of codes, as `severity expression`. */
const told = async (resource: unknown, options: { supporting?: readonly unknown[] } = {}) =>
  (await validator.validate(resource, options))
    .filter(({ code }) => ['code-invalid', 'invalid', 'not-found', 'business-rule'].includes(code))
    .map(({ severity, expression }) => `${severity} ${expression}`)

const observation = (more: object) => ({
  resourceType: 'Observation',
  status: 'final',
  code: { text: '血壓' },
  ...more,
})
const CATEGORY = 'http://terminology.hl7.org/CodeSystem/observation-category'

/** A profile of Observation whose method is bound. */
const bound = (strength: string, valueSet: string, max?: string) => ({
  resourceType: 'StructureDefinition',
  url: 'http://example.org/StructureDefinition/bound',
  name: 'Bound',
  status: 'active',
  fhirVersion: '4.0.1',
  kind: 'resource',
  abstract: false,
  type: 'Observation',
  baseDefinition: 'http://hl7.org/fhir/StructureDefinition/Observation',
  derivation: 'constraint',
  differential: {
    element: [
      { id: 'Observation', path: 'Observation' },
      {
        id: 'Observation.method',
        path: 'Observation.method',
        binding: {
          strength,
          valueSet,
          ...(max
            ? {
                extension: [
                  {
                    url: 'http://hl7.org/fhir/StructureDefinition/elementdefinition-maxValueSet',
                    valueCanonical: max,
                  },
                ],
              }
            : {}),
        },
      },
    ],
  },
})
const withMethod = (method: object) =>
  observation({ meta: { profile: ['http://example.org/StructureDefinition/bound'] }, method })
const GENDERS = 'http://hl7.org/fhir/ValueSet/administrative-gender'
const GENDER = 'http://hl7.org/fhir/administrative-gender'
const ofMethod = async (binding: object, method: object) =>
  (await told(withMethod(method), { supporting: [binding] })).filter(text => text.endsWith('method'))

describe('a required binding', () => {
  test('refuses a code that is not in the value set, at the element', async () => {
    const found = await validator.validate(observation({ status: 'completed' }))
    expect(found.filter(({ severity }) => severity === 'error')).toMatchObject([
      {
        code: 'code-invalid',
        expression: 'Observation.status',
        origin: 'http://hl7.org/fhir/StructureDefinition/Observation|4.0.1',
      },
    ])
    expect(await told(observation({}))).toEqual([])
  })

  test('is met by one of several codings, and not by text alone', async () => {
    const binding = bound('required', GENDERS)
    const right = { system: GENDER, code: 'female' }
    const wrong = { system: 'http://snomed.info/sct', code: '24028007' }
    expect(await ofMethod(binding, { coding: [wrong, right] })).toEqual([])
    expect(await ofMethod(binding, { coding: [wrong] })).toEqual(['error Observation.method'])
    expect(await ofMethod(binding, { text: '女' })).toEqual(['error Observation.method'])
    expect(await ofMethod(binding, { coding: [{ display: '女' }] })).toEqual(['error Observation.method'])
  })

  test('to a value set that is not here is a warning and no error', async () => {
    const found = await ofMethod(bound('required', 'http://example.org/ValueSet/elsewhere'), {
      coding: [{ system: GENDER, code: 'female' }],
    })
    expect(found).toEqual(['warning Observation.method'])
  })
})

describe('other bindings', () => {
  const other = { coding: [{ system: CATEGORY, code: 'laboratory' }] }

  test('that are extensible warn of a code from elsewhere, and let text be', async () => {
    const binding = bound('extensible', GENDERS)
    expect(await ofMethod(binding, other)).toEqual(['warning Observation.method'])
    expect(await ofMethod(binding, { text: '女' })).toEqual([])
  })

  test('that are preferred inform, and examples say nothing', async () => {
    expect(await ofMethod(bound('preferred', GENDERS), other)).toEqual(['information Observation.method'])
    expect(await ofMethod(bound('example', GENDERS), other)).toEqual([])
  })

  test('with a maximum value set refuse what is outside of that', async () => {
    const binding = bound('extensible', 'http://hl7.org/fhir/ValueSet/observation-category', GENDERS)
    const method = (system: string, code: string) => ofMethod(binding, { coding: [{ system, code }] })
    expect(await method(CATEGORY, 'laboratory')).toEqual([])
    expect(await method(GENDER, 'male')).toEqual(['warning Observation.method'])
    expect(await method('http://hl7.org/fhir/observation-status', 'final')).toEqual([
      'warning Observation.method',
      'error Observation.method',
    ])
  })

  test('of quantities look at the unit', async () => {
    const age = (code: string) => ({
      resourceType: 'Condition',
      subject: { display: '合成病人' },
      onsetAge: { value: 5, system: 'http://unitsofmeasure.org', code },
    })
    expect(await told(age('a'))).toEqual([])
    expect(await told(age('kg'))).toContain('warning Condition.onset.ofType(Age)')
  })

  test('of the components of vital signs allow units beside the common ones', async () => {
    const UCUM = 'http://unitsofmeasure.org'
    const saturation = observation({
      meta: { profile: ['http://hl7.org/fhir/StructureDefinition/oxygensat'] },
      valueQuantity: { value: 95, unit: '%', system: UCUM, code: '%' },
      component: [{ code: { text: 'flow' }, valueQuantity: { value: 6, unit: 'L/min', system: UCUM, code: 'L/min' } }],
    })
    expect(await told(saturation)).toContain('warning Observation.component[0].value.ofType(Quantity)')
  })
})

describe('a coding', () => {
  const categorized = (coding: object) => observation({ category: [{ coding: [coding] }] })
  const place = 'Observation.category[0].coding[0]'

  test('whose system has no such code is an error at the code', async () => {
    expect(await told(categorized({ system: CATEGORY, code: 'labor' }))).toContain(`error ${place}.code`)
  })

  test('with a display that is not the code’s is an error at the display, a translation is not', async () => {
    const vital = { system: CATEGORY, code: 'vital-signs' }
    expect(await told(categorized({ ...vital, display: 'Vital Signs' }))).toEqual([])
    expect(await told(categorized({ ...vital, display: 'vital  signs' }))).toEqual([])
    expect(await told(categorized({ ...vital, display: 'Laboratory' }))).toEqual([`error ${place}.display`])
    expect(await told(categorized({ ...vital, display: '生命徵象' }))).toEqual([`information ${place}.display`])
  })

  test('without a system is a warning', async () => {
    expect(await told(observation({ bodySite: { coding: [{ code: 'arm' }] } }))).toEqual([
      'warning Observation.bodySite.coding[0]',
    ])
  })

  test('of a system that is not known here is a warning; of one whose codes nobody may pass on, nothing', async () => {
    expect(await told(observation({ bodySite: { coding: [{ system: 'http://x.org/sites', code: 'a' }] } }))).toEqual([
      'warning Observation.bodySite.coding[0].system',
    ])
    for (const [system, code] of [
      ['http://snomed.info/sct', '40983000'],
      ['http://www.whocc.no/atc', 'L01XC03'],
    ])
      expect(await told(observation({ bodySite: { coding: [{ system, code }] } })), system).toEqual([])
  })

  test('that is asked of another server counts as well as one known here', async () => {
    const asked: CodeQuestion[] = []
    const slow = validatorWith(async question => {
      asked.push(question)
      await new Promise(resolve => setTimeout(resolve, 5))
      return question.code === 'final'
        ? { result: 'yes' }
        : { result: 'no', why: 'value-set', said: { en: 'no', zh: '否' } }
    })
    const found = await slow.validate(
      observation({ category: [{ coding: [{ system: CATEGORY, code: 'laboratory' }] }] }),
    )
    expect(
      found
        .filter(({ code }) => code === 'code-invalid')
        .map(({ expression }) => expression)
        .sort()
        .reverse(),
    ).toEqual(['Observation.category[0].coding[0].code', 'Observation.category[0]'])
    expect(asked.length).toBeGreaterThan(1)
  })
})

describe('a code whose binding is required', () => {
  const UNKNOWN = [{ url: 'http://hl7.org/fhir/StructureDefinition/data-absent-reason', valueCode: 'unknown' }]
  test('has a value: an extension that says why there is none does not replace it', async () => {
    expect(await told({ resourceType: 'DocumentReference', _status: { extension: UNKNOWN } })).toContain(
      'error DocumentReference.status',
    )
    const allergy = {
      resourceType: 'AllergyIntolerance',
      category: ['food', null],
      _category: [null, { extension: UNKNOWN }],
    }
    expect(await told(allergy)).toEqual(['error AllergyIntolerance.category[1]'])
  })

  test('and other elements may say why they have none', async () => {
    expect(await told({ resourceType: 'Patient', _language: { extension: UNKNOWN } })).toEqual([])
    expect(await told({ resourceType: 'Patient', _birthDate: { extension: UNKNOWN } })).toEqual([])
  })
})

describe('an additional binding', () => {
  const GENDER = 'http://hl7.org/fhir/ValueSet/administrative-gender'
  const URL = 'http://hl7.org/fhir/tools/StructureDefinition/additional-binding'
  const carried = (purpose: string, ...more: object[]) => ({
    extension: [
      {
        url: URL,
        extension: [{ url: 'purpose', valueCode: purpose }, { url: 'valueSet', valueCanonical: GENDER }, ...more],
      },
    ],
  })
  const profile = (additional: object) => {
    const made = bound('example', 'http://hl7.org/fhir/ValueSet/observation-methods')
    Object.assign((made.differential.element[1] as { binding: object }).binding, additional)
    return made
  }
  const errors = async (additional: object) => {
    const method = { coding: [{ system: CATEGORY, code: 'laboratory' }] }
    const resource = { ...observation({ method }), meta: { profile: ['http://example.org/StructureDefinition/bound'] } }
    return (await told(resource, { supporting: [profile(additional)] })).filter(each => each.startsWith('error'))
  }

  test('that is required has to be kept beside the element’s own, in either form', async () => {
    expect(await errors({})).toEqual([])
    expect(await errors(carried('required'))).toEqual(['error Observation.method'])
    expect(await errors({ additional: [{ purpose: 'maximum', valueSet: GENDER }] })).toEqual([
      'error Observation.method',
    ])
  })

  test('that recommends, or holds for some usage or repetition only, refuses nothing', async () => {
    expect(await errors(carried('preferred'))).toEqual([])
    expect(await errors(carried('required', { url: 'usage', valueUsageContext: { code: { code: 'age' } } }))).toEqual(
      [],
    )
    expect(await errors(carried('required', { url: 'any', valueBoolean: true }))).toEqual([])
  })
})
