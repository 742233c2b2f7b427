import { describe, expect, test } from 'vitest'
import { parseJson, printJson } from '../../src/fhir/json.ts'
import { loadDefinitions } from '../../src/fhir/packages.ts'
import {
  printRef,
  readReference,
  references,
  rewriteReferences,
  typeOfReference,
  typeReferredTo,
} from '../../src/fhir/reference.ts'

const base = 'http://example.org/fhir'
const definitions = loadDefinitions()

describe('a literal reference', () => {
  test.each([
    ['Patient/1', { type: 'Patient', id: '1' }],
    ['Patient/a-B.9', { type: 'Patient', id: 'a-B.9' }],
    ['Patient/1/_history/2', { type: 'Patient', id: '1', version: '2' }],
    [`${base}/Patient/1`, { type: 'Patient', id: '1' }],
    [`${base}/Patient/1/_history/2`, { type: 'Patient', id: '1', version: '2' }],
  ])('%s is read', (text, ref) => {
    expect(readReference(text, base)).toEqual(ref)
  })

  test.each([
    '',
    'Patient',
    'Patient/',
    '/Patient/1',
    'patient/1',
    'Patient/1/',
    'Patient/1/_history/',
    'Patient/1/_history',
    'Patient/1/x/2',
    'Patient/1#a',
    '#a',
    'Patient?identifier=1',
    'urn:uuid:7b1c8a3e-0d2f-4c55-9a39-7f5b2d6c1e10',
    `Patient/${'x'.repeat(65)}`,
    'Patient/a_b',
    'http://example.org/fhirs/Patient/1',
    'http://other.org/fhir/Patient/1',
    `${base}Patient/1`,
  ])('"%s" is none to this server', text => {
    expect(readReference(text, base)).toBeUndefined()
  })

  test('to an own base is none where no base is given', () => {
    expect(readReference(`${base}/Patient/1`)).toBeUndefined()
  })

  test('prints as it was read', () => {
    for (const text of ['Patient/1', 'Patient/1/_history/2']) expect(printRef(readReference(text)!)).toBe(text)
  })

  test('tells its type, on whatever server', () => {
    expect(typeOfReference('http://other.org/a/b/Group/1/_history/7')).toBe('Group')
    expect(typeOfReference('Patient/1')).toBe('Patient')
    for (const text of ['urn:uuid:1', '#x', 'Patient', 'http://other.org/x', 'Patient?a=b/c'])
      expect(typeOfReference(text), text).toBeUndefined()
  })

  test('tells its type by the contained resource or by its own word', () => {
    const root = { resourceType: 'Observation', contained: [null, { resourceType: 'Group', id: 'g' }] }
    expect(typeReferredTo({ reference: '#g' }, root)).toBe('Group')
    expect(typeReferredTo({ reference: '#' }, root)).toBe('Observation')
    expect(typeReferredTo({ reference: '#h', type: 'Patient' }, root)).toBeUndefined()
    expect(typeReferredTo({ type: 'Patient', identifier: { value: '1' } }, root)).toBe('Patient')
    expect(typeReferredTo({ reference: 'urn:uuid:1', type: 'Patient' }, root)).toBe('Patient')
    for (const value of [null, 7, {}, { reference: 7 }]) expect(typeReferredTo(value, 'nothing')).toBeUndefined()
  })

  test('to one of many contained resources is found without going through all of them', () => {
    const contained = Array.from({ length: 20_000 }, (_, i) => ({
      resourceType: i % 2 ? 'Group' : 'Patient',
      id: `c${i}`,
    }))
    const root = { resourceType: 'List', contained }
    const types = contained.map(({ id }) => typeReferredTo({ reference: `#${id}` }, root))
    expect(types).toEqual(contained.map(part => part.resourceType))
  })
})

