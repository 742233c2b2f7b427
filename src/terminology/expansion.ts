/**
 * A value set's codes as a client asks for them: filtered, in pages, nested, with designations.
 * https://hl7.org/fhir/R4/valueset-operation-expand.html
 */
import { tooCostly, unprocessable } from '../fhir/outcome.ts'
import { objects, optional } from './code-system.ts'
import type { Segment, Selected } from './selection.ts'
import { displayIn } from './known-codes.ts'
import type { Concept, Designation, Expansion, ExpandOptions } from './terminology.ts'
import type { ValueSet } from './value-set.ts'

/** Codes in one answer. */
export const MOST_CODES = 10_000
/** Concepts looked at to find them. */
const MOST_WORK = 5_000_000

export interface Expanding {
  /** What was selected before, for the same value set. */
  readonly selected: Selected
  readonly valueSet: ValueSet
  readonly supplements: (system: string, code: string) => readonly Designation[]
}

export const selectAll = (valueSet: ValueSet): Selected => valueSet.select({ left: MOST_WORK })

/** Throws a FhirError: 422 not-supported when parts are missing and `partial` is not set, too-costly for too many codes. */
export function expansionOf(
  { selected, valueSet, supplements }: Expanding,
  options: ExpandOptions & { readonly partial?: boolean },
): Expansion {
  const missing = selected.missing.map(({ what }) => what)
  if (missing.length > 0 && !options.partial)
    throw unprocessable(
      `The value set ${valueSet.resource.url ?? 'sent'} cannot be expanded here: this server lacks ${listed(missing)}. Load them, or ask $validate-code about single codes.`,
      undefined,
      'not-supported',
    )
  const { filter, activeOnly = false, offset = 0 } = options
  const segments = selected.segments.map(segment => narrowed(segment, filter, activeOnly))
  const total = segments.reduce((sum, { positions }) => sum + positions.length, 0)
  if (options.count === undefined && total - offset > MOST_CODES)
    throw tooCostly(
      `The value set ${valueSet.resource.url ?? 'sent'} has ${total} codes; an answer holds at most ${MOST_CODES}. Ask for pages with count and offset, or narrow it with filter.`,
    )
  const count = Math.min(options.count ?? MOST_CODES, MOST_CODES)
  const print = printer(options, supplements)
  const plain = options.count === undefined && offset === 0 && (filter ?? '').trim() === ''
  const contains =
    plain && options.excludeNested === false
      ? segments.flatMap(segment => nested(segment, print))
      : paged(segments, offset, count, print)
  return { total, contains, used: usedBy(valueSet, segments), missing, of: valueSet.resource }
}

/** Some of the parts, each once, as a client reads them. */
export function listed(parts: readonly string[]): string {
  const all = [...new Set(parts)]
  const some = all.slice(0, 5).map(part => (part.length > 300 ? `${part.slice(0, 300)}…` : part))
  return some.join('; ') + (all.length > 5 ? `; and ${all.length - 5} more` : '')
}

/** Those with the words of the filter, and only the active ones if so wished. */
function narrowed(segment: Segment, filter: string | undefined, activeOnly: boolean): Segment {
  const { concepts } = segment
  let { positions } = segment
  if (filter !== undefined && filter.trim() !== '') {
    const found = concepts.search(filter)
    if (positions.length === concepts.size && isRange(positions)) positions = found
    else {
      const marks = new Uint8Array(concepts.size)
      for (const at of found) marks[at] = 1
      positions = positions.filter(at => marks[at] === 1)
    }
  }
  if (activeOnly) positions = positions.filter(at => !concepts.isInactive(at))
  return positions === segment.positions ? segment : { ...segment, positions }
}

const isRange = (positions: Uint32Array) =>
  positions.length === 0 || (positions[0] === 0 && positions[positions.length - 1] === positions.length - 1)

type Print = (segment: Segment, at: number) => Concept

