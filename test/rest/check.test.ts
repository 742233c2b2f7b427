/**
 * What every write is checked for, by level: the JSON form of FHIR always, and from `base` on required elements, formats and codes.
 * https://hl7.org/fhir/R4/validation.html
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { problems } from '../../src/rest/check.ts'
import type { Resource } from '../../src/rest/exchange.ts'
import { leastOf } from '../help/resources.ts'
import { definitions, openServer, type TestServer } from '../help/server.ts'

const of = (resource: object, manner = {}) =>
  problems(resource as Resource, definitions, manner).map(
    ({ code, expression, diagnostics }) => `${expression?.[0]} ${code}: ${diagnostics}`,
  )
/** Below the resource. */
const places = (resource: object) => of(resource).map(each => each.split(' ')[0]!.replace(/^\w+\./, ''))

const observation = (more: object = {}) => ({
  resourceType: 'Observation',
  status: 'final',
  code: { text: 'x' },
  ...more,
})

describe('at the level base', () => {
  test('an Observation without status is refused, at Observation.status', () => {
    expect(of({ resourceType: 'Observation', code: { text: 'x' } })).toEqual([
      'Observation.status required: Observation needs "status", and it is missing. Add it.',
    ])
  })

  test('all that is missing is told at once, also within elements that are there and within contained resources', () => {
    expect(
      places({
        resourceType: 'Observation',
        component: [{ valueInteger: 1 }],
        contained: [{ resourceType: 'Observation', id: 'a' }],
      }).sort(),
    ).toEqual(['code', 'component[0].code', 'contained[0].code', 'contained[0].status', 'status'])
    expect(places({ resourceType: 'Patient', link: [{ type: 'refer' }] })).toEqual(['link[0].other'])
    expect(
      places({ resourceType: 'Bundle', type: 'collection', entry: [{ resource: { resourceType: 'Goal' } }] }),
    ).toEqual(['entry[0].resource.lifecycleStatus', 'entry[0].resource.description', 'entry[0].resource.subject'])
  })

  test('what is not there needs nothing: a Patient is fine without links', () => {
    expect(of({ resourceType: 'Patient' })).toEqual([])
    expect(of(observation())).toEqual([])
  })

  test('a required primitive may be absent with a reason', () => {
    const reason = [{ url: 'http://hl7.org/fhir/StructureDefinition/data-absent-reason', valueCode: 'unknown' }]
    expect(of({ resourceType: 'Observation', _status: { extension: reason }, code: { text: 'x' } })).toEqual([])
    expect(
      of({
        resourceType: 'Immunization',
        status: 'completed',
        vaccineCode: {},
        patient: {},
        _occurrenceString: { extension: reason },
      }),
    ).toEqual(
      of({ resourceType: 'Immunization', status: 'completed', vaccineCode: {}, patient: {}, occurrenceString: 'x' }),
    )
  })

  test('a required choice is there in any of its types, and in one only', () => {
    const dispense = { resourceType: 'MedicationStatement', status: 'active', subject: { display: 'x' } }
    expect(places(dispense)).toEqual(['medication'])
    expect(of({ ...dispense, medicationReference: { display: 'x' } })).toEqual([])
    expect(
      places({ ...dispense, medicationReference: { display: 'x' }, medicationCodeableConcept: { text: 'x' } }),
    ).toEqual(['medicationCodeableConcept'])
    expect(of(observation({ valueString: 'a', effectiveDateTime: '2026', valueInteger: 1 }))).toEqual([
      'Observation.valueInteger structure: "value" is given in two types; keep one.',
    ])
  })

  test.each([
    ['birthDate', 'Patient', { birthDate: '2026-02-30' }],
    ['birthDate', 'Patient', { birthDate: '2026-1-1' }],
    ['deceasedDateTime', 'Patient', { deceasedDateTime: '2026-01-01T08:00' }],
    ['photo[0].data', 'Patient', { photo: [{ data: 'no base64!' }] }],
    ['photo[0].size', 'Patient', { photo: [{ size: -1 }] }],
    ['photo[0].url', 'Patient', { photo: [{ url: 'a b' }] }],
    ['multipleBirthInteger', 'Patient', { multipleBirthInteger: 1.5 }],
    ['telecom[0].rank', 'Patient', { telecom: [{ rank: 0 }] }],
    ['language', 'Patient', { language: ' zh' }],
    ['meta.profile[1]', 'Patient', { meta: { profile: ['http://example.org/a', 'b'] } }],
    ['meta.lastUpdated', 'Patient', { meta: { lastUpdated: '2026-01-01' } }],
  ])('a primitive in a wrong format is refused at %s', (place, resourceType, more) => {
    expect(places({ resourceType, ...more })).toEqual([place])
  })

  test('a code that must be of a fixed list is refused with the list, and with what was perhaps meant', () => {
    const [said] = of(observation({ status: 'finl' }))
    expect(said).toMatch(
      /^Observation.status code-invalid: "finl" is not one of the codes allowed here: registered, .*Did you mean "final"/,
    )
    expect(places({ resourceType: 'Patient', gender: 'M', telecom: [{ system: 'line', use: 'home' }] })).toEqual([
      'gender',
      'telecom[0].system',
    ])
  })

  test('codes of lists that are not fixed are not looked at', () => {
    expect(of({ resourceType: 'Binary', contentType: 'application/x-anything', data: 'eA==' })).toEqual([])
    expect(of({ resourceType: 'Patient', language: 'xx-unknown' })).toEqual([])
  })

  test('the least that each type of R4 must have is enough', () => {
    for (const type of definitions.resourceTypes) expect([type, of(leastOf(type, definitions))]).toEqual([type, []])
  })

  test('issues are told in Chinese to who reads it', () => {
    expect(of({ resourceType: 'Observation', code: { text: 'x' } }, { language: 'zh' })).toEqual([
      'Observation.status required: Observation 缺少必填的資料元素 "status"，請補上。',
    ])
    for (const wrong of [
      { nmae: 1 },
      { name: 'x' },
      { active: 'yes' },
      { birthDate: 'x' },
      { name: [] },
      { name: [null] },
      { text: {} },
      { gender: 'x' },
    ])
      for (const said of of({ resourceType: 'Patient', ...wrong }, { language: 'zh' })) expect(said).toMatch(/[一-鿿]/)
  })

  test('at most 20 issues are told', () => {
    const component = Array.from({ length: 100 }, () => ({ valueInteger: 1 }))
    expect(of(observation({ component }))).toHaveLength(20)
  })
})

