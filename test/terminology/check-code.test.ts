import { describe, expect, test } from 'vitest'
import type { CodeQuestion } from '../../src/fhir/code-check.ts'
import { misformed } from '../../src/terminology/grammars.ts'
import { makeTerminology } from '../../src/terminology/service.ts'
import { cost } from '../help/cost.ts'
import { filtered, HOSPITAL, packages, valueSet, wards, withOnly } from './parts.ts'

const terminology = makeTerminology({ conformance: packages })
const check = async (question: CodeQuestion) => terminology.checkCode(question)
const SNOMED = 'http://snomed.info/sct'
const ICD = 'http://hl7.org/fhir/sid/icd-10-cm'
const PRIMARY = 'http://hl7.org/fhir/us/mcode/ValueSet/mcode-primary-cancer-disorder-vs'
const INTENT = 'http://hl7.org/fhir/us/mcode/ValueSet/mcode-procedure-intent-vs'

describe('a code of an element of R4', () => {
  const gender = { valueSet: 'http://hl7.org/fhir/ValueSet/administrative-gender|4.0.1', inferSystem: true }

  test('is found with the system the value set takes it from', async () => {
    expect(await check({ code: 'male', ...gender })).toEqual({
      result: 'yes',
      system: 'http://hl7.org/fhir/administrative-gender',
      display: 'Male',
    })
  })

  test('that is not in the value set is refused in both languages, naming the value set', async () => {
    expect(await check({ code: 'man', ...gender })).toMatchObject({
      result: 'no',
      why: 'value-set',
      said: {
        en: expect.stringMatching(/"man" is not in the value set/),
        zh: expect.stringMatching(/「man」不在值集/),
      },
    })
  })

  test('is judged at once, for every required binding of R4', async () => {
    // the first question about a code that nothing is known of reads all value sets
    await check({ system: SNOMED, code: '1' })
    const answers = packages()
      .entries('StructureDefinition')
      .filter(entry => entry.package === 'hl7.fhir.r4.core#4.0.1' && entry.derivation === 'specialization')
      .flatMap(({ url }) => {
        const { element = [] } = (packages().find('StructureDefinition', url)!['snapshot'] ?? {}) as {
          element?: { binding?: { strength: string; valueSet?: string } }[]
        }
        return element.flatMap(({ binding }) =>
          binding?.strength === 'required' && binding.valueSet ? [binding.valueSet] : [],
        )
      })
      .filter(canonical => packages().find('ValueSet', canonical))
      .map(canonical => terminology.checkCode({ code: 'no-such-code', inferSystem: true, valueSet: canonical }))
    expect(answers.length).toBeGreaterThan(300)
    expect(answers.filter(answer => !('result' in answer) || answer.result !== 'no')).toEqual([])
  })

  test('is judged by the grammar of its system: languages, MIME types, currencies, units, countries', async () => {
    const yes: readonly [string, string][] = [
      ['http://hl7.org/fhir/ValueSet/mimetypes', 'application/fhir+json; charset=utf-8'],
      ['http://hl7.org/fhir/ValueSet/languages', 'zh-TW'],
      ['http://hl7.org/fhir/ValueSet/all-languages', 'zh-Hant-TW'],
      ['http://hl7.org/fhir/ValueSet/currencies', 'TWD'],
      ['http://hl7.org/fhir/ValueSet/ucum-units', '10*3/uL'],
      ['http://hl7.org/fhir/ValueSet/iso3166-1-3', 'TWN'],
    ]
    for (const [valueSetUrl, code] of yes)
      expect([code, await check({ code, inferSystem: true, valueSet: valueSetUrl })]).toMatchObject([code, { result: 'yes' }]) // prettier-ignore
    const no: readonly [string, string][] = [
      ['http://hl7.org/fhir/ValueSet/mimetypes', 'pdf'],
      ['http://hl7.org/fhir/ValueSet/all-languages', 'qq-TW'],
      ['http://hl7.org/fhir/ValueSet/all-languages', 'zh_TW'],
      ['http://hl7.org/fhir/ValueSet/currencies', 'NTD'],
      ['http://hl7.org/fhir/ValueSet/ucum-units', 'mgg'],
      ['http://hl7.org/fhir/ValueSet/iso3166-1-3', 'TW'],
    ]
    for (const [valueSetUrl, code] of no)
      expect([code, await check({ code, inferSystem: true, valueSet: valueSetUrl })]).toMatchObject([code, { result: 'no' }]) // prettier-ignore
  })
})

