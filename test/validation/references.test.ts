import { describe, expect, test } from 'vitest'
import { makeConformance } from '../../src/fhir/conformance.ts'
import { loadNpmPackages } from '../../src/fhir/npm-packages.ts'
import { loadDefinitions } from '../../src/fhir/packages.ts'
import { references } from '../../src/validation/references.ts'
import { makeValidator } from '../../src/validation/validate.ts'
import { localCanonicals, writtenReferences } from '../../src/validation/written-references.ts'
import type { ValidateOptions } from '../../src/validation/words.ts'

const conformance = makeConformance(loadNpmPackages())
const definitions = loadDefinitions()
const validator = makeValidator(
  { conformance: () => conformance, definitions: () => definitions, checkCode: () => ({ result: 'yes' }) },
  { element: [references], type: [writtenReferences, localCanonicals], resource: [] },
)

const told = async (resource: unknown, options: ValidateOptions = {}) =>
  (await validator.validate(resource, options)).map(({ severity, expression }) => `${severity} ${expression}`)

const observation = (more: object) => ({
  resourceType: 'Observation',
  status: 'final',
  code: { text: 'x' },
  ...more,
})
const about = (subject: object) => told(observation({ subject }))
const here = 'Observation.subject'

describe('a reference', () => {
  test('is relative, absolute, of a Bundle, or within the resource', async () => {
    for (const reference of [
      'Patient/1',
      'Patient/1/_history/3',
      'https://his.example.org/fhir/Patient/1',
      'urn:uuid:0f1d2c3b-4a59-4687-9abc-def012345678',
      'http://example.org/anything',
    ])
      expect(await about({ reference }), reference).toEqual([])
    for (const reference of ['Patient', 'patient/1', 'Patient/1/2', 'ht tp://x.org/Patient/1', 'Patient/a b', '王小明'])
      expect(await about({ reference }), reference).toEqual([`error ${here}`])
    expect(await about({ reference: 'Chicken/1' })).toEqual([`error ${here}`])
  })

  test('may be an identifier or a display; with nothing it is a warning', async () => {
    expect(await about({ identifier: { value: 'A1' } })).toEqual([])
    expect(await about({ display: '合成病人' })).toEqual([])
    expect(await about({ id: 'x' })).toEqual([`warning ${here}`])
  })

  test('leads to a type that the element allows, by its text, its type or what is there', async () => {
    expect(await about({ reference: 'Device/1' })).toEqual([])
    expect(await about({ reference: 'Practitioner/1' })).toEqual([`error ${here}`])
    expect(await about({ reference: 'https://x.org/fhir/Practitioner/1' })).toEqual([`error ${here}`])
    expect(await about({ type: 'Practitioner', identifier: { value: 'A1' } })).toEqual([`error ${here}`])
    const contained = [{ resourceType: 'Practitioner', id: 'p' }]
    expect(await told(observation({ contained, subject: { reference: '#p' } }))).toEqual([`error ${here}`])
    const [found] = await validator.validate(observation({ subject: { reference: 'Practitioner/1' } }))
    expect(found).toMatchObject({
      code: 'structure',
      origin: 'http://hl7.org/fhir/StructureDefinition/Observation|4.0.1',
      said: {
        en: 'The reference leads to a resource of type Practitioner; here it has to be Patient, Group, Device, Location.',
      },
    })
  })

  test('agrees with the type it names, which is a type', async () => {
    expect(await about({ reference: 'Patient/1', type: 'Patient' })).toEqual([])
    expect(await about({ reference: 'Patient/1', type: 'Device' })).toEqual([`error ${here}`])
    expect(await about({ reference: 'Patient/1', type: 'patient' })).toEqual([`error ${here}`])
    expect(await about({ reference: 'Patient/1', type: 'http://example.org/model' })).toEqual([])
  })

  test('to a urn that no entry of the Bundle has is a warning', async () => {
    const bundle = (reference: string) => ({
      resourceType: 'Bundle',
      type: 'collection',
      entry: [
        { fullUrl: 'urn:uuid:1', resource: observation({ subject: { reference } }) },
        { fullUrl: 'urn:uuid:2', resource: { resourceType: 'Patient' } },
        { fullUrl: 'urn:uuid:3', resource: { resourceType: 'Practitioner' } },
      ],
    })
    expect(await told(bundle('urn:uuid:2'))).toEqual([])
    expect(await told(bundle('urn:uuid:3'))).toEqual(['error Bundle.entry[0].resource.subject'])
    expect(await told(bundle('urn:uuid:4'))).toEqual(['warning Bundle.entry[0].resource.subject'])
  })

  test('to a resource that is not on the server is a warning; each is asked for once', async () => {
    const asked: string[] = []
    const resolve = (reference: string) => {
      asked.push(reference)
      return Promise.resolve(reference === 'Patient/1' ? { resourceType: 'Patient', id: '1' } : undefined)
    }
    const resource = observation({
      subject: { reference: 'Patient/1' },
      performer: [{ reference: 'Patient/1' }, { reference: 'Practitioner/2' }],
    })
    expect(await told(resource, { resolve })).toEqual(['warning Observation.performer[1]'])
    expect(asked.sort()).toEqual(['Patient/1', 'Practitioner/2'])
  })

  test('with a search is only for transactions', async () => {
    expect(await about({ reference: 'Patient?identifier=A1' })).toEqual([`warning ${here}`])
  })

  test('within the resource by canonical leads to what is contained', async () => {
    const plan = (canonical: string) => ({
      resourceType: 'CarePlan',
      status: 'active',
      intent: 'plan',
      subject: { reference: 'Patient/1' },
      contained: [{ resourceType: 'PlanDefinition', id: 'd', status: 'active' }],
      instantiatesCanonical: [canonical],
    })
    expect(await told(plan('#d'))).toEqual([])
    expect(await told(plan('#e'))).toEqual(['warning CarePlan.instantiatesCanonical[0]'])
  })
})

