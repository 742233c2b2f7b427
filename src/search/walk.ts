/**
 * Ways through a resource, as functions: from a focus along properties, through filters, to values of a known type.
 * Never throws and never loops: what does not have the expected shape is not found.
 * https://hl7.org/fhir/R4/json.html
 */
import type { ElementInfo } from '../fhir/definitions.ts'

/** What a walk has found: values and the FHIR type of each. Filled anew by each caller. */
export interface Found {
  readonly values: unknown[]
  readonly types: string[]
}

/** Adds what it finds from the focus on. `root` is the resource that contains the focus: `#contained` is looked up there. */
export type Walk = (focus: unknown, root: unknown, found: Found) => void

/** True, false, or neither ("empty", in FHIRPath). */
export type Test = (focus: unknown, root: unknown) => boolean | undefined

export type Step =
  | { readonly is: 'property'; readonly name: string }
  | { readonly is: 'index'; readonly at: number }
  | { readonly is: 'where'; readonly test: Test; readonly key: string }

/** One way from the focus (or the root) to values of one type; of several types when it ends in a choice. */
export interface Way {
  readonly fromRoot: boolean
  readonly steps: readonly Step[]
  readonly type: string
  readonly choice?: readonly ElementInfo[]
}

/** The walk of a way. */
export function walkOf(way: Way): Walk {
  const start = chain(way.steps, 0, way.choice ? choiceEnd(way.choice) : end(way.type))
  return way.fromRoot ? (_focus, root, found) => start(root, root, found) : start
}

/** The walks one after the other. */
export function walkAll(walks: readonly Walk[]): Walk {
  if (walks.length === 1) return walks[0]!
  return (focus, root, found) => {
    for (const walk of walks) walk(focus, root, found)
  }
}

function chain(steps: readonly Step[], from: number, last: Walk): Walk {
  const step = steps[from]
  if (!step) return last
  if (step.is === 'property') return property(step.name, chain(steps, from + 1, last))
  if (step.is === 'where') {
    const next = chain(steps, from + 1, last)
    return (focus, root, found) => {
      if (step.test(focus, root) === true) next(focus, root, found)
    }
  }
  throw new Error('an index is resolved by indexed()')
}

/** Walks to all values before the index first: it counts over all of them. */
export function indexed(way: Way, rest: (tail: Way) => Walk): Walk {
  const at = way.steps.findIndex(step => step.is === 'index')
  const index = way.steps[at] as Extract<Step, { is: 'index' }>
  const before = walkOf({ fromRoot: way.fromRoot, steps: way.steps.slice(0, at), type: '' })
  const after = rest({ ...way, fromRoot: false, steps: way.steps.slice(at + 1) })
  return (focus, root, found) => {
    const all: Found = { values: [], types: [] }
    before(focus, root, all)
    const value = all.values[index.at]
    if (value !== undefined) after(value, root, found)
  }
}

function property(name: string, next: Walk): Walk {
  return (focus, root, found) => {
    if (typeof focus !== 'object' || focus === null) return
    each((focus as Record<string, unknown>)[name], root, found, next)
  }
}

function each(value: unknown, root: unknown, found: Found, next: Walk): void {
  if (value === undefined || value === null) return
  if (!Array.isArray(value)) next(value, root, found)
  else
    for (const part of value) if (part !== null && part !== undefined && !Array.isArray(part)) next(part, root, found)
}

function end(type: string): Walk {
  if (type === 'Resource') return resourceEnd
  return (focus, _root, found) => {
    found.values.push(focus)
    found.types.push(type)
  }
}

/** A resource of any type says itself which. */
const resourceEnd: Walk = (focus, _root, found) => {
  const type = typeof focus === 'object' && focus !== null ? (focus as Record<string, unknown>).resourceType : undefined
  if (typeof type !== 'string') return
  found.values.push(focus)
  found.types.push(type)
}

function choiceEnd(choice: readonly ElementInfo[]): Walk {
  const ends = new Map(choice.map(info => [info.name, end(info.type)]))
  return (focus, root, found) => {
    if (typeof focus !== 'object' || focus === null) return
    for (const name in focus) {
      const next = ends.get(name)
      if (next) each((focus as Record<string, unknown>)[name], root, found, next)
    }
  }
}

/** Names the ways of the values, so that two expressions can be compared: `component.valueQuantity`. */
export function namesOf(way: Way): string[] {
  const parts = way.steps.map(step =>
    step.is === 'property' ? step.name : step.is === 'index' ? `[${step.at}]` : `?${step.key}`,
  )
  const name = parts.join('.')
  return way.choice ? way.choice.map(info => (name === '' ? info.name : `${name}.${info.name}`)) : [name]
}
