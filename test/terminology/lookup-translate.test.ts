import { describe, expect, test } from 'vitest'
import { FhirError } from '../../src/fhir/outcome.ts'
import { makeTerminology } from '../../src/terminology/service.ts'
import { HOSPITAL, packages, wards, withOnly } from './parts.ts'

const own = withOnly([wards])
const standard = makeTerminology({ conformance: packages })
const statusOf = (asked: Promise<unknown>) =>
  asked.then(
    () => 200,
    (error: unknown) => (error instanceof FhirError ? error.status : error),
  )

describe('lookup', () => {
  test('tells display, designations, definition, properties, parents and children', async () => {
    const found = await own.lookup({ system: HOSPITAL, code: 'CHI-ONC' })
    expect(found).toMatchObject({ name: 'Wards', version: '2', display: "Children's oncology" })
    expect(found.property.filter(({ code }) => code === 'parent').map(({ value }) => value)).toEqual(['ONC', 'CHI'])
    const above = await own.lookup({ system: HOSPITAL, code: 'ONC', displayLanguage: 'zh-Hant' })
    expect(above.display).toBe('腫瘤科病房')
    expect(above.property).toEqual(
      expect.arrayContaining([
        { code: 'definition', type: 'string', value: 'All of oncology' },
        { code: 'child', type: 'code', value: 'ONC-7A' },
      ]),
    )
  })

  test('designations of a supplement are the code system’s too', async () => {
    const supplement = {
      resourceType: 'CodeSystem', url: 'urn:supplement', status: 'active', content: 'supplement', supplements: HOSPITAL,
      concept: [{ code: 'ER', designation: [{ language: 'zh-TW', value: '急診' }] }],
    } // prettier-ignore
    const both = withOnly([wards, supplement])
    expect((await both.lookup({ system: HOSPITAL, code: 'ER', displayLanguage: 'zh-TW' })).display).toBe('急診')
    expect(await both.checkCode({ system: HOSPITAL, code: 'ER', display: '急診' })).not.toHaveProperty('displays')
  })

  test('of a system with a grammar, and of an enumerated code', async () => {
    expect(await standard.lookup({ system: 'urn:iso:std:iso:4217', code: 'TWD' })).toMatchObject({ display: 'New Taiwan Dollar' }) // prettier-ignore
    expect(await standard.lookup({ system: 'urn:ietf:bcp:47', code: 'zh-TW', displayLanguage: 'zh-TW' })).toMatchObject({ display: '中文（台灣）' }) // prettier-ignore
    expect(await standard.lookup({ system: 'http://loinc.org', code: '21907-1' })).toMatchObject({ display: expect.stringContaining('metastases') }) // prettier-ignore
  })

  test('404 for what is not known', async () => {
    expect(await statusOf(own.lookup({ system: HOSPITAL, code: 'X' }))).toBe(404)
    expect(await statusOf(own.lookup({ system: 'urn:nobody', code: 'X' }))).toBe(404)
  })
})

describe('subsumes', () => {
  const ask = (codeA: string, codeB: string) => own.subsumes({ system: HOSPITAL, codeA, codeB })
  test('says how two codes stand, over all parents', async () => {
    expect(await ask('ONC', 'ONC')).toBe('equivalent')
    expect(await ask('CHI', 'CHI-ONC')).toBe('subsumes')
    expect(await ask('CHI-ONC', 'ONC')).toBe('subsumed-by')
    expect(await ask('ER', 'ONC')).toBe('not-subsumed')
  })
  test('says so when it cannot be told', async () => {
    expect(await statusOf(ask('ER', 'X'))).toBe(404)
    const fragment = withOnly([{ ...wards, content: 'fragment' }])
    expect(await fragment.subsumes({ system: HOSPITAL, codeA: 'CHI', codeB: 'CHI-1' })).toBe('subsumes')
    expect(await statusOf(fragment.subsumes({ system: HOSPITAL, codeA: 'ER', codeB: 'CHI' }))).toBe(422)
    expect(await statusOf(standard.subsumes({ system: 'http://loinc.org', codeA: '21907-1', codeB: '21906-3' }))).toBe(422) // prettier-ignore
  })
})

