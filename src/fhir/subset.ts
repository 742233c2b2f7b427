/**
 * Parts of a resource: `_summary` and `_elements`.
 * https://hl7.org/fhir/R4/search.html#summary and https://hl7.org/fhir/R4/search.html#elements
 */
import type { Definitions, ElementInfo } from './definitions.ts'
import { sameDigits } from './json.ts'
import { badRequest } from './outcome.ts'
import type { Resource } from './types.ts'

const summaries = ['true', 'text', 'data', 'count', 'false'] as const

export interface SubsetOptions {
  readonly summary?: (typeof summaries)[number]
  /** Paths below the resource type: `name`, `name.family`, `value` (of `value[x]`), or for one type `Patient.name`. */
  readonly elements?: readonly string[]
}

/** Says that a resource is not whole. */
const subsetted = { system: 'http://terminology.hl7.org/CodeSystem/v3-ObservationValue', code: 'SUBSETTED' }

type Properties = Record<string, unknown>
/** Whether an element stays, and if so how much of it: all, or a part of each value. */
type Choice = boolean | ((value: Properties, type: string) => Properties)
type Choose = (info: ElementInfo) => Choice

/**
 * The options from the parameters of a request; undefined when the whole resource is asked for. Refuses (400) an
 * unknown `_summary`, a malformed `_elements`, and both at once.
 */
export function readSubset(summary: string | undefined, elements: string | undefined): SubsetOptions | undefined {
  const known = summaries.find(name => name === summary)
  if (summary !== undefined && !known) throw badRequest(`_summary must be one of: ${summaries.join(', ')}.`, 'value')
  if (elements === undefined) return known === undefined || known === 'false' ? undefined : { summary: known }
  const names = elements.split(',').map(name => name.trim())
  const wrong = names.find(name => !/^[A-Za-z][A-Za-z0-9]*(\[x\])?(\.[A-Za-z][A-Za-z0-9]*(\[x\])?){0,9}$/.test(name))
  if (wrong !== undefined) {
    throw badRequest(
      `_elements takes names of elements with commas between, and "${wrong.slice(0, 100)}" is none.`,
      'value',
    )
  }
  if (known === 'count') return { summary: known }
  if (known !== undefined && known !== 'false') throw badRequest('Send _summary or _elements, not both.', 'value')
  return { elements: names }
}

/**
 * The part of a resource that was asked for, tagged SUBSETTED; `resource` itself does not change, and the parts are
 * shared with it. Always there: resourceType, id, meta, modifierExtension and mandatory elements. `count` leaves only
 * the first three.
 */
export function subset(resource: Resource, options: SubsetOptions, definitions: Definitions): Resource {
  const choose = chooser(resource.resourceType, options, definitions)
  if (!choose) return resource
  const picked = pick(resource, resource.resourceType, choose, definitions) as Resource
  return tagged(picked, resource)
}

function chooser(type: string, options: SubsetOptions, definitions: Definitions): Choose | undefined {
  if (options.summary === 'true') return summaryOf(definitions)
  if (options.summary === 'text') return info => info.name === 'text' || info.required
  if (options.summary === 'data') return info => info.name !== 'text'
  if (options.summary === 'count') return () => false
  const paths = (options.elements ?? []).flatMap(name => {
    const steps = name.split('.')
    if (!definitions.isResourceType(steps[0]!)) return [steps]
    return steps[0] === type ? [steps.slice(1)] : []
  })
  return paths.length > 0 ? elementsAt(paths, definitions) : undefined
}

/** The elements marked as summary, in the resource and in what it is made of. */
function summaryOf(definitions: Definitions): Choose {
  const choose: Choose = info => {
    if (info.name === 'modifierExtension') return true
    return (info.summary || info.required) && ((value, type) => pick(value, type, choose, definitions))
  }
  return choose
}

/** The elements at these paths, and the mandatory ones beside them. */
function elementsAt(paths: readonly (readonly string[])[], definitions: Definitions): Choose {
  return info => {
    const below = paths.filter(([name]) => {
      const bare = name?.replace('[x]', '')
      return bare === undefined || bare === info.name || bare === info.choice
    })
    if (info.required || info.name === 'modifierExtension' || below.some(path => path.length <= 1)) return true
    if (below.length === 0) return false
    const choose = elementsAt(
      below.map(path => path.slice(1)),
      definitions,
    )
    return (value, type) => pick(value, type, choose, definitions)
  }
}

/** A copy of an object with the chosen elements, and the `_name` parts of those. */
function pick(value: Properties, type: string, choose: Choose, definitions: Definitions): Properties {
  const resourceType = typeof value['resourceType'] === 'string' ? value['resourceType'] : undefined
  const infos = definitions.elements(resourceType ?? type)
  // what the definitions do not know is not for this to judge
  if (!infos) return value
  const picked: Properties = {}
  for (const [name, part] of Object.entries(value)) {
    const info = infos.get(name.startsWith('_') ? name.slice(1) : name)
    const always =
      resourceType === undefined ? name === 'id' : name === 'resourceType' || name === 'id' || name === 'meta'
    const choice = always || (info !== undefined && choose(info))
    if (choice === true) picked[name] = part
    else if (choice !== false) {
      const kept = name.startsWith('_') ? part : partOf(part, info!.type, choice)
      if (kept !== undefined) picked[name] = kept
    }
  }
  sameDigits(picked, value)
  return picked
}

function partOf(part: unknown, type: string, choice: (value: Properties, type: string) => Properties): unknown {
  if (typeof part !== 'object' || part === null) return part
  if (!Array.isArray(part)) {
    const kept = choice(part as Properties, type)
    return Object.keys(kept).length > 0 ? kept : undefined
  }
  const kept = part.map(one => partOf(one, type, choice)).filter(one => one !== undefined)
  sameDigits(kept, part)
  return kept.length > 0 ? kept : undefined
}

function tagged(picked: Resource, resource: Resource): Resource {
  const { resourceType, id, meta, ...rest } = picked
  const tags = meta?.tag ?? []
  const isTagged = tags.some(tag => tag.system === subsetted.system && tag.code === subsetted.code)
  const tag = isTagged ? tags : [...tags, subsetted]
  const whole = { resourceType, ...(id === undefined ? {} : { id }), meta: { ...meta, tag }, ...rest }
  if (meta) sameDigits(whole.meta, meta)
  sameDigits(whole, resource)
  return whole
}
