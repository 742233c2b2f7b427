/** Functions and operators, by area. https://hl7.org/fhirpath/N1/#functions */
import { describe, expect, test } from 'vitest'
import { patient } from './expressions.ts'
import { path, refusal } from './path.ts'

type Case = [expression: string, ...values: unknown[]]

const gives = (cases: readonly Case[]) =>
  test.each(cases)('%s', (text, ...values) => {
    expect(path(text, patient)).toEqual(values)
  })

describe('existence', () => {
  gives([
    ['name.exists()', true],
    ["name.exists(family = 'Lin')", true],
    ['{}.exists()', false],
    ['{}.all($this = 1)', true],
    ['(1 | 2).all($this > 1)', false],
    ['(true | {}).allTrue()', true],
    ['(true).combine(false).anyFalse()', true],
    ['(1 | 2).subsetOf(1 | 2 | 3)', true],
    ['(1 | 2).supersetOf(1 | 2 | 3)', false],
    ['(1).combine(1).isDistinct()', false],
    ['name.given.count()', 4],
    ['birthDate.hasValue()', true],
    ["name.where(family = 'Lin').given.hasValue()", false],
    ['birthDate.getValue()', '1974-12-25'],
  ])
})

describe('filtering and parts', () => {
  gives([
    ["name.where(use = 'official').family", 'Chen'],
    ['name.where($index = 1).use', 'nickname'],
    ['name.select(given.count())', 2, 1, 1],
    ['name.skip(-1).count()', 3],
    ['(1 | 2 | 3).skip(1)', 2, 3],
    ['(1 | 2 | 3).take(2)', 1, 2],
    ['(1 | 2 | 3).tail().last()', 3],
    ['(1 | 2 | 3)[5]'],
    ['(1 | 2 | 3).intersect(3 | 2)', 2, 3],
    ['(1).combine(1).exclude(2)', 1, 1],
    ['(1 | 2 | 1).union(2 | 3)', 1, 2, 3],
    ['name | name', ...patient.name],
    ['contained.repeat(children()).ofType(string)', 'o1', 'Inside'],
    ['(1 | 2 | 3).aggregate($total + $this, 10)', 16],
    ['(3 | 1 | 2).aggregate(iif($total.empty() or $this < $total, $this, $total))', 1],
    ['(1 | 2 | 3).where(%context.active and $this > 1)', 2, 3],
    ['name.where(given.where($this = %context.name.given.first()).exists()).use', 'official'],
  ])
})

describe('conversion', () => {
  gives([
    ["'T'.toBoolean()", true],
    ["'5'.toInteger() + 1", 6],
    ["'1.5'.toDecimal()", 1.5],
    ["'1.5'.toInteger()"],
    ["'2024-02-30'.toDate()"],
    ["'2024-02-29T10:00:00+08:00'.toDateTime().toDate()", '2024-02-29'],
    ["'2024-02-29T10:00:00+08:00'.toDate()"],
    ["'2024-02'.toDateTime()", '2024-02'],
    ["'24:00'.convertsToTime()", false],
    ['2.0.toString()', '2.0'],
    ['18 years.toString()', '18 years'],
    ["'5 \\'mg\\''.toQuantity() = 5 'mg'", true],
    ["1 'g'.toQuantity('mg').value", 1000],
    ["37 'Cel'.toQuantity('K').value", 310.15],
    ['{}.toInteger()'],
    ['iif(name.exists(), name.count(), 0)', 3],
    ['iif({}, 1)'],
    ['2 is Decimal', false],
    ['2.0 is Decimal', true],
    ['(4 / 2) is Decimal', true],
  ])
})

describe('texts', () => {
  gives([
    ["'abcdefg'.substring(3)", 'defg'],
    ["'abcdefg'.substring(6, 2)", 'g'],
    ["'abcdefg'.substring(7, 1)"],
    ["'abc'.replace('', 'x')", 'xaxbxcx'],
    ["'$1'.replace('$', '$&')", '$&1'],
    ["'a😀b'.toChars()", 'a', '😀', 'b'],
    [
      "'11/30/1972'.replaceMatches('\\\\b(?<month>\\\\d{1,2})/(?<day>\\\\d{1,2})/(?<year>\\\\d{2,4})\\\\b', '${day}-${month}-${year}')",
      '30-11-1972',
    ],
    ["'abc'.matches('b')", true],
    ["'abc'.matchesFull('b')", false],
    ["name.given.join(', ')", 'Mei, Ling, May'],
    ["'a' & {} & 'b'", 'ab'],
    ["'a' + {}"],
    ["'a' < 'B'", false],
    ["'😀' > '\\uffff'", true],
  ])
})

