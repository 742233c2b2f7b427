/** Dates, partial dates, the clock and durations. https://hl7.org/fhirpath/N1/#datetime-arithmetic */
import { describe, expect, test } from 'vitest'
import { observation, patient } from './expressions.ts'
import { path, refusal } from './path.ts'

const of = (birthDate: string) => ({ ...patient, birthDate })

describe('the clock', () => {
  test('today, now and the time of day are those of the clock given, at the offset given', () => {
    expect(path('today() | now() | timeOfDay()')).toEqual([
      '2024-05-06',
      '2024-05-06T10:03:04.005+08:00',
      '10:03:04.005',
    ])
  })

  test('today is another day where the offset makes it one', () => {
    const now = () => new Date('2024-05-06T20:00:00Z')
    expect(path('today()', undefined, {}, { now, offset: 480 })).toEqual(['2024-05-07'])
    expect(path('today()', undefined, {}, { now, offset: -600 })).toEqual(['2024-05-06'])
  })

  test('the clock stands still during an evaluation', () => {
    let ticks = 0
    const now = () => new Date(Date.UTC(2024, 0, 1) + 1000 * ticks++)
    expect(path('(1 | 2 | 3).select(now().toString())', undefined, {}, { now })).toHaveLength(3)
    expect(path('now() = now()', undefined, {}, { now })).toEqual([true])
    expect(ticks).toBe(2)
  })
})

describe('an age', () => {
  const adult = 'birthDate <= today() - 18 years'
  test.each([
    ['2006-05-06', [true]],
    ['2006-05-07', [false]],
    ['2005', [true]],
    ['2006', []],
    ['2006-05', []],
    ['2006-04', [true]],
    ['2007', [false]],
  ])('a birthDate of %s is known to be that of an adult as far as it is told', (birthDate, answer) => {
    expect(path(adult, of(birthDate))).toEqual(answer)
  })

  test('a birthDate that is none cannot be compared', () => {
    expect(refusal(adult, of('06/05/2006')).message).toContain(
      'A date cannot be compared with a Date at line 1 column 11: its text is not of that form',
    )
  })
})

describe('times with an offset', () => {
  test.each([
    ['effective = @2024-05-06T02:20:30Z', [true]],
    ['effective > @2024-05-06T02:20:29Z', [true]],
    // in the time zone of the evaluation it is that day, and when on it is not told
    ['effective > @2024-05-06', []],
    ['effective > @2024-05-05', [true]],
    ['@2024-05-06T01:00:00+08:00 > @2024-05-05', [true]],
    ['@2024-05-06T10:00:00 = @2024-05-06T02:00:00Z', [true]],
    ['@2024-05-06T10:00 = @2024-05-06T10:00:00', []],
    ['@2024-05-06T10:00:00.0 = @2024-05-06T10:00:00', [true]],
    ['@2024-05-06T10:00:00.001 > @2024-05-06T10:00:00', [true]],
    ['@T10:00 < @T10:00:30', []],
    ['@2024-05 ~ @2024', [false]],
  ])('%s', (text, answer) => {
    expect(path(text, observation)).toEqual(answer)
  })
})

describe('durations', () => {
  test.each([
    ['@2024-01-31 + 1 month', '2024-02-29'],
    ['@2023-01-31 + 1 month', '2023-02-28'],
    ['@2024-02-29 - 1 year', '2023-02-28'],
    ['@2024-03-31 - 1 month', '2024-02-29'],
    ['@2024-12-31 + 1 day', '2025-01-01'],
    ['@2024-05-06 + 2 weeks', '2024-05-20'],
    ['@2024 + 24 months', '2026'],
    ['@2024 + 364 days', '2024'],
    ['@2024-05 + 40 days', '2024-06'],
    ['@2024-05-06 + 1.9 days', '2024-05-07'],
    ['@2024-05-06 + 25 hours', '2024-05-07'],
    ['@2024-05-06T23:30:00+08:00 + 45 minutes', '2024-05-07T00:15:00+08:00'],
    ["@2024-05-06T23:30:00Z + 1 'h'", '2024-05-07T00:30:00Z'],
    ['@2024-05-06T10:00:00 + 1.5 seconds', '2024-05-06T10:00:01.500'],
    ['@T23:30 + 1 hour', '00:30'],
    ['@T00:10 - 20 minutes', '23:50'],
    ['today() - 18 years', '2006-05-06'],
  ])('%s', (text, answer) => {
    expect(path(text)).toEqual([answer])
  })

  test.each([
    ['@2024 + 9000 years', 'out of range'],
    ["@2024-05-06 + 1 'mo'", 'use a calendar duration: 1 months'],
    ["@2024-05-06 + 1 'mg'", 'cannot be added to a date'],
    ['@T10:00 + 1 day', 'cannot be added to a time'],
    ['1 day - @2024-05-06', 'cannot be subtracted'],
  ])('%s is refused', (text, words) => {
    expect(refusal(text).message).toContain(words)
  })

  test("a FHIR Quantity of 'a' is a number of years", () => {
    const age = { resourceType: 'Condition', onsetAge: { value: 30, system: 'http://unitsofmeasure.org', code: 'a' } }
    expect(path('@1990-05-06 + onset', age)).toEqual(['2020-05-06'])
    expect(path("onset > 29 years and onset = 30 'a' and onset < 361 months", age)).toEqual([true])
  })
})
