import { describe, expect, test } from 'vitest'
import { date } from '../../src/search/date.ts'
import { EARLIEST, LATEST } from '../../src/search/query.ts'
import { matches, readingOf } from './ask.ts'

const reading = readingOf('Observation', 'date')
const finds = async (asked: string, value: unknown, dataType = typeof value === 'string' ? 'dateTime' : 'Period') =>
  matches(await date.read(asked, reading), date.index(value, dataType, 'date'))

const may = '2024-05'
const whole = { start: '2024-05-01', end: '2024-05-31' }
const open = { start: '2024-05-10' }
const past = { end: '2024-05-10' }

describe('a date search', () => {
  test.each([
    // eq: what was asked for contains the whole of what is stored
    ['2024-05', '2024-05-07', true],
    ['2024-05-07', '2024-05', false],
    ['2024', whole, true],
    ['2024-05', whole, true],
    ['2024-05-10', whole, false],
    ['2024', open, false],
    ['2024-05-07', '2024-05-07T23:59:59.999Z', true],
    ['2024-05-07', '2024-05-08T00:00:00Z', false],
    ['2024-05-07', '2024-05-08T01:00:00+08:00', true],
    // ne
    ['ne2024-05', '2024-05-07', false],
    ['ne2024-05-07', '2024-05', true],
    ['ne2024', open, true],
    // gt and lt: some of it lies above or below
    ['gt2024-05-07', '2024-05-07', false],
    ['gt2024-05-07', '2024-05-07T10:00:00Z', false],
    ['gt2024-05-07', may, true],
    ['gt2024-05-31', whole, false],
    ['gt2030', open, true],
    ['lt2024-05-01', whole, false],
    ['lt2024-05-02', whole, true],
    ['lt1900', past, true],
    ['lt1900', open, false],
    // ge and le
    ['ge2024-05-07', '2024-05-07', true],
    ['ge2024-05-07', '2024-05-06', false],
    // R4: ge is above, or wholly inside; a month that ends on that day is neither
    ['ge2024-05-31', whole, false],
    ['ge2024-05-30', whole, true],
    ['ge2024-05-01', whole, true],
    ['ge2024-05', whole, true],
    ['ge2024-06-01', whole, false],
    ['ge2024-05-10', past, false],
    ['le2024-05-01', whole, false],
    ['le2024-05-02', whole, true],
    ['le2024-05', whole, true],
    ['le2024-04-30', whole, false],
    ['le2024-05-07', '2024-05-07T23:00:00Z', true],
    // sa and eb: all of it lies above or below
    ['sa2024-05-07', may, false],
    ['sa2024-04', may, true],
    ['sa2024-05-07T10:00:00.000Z', '2024-05-07T10:00:00.000Z', false],
    ['sa2024-05-07T10:00:00.000Z', '2024-05-07T10:00:00.001Z', true],
    ['eb2024-05-07T10:00:00.000Z', '2024-05-07T10:00:00.000Z', false],
    ['sa2024-05-09', open, true],
    ['sa2024-05-10', open, false],
    ['eb2024-05-07', may, false],
    ['eb2024-06', may, true],
    ['eb2024-05-11', past, true],
    // ap: a tenth of the time from then to now
    ['ap2016-01-01', '2015-02-01', true],
    ['ap2016-01-01', '2014-12-01', false],
    ['ap2025-12-31', '2025-12-31', true],
    ['2024-05-07T10:00:00 08:00', '2024-05-07T02:00:00Z', true],
  ])('for %s in %j answers %j', async (asked, value, found) => expect(await finds(asked, value)).toBe(found))

  test.each(['2024-13', 'yesterday', 'xx2024', '2024-02-30', '', 'ge'])('for %j is refused', asked =>
    expect(() => date.read(asked, reading)).toThrow(/is not a (date|prefix)|is not a prefix/),
  )
})

describe('dates are indexed', () => {
  test('with open ends of periods at the ends of time', () => {
    expect(date.index(open, 'Period', 'date')).toEqual([
      { kind: 'date', param: 'date', low: Date.UTC(2024, 4, 10), high: LATEST },
    ])
    expect(date.index(past, 'Period', 'date')).toEqual([
      { kind: 'date', param: 'date', low: EARLIEST, high: Date.UTC(2024, 4, 11) - 1 },
    ])
  })
  test('by the outer limits of a Timing', () =>
    expect(
      date.index(
        { event: ['2024-03-01', '2024-01-01'], repeat: { boundsPeriod: { start: '2024-02-01', end: '2024-04-30' } } },
        'Timing',
        'date',
      ),
    ).toEqual([{ kind: 'date', param: 'date', low: Date.UTC(2024, 0, 1), high: Date.UTC(2024, 4, 1) - 1 }]))
  test.each([[null], [5], ['nonsense'], [{}], [{ event: 'x' }], [{ repeat: {} }], [[]]])('not at all for %j', value =>
    expect(date.index(value, 'Period', 'date')).toEqual([]),
  )
})
