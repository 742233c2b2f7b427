/**
 * Regular expressions in time that grows only with the text: all ways are followed at once instead of one after the
 * other, so that none can explode.
 * https://hl7.org/fhirpath/N1/#matchesregex-string-boolean
 */
import { fail, type Place } from './error.ts'
import { type Assertion, type CharacterTest, isWord, type Parsed, parseRegex, type Pattern } from './regex-parse.ts'

/** Called with the number of steps that were taken; may throw. */
type Spend = (steps: number) => void

/** What to do at a state: look at a character, go two ways (the first is preferred), note where a group begins or ends. */
type State =
  | { readonly is: 'character'; readonly test: CharacterTest; readonly next: number }
  | { readonly is: 'assertion'; readonly what: Assertion; readonly next: number }
  | { readonly is: 'split'; first: number; second: number }
  | { readonly is: 'mark'; readonly mark: number; readonly next: number }
  | { readonly is: 'done' }

const MOST_STATES = 2000
/** Steps are reported in pieces of this size. */
const PIECE = 256
/** What `entered` can hold. */
const MOST_STEPS = 2 ** 31 - 1

/** Throws a PathError for an expression that is not understood or too large. */
export function compileRegex(pattern: string, place: Place): Regex {
  return new Regex(parseRegex(pattern, place), place)
}

/** A way that is followed: where it is, and where groups began and ended on it. */
interface Way {
  readonly state: number
  readonly marks: readonly number[]
}

interface Match {
  readonly from: number
  readonly to: number
  readonly marks: readonly number[]
}

export class Regex {
  readonly #states: State[] = [{ is: 'done' }]
  readonly #start: number
  readonly #names: ReadonlyMap<string, number>
  readonly #groups: number
  /** It can only match at the beginning. */
  readonly #anchored: boolean
  /** For each state, in which step it was last entered. */
  readonly #entered: Int32Array
  #step = 0
  /** Steps not yet reported. */
  #taken = 0

  constructor({ pattern, names, groups }: Parsed, place: Place) {
    this.#start = this.#build(pattern, 0, place)
    this.#names = names
    this.#groups = groups
    const first = this.#states[this.#start]!
    this.#anchored = first.is === 'assertion' && first.what === 'start'
    this.#entered = new Int32Array(this.#states.length)
  }

  /** How many states it has. */
  get size(): number {
    return this.#states.length
  }

  #add(state: State, place: Place): number {
    if (this.#states.length >= MOST_STATES) fail(place, 'The regular expression is too large', 'count less')
    return this.#states.push(state) - 1
  }

