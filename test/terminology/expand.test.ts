import { describe, expect, test } from 'vitest'
import { FhirError } from '../../src/fhir/outcome.ts'
import { makeTerminology } from '../../src/terminology/service.ts'
import type { ExpandOptions } from '../../src/terminology/terminology.ts'
import { cost } from '../help/cost.ts'
import { filtered, HOSPITAL, packages, valueSet, wards, withOnly } from './parts.ts'

const own = withOnly([
  wards,
  valueSet('urn:vs:all', { include: [{ system: HOSPITAL }] }),
  valueSet('urn:vs:ring', { include: [{ valueSet: ['urn:vs:ring'] }] }),
  valueSet('urn:vs:partly', { include: [{ system: HOSPITAL, concept: [{ code: 'ER' }] }, { system: 'http://snomed.info/sct' }] }),
]) // prettier-ignore
const standard = makeTerminology({ conformance: packages })

const codes = async (set: string | object, options: ExpandOptions & { partial?: boolean } = {}) =>
  (await own.expand(set, options)).contains.map(({ code }) => code)
const of = (compose: object) => valueSet('urn:vs:sent', compose)
const refusal = async (asked: Promise<unknown>) => {
  const error = await asked.then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
  expect(error).toBeInstanceOf(FhirError)
  return { status: (error as FhirError).status, code: (error as FhirError).issues[0]!.code, text: (error as FhirError).message }
} // prettier-ignore

describe('an expansion', () => {
  test('has all codes in the order of the code system', async () => {
    expect(await codes('urn:vs:all')).toEqual(['ONC', 'ONC-7A', 'ONC-7B', 'CHI', 'CHI-1', 'CHI-ONC', 'ER'])
  })

  test('is filtered by the beginnings of words, in any language, whatever case and width', async () => {
    expect(await codes('urn:vs:all', { filter: 'ward 7' })).toEqual(['ONC-7A', 'ONC-7B'])
    expect(await codes('urn:vs:all', { filter: 'ＥＭＥＲ' })).toEqual(['ER'])
    expect(await codes('urn:vs:all', { filter: '瘤科' })).toEqual(['ONC'])
    expect(await codes('urn:vs:all', { filter: 'mergency' })).toEqual([])
    expect(await codes('urn:vs:all', { filter: 'onc-7b' })).toEqual(['ONC-7B'])
    expect(await codes('urn:vs:all', { filter: '  ' })).toHaveLength(7)
  })

  test('comes in pages that neither repeat nor skip', async () => {
    const pages = await Promise.all([0, 3, 6, 9].map(offset => own.expand('urn:vs:all', { offset, count: 3 })))
    expect(pages.map(({ total }) => total)).toEqual([7, 7, 7, 7])
    expect(pages.flatMap(({ contains }) => contains.map(({ code }) => code))).toEqual(await codes('urn:vs:all'))
    expect(await own.expand('urn:vs:all', { count: 0 })).toMatchObject({ total: 7, contains: [] })
  })

  test('comes in pages over several includes, too', async () => {
    const set = of({ include: [filtered('is-a', 'CHI'), { system: 'urn:s', concept: [{ code: 'x' }, { code: 'y' }] }, filtered('is-a', 'ONC')] }) // prettier-ignore
    const all = await codes(set)
    expect(all).toEqual(['CHI', 'CHI-1', 'CHI-ONC', 'x', 'y', 'ONC', 'ONC-7A', 'ONC-7B'])
    for (const count of [1, 2, 3]) {
      const pages = Array.from({ length: Math.ceil(8 / count) }, (_, i) => codes(set, { count, offset: i * count }))
      expect((await Promise.all(pages)).flat()).toEqual(all)
    }
  })

  test('nests when asked to', async () => {
    const { contains } = await own.expand('urn:vs:all', { excludeNested: false })
    expect(contains.map(({ code, contains: below }) => [code, (below ?? []).map(each => each.code)])).toEqual([
      ['ONC', ['ONC-7A', 'ONC-7B', 'CHI-ONC']],
      ['CHI', ['CHI-1']],
      ['ER', []],
    ])
  })

  test('leaves out inactive codes, and shows displays and designations, as asked', async () => {
    expect(await codes('urn:vs:all', { activeOnly: true })).not.toContain('ONC-7B')
    const [first] = (await own.expand('urn:vs:all', { displayLanguage: 'zh-TW', includeDesignations: true })).contains
    expect(first).toEqual({
      system: HOSPITAL,
      version: '2',
      code: 'ONC',
      display: '腫瘤科病房',
      abstract: true,
      designation: [{ language: 'zh-TW', value: '腫瘤科病房' }],
    })
    const [other] = (await own.expand('urn:vs:all', { designation: ['de'] })).contains
    expect(other).not.toHaveProperty('designation')
  })
})

