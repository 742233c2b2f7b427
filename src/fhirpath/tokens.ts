/**
 * The text of an expression in tokens.
 * https://hl7.org/fhirpath/N1/#lexical-elements
 */
import { fail } from './error.ts'

export interface Token {
  /** `name`: also the words of the language; `quoted`: a name in backticks; `mark`: an operator or bracket, or `$this`. */
  readonly kind: 'name' | 'quoted' | 'string' | 'integer' | 'decimal' | 'date' | 'dateTime' | 'time' | 'mark' | 'end'
  /** What it says, without quotes, escapes and the `@`. */
  readonly text: string
  readonly at: number
}

const space = /(?:[ \t\r\n]+|\/\/[^\r\n]*|\/\*[^]*?\*\/)+/y
const token =
  /(?<name>[A-Za-z_][A-Za-z0-9_]*)|(?<decimal>\d+\.\d+)|(?<integer>\d+)|@(?<time>T\d\d(?::\d\d(?::\d\d(?:\.\d+)?)?)?)|@(?<dateTime>\d{4}(?:-\d\d(?:-\d\d)?)?T(?:\d\d(?::\d\d(?::\d\d(?:\.\d+)?)?)?(?:Z|[+-]\d\d:\d\d)?)?)|@(?<date>\d{4}(?:-\d\d(?:-\d\d)?)?)|(?<mark>\$this|\$index|\$total|!=|!~|<=|>=|[-+*/&|<>=~.,%()[\]{}])/y

/** The tokens, an `end` last. Throws a PathError for what is none. */
export function tokenize(text: string): Token[] {
  const tokens: Token[] = []
  let at = 0
  for (;;) {
    space.lastIndex = at
    if (space.test(text)) at = space.lastIndex
    if (at >= text.length) break
    const char = text[at]!
    if (char === "'" || char === '`') {
      const end = closing(text, at, char)
      tokens.push({ kind: char === "'" ? 'string' : 'quoted', text: unescaped(text, at + 1, end), at })
      at = end + 1
      continue
    }
    token.lastIndex = at
    const groups = text.startsWith('/*', at) ? undefined : token.exec(text)?.groups
    if (!groups) unknown(text, at)
    const [kind, found] = Object.entries(groups).find(([, part]) => part !== undefined) as [Token['kind'], string]
    tokens.push({ kind, text: kind === 'time' ? found.slice(1) : found, at })
    at = token.lastIndex
  }
  tokens.push({ kind: 'end', text: '', at: text.length })
  return tokens
}

function unknown(text: string, at: number): never {
  const place = { text, at }
  if (text.startsWith('/*', at)) fail(place, 'A comment begins here and does not end', 'close it with */')
  const char = String.fromCodePoint(text.codePointAt(at)!)
  if (char === '"') fail(place, 'Unexpected "', "put texts in single quotes: 'text'")
  if (char === '@')
    fail(place, 'Unexpected "@"', 'a date is written @2024-05-31, a time @T10:30, both @2024-05-31T10:30:00Z')
  if (char === '!') fail(place, 'Unexpected "!"', 'write != or !~, or the function not()')
  if (char === '$') fail(place, 'Unexpected "$"', 'there are $this, $index and $total')
  fail(place, `Unexpected ${JSON.stringify(char)}`)
}

/** Where the quote that opens at `from` closes. */
function closing(text: string, from: number, quote: string): number {
  for (let at = from + 1; at < text.length; at++) {
    if (text[at] === quote) return at
    if (text[at] === '\\') at++
  }
  return fail(
    { text, at: from },
    `${quote === "'" ? 'A text' : 'A name'} begins here and does not end`,
    `close it with ${quote}`,
  )
}

const escapes: Readonly<Record<string, string>> = {
  "'": "'",
  '"': '"',
  '`': '`',
  '\\': '\\',
  '/': '/',
  n: '\n',
  r: '\r',
  t: '\t',
  f: '\f',
}

function unescaped(text: string, from: number, to: number): string {
  const raw = text.slice(from, to)
  if (!raw.includes('\\')) return raw
  return raw.replace(
    /\\(?:u([0-9a-fA-F]{4})|([^]))/g,
    (whole, code: string | undefined, char: string | undefined, offset: number) => {
      if (code !== undefined) return String.fromCharCode(parseInt(code, 16))
      return (
        escapes[char!] ??
        fail({ text, at: from + offset }, `"${whole}" is no escape`, `a backslash is written twice: "\\\\${char}"`)
      )
    },
  )
}
