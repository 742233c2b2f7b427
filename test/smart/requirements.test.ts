/**
 * The map from requirements to tests leaves nothing out and names only tests that are there.
 * https://hl7.org/fhir/smart-app-launch/STU2.2/
 */
import { describe, expect, test } from 'vitest'
import { byId, duties, hasList, missingTests } from './requirements-list.ts'

test('every test that is said to show a requirement exists', () => {
  expect(missingTests()).toEqual([])
})

describe.skipIf(!hasList)('the list of SMART App Launch 2.2', () => {
  test('has an entry here for every SHALL and SHALL NOT', () => {
    const said = byId()
    expect(duties().length).toBeGreaterThan(150)
    expect(duties().flatMap(({ id }) => (said.has(id) ? [] : [id]))).toEqual([])
  })

  test('has every id that is spoken of here', () => {
    const known = new Set(duties().map(({ id }) => id))
    expect([...byId().keys()].filter(id => !known.has(id))).toEqual([])
  })
})
