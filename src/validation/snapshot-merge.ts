/**
 * What an element becomes when a profile says more of it.
 * https://hl7.org/fhir/R4/elementdefinition.html#interpretation
 */
import type { ElementDefinition } from 'fhir/r4'

/** Those that add to what the base says; all others replace it. */
const ADDED = new Set(['constraint', 'condition', 'mapping', 'alias', 'example', 'code'])

/** The element with what the differential says of it. `url`: of the profile, the source of its own invariants. */
export function merge(element: ElementDefinition, more: Partial<ElementDefinition>, url: string): ElementDefinition {
  const merged = { ...element } as Record<string, unknown>
  for (const [name, value] of Object.entries(more)) {
    if (value === undefined) continue
    if (name === 'constraint') merged[name] = mergeConstraints(element.constraint, more.constraint!, url)
    else if (ADDED.has(name)) merged[name] = [...listOf(merged[name]), ...listOf(value)]
    else if (name === 'binding') merged[name] = { ...element.binding, ...more.binding }
    else if (name === 'slicing') merged[name] = mergeSlicing(element.slicing, more.slicing!)
    else if (name === 'min') merged[name] = Math.max(element.min ?? 0, more.min!)
    else if (name === 'max') merged[name] = leastMax(element.max, more.max!)
    else merged[name] = value
  }
  return merged as unknown as ElementDefinition
}

const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? (value as unknown[]) : [])

/** A profile cannot allow more than its base. */
const leastMax = (base: string | undefined, own: string) =>
  base === undefined || base === '*' || (own !== '*' && Number(own) <= Number(base)) ? own : base

type Constraints = NonNullable<ElementDefinition['constraint']>

function mergeConstraints(base: Constraints | undefined, own: Constraints, url: string): Constraints {
  const keys = new Set(own.map(({ key }) => key))
  return [
    ...(base ?? []).filter(({ key }) => !keys.has(key)),
    ...own.map(each => (each.source === undefined && url !== '' ? { ...each, source: url } : each)),
  ]
}

type Slicing = NonNullable<ElementDefinition['slicing']>

function mergeSlicing(base: Slicing | undefined, own: Slicing): Slicing {
  if (!base) return own
  const discriminator = [...(base.discriminator ?? [])]
  for (const each of own.discriminator ?? [])
    if (!discriminator.some(({ type, path }) => type === each.type && path === each.path)) discriminator.push(each)
  return { ...base, ...own, ...(discriminator.length > 0 ? { discriminator } : {}) }
}

/** The elements, each with its id: `Observation.component:systolic.code`, made of paths and slice names where it is missing. */
export function completeId(elements: readonly ElementDefinition[]): ElementDefinition[] {
  const open: string[] = []
  return elements.map(element => {
    const steps = element.path.split('.')
    const depth = steps.length - 1
    const own = steps[depth]! + (element.sliceName === undefined ? '' : `:${element.sliceName}`)
    const id = element.id ?? (depth === 0 ? own : `${open[depth - 1] ?? steps.slice(0, -1).join('.')}.${own}`)
    open.length = depth
    open[depth] = id
    return element.id === undefined ? { ...element, id } : element
  })
}
