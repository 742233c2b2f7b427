import { describe, expect, test } from 'vitest'
import { quantity } from '../../src/search/quantity.ts'
import { calculate, canonical, convert, UCUM } from '../../src/search/ucum.ts'
import { matches, readingOf } from './ask.ts'

const reading = readingOf('Observation', 'value-quantity')
const index = (value: unknown) => quantity.index(value, 'Quantity', 'value-quantity')
const finds = async (asked: string, value: unknown) => matches(await quantity.read(asked, reading), index(value))
const of = (value: number, code: string, unit = code) => ({ value, unit, system: UCUM, code })

describe('a quantity search', () => {
  test.each([
    ['5.4', of(5.4, 'mg'), true],
    ['5.4', of(5.44, 'mg'), true],
    ['5.40', of(5.44, 'mg'), false],
    [`5.4|${UCUM}|mg`, of(5.4, 'mg'), true],
    [`5.4|${UCUM}|mg`, of(5.4, 'g'), false],
    [`5.4|${UCUM}|g`, of(5400, 'mg'), true],
    [`5400|${UCUM}|mg`, of(5.4, 'g'), true],
    [`gt5|${UCUM}|g`, of(5400, 'mg'), true],
    [`gt5400|${UCUM}|mg`, of(5.4, 'g'), false],
    [`ge5400|${UCUM}|mg`, of(5.4, 'g'), true],
    [`lt5.4|${UCUM}|g`, of(5400, 'mg'), false],
    [`ne5.4|${UCUM}|g`, of(5400, 'mg'), false],
    [`ne5.4|${UCUM}|g`, of(6400, 'mg'), true],
    [`ne5.4|${UCUM}|g`, of(5.4, 'm'), false],
    [`37.0|${UCUM}|Cel`, of(310.15, 'K'), true],
    [`98.6|${UCUM}|[degF]`, of(37, 'Cel'), true],
    [`gt99|${UCUM}|[degF]`, of(37, 'Cel'), false],
    [`50|${UCUM}|%`, of(0.5, '1'), true],
    [`50|${UCUM}|%`, of(0.5, '{score}'), true],
    [`1|${UCUM}|mmol/L`, of(6.0221367e23, '/m3'), false],
    [`120|${UCUM}|mm[Hg]`, of(16, 'kPa'), true],
    [`7|${UCUM}|no-such-unit`, of(7, 'no-such-unit'), true],
    [`7|${UCUM}|[pH]`, of(7, '[pH]'), true],
    [`5|${UCUM}|[IU]/mL`, of(5, '[IU]/mL'), true],
    [`5|${UCUM}|[IU]/mL`, of(5000, '[IU]/L'), true],
    [`5|${UCUM}|/mL`, of(5, '[IU]/mL'), false],
    ['5.4||mg', of(5.4, 'mg'), true],
    ['5.4||milligram', of(5.4, 'mg', 'milligram'), true],
    ['5.4||mg', { value: 5.4, unit: 'mg' }, true],
    ['5.4||g', of(5400, 'mg'), false],
    ['5.4|http://other|mg', of(5.4, 'mg'), false],
    ['5.4|http://unitsofmeasure.org|', of(5.4, 'kg'), true],
    ['5.40e-3|http://unitsofmeasure.org|g', of(5.4, 'mg'), true],
    ['100|urn:iso:std:iso:4217|TWD', { value: 100, currency: 'TWD' }, true],
    ['100|urn:iso:std:iso:4217|USD', { value: 100, currency: 'TWD' }, false],
    ['le3', { value: 5, comparator: '<' }, true],
    ['ge9', { value: 5, comparator: '<' }, false],
    ['gt1000', { value: 5, comparator: '>=' }, true],
    [`ge4|${UCUM}|g`, { low: of(3000, 'mg'), high: of(5000, 'mg') }, true],
    [`ge6|${UCUM}|g`, { low: of(3000, 'mg'), high: of(5000, 'mg') }, false],
    [`ge6|${UCUM}|g`, { low: of(3000, 'mg') }, true],
    ['gt19', { origin: of(10, 'mV'), factor: 2, data: '1 2 E 5 U' }, true],
    ['gt20', { origin: of(10, 'mV'), factor: 2, data: '1 2 E 5 U' }, false],
  ])('for %s in %j answers %j', async (asked, value, found) => expect(await finds(asked, value)).toBe(found))

  test.each(['', 'mg', '5|mg', '5|a|b|c', '|a|b', 'ge|a|b'])('for %j is refused', asked =>
    expect(() => quantity.read(asked, reading)).toThrow('not a quantity'),
  )
  test('keeps the value as it was measured beside the one in base units', () =>
    expect(index(of(120, 'mg/dL'))).toEqual([
      { kind: 'quantity', param: 'value-quantity', low: 120, high: 120, system: UCUM, code: 'mg/dL', unit: 'mg/dL' },
      {
        kind: 'quantity',
        param: 'value-quantity:canonical',
        low: 1200,
        high: 1200,
        system: UCUM,
        code: 'm-3.g',
        unit: '',
      },
    ]))
  test('indexes nothing for other shapes', () => {
    for (const value of [
      null,
      'x',
      {},
      [],
      { value: '5' },
      { origin: {}, data: '1' },
      { origin: { value: 1 }, data: 'E U' },
      { low: 5 },
    ])
      expect(index(value)).toEqual([])
  })
})

describe('units', () => {
  test('known by heart are as the UCUM tables have them', () => {
    for (const unit of [
      'mg/dL',
      'mmol/L',
      'Cel',
      '[degF]',
      'mm[Hg]',
      '%',
      'kg/m2',
      '10*3/uL',
      'U/L',
      'mo',
      '[IU]/mL',
      '[pH]',
      'kcal',
      'mL/min/{1.73_m2}',
      'fL',
      '/min',
      'mol',
      'meq/L',
    ])
      expect(calculate(unit), unit).toEqual(canonical(unit))
  })
  test('that are none have no base units', () => {
    for (const unit of ['', 'foo', 'mg/dl/', '((', 'x'.repeat(500), '(score)', 'K/uL/'])
      expect(canonical(unit), unit).toBeUndefined()
  })
  test('keep twelve digits', () => expect(convert(0.1 + 0.2, canonical('g')!)).toBe(0.3))
})
