/**
 * Dynamic values: where in a resource a value goes, and putting it there.
 * https://hl7.org/fhir/R4/plandefinition-definitions.html#PlanDefinition.action.dynamicValue
 */
import type { Definitions, ElementInfo } from '../fhir/definitions.ts'
import type { Resource } from '../fhir/types.ts'
import { nearest } from '../search/suggest.ts'
import { primitiveProblem } from '../validation/primitives.ts'
import type { Dynamic } from './words.ts'

/** Where a path leads in a type. */
export type Target = Omit<Dynamic, 'expression'>

const LONGEST_PATH = 200
const MOST_REPETITIONS = 100

/**
 * Reads a path such as `note[0].text` in a resource type; in words what is wrong with it. `all`: what repeats needs no
 * index on the way, and then means each.
 */
export function readPath(path: string, type: string, definitions: Definitions, all = false): Target | string {
  const written = path.startsWith(`${type}.`) ? path.slice(type.length + 1) : path
  if (path.length > LONGEST_PATH) return `A path has at most ${LONGEST_PATH} characters.`
  const parts = written.split('.').map(part => /^([A-Za-z][A-Za-z0-9]*)(?:\[(\d{1,4})\])?$/.exec(part))
  const steps: (string | number)[] = []
  let within = type
  let info: ElementInfo | undefined
  for (const [at, part] of parts.entries()) {
    if (!part) return `"${path}" is no path: write names of elements with dots between, such as note[0].text.`
    const [, name = '', index] = part
    const elements = definitions.elements(within)
    info = elements?.get(name)
    if (!info) {
      const near = elements ? nearest(name, elements.keys()) : []
      return `${within} has no element ${name}.${near[0] === undefined ? '' : ` Did you mean ${near[0]}?`}`
    }
    steps.push(name)
    if (index !== undefined) {
      if (!info.many) return `${within}.${name} does not repeat: leave out [${index}].`
      if (Number(index) >= MOST_REPETITIONS) return `${name}[${index}]: at most ${MOST_REPETITIONS} repetitions.`
      steps.push(Number(index))
    } else if (info.many && !all && at < parts.length - 1)
      return `${within}.${name} repeats: say which, such as ${name}[0].`
    within = info.type
  }
  const many = info!.many && typeof steps.at(-1) === 'string'
  return { path, steps, many, type: info!.type, primitive: definitions.elements(info!.type) === undefined }
}

/** Says that values do not fit where they are to go. */
export class MisfitError extends Error {
  override readonly name = 'MisfitError'
}

/** Puts values where the path leads; none leaves the resource as it is. Throws a MisfitError. */
export function putIn(
  resource: Resource,
  { path, steps, many, type, primitive }: Target,
  values: readonly unknown[],
): void {
  if (values.length === 0) return
  if (!many && values.length > 1) throw new MisfitError(`${values.length} values for ${path}, which takes one`)
  for (const value of values) {
    if ((typeof value === 'object') === primitive)
      throw new MisfitError(
        `${path} takes a ${type}, not ${primitive ? 'an object' : `the ${typeof value} it was given`}`,
      )
    const problem = primitive ? primitiveProblem(type, value) : undefined
    if (problem) throw new MisfitError(`${path}: ${problem.en}`)
  }
  let holder = resource as Record<string | number, unknown>
  const last = steps.length - 1
  for (let at = 0; at < last; at++) {
    const step = placeIn(holder, steps[at]!)
    const inner = holder[step]
    if (typeof inner === 'object' && inner !== null) holder = inner as Record<string | number, unknown>
    else holder = (holder[step] = typeof steps[at + 1] === 'number' ? [] : {}) as Record<string | number, unknown>
  }
  const step = placeIn(holder, steps[last]!)
  // what comes of data is copied: it must not change with the resource
  holder[step] = structuredClone(many ? values : values[0])
  // a template may say why a value is absent that is now there
  if (primitive && typeof step === 'string') delete holder[`_${step}`]
}

/** Lists have no holes: what would come after one goes to the end. */
const placeIn = (holder: object, step: string | number): string | number =>
  typeof step === 'number' && Array.isArray(holder) ? Math.min(step, holder.length) : step
