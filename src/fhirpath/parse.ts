/**
 * Reads an expression into a tree: the whole grammar of FHIRPath N1, its size and depth bounded.
 * https://hl7.org/fhirpath/N1/#formal-specifications
 */
import { fail } from './error.ts'
import { tokenize, type Token } from './tokens.ts'
import type { Operator, Tree, TypeName } from './tree.ts'

/** Longer expressions are refused. */
export const MOST_CHARACTERS = 10_000
/** Brackets within brackets. */
const MOST_NESTED = 100
/** Steps one after the other, and what is nested in them: evaluation goes as deep as that. */
const MOST_DEPTH = 300

/** The tree of an expression. Throws a PathError. */
export function parse(text: string): Tree {
  if (text.length > MOST_CHARACTERS)
    fail({ text, at: MOST_CHARACTERS }, `The expression has more than ${MOST_CHARACTERS} characters`, 'make it shorter')
  return new Parser(text).whole()
}

/** The higher, the closer it binds. https://hl7.org/fhirpath/N1/#operator-precedence */
const precedences: Readonly<Record<Operator | 'is' | 'as', number>> = {
  implies: 1,
  or: 2,
  xor: 2,
  and: 3,
  in: 4,
  contains: 4,
  '=': 5,
  '~': 5,
  '!=': 5,
  '!~': 5,
  '<=': 6,
  '<': 6,
  '>': 6,
  '>=': 6,
  '|': 7,
  is: 8,
  as: 8,
  '+': 9,
  '-': 9,
  '&': 9,
  '*': 10,
  '/': 10,
  div: 10,
  mod: 10,
}
const SIGN = 11

const durations = ['year', 'month', 'week', 'day', 'hour', 'minute', 'second', 'millisecond']
/** The words that can also be names. */
const nameable = new Set(['as', 'is', 'in', 'contains', ...durations, ...durations.map(word => `${word}s`)])
const reserved = new Set(['and', 'or', 'xor', 'implies', 'div', 'mod', 'true', 'false'])

class Parser {
  readonly #text: string
  readonly #tokens: readonly Token[]
  readonly #heights = new WeakMap<Tree, number>()
  #at = 0
  #nested = 0

  constructor(text: string) {
    this.#text = text
    this.#tokens = tokenize(text)
  }

  whole(): Tree {
    if (this.#peek().kind === 'end') this.#fail('The expression is empty', 'write one, such as Patient.name.exists()')
    const tree = this.#expression(0)
    if (this.#peek().kind !== 'end') this.#unexpected('an operator or the end')
    return tree
  }

  #peek(): Token {
    return this.#tokens[this.#at]!
  }

  /** Notes how deep the tree has become. */
  #made<T extends Tree>(tree: T, ...parts: readonly (Tree | undefined)[]): T {
    let height = 1
    for (const part of parts) if (part) height = Math.max(height, (this.#heights.get(part) ?? 0) + 1)
    if (height > MOST_DEPTH)
      fail(this.#place(tree.at), `The expression has more than ${MOST_DEPTH} steps in one another`, 'make it shorter')
    this.#heights.set(tree, height)
    return tree
  }

  /** Operators that bind closer than `least`, from left to right. */
  #expression(least: number): Tree {
    if (++this.#nested > MOST_NESTED)
      this.#fail(`The expression is nested more than ${MOST_NESTED} levels deep`, 'make it simpler')
    let left = this.#signed()
    for (;;) {
      const { kind, text, at } = this.#peek()
      const name = text as Operator | 'is' | 'as'
      if ((kind !== 'mark' && kind !== 'name') || !Object.hasOwn(precedences, name)) break
      const precedence = precedences[name]
      if (precedence <= least) break
      this.#at++
      if (name === 'is' || name === 'as') {
        left = this.#made({ is: 'type', at, operator: name, of: left, type: this.#typeName() }, left)
        continue
      }
      const right = this.#expression(precedence)
      left = this.#made({ is: 'operator', at, name, left, right }, left, right)
    }
    this.#nested--
    return left
  }

  #signed(): Tree {
    const { kind, text, at } = this.#peek()
    if (kind !== 'mark' || (text !== '-' && text !== '+')) return this.#path()
    this.#at++
    const of = this.#expression(SIGN)
    return this.#made({ is: 'sign', at, negative: text === '-', of }, of)
  }

  #path(): Tree {
    let tree = this.#term()
    for (;;) {
      if (this.#mark('.')) tree = this.#invocation(tree)
      else if (this.#peek().kind === 'mark' && this.#peek().text === '[') {
        const { at } = this.#peek()
        this.#at++
        const index = this.#expression(0)
        this.#need(']')
        tree = this.#made({ is: 'item', at, of: tree, index }, tree, index)
      } else return tree
    }
  }

  #term(): Tree {
    const token = this.#peek()
    const { kind, text, at } = token
    switch (kind) {
      case 'string':
        this.#at++
        return this.#made({ is: 'string', at, value: text })
      case 'integer':
      case 'decimal':
        this.#at++
        return this.#number(token)
      case 'date':
      case 'dateTime':
      case 'time':
        this.#at++
        return this.#made({ is: kind, at, value: text })
      case 'name':
        if (text === 'true' || text === 'false') {
          this.#at++
          return this.#made({ is: 'boolean', at, value: text === 'true' })
        }
        return this.#invocation(undefined)
      case 'quoted':
        return this.#invocation(undefined)
      case 'mark':
        return this.#marked(token)
      case 'end':
        return this.#unexpected('a value or a name')
    }
  }

  #marked({ text, at }: Token): Tree {
    if (text === '(') {
      this.#at++
      const inner = this.#expression(0)
      this.#need(')')
      return inner
    }
    if (text === '{') {
      this.#at++
      this.#need('}')
      return this.#made({ is: 'nothing', at })
    }
    if (text === '%') {
      this.#at++
      const name = this.#peek()
      if (name.kind !== 'name' && name.kind !== 'quoted' && name.kind !== 'string')
        this.#unexpected('the name of a variable')
      this.#at++
      return this.#made({ is: 'variable', at, name: name.text })
    }
    if (text.startsWith('$')) return this.#invocation(undefined)
    return this.#unexpected('a value or a name')
  }

