/** JSON as FHIR needs it. https://hl7.org/fhir/R4/json.html */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { bindDigits, copyJson, freeDigits, MAX_DEPTH, parseJson, printJson, sameDigits } from '../../src/fhir/json.ts'
import { FhirError } from '../../src/fhir/outcome.ts'
import type { Json } from '../../src/fhir/types.ts'

const parse = (text: string) => parseJson(Buffer.from(text))
const again = (text: string) => printJson(parse(text))

function refusal(bytes: Buffer | string): FhirError {
  try {
    parseJson(Buffer.from(bytes as string))
  } catch (error) {
    if (error instanceof FhirError) return error
    throw error
  }
  throw new Error('not refused')
}

describe('numbers', () => {
  const spellings = [
    '1.00',
    '1e-7',
    '1E5',
    '1e+5',
    '0.10',
    '-0',
    '-0.0',
    '0.0',
    '100',
    '-7',
    '0.5',
    '0.0000001',
    '-0.0000012',
  ]
  const long = ['123456789012345678901234567890', '0.123456789012345678901234567890', '9007199254740993', '1e400']

  test.each([...spellings, ...long])('%s is printed as it came, in an object and in an array', number => {
    expect(again(`{"value":${number}}`)).toBe(`{"value":${number}}`)
    expect(again(`[1,${number},[${number}],{"a":[2,${number}]}]`)).toBe(`[1,${number},[${number}],{"a":[2,${number}]}]`)
  })

  test('are JavaScript numbers to those who read them', () => {
    expect(parse('{"value":1.00}')).toEqual({ value: 1 })
    expect(parse('[1e3,0.10]')).toEqual([1000, 0.1])
  })

  test('keep their digits beside names that look like array indexes', () => {
    const value = parse('{"a":1,"2":1.0,"b":{"1":2.50,"0":3}}') as Record<string, Json>
    expect(printJson(value)).toBe('{"2":1.0,"a":1,"b":{"0":3,"1":2.50}}')
  })

  test('keep their digits in the right object when equal numbers stand in several', () => {
    const text = '{"low":{"value":1.0},"high":{"value":1},"list":[{"value":1.00},{"value":1},1.000]}'
    expect(again(text)).toBe(text)
  })

  test('that change afterwards are printed as the new number', () => {
    const value = parse('{"value":1.00}') as { value: number }
    value.value = 2
    expect(printJson(value)).toBe('{"value":2}')
  })

  test('keep their digits in a deep copy, which does not change with the original', () => {
    const value = parse('{"a":{"value":1.00},"b":[1.0]}') as { a: { value: number } }
    const copy = copyJson(value)
    value.a.value = 5
    expect(printJson(copy)).toBe('{"a":{"value":1.00},"b":[1.0]}')
  })

  test('keep their digits in a shallow copy that says whose copy it is', () => {
    const value = parse('{"value":1.00,"low":{"value":2.0}}') as object
    const copy = { ...value, id: 'x' }
    sameDigits(copy, value)
    expect(printJson(copy)).toBe('{"value":1.00,"low":{"value":2.0},"id":"x"}')
    expect(printJson({ ...value, id: 'x' }, value)).toBe('{"value":1.00,"low":{"value":2.0},"id":"x"}')
  })

  test('freed of their objects can be moved, and keep their digits where they end', () => {
    const value = freeDigits(parse('{"a":[1.00,2],"b":{}}')) as { a: unknown[]; b: Record<string, unknown> }
    value.b['moved'] = value.a.shift()
    expect(printJson(bindDigits(value))).toBe('{"a":[2],"b":{"moved":1.00}}')
    expect(value.b['moved']).toBe(1)
  })
})

