/**
 * mCODE as a server has to behave: the four ways to find cancer patients, the group, and $mcode-everything; over the guide's own examples.
 * https://hl7.org/fhir/us/mcode/conformance-general.html
 */
import { readdirSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import type { Bundle, CapabilityStatement, OperationOutcome } from 'fhir/r4'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Conformance } from '../../src/fhir/conformance.ts'
import type { Resource } from '../../src/fhir/types.ts'
import { makeTerminology } from '../../src/terminology/service.ts'
import { conformance, openServer, type TestServer } from '../help/server.ts'

const folder = join(dirname(createRequire(import.meta.url).resolve('hl7.fhir.us.mcode/package.json')), 'example')
const MCODE = 'http://hl7.org/fhir/us/mcode/'
const PRIMARY = `${MCODE}ValueSet/mcode-primary-cancer-disorder-vs`

/** A server with these packages as they are; nobody adds to them. */
const openOver = (now: () => Conformance) =>
  openServer({
    terminology: makeTerminology({ conformance: now }),
    conformance: { now, isReady: true, ready: async () => {}, committed: () => {} },
  })

/** So much of SNOMED CT as the examples need, as a hospital with a licence would load it whole. */
const snomed = {
  resourceType: 'CodeSystem',
  url: 'http://snomed.info/sct',
  status: 'active',
  content: 'complete',
  hierarchyMeaning: 'is-a',
  concept: [
    {
      code: '363346000',
      display: 'Malignant neoplastic disease',
      concept: [
        { code: '128462008', display: 'Metastatic malignant neoplasm', concept: [{ code: '94225005' }] },
        ...['353431000119107', '254637007', '92814006', '277571004'].map(code => ({ code })),
      ],
    },
    ...['393573009', '109355002', '189758001', '48694002', '35489007'].map(code => ({ code })),
  ],
}

let server: TestServer
let packages: Conformance | undefined
beforeAll(async () => {
  server = await openOver(() => (packages ??= conformance().with([snomed])))
  for (const file of readdirSync(folder)) {
    const resource = JSON.parse(readFileSync(join(folder, file), 'utf8')) as Resource
    if (resource.resourceType === 'Bundle' || typeof resource.id !== 'string') continue
    const { status, said } = await server.put(`${resource.resourceType}/${resource.id}`, resource)
    expect([file, status, said]).toEqual([file, 201, ''])
  }
  // no cancer, and another's record. Synthetic.
  const subject = { reference: 'Patient/healthy' }
  await server.put('Patient/healthy', { resourceType: 'Patient', id: 'healthy' })
  await server.create({
    resourceType: 'Condition',
    subject,
    code: { coding: [{ system: 'http://snomed.info/sct', code: '38341003' }] },
  })
}, 60_000)
afterAll(() => server.close())

/** Without what is said about the search. */
const entries = (body: unknown) =>
  ((body as Bundle).entry ?? [])
    .filter(({ search }) => search?.mode !== 'outcome')
    .map(({ resource }) => `${resource!.resourceType}/${resource!.id}`)
const found = async (url: string) => {
  const { status, said, body } = await server.get(url)
  expect([url, status, said]).toEqual([url, 200, ''])
  return entries(body).sort()
}

/** Those with a Condition whose code stands in the value set. */
const withPrimaryCancer = [
  'Patient/cancer-patient-adam-everyman',
  'Patient/cancer-patient-jenny-m',
  'Patient/cancer-patient-john-anyperson',
]

