/**
 * The example data are what they say: synthetic, complete in themselves, and shaped as Taiwan's identifiers and addresses are.
 */
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type {
  Bundle,
  BundleEntry,
  DocumentReference,
  Identifier,
  Location,
  Patient,
  Practitioner,
  Resource,
} from 'fhir/r4'
import { expect, test } from 'vitest'
import { loadDefinitions } from '../../src/fhir/packages.ts'
import type { Resource as AnyResource } from '../../src/fhir/types.ts'
import { problems } from '../../src/rest/check.ts'

const folder = fileURLToPath(new URL('../../examples/data/', import.meta.url))
const files = readdirSync(folder).filter(name => name.endsWith('.json'))
const bundles = files.map(file => ({ file, bundle: JSON.parse(readFileSync(folder + file, 'utf8')) as Bundle }))
const all = bundles.flatMap(({ file, bundle }) =>
  (bundle.entry ?? []).map(entry => ({ file, entry, resource: entry.resource! })),
)
const ofType = <T extends Resource>(type: string) =>
  all.filter(each => each.resource.resourceType === type).map(each => each.resource as T)

/** The keys by which other resources in the same file may refer to this one. */
const names = ({ resource, fullUrl }: BundleEntry) => [`${resource?.resourceType}/${resource?.id}`, fullUrl ?? '']

/** The resource that a conditional reference (`Practitioner?identifier=system|value`) means, as the others name it. */
function meant(reference: string): string {
  const [type, search] = reference.split('?identifier=')
  const [system, value] = search?.split('|') ?? []
  if (value === undefined) return reference
  const found = all.filter(
    ({ resource }) =>
      resource.resourceType === type &&
      [(resource as Practitioner).identifier ?? []].flat().some(each => each.system === system && each.value === value),
  )
  return found.length === 1 ? names(found[0]!.entry)[0]! : reference
}

function references(value: unknown, found: string[] = []): string[] {
  if (typeof value !== 'object' || value === null) return found
  for (const [key, inner] of Object.entries(value)) {
    if (key === 'reference' && typeof inner === 'string') found.push(inner)
    else references(inner, found)
  }
  return found
}

/** The published rule: the letter counts as two digits, weighted 1 and 9; then 8 down to 1, and 1; the sum ends in 0. */
function validId(id: string): boolean {
  if (!/^[A-Z][1289]\d{8}$/.test(id)) return false
  const letter = 'ABCDEFGHJKLMNPQRSTUVXYWZIO'.indexOf(id[0]!) + 10
  const digits = [Math.floor(letter / 10), letter % 10, ...[...id.slice(1)].map(Number)]
  const weights = [1, 9, 8, 7, 6, 5, 4, 3, 2, 1, 1]
  return digits.reduce((sum, digit, i) => sum + digit * weights[i]!, 0) % 10 === 0
}

test('each file is a transaction whose entries say where they go', () => {
  for (const { file, bundle } of bundles) {
    expect(bundle.type, file).toBe('transaction')
    for (const { resource, request, fullUrl } of bundle.entry ?? []) {
      if (request?.method === 'PUT') expect(request.url, file).toBe(`${resource?.resourceType}/${resource?.id}`)
      else
        expect([request?.method, request?.url, typeof request?.ifNoneExist], file).toEqual([
          'POST',
          resource?.resourceType,
          'string',
        ])
      expect(fullUrl, file).toMatch(/^(https:\/\/|urn:uuid:)/)
    }
  }
})

test('one file shows urn:uuid references with conditional creates', () => {
  const urns = bundles.filter(({ bundle }) =>
    bundle.entry?.every(entry => entry.fullUrl?.startsWith('urn:uuid:') && entry.request?.method === 'POST'),
  )
  expect(urns.map(each => each.file)).toEqual(['patient-hung-junjie.json'])
})

test('every reference leads to a resource of the data', () => {
  const everywhere = new Set(all.filter(each => each.resource.id).flatMap(each => names(each.entry)))
  for (const { file, bundle } of bundles) {
    const here = new Set((bundle.entry ?? []).flatMap(names))
    const lost = references(bundle).filter(reference => !here.has(reference) && !everywhere.has(meant(reference)))
    expect(lost, file).toEqual([])
  }
})

test('a patient file refers to itself and to the hospitals only, which are loaded first', () => {
  const hospitals = new Set(all.filter(each => each.file.startsWith('hospital')).flatMap(each => names(each.entry)))
  expect(files.indexOf('hospitals-oncology.json')).toBeLessThan(files.findIndex(file => file.startsWith('patient-')))
  for (const { file, bundle } of bundles.filter(each => !each.file.startsWith('patients-'))) {
    const here = new Set((bundle.entry ?? []).flatMap(names))
    expect(
      references(bundle).filter(reference => !here.has(reference) && !hospitals.has(meant(reference))),
      file,
    ).toEqual([])
  }
})

test('ids are unique, and ids of FHIR', () => {
  const keys = all.map(({ entry, resource }) =>
    resource.id ? `${resource.resourceType}/${resource.id}` : entry.fullUrl!,
  )
  expect(keys.length - new Set(keys).size).toBe(0)
  expect(all.filter(({ resource }) => resource.id !== undefined && !/^[A-Za-z0-9.-]{1,64}$/.test(resource.id))).toEqual(
    [],
  )
})