  /** Adds the states of a pattern that lead to `next`; gives the first of them. */
  #build(pattern: Pattern, next: number, place: Place): number {
    switch (pattern.is) {
      case 'character':
        return this.#add({ is: 'character', test: pattern.test, next }, place)
      case 'assertion':
        return this.#add({ is: 'assertion', what: pattern.what, next }, place)
      case 'sequence':
        return pattern.parts.reduceRight((after, part) => this.#build(part, after, place), next)
      case 'choice':
        return pattern.parts
          .map(part => this.#build(part, next, place))
          .reduceRight((second, first) => this.#add({ is: 'split', first, second }, place))
      case 'group': {
        const end = this.#add({ is: 'mark', mark: 2 * pattern.index + 1, next }, place)
        return this.#add({ is: 'mark', mark: 2 * pattern.index, next: this.#build(pattern.part, end, place) }, place)
      }
      case 'repeat':
        return this.#repeat(pattern, next, place)
    }
  }

  #repeat({ part, least, most, greedy }: Pattern & { is: 'repeat' }, next: number, place: Place): number {
    const split = (again: number): State =>
      greedy ? { is: 'split', first: again, second: next } : { is: 'split', first: next, second: again }
    let after = next
    if (most === Infinity) {
      after = this.#add({ is: 'split', first: next, second: next }, place)
      this.#states[after] = split(this.#build(part, after, place))
    } else for (let i = least; i < most; i++) after = this.#add(split(this.#build(part, after, place)), place)
    for (let i = 0; i < least; i++) after = this.#build(part, after, place)
    return after
  }

  /** Whether the text, or with `whole` not less than all of it, matches. */
  test(text: string, whole: boolean, spend: Spend): boolean {
    const once = whole || this.#anchored
    let arriving: number[] = []
    for (let at = 0; ; ) {
      this.#newStep(spend)
      const entered: number[] = []
      let done = false
      for (const state of arriving) if (this.#enter(state, text, at, entered)) done = true
      if ((at === 0 || !once) && this.#enter(this.#start, text, at, entered)) done = true
      if (done && (!whole || at === text.length)) return this.#spent(spend, true)
      if (at === text.length || (once && entered.length === 0)) return this.#spent(spend, false)
      const code = text.codePointAt(at)!
      at += code > 0xffff ? 2 : 1
      arriving = []
      for (const id of entered) {
        const { test, next } = this.#states[id] as State & { is: 'character' }
        if (test(code)) arriving.push(next)
      }
    }
  }

  /** A state is entered once in a step. */
  #newStep(spend: Spend): void {
    if (this.#taken >= PIECE) this.#spent(spend, true)
    this.#taken++
    if (++this.#step < MOST_STEPS) return
    this.#step = 1
    this.#entered.fill(0)
  }

  #spent<T>(spend: Spend, result: T): T {
    const taken = this.#taken
    this.#taken = 0
    spend(taken)
    return result
  }

  /** Adds the states that look at a character and are reached from this one; whether the end is. */
  #enter(first: number, text: string, at: number, into: number[]): boolean {
    let done = false
    const open = [first]
    for (let id = open.pop(); id !== undefined; id = open.pop()) {
      if (this.#entered[id] === this.#step) continue
      this.#entered[id] = this.#step
      this.#taken++
      const state = this.#states[id]!
      if (state.is === 'done') done = true
      else if (state.is === 'character') into.push(id)
      else if (state.is === 'split') open.push(state.second, state.first)
      else if (state.is === 'mark' || holds(state.what, text, at)) open.push(state.next)
    }
    return done
  }

  /** Every match replaced. `$1`, `${name}`, `$<name>` and `$&` stand for what was matched, `$$` for a dollar sign. */
  replace(text: string, substitution: string, spend: Spend, longest: number): string {
    let result = ''
    let last = 0
    for (let from = 0; from <= text.length; ) {
      const match = this.#find(text, from, spend)
      if (!match) break
      result += text.slice(last, match.from) + this.#substituted(text, match, substitution)
      spend(2 + substitution.length)
      last = match.to
      from = match.to > match.from ? match.to : match.to + (text.codePointAt(match.to)! > 0xffff ? 2 : 1)
      // the caller refuses what is too long
      if (result.length > longest) return result
    }
    return result + text.slice(last)
  }

  /** The first match from there on; of those that begin together, the one that backtracking would find first. */
  #find(text: string, from: number, spend: Spend): Match | undefined {
    let ways: Way[] = []
    let found: Match | undefined
    for (let at = from; ; ) {
      this.#newStep(spend)
      const entered: Way[] = []
      let done = false
      const arrive = (way: Way) => {
        const marks = this.#follow(way, text, at, entered)
        if (!marks) return
        found = { from: marks[0]!, to: at, marks }
        // what comes after is not preferred
        done = true
      }
      for (const way of ways) if (!done) arrive(way)
      if (!done && !found && (!this.#anchored || at === 0)) arrive({ state: this.#start, marks: [at] })
      if (at >= text.length || (entered.length === 0 && (found || this.#anchored))) return this.#spent(spend, found)
      const code = text.codePointAt(at)!
      at += code > 0xffff ? 2 : 1
      ways = []
      for (const { state, marks } of entered) {
        const { test, next } = this.#states[state] as State & { is: 'character' }
        if (test(code)) ways.push({ state: next, marks })
      }
    }
  }

  /** As `#enter`, in the order of preference; the marks of a way that reached the end, when one did. */
  #follow(way: Way, text: string, at: number, into: Way[]): readonly number[] | undefined {
    const open = [way]
    for (let next = open.pop(); next; next = open.pop()) {
      const { state: id, marks } = next
      if (this.#entered[id] === this.#step) continue
      this.#entered[id] = this.#step
      this.#taken += 2
      const state = this.#states[id]!
      if (state.is === 'done') return marks
      if (state.is === 'character') into.push(next)
      else if (state.is === 'split') open.push({ state: state.second, marks }, { state: state.first, marks })
      else if (state.is === 'mark') {
        this.#taken += marks.length >> 2
        open.push({ state: state.next, marks: marked(marks, state.mark, at) })
      } else if (holds(state.what, text, at)) open.push({ state: state.next, marks })
    }
    return undefined
  }

  #substituted(text: string, { from, to, marks }: Match, substitution: string): string {
    const group = (index: number) => {
      const [begin, end] = [marks[2 * index], marks[2 * index + 1]]
      return begin === undefined || end === undefined ? '' : text.slice(begin, end)
    }
    return substitution.replace(
      /\$(?:(\$)|(&)|(\d{1,2})|\{(\w+)\}|<(\w+)>)/g,
      (written, dollar?: string, all?: string, digits?: string, braced?: string, angled?: string) => {
        if (dollar) return '$'
        if (all) return text.slice(from, to)
        if (digits !== undefined) return this.#numbered(digits, written, group)
        const name = (braced ?? angled)!
        const index = this.#names.get(name) ?? (/^\d{1,2}$/.test(name) ? Number(name) : undefined)
        return index === undefined || index > this.#groups ? written : group(index)
      },
    )
  }

  /** `$12` is group 12, or, when there are fewer, group 1 and a 2. */
  #numbered(digits: string, written: string, group: (index: number) => string): string {
    const index = Number(digits)
    if (index >= 1 && index <= this.#groups) return group(index)
    const first = Number(digits[0])
    return digits.length === 2 && first >= 1 && first <= this.#groups ? group(first) + digits[1]! : written
  }
}

function holds(what: Assertion, text: string, at: number): boolean {
  if (what === 'start') return at === 0
  if (what === 'end') return at === text.length
  const before = at > 0 && isWord(text.charCodeAt(at - 1))
  const after = at < text.length && isWord(text.charCodeAt(at))
  return (before !== after) === (what === 'boundary')
}

/** The first is where the match began; a group's are at twice its index. */
function marked(marks: readonly number[], mark: number, at: number): readonly number[] {
  const copy = [...marks]
  copy[mark] = at
  return copy
}
