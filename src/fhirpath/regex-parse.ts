/**
 * Reads a regular expression: characters, classes, groups, alternatives, counts and anchors. What looks around or back
 * is refused, since it cannot be matched in time that grows only with the text.
 * https://hl7.org/fhirpath/N1/#matchesregex-string-boolean
 */
import { fail, type Place } from './error.ts'

/** Whether a code point is one that is meant. */
export type CharacterTest = (code: number) => boolean

export type Assertion = 'start' | 'end' | 'boundary' | 'no boundary'

export type Pattern =
  | { readonly is: 'character'; readonly test: CharacterTest }
  | { readonly is: 'assertion'; readonly what: Assertion }
  | { readonly is: 'sequence' | 'choice'; readonly parts: readonly Pattern[] }
  | {
      readonly is: 'repeat'
      readonly part: Pattern
      readonly least: number
      readonly most: number
      readonly greedy: boolean
    }
  /** `index` from 1. */
  | { readonly is: 'group'; readonly part: Pattern; readonly index: number }

export interface Parsed {
  readonly pattern: Pattern
  readonly groups: number
  readonly names: ReadonlyMap<string, number>
}

const LONGEST = 1000
const DEEPEST = 50
const MOST_COUNTED = 1000

/** Throws a PathError for what is not understood. */
export function parseRegex(text: string, place: Place): Parsed {
  if (text.length > LONGEST) fail(place, `The regular expression has more than ${LONGEST} characters`)
  return new Reader(text, place).whole()
}

const isDigit: CharacterTest = code => code >= 48 && code <= 57
export const isWord: CharacterTest = code =>
  isDigit(code) || code === 95 || (code >= 65 && code <= 90) || (code >= 97 && code <= 122)
const isSpace: CharacterTest = code =>
  code === 32 || (code >= 9 && code <= 13) || (code >= 128 && /^\s$/.test(String.fromCodePoint(code)))
const classes: Readonly<Record<string, CharacterTest>> = { d: isDigit, w: isWord, s: isSpace }
const controls: Readonly<Record<string, number>> = { n: 10, r: 13, t: 9, f: 12, v: 11, '0': 0 }
const not =
  (test: CharacterTest): CharacterTest =>
  code =>
    !test(code)

class Reader {
  readonly #text: string
  readonly #chars: readonly string[]
  readonly #place: Place
  readonly #names = new Map<string, number>()
  #at = 0
  #depth = 0
  #groups = 0

  constructor(text: string, place: Place) {
    this.#text = text
    this.#chars = [...text]
    this.#place = place
  }

  whole(): Parsed {
    const pattern = this.#choice()
    if (this.#at < this.#chars.length) this.#fail('a bracket closes that was not opened')
    return { pattern, groups: this.#groups, names: this.#names }
  }

  #fail(problem: string): never {
    const shown = this.#text.length > 60 ? `${this.#text.slice(0, 60)}…` : this.#text
    return fail(this.#place, `The regular expression "${shown}" cannot be used: ${problem}`)
  }

  #peek(): string | undefined {
    return this.#chars[this.#at]
  }

  #take(): string {
    return this.#chars[this.#at++] ?? this.#fail('it ends too early')
  }

