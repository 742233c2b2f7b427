/**
 * One include (or exclude) of a value set: whether it takes a code, and all the codes it takes.
 * https://hl7.org/fhir/R4/valueset-definitions.html#ValueSet.compose.include
 */
import type { KnownCodes } from './known-codes.ts'
import { spend, type Answer, type Budget, type IncludeDefinition, type Missing, type Selected } from './selection.ts'
import { systemPart } from './system-part.ts'

/** What an include needs of the value set that it imports. */
export interface Imported {
  has(system: string, code: string): Answer
  select(budget: Budget): Selected
  /** The systems codes come from. */
  systems(): ReadonlySet<string>
}

export interface Include {
  readonly system?: string
  readonly imports: readonly Imported[]
  has(system: string, code: string): Answer
  select(budget: Budget): Selected
}

export function makeInclude(
  definition: IncludeDefinition,
  imports: readonly (Imported | Missing)[],
  codes: KnownCodes,
): Include {
  const { system } = definition
  const own = system === undefined ? undefined : systemPart(system, definition, codes)
  const here = imports.filter((each): each is Imported => 'has' in each)
  const gone = imports.filter((each): each is Missing => 'why' in each)

  return {
    ...(system === undefined ? {} : { system }),
    imports: here,
    has(from, code) {
      let answer: Answer = gone[0] ?? true
      if (own) {
        if (from !== system) return false
        const taken = own.has(code)
        if (taken === false) return false
        if (taken !== true) answer = taken
      }
      for (const imported of here) {
        const taken = imported.has(from, code)
        if (taken === false) return false
        if (taken !== true) answer = taken
      }
      return answer
    },
    select(budget) {
      if (gone.length > 0) return { segments: [], missing: gone }
      const [first, ...others] = here
      if (own) return intersected(own.select(budget), here, budget)
      return first ? intersected(first.select(budget), others, budget) : { segments: [], missing: [] }
    },
  }
}

/** Those that the other value sets have too. */
function intersected({ segments, missing }: Selected, others: readonly Imported[], budget: Budget): Selected {
  if (others.length === 0) return { segments, missing }
  const lacking = new Set(missing)
  const kept = segments.map(segment => {
    spend(budget, segment.positions.length * others.length)
    const positions = segment.positions.filter(at =>
      others.every(other => {
        const taken = other.has(segment.system, segment.concepts.code(at))
        if (typeof taken !== 'boolean') lacking.add(taken)
        return taken === true
      }),
    )
    return { ...segment, positions }
  })
  return { segments: kept, missing: [...lacking] }
}