function paged(segments: readonly Segment[], offset: number, count: number, print: Print): Concept[] {
  const page: Concept[] = []
  let skip = offset
  for (const segment of segments) {
    const { positions } = segment
    for (let i = Math.min(skip, positions.length); i < positions.length && page.length < count; i++)
      page.push(print(segment, positions[i]!))
    skip = Math.max(0, skip - positions.length)
    if (page.length >= count) break
  }
  return page
}

/** Levels of a nested expansion. */
const DEEPEST = 50

/** Below the nearest concept that is in the value set too; below the first of several. */
function nested(segment: Segment, print: Print): Concept[] {
  const { concepts, positions } = segment
  if (!concepts.hierarchy.some) return Array.from(positions, at => print(segment, at))
  const made = new Map<number, Concept & { contains?: Concept[] }>()
  for (const at of positions) made.set(at, { ...print(segment, at) } as Concept & { contains?: Concept[] })
  const top: Concept[] = []
  const depths = new Map<Concept, number>()
  for (const at of positions) {
    const parent = holderOf(segment, at, made)
    const depth = parent ? (depths.get(parent) ?? 0) + 1 : 0
    if (depth > DEEPEST)
      throw tooCostly(
        `These concepts are nested more than ${DEEPEST} levels deep. Ask for a flat list: excludeNested=true.`,
      )
    depths.set(made.get(at)!, depth)
    if (parent) (parent.contains ??= []).push(made.get(at)!)
    else top.push(made.get(at)!)
  }
  return top
}

/** Parents stand before their children in the document; what says otherwise is shown at the top, so that no ring can form. */
function holderOf<T>({ concepts }: Segment, at: number, made: ReadonlyMap<number, T>): T | undefined {
  const seen = new Set([at])
  let current = at
  for (;;) {
    const parents = concepts.hierarchy.parents(current)
    const next = parents.find(each => each < at && !seen.has(each))
    if (next === undefined) return undefined
    const holder = made.get(next)
    if (holder) return holder
    seen.add(next)
    current = next
  }
}

function printer(
  { displayLanguage, includeDesignations = false, designation = [] }: ExpandOptions,
  supplements: Expanding['supplements'],
): Print {
  const wanted = designation.map(each => each.toLowerCase())
  const shown = includeDesignations || wanted.length > 0
  return ({ system, version, concepts }, at) => {
    const code = concepts.code(at)
    const all =
      shown || displayLanguage !== undefined
        ? [...concepts.details(at).designation, ...supplements(system, code)]
        : []
    const display = displayIn(all, displayLanguage) ?? concepts.display(at)
    const kept = shown ? all.filter(each => wanted.length === 0 || wanted.some(one => isOf(each, one))) : []
    return {
      system,
      ...optional({ version, display }),
      code,
      ...(concepts.isInactive(at) ? { inactive: true } : {}),
      ...(concepts.isAbstract(at) ? { abstract: true } : {}),
      ...(kept.length > 0 ? { designation: kept } : {}),
    }
  } // prettier-ignore
}

/** By language (`zh-TW`, also as `urn:ietf:bcp:47|zh-TW`) or by use (`system|code`). */
function isOf({ language, use }: Designation, wanted: string): boolean {
  const [system, code] = wanted.includes('|') ? wanted.split('|', 2) : ['urn:ietf:bcp:47', wanted]
  if (system === 'urn:ietf:bcp:47') return language?.toLowerCase() === code
  return use?.system?.toLowerCase() === system && use?.code?.toLowerCase() === code
}

function usedBy({ resource }: ValueSet, segments: readonly Segment[]): string[] {
  const all = segments.map(({ system, version }) => (version === undefined ? system : `${system}|${version}`))
  const { include } = (resource['compose'] ?? {}) as { include?: unknown }
  const imports = objects(include).flatMap(each => (Array.isArray(each['valueSet']) ? each['valueSet'] : []))
  return [...new Set([...all, ...imports.map(String)])]
}