  #choice(): Pattern {
    if (++this.#depth > DEEPEST) this.#fail(`its groups are more than ${DEEPEST} deep`)
    const parts = [this.#sequence()]
    while (this.#peek() === '|') {
      this.#at++
      parts.push(this.#sequence())
    }
    this.#depth--
    return parts.length === 1 ? parts[0]! : { is: 'choice', parts }
  }

  #sequence(): Pattern {
    const parts: Pattern[] = []
    for (let next = this.#peek(); next !== undefined && next !== '|' && next !== ')'; next = this.#peek())
      parts.push(this.#counted(this.#atom()))
    return { is: 'sequence', parts }
  }

  #counted(part: Pattern): Pattern {
    const next = this.#peek()
    const count =
      next === '*'
        ? [0, Infinity]
        : next === '+'
          ? [1, Infinity]
          : next === '?'
            ? [0, 1]
            : next === '{'
              ? this.#braces()
              : undefined
    if (!count) return part
    if (part.is === 'assertion') this.#fail('a count follows what has no length')
    if (next !== '{') this.#at++
    const greedy = this.#peek() !== '?'
    if (!greedy) this.#at++
    if (this.#peek() === '*' || this.#peek() === '+') this.#fail('two counts follow one another')
    return { is: 'repeat', part, least: count[0]!, most: count[1]!, greedy }
  }

  #braces(): [number, number] {
    const found = /^\{(\d{1,5})(?:(,)(\d{1,5})?)?\}/.exec(this.#chars.slice(this.#at, this.#at + 16).join(''))
    if (!found) return this.#fail('"{" begins no count: as a character it is written \\{')
    this.#at += found[0].length
    const least = Number(found[1])
    const most = found[2] === undefined ? least : found[3] === undefined ? Infinity : Number(found[3])
    if (least > MOST_COUNTED || (most !== Infinity && most > MOST_COUNTED))
      this.#fail(`it counts beyond ${MOST_COUNTED}`)
    if (most < least) this.#fail('a count ends before it begins')
    return [least, most]
  }

  #atom(): Pattern {
    const char = this.#take()
    switch (char) {
      case '(':
        return this.#group()
      case '[':
        return { is: 'character', test: this.#set() }
      case '.':
        return { is: 'character', test: () => true }
      case '^':
        return { is: 'assertion', what: 'start' }
      case '$':
        return { is: 'assertion', what: 'end' }
      case '\\':
        return this.#escape()
      case '*':
      case '+':
      case '?':
      case '{':
        return this.#fail(`there is nothing before "${char}" to count`)
      default:
        return { is: 'character', test: only(char) }
    }
  }

  #group(): Pattern {
    let index = 0
    if (this.#peek() === '?') {
      const opening = this.#chars.slice(this.#at, this.#at + 3).join('')
      const name = /^\?<([A-Za-z_]\w{0,63})>/.exec(this.#chars.slice(this.#at, this.#at + 68).join(''))
      if (name) {
        this.#at += name[0].length
        index = ++this.#groups
        if (this.#names.has(name[1]!)) this.#fail(`two groups are called "${name[1]}"`)
        this.#names.set(name[1]!, index)
      } else if (opening.startsWith('?:')) this.#at += 2
      else this.#fail(/^\?<?[=!]/.test(opening) ? 'it looks around' : `it has a group that begins with "(${opening}"`)
    } else index = ++this.#groups
    const part = this.#choice()
    if (this.#peek() !== ')') this.#fail('a bracket opens and does not close')
    this.#at++
    return index === 0 ? part : { is: 'group', part, index }
  }

  #escape(): Pattern {
    if (this.#peek() === 'b' || this.#peek() === 'B')
      return { is: 'assertion', what: this.#take() === 'b' ? 'boundary' : 'no boundary' }
    return { is: 'character', test: this.#escapedClass() ?? equals(this.#escapedCode()) }
  }

  /** `\d`, `\W`, `\p{L}`; undefined: the escape is of one character. */
  #escapedClass(): CharacterTest | undefined {
    const char = this.#peek() ?? this.#fail('it ends with a backslash')
    const known = classes[char.toLowerCase()]
    if (known) {
      this.#at++
      return char === char.toLowerCase() ? known : not(known)
    }
    if (char !== 'p' && char !== 'P') return undefined
    const found = /^[pP]\{([A-Za-z_=]{1,40})\}/.exec(this.#chars.slice(this.#at, this.#at + 45).join(''))
    if (!found) return this.#fail(`"\\${char}" needs a category such as \\p{L}`)
    this.#at += found[0].length
    return this.#category(found[1]!, char === 'p')
  }

  #category(name: string, wanted: boolean): CharacterTest {
    try {
      const one = new RegExp(`^\\p{${name}}$`, 'u')
      return code => one.test(String.fromCodePoint(code)) === wanted
    } catch {
      return this.#fail(`there is no category "${name}"`)
    }
  }

  #escapedCode(): number {
    const char = this.#take()
    const control = Object.hasOwn(controls, char) ? controls[char] : undefined
    if (control !== undefined) return control
    if (char === 'u' || char === 'x') {
      const length = char === 'u' ? 4 : 2
      const digits = this.#chars.slice(this.#at, this.#at + length).join('')
      if (!/^[0-9a-fA-F]+$/.test(digits) || digits.length < length)
        this.#fail(`"\\${char}" needs ${length} hexadecimal digits`)
      this.#at += length
      return parseInt(digits, 16)
    }
    if (/[1-9k]/.test(char)) this.#fail('it refers back to a group')
    if (/[\p{L}\p{N}]/u.test(char)) this.#fail(`"\\${char}" is not known`)
    return char.codePointAt(0)!
  }

  #set(): CharacterTest {
    const negative = this.#peek() === '^'
    if (negative) this.#at++
    const tests: CharacterTest[] = []
    while (this.#peek() !== ']') {
      if (this.#peek() === '-' && this.#chars[this.#at + 1] === '[') this.#fail('it subtracts one class from another')
      const from = this.#member(tests)
      if (from === undefined) continue
      const isRange = this.#peek() === '-' && this.#chars[this.#at + 1] !== ']'
      if (!isRange) {
        tests.push(equals(from))
        continue
      }
      this.#at++
      const to = this.#member(tests)
      if (to === undefined || to < from) this.#fail('a range of characters ends before it begins')
      tests.push(code => code >= from && code <= to)
    }
    this.#at++
    const any = anyOf(tests)
    return negative ? not(any) : any
  }

  /** One character of a class; undefined: it was a class of its own, and was added. */
  #member(tests: CharacterTest[]): number | undefined {
    const char = this.#take()
    if (char !== '\\') return char.codePointAt(0)!
    const known = this.#escapedClass()
    if (!known) return this.#peek() === 'b' ? (this.#at++, 8) : this.#escapedCode()
    tests.push(known)
    return undefined
  }
}

const equals =
  (wanted: number): CharacterTest =>
  code =>
    code === wanted
const only = (char: string) => equals(char.codePointAt(0)!)

/** Looked up for ASCII, tried one by one beyond. */
function anyOf(tests: readonly CharacterTest[]): CharacterTest {
  const table = new Uint8Array(128)
  for (let code = 0; code < 128; code++) table[code] = tests.some(test => test(code)) ? 1 : 0
  return code => (code < 128 ? table[code] === 1 : tests.some(test => test(code)))
}
