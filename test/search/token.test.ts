import { describe, expect, test } from 'vitest'
import type { Expand } from '../../src/search/kind.ts'
import { token } from '../../src/search/token.ts'
import { matches, readingOf } from './ask.ts'

const reading = readingOf('Observation', 'code')
const finds = async (asked: string, value: unknown, dataType: string, modifier?: string, expand?: Expand) => {
  const given = { ...reading, ...(expand ? { expand } : {}) }
  const filter = modifier ? await token.modifiers[modifier]!(asked, given) : await token.read(asked, given)
  return matches(filter, token.index(value, dataType, 'code'))
}

const loinc = 'http://loinc.org'
const bp = {
  coding: [
    { system: loinc, code: '8480-6', display: 'Systolic blood pressure' },
    { system: 'urn:local', code: 'SBP' },
  ],
  text: '收縮壓 Systolic',
}
const bare = { coding: [{ code: '8480-6' }] }
const mrn = {
  use: 'official',
  type: { coding: [{ system: 'http://terminology.hl7.org/CodeSystem/v2-0203', code: 'MR' }], text: 'Medical record' },
  system: 'urn:hospital',
  value: 'A|1',
}

describe('a token search', () => {
  test.each([
    ['8480-6', bp, 'CodeableConcept', true],
    ['SBP', bp, 'CodeableConcept', true],
    ['sbp', bp, 'CodeableConcept', false],
    ['8480', bp, 'CodeableConcept', false],
    ['http://loinc.org|8480-6', bp, 'CodeableConcept', true],
    ['http://loinc.org|SBP', bp, 'CodeableConcept', false],
    ['http://loinc.org|8480-6', bare, 'CodeableConcept', false],
    ['|8480-6', bp, 'CodeableConcept', false],
    ['|8480-6', bare, 'CodeableConcept', true],
    ['http://loinc.org|', bp, 'CodeableConcept', true],
    ['http://snomed.info/sct|', bp, 'CodeableConcept', false],
    ['http://x|', { coding: [{ system: 'http://x' }] }, 'CodeableConcept', true],
    ['8480-6', { system: loinc, code: '8480-6' }, 'Coding', true],
    ['urn:hospital|A\\|1', mrn, 'Identifier', true],
    ['A\\|1', mrn, 'Identifier', true],
    ['male', 'male', 'code', true],
    ['|male', 'male', 'code', true],
    ['http://hl7.org/fhir/administrative-gender|male', 'male', 'code', true],
    ['http://loinc.org|male', 'male', 'code', false],
    ['true', true, 'boolean', true],
    ['false', true, 'boolean', false],
    ['0912-345678', { system: 'phone', value: '0912-345678', use: 'home' }, 'ContactPoint', true],
    ['home', { system: 'phone', value: '0912-345678', use: 'home' }, 'ContactPoint', false],
    ['urn:oid:1.2', 'urn:oid:1.2', 'uri', true],
    ['a\\,b', 'a,b', 'string', true],
  ])('for %s in %j (%s) answers %j', async (asked, value, dataType, found) =>
    expect(await finds(asked, value, dataType)).toBe(found),
  )

  test.each(['', '|', 'a|b|c'])('for %j is refused', asked => expect(() => token.read(asked, reading)).toThrow())

  test.each([
    ['systolic', true],
    ['Blood', true],
    ['lood', false],
    ['blood pres', true],
    ['縮壓', true],
    ['diastolic', false],
  ])('with :text for %s looks at the words beside the code: %j', async (asked, found) =>
    expect(await finds(asked, bp, 'CodeableConcept', 'text')).toBe(found),
  )

  test('with :text finds the type of an identifier', async () =>
    expect(await finds('medical', mrn, 'Identifier', 'text')).toBe(true))
  test('with :of-type wants type and value', async () => {
    const type = 'http://terminology.hl7.org/CodeSystem/v2-0203'
    expect(await finds(`${type}|MR|A\\|1`, mrn, 'Identifier', 'of-type')).toBe(true)
    expect(await finds(`${type}|MR|A`, mrn, 'Identifier', 'of-type')).toBe(false)
    expect(await finds(`${type}|SS|A\\|1`, mrn, 'Identifier', 'of-type')).toBe(false)
    expect(() => token.modifiers['of-type']!('MR|1', reading)).toThrow('type-code')
  })
  test('with :not is true of what has no code at all', async () => {
    expect(await finds('8480-6', bp, 'CodeableConcept', 'not')).toBe(false)
    expect(await finds('9999-9', bp, 'CodeableConcept', 'not')).toBe(true)
    expect(await finds('9999-9', {}, 'CodeableConcept', 'not')).toBe(true)
  })
})

describe('terminology in a token search', () => {
  const expand: Expand = what => {
    if ('valueSet' in what)
      return Promise.resolve(
        what.valueSet === 'http://vs|1'
          ? [
              { system: loinc, code: '8480-6' },
              { system: 'http://s', code: 'x' },
            ]
          : undefined,
      )
    return Promise.resolve(
      what.system === loinc ? [{ system: loinc, code: what.direction === 'below' ? '8480-6' : 'top' }] : undefined,
    )
  }
  test(':in and :not-in go by the codes of the value set', async () => {
    expect(await finds('http://vs|1', bp, 'CodeableConcept', 'in', expand)).toBe(true)
    expect(await finds('http://vs|1', bare, 'CodeableConcept', 'in', expand)).toBe(false)
    expect(await finds('http://vs|1', bp, 'CodeableConcept', 'not-in', expand)).toBe(false)
    expect(await finds('http://vs|1', bare, 'CodeableConcept', 'not-in', expand)).toBe(true)
  })
  test(':below and :above go by the hierarchy, the code itself included', async () => {
    expect(await finds(`${loinc}|parent`, bp, 'CodeableConcept', 'below', expand)).toBe(true)
    expect(await finds(`${loinc}|parent`, bp, 'CodeableConcept', 'above', expand)).toBe(false)
    expect(await finds(`${loinc}|8480-6`, bp, 'CodeableConcept', 'above', expand)).toBe(true)
  })
  test('is refused, saying so, when there is none or it does not know', async () => {
    const refused = { status: 400, issues: [{ code: 'not-supported' }] }
    await expect(finds('http://vs|1', bp, 'CodeableConcept', 'in')).rejects.toMatchObject(refused)
    await expect(finds('http://other', bp, 'CodeableConcept', 'in', expand)).rejects.toMatchObject(refused)
    await expect(finds('http://s|x', bp, 'CodeableConcept', 'below', expand)).rejects.toMatchObject(refused)
    await expect(finds('x', bp, 'CodeableConcept', 'below', expand)).rejects.toMatchObject({ status: 400 })
  })
})

test('tokens are not made of other shapes', () => {
  for (const value of [null, undefined, {}, [], { coding: 'x' }, { coding: [null, 5, { code: 5 }] }, { value: 5 }, ''])
    expect(token.index(value, 'x', 'code')).toEqual([])
})
