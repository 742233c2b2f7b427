/**
 * Which concepts lie above and below which: a concept may have several parents, and a careless author may let them form a ring.
 * https://hl7.org/fhir/R4/codesystem.html#hierarchy
 */

/** By the positions of the concepts. */
export interface Hierarchy {
  /** Whether any concept has a parent. */
  readonly some: boolean
  parents(at: number): Uint32Array
  children(at: number): Uint32Array
}

/** From pairs of positions; pairs that repeat count once. */
export function makeHierarchy(size: number, childs: ArrayLike<number>, parents: ArrayLike<number>): Hierarchy {
  const up = rows(size, childs, parents)
  let down: ((at: number) => Uint32Array) | undefined
  return {
    some: childs.length > 0,
    parents: up,
    children: at => (down ??= rows(size, parents, childs))(at),
  }
}

/** For each position, the others that it is paired with. */
function rows(size: number, from: ArrayLike<number>, to: ArrayLike<number>): (at: number) => Uint32Array {
  const starts = new Uint32Array(size + 1)
  for (let i = 0; i < from.length; i++) starts[from[i]! + 1]!++
  for (let i = 0; i < size; i++) starts[i + 1]! += starts[i]!
  const values = new Uint32Array(from.length)
  const next = starts.slice()
  for (let i = 0; i < from.length; i++) values[next[from[i]!]!++] = to[i]!
  return at => values.subarray(starts[at], starts[at + 1])
}

/** Those below (or above) a concept, without itself, as marks by position. A ring ends where it was entered. */
export function closure(
  hierarchy: Hierarchy,
  at: number,
  direction: 'children' | 'parents',
  size: number,
): Uint8Array<ArrayBuffer> {
  const marks = new Uint8Array(size)
  const open = [...hierarchy[direction](at)]
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    if (marks[next] === 1) continue
    marks[next] = 1
    for (const other of hierarchy[direction](next)) if (marks[other] === 0) open.push(other)
  }
  marks[at] = 0
  return marks
}

/** Whether a concept lies below another one. */
export function isBelow(hierarchy: Hierarchy, at: number, above: number): boolean {
  const seen = new Set<number>()
  const open = [...hierarchy.parents(at)]
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    if (next === above) return true
    if (seen.has(next)) continue
    seen.add(next)
    open.push(...hierarchy.parents(next))
  }
  return false
}
