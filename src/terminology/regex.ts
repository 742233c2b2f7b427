/**
 * Regular expressions of value set filters, matched in time that grows only with the text: all ways are followed at once
 * instead of one after the other. Knows characters, classes, groups, alternatives and counts; nothing that looks around or back.
 * https://hl7.org/fhir/R4/valueset-filter-operator.html
 */
import { badRequest, tooCostly } from '../fhir/outcome.ts'

/** Whether the whole text matches. Throws too-costly after very many steps. */
export type Matcher = (text: string) => boolean

type Test = (char: string) => boolean

type Node =
  | { readonly is: 'char'; readonly test: Test }
  | { readonly is: 'sequence'; readonly parts: readonly Node[] }
  | { readonly is: 'choice'; readonly parts: readonly Node[] }
  | { readonly is: 'repeat'; readonly part: Node; readonly least: number; readonly most: number }

/** A state either tests a character and goes on, or goes on at once, to one state or two. */
interface State {
  test?: Test
  next: number
  other?: number
}

const MOST_STATES = 2_000
const MOST_CHARACTERS = 1_000
const MOST_STEPS = 3_000_000
const DONE = 0

/** Of all expressions together, in this turn of the event loop: one value set may have thousands of them. */
let steps = 0

function within(more: number): boolean {
  if (steps === 0) setImmediate(() => (steps = 0))
  steps += more
  return steps <= MOST_STEPS
}

/** Refuses (400) what it does not know, and expressions that would need too many states. */
export function compileRegex(pattern: string): Matcher {
  const states: State[] = [{ next: DONE }]
  const start = build(new Reader(pattern).read(), DONE, states)
  return text => {
    if (text.length > MOST_CHARACTERS) return false
    let current = new Set<number>()
    enter(start, current, states)
    for (const char of text) {
      const following = new Set<number>()
      for (const id of current) {
        const { test, next } = states[id]!
        if (test?.(char)) enter(next, following, states)
      }
      if (!within(current.size + 1))
        throw tooCostly('A regex filter of the value set takes too long over this code system.')
      if (following.size === 0) return false
      current = following
    }
    return current.has(DONE)
  }
}

/** Adds a state and all that are reached from it without a character. */
function enter(first: number, into: Set<number>, states: readonly State[]): void {
  const open = [first]
  for (let id = open.pop(); id !== undefined; id = open.pop()) {
    if (into.has(id)) continue
    into.add(id)
    const { test, next, other } = states[id]!
    if (test || id === DONE) continue
    open.push(next)
    if (other !== undefined) open.push(other)
  }
}

/** Adds the states of a node that lead to `next`; gives the first of them. */
function build(node: Node, next: number, states: State[]): number {
  const add = (state: State) => {
    if (states.length >= MOST_STATES) throw badRequest('A regex filter of the value set is too large.', 'too-costly')
    return states.push(state) - 1
  }
  switch (node.is) {
    case 'char':
      return add({ test: node.test, next })
    case 'sequence':
      return node.parts.reduceRight((after, part) => build(part, after, states), next)
    case 'choice':
      return node.parts.map(part => build(part, next, states)).reduce((one, other) => add({ next: one, other }))
    case 'repeat': {
      let after = next
      if (node.most === Infinity) {
        after = add({ next, other: next })
        states[after]!.other = build(node.part, after, states)
      } else for (let i = node.least; i < node.most; i++) after = add({ next, other: build(node.part, after, states) })
      for (let i = 0; i < node.least; i++) after = build(node.part, after, states)
      return after
    }
  }
}

const classes: Readonly<Record<string, Test>> = {
  d: char => char >= '0' && char <= '9',
  w: char => /^\w$/.test(char),
  s: char => /^\s$/.test(char),
}
const controls: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t', f: '\f', v: '\v' }
const MOST_DEPTH = 50

class Reader {
  readonly #chars: readonly string[]
  #at = 0
  #depth = 0

  constructor(pattern: string) {
    if (pattern.length > MOST_CHARACTERS)
      throw badRequest(`A regex filter of the value set has more than ${MOST_CHARACTERS} characters.`, 'too-costly')
    // the whole text is matched, with or without the signs that say so
    this.#chars = [...pattern.replace(/^\^/, '').replace(/(?<!\\)\$$/, '')]
  }

