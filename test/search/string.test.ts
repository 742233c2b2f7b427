import { describe, expect, test } from 'vitest'
import { string } from '../../src/search/string.ts'
import { fold, words } from '../../src/search/words.ts'
import { matches, readingOf } from './ask.ts'

const reading = readingOf('Patient', 'name')
const entries = (value: unknown, dataType = 'HumanName') => string.index(value, dataType, 'name')
const texts = (value: unknown, dataType?: string) =>
  entries(value, dataType).map(entry => 'text' in entry && entry.text)
const finds = async (asked: string, value: unknown, modifier?: 'exact' | 'contains') => {
  const filter = modifier ? await string.modifiers[modifier]!(asked, reading) : await string.read(asked, reading)
  return matches(filter, entries(value))
}

describe('a string search', () => {
  test.each([
    ['Chal', { family: 'Chalmers' }, true],
    ['chalmers', { family: 'Chalmers' }, true],
    ['Chalmersx', { family: 'Chalmers' }, false],
    ['almers', { family: 'Chalmers' }, false],
    ['anna', { given: ['Susanna'] }, false],
    ['anna', { given: ['Susanna', 'Anna-Lena'] }, true],
    ['Muller', { family: 'Müller' }, true],
    ['MÜLLER', { family: 'Muller' }, true],
    ['50%', { text: '501' }, false],
    ['50%', { text: '50% more' }, true],
    ['a_b', { text: 'axb' }, false],
    ['van  der', { text: 'van der Berg' }, true],
    ['Lee\\, Ann', { text: 'Lee, Ann' }, true],
    ['c:\\d', { text: 'C:\\d' }, true],
    ['Ｃｈｅｎ', { family: 'Chen' }, true],
    ['chen', { family: 'Ｃｈｅｎ' }, true],
    ['小明', { text: '王小明' }, true],
    ['王小明', { family: '王', given: ['小明'] }, true],
    ['王小', { family: '王', given: ['小明'] }, true],
    ['明王', { family: '王', given: ['小明'] }, false],
    ['official', { use: 'official', family: 'Chalmers' }, false],
    ['か', { text: 'がん' }, false],
  ])('for %s in %j answers %j', async (asked, value, found) => expect(await finds(asked, value)).toBe(found))

  test('with :exact minds case and accents', async () => {
    expect(await finds('Müller', { family: 'Müller' }, 'exact')).toBe(true)
    expect(await finds('müller', { family: 'Müller' }, 'exact')).toBe(false)
    expect(await finds('Mül', { family: 'Müller' }, 'exact')).toBe(false)
  })
  test('with :contains looks inside', async () => {
    expect(await finds('anna', { given: ['Susanna'] }, 'contains')).toBe(true)
    expect(await finds('s%na', { given: ['Susanna'] }, 'contains')).toBe(false)
  })
  test('for white space is refused', () => expect(() => string.read('  ', reading)).toThrow('name:missing=true'))
})

describe('strings are indexed', () => {
  test('part by part, without use and period', () =>
    expect(
      texts({
        use: 'official',
        text: 'Dr Anna Lee',
        family: 'Lee',
        given: ['Anna', 'B'],
        prefix: ['Dr'],
        suffix: ['MD'],
        period: { start: '2020' },
      }),
    ).toEqual(['dr anna lee', 'lee', 'anna', 'b', 'dr', 'md']))
  test('for addresses', () =>
    expect(
      texts(
        {
          use: 'home',
          type: 'physical',
          line: ['1 Main St'],
          city: 'Taipei',
          district: '中山區',
          state: 'X',
          postalCode: '104',
          country: 'TW',
        },
        'Address',
      ),
    ).toEqual(['1 main st', 'taipei', '中山區', 'x', '104', 'tw']))
  test('family and given joined only for Chinese names without text', () => {
    expect(texts({ family: '王', given: ['小明'] })).toEqual(['王', '小明', '王小明'])
    expect(texts({ text: '王小明', family: '王', given: ['小明'] })).toEqual(['王小明', '王', '小明'])
    expect(texts({ family: 'Wang', given: ['Ming'] })).toEqual(['wang', 'ming'])
  })
  test.each([[null], [undefined], [5], [true], [[]], [{ family: { x: 1 } }], [{ given: [null, 7, {}] }], ['   ']])(
    'not at all for %j',
    value => expect(entries(value)).toEqual([]),
  )
})

describe('folding', () => {
  test.each([
    ['Émile  Zola', 'emile zola'],
    ['ＡＢＣ１２３', 'abc123'],
    ['℡', 'tel'],
    ['İstanbul', 'istanbul'],
    ['が', 'が'],
    ['ｶﾞ', 'ガ'],
    ['  x\n\ty ', 'x y'],
    ['한글', '한글'],
    ['\u0041\u030a', 'a'],
  ])('turns %j into %j', (text, folded) => {
    expect(fold(text)).toBe(folded)
    expect(fold(folded)).toBe(folded)
  })
})

describe('words', () => {
  test.each([
    ['COVID-19 test', 'covid 19 test'],
    ['糖尿病type2患者', '糖 尿 病 type2 患 者'],
    ['Ｔｙｐｅ２', 'type2'],
    ['カルテ', 'カ ル テ'],
    ['!?', ''],
    ['naïve', 'naive'],
    ['a_b', 'a b'],
    ['𠮷野', '𠮷 野'],
    ['', ''],
  ])('of %j are %j', (text, expected) => expect(words(text)).toBe(expected))
})