describe('cancer patients are found', () => {
  let byCondition: string[]
  beforeAll(async () => {
    byCondition = (await found(`Condition?code:in=${PRIMARY}&_count=100`)).filter(ref => ref.startsWith('Condition/'))
  })

  test('by their conditions and then by id', async () => {
    expect(byCondition.length).toBeGreaterThan(3)
    expect(byCondition).toContain('Condition/primary-cancer-condition-jenny-m')
    expect(byCondition).not.toContain('Condition/us-core-condition-anxiety-jenny-m')
    const subjects = await Promise.all(
      byCondition.map(
        async ref => ((await server.get(ref)).body as unknown as { subject: { reference: string } }).subject.reference,
      ),
    )
    const ids = [...new Set(subjects.map(ref => ref.split('/')[1]))]
    const patients = await found(`Patient?_id=${ids.join(',')}`)
    for (const patient of patients) expect(patient).toMatch(/^Patient\/cancer-patient/)
    expect(patients.length).toBe(ids.length)
  })

  test('together with their conditions, by _include', async () => {
    const refs = await found(`Condition?code:in=${PRIMARY}&_include=Condition:subject&_count=100`)
    const patients = refs.filter(ref => ref.startsWith('Patient/'))
    expect(refs.filter(ref => ref.startsWith('Condition/'))).toEqual(byCondition)
    expect(patients).toEqual(await found(`Patient?_has:Condition:subject:code:in=${PRIMARY}&_count=100`))
    expect(patients).toEqual(expect.arrayContaining(withPrimaryCancer.filter(ref => ref.includes('jenny'))))
    expect(patients).not.toContain('Patient/healthy')
  })

  test('by _has alone', async () => {
    const patients = await found(`Patient?_has:Condition:subject:code:in=${PRIMARY}&_count=100`)
    expect(patients).toContain('Patient/cancer-patient-jenny-m')
    expect(patients.every(ref => ref.startsWith('Patient/'))).toBe(true)
    expect(patients).not.toContain('Patient/healthy')
  })

  test('by the Group of mCODE patients, and its members by id', async () => {
    const group = encodeURIComponent('http://ncicb.nci.nih.gov/xml/owl/EVS/Thesaurus.owl|C19700')
    const { body } = await server.get(`Group?code=${group}`)
    expect(entries(body)).toEqual(['Group/group-mcode-patients'])
    const { member } = (body as unknown as Bundle).entry![0]!.resource as unknown as {
      member: { entity: { reference: string } }[]
    }
    const ids = member.map(({ entity }) => entity.reference.split('/')[1]!)
    expect((await found(`Patient?_id=${ids.join(',')}`)).length).toBeGreaterThan(0)
  })

  test('as far as this server knows the codes, and it says which it does not know', async () => {
    const without = await openOver(conformance)
    const subject = { reference: 'Patient/p' }
    const coded = (system: string, code: string) => ({ coding: [{ system, code }] })
    const icd = await without.create({
      resourceType: 'Condition',
      subject,
      code: coded('http://hl7.org/fhir/sid/icd-10-cm', 'C50.912'),
    })
    await without.create({ resourceType: 'Condition', subject, code: coded('http://snomed.info/sct', '254637007') })
    const { body, text } = await without.get(`Condition?code:in=${PRIMARY}`)
    expect(entries(body).filter(ref => ref.startsWith('Condition/'))).toEqual([`Condition/${icd.id}`])
    expect(text).toContain('http://snomed.info/sct')
    await without.close()
  })
})

