import { describe, expect, test } from 'vitest'
import { number } from '../../src/search/number.ts'
import { matches, readingOf } from './ask.ts'

const reading = readingOf('RiskAssessment', 'probability')
const finds = async (asked: string, value: unknown) =>
  matches(await number.read(asked, reading), number.index(value, 'decimal', 'probability'))

describe('a number search', () => {
  test.each([
    ['100', 99.5, true],
    ['100', 100.4999, true],
    ['100', 100.5, false],
    ['100', 99.49, false],
    ['100.00', 100.004, true],
    ['100.00', 100.005, false],
    ['100.00', 99.995, true],
    ['1e2', 95, true],
    ['1e2', 104.9, true],
    ['1e2', 105, false],
    ['1.0e2', 95, true],
    ['1.00e2', 99.5, true],
    ['1.00e2', 99.4, false],
    ['-5', -5.5, true],
    ['-5', -4.5, false],
    ['0', 0.4, true],
    ['1.00', 1, true],
    ['1.00', 1.01, false],
    ['ne100', 100.2, false],
    ['ne100', 101, true],
    // the other prefixes take the number as it stands
    ['gt100', 100.2, true],
    ['gt100', 100, false],
    ['ge100', 100, true],
    ['ge100', 99.9, false],
    ['lt100', 99.9, true],
    ['lt100', 100, false],
    ['le100', 100, true],
    ['sa100', 100.1, true],
    ['eb100', 100, false],
    ['ap100', 91, true],
    ['ap100', 111, false],
    ['ap0', 0.4, true],
    ['eq0.1', 0.1, true],
    ['0.3', 0.1 + 0.2, true],
    ['123456789.123', 123456789.123, true],
    ['1e 2', 100, true],
    // ranges
    ['4', { low: { value: 3 }, high: { value: 5 } }, false],
    ['gt4', { low: { value: 3 }, high: { value: 5 } }, true],
    ['sa4', { low: { value: 3 }, high: { value: 5 } }, false],
    ['ge5', { low: { value: 3 }, high: { value: 5 } }, true],
    ['le2.9', { low: { value: 3 } }, false],
    ['gt1e9', { low: { value: 3 } }, true],
  ])('for %s in %j answers %j', async (asked, value, found) => expect(await finds(asked, value)).toBe(found))

  test.each(['abc', '1,5', '0x10', '', 'ge', '1e999', 'Infinity', '--1', '1.', '.5', 'xy5'])(
    'for %j is refused',
    asked => expect(() => number.read(asked, reading)).toThrow(),
  )
  test('indexes nothing for other shapes', () => {
    for (const value of [null, '5', {}, [], { low: {} }, { low: { value: 'x' } }])
      expect(number.index(value, 'decimal', 'probability')).toEqual([])
  })
})