describe('a code of a system with a grammar', () => {
  const result = async (system: string, code: string) => (await check({ system, code })).result

  test('is no language when it is a word: subtags of more than three letters are none', async () => {
    expect(await result('urn:ietf:bcp:47', 'zh-TW')).toBe('yes')
    expect(await result('urn:ietf:bcp:47', 'chinese')).toBe('no')
    // of three letters there are thousands, and not all are here
    expect(await result('urn:ietf:bcp:47', 'qqz')).not.toBe('no')
  })

  test('is a URI, may be a reference without a scheme, and is never text with spaces', async () => {
    expect(await result('urn:ietf:rfc:3986', 'urn:oid:1.2.840.10008.5.1.4.1.1.2')).toBe('yes')
    expect(await result('urn:ietf:rfc:3986', '1.2.840.10008.5.1.4.1.1.2')).toBe('unknown')
    expect(await result('urn:ietf:rfc:3986', 'CT image')).toBe('no')
  })
})

describe('a system whose content is not here', () => {
  test('has the codes that a value set enumerates, with their displays', async () => {
    expect(await check({ system: ICD, code: 'C50.911', valueSet: PRIMARY })).toEqual({
      result: 'yes',
      system: ICD,
      display: 'Malignant neoplasm of unspecified site of right female breast',
    })
    expect(await check({ system: 'http://loinc.org', code: '21907-1' })).toMatchObject({ result: 'yes' })
  })

  test('a code that only a filter could take is unknown, not wrong', async () => {
    expect(await check({ system: SNOMED, code: '254637007', valueSet: PRIMARY })).toMatchObject({
      result: 'unknown',
      why: 'filter',
      said: { en: expect.stringMatching(/cannot be checked here/), zh: expect.stringMatching(/無法在本伺服器檢查/) },
    })
  })

  test('a code is wrong where the value set enumerates all it takes', async () => {
    expect(await check({ system: SNOMED, code: '254637007', valueSet: INTENT })).toMatchObject({
      result: 'no',
      why: 'value-set',
    })
    expect(await check({ system: ICD, code: 'I10', valueSet: PRIMARY })).toMatchObject({ result: 'no', why: 'value-set' })
  }) // prettier-ignore

  test('a mistyped code is told by its check digit', async () => {
    expect(await check({ system: SNOMED, code: '254637008' })).toMatchObject({ result: 'no', why: 'code' })
    expect(await check({ system: 'http://loinc.org', code: '21907-2' })).toMatchObject({ result: 'no', why: 'code' })
    expect(await check({ system: SNOMED, code: '999900000' })).toMatchObject({ result: 'unknown' })
    expect(await check({ system: SNOMED, code: '254637007:272741003=24028007' })).toMatchObject({ result: 'unknown' })
  })

  test('no code that a loaded value set enumerates has a wrong check digit', () => {
    const wrong: string[] = []
    for (const { url, version } of packages().entries('ValueSet')) {
      const set = packages().find('ValueSet', version === undefined ? url : `${url}|${version}`)
      const { include = [] } = (set?.['compose'] ?? {}) as { include?: { system?: string; concept?: { code: string }[] }[] } // prettier-ignore
      for (const { system, concept = [] } of include)
        if (system === SNOMED || system === 'http://loinc.org')
          for (const { code } of concept) if (misformed(system, code)) wrong.push(`${url} ${system} ${code}`)
    }
    expect(wrong).toEqual([])
  }, 30_000)

  test('a system or value set nobody has heard of is unknown', async () => {
    expect(await check({ system: 'http://nobody.example.org', code: 'x' })).toMatchObject({ result: 'unknown', why: 'system' }) // prettier-ignore
    expect(await check({ system: 'http://nobody.example.org', code: 'x', valueSet: 'http://nobody.example.org/vs' })).toMatchObject({ result: 'unknown', why: 'value-set' }) // prettier-ignore
  })
})

