import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { loadDefinitions } from '../../src/fhir/packages.ts'

const folder = mkdtempSync(join(tmpdir(), 'definitions-'))
afterAll(() => rmSync(folder, { recursive: true }))
const definitions = loadDefinitions(folder)

describe('the catalogue of R4', () => {
  test('has the 146 resource types that can be stored, and no type of a later version', () => {
    expect(definitions.resourceTypes).toHaveLength(146)
    expect(definitions.resourceTypes).toEqual([...definitions.resourceTypes].sort())
    for (const name of ['Patient', 'Observation', 'Binary', 'VisionPrescription'])
      expect(definitions.isResourceType(name), name).toBe(true)
    for (const name of [
      'Resource',
      'DomainResource',
      'SubscriptionStatus',
      'MetadataResource',
      'HumanName',
      '__proto__',
      '',
    ])
      expect(definitions.isResourceType(name), name).toBe(false)
  })

  test('gives a type the parameters of all resources besides its own', () => {
    const patient = definitions.searchParams('Patient')
    for (const code of [
      '_id',
      '_lastUpdated',
      '_tag',
      '_profile',
      '_security',
      '_source',
      '_text',
      '_content',
      'name',
      'email',
      'birthdate',
    ])
      expect(patient.has(code), code).toBe(true)
    for (const code of ['_query', '_list', '_has', '_type', '_filter']) expect(patient.has(code), code).toBe(false)
    expect(patient.get('general-practitioner')).toMatchObject({
      type: 'reference',
      target: ['Practitioner', 'Organization', 'PractitionerRole'],
    })
  })

  test('gives resources without narrative no _text', () => {
    for (const type of ['Bundle', 'Binary', 'Parameters']) {
      expect(definitions.searchParams(type).has('_content'), type).toBe(true)
      expect(definitions.searchParams(type).has('_text'), type).toBe(false)
    }
  })

  test('has no parameters for what is no resource type', () => {
    expect(definitions.searchParams('Resource').size).toBe(0)
    expect(definitions.searchParams('constructor').size).toBe(0)
  })

  test('finds a parameter by its canonical, with or without version', () => {
    const url = 'http://hl7.org/fhir/SearchParameter/clinical-code'
    expect(definitions.searchParam(url)?.code).toBe('code')
    expect(definitions.searchParam(`${url}|4.0.1`)?.base).toContain('Observation')
    expect(definitions.searchParam('http://example.org/none')).toBeUndefined()
  })

  test('has a choice once for each of its types', () => {
    const observation = definitions.elements('Observation')!
    expect(observation.has('value')).toBe(false)
    expect(observation.get('valueQuantity')).toMatchObject({ type: 'Quantity', choice: 'value', many: false })
    expect([...observation.values()].filter(info => info.choice === 'value')).toHaveLength(11)
  })

  test('goes on in backbone elements and where an element refers to another', () => {
    expect(definitions.elements('Observation')!.get('component')).toMatchObject({
      type: 'Observation.component',
      many: true,
      summary: true,
    })
    expect(definitions.elements('Observation.component')!.get('code')).toMatchObject({
      type: 'CodeableConcept',
      required: true,
    })
    expect(definitions.elements('Observation.component')!.get('referenceRange')!.type).toBe(
      'Observation.referenceRange',
    )
    expect(definitions.elements('Questionnaire.item')!.get('item')!.type).toBe('Questionnaire.item')
    expect(definitions.elements('Timing')!.get('repeat')!.type).toBe('Timing.repeat')
  })

  test('knows the codes of a fixed list, and none where a list is open or too large to be one', () => {
    const codes = (type: string, name: string) => definitions.elements(type)!.get(name)!.codes
    expect([...codes('Patient', 'gender')!].sort()).toEqual(['female', 'male', 'other', 'unknown'])
    expect(codes('Observation', 'status')!.has('final')).toBe(true)
    expect(codes('Identifier', 'use')!.has('official')).toBe(true)
    expect(codes('Attachment', 'contentType')).toBeUndefined()
    expect(codes('Patient', 'language')).toBeUndefined()
    expect(codes('Observation', 'code')).toBeUndefined()
  })

  test('every element leads to elements or to a primitive', () => {
    const primitives = new Set<string>()
    const seen = new Set<string>(definitions.resourceTypes)
    for (const type of seen) {
      const elements = definitions.elements(type)
      if (!elements) primitives.add(type)
      else for (const info of elements.values()) seen.add(info.type)
    }
    expect([...primitives].sort()).toEqual(
      // prettier-ignore
      ['base64Binary', 'boolean', 'canonical', 'code', 'date', 'dateTime', 'decimal', 'id', 'instant', 'integer', 'markdown', 'oid',
        'positiveInt', 'string', 'time', 'unsignedInt', 'uri', 'url', 'uuid', 'xhtml'],
    )
  })

  test('says where references may lead, and nothing where they may lead anywhere', () => {
    expect(definitions.elements('Patient')!.get('managingOrganization')!.target).toEqual(['Organization'])
    expect(definitions.elements('Provenance')!.get('target')!.target).toBeUndefined()
  })

  test('has no elements for primitives and unknown names', () => {
    for (const name of ['string', 'Nothing', 'constructor', '__proto__', ''])
      expect(definitions.elements(name), name).toBeUndefined()
  })

  test('knows the five compartments', () => {
    expect(definitions.compartment('Patient')!.get('AllergyIntolerance')).toEqual(['patient', 'recorder', 'asserter'])
    expect(definitions.compartment('Patient')!.get('Patient')).toEqual(['link'])
    expect(definitions.compartment('Patient')!.has('Practitioner')).toBe(false)
    expect(definitions.compartment('Encounter')!.get('Observation')).toEqual(['encounter'])
    for (const code of ['RelatedPerson', 'Practitioner', 'Device'])
      expect(definitions.compartment(code)!.size).toBeGreaterThan(30)
    expect(definitions.compartment('Organization')).toBeUndefined()
  })

  test('names in compartments only parameters there are', () => {
    for (const code of ['Patient', 'Encounter', 'RelatedPerson', 'Practitioner', 'Device']) {
      for (const [type, params] of definitions.compartment(code)!) {
        for (const param of params)
          expect(definitions.searchParams(type).has(param), `${code}: ${type}.${param}`).toBe(true)
      }
    }
  })
})

