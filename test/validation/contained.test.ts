import { describe, expect, test } from 'vitest'
import { makeConformance } from '../../src/fhir/conformance.ts'
import { loadNpmPackages } from '../../src/fhir/npm-packages.ts'
import { loadDefinitions } from '../../src/fhir/packages.ts'
import { contained } from '../../src/validation/contained.ts'
import { invariants } from '../../src/validation/invariants.ts'
import { makeValidator } from '../../src/validation/validate.ts'
import { cost } from '../help/cost.ts'

const conformance = makeConformance(loadNpmPackages())
const definitions = loadDefinitions()
const validator = makeValidator(
  { conformance: () => conformance, definitions: () => definitions, checkCode: () => ({ result: 'yes' }) },
  { element: [invariants], type: [], resource: [contained] },
)
const errors = async (resource: unknown) =>
  (await validator.validate(resource))
    .filter(({ severity }) => severity === 'error')
    .map(({ expression, code }) => `${expression} ${code}`)

const observation = (parts: readonly object[], more: object = {}) => ({
  resourceType: 'Observation',
  status: 'final',
  code: { text: 'x' },
  contained: parts,
  ...more,
})
const patient = (id?: string, more: object = {}) => ({ resourceType: 'Patient', ...(id ? { id } : {}), ...more })

describe('a contained resource', () => {
  test('has an id of its own', async () => {
    expect(await errors(observation([patient('p')], { subject: { reference: '#p' } }))).toEqual([])
    expect(await errors(observation([patient()]))).toEqual(['Observation.contained[0] required'])
    expect(await errors(observation([patient('p'), patient('p')], { subject: { reference: '#p' } }))).toEqual([
      'Observation.contained[1] duplicate',
    ])
  })

  test('is referred to, by another contained one too, or refers to what contains it', async () => {
    expect(await errors(observation([patient('p')]))).toEqual(['Observation.contained[0] invalid'])
    const chain = [
      patient('p', { managingOrganization: { reference: '#o' } }),
      { resourceType: 'Organization', id: 'o', name: 'x' },
    ]
    expect(await errors(observation(chain, { subject: { reference: '#p' } }))).toEqual([])
    const back = {
      resourceType: 'Provenance',
      id: 'v',
      target: [{ reference: '#' }],
      recorded: '2024-01-01T00:00:00Z',
      agent: [{ who: { display: 'x' } }],
    }
    expect(await errors(observation([back]))).toEqual([])
    // a text that looks like one is none
    expect(await errors(observation([patient('p')], { valueString: '#p' }))).toEqual([
      'Observation.contained[0] invalid',
    ])
    const byUri = { extension: [{ url: 'http://x.org/e', valueUri: '#p' }] }
    expect((await errors(observation([patient('p')], byUri))).filter(text => text.includes('contained'))).toEqual([])
  })

  test('has no versions, security labels or contained resources of its own', async () => {
    const subject = { subject: { reference: '#p' } }
    const told = async (meta: object) =>
      (await validator.validate(observation([patient('p', meta)], subject)))
        .filter(({ severity }) => severity === 'error')
        .map(({ origin }) => origin?.split('#')[1])
    expect(await told({ meta: { versionId: '1' } })).toEqual(['dom-4'])
    expect(await told({ meta: { security: [{ code: 'R' }] } })).toEqual(['dom-5'])
    expect(await told({ contained: [patient('q')] })).toContain('dom-2')
  })

  test('by the thousand is judged in a moment', async () => {
    const parts = Array.from({ length: 2000 }, (_, i) => patient(`p${i}`))
    const focus = parts.map((_, i) => ({ reference: `#p${i}` }))
    expect(await cost(async () => expect(await errors(observation(parts, { focus }))).toEqual([]))).toBeLessThan(3000)
  })
})