  #number({ kind, text, at }: Token): Tree {
    const value = Number(text)
    const unit = this.#peek()
    const word = unit.text.endsWith('s') ? unit.text.slice(0, -1) : unit.text
    if (unit.kind === 'name' && durations.includes(word)) {
      this.#at++
      return this.#made({ is: 'quantity', at, value, unit: word, calendar: true })
    }
    if (unit.kind === 'string') {
      this.#at++
      return this.#made({ is: 'quantity', at, value, unit: unit.text, calendar: false })
    }
    if (kind === 'integer' && !Number.isSafeInteger(value))
      this.#failAt(at, 'The number is too large', 'at most 9007199254740991')
    return this.#made({ is: kind === 'integer' ? 'integer' : 'decimal', at, value })
  }

  /** What follows a dot, or opens a path. */
  #invocation(of: Tree | undefined): Tree {
    const { kind, text, at } = this.#peek()
    if (kind === 'mark' && text.startsWith('$')) {
      if (of) this.#fail(`"${text}" cannot follow a dot`, 'begin a path with it, such as select($this)')
      this.#at++
      return this.#made({ is: text.slice(1) as 'this' | 'index' | 'total', at })
    }
    if (
      kind !== 'quoted' &&
      (kind !== 'name' || reserved.has(text) || (!nameable.has(text) && Object.hasOwn(precedences, text)))
    )
      return this.#unexpected(of ? 'a name after the dot' : 'a value or a name')
    this.#at++
    if (!this.#mark('(')) return this.#made({ is: 'member', at, name: text, ...(of ? { of } : {}) }, of)
    const found: Tree[] = []
    if (!this.#mark(')')) {
      do found.push(this.#expression(0))
      while (this.#mark(','))
      this.#need(')')
    }
    return this.#made({ is: 'call', at, name: text, ...(of ? { of } : {}), arguments: found }, of, ...found)
  }

  #typeName(): TypeName {
    const { at } = this.#peek()
    const names = [this.#name()]
    while (this.#mark('.')) names.push(this.#name())
    const [first, second, third] = names as [string, ...string[]]
    if (third !== undefined || (second !== undefined && first !== 'FHIR' && first !== 'System'))
      this.#failAt(
        at,
        `"${names.join('.')}" is not the name of a type`,
        `to go on from the value, put it in brackets: (… as ${first}).${second}`,
      )
    return second === undefined ? { at, namespace: undefined, name: first } : { at, namespace: first, name: second }
  }

  #name(): string {
    const { kind, text } = this.#peek()
    if (kind !== 'name' && kind !== 'quoted') return this.#unexpected('the name of a type')
    this.#at++
    return text
  }

  #mark(text: string): boolean {
    const { kind, text: found } = this.#peek()
    const is = kind === 'mark' && found === text
    if (is) this.#at++
    return is
  }

  #need(text: string): void {
    if (!this.#mark(text)) this.#unexpected(`"${text}"`)
  }

  #unexpected(wanted: string): never {
    const { kind, text } = this.#peek()
    if (kind === 'end') this.#fail('The expression ends too early', `expected ${wanted}`)
    if (kind === 'name' && (reserved.has(text) || Object.hasOwn(precedences, text)) && wanted.includes('name'))
      this.#fail(`Unexpected "${text}"`, `it is a word of the language: as a name it is written \`${text}\``)
    const shown = text.length > 30 ? `${text.slice(0, 30)}…` : text
    return this.#fail(`Unexpected ${kind === 'string' ? `'${shown}'` : `"${shown}"`}`, `expected ${wanted}`)
  }

  #fail(problem: string, advice?: string): never {
    return this.#failAt(this.#peek().at, problem, advice)
  }

  #failAt(at: number, problem: string, advice?: string): never {
    return fail(this.#place(at), problem, advice)
  }

  #place(at: number) {
    return { text: this.#text, at }
  }
}