describe('filters of a value set', () => {
  const cases: readonly [string, object, readonly string[]][] = [
    ['is-a', filtered('is-a', 'ONC'), ['ONC', 'ONC-7A', 'ONC-7B', 'CHI-ONC']],
    ['descendent-of', filtered('descendent-of', 'CHI'), ['CHI-1', 'CHI-ONC']],
    ['is-not-a', filtered('is-not-a', 'ONC'), ['CHI', 'CHI-1', 'ER']],
    ['generalizes', filtered('generalizes', 'CHI-ONC'), ['ONC', 'CHI', 'CHI-ONC']],
    ['in', filtered('in', 'ER, CHI', 'concept'), ['CHI', 'ER']],
    ['not-in', filtered('not-in', 'ER,CHI,CHI-1,CHI-ONC'), ['ONC', 'ONC-7A', 'ONC-7B']],
    ['= of a property', filtered('=', '20', 'beds'), ['ONC-7A']],
    ['= of a parent', filtered('=', 'CHI', 'parent'), ['CHI-1', 'CHI-ONC']],
    ['exists', filtered('exists', 'true', 'beds'), ['ONC-7A']],
    ['regex', filtered('regex', 'ONC-7[A-Z]', 'code'), ['ONC-7A', 'ONC-7B']],
    ['not selectable', filtered('=', 'false', 'notSelectable'), ['ONC-7A', 'ONC-7B', 'CHI', 'CHI-1', 'CHI-ONC', 'ER']],
  ] // prettier-ignore
  test.each(cases)('%s', async (_, include, expected) => {
    expect(await codes(of({ include: [include] }))).toEqual(expected)
  })

  test('all of one include must hold; includes add up, each code once; excludes take away', async () => {
    const both = { system: HOSPITAL, filter: [{ property: 'concept', op: 'is-a', value: 'ONC' }, { property: 'concept', op: 'is-a', value: 'CHI' }] } // prettier-ignore
    expect(await codes(of({ include: [both] }))).toEqual(['CHI-ONC'])
    expect(await codes(of({ include: [filtered('is-a', 'CHI'), filtered('is-a', 'ONC')] }))).toEqual(['CHI', 'CHI-1', 'CHI-ONC', 'ONC', 'ONC-7A', 'ONC-7B']) // prettier-ignore
    expect(await codes(of({ include: [{ valueSet: ['urn:vs:all'] }], exclude: [filtered('is-a', 'ONC')] }))).toEqual(['CHI', 'CHI-1', 'ER']) // prettier-ignore
  })

  test('an operator or property that means nothing here is a missing part, not a wrong answer', async () => {
    expect(await refusal(own.expand(of({ include: [filtered('near', 'ONC')] })))).toMatchObject({ status: 422, code: 'not-supported' }) // prettier-ignore
    expect(await refusal(own.expand(of({ include: [filtered('is-a', 'GONE')] })))).toMatchObject({ status: 422 })
  })
})