describe('arithmetic', () => {
  gives([
    ['0.1 + 0.2', 0.3],
    ['100.1 - 100', 0.1],
    ['1.1 * 3', 3.3],
    ['5.5 mod 0.7', 0.6],
    ['-7 div 2', -3],
    ['1 / 0'],
    ['1 div 0'],
    ['7 / 2', 3.5],
    ['1.005.round(2)', 1.01],
    ['(-1).sqrt()'],
    ['2.power(10)', 1024],
    ['16.log(2)', 4],
    ['(-1.5).truncate()', -1],
    ['1.2345 ~ 1.23', true],
  ])
})

describe('logic has three values', () => {
  const truths = ['true', 'false', '{}']
  const table = { and: 'TFE FFF EFE', or: 'TTT TFE TEE', xor: 'FTE TFE EEE', implies: 'TFE TTT TEE' }
  const values = { T: [true], F: [false], E: [] } as const
  for (const [name, row] of Object.entries(table))
    test(name, () => {
      const found = truths.map(left => truths.map(right => path(`${left} ${name} ${right}`)))
      expect(found).toEqual(row.split(' ').map(cells => [...cells].map(cell => values[cell as 'T'])))
    })

  gives([['active and name.first()', true], ['{}.not()'], ['deceased.not()', true]])
})

describe('equality', () => {
  gives([
    ['{} = {}'],
    ['{} ~ {}', true],
    ['(1 | 2) = (2 | 1)', false],
    ['(1 | 2) ~ (2 | 1)', true],
    ['name[0] = name[0]', true],
    ['name[0] = name[1]', false],
    ["name[1].text ~ 'may  chen'", true],
    ["'a' in ('a' | 'b')", true],
    ['{} in (1 | 2)'],
    ['1 in {}', false],
    ['1 = 1.0', true],
    ["1 'g' = 1000 'mg'", true],
    ["1 'mg' = 1 'm'", false],
    ['1 year = 12 months', true],
    ["1 year = 1 'a'"],
    ["1 year ~ 1 'a'", true],
    ["1 week = 7 'd'", true],
  ])
})

describe('what cannot be is said so', () => {
  test.each([
    ['exsits()', 'Unknown function "exsits" at line 1 column 1: did you mean "exists"?'],
    ['name.Where(use)', 'did you mean "where"?'],
    ['name.first(1)', 'first() takes no arguments and has 1'],
    ['name.where()', 'where() takes 1 argument and has 0'],
    ['gender.substring(1, 2, 3)', 'takes 1 or 2 arguments'],
    ['Patiend.name', 'Unknown type "Patiend" at line 1 column 1: did you mean "Patient"?'],
    ['value is Quantitiy', 'did you mean "Quantity"?'],
    ["conformsTo('http://example.org')", 'is not supported'],
    ['text.`div`.htmlChecks()', 'is not supported'],
    ["code.memberOf('http://example.org')", 'is not supported'],
    ['$index', 'There is no $index here'],
    ['name.where($total = 1)', 'There is no $total here'],
    ['@2024-02-30', 'There is no date "2024-02-30"'],
    ['%patiant', 'Unknown variable "%patiant"'],
    ['name.given + name.family', 'choose one with first()'],
    ['name.given.single()', 'single() is called on 4 values'],
    ['name.given < 1', 'The left side is 4 values'],
    ["1 + 'a'", 'An Integer and a String cannot be added'],
    ['gender > @2024', 'cannot be compared'],
    ['birthDate - 18', 'say of what, such as 18 years'],
    ["birthDate - 18 'a'", 'use a calendar duration: 18 years'],
    ['name.length()', 'What length() is called on is 3 values'],
    ['name[0].upper()', 'is a HumanName where a text is wanted'],
    ['active.upper()', 'where a text is wanted'],
    ['name.where(given)', 'The criterion of where() is 2 values'],
  ])('%s', (text, words) => {
    expect(refusal(text, patient).message).toContain(words)
  })
})
