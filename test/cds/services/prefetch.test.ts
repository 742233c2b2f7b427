/**
 * What the services in the box ask a CDS client for is what every CDS client can be expected to fetch.
 * https://cds-hooks.hl7.org/2.0/#prefetch-query-restrictions
 */
import { expect, test } from 'vitest'
import { hookNamed } from '../../../src/cds/hooks.ts'
import { services } from '../../../src/cds/services.ts'
import { beyondSubset } from '../../../src/cds/template.ts'
import { loadDefinitions } from '../../../src/fhir/packages.ts'

const definitions = loadDefinitions()
const words = {
  isType: (name: string) => definitions.isResourceType(name),
  typeOf: (type: string, code: string) => definitions.searchParams(type).get(code)?.type,
}
const all = services.map(service => [`${service.id} at ${service.hook}`, service] as const)

test.each(all)('%s keeps to the subset of searches, with at most a hundred alternatives each', (_, service) => {
  for (const [key, template] of Object.entries(service.prefetch ?? {})) {
    expect(beyondSubset(template, words), key).toBeUndefined()
    expect(template.split(',').length, key).toBeLessThanOrEqual(100)
  }
})

test.each(all)('%s is for a hook we know, and can do without keys only that it has', (_, service) => {
  expect(hookNamed(service.hook)).toBeDefined()
  for (const key of service.optional ?? []) expect(service.prefetch).toHaveProperty(key)
})

test('no id stands twice for one hook', () => {
  const keys = services.map(({ id, hook }) => `${id} ${hook}`)
  expect(keys.length).toBe(new Set(keys).size)
})
