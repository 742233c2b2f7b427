import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { EARLIEST, LATEST, readDate, readPeriod } from '../../src/fhir/period.ts'

const at = (text: string) => Date.parse(text)

describe('a FHIR date is a period', () => {
  test.each([
    ['2024', '2024-01-01T00:00:00.000Z', '2024-12-31T23:59:59.999Z'],
    ['2024-02', '2024-02-01T00:00:00.000Z', '2024-02-29T23:59:59.999Z'],
    ['2023-02', '2023-02-01T00:00:00.000Z', '2023-02-28T23:59:59.999Z'],
    ['1900-02', '1900-02-01T00:00:00.000Z', '1900-02-28T23:59:59.999Z'],
    ['2000-02-29', '2000-02-29T00:00:00.000Z', '2000-02-29T23:59:59.999Z'],
    ['2024-12', '2024-12-01T00:00:00.000Z', '2024-12-31T23:59:59.999Z'],
    ['1969-12-31', '1969-12-31T00:00:00.000Z', '1969-12-31T23:59:59.999Z'],
    ['2024-05-06T07:08', '2024-05-06T07:08:00.000Z', '2024-05-06T07:08:59.999Z'],
    ['2024-05-06T07:08Z', '2024-05-06T07:08:00.000Z', '2024-05-06T07:08:59.999Z'],
    ['2024-05-06T07:08:09', '2024-05-06T07:08:09.000Z', '2024-05-06T07:08:09.999Z'],
    ['2024-05-06T07:08:09+08:00', '2024-05-05T23:08:09.000Z', '2024-05-05T23:08:09.999Z'],
    ['2024-05-06T07:08:09-04:30', '2024-05-06T11:38:09.000Z', '2024-05-06T11:38:09.999Z'],
    ['2024-05-06T07:08:09.1Z', '2024-05-06T07:08:09.100Z', '2024-05-06T07:08:09.199Z'],
    ['2024-05-06T07:08:09.123Z', '2024-05-06T07:08:09.123Z', '2024-05-06T07:08:09.123Z'],
    ['2024-05-06T07:08:09.123456Z', '2024-05-06T07:08:09.123Z', '2024-05-06T07:08:09.123Z'],
    ['2016-12-31T23:59:60Z', '2016-12-31T23:59:59.000Z', '2016-12-31T23:59:59.999Z'],
  ])('%s begins and ends', (text, low, high) => {
    expect(readDate(text)).toEqual({ low: at(low), high: at(high) })
  })

  test('years before 100 are themselves', () => {
    expect(readDate('0050')!.low).toBe(at('0050-01-01T00:00:00Z'))
    expect(readDate('0001-01-01')!.low).toBe(at('0001-01-01T00:00:00Z'))
    expect(readDate('9999')!.high).toBe(LATEST)
  })

  test.each([
    '',
    '24',
    '0000',
    '2024-',
    '2024-13',
    '2024-00',
    '2024-1',
    '2023-02-29',
    '2023-02-30',
    '2024-04-31',
    '2024-05-00',
    '2024-05-6',
    '2024-05-06T',
    '2024-05-06T07',
    '2024-05-06T24:00:00Z',
    '2024-05-06T07:60:00Z',
    '2024-05-06T07:08:61Z',
    '2024-05-06T07:08:09.Z',
    '2024-05-06 07:08:09',
    '2024-05-06T07:08:09+8',
    '2024-05-06T07:08:09+15:00',
    '2024-05-06T07:08:09Zx',
    '2024-05-06T07:08:09z',
    '2024/05/06',
    '05-06-2024',
    'today',
    '20240506',
    ' 2024',
    '2024-05-06T07:08:0９Z',
    '-2024',
    '12024-01-01',
  ])('"%s" is no FHIR date', text => {
    expect(readDate(text)).toBeUndefined()
  })

  test('agrees with the calendar on every instant', () => {
    fc.assert(
      fc.property(
        fc.date({ min: new Date('0001-01-01T00:00:00Z'), max: new Date('9999-12-31T23:59:59Z'), noInvalidDate: true }),
        date => {
          expect(readDate(date.toISOString())).toEqual({ low: date.getTime(), high: date.getTime() })
          expect(readDate(date.toISOString().slice(0, 10))!.low).toBe(Math.floor(date.getTime() / 86400000) * 86400000)
        },
      ),
    )
  })

  test('never throws, whatever the text', () => {
    fc.assert(fc.property(fc.string(), text => void readDate(text)))
  })
})

describe('a Period', () => {
  test('goes from the beginning of its start to the end of its end', () => {
    expect(readPeriod({ start: '2024', end: '2024-02' })).toEqual({
      low: at('2024-01-01T00:00:00Z'),
      high: at('2024-02-29T23:59:59.999Z'),
    })
  })

  test('is open where an end is missing', () => {
    expect(readPeriod({ start: '2024' })!.high).toBe(LATEST)
    expect(readPeriod({ end: '2024' })!.low).toBe(EARLIEST)
    expect(EARLIEST).toBeLessThan(readDate('0001')!.low)
  })

  test.each([
    [undefined],
    [null],
    ['2024'],
    [{}],
    [{ start: 2024 }],
    [{ start: '2024', end: 'soon' }],
    [{ start: '2025', end: '2024' }],
  ])('%j is none', value => {
    expect(readPeriod(value)).toBeUndefined()
  })
})