describe('a system that is here completely', () => {
  const own = withOnly([
    wards,
    valueSet('urn:vs:all', { include: [{ system: HOSPITAL }] }),
    valueSet('urn:vs:onc', { include: [filtered('is-a', 'ONC')] }),
    valueSet('urn:vs:mixed', { include: [filtered('is-a', 'ONC'), { system: SNOMED, filter: [{ property: 'concept', op: 'is-a', value: '73211009' }] }] }),
    valueSet('urn:vs:excluding', { include: [{ system: HOSPITAL }], exclude: [filtered('is-a', 'ONC')] }),
    valueSet('urn:vs:unsure', { include: [{ system: HOSPITAL }], exclude: [{ valueSet: ['urn:vs:gone'] }] }),
    valueSet('urn:vs:ring', { include: [{ valueSet: ['urn:vs:ring-2'] }, { system: HOSPITAL, concept: [{ code: 'ER' }] }] }),
    valueSet('urn:vs:ring-2', { include: [{ valueSet: ['urn:vs:ring'] }] }),
    valueSet('urn:vs:two', { include: [{ system: HOSPITAL, valueSet: ['urn:vs:onc', 'urn:vs:chi'] }] }),
    valueSet('urn:vs:chi', { include: [filtered('descendent-of', 'CHI')] }),
    valueSet('urn:vs:active', { inactive: false, include: [{ system: HOSPITAL }] }),
  ]) // prettier-ignore
  const verdict = async (set: string | undefined, code: string, more: Partial<CodeQuestion> = {}) =>
    own.checkCode({ system: HOSPITAL, code, ...(set ? { valueSet: `urn:vs:${set}` } : {}), ...more })
  const result = async (set: string, code: string) => (await verdict(set, code)).result

  test('has no other codes', async () => {
    expect(await verdict(undefined, 'ONC-9Z')).toMatchObject({ result: 'no', why: 'code' })
    expect(await verdict('all', 'ONC-9Z')).toMatchObject({ result: 'no', why: 'code' })
    expect(await verdict('all', 'ER', { system: 'http://other.example.org' })).toMatchObject({ result: 'no', why: 'system' }) // prettier-ignore
  })

  test('a coding without a system is in no value set', async () => {
    expect(await own.checkCode({ code: 'ER', valueSet: 'urn:vs:all' })).toMatchObject({ result: 'no', why: 'system' })
  })

  test('hierarchies, excludes, imports and intersections are computed', async () => {
    expect(await result('onc', 'ONC-7A')).toBe('yes')
    expect(await result('onc', 'CHI-ONC')).toBe('yes')
    expect(await result('onc', 'ER')).toBe('no')
    expect(await result('excluding', 'ER')).toBe('yes')
    expect(await result('excluding', 'CHI-ONC')).toBe('no')
    expect(await result('two', 'CHI-ONC')).toBe('yes')
    expect(await result('two', 'CHI-1')).toBe('no')
    expect(await result('active', 'ONC-7B')).toBe('no')
  })

  test('of several includes, one that can be computed is enough for yes; no needs all of them', async () => {
    expect(await result('mixed', 'ONC-7A')).toBe('yes')
    expect(await result('mixed', 'ER')).toBe('no')
    expect((await verdict('mixed', '22298006', { system: SNOMED })).result).toBe('unknown')
    expect((await verdict('mixed', '73211009', { system: SNOMED })).result).toBe('yes')
  })

  test('what an unknown value set may exclude is unknown', async () => {
    expect(await result('unsure', 'ER')).toBe('unknown')
  })

  test('value sets that import each other in a ring end in an answer', async () => {
    expect(await result('ring', 'ER')).toBe('yes')
    expect(await result('ring', 'CHI')).toBe('unknown')
    expect(await result('ring-2', 'ER')).toBe('yes')
  })

  test('a display that is none of its displays is told, with those it has', async () => {
    expect(await verdict(undefined, 'ONC', { display: 'Cancer ward' })).toMatchObject({ result: 'yes', displays: ['Oncology', '腫瘤科病房'] }) // prettier-ignore
    expect(await verdict(undefined, 'ONC', { display: 'ＯＮＣＯＬＯＧＹ' })).not.toHaveProperty('displays')
    expect(await verdict(undefined, 'ONC', { display: '腫瘤科病房' })).not.toHaveProperty('displays')
  })

  test('inactive and abstract codes are told', async () => {
    expect(await verdict('all', 'ONC-7B')).toMatchObject({ result: 'yes', inactive: true })
    expect(await verdict('all', 'ONC')).toMatchObject({ result: 'yes', abstract: true })
  })

  test('a version that is not here is no reason to refuse a code that may be new', async () => {
    expect(await verdict(undefined, 'NEW', { version: '3' })).toMatchObject({ result: 'unknown' })
    expect(await verdict(undefined, 'ER', { version: '3' })).toMatchObject({ result: 'yes' })
  })
})