test('every reference of a resource is found in order, with its path', () => {
  const resource = {
    resourceType: 'Observation',
    subject: { reference: 'Patient/1' },
    performer: [{ reference: 'Practitioner/1' }, { display: 'nobody' }, { reference: 'Practitioner/2' }],
    contained: [{ resourceType: 'Group', managingEntity: { reference: 'Organization/1' } }],
    extension: [
      {
        url: 'x',
        valueReference: { reference: '#g', extension: [{ url: 'y', valueReference: { reference: 'Group/2' } }] },
      },
    ],
  }
  expect(references(resource)).toEqual([
    { text: 'Patient/1', path: 'Observation.subject' },
    { text: 'Practitioner/1', path: 'Observation.performer[0]' },
    { text: 'Practitioner/2', path: 'Observation.performer[2]' },
    { text: 'Organization/1', path: 'Observation.contained[0].managingEntity' },
    { text: '#g', path: 'Observation.extension[0].valueReference' },
    { text: 'Group/2', path: 'Observation.extension[0].valueReference.extension[0].valueReference' },
  ])
  for (const odd of [null, 1, 'x', [], {}]) expect(references(odd)).toEqual([])
})

describe('rewriting', () => {
  const urn = 'urn:uuid:7b1c8a3e-0d2f-4c55-9a39-7f5b2d6c1e10'
  const rewrite = (text: string) => (text === urn ? 'Patient/1' : undefined)
  const bytes = (value: unknown) => Buffer.from(JSON.stringify(value))
  const rewritten = (value: unknown, withDefinitions = true) => {
    const resource = parseJson(bytes(value)) as object
    rewriteReferences(resource, rewrite, withDefinitions ? definitions : undefined)
    return resource
  }

  test.each([true, false])(
    'reaches references, uris and narratives, and leaves strings alone (definitions: %s)',
    known => {
      const before = (link: string) => ({
        resourceType: 'Communication',
        text: {
          status: 'generated',
          div: `<div><a href="${link}">x</a><img alt="${urn}" src='${link}'/><a href="#top">${urn}</a></div>`,
        },
        identifier: [{ system: urn, value: urn }],
        subject: { reference: link, display: urn },
        instantiatesUri: [urn],
        payload: [{ contentAttachment: { url: link, title: urn } }],
        extension: [
          { url: 'http://x.org', valueUri: link },
          { url: 'http://x.org', valueCanonical: link },
          { url: 'http://x.org', valueString: urn },
        ],
        contained: [{ resourceType: 'Group', managingEntity: { reference: link } }],
      })
      const after = before('Patient/1') as Record<string, unknown> & { text: { div: string } }
      after.text.div = after.text.div.replaceAll("'", '"')
      if (known) {
        after.instantiatesUri = ['Patient/1']
        after.identifier = [{ system: 'Patient/1', value: urn }]
      } else after.instantiatesUri = ['Patient/1']
      expect(rewritten(before(urn), known)).toEqual(after)
    },
  )

  test('keeps the digits of numbers', () => {
    const text = `{"resourceType":"Observation","subject":{"reference":"${urn}"},"valueQuantity":{"value":1.00}}`
    const resource = parseJson(Buffer.from(text)) as object
    rewriteReferences(resource, rewrite, definitions)
    expect(printJson(resource)).toBe(text.replace(urn, 'Patient/1'))
  })

  test('tells where a link stands', () => {
    const seen: string[] = []
    const resource = {
      resourceType: 'Patient',
      text: { div: '<a href="c?a&amp;b">' },
      link: [{ other: { reference: 'a' } }],
      photo: [{ url: 'b' }],
    }
    rewriteReferences(resource, (text, place) => (seen.push(`${place} ${text}`), undefined), definitions)
    expect(seen.sort()).toEqual(['narrative c?a&b', 'reference a', 'uri b'])
  })

  test('puts a link into a narrative as XML', () => {
    const resource = { resourceType: 'Patient', text: { div: '<a href="a">' } }
    rewriteReferences(resource, () => 'b?x="&y', definitions)
    expect(resource.text.div).toBe('<a href="b?x=&quot;&amp;y">')
  })

  test('bears anything misshapen', () => {
    const odd = {
      resourceType: 'Patient',
      text: 'x',
      name: [null, [['a']], 7],
      link: { other: [[{ reference: urn }]] },
      _birthDate: null,
      active: 'x',
    }
    rewriteReferences(odd, rewrite, definitions)
    expect(odd.link).toEqual({ other: [[{ reference: 'Patient/1' }]] })
  })
})
