/** The grammar of FHIRPath, and what is said about what is not in it. https://hl7.org/fhirpath/N1/#grammar */
import { describe, expect, test } from 'vitest'
import { PathError } from '../../src/fhirpath/error.ts'
import { parse } from '../../src/fhirpath/parse.ts'
import type { Tree } from '../../src/fhirpath/tree.ts'

/** The tree with every bracket written. */
function shown(tree: Tree): string {
  switch (tree.is) {
    case 'nothing':
      return '{}'
    case 'string':
      return JSON.stringify(tree.value)
    case 'boolean':
    case 'integer':
    case 'decimal':
      return String(tree.value)
    case 'date':
    case 'dateTime':
    case 'time':
      return `@${tree.is} ${tree.value}`
    case 'quantity':
      return `${tree.value} ${tree.calendar ? tree.unit : `'${tree.unit}'`}`
    case 'variable':
      return `%${tree.name}`
    case 'this':
    case 'index':
    case 'total':
      return `$${tree.is}`
    case 'member':
      return tree.of ? `${shown(tree.of)}.${tree.name}` : tree.name
    case 'call':
      return `${tree.of ? `${shown(tree.of)}.` : ''}${tree.name}(${tree.arguments.map(shown).join(', ')})`
    case 'item':
      return `${shown(tree.of)}[${shown(tree.index)}]`
    case 'sign':
      return `(${tree.negative ? '-' : '+'}${shown(tree.of)})`
    case 'type':
      return `(${shown(tree.of)} ${tree.operator} ${tree.type.namespace ? `${tree.type.namespace}.` : ''}${tree.type.name})`
    case 'operator':
      return `(${shown(tree.left)} ${tree.name} ${shown(tree.right)})`
  }
}

const read = (text: string) => shown(parse(text))

function refusal(text: string): PathError {
  try {
    parse(text)
  } catch (error) {
    if (error instanceof PathError) return error
    throw error
  }
  throw new Error(`"${text}" was not refused`)
}

describe('operators bind as the specification ranks them', () => {
  test.each([
    ['1 + 2 * 3', '(1 + (2 * 3))'],
    ['1 - 2 - 3', '((1 - 2) - 3)'],
    ['a & b + c', '((a & b) + c)'],
    ['-a.b * c', '((-a.b) * c)'],
    ['-a[0]', '(-a[0])'],
    ['a + b is Integer', '((a + b) is Integer)'],
    ['a | b is Patient', '(a | (b is Patient))'],
    ['a | b = c | d', '((a | b) = (c | d))'],
    ['a < b = c > d', '((a < b) = (c > d))'],
    ['a = b in c', '((a = b) in c)'],
    ['a in b and c contains d', '((a in b) and (c contains d))'],
    ['a and b or c and d', '((a and b) or (c and d))'],
    ['a or b xor c', '((a or b) xor c)'],
    ['a implies b or c implies d', '((a implies (b or c)) implies d)'],
    ['a div b mod c', '((a div b) mod c)'],
    ['a = b ~ c != d !~ e', '((((a = b) ~ c) != d) !~ e)'],
    ['(a or b) and c', '((a or b) and c)'],
  ])('%s', (text, tree) => {
    expect(read(text)).toBe(tree)
  })
})

describe('what there is', () => {
  test.each([
    ["'it\\'s \\u0041\\\\ \\`\\n'", JSON.stringify("it's A\\ `\n")],
    ['true and false', '(true and false)'],
    ['1.50', '1.5'],
    ['1.first()', '1.first()'],
    ['{}', '{}'],
    ['@2024', '@date 2024'],
    ['@2024-05-06', '@date 2024-05-06'],
    ['@2024T', '@dateTime 2024T'],
    ['@2024-05-06T10:20:30.5+08:00', '@dateTime 2024-05-06T10:20:30.5+08:00'],
    ['@T10:20', '@time 10:20'],
    ['18 years', '18 year'],
    ['1 month + 4 days', '(1 month + 4 day)'],
    ["5.4 'mg/dL'", "5.4 'mg/dL'"],
    ['%patient.name', '%patient.name'],
    ['%`us-zip`', '%us-zip'],
    ["%'us-zip'", '%us-zip'],
    ['`div`.`a b`', 'div.a b'],
    ['$this.a', '$this.a'],
    ['a.where($index > 0)', 'a.where(($index > 0))'],
    ['as.is.contains.in.day', 'as.is.contains.in.day'],
    ['a.contains(b) and a contains b', '(a.contains(b) and (a contains b))'],
    ['(value as Quantity).value', '(value as Quantity).value'],
    ['value is FHIR.Quantity', '(value is FHIR.Quantity)'],
    ['value.is(System.String)', 'value.is(System.String)'],
    ['a // to the end\n + b /* within\nlines */ . c', '(a + b.c)'],
    ['a[0].b[$this.c]', 'a[0].b[$this.c]'],
    ['iif(a, b, c).d', 'iif(a, b, c).d'],
  ])('%s', (text, tree) => {
    expect(read(text)).toBe(tree)
  })
})

describe('what is wrong is said with its place', () => {
  test.each([
    ['', 0, 'The expression is empty'],
    ['name.where(', 11, 'ends too early'],
    ['name.where(use = ', 17, 'expected a value or a name'],
    ['name)', 4, 'Unexpected ")"'],
    ['name[0', 6, 'expected "]"'],
    ['name..given', 5, 'expected a name after the dot'],
    ['name.and', 5, 'Unexpected "and"'],
    ['text.div', 5, 'as a name it is written `div`'],
    ["name = 'abc", 7, 'begins here and does not end'],
    ['name = "abc"', 7, 'single quotes'],
    ["name.matches('\\d')", 14, 'a backslash is written twice: "\\\\d"'],
    ['a /* b', 2, 'close it with */'],
    ['a ! b', 2, 'write != or !~'],
    ['@12', 0, 'a date is written @2024-05-31'],
    ['a # b', 2, 'Unexpected "#"'],
    ['$that', 0, 'there are $this, $index and $total'],
    ['a.$this', 2, 'cannot follow a dot'],
    ['value as Quantity.value', 9, 'put it in brackets'],
    ['12345678901234567890', 0, 'too large'],
    ['a b', 2, 'expected an operator or the end'],
  ])('%s', (text, position, words) => {
    const error = refusal(text)
    expect(error.message).toContain(words)
    expect(error.position).toBe(position)
  })

  test('line and column are counted from 1', () => {
    const error = refusal('name\n  .where(\n    use ==')
    expect([error.line, error.column, error.position]).toEqual([3, 10, 24])
    expect(error.message).toContain('at line 3 column 10')
  })
})

describe('size and depth are bounded', () => {
  test.each([
    ['brackets', '('.repeat(4_000) + '1' + ')'.repeat(4_000)],
    ['signs', '-'.repeat(9_000) + '1'],
    ['functions in functions', 'iif('.repeat(2_000)],
    ['indexers', 'a['.repeat(3_000)],
    ['a long path', `a${'.a'.repeat(4_000)}`],
    ['a long sum', `1${'+1'.repeat(4_000)}`],
  ])('%s in great number are refused', (_, text) => {
    expect(refusal(text).message).toMatch(/nested|steps in one another/)
  })

  test('an expression of more than 10,000 characters is refused', () => {
    expect(refusal(`'${'a'.repeat(10_000)}'`).message).toContain('more than 10000 characters')
  })

  test('what people write is not', () => {
    expect(read('('.repeat(40) + '1' + ')'.repeat(40))).toBe('1')
    expect(read(Array.from({ length: 200 }, (_, i) => `a${i}`).join(' | '))).toContain('a199')
  })
})