test('every resource is tagged as test data', () => {
  const tagged = (resource: Resource) =>
    resource.meta?.tag?.some(
      tag => tag.system === 'http://terminology.hl7.org/CodeSystem/v3-ActReason' && tag.code === 'HTEST',
    )
  expect(all.filter(({ resource }) => !tagged(resource)).map(({ resource }) => resource.id)).toEqual([])
})

test('at least twelve patients, each with 25 to 60 resources (with cancer up to 120), and some known in both hospitals', () => {
  const patients = ofType<Patient>('Patient')
  expect(patients.length).toBeGreaterThanOrEqual(12)
  for (const { file, bundle } of bundles.filter(each => each.file.startsWith('patient-'))) {
    expect(
      bundle.entry?.filter(entry => entry.resource?.resourceType === 'Patient'),
      file,
    ).toHaveLength(1)
    expect(bundle.entry?.length, file).toBeGreaterThanOrEqual(25)
    // a cancer takes more visits than most of what the others came for
    expect(bundle.entry?.length, file).toBeLessThanOrEqual(file.startsWith('patient-cancer-') ? 120 : 60)
  }
  const records = (patient: Patient) => patient.identifier?.filter(each => each.type?.coding?.[0]?.code === 'MR') ?? []
  expect(patients.filter(patient => records(patient).length === 0)).toEqual([])
  expect(
    patients.filter(patient => new Set(records(patient).map(each => each.system)).size === 2).length,
  ).toBeGreaterThanOrEqual(2)
})

test('the server finds nothing wrong with the shape of any resource', () => {
  const definitions = loadDefinitions()
  const wrong = all.flatMap(({ file, resource }) =>
    problems(resource as unknown as AnyResource, definitions).map(issue => ({ file, id: resource.id, issue })),
  )
  expect(wrong).toEqual([])
})

test('two hospitals, each with people and a position', () => {
  expect(all.filter(({ resource }) => resource.id?.startsWith('hosp-')).map(({ resource }) => resource.id)).toEqual([
    'hosp-qinglan',
    'hosp-wanghai',
  ])
  expect(ofType<Practitioner>('Practitioner').length).toBeGreaterThanOrEqual(10)
  for (const { position } of ofType<Location>('Location')) {
    expect(position?.latitude).toBeGreaterThan(21)
    expect(position?.latitude).toBeLessThan(26)
    expect(position?.longitude).toBeGreaterThan(119)
    expect(position?.longitude).toBeLessThan(123)
  }
})

test('national IDs and resident numbers have a right check digit, agree with the gender, and are used once', () => {
  const people = [...ofType<Patient>('Patient'), ...ofType<Practitioner>('Practitioner')]
  const isNational = (each: Identifier) =>
    each.system === 'http://www.moi.gov.tw' || each.system === 'http://www.immigration.gov.tw'
  const seen = new Set<string>()
  for (const person of people) {
    const id = person.identifier?.find(isNational)?.value ?? ''
    expect(validId(id), id).toBe(true)
    expect(person.gender, id).toBe(/^.[18]/.test(id) ? 'male' : 'female')
    expect(seen.has(id), id).toBe(false)
    seen.add(id)
  }
  expect(validId('A123456788')).toBe(false)
})

test('telephone numbers are from ranges nobody has', () => {
  const phones = JSON.stringify(bundles).matchAll(/"system":"phone","value":"([^"]+)"/g)
  const strange = [...phones]
    .map(found => found[1]!)
    .filter(phone => !/^(0900-000-\d{3}|\+886-\d-5555-01\d\d)$/.test(phone))
  expect(strange).toEqual([])
})

test('Chinese addresses carry their parts', () => {
  const addresses = ofType<Patient>('Patient').flatMap(patient => patient.address ?? [])
  expect(addresses.length).toBeGreaterThanOrEqual(12)
  for (const address of addresses) {
    expect(address.text).toContain(`${address.district}${address.city}`)
    expect(address.line).toHaveLength(1)
    expect(address.extension?.some(each => each.url.endsWith('/tw-number'))).toBe(true)
    expect(address._postalCode?.extension?.[0]?.valueCodeableConcept?.coding?.[0]?.code).toBe(address.postalCode)
  }
})

test('attachments are Chinese text of the stated size', () => {
  const attachments = ofType<DocumentReference>('DocumentReference').flatMap(each =>
    each.content.map(content => content.attachment),
  )
  expect(attachments.length).toBeGreaterThanOrEqual(12)
  for (const { data, size } of attachments) {
    const bytes = Buffer.from(data ?? '', 'base64')
    expect(bytes.length).toBe(size)
    expect(new TextDecoder('utf-8', { fatal: true }).decode(bytes)).toMatch(/^(青嵐綜合|望海紀念)醫院.*\n病人：/)
  }
})

test('decimals are written with their digits, and all of it stays small', () => {
  expect(readFileSync(`${folder}patient-lin-meiling.json`, 'utf8')).toContain('"value": 6.50')
  expect(files.reduce((sum, file) => sum + statSync(folder + file).size, 0)).toBeLessThan(3_300_000)
})