describe('a fragment', () => {
  test('knows what is in it; the rest is unknown', async () => {
    const fragment = { ...wards, content: 'fragment' }
    const own = withOnly([
      fragment,
      valueSet('urn:vs:all', { include: [{ system: HOSPITAL }] }),
      valueSet('urn:vs:onc', { include: [filtered('is-a', 'ONC')] }),
    ])
    const ask = async (code: string, set?: string) =>
      own.checkCode({ system: HOSPITAL, code, ...(set ? { valueSet: set } : {}) })
    expect((await ask('ER')).result).toBe('yes')
    expect((await ask('NEW')).result).toBe('unknown')
    expect((await ask('NEW', 'urn:vs:all')).result).toBe('unknown')
    expect((await ask('ONC-7A', 'urn:vs:onc')).result).toBe('yes')
    expect((await ask('ER', 'urn:vs:onc')).result).toBe('unknown')
  })
})

test('a published expansion answers where the definition cannot be computed', async () => {
  const own = withOnly([
    valueSet('urn:vs:expanded', { include: [{ system: SNOMED, filter: [{ property: 'concept', op: 'is-a', value: '73211009' }] }] }, {
      expansion: { total: 1, contains: [{ system: SNOMED, code: '44054006', display: 'Type 2' }] },
    }),
  ]) // prettier-ignore
  const ask = async (code: string) => own.checkCode({ system: SNOMED, code, valueSet: 'urn:vs:expanded' })
  expect((await ask('44054006')).result).toBe('yes')
  expect((await ask('22298006')).result).toBe('no')
  expect((await own.expand('urn:vs:expanded')).contains).toMatchObject([{ code: '44054006' }])
})

test('a value set too large to be computed is unknown, and nothing fails', async () => {
  const include = Array.from({ length: 5_001 }, (_, i) => ({ system: `urn:${i}` }))
  const own = withOnly([valueSet('urn:vs:huge', { include })])
  expect(await own.checkCode({ system: 'urn:1', code: 'a', valueSet: 'urn:vs:huge' })).toMatchObject({
    result: 'unknown',
  })
})

test('a changed value set is answered anew', async () => {
  let conformance = packages().with([valueSet('urn:vs:x', { include: [{ system: 'urn:s', concept: [{ code: 'a' }] }] }) as never])
  const own = makeTerminology({ conformance: () => conformance })
  const ask = async () => (await own.checkCode({ system: 'urn:s', code: 'b', valueSet: 'urn:vs:x' })).result
  expect(await ask()).toBe('no')
  conformance = packages().with([valueSet('urn:vs:x', { include: [{ system: 'urn:s', concept: [{ code: 'b' }] }] }) as never])
  expect(await ask()).toBe('yes')
}) // prettier-ignore

test('a question asked again takes less than 3 microseconds', async () => {
  const questions: CodeQuestion[] = [
    { code: 'male', valueSet: 'http://hl7.org/fhir/ValueSet/administrative-gender', inferSystem: true },
    { system: ICD, code: 'C50.911', valueSet: PRIMARY, from: 'hl7.fhir.us.mcode#4.0.0' },
    { system: 'http://terminology.hl7.org/CodeSystem/observation-category', code: 'laboratory', display: 'Laboratory' },
  ]
  for (const question of questions) await check(question)
  const count = 300_000
  const taken = await cost(() => {
    for (let i = 0; i < count; i++) void terminology.checkCode(questions[i % 3]!)
  })
  expect((taken / count) * 1_000).toBeLessThan(3)
})
