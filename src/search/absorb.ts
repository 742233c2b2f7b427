/**
 * What needs no asking: an app that asks for a patient's resources, and may see that patient's only, asks the same thing twice.
 * https://en.wikipedia.org/wiki/Absorption_law
 */
import type { Filter } from './query.ts'

/** More is not compared: it would take longer than asking twice. */
const MOST_PARTS = 16
const MOST_ALTERNATIVES = 64

/** The parts of a filter that are all to be satisfied, without those that others of them say already: of A and (A or B), A. */
export function conditions(filter: Filter): readonly Filter[] {
  const parts = flat(filter)
  if (parts.length < 2 || parts.length > MOST_PARTS) return parts
  // of two that are alike the first stays
  const isSaid = (part: Filter, i: number) =>
    parts.some((other, j) => i !== j && (same(other, part) ? j < i : hasAmong(part, other)))
  return parts.filter((part, i) => !isSaid(part, i))
}

const flat = (filter: Filter): readonly Filter[] => (filter.is === 'all' ? filter.parts.flatMap(flat) : [filter])

/** As one can see without looking at resources. */
const hasAmong = (any: Filter, one: Filter): boolean =>
  any.is === 'any' && any.parts.length <= MOST_ALTERNATIVES && any.parts.some(part => same(part, one))

/** Whether two filters are written alike. Those that every search has are compared name by name. */
function same(one: Filter, other: Filter): boolean {
  if (one.is !== other.is) return false
  if (one.is !== 'has' || other.is !== 'has') return alike(one, other)
  if (one.param !== other.param || one.kind !== other.kind) return false
  const [a, b] = [one.where, other.where]
  return a?.is === 'compare' && b?.is === 'compare'
    ? a.value === b.value && a.column === b.column && a.by === b.by
    : alike(a, b)
}

function alike(one: unknown, other: unknown): boolean {
  if (one === other) return true
  if (typeof one !== 'object' || typeof other !== 'object' || one === null || other === null) return false
  for (const name in one)
    if (!alike(one[name as keyof typeof one], (other as typeof one)[name as keyof typeof one])) return false
  for (const name in other) if (!(name in one)) return false
  return true
}
