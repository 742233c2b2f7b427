import { describe, expect, test } from 'vitest'
import { compare, holds, metresBetween, order, type Subject } from '../../src/search/match.ts'
import type { IndexEntry, Sort } from '../../src/search/query.ts'
import { matches } from './ask.ts'

const words = (text: string): IndexEntry => ({ kind: 'words', param: '_content', text })
const phrase = (text: string, value: string) => holds({ is: 'phrase', value }, words(text))

describe('match', () => {
  test('takes a phrase as whole words next to one another', () => {
    expect(phrase('a big red car', 'big red')).toBe(true)
    expect(phrase('a big red car', 'big car')).toBe(false)
    expect(phrase('a big red car', 'ig red')).toBe(false)
    expect(phrase('a big red car', 'car')).toBe(true)
    expect(phrase('糖 尿 病', '尿 病')).toBe(true)
    expect(phrase('a', '')).toBe(false)
  })
  test('has all of none, and not any of none', () => {
    expect(matches({ is: 'all', parts: [] }, [])).toBe(true)
    expect(matches({ is: 'any', parts: [] }, [])).toBe(false)
  })
  test('wants all of an entry to hold of the same entry', () => {
    const token = (system: string, code: string): IndexEntry => ({ kind: 'token', param: 'code', system, code })
    const where = {
      is: 'and',
      parts: [
        { is: 'compare', by: '=', column: 'system', value: 's' },
        { is: 'compare', by: '=', column: 'code', value: 'c' },
      ],
    } as const
    expect(matches({ is: 'has', param: 'code', kind: 'token', where }, [token('s', 'x'), token('t', 'c')])).toBe(false)
    expect(matches({ is: 'has', param: 'code', kind: 'token', where }, [token('s', 'c')])).toBe(true)
    expect(matches({ is: 'has', param: 'other', kind: 'token', where }, [token('s', 'c')])).toBe(false)
  })
  test('compares strings by code point', () => {
    expect(compare('\uff5e', '𠮷')).toBeLessThan(0)
    expect(compare('a', 'b')).toBeLessThan(0)
    expect(compare('a', 'a b')).toBeLessThan(0)
    expect(compare('Z', 'a')).toBeLessThan(0)
    expect(compare(2, 10)).toBeLessThan(0)
    const sample = ['', 'a', 'ab', 'b', 'Z', '\ud7ff', '\ue000', '\uffff', '\u{10000}', '\u{10ffff}', '王', '明']
    const bytes = sample.toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
    expect(sample.toSorted(compare)).toEqual(bytes)
  })
  test('measures along the great circle', () => {
    const taipeiToKaohsiung = metresBetween(25.033, 121.5654, 22.6273, 120.3014)
    expect(taipeiToKaohsiung).toBeGreaterThan(295_000)
    expect(taipeiToKaohsiung).toBeLessThan(300_000)
    expect(metresBetween(0, 179.9, 0, -179.9)).toBeLessThan(23_000)
    expect(metresBetween(10, 10, 10, 10)).toBe(0)
  })
})

describe('order', () => {
  const subject = (rid: number, ...dates: number[]): Subject => ({
    ref: { type: 'X', id: `x${rid}` },
    rid,
    updated: 100 - rid,
    resource: {},
    entries: dates.map(low => ({ kind: 'date', param: 'date', low, high: low + 10 })),
  })
  const crowd = [subject(1, 5, 50), subject(2), subject(3, 7), subject(4, 5), subject(5)]
  const rids = (...sort: Sort[]) => order({ sort }, crowd).map(each => each.rid)
  const date = { by: 'param', param: 'date', kind: 'date' } as const

  test('without keys: the newest resource first', () => expect(rids()).toEqual([5, 4, 3, 2, 1]))
  test('by the smallest upwards, none last, equal ones newest first', () =>
    expect(rids({ ...date, descending: false })).toEqual([4, 1, 3, 5, 2]))
  test('by the largest downwards, none last', () =>
    expect(rids({ ...date, descending: true })).toEqual([1, 3, 4, 5, 2]))
  test('by several keys', () =>
    expect(rids({ ...date, descending: false }, { by: 'id', descending: false })).toEqual([1, 4, 3, 2, 5]))
  test('by id and time of change', () => {
    expect(rids({ by: 'id', descending: true })).toEqual([5, 4, 3, 2, 1])
    expect(rids({ by: 'updated', descending: true })).toEqual([1, 2, 3, 4, 5])
  })
})
