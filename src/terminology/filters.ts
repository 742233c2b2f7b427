/**
 * The filters of a value set: which concepts of a code system they take.
 * https://hl7.org/fhir/R4/valueset-filter-operator.html
 */
import { closure } from './hierarchy.ts'
import type { CodeSystem } from './code-system.ts'
import { compileRegex } from './regex.ts'

export interface ConceptFilter {
  readonly property: string
  readonly op: string
  readonly value: string
}

/** Whether a concept passes; undefined: it cannot be told from what is here. `at`: its position, -1 when it is not here. */
export type Passes = (code: string, at: number) => boolean | undefined

const aboutCode = new Set(['concept', 'code'])
const split = (value: string) => new Set(value.split(',').map(each => each.trim()))

/**
 * Compiled over a code system, or, when nothing of it is here, as far as the code alone tells. `hierarchical` filters whose
 * concept the system does not have cannot be told.
 */
export function compileFilter({ property, op, value }: ConceptFilter, system: CodeSystem | undefined): Passes {
  const whole = system?.content === 'complete'
  const hierarchical = relations[op]
  if (hierarchical) return hierarchical(value, system, whole)
  if (aboutCode.has(property) && !(property === 'concept' && op === 'exists')) {
    const test = textTest(op, value)
    return test ? code => test([code]) : () => undefined
  }
  const test = textTest(op, value)
  if (!test || !system) return () => undefined
  const read = reader(property, system)
  return (_, at) => (at < 0 ? (whole ? false : undefined) : test(read(at)))
}

/** Those that ask where a concept stands. */
const relations: Readonly<Record<string, (value: string, system: CodeSystem | undefined, whole: boolean) => Passes>> = {
  'is-a': (value, system, whole) => related(value, system, whole, 'children', true),
  'descendent-of': (value, system, whole) => related(value, system, whole, 'children', false),
  generalizes: (value, system, whole) => related(value, system, whole, 'parents', true),
  'is-not-a'(value, system, whole) {
    const isA = related(value, system, whole, 'children', true)
    return (code, at) => {
      const is = isA(code, at)
      // in a part of a system, that no way leads there does not say that there is none
      return is === undefined ? undefined : !is
    }
  },
  'child-of'(value, system, whole) {
    const parent = system?.concepts.find(value) ?? -1
    return (code, at) => {
      if (code === value) return false
      if (!system || at < 0 || parent < 0) return undefined
      return system.concepts.hierarchy.parents(at).includes(parent) || (whole ? false : undefined)
    }
  },
}

function related(
  value: string,
  system: CodeSystem | undefined,
  whole: boolean,
  direction: 'children' | 'parents',
  itself: boolean,
): Passes {
  const of = system?.concepts.find(value) ?? -1
  let marks: Uint8Array | undefined
  return (code, at) => {
    if (code === value) return itself
    if (!system || of < 0) return undefined
    if (at < 0) return whole ? false : undefined
    if (at === of) return itself
    marks ??= closure(system.concepts.hierarchy, of, direction, system.concepts.size)
    return marks[at] === 1 || (whole ? false : undefined)
  }
}

/** What must hold of the values of a property; undefined for an operator that is not known. */
function textTest(op: string, value: string): ((values: readonly string[]) => boolean) | undefined {
  switch (op) {
    case '=':
      return values => values.includes(value)
    case 'in': {
      const wanted = split(value)
      return values => values.some(each => wanted.has(each))
    }
    case 'not-in': {
      const unwanted = split(value)
      return values => !values.some(each => unwanted.has(each))
    }
    case 'exists':
      return values => values.length > 0 === (value === 'true')
    case 'regex': {
      const matches = compileRegex(value)
      return values => values.some(matches)
    }
    default:
      return undefined
  }
}

/** Flags that are false when a concept does not say. */
const flags = new Set(['inactive', 'notSelectable', 'abstract', 'deprecated'])

/** Reads the values of a property as texts. */
function reader(property: string, { concepts, properties }: CodeSystem): (at: number) => readonly string[] {
  const { hierarchy } = concepts
  const declared = properties.has(property)
  if (property === 'display') return at => [concepts.display(at) ?? ''].filter(Boolean)
  if (property === 'definition') return at => [concepts.details(at).definition ?? ''].filter(Boolean)
  if (!declared && property === 'inactive') return at => [String(concepts.isInactive(at))]
  if (!declared && (property === 'notSelectable' || property === 'abstract'))
    return at => [String(concepts.isAbstract(at))]
  const explicit = (at: number) =>
    concepts
      .details(at)
      .property.filter(({ code }) => code === property)
      .map(textOf)
  const relatives = (others: Uint32Array) => [...others].map(other => concepts.code(other))
  if (property === 'parent') return at => [...new Set([...explicit(at), ...relatives(hierarchy.parents(at))])]
  if (property === 'child') return at => [...new Set([...explicit(at), ...relatives(hierarchy.children(at))])]
  if (flags.has(property) && properties.get(property) !== 'dateTime')
    return at => {
      const found = explicit(at)
      return found.length > 0 ? found : ['false']
    }
  return explicit
}

function textOf({ value }: { readonly value: unknown }): string {
  if (typeof value === 'object' && value !== null && 'code' in value) return String(value.code)
  return String(value as string)
}