describe('$mcode-everything', () => {
  const everything = async (query = '', id = 'cancer-patient-jenny-m') => {
    const { status, said, body } = await server.get(`Patient/${id}/$mcode-everything${query}`)
    expect([query, status, said]).toEqual([query, 200, ''])
    return body as unknown as Bundle
  }

  test('gives a collection with the profile, the patient first, each resource once and with its fullUrl', async () => {
    const bundle = await everything()
    expect(bundle).toMatchObject({
      resourceType: 'Bundle',
      type: 'collection',
      meta: { profile: [`${MCODE}StructureDefinition/mcode-patient-bundle`] },
      timestamp: expect.any(String) as string,
    })
    const refs = entries(bundle)
    expect(refs[0]).toBe('Patient/cancer-patient-jenny-m')
    expect(new Set(refs).size).toBe(refs.length)
    expect(refs.filter(ref => ref.startsWith('Patient/'))).toHaveLength(1)
    expect(refs.length).toBeGreaterThan(20)
    for (const { fullUrl, resource } of bundle.entry!)
      expect(fullUrl).toBe(`http://localhost:8080/fhir/${resource!.resourceType}/${resource!.id}`)
  })

  test('has what declares an mCODE profile and what that refers to, and no more', async () => {
    const refs = entries(await everything())
    expect(refs).toContain('Condition/primary-cancer-condition-jenny-m')
    expect(refs).toContain('Procedure/cancer-related-surgical-procedure-jenny-m')
    // vital signs of US Core, which nothing of mCODE refers to
    expect(refs).not.toContain('Observation/bodyheight-jenny-m-2018-03-06')
    expect(refs).not.toContain('Group/group-mcode-patients')
    expect(refs.some(ref => /brian|adam|john/.test(ref))).toBe(false)
  })

  test('has a resource of a profile that is derived from mCODE’s', async () => {
    const url = 'http://example.org/StructureDefinition/own-cancer-condition'
    const derived = {
      resourceType: 'StructureDefinition',
      url,
      type: 'Condition',
      kind: 'resource',
      derivation: 'constraint',
      baseDefinition: `${MCODE}StructureDefinition/mcode-primary-cancer-condition`,
    }
    const withDerived = conformance().with([derived])
    const own = await openOver(() => withDerived)
    await own.put('Patient/p', { resourceType: 'Patient', id: 'p' })
    const subject = { reference: 'Patient/p' }
    const { id } = await own.create({ resourceType: 'Condition', subject, meta: { profile: [url] } })
    await own.create({ resourceType: 'Condition', subject, meta: { profile: ['http://example.org/other'] } })
    expect(entries((await own.get('Patient/p/$mcode-everything')).body)).toEqual(['Patient/p', `Condition/${id}`])
    await own.close()
  })

  test('is valid as an mCODE patient Bundle', { timeout: 60_000 }, async () => {
    const { body } = await server.post('Bundle/$validate', await everything())
    const errors = (body as unknown as OperationOutcome).issue.filter(
      // what the entries themselves are is the guide's; here the Bundle is judged
      ({ severity, expression }) => severity === 'error' && !/\.resource\b/.test(expression?.[0] ?? ''),
    )
    expect(errors.map(({ diagnostics, expression }) => `${expression?.[0]}: ${diagnostics}`)).toEqual([])
  })

  test('by start and end has what was done in that time, and what has no date of care', async () => {
    const all = entries(await everything())
    const part = entries(await everything('?start=2018-04-01&end=2018-06-30'))
    expect(part.length).toBeLessThan(all.length)
    expect(part.every(ref => all.includes(ref))).toBe(true)
    expect(part).toContain('Observation/ecog-performance-status-jenny-m')
    expect(part).not.toContain('Observation/cancer-disease-status-jenny-m')
    expect(part[0]).toBe('Patient/cancer-patient-jenny-m')
    expect(entries(await everything('?end=1900-01-01')).length).toBeLessThan(part.length)
  })

  test('by _type and _since has only these, and always the patient', async () => {
    const types = (bundle: Bundle) => [...new Set(bundle.entry!.map(({ resource }) => resource!.resourceType))]
    expect(types(await everything('?_type=Condition,Procedure'))).toEqual(['Patient', 'Condition', 'Procedure'])
    expect(entries(await everything('?_since=2999-01-01T00:00:00Z'))).toEqual(['Patient/cancer-patient-jenny-m'])
    expect((await server.get('Patient/cancer-patient-jenny-m/$mcode-everything?_type=Nothing')).status).toBe(400)
  })

  test('comes in parts by _count, each with the patient, which make the whole', async () => {
    const whole = entries(await everything())
    const parts: string[] = []
    for (let url: string | undefined = 'Patient/cancer-patient-jenny-m/$mcode-everything?_count=7'; url; ) {
      const { body } = await server.get(url)
      const bundle = body as unknown as Bundle
      const [patient, ...rest] = entries(bundle)
      expect(patient).toBe('Patient/cancer-patient-jenny-m')
      expect(rest.length).toBeLessThanOrEqual(7)
      parts.push(...rest)
      url = bundle.link?.find(({ relation }) => relation === 'next')?.url
    }
    expect(parts).toEqual(whole.slice(1))
  })

  test('of a patient who is not here is 404', async () => {
    expect((await server.get('Patient/none/$mcode-everything')).status).toBe(404)
  })
})

test('the CapabilityStatement names the profiles that are loaded, and the operations by their definitions', async () => {
  const statement = (await server.get('metadata')).body as unknown as CapabilityStatement
  const of = (type: string) => statement.rest![0]!.resource!.find(each => each.type === type)!
  expect(of('Condition').supportedProfile).toContain(`${MCODE}StructureDefinition/mcode-primary-cancer-condition`)
  expect(of('Patient').supportedProfile).toContain(`${MCODE}StructureDefinition/mcode-cancer-patient`)
  expect(of('Patient').profile).toBe('http://hl7.org/fhir/StructureDefinition/Patient')
  expect(of('Account').supportedProfile).toBeUndefined()
  const operation = (type: string, name: string) => of(type).operation!.find(each => each.name === name)?.definition
  expect(operation('Patient', 'mcode-everything')).toBe(`${MCODE}OperationDefinition/mcode-patient-everything`)
  expect(operation('DocumentReference', 'docref')).toBe('http://hl7.org/fhir/us/core/OperationDefinition/docref')
  expect(operation('Observation', 'validate')).toBe('http://hl7.org/fhir/OperationDefinition/Resource-validate')
})
