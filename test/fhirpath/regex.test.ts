/** Regular expressions that cannot explode, held against JavaScript's own. https://hl7.org/fhirpath/N1/#matchesregex-string-boolean */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { PathError } from '../../src/fhirpath/error.ts'
import { compileRegex } from '../../src/fhirpath/regex.ts'

const place = { text: '', at: 0 }
const free = () => {}
const regex = (pattern: string) => compileRegex(pattern, place)

const piece = fc.constantFrom(
  'a',
  'b',
  'c',
  '.',
  '\\d',
  '\\w',
  '\\s',
  '\\D',
  '[ab]',
  '[^a]',
  '[a-c1]',
  '\\b',
  '^',
  '$',
  '1',
  ' ',
  'é',
  '😀',
)
const { pattern } = fc.letrec<{ pattern: string; part: string }>(tie => ({
  part: fc.oneof(
    { depthSize: 'small' },
    piece,
    tie('pattern').map(inner => `(${inner})`),
    tie('pattern').map(inner => `(?:${inner})`),
    fc
      .tuple(tie('part'), fc.constantFrom('*', '+', '?', '*?', '+?', '??', '{2}', '{1,3}', '{2,}', '{0,2}?'))
      .map(([part, count]) => (/^(?:\\b|\^|\$)$|[*+?}]$/.test(part) ? part : part + count)),
  ),
  pattern: fc.oneof(
    { depthSize: 'small' },
    fc.array(tie('part'), { maxLength: 4 }).map(parts => parts.join('')),
    fc.tuple(tie('pattern'), tie('pattern')).map(parts => parts.join('|')),
  ),
}))
const text = fc.string({ unit: fc.constantFrom('a', 'b', 'c', '1', ' ', 'é', '😀', '\n'), maxLength: 12 })

/** Empty rounds of a loop end it in JavaScript otherwise than they do elsewhere: loops over what may be empty are left out. */
const hasEmptyLoop = (source: string) => /\)[*+?{]/.test(source)

describe('a pattern', () => {
  test('matches what JavaScript says it matches', () => {
    fc.assert(
      fc.property(pattern, text, (source, subject) => {
        const found = regex(source)
        expect(found.test(subject, false, free)).toBe(new RegExp(source, 'us').test(subject))
        expect(found.test(subject, true, free)).toBe(new RegExp(`^(?:${source})$`, 'us').test(subject))
      }),
      { numRuns: 3000 },
    )
  })

  test('replaces what JavaScript replaces, with the same groups', () => {
    fc.assert(
      fc.property(pattern, text, (source, subject) => {
        fc.pre(!hasEmptyLoop(source))
        expect(regex(source).replace(subject, '<$1|$2|$&>', free, 10_000)).toBe(
          subject.replace(new RegExp(source, 'gus'), groups(source)),
        )
      }),
      { numRuns: 3000 },
    )
  })

  const groups = (source: string) => {
    const count = new RegExp(`${source}|`, 'us').exec('')!.length - 1
    return `<${count > 0 ? '$1' : '$$1'}|${count > 1 ? '$2' : '$$2'}|$&>`
  }

  test.each([
    ['a++', 'two counts follow one another'],
    ['*a', 'nothing before "*" to count'],
    ['(a', 'does not close'],
    ['a)', 'was not opened'],
    ['[a', 'ends too early'],
    ['[b-a]', 'ends before it begins'],
    ['a{2,1}', 'ends before it begins'],
    ['a{', 'begins no count'],
    ['a{5000}', 'counts beyond 1000'],
    ['(a)\\1', 'refers back'],
    ['\\k<a>', 'refers back'],
    ['(?=a)', 'looks around'],
    ['(?<!a)', 'looks around'],
    ['(?i)a', 'begins with "(?i)"'],
    ['\\q', '"\\q" is not known'],
    ['\\p{Nonsense}', 'no category'],
    ['[a-z-[aeiou]]', 'subtracts'],
    ['(?<a>x)(?<a>y)', 'two groups are called "a"'],
    ['(a{100}){100}', 'too large'],
    ['('.repeat(60) + ')'.repeat(60), 'more than 50 deep'],
    ['a'.repeat(1001), 'more than 1000 characters'],
  ])('that is %s is refused', (source, words) => {
    expect(() => regex(source)).toThrow(PathError)
    expect(() => regex(source)).toThrow(words)
  })

  test.each([
    ['^\\p{Lu}\\p{Ll}+$', 'Élan', true],
    ['^\\u0041\\x42$', 'AB', true],
    ['^[\\w.+-]+@[\\w-]+(\\.[\\w-]+)+$', 'a.b+c@example.org', true],
    ['^[A-Z][12]\\d{8}$', 'A123456789', true],
    ['^.$', '😀', true],
    ['a.b', 'a\nb', true],
  ])('%s on %s', (source, subject, answer) => {
    expect(regex(source).test(subject, false, free)).toBe(answer)
  })
})

describe('steps grow with the text, not with the ways to match it', () => {
  const steps = (source: string, length: number) => {
    let taken = 0
    regex(source).test('a'.repeat(length) + '!', false, more => (taken += more))
    return taken
  }
  test.each(['^(a+)+$', '(a*)*b', '(a|a)*b', '(a|aa)+$', '^(([a-z])+.)+[A-Z]([a-z])+$', '(.*)(.*)(.*)x'])(
    '%s',
    source => {
      expect(steps(source, 2000)).toBeLessThan(2.2 * steps(source, 1000))
    },
  )
})
