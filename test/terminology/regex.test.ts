import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { compileRegex } from '../../src/terminology/regex.ts'
import { cost } from '../help/cost.ts'

describe('a regex of a filter', () => {
  const patterns = ['[0-9]{3}', 'A.*', '[^A-Z]+', 'a|bc|', '(ab?)+c{2,}', '\\d+\\.\\d*', '[A-Z]{1,2}[0-9][0-9A-Z]?', 'x(?:y|z)*?w', '^C[0-9]{2}(\\.[0-9]+)?$', '\\w+\\s\\W', '[\\d\\-.]+', '[]a]b'] // prettier-ignore
  test.each(patterns)('%s matches whole texts as JavaScript does', pattern => {
    const [ours, theirs] = [compileRegex(pattern), new RegExp(`^(?:${pattern.replace('[]', '[\\]')})$`, 'u')]
    const sample = fc.string({ unit: fc.constantFrom(...'abcxyzwABCZ0123459.- !]_'), maxLength: 8 })
    fc.assert(
      fc.property(sample, text => ours(text) === theirs.test(text)),
      { numRuns: 500 },
    )
    for (const text of ['', '123', 'ABC', 'C50.9', 'C50', 'ababcc', 'xw', 'xyzw', 'a', 'bc', '1.5', ']b'])
      expect([text, ours(text)]).toEqual([text, theirs.test(text)])
  })

  test.each([
    '(',
    'a)',
    '[a',
    'a{2',
    'a{3,2}',
    '*a',
    'a**',
    '(?=a)',
    '(?<n>a)',
    '\\1',
    '\\p{L}',
    'a\\',
    '('.repeat(60),
  ])('%s is refused and not misunderstood', pattern => expect(() => compileRegex(pattern)).toThrow(/regex filter/))

  test('that explodes elsewhere is as fast as any other', async () => {
    const matches = compileRegex('(a*)*(a|aa)+(a+)+b')
    expect(await cost(() => expect(matches('a'.repeat(1_000))).toBe(false))).toBeLessThan(500)
  })

  test('gives up after very many steps', () => {
    const matches = compileRegex('(a|a|a|a|a|a|a|a|a|a|a|a|a|a|a|a){0,50}b')
    expect(() => {
      for (let i = 0; i < 100_000; i++) matches('a'.repeat(900))
    }).toThrow(/too long/)
  }, 30_000)
})
