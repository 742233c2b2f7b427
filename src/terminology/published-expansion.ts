/**
 * The expansion that a value set was published with, for what cannot be computed here.
 * https://hl7.org/fhir/R4/valueset-definitions.html#ValueSet.expansion
 */
import type { CanonicalResource } from '../fhir/conformance.ts'
import { objects, optional, textOf } from './code-system.ts'
import { conceptsInMemory, type Row } from './concepts.ts'
import type { Segment, Selected } from './selection.ts'

export interface Published {
  has(system: string, code: string): boolean
  readonly selected: Selected
  /** It says that it has everything. */
  readonly whole: boolean
}

/** The expansion that the value set was published with. */
export function publishedExpansion(resource: CanonicalResource): Published | undefined {
  const expansion = resource['expansion'] as { contains?: unknown; total?: unknown; offset?: unknown } | undefined
  const listed = objects(expansion?.contains)
  if (listed.length === 0) return undefined
  const bySystem = new Map<string, Row[]>()
  let count = 0
  const open = listed.toReversed()
  for (let next = open.pop(); next; next = open.pop()) {
    const [system, code, display] = [textOf(next['system']), textOf(next['code']), textOf(next['display'])]
    open.push(...objects(next['contains']).toReversed())
    if (system === undefined || code === undefined || next['abstract'] === true) continue
    count++
    const rows = bySystem.get(system) ?? []
    rows.push({ code, ...optional({ display }), inactive: next['inactive'] === true })
    bySystem.set(system, rows)
  }
  const segments = [...bySystem].map(([system, rows]): Segment => {
    const concepts = conceptsInMemory(rows)
    return { system, concepts, positions: Uint32Array.from(rows, (_, at) => at) }
  })
  const { total, offset } = expansion!
  return {
    has: (system, code) => segments.some(each => each.system === system && each.concepts.find(code) >= 0),
    selected: { segments, missing: [] },
    whole: (typeof total !== 'number' || total <= count) && !offset,
  }
}