describe('refused with 400', () => {
  test('is a name twice in one object, and the answer says which', () => {
    expect(refusal('{"a":1,"a":2}')).toMatchObject({ status: 400, message: expect.stringContaining('"a"') })
    expect(refusal('{"x":[{"b":"a:{","id":1},{"i\\u0064":2.0,"id":3}]}').message).toContain('"id"')
    expect(refusal('{"__proto__":1,"__proto__":2}').message).toContain('"__proto__"')
  })

  test('but the same name in different objects is fine', () => {
    expect(again('[{"a":":"},{"a":{"a":"{\\"a\\":1}"}}]')).toBe('[{"a":":"},{"a":{"a":"{\\"a\\":1}"}}]')
  })

  test('is a name twice behind a string of megabytes', () => {
    expect(refusal(`{"a":"${'\\n'.repeat(3_000_000)}","b":1,"b":2}`).message).toContain('"b"')
  })

  test.each([
    ['an overlong encoding', Buffer.from([0x22, 0xc0, 0xaf, 0x22])],
    ['half a character', Buffer.from([0x22, 0xe4, 0xb8, 0x22])],
    ['UTF-16', Buffer.from('{"a":1}', 'utf16le').subarray(0, 7)],
    ['nothing', Buffer.from('')],
    ['text', Buffer.from('hello')],
    ['half a value', Buffer.from('{"a":[1,')],
    ['a comma too much', Buffer.from('{"a":1,}')],
    ['a number with a leading zero', Buffer.from('{"a":01}')],
    ['NaN', Buffer.from('{"a":NaN}')],
    ['two values', Buffer.from('{} {}')],
    ['a raw NUL', Buffer.from('{"a":"x\0"}')],
    ['an escaped NUL', Buffer.from('{"a":"x\\u0000"}')],
    ['an escaped NUL beside a decimal', Buffer.from('{"a":"x\\u0000","b":1.0}')],
    ['half a surrogate pair', Buffer.from('{"a":"\\ud83d"}')],
    ['half a surrogate pair in a list', Buffer.from('{"a":["\\udc00 x",1.0]}')],
    ['half a surrogate pair in a name', Buffer.from('{"\\ud83d":1}')],
  ])('is %s', (_, bytes) => {
    expect(refusal(bytes)).toMatchObject({ status: 400, issues: [{ code: 'structure' }] })
  })

  test('is what is too deep, however deep, and the limit itself is not', () => {
    const nested = (levels: number) => '['.repeat(levels) + ']'.repeat(levels)
    expect(again(nested(MAX_DEPTH))).toBe(nested(MAX_DEPTH))
    expect(refusal(nested(MAX_DEPTH + 1)).message).toContain('64')
    expect(refusal(nested(100_000)).status).toBe(400)
    expect(refusal('{"a":'.repeat(100_000)).status).toBe(400)
  })

  test('says what is wrong without repeating the body', () => {
    expect(refusal('{"name":"Lin Secret", oops}').message).not.toContain('Secret')
  })
})

test('brackets and colons in strings do not count', () => {
  const text = JSON.stringify({ a: '[{'.repeat(200), b: ':"\\:', c: ['\\', '"'] })
  expect(again(text)).toBe(text)
})

test('a byte order mark is passed over', () => {
  expect(parse('\ufeff{"a":1.0}')).toEqual({ a: 1 })
})

test('a whole surrogate pair, escaped or not, is a character', () => {
  expect(parse('["\\ud83d\\ude00","😀"]')).toEqual(['😀', '😀'])
})

test.each([
  '{"__proto__":{"polluted":true}}',
  '{"__proto__":{"polluted":1.0},"constructor":{"prototype":{"polluted":1}}}',
])('in %s the names are names, and nothing is polluted', text => {
  const value = parse(text) as object
  expect(Object.hasOwn(value, '__proto__')).toBe(true)
  expect(Object.getPrototypeOf(value)).toBe(Object.prototype)
  for (const copy of [value, copyJson(value), bindDigits(freeDigits(value))]) {
    expect(printJson(copy)).toBe(text)
    expect((copy as { polluted?: unknown }).polluted).toBeUndefined()
  }
  expect(({} as { polluted?: unknown }).polluted).toBeUndefined()
})

describe('for any value', () => {
  // a name that looks like an array index changes the order of an object in JavaScript
  const name = fc.string({ unit: 'binary' }).filter(text => !text.includes('\0') && !/^\d/.test(text))
  const text = fc.string({ unit: 'binary' }).filter(text => !text.includes('\0'))
  const whole = fc.stringMatching(/^-?(0|[1-9]\d{0,24})$/)
  const number = fc
    .tuple(whole, fc.option(fc.stringMatching(/^\d{1,24}$/)), fc.option(fc.stringMatching(/^[eE][+-]?\d{1,3}$/)))
    .map(([digits, fraction, exponent]) => `${digits}${fraction === null ? '' : `.${fraction}`}${exponent ?? ''}`)
  const { value } = fc.letrec<{ value: string }>(tie => ({
    value: fc.oneof(
      { maxDepth: 5, withCrossShrink: true },
      number,
      text.map(text => JSON.stringify(text)),
      fc.constantFrom('true', 'false', 'null'),
      fc.array(tie('value'), { maxLength: 6 }).map(parts => `[${parts.join(',')}]`),
      fc
        .uniqueArray(fc.tuple(name, tie('value')), { maxLength: 6, selector: ([name]) => name })
        .map(parts => `{${parts.map(([name, part]) => `${JSON.stringify(name)}:${part}`).join(',')}}`),
    ),
  }))

  test('print(parse(text)) is the text, and so is that of a copy', () => {
    const document = fc.array(value, { maxLength: 4 }).map(parts => `{"all":[${parts.join(',')}]}`)
    fc.assert(
      fc.property(document, text => {
        const parsed = parse(text)
        expect(printJson(parsed)).toBe(text)
        expect(printJson(copyJson(parsed))).toBe(text)
        expect(printJson(bindDigits(freeDigits(parsed)))).toBe(text)
        expect(Object.is(JSON.stringify(parsed), JSON.stringify(JSON.parse(text)))).toBe(true)
      }),
      { numRuns: 500 },
    )
  })

  test('bytes that are no JSON are refused, never anything else thrown', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), bytes => {
        try {
          parseJson(Buffer.from(bytes))
        } catch (error) {
          expect(error).toBeInstanceOf(FhirError)
        }
      }),
      { numRuns: 500 },
    )
  })
})
