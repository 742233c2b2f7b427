/**
 * Reads the plain part of FHIRPath that nearly all invariants are written in: paths, exists(), comparisons with
 * literals, and, or, implies. What lies beyond is left to fhirpath.js.
 * https://hl7.org/fhirpath/N1/#formal-specifications
 */

export type Expression =
  | { readonly is: 'literal'; readonly value: string | number | boolean }
  | { readonly is: 'this' }
  | { readonly is: 'variable'; readonly name: Variable }
  | { readonly is: 'member'; readonly of: Expression; readonly name: string }
  | { readonly is: 'call'; readonly of: Expression; readonly name: Callable; readonly argument?: Expression }
  | { readonly is: 'type'; readonly of: Expression; readonly name: string }
  | { readonly is: 'matches'; readonly of: Expression; readonly pattern: string }
  | { readonly is: 'operator'; readonly name: Operator; readonly left: Expression; readonly right: Expression }

export type Variable = 'resource' | 'ucum' | 'sct' | 'loinc'
export type Operator = 'implies' | 'or' | 'xor' | 'and' | 'in' | '=' | '!=' | '>' | '<' | '>=' | '<=' | '|'

/** By name: whether it takes an expression, a text, or nothing. */
const callables = {
  exists: 'maybe',
  where: 'expression',
  all: 'expression',
  select: 'expression',
  empty: 'none',
  not: 'none',
  count: 'none',
  first: 'none',
  hasValue: 'none',
  trace: 'text',
  startsWith: 'text',
  contains: 'text',
  endsWith: 'text',
  extension: 'text',
} as const
export type Callable = keyof typeof callables

const LONGEST = 4000
const DEEPEST = 40

/** The expression, or undefined when it uses more of the language than is read here. */
export function parseInvariant(text: string): Expression | undefined {
  if (text.length > LONGEST) return undefined
  const tokens = tokenize(text)
  if (!tokens) return undefined
  const reader = new Reader(tokens)
  try {
    const expression = reader.implies()
    return reader.atEnd() ? expression : undefined
  } catch (error) {
    if (error instanceof Beyond) return undefined
    throw error
  }
}

class Beyond extends Error {}

interface Token {
  readonly kind: 'name' | 'quoted' | 'text' | 'number' | 'mark' | 'variable'
  readonly text: string
}

const pattern =
  /\s+|(?<name>[A-Za-z_]\w*)|`(?<quoted>[^`\\]+)`|'(?<text>(?:[^'\\]|\\.)*)'|(?<number>\d+(?:\.\d+)?)|%(?<variable>[A-Za-z]\w*)(?!-)|(?<mark>\$this|!=|<=|>=|[=<>|().,])/y

function tokenize(text: string): Token[] | undefined {
  const tokens: Token[] = []
  pattern.lastIndex = 0
  while (pattern.lastIndex < text.length) {
    const found = pattern.exec(text)
    if (!found) return undefined
    const [entry] = Object.entries(found.groups!).filter(([, value]) => value !== undefined)
    if (!entry) continue
    const kind = entry[0] as Token['kind']
    const plain = kind === 'text' ? unescaped(entry[1]!) : entry[1]!
    if (plain === undefined) return undefined
    tokens.push({ kind, text: plain })
  }
  return tokens
}

const escapes: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t', f: '\f' }

function unescaped(text: string): string | undefined {
  if (!text.includes('\\')) return text
  if (text.includes('\\u')) return undefined
  return text.replace(/\\(.)/gs, (_, char: string) => escapes[char] ?? char)
}

class Reader {
  readonly #tokens: readonly Token[]
  #at = 0
  #depth = 0

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens
  }

  atEnd(): boolean {
    return this.#at === this.#tokens.length
  }

  implies(): Expression {
    if (++this.#depth > DEEPEST) throw new Beyond()
    const found = this.#row(['implies'], () =>
      this.#row(['or', 'xor'], () => this.#row(['and'], () => this.#row(['in'], () => this.#equality()))),
    )
    this.#depth--
    return found
  }

  #equality(): Expression {
    return this.#row(['=', '!='], () => this.#row(['<', '>', '<=', '>='], () => this.#row(['|'], () => this.#term())))
  }

  #row(names: readonly Operator[], next: () => Expression): Expression {
    let left = next()
    for (let name = this.#operator(names); name; name = this.#operator(names))
      left = { is: 'operator', name, left, right: next() }
    return left
  }

  #operator(names: readonly Operator[]): Operator | undefined {
    const token = this.#tokens[this.#at]
    if (token?.kind !== 'mark' && token?.kind !== 'name') return undefined
    const name = names.find(each => each === token.text)
    if (name) this.#at++
    return name
  }

  #term(): Expression {
    let found = this.#start()
    while (this.#mark('.')) found = this.#step(found)
    return found
  }

  #start(): Expression {
    if (this.#mark('(')) {
      const inner = this.implies()
      this.#need(')')
      return inner
    }
    if (this.#mark('$this')) return { is: 'this' }
    const token = this.#tokens[this.#at]
    if (token?.kind === 'text' || token?.kind === 'number') {
      this.#at++
      return { is: 'literal', value: token.kind === 'text' ? token.text : Number(token.text) }
    }
    if (token?.kind === 'variable') {
      this.#at++
      if (!isVariable(token.text)) throw new Beyond()
      return { is: 'variable', name: token.text }
    }
    if (token?.kind === 'name' && (token.text === 'true' || token.text === 'false')) {
      this.#at++
      return { is: 'literal', value: token.text === 'true' }
    }
    return this.#step({ is: 'this' })
  }

  /** What follows a dot, or opens a path. */
  #step(of: Expression): Expression {
    const token = this.#tokens[this.#at++]
    if (token?.kind === 'quoted') return { is: 'member', of, name: token.text }
    if (token?.kind !== 'name') throw new Beyond()
    if (!this.#mark('(')) return { is: 'member', of, name: token.text }
    if (token.text === 'ofType') return { is: 'type', of, name: this.#closed(this.#name()) }
    if (token.text === 'matches') return { is: 'matches', of, pattern: this.#closed(this.#text()) }
    if (!Object.hasOwn(callables, token.text)) throw new Beyond()
    const name = token.text as Callable
    const takes = callables[name]
    if (this.#mark(')')) {
      if (takes !== 'none' && takes !== 'maybe') throw new Beyond()
      return { is: 'call', of, name }
    }
    if (takes === 'none') throw new Beyond()
    if (name === 'trace') return this.#traced(of)
    const argument: Expression = takes === 'text' ? { is: 'literal', value: this.#text() } : this.implies()
    return { is: 'call', of, name, argument: this.#closed(argument) }
  }

  /** What is traced is itself; the second argument only says what to write down. */
  #traced(of: Expression): Expression {
    this.#text()
    if (this.#mark(',')) this.implies()
    return this.#closed(of)
  }

  #closed<T>(value: T): T {
    this.#need(')')
    return value
  }

  #name(): string {
    const token = this.#tokens[this.#at++]
    if (token?.kind !== 'name') throw new Beyond()
    return token.text
  }

  #text(): string {
    const token = this.#tokens[this.#at++]
    if (token?.kind !== 'text') throw new Beyond()
    return token.text
  }

  #mark(text: string): boolean {
    const token = this.#tokens[this.#at]
    const is = token?.kind === 'mark' && token.text === text
    if (is) this.#at++
    return is
  }

  #need(text: string): void {
    if (!this.#mark(text)) throw new Beyond()
  }
}

const isVariable = (name: string): name is Variable => ['resource', 'ucum', 'sct', 'loinc'].includes(name)
