/** Expressions that strangers wrote, on data that strangers sent: nothing runs away, and nothing but PathError is thrown. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { PathError } from '../../src/fhirpath/error.ts'
import { compile } from '../../src/fhirpath/expression.ts'
import { exampleEntries } from './corpus.ts'
import { observation, onObservation, onPatient, patient, plain } from './expressions.ts'
import { options, path, refusal } from './path.ts'

const bundle = { resourceType: 'Bundle', entry: exampleEntries().map(({ resource }) => ({ resource })) }
const many = Array.from({ length: 5000 }, (_, i) => ({ n: i, s: `s${i}`, d: '2024-01-01' }))
const long = 'a'.repeat(100_000)
const nested = (depth: number, inner: object): object => (depth === 0 ? inner : { c: nested(depth - 1, inner) })
const tree = (depth: number): object => (depth === 0 ? { v: 'x' } : { a: tree(depth - 1), b: tree(depth - 1) })

describe('what would never end is ended', () => {
  test.each<[string, unknown]>([
    ['descendants().descendants().descendants().count()', bundle],
    ['descendants().where(descendants().exists()).count()', bundle],
    ['repeat(children()).count()', bundle],
    ['repeat(%context | children()).count()', bundle],
    ['entry.where(%context.entry.where(resource.id = %context.entry.resource.id).exists())', bundle],
    ['entry.aggregate($total.combine($total).combine($this)).count()', bundle],
    ['(1 | 2).select(%context.entry.resource.descendants()).descendants().count()', bundle],
    ['where(%context.where(n = %context.n).exists())', many],
    ['select(%context.tail().count())', many],
    ['select(%context.n.sum())', many],
    ['select(%context.s.join())', many],
    ["select(s.matches('^(' & s & '){200}$'))", many],
    ["select(1 'mg' = 1.toQuantity(s))", many],
    [`select(${Array.from({ length: 250 }, () => 'n').join(' | ')})`, many],
    ['a ~ b and a.descendants().count() = b.descendants().count()', tree(15)],
    ['descendants().distinct().count()', tree(15)],
    ["%long.matches('((a{1,30}){1,30})b')", undefined],
    ["%long.matches('(.*)(.*)(.*)(.*)x')", undefined],
    ["%long.replaceMatches('a.*b|a', 'c')", undefined],
    ['%long.toChars().where(%long ~ %long)', undefined],
  ])('%s', (text, input) => {
    expect(refusal(text, input, { long }).message).toMatch(
      /^The evaluation took more than 200000 steps at line 1 column \d+: make the expression simpler/,
    )
  })

  test('what explodes elsewhere is answered', () => {
    const subject = `${'a'.repeat(2000)}!`
    for (const pattern of ['^(a+)+$', '(a*)*b', '(a|a)*b', '^(a|aa)+$'])
      expect(path(`%subject.matches('${pattern}')`, undefined, { subject })).toEqual([false])
  })

  test('the number of steps can be given', () => {
    expect(refusal('descendants().count()', bundle, {}, { steps: 1000 }).message).toContain('more than 1000 steps')
    expect(path('descendants().count() > 10000', bundle, {}, { steps: 5_000_000 })).toEqual([true])
    const expression = compile('descendants().count()', options)
    expect(() => expression.evaluate(patient, {}, { steps: 10 })).toThrow('more than 10 steps')
    expect(expression.evaluate(patient)).toHaveLength(1)
  })
})

describe('texts do not grow beyond bounds', () => {
  test.each([
    ["(%context.n).take(40).aggregate($total & $total, 'aa')"],
    ["%long.replace('', 'bbb')"],
    ["%long.replace('a', 'bbbbbbbb')"],
    ["%long.replaceMatches('a', '$&$&')"],
    ["%long & 'b'"],
    ["(1 | 2 | 3).select(%long & '').join('')"],
  ])('%s', text => {
    expect(refusal(text, many, { long: long }).message).toMatch(
      /A text grew longer than 100000 characters|more than 200000 steps/,
    )
  })
})

describe('data may be as deep as they like', () => {
  const deep = nested(4000, { v: 1 })
  const other = nested(4000, { v: 1 })
  test.each([
    '$this = %other',
    '$this ~ %other',
    '$this | %other',
    '%context.combine(%other).distinct()',
    'repeat(c).count()',
    '%other in $this',
  ])('%s', text => {
    expect(() => path(text, [deep], { other })).toThrow(PathError)
  })

  test('and are walked', () => {
    expect(path('descendants().count()', deep)).toEqual([4001])
  })
})

describe('whatever is written', () => {
  const corpus = [...onPatient, ...onObservation, ...plain]
  const words = [
    '(',
    ')',
    '[',
    ']',
    '.',
    ',',
    "'",
    '`',
    '%',
    '@',
    '$this',
    '$total',
    '{}',
    '//',
    '/*',
    'where(',
    'repeat(',
    'descendants()',
    'aggregate($total | $this)',
    'matches(',
    "'(a+)+$'",
    ' and ',
    ' is ',
    ' as ',
    ' | ',
    ' & ',
    '-',
    '1',
    '1e9',
    '9'.repeat(30),
    'years',
    "'mg'",
    '@2024',
    'Patient',
    'value',
    '\\',
    '\u0000',
    '😀',
  ]
  const mutated = fc
    .tuple(
      fc.constantFrom(...corpus),
      fc.array(
        fc.tuple(
          fc.nat(80),
          fc.nat(6),
          fc.oneof(fc.constantFrom(...words), fc.constantFrom(...corpus), fc.string({ maxLength: 3 })),
        ),
        { minLength: 1, maxLength: 4 },
      ),
    )
    .map(([text, changes]) =>
      changes.reduce((all, [at, cut, added]) => all.slice(0, at) + added + all.slice(at + cut), text),
    )
  const garbage = fc.oneof(
    mutated,
    fc.array(fc.constantFrom(...words), { maxLength: 30 }).map(parts => parts.join('')),
    fc.string({ maxLength: 60 }),
  )
  const inputs = [patient, observation, [patient, observation], undefined, 'text', 5, { a: [{ b: 1 }, null, [2]] }]

  const only = (work: () => void) => {
    try {
      work()
    } catch (error) {
      if (!(error instanceof PathError)) throw error
      expect(error.position).toBeGreaterThanOrEqual(0)
      expect(error.message).toMatch(/ at line \d+ column \d+/)
    }
  }

  test('it is evaluated or refused with its place', () => {
    fc.assert(
      fc.property(garbage, fc.constantFrom(...inputs), (text, input) => {
        only(() => {
          const expression = compile(text, { ...options, steps: 20_000 })
          expression.evaluate(input, { patient, x: [1, 'a', { b: 2 }] })
        })
      }),
      { numRuns: 5000 },
    )
  })

  test('on whatever is sent', () => {
    const json = fc.jsonValue({ maxDepth: 5 }) as fc.Arbitrary<unknown>
    const resource = fc
      .tuple(
        fc.constantFrom('Patient', 'Observation', 'Bundle', 'Basic', 'Nonsense'),
        fc.dictionary(
          fc.constantFrom(
            'name',
            'birthDate',
            '_birthDate',
            'value',
            'valueQuantity',
            'contained',
            'entry',
            'extension',
            'component',
            '__proto__',
            'code',
          ),
          json,
        ),
      )
      .map(([resourceType, rest]) => ({ ...rest, resourceType }))
    fc.assert(
      fc.property(fc.constantFrom(...corpus), fc.oneof(resource, json), (text, input) => {
        only(() => void path(text, input))
      }),
      { numRuns: 3000 },
    )
  })
})

test("a mistake in what the caller gives is the caller's own to see", () => {
  const resolve = () => {
    throw new TypeError('no such list')
  }
  expect(() => path('subject.resolve()', observation, {}, { resolve })).toThrow(TypeError)
})
