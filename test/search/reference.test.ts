import { describe, expect, test } from 'vitest'
import { reference } from '../../src/search/reference.ts'
import { uri } from '../../src/search/uri.ts'
import { base, matches, readingOf } from './ask.ts'

const subject = readingOf('Observation', 'subject')
const index = (value: unknown) => reference.index(value, 'Reference', 'subject')
const finds = async (asked: string, value: unknown, modifier?: string) =>
  matches(
    modifier ? await reference.modifiers[modifier]!(asked, subject) : await reference.read(asked, subject),
    index(value),
  )
const to = (ref: string) => ({ reference: ref })

describe('a reference search', () => {
  test.each([
    ['Patient/1', to('Patient/1'), true],
    ['Patient/1', to('Patient/1/_history/3'), true],
    ['Patient/1/_history/2', to('Patient/1'), true],
    ['Patient/1', to('Patient/12'), false],
    ['Patient/1', to('Group/1'), false],
    ['1', to('Patient/1'), true],
    ['1', to('Group/1'), true],
    ['1', to('Practitioner/1'), false],
    [`${base}/Patient/1`, to('Patient/1'), true],
    [`${base}/Patient/1`, to(`${base}/Patient/1`), true],
    [`${base}/Patient/1`, to(`${base}/Patient/12`), false],
    ['http://other/fhir/Patient/1', to('http://other/fhir/Patient/1'), true],
    ['http://other/fhir/Patient/1', to('Patient/1'), false],
    ['Patient/1', to('http://other/fhir/Patient/1'), false],
    ['urn:uuid:7e5b9b1c-0c0d-4f5e-8f3a-111111111111', to('urn:uuid:7e5b9b1c-0c0d-4f5e-8f3a-111111111111'), true],
    ['http://x/q|1.0', 'http://x/q|1.0', true],
    ['http://x/q', 'http://x/q|1.0', true],
    ['http://x/q|1', 'http://x/q|1.0', false],
    ['http://x/q|1.0', 'http://x/q', false],
    ['p1', { resourceType: 'Patient', id: 'p1' }, true],
  ])('for %s in %j answers %j', async (asked, value, found) => expect(await finds(asked, value)).toBe(found))

  test.each(['Nothing/1', 'a b', 'Patient/', 'Patient/x/y', ''])('for %j is refused', asked =>
    expect(() => reference.read(asked, subject)).toThrow(),
  )

  test('with :identifier goes by the identifier of the reference', async () => {
    const value = { identifier: { system: 'urn:s', value: '7' } }
    expect(await finds('urn:s|7', value, 'identifier')).toBe(true)
    expect(await finds('7', value, 'identifier')).toBe(true)
    expect(await finds('urn:t|7', value, 'identifier')).toBe(false)
  })
  test('with :below and :above goes by the version of a canonical, else by its path', async () => {
    expect(await finds('http://x/q|1', 'http://x/q|1.2', 'below')).toBe(true)
    expect(await finds('http://x/q|1', 'http://x/q|12', 'below')).toBe(false)
    expect(await finds('http://x/q|1.2', 'http://x/q|1', 'above')).toBe(true)
    expect(await finds('http://x', 'http://x/q', 'below')).toBe(true)
    expect(await finds('http://x/q', 'http://x/qq', 'below')).toBe(false)
    expect(() => reference.modifiers['below']!('Patient/1', subject)).toThrow('canonical')
  })
  test('does not index references into the resource itself, nor other shapes', () => {
    for (const value of [to('#p'), to(''), to(5 as unknown as string), {}, null, 5, [], '#x'])
      expect(index(value)).toEqual([])
  })
})

describe('a uri search', () => {
  const url = readingOf('ValueSet', 'url')
  const found = async (asked: string, value: string, modifier?: string) =>
    matches(
      modifier ? await uri.modifiers[modifier]!(asked, url) : await uri.read(asked, url),
      uri.index(value, 'uri', 'url'),
    )

  test.each([
    ['http://acme.org/fhir/ValueSet/1', 'http://acme.org/fhir/ValueSet/1', true],
    ['http://acme.org/fhir/ValueSet/1', 'http://acme.org/fhir/ValueSet/12', false],
    ['http://acme.org/fhir/valueset/1', 'http://acme.org/fhir/ValueSet/1', false],
    ['urn:oid:1.2.3', 'urn:oid:1.2.3', true],
    ['http://acme.org/p', 'http://acme.org/p|2.0', true],
    ['http://acme.org/p\\|2.0', 'http://acme.org/p|2.0', true],
    ['http://acme.org/p|2.0', 'http://acme.org/p', false],
  ])('for %s in %s answers %j', async (asked, value, expected) => expect(await found(asked, value)).toBe(expected))

  test.each([
    ['http://acme.org/fhir', 'http://acme.org/fhir/ValueSet/1', true],
    ['http://acme.org/fhir/', 'http://acme.org/fhir/ValueSet/1', true],
    ['http://acme.org/fhir', 'http://acme.org/fhir', true],
    ['http://acme.org/fhir', 'http://acme.org/fhir2/ValueSet/1', false],
    ['http://acme.org/f', 'http://acme.org/fhir', false],
    ['urn:oid:1.2', 'urn:oid:1.2.3', true],
    ['urn:oid:1.2', 'urn:oid:1.23', false],
    ['urn:oid', 'urn:oid:1.23', true],
  ])('with :below %s finds %s: %j', async (asked, value, expected) =>
    expect(await found(asked, value, 'below')).toBe(expected),
  )

  test.each([
    ['http://acme.org/fhir/ValueSet/1', 'http://acme.org/fhir', true],
    ['http://acme.org/fhir/ValueSet/1', 'http://acme.org/fhir/', true],
    ['http://acme.org/fhir/ValueSet/1', 'http://acme.org', true],
    ['http://acme.org/fhir/ValueSet/1', 'http://acme.org/fhir/ValueSet/1', true],
    ['http://acme.org/fhir/ValueSet/1', 'http://acme.org/fhir/V', false],
    ['http://acme.org/fhir', 'http:/', false],
    ['urn:oid:1.2.3', 'urn:oid:1.2', true],
    ['urn:oid:1.2.3', 'urn', false],
  ])('with :above %s finds %s: %j', async (asked, value, expected) =>
    expect(await found(asked, value, 'above')).toBe(expected),
  )

  test('with :contains looks inside', async () => {
    expect(await found('acme', 'http://acme.org', 'contains')).toBe(true)
    expect(await found('acne', 'http://acme.org', 'contains')).toBe(false)
  })
})
