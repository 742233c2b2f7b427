/**
 * What is wrong with an expression, or with what it was evaluated on, and where in the expression.
 * https://hl7.org/fhirpath/N1/#expressions
 */

/** A place in an expression. */
export interface Place {
  /** The whole expression. */
  readonly text: string
  /** Offset of the first character, from 0. */
  readonly at: number
}

/** Says what is wrong, where, and what to do. The only error that parsing, compiling and evaluating throw. */
export class PathError extends Error {
  /** Offset in the expression, from 0. */
  readonly position: number
  /** From 1. */
  readonly line: number
  /** From 1. */
  readonly column: number

  constructor(place: Place, problem: string, advice?: string) {
    const { line, column } = lineAndColumn(place)
    super(`${problem} at line ${line} column ${column}${advice ? `: ${advice}` : ''}`)
    this.name = 'PathError'
    this.position = place.at
    this.line = line
    this.column = column
  }
}

function lineAndColumn({ text, at }: Place): { line: number; column: number } {
  const before = text.slice(0, at)
  return { line: before.split('\n').length, column: at - before.lastIndexOf('\n') }
}

/** Throws a PathError. `problem` goes before "at line 1 column 2", `advice` after it. */
export function fail(place: Place, problem: string, advice?: string): never {
  throw new PathError(place, problem, advice)
}

/** `did you mean "exists"?`, or undefined when none of the names is near. */
export function didYouMean(name: string, known: Iterable<string>): string | undefined {
  if (name.length > 64) return undefined
  const limit = name.length <= 3 ? 1 : 2
  let best: string | undefined
  let least = limit + 1
  for (const candidate of known) {
    const far =
      candidate.toLowerCase() === name.toLowerCase()
        ? 0.5
        : Math.abs(candidate.length - name.length) <= limit
          ? distance(name, candidate)
          : Infinity
    if (far < least) [best, least] = [candidate, far]
  }
  return best === undefined ? undefined : `did you mean "${best}"?`
}

/** How many letters must be put in, taken out, changed or swapped. */
function distance(from: string, to: string): number {
  let before: number[] = []
  let last = Array.from({ length: to.length + 1 }, (_, index) => index)
  for (let i = 1; i <= from.length; i++) {
    const row = [i]
    for (let j = 1; j <= to.length; j++) {
      const change = from[i - 1] === to[j - 1] ? 0 : 1
      const swapped = i > 1 && j > 1 && from[i - 1] === to[j - 2] && from[i - 2] === to[j - 1]
      row.push(Math.min(last[j]! + 1, row[j - 1]! + 1, last[j - 1]! + change, swapped ? before[j - 2]! + 1 : Infinity))
    }
    before = last
    last = row
  }
  return last[to.length]!
}
