/**
 * The grammar of `_filter`: text becomes a tree. `and` and `or` have no precedence; they are taken from left to right.
 * https://hl7.org/fhir/R4/search_filter.html
 */
import { badRequest, tooCostly } from '../fhir/outcome.ts'

/** One step of a path: `subject[name co "pet"]`; `type` after a colon is our addition, as in chains. */
export interface Step {
  readonly name: string
  readonly type?: string
  readonly where?: Expression
}

export type Expression =
  | { readonly is: 'and'; readonly parts: readonly Expression[] }
  | { readonly is: 'or'; readonly parts: readonly Expression[] }
  | { readonly is: 'not'; readonly part: Expression }
  | { readonly is: 'test'; readonly path: readonly Step[]; readonly operator: string; readonly value: string }

const LONGEST = 8_000
const DEEPEST = 16
const MOST_TESTS = 100

/** Throws a FhirError: 400 with the place of what cannot be read, 422 when there is too much of it. */
export function parseFilter(text: string): Expression {
  if (text.length > LONGEST) throw tooCostly(`_filter is longer than ${LONGEST} characters.`)
  let at = 0
  let depth = 0
  let tests = 0

  const refuse = (expected: string) => {
    const found = at >= text.length ? 'the end' : `"${text.slice(at, at + 20)}"`
    return badRequest(`_filter: ${expected} expected at position ${at + 1}, found ${found}.`)
  }
  /** Reads what the pattern finds right here. */
  const take = (pattern: RegExp): string | undefined => {
    pattern.lastIndex = at
    const found = pattern.exec(text)?.[0]
    if (found !== undefined) at += found.length
    return found
  }
  const skip = () => void take(/\s*/y)
  const need = (pattern: RegExp, expected: string): string => {
    skip()
    const found = take(pattern)
    if (found === undefined) throw refuse(expected)
    return found
  }

  function expression(): Expression {
    if (++depth > DEEPEST) throw tooCostly(`_filter is nested more than ${DEEPEST} levels deep.`)
    let left = term()
    for (skip(); ; skip()) {
      const word = take(/(?:and|or)\b/y)
      if (word === undefined) break
      const right = term()
      const is = word === 'and' ? 'and' : 'or'
      left = left.is === is ? { is, parts: [...left.parts, right] } : { is, parts: [left, right] }
    }
    depth--
    return left
  }

  function term(): Expression {
    skip()
    const not = take(/not\s*(?=\()/y) !== undefined
    if (take(/\(/y) === undefined) return test()
    // a group is one part, whatever stands beside it: ("a or b") and c
    const inner = expression()
    need(/\)/y, '")"')
    return not
      ? { is: 'not', part: inner }
      : inner.is === 'test' || inner.is === 'not'
        ? inner
        : { is: inner.is, parts: [inner] }
  }

  function test(): Expression {
    if (++tests > MOST_TESTS) throw tooCostly(`_filter has more than ${MOST_TESTS} comparisons.`)
    const path = steps()
    const operator = need(/[a-z]{2}(?=\s)/y, 'an operator (eq ne co sw ew gt lt ge le ap sa eb pr po ss sb in ni re)')
    skip()
    return { is: 'test', path, operator, value: value() }
  }

  function steps(): readonly Step[] {
    const path: Step[] = []
    do {
      if (path.length >= DEEPEST) throw tooCostly(`_filter has a path of more than ${DEEPEST} steps.`)
      const name = need(/[A-Za-z_][A-Za-z0-9_-]*/y, 'the name of a search parameter')
      const type = take(/:[A-Z][A-Za-z]*/y)?.slice(1)
      let where: Expression | undefined
      if (take(/\[/y) !== undefined) {
        where = expression()
        need(/\]/y, '"]"')
        if (text[at] !== '.') throw refuse('"." and a parameter after "]"')
      }
      path.push({ name, ...(type ? { type } : {}), ...(where ? { where } : {}) })
    } while (take(/\./y) !== undefined)
    return path
  }

  function value(): string {
    if (text[at] !== '"') return need(/[^\s)\]"][^\s)\]]*/y, 'a value')
    const quoted = take(/"(?:[^"\\]|\\.)*"/y)
    if (quoted === undefined) throw refuse('a closing quote')
    try {
      return JSON.parse(quoted) as string
    } catch {
      at -= quoted.length
      throw refuse('a string as JSON writes it')
    }
  }

  const whole = expression()
  skip()
  if (at < text.length) throw refuse('"and", "or" or the end')
  return whole
}