describe('more SearchParameters', () => {
  const nickname = {
    resourceType: 'SearchParameter',
    url: 'http://example.org/SearchParameter/nickname',
    status: 'active',
    code: 'nickname',
    base: ['Patient', 'Person'],
    type: 'string',
    expression: "Patient.name.where(use='nickname') | Person.name.where(use='nickname')",
  }

  test('are there for the types they are for, and only in the new catalogue', () => {
    const more = definitions.with([nickname])
    expect(more.searchParams('Patient').get('nickname')?.type).toBe('string')
    expect(more.searchParams('Person').has('nickname')).toBe(true)
    expect(more.searchParams('Practitioner').has('nickname')).toBe(false)
    expect(more.searchParams('Patient').has('name')).toBe(true)
    expect(more.searchParam(nickname.url)?.code).toBe('nickname')
    expect(definitions.searchParams('Patient').has('nickname')).toBe(false)
    expect(more.with([]).searchParams('Patient').has('nickname')).toBe(true)
  })

  test('replace those of an equal base and code', () => {
    const more = definitions.with([{ ...nickname, code: 'name', base: ['Patient'] }])
    expect(more.searchParams('Patient').get('name')?.url).toBe(nickname.url)
    expect(more.searchParams('Person').get('name')?.url).not.toBe(nickname.url)
  })

  test('are ignored when they are retired, misshapen or take a name of the specification', () => {
    const bad: unknown[] = [
      null,
      1,
      'x',
      [],
      {},
      { ...nickname, status: 'retired' },
      { ...nickname, code: 'a b' },
      { ...nickname, code: '_id' },
    ]
    bad.push(
      { ...nickname, base: 'Patient' },
      { ...nickname, type: 'words' },
      { ...nickname, expression: 7 },
      { ...nickname, expression: undefined },
    )
    bad.push({ ...nickname, type: 'composite' }, { ...nickname, code: 7 }, { ...nickname, url: undefined })
    const more = definitions.with(bad)
    expect([...more.searchParams('Patient')]).toEqual([...definitions.searchParams('Patient')])
  })
})

describe('the cache', () => {
  const file = () => join(folder, readdirSync(folder)[0]!)

  test('is one file of less than 2 MB that names the version of the package', () => {
    expect(readdirSync(folder)).toEqual([expect.stringMatching(/^definitions-4\.5\.2-\d+\.json$/)])
    expect(readFileSync(file()).length).toBeLessThan(2_000_000)
  })

  test.each([
    ['is cut off', (text: string) => text.slice(0, 1000)],
    ['is empty', () => ''],
    ['has one letter changed', (text: string) => text.replace('"Patient"', '"Patienx"')],
  ])('is made anew when it %s', (_what, damage) => {
    const whole = readFileSync(file(), 'utf8')
    writeFileSync(file(), damage(whole))
    expect(loadDefinitions(folder).resourceTypes).toEqual(definitions.resourceTypes)
    expect(readFileSync(file(), 'utf8')).toBe(whole)
  })

  test('is not needed: a folder that cannot be written makes no difference', () => {
    expect(loadDefinitions('/dev/null/nowhere').resourceTypes).toEqual(definitions.resourceTypes)
  })
})
