/**
 * The part of FHIRPath that FHIRPath Patch may use, read into a tree: members, indexes, comparisons and the functions
 * below. Nothing in it can loop, leave the resource, or run a client's regular expression.
 * https://hl7.org/fhirpath/N1/
 */
import { badRequest } from './outcome.ts'

const MAX_LENGTH = 1000
const MAX_NESTING = 20

export type Expression =
  | { readonly is: 'literal'; readonly value: string | number | boolean }
  | { readonly is: 'path'; readonly from: 'focus' | 'resource' | Expression; readonly steps: readonly Step[] }
  | { readonly is: 'compare'; readonly by: Comparison; readonly left: Expression; readonly right: Expression }
  | { readonly is: 'and' | 'or'; readonly left: Expression; readonly right: Expression }

export type Comparison = '=' | '!=' | '~' | '!~' | '<' | '<=' | '>' | '>='

export type Step =
  | { readonly is: 'member'; readonly name: string }
  | { readonly is: 'index'; readonly at: number }
  | { readonly is: 'type'; readonly name: string }
  | { readonly is: 'call'; readonly name: Callable; readonly argument?: Expression }

/** The functions, with how many arguments they take: at least, at most. */
const functions = {
  where: [1, 1],
  exists: [0, 1],
  extension: [1, 1],
  startsWith: [1, 1],
  endsWith: [1, 1],
  contains: [1, 1],
  skip: [1, 1],
  take: [1, 1],
  first: [0, 0],
  last: [0, 0],
  tail: [0, 0],
  single: [0, 0],
  empty: [0, 0],
  not: [0, 0],
  count: [0, 0],
  lower: [0, 0],
  upper: [0, 0],
} as const satisfies Record<string, readonly [number, number]>

export type Callable = keyof typeof functions

interface Token {
  readonly kind: 'name' | 'string' | 'number' | 'sign'
  readonly text: string
  readonly at: number
}