describe('what cannot be expanded is refused with what to do', () => {
  test('a value set that is not here', async () => {
    expect(await refusal(own.expand('urn:vs:nowhere'))).toMatchObject({ status: 404 })
  })

  test('parts that are not here, unless a part is enough', async () => {
    expect(await refusal(own.expand('urn:vs:partly'))).toMatchObject({ status: 422, code: 'not-supported', text: expect.stringContaining('http://snomed.info/sct') }) // prettier-ignore
    expect(await own.expand('urn:vs:partly', { partial: true })).toMatchObject({
      total: 1,
      missing: ['all codes of http://snomed.info/sct'],
    })
  })

  test('a value set that imports itself', async () => {
    expect(await refusal(own.expand('urn:vs:ring'))).toMatchObject({ status: 422, text: expect.stringContaining('imports itself') }) // prettier-ignore
  })

  test('a negative count or offset', async () => {
    expect(await refusal(own.expand('urn:vs:all', { count: -1 }))).toMatchObject({ status: 400 })
    expect(await refusal(own.expand('urn:vs:all', { offset: -1 }))).toMatchObject({ status: 400 })
  })

  test('more codes than an answer holds, unless it is asked for in pages', async () => {
    const concept = Array.from({ length: 10_001 }, (_, i) => ({ code: `c${i}` }))
    const large = withOnly([valueSet('urn:vs:large', { include: [{ system: 'urn:large', concept }] })])
    expect(await refusal(large.expand('urn:vs:large'))).toMatchObject({ status: 422, code: 'too-costly' })
    expect((await large.expand('urn:vs:large', { count: 5, offset: 10_000 })).contains).toMatchObject([{ code: 'c10000' }]) // prettier-ignore
  })

  test('a regex that would take forever elsewhere takes no time here; one that is not understood is told', async () => {
    const looping = of({ include: [filtered('regex', '(([A-Z]+)+)+[0-9]', 'code')] })
    expect(await cost(async () => expect(await codes(looping)).toEqual([]))).toBeLessThan(1_000)
    const long = { ...wards, url: 'urn:long', concept: [{ code: 'A'.repeat(190) }] }
    const evil = withOnly([long])
    const asked = valueSet('urn:x', { include: [{ system: 'urn:long', filter: [{ property: 'code', op: 'regex', value: '((a|A|aA)*)*b' }] }] }) // prettier-ignore
    expect(await cost(async () => expect((await evil.expand(asked)).total).toBe(0))).toBeLessThan(1_000)
    expect(await refusal(own.expand(of({ include: [filtered('regex', '(?=x)', 'code')] })))).toMatchObject({
      status: 422,
    })
    expect(await refusal(own.expand(of({ include: [filtered('regex', '(((a{1000}){1000}){1000})', 'code')] })))).toMatchObject({ status: 422 }) // prettier-ignore
  })

  test('a value set with very many parts', async () => {
    const include = Array.from({ length: 5_001 }, () => ({ system: HOSPITAL }))
    expect(await refusal(own.expand(of({ include })))).toMatchObject({ status: 422, code: 'too-costly' })
    const system = 'http://terminology.hl7.org/CodeSystem/v3-ActCode'
    const work = Array.from({ length: 4_900 }, () => ({ system }))
    expect(await refusal(standard.expand(of({ include: work })))).toMatchObject({ status: 422, code: 'too-costly' })
  })

  test.each([
    ['nothing at all', {}],
    ['no lists', { compose: { include: 'x', exclude: 5 } }],
    ['lists of nothing', { compose: { include: [null, 5, {}] } }],
    ['broken concepts', { compose: { include: [{ system: HOSPITAL, concept: [null, { code: 5 }] }] } }],
  ])('a broken value set (%s) ends in a refusal or in nothing', async (_, broken) => {
    const found = await own.expand({ resourceType: 'ValueSet', ...broken }).catch((error: unknown) => error)
    if (!(found instanceof FhirError)) expect(found).toMatchObject({ total: 0 })
  })
})