describe('a profile', () => {
  const profile = (id: string, type: string, elements: readonly object[]) => ({
    resourceType: 'StructureDefinition',
    url: `http://example.org/StructureDefinition/${id}`,
    name: id,
    status: 'active',
    fhirVersion: '4.0.1',
    kind: 'resource',
    abstract: false,
    type,
    baseDefinition: `http://hl7.org/fhir/StructureDefinition/${type}`,
    derivation: 'constraint',
    differential: { element: [{ id: type, path: type }, ...elements] },
  })
  const born = profile('born', 'Patient', [{ id: 'Patient.birthDate', path: 'Patient.birthDate', min: 1 }])
  const subjectOf = (type: object) =>
    profile('obs', 'Observation', [
      { id: 'Observation.subject', path: 'Observation.subject', type: [{ code: 'Reference', ...type }] },
    ])
  const of = (subject: object, more: object = {}) =>
    observation({ meta: { profile: ['http://example.org/StructureDefinition/obs'] }, subject, ...more })
  const onSubject = async (resource: unknown, type: object) =>
    (await validator.validate(resource, { supporting: [born, subjectOf(type)] })).filter(({ expression }) =>
      expression.endsWith('subject'),
    )

  test('that wants a profiled target gets one, where the target is here', async () => {
    const target = { targetProfile: ['http://example.org/StructureDefinition/born'] }
    const contained = (birthDate?: string) => ({
      contained: [{ resourceType: 'Patient', id: 'p', ...(birthDate ? { birthDate } : {}) }],
    })
    expect(await onSubject(of({ reference: '#p' }, contained('1950-01-01')), target)).toEqual([])
    expect(await onSubject(of({ reference: 'Patient/1' }), target)).toEqual([])
    const [found] = await onSubject(of({ reference: '#p' }, contained()), target)
    expect(found).toMatchObject({
      severity: 'error',
      code: 'structure',
      trace: [{ expression: 'Observation.contained[0]', said: { en: 'birthDate is missing; it is required.' } }],
    })
  })

  test('that wants one of several targets is content with any, and with one it cannot judge', async () => {
    const contained = { contained: [{ resourceType: 'Patient', id: 'p' }] }
    const with2 = (other: string) => ({
      targetProfile: ['http://example.org/StructureDefinition/born', other],
    })
    for (const other of ['http://hl7.org/fhir/StructureDefinition/Patient', 'http://example.org/unknown'])
      expect(await onSubject(of({ reference: '#p' }, contained), with2(other)), other).toEqual([])
    expect(
      await onSubject(of({ reference: '#p' }, contained), with2('http://hl7.org/fhir/StructureDefinition/Device')),
    ).toHaveLength(1)
  })

  test('that says where the target has to be is obeyed', async () => {
    const inside = { aggregation: ['contained'] }
    const contained = { contained: [{ resourceType: 'Patient', id: 'p' }] }
    expect(await onSubject(of({ reference: '#p' }, contained), inside)).toEqual([])
    expect(await onSubject(of({ reference: 'Patient/1' }), inside)).toMatchObject([{ severity: 'error' }])
    expect(await onSubject(of({ identifier: { value: 'A1' } }), inside)).toEqual([])
    const versioned = { versioning: 'specific' }
    expect(await onSubject(of({ reference: 'Patient/1/_history/1' }), versioned)).toEqual([])
    expect(await onSubject(of({ reference: 'Patient/1' }), versioned)).toMatchObject([{ severity: 'error' }])
  })
})