describe('translate', () => {
  const map = {
    resourceType: 'ConceptMap', url: 'urn:map', status: 'active', sourceUri: 'urn:vs:source', targetUri: 'urn:vs:target',
    group: [{
      source: 'urn:a', target: 'urn:b',
      element: [
        { code: '1', target: [{ code: 'one', display: 'One', equivalence: 'equivalent' }, { code: 'numbers', equivalence: 'wider' }] },
        { code: '2', target: [{ code: 'two-m', equivalence: 'equal', dependsOn: [{ property: 'urn:sex', value: 'm' }] }, { code: 'two-f', equivalence: 'equal', dependsOn: [{ property: 'urn:sex', value: 'f' }], product: [{ property: 'urn:more', value: 'x' }] }] },
        { code: '3', target: [{ equivalence: 'unmatched' }] },
      ],
      unmapped: { mode: 'other-map', url: 'urn:map-2' },
    }],
  } // prettier-ignore
  const second = {
    resourceType: 'ConceptMap', url: 'urn:map-2', status: 'active',
    group: [{ source: 'urn:a', target: 'urn:b', element: [], unmapped: { mode: 'fixed', code: 'other' } }],
  } // prettier-ignore
  const loop = { ...second, url: 'urn:loop', group: [{ ...second.group[0]!, unmapped: { mode: 'other-map', url: 'urn:loop' } }] } // prettier-ignore
  const maps = withOnly([map, second, loop])
  const ask = async (code: string, more: object = { conceptMap: 'urn:map' }) =>
    (await maps.translate({ codings: [{ system: 'urn:a', code }], ...more })).map(({ equivalence, concept }) => [equivalence, concept?.code]) // prettier-ignore

  test('gives every target, with its equivalence', async () => {
    expect(await ask('1')).toEqual([['equivalent', 'one'], ['wider', 'numbers']]) // prettier-ignore
    expect(await ask('3')).toEqual([['unmatched', undefined]])
  })
  test('the other way round', async () => {
    const back = await maps.translate({ codings: [{ system: 'urn:b', code: 'numbers' }], conceptMap: 'urn:map', reverse: true }) // prettier-ignore
    expect(back).toMatchObject([{ equivalence: 'narrower', concept: { system: 'urn:a', code: '1' } }])
  })
  test('only what the map depends on, with its products', async () => {
    expect(await ask('2')).toEqual([['inexact', 'other']])
    const found = await maps.translate({ codings: [{ system: 'urn:a', code: '2' }], conceptMap: 'urn:map', dependency: [{ property: 'urn:sex', value: 'f' }] }) // prettier-ignore
    expect(found).toMatchObject([{ concept: { code: 'two-f' }, product: [{ property: 'urn:more', value: 'x' }] }])
  })
  test('by source and target when no map is named', async () => {
    expect(await ask('1', { target: 'urn:vs:target' })).toContainEqual(['equivalent', 'one'])
    expect(await ask('1', { targetSystem: 'urn:b', source: 'urn:vs:source' })).toContainEqual(['equivalent', 'one'])
    expect(await ask('1', { target: 'urn:vs:nobody' })).toEqual([])
    expect(await statusOf(ask('1', {}))).toBe(400)
    expect(await statusOf(ask('1', { conceptMap: 'urn:nobody' }))).toBe(404)
  })
  test('codes a map does not have go to the next map, which may not lead back', async () => {
    expect(await ask('9')).toEqual([['inexact', 'other']])
    expect(await ask('9', { conceptMap: 'urn:loop' })).toEqual([])
  })
  test('a broken map maps nothing', async () => {
    expect(await ask('1', { conceptMap: { resourceType: 'ConceptMap', group: [null, { element: 5 }, { element: [{}] }] } })).toEqual([]) // prettier-ignore
  })
})