test('value sets that import each other over and over, or very deep, end in an answer in time', async () => {
  const fan = (name: string, size: number, last: object[]) =>
    Array.from({ length: size }, (_, i) =>
      valueSet(`urn:${name}:${i}`, { include: i + 1 < size ? [{ valueSet: [`urn:${name}:${i + 1}`] }, { valueSet: [`urn:${name}:${i + 1}`] }] : last }),
    ) // prettier-ignore
  const deep = Array.from({ length: 3_000 }, (_, i) => valueSet(`urn:deep:${i}`, { include: [{ valueSet: [`urn:deep:${i + 1}`] }] })) // prettier-ignore
  const chain = Array.from({ length: 3_000 }, (_, i) => ({ code: `c${i}`, property: i > 0 ? [{ code: 'parent', valueCode: `c${i - 1}` }] : [] })) // prettier-ignore
  const own = withOnly([
    ...fan('fan', 40, [{ system: 'urn:s', concept: [{ code: 'a' }] }]),
    ...fan('ring', 40, [{ valueSet: ['urn:ring:0'] }]),
    ...deep,
    { resourceType: 'CodeSystem', url: 'urn:chain', status: 'active', content: 'complete', concept: chain },
  ])
  const taken = await cost(async () => {
    for (const name of ['fan', 'ring', 'deep']) {
      const verdict = await own.checkCode({ system: 'urn:s', code: 'b', valueSet: `urn:${name}:0` })
      expect([name, verdict.result]).toEqual([name, 'unknown'])
      await own.checkCode({ code: 'b', valueSet: `urn:${name}:0`, inferSystem: true })
      expect(await refusal(own.expand(`urn:${name}:0`))).toMatchObject({ status: 422 })
    }
    expect(await refusal(own.expand('urn:chain?fhir_vs', { excludeNested: false }))).toMatchObject({ status: 422 })
    expect((await own.expand('urn:chain?fhir_vs')).total).toBe(3_000)
  })
  expect(taken).toBeLessThan(5_000)
})

test('hierarchies that form a ring end', async () => {
  const ring = {
    resourceType: 'CodeSystem', url: 'urn:ring', status: 'active', content: 'complete',
    concept: ['a', 'b', 'c'].map((code, i, all) => ({ code, property: [{ code: 'parent', valueCode: all[(i + 1) % 3] }] })),
  } // prettier-ignore
  const asked = withOnly([ring])
  const isA = valueSet('urn:x', { include: [{ system: 'urn:ring', filter: [{ property: 'concept', op: 'descendent-of', value: 'a' }] }] }) // prettier-ignore
  expect((await asked.expand(isA)).total).toBe(2)
  expect((await asked.expand('urn:ring?fhir_vs', { excludeNested: false })).total).toBe(3)
  expect(await asked.subsumes({ system: 'urn:ring', codeA: 'a', codeB: 'c' })).toBe('subsumes')
})

test('every value set of the packages is expanded, as far as its code systems are here', async () => {
  const problems: string[] = []
  let whole = 0
  const entries = packages().entries('ValueSet')
  for (const { url, version } of entries) {
    const canonical = version === undefined ? url : `${url}|${version}`
    try {
      if ((await standard.expand(canonical, { partial: true, count: 1 })).missing.length === 0) whole++
    } catch (error) {
      problems.push(`${canonical}: ${(error as Error).message}`)
    }
  }
  expect(problems).toEqual([])
  expect(whole / entries.length).toBeGreaterThan(0.9)
}, 60_000)

test('a value set of 1,000 concepts is expanded in less than 6 ms', async () => {
  const url = 'http://hl7.org/fhir/us/mcode/ValueSet/mcode-primary-malignant-neoplasm-disorder-vs'
  const { total } = await standard.expand(url, { partial: true })
  expect(total).toBeGreaterThan(1_000)
  const taken = await cost(async () => {
    for (let i = 0; i < 100; i++) await standard.expand(url, { partial: true })
  })
  expect(taken / 100).toBeLessThan(6)
})