  read(): Node {
    const node = this.#choice()
    if (this.#at < this.#chars.length) throw this.#unknown(`")"`)
    return node
  }

  #unknown(what: string) {
    return badRequest(
      `The regex filter "${this.#chars.join('').slice(0, 100)}" is not understood at character ${this.#at + 1} (${what}).`,
      'not-supported',
    )
  }

  #peek(): string | undefined {
    return this.#chars[this.#at]
  }

  #take(): string {
    const char = this.#chars[this.#at]
    if (char === undefined) throw this.#unknown('its end')
    this.#at++
    return char
  }

  #choice(): Node {
    if (++this.#depth > MOST_DEPTH) throw this.#unknown('too many groups in groups')
    const parts = [this.#sequence()]
    while (this.#peek() === '|') {
      this.#at++
      parts.push(this.#sequence())
    }
    this.#depth--
    return { is: 'choice', parts }
  }

  #sequence(): Node {
    const parts: Node[] = []
    for (let char = this.#peek(); char !== undefined && char !== '|' && char !== ')'; char = this.#peek())
      parts.push(this.#counted(this.#atom()))
    return { is: 'sequence', parts }
  }

  #counted(part: Node): Node {
    const char = this.#peek()
    const count =
      char === '*' ? [0, Infinity] : char === '+' ? [1, Infinity] : char === '?' ? [0, 1] : this.#countInBraces()
    if (!count) return part
    if (char !== '{') this.#at++
    // greedy or not makes no difference to whether it matches
    if (this.#peek() === '?') this.#at++
    return { is: 'repeat', part, least: count[0]!, most: count[1]! }
  }

  #countInBraces(): [number, number] | undefined {
    if (this.#peek() !== '{') return undefined
    const found = /^\{(\d{1,4})(?:(,)(\d{1,4})?)?\}/.exec(this.#chars.slice(this.#at, this.#at + 12).join(''))
    if (!found) throw this.#unknown('a count')
    this.#at += found[0].length
    const least = Number(found[1])
    const most = found[2] === undefined ? least : found[3] === undefined ? Infinity : Number(found[3])
    if (most < least) throw this.#unknown('a count')
    return [least, most]
  }

  #atom(): Node {
    const char = this.#take()
    if (char === '(') {
      if (this.#peek() === '?') {
        this.#at++
        if (this.#take() !== ':') throw this.#unknown('a group that looks around')
      }
      const inner = this.#choice()
      if (this.#take() !== ')') throw this.#unknown('a group')
      return inner
    }
    if (char === '.') return { is: 'char', test: each => each !== '\n' }
    if (char === '[') return { is: 'char', test: this.#set() }
    if (char === '\\') return { is: 'char', test: this.#escaped() }
    if ('*+?{^$'.includes(char)) throw this.#unknown(`"${char}"`)
    return { is: 'char', test: each => each === char }
  }

  #escaped(): Test {
    const char = this.#take()
    const known = classes[char]
    if (known) return known
    const opposite = classes[char.toLowerCase()]
    if (opposite) return each => !opposite(each)
    const control = controls[char]
    if (control === undefined && /[\p{L}\p{N}]/u.test(char)) throw this.#unknown(`"\\${char}"`)
    return each => each === (control ?? char)
  }

  /** An escaped character inside a class. */
  #sign(): string {
    const char = this.#take()
    return controls[char] ?? char
  }

  #set(): Test {
    const not = this.#peek() === '^'
    if (not) this.#at++
    const tests: Test[] = []
    for (let first = true; first || this.#peek() !== ']'; first = false) {
      const char = this.#take()
      if (char === '\\' && /[dwsDWS]/.test(this.#peek() ?? '')) {
        tests.push(this.#escaped())
        continue
      }
      const from = char === '\\' ? this.#sign() : char
      if (this.#peek() === '-' && this.#chars[this.#at + 1] !== ']') {
        this.#at++
        const end = this.#take()
        const to = end === '\\' ? this.#sign() : end
        tests.push(each => each >= from && each <= to)
      } else tests.push(each => each === from)
    }
    this.#at++
    return not ? char => !tests.some(test => test(char)) : char => tests.some(test => test(char))
  }
}