test('at the level off only the form is looked at', () => {
  const manner = { base: false }
  expect(of({ resourceType: 'Observation', status: 'finl', effectiveDateTime: 'yesterday' }, manner)).toEqual([])
  expect(of({ resourceType: 'Observation', valueString: 'a', valueInteger: 1 }, manner)).toEqual([])
  expect(of({ resourceType: 'Observation', nothing: 1 }, manner)).toHaveLength(1)
})

describe('real data is accepted as it is:', () => {
  const folders = { Synthea: '../shared/data/synthea', 'our examples': 'examples/data' }
  test.each(Object.entries(folders))('%s', (_, folder) => {
    if (!existsSync(folder)) return console.warn(`${folder} is not here: skipped`)
    const refused: string[] = []
    for (const file of readdirSync(folder).filter(name => name.endsWith('.json'))) {
      const { entry } = JSON.parse(readFileSync(join(folder, file), 'utf8')) as { entry: { resource: Resource }[] }
      for (const { resource } of entry) refused.push(...of(resource).map(said => `${file}: ${said}`))
    }
    expect(refused).toEqual([])
  })
})

describe('a tenant', () => {
  let off: TestServer, base: TestServer, full: TestServer
  beforeAll(async () => {
    off = await openServer({ settings: { validation: 'off' } })
    base = await openServer()
    full = await openServer({ settings: { validation: 'full' } })
  })
  afterAll(() => Promise.all([off, base, full].map(server => server.close())))

  const bare = { resourceType: 'Observation', code: { text: 'x' } }
  /** The profile says that a vital sign has a time and a category. */
  const vital = observation({ meta: { profile: ['http://hl7.org/fhir/StructureDefinition/bodyweight'] } })

  test('set to off stores what has no status', async () => {
    expect((await off.post('Observation', bare)).status).toBe(201)
  })

  test('set to base (the default) refuses it with 422, by create, update, patch, batch and transaction', async () => {
    const refused = {
      status: 422,
      body: { issue: [{ severity: 'error', code: 'required', expression: ['Observation.status'] }] },
    }
    expect(await base.post('Observation', bare)).toMatchObject(refused)
    expect(await base.put('Observation/a', { ...bare, id: 'a' })).toMatchObject(refused)
    const { id } = await base.create(observation())
    const remove = [{ op: 'remove', path: '/status' }]
    expect(
      await base.patch(`Observation/${id}`, remove, { 'content-type': 'application/json-patch+json' }),
    ).toMatchObject(refused)
    const entry = [{ resource: bare, request: { method: 'POST', url: 'Observation' } }]
    expect((await base.post('', { resourceType: 'Bundle', type: 'transaction', entry })).status).toBe(422)
    expect((await base.post('', { resourceType: 'Bundle', type: 'batch', entry })).body).toMatchObject({
      entry: [{ response: { status: '422 Unprocessable Entity' } }],
    })
  })

  test('set to base does not look at profiles, set to full it does, and says which rule is broken', async () => {
    expect((await base.post('Observation', vital)).status).toBe(201)
    const { status, body } = await full.post('Observation', vital)
    expect(status).toBe(422)
    const issues = (body as unknown as { issue: { severity: string; diagnostics: string }[] }).issue
    expect(issues.some(({ diagnostics }) => diagnostics.includes('bodyweight'))).toBe(true)
  })

  test('set to full stores what conforms, also in a transaction whose entries refer to each other', async () => {
    const good = {
      ...vital,
      category: [
        { coding: [{ system: 'http://terminology.hl7.org/CodeSystem/observation-category', code: 'vital-signs' }] },
      ],
      code: { coding: [{ system: 'http://loinc.org', code: '29463-7' }] },
      effectiveDateTime: '2026-01-31',
      valueQuantity: { value: 70, unit: 'kg', system: 'http://unitsofmeasure.org', code: 'kg' },
    }
    const fullUrl = 'urn:uuid:00000000-0000-4000-8000-000000000001'
    const entry = [
      { fullUrl, resource: { resourceType: 'Patient' }, request: { method: 'POST', url: 'Patient' } },
      { resource: { ...good, subject: { reference: fullUrl } }, request: { method: 'POST', url: 'Observation' } },
    ]
    const { status, said } = await full.post('', { resourceType: 'Bundle', type: 'transaction', entry })
    expect([status, said]).toEqual([200, ''])
  })

  test('tells its refusals in Chinese when that is asked for', async () => {
    const zh = { 'accept-language': 'zh-TW,zh;q=0.9,en;q=0.5' }
    expect((await base.post('Observation', bare, zh)).said).toContain('缺少必填')
    expect((await base.post('Observation', bare, { 'accept-language': 'en,zh;q=0.5' })).said).toContain('missing')
    expect((await full.post('Observation', vital, zh)).said).toMatch(/[一-鿿]/)
  })

  test('states its level in the CapabilityStatement', async () => {
    const documentation = async (server: TestServer) =>
      (await server.get('metadata')).text.match(/"documentation":"Limits[^"]*"/)![0]
    expect(await documentation(base)).toContain('required elements')
    expect(await documentation(full)).toContain('profiles that it declares (422)')
  })
})
