/**
 * The concepts of a code system, by position: what a code system in memory and one in a file both are.
 * https://hl7.org/fhir/R4/codesystem.html#concept
 */
import { fold } from '../search/words.ts'
import { makeHierarchy, type Hierarchy } from './hierarchy.ts'
import type { Designation } from './terminology.ts'
import { joinLines, readFilter, searchWords, wordLine, type WordLines } from './word-search.ts'

/** A property of a concept. A `value` that is an object is a Coding. */
export interface Property {
  readonly code: string
  /** As in `value[x]`: code, Coding, string, integer, boolean, dateTime, decimal. */
  readonly type: string
  readonly value: unknown
}

export interface Details {
  readonly definition?: string
  readonly designation: readonly Designation[]
  readonly property: readonly Property[]
}

export interface Concepts {
  readonly size: number
  readonly hierarchy: Hierarchy
  /** The position of a code; -1 when there is no such code. */
  find(code: string): number
  code(at: number): string
  display(at: number): string | undefined
  details(at: number): Details
  isInactive(at: number): boolean
  /** Not to be chosen: it groups others. */
  isAbstract(at: number): boolean
  /** The positions of those with the words of the filter, ascending. */
  search(filter: string): Uint32Array
}

/** One concept, on its way into `conceptsInMemory`. */
export interface Row {
  readonly code: string
  readonly display?: string
  /** Asked for when needed. */
  readonly details?: () => Details
  readonly inactive?: boolean
  readonly abstract?: boolean
}

const none: Details = { designation: [], property: [] }

/** Of several rows with one code the first is found. `links`: pairs of positions, child and parent. */
export function conceptsInMemory(
  rows: readonly Row[],
  links: { readonly childs: ArrayLike<number>; readonly parents: ArrayLike<number> } = { childs: [], parents: [] },
  caseSensitive = true,
): Concepts {
  const places = new Map<string, number>()
  rows.forEach(({ code }, at) => {
    const key = caseSensitive ? code : code.toLowerCase()
    if (!places.has(key)) places.set(key, at)
  })
  let lines: WordLines | undefined
  const concepts: Concepts = {
    size: rows.length,
    hierarchy: makeHierarchy(rows.length, links.childs, links.parents),
    find: code => places.get(caseSensitive ? code : code.toLowerCase()) ?? -1,
    code: at => rows[at]!.code,
    display: at => rows[at]!.display,
    details: at => rows[at]!.details?.() ?? none,
    isInactive: at => rows[at]!.inactive === true,
    isAbstract: at => rows[at]!.abstract === true,
    search: filter => searchIn(concepts, () => (lines ??= linesOf(rows)), filter),
  }
  return concepts
}

function linesOf(rows: readonly Row[]): WordLines {
  const lines = rows.map(({ code, display, details }) =>
    wordLine([code, display, ...(details?.().designation ?? []).map(({ value }) => value)]),
  )
  return { latin: joinLines(lines.map(({ latin }) => latin)), other: joinLines(lines.map(({ other }) => other)) }
}

/** Words are found in the lines; signs (`%`, `<`) are looked for in the codes and displays. */
export function searchIn(concepts: Concepts, lines: () => WordLines, filter: string): Uint32Array {
  const { phrases, signs } = readFilter(filter)
  const found = searchWords(lines(), phrases)
  if (signs.length === 0) return found
  return found.filter(at => {
    const text = fold(`${concepts.code(at)} ${concepts.display(at) ?? ''}`)
    return signs.every(sign => text.includes(sign))
  })
}