const tokenPattern =
  /([A-Za-z_]\w*)|`([^`]*)`|'([^'\\]*(?:\\.[^'\\]*)*)'|(\d+(?:\.\d+)?)|@(T?[\d:.TZ+-]+)|(<=|>=|!=|!~|\$this|%resource|%context|[.,()[\]=<>~])/y

/** Reads an expression. Refuses (400) one that is too long, does not parse, or uses another function. */
export function readExpression(text: string): Expression {
  if (text.length > MAX_LENGTH) throw badRequest(`The path is longer than ${MAX_LENGTH} characters.`, 'too-long')
  const reader = new Reader(text)
  const expression = reader.any()
  reader.end()
  return expression
}

/** Walks the tokens of one expression. */
class Reader {
  readonly #tokens: readonly Token[]
  #at = 0
  #nesting = 0

  constructor(text: string) {
    this.#tokens = tokens(text)
  }

  any(): Expression {
    if (++this.#nesting > MAX_NESTING) throw badRequest('The path is nested too deeply.')
    let left = this.#both()
    while (this.#word('or')) left = { is: 'or', left, right: this.#both() }
    this.#nesting--
    return left
  }

  end(): void {
    if (this.#at < this.#tokens.length) this.#unexpected()
  }

  #both(): Expression {
    let left = this.#comparison()
    while (this.#word('and')) left = { is: 'and', left, right: this.#comparison() }
    return left
  }

  #comparison(): Expression {
    const left = this.#operand()
    const by = ['=', '!=', '~', '!~', '<=', '>=', '<', '>'].find(sign => this.#sign(sign))
    return by === undefined ? left : { is: 'compare', by: by as Comparison, left, right: this.#operand() }
  }

  #operand(): Expression {
    const primary = this.#primary()
    if (!this.#word('as')) return primary
    return { is: 'path', from: primary, steps: [{ is: 'type', name: this.#typeName() }] }
  }

  #primary(): Expression {
    const token = this.#tokens[this.#at]
    if (!token) return this.#unexpected()
    if (token.kind === 'string') return (this.#at++, { is: 'literal', value: token.text })
    if (token.kind === 'number') return (this.#at++, { is: 'literal', value: Number(token.text) })
    if (this.#word('true')) return { is: 'literal', value: true }
    if (this.#word('false')) return { is: 'literal', value: false }
    if (this.#sign('$this')) return { is: 'path', from: 'focus', steps: this.#steps([]) }
    if (this.#sign('%resource') || this.#sign('%context')) {
      return { is: 'path', from: 'resource', steps: this.#steps([]) }
    }
    if (this.#sign('(')) {
      const from = this.any()
      this.#expect(')')
      return { is: 'path', from, steps: this.#steps([]) }
    }
    return { is: 'path', from: 'focus', steps: this.#steps([this.#step()]) }
  }

  #steps(steps: Step[]): Step[] {
    for (;;) {
      if (this.#sign('.')) steps.push(this.#step())
      else if (this.#sign('[')) {
        const token = this.#tokens[this.#at++]
        if (token?.kind !== 'number' || !/^\d{1,9}$/.test(token.text)) return this.#unexpected(token)
        steps.push({ is: 'index', at: Number(token.text) })
        this.#expect(']')
      } else return steps
    }
  }

  #step(): Step {
    const token = this.#tokens[this.#at++]
    if (token?.kind !== 'name') return this.#unexpected(token)
    const name = token.text
    if (!this.#sign('(')) return { is: 'member', name }
    if (name === 'ofType' || name === 'as') {
      const type = this.#typeName()
      this.#expect(')')
      return { is: 'type', name: type }
    }
    if (!Object.hasOwn(functions, name)) {
      const known = ['ofType', 'as', ...Object.keys(functions)].join(', ')
      throw badRequest(
        `The function ${name}() cannot be used in the path of a patch. These can: ${known}.`,
        'not-supported',
      )
    }
    const [least, most] = functions[name as Callable]
    if (this.#sign(')')) return least === 0 ? { is: 'call', name: name as Callable } : this.#unexpected()
    if (most === 0) return this.#unexpected()
    const argument = this.any()
    this.#expect(')')
    return { is: 'call', name: name as Callable, argument }
  }

  /** `Quantity`, `FHIR.Quantity`. */
  #typeName(): string {
    let token = this.#tokens[this.#at++]
    if (token?.kind === 'name' && token.text === 'FHIR' && this.#sign('.')) token = this.#tokens[this.#at++]
    return token?.kind === 'name' ? token.text : this.#unexpected(token)
  }

  #sign(text: string): boolean {
    const token = this.#tokens[this.#at]
    return token?.kind === 'sign' && token.text === text && ++this.#at > 0
  }

  #word(text: string): boolean {
    const token = this.#tokens[this.#at]
    return token?.kind === 'name' && token.text === text && ++this.#at > 0
  }

  #expect(sign: string): void {
    if (!this.#sign(sign)) this.#unexpected()
  }

  #unexpected(token = this.#tokens[this.#at]): never {
    const where = token ? `"${token.text.slice(0, 50)}" at character ${token.at} is not expected` : 'it ends too early'
    throw badRequest(`The path is not FHIRPath that a patch can use: ${where}.`)
  }
}

function tokens(text: string): Token[] {
  const found: Token[] = []
  for (let at = 0; at < text.length; ) {
    if (/\s/.test(text.charAt(at))) {
      at++
      continue
    }
    tokenPattern.lastIndex = at
    const match = tokenPattern.exec(text)
    if (!match) throw badRequest(`The path is not FHIRPath that a patch can use: character ${at} is not expected.`)
    const [, name, quoted, string, number, time, sign] = match
    if (name !== undefined || quoted !== undefined) found.push({ kind: 'name', text: (name ?? quoted)!, at })
    else if (string !== undefined) found.push({ kind: 'string', text: unescaped(string), at })
    else if (number !== undefined) found.push({ kind: 'number', text: number, at })
    else if (time !== undefined) found.push({ kind: 'string', text: time, at })
    else found.push({ kind: 'sign', text: sign!, at })
    at = tokenPattern.lastIndex
  }
  return found
}

const escapes: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t', f: '\f' }

const unescaped = (text: string) =>
  text.replace(/\\(?:u([0-9a-fA-F]{4})|(.))/gs, (_, code: string | undefined, char: string) =>
    code === undefined ? (escapes[char] ?? char) : String.fromCharCode(parseInt(code, 16)),
  )
