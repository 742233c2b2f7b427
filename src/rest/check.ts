/**
 * What every resource must satisfy before it is stored: the JSON form of FHIR, and elements its type has.
 * Cardinalities, bindings, invariants and profiles are validation's.
 * https://hl7.org/fhir/R4/json.html
 */
import type { Definitions } from '../fhir/definitions.ts'
import { MAX_DEPTH } from '../fhir/json.ts'
import { badRequest, FhirError, type Issue, type IssueCode } from '../fhir/outcome.ts'
import type { Resource } from '../fhir/types.ts'
import { didYouMean } from '../search/suggest.ts'
import { quoted } from './outcome-text.ts'
import { shape, shapesOf, type Property, type Shape } from './shapes.ts'

/** So many values (of elements, repetitions counted each) one resource may have: others wait while it is indexed. */
const MOST_VALUES = 300_000

/** So many issues are told at once. */
const MOST_ISSUES = 20

/**
 * The body as a resource of the type the URL names. Throws 400 when it is no resource or one of another type,
 * 422 with all that is wrong (up to 20 issues, each with its FHIRPath) otherwise.
 */
export function checked(body: unknown, type: string, definitions: Definitions): Resource {
  if (body === undefined) throw badRequest(`There is no body; it should be a ${type} resource.`, 'structure')
  if (!isObject(body))
    throw badRequest(
      `The body is ${kindOf(body)}; it should be a ${type} resource, a JSON object with "resourceType".`,
      'structure',
    )
  const { resourceType } = body
  if (typeof resourceType !== 'string')
    throw badRequest(`The body has no "resourceType"; add "resourceType": "${type}".`, 'structure')
  if (!definitions.isResourceType(resourceType)) {
    throw badRequest(
      `${quoted(resourceType)} is not a resource type of FHIR R4.${didYouMean(resourceType, definitions.resourceTypes)}`,
      'structure',
      'resourceType',
    )
  }
  if (resourceType !== type) {
    throw badRequest(
      `The body is a ${resourceType}, but the URL names ${type}. Send it to ${resourceType}, or change the body.`,
      'invalid',
      'resourceType',
    )
  }
  const issues = problems(body as Resource, definitions)
  if (issues.length > 0) throw new FhirError(422, issues)
  return body as Resource
}

/** All that is wrong with the form of a resource of a known type, at most 20 issues. */
export function problems(resource: Resource, definitions: Definitions): readonly Issue[] {
  const walk: Walk = {
    shapes: shapesOf(definitions),
    definitions,
    trail: [resource.resourceType],
    issues: [],
    contained: false,
    left: MOST_VALUES,
  }
  object(walk, resource, shape(walk, resource.resourceType), 1)
  if (walk.left < 0)
    return [
      {
        severity: 'error',
        code: 'too-costly',
        diagnostics: `The resource has more than ${MOST_VALUES} values. Split it.`,
      },
    ]
  return walk.issues
}

/** Whether a text can be a logical id. https://hl7.org/fhir/R4/datatypes.html#id */
export const isId = (text: string) => /^[A-Za-z0-9\-.]{1,64}$/.test(text)

interface Walk {
  readonly shapes: Map<string, Shape>
  readonly definitions: Definitions
  /** Where the walk is: names and indexes from the root. */
  readonly trail: (string | number)[]
  readonly issues: Issue[]
  contained: boolean
  /** How many more values there may be. */
  left: number
}

const control = /[\x00-\x08\x0b\x0c\x0e-\x1f]/

/** Depth is bounded by MAX_DEPTH, so recursion is safe. */
function object(walk: Walk, value: Record<string, unknown>, known: Shape, depth: number): void {
  if (depth > MAX_DEPTH) return issue(walk, 'structure', `Nested more than ${MAX_DEPTH} levels deep.`)
  const { trail } = walk
  let count = 0
  for (const name in value) {
    count++
    if (name === 'resourceType' && depth === 1) continue
    const part = value[name]
    const property = known.get(name)
    // Most elements are strings in order: the short way for them
    if (
      property !== undefined &&
      property.kind === 'string' &&
      !property.many &&
      typeof part === 'string' &&
      part !== '' &&
      !control.test(part)
    )
      continue
    trail.push(name)
    if (property) element(walk, part, property, value, name, depth)
    else stranger(walk, part, known, value, name, depth)
    trail.pop()
    if (walk.issues.length >= MOST_ISSUES) return
  }
  walk.left -= count
  if (count === 0) issue(walk, 'structure', 'An object is empty; leave the element out.')
}

function element(
  walk: Walk,
  part: unknown,
  property: Property,
  holder: Record<string, unknown>,
  name: string,
  depth: number,
): void {
  if (!property.many) {
    if (Array.isArray(part))
      return issue(walk, 'structure', `${quoted(name)} is an array; it has one value at most, without brackets.`)
    return item(walk, part, property, depth)
  }
  if (!Array.isArray(part))
    return issue(walk, 'structure', `${quoted(name)} is ${kindOf(part)}; it may repeat, so it is an array.`)
  if (part.length === 0) return issue(walk, 'structure', `${quoted(name)} is an empty array; leave the element out.`)
  const { trail } = walk
  walk.left -= part.length - 1
  for (let i = 0; i < part.length && walk.left >= 0; i++) {
    const one: unknown = part[i]
    trail.push(i)
    if (one !== null || !besideSibling(property, holder[`_${name}`], i)) item(walk, one, property, depth)
    trail.pop()
    if (walk.issues.length >= MOST_ISSUES) return
  }
}

/** A null in an array of primitives holds the place of a value that has only an extension. */
const besideSibling = (property: Property, sibling: unknown, index: number) =>
  property.kind !== 'object' && property.kind !== 'resource' && Array.isArray(sibling) && isObject(sibling[index])

function item(walk: Walk, value: unknown, property: Property, depth: number): void {
  switch (property.kind) {
    case 'string':
      if (typeof value !== 'string') return wrongKind(walk, value, `a string (${property.type})`)
      if (value === '') return issue(walk, 'value', 'A string is empty; leave the element out.')
      if (control.test(value))
        return issue(walk, 'value', 'A string holds a control character; of these only tab, CR and LF are allowed.')
      return
    case 'number':
    case 'boolean':
      if (typeof value !== property.kind)
        wrongKind(walk, value, `a ${property.kind} (${property.type}), without quotes`)
      return
    case 'object':
      if (!isObject(value)) return wrongKind(walk, value, `an object (${property.type})`)
      return object(walk, value, (property.shape ??= shape(walk, property.type)), depth + 1)
    case 'resource':
      return inner(walk, value, depth)
  }
}

/** A resource within a resource: contained, in a Bundle's entry, in Parameters. */
function inner(walk: Walk, value: unknown, depth: number): void {
  if (!isObject(value)) return wrongKind(walk, value, 'a resource')
  const { resourceType, ...elements } = value
  if (typeof resourceType !== 'string' || !walk.definitions.isResourceType(resourceType)) {
    const said =
      typeof resourceType === 'string'
        ? `${quoted(resourceType)} is not a resource type of FHIR R4.`
        : 'A resource has no "resourceType".'
    return issue(
      walk,
      'structure',
      said + (typeof resourceType === 'string' ? didYouMean(resourceType, walk.definitions.resourceTypes) : ''),
    )
  }
  const before = walk.contained
  walk.contained ||= walk.trail.at(-2) === 'contained'
  if (walk.contained && 'contained' in value)
    issue(walk, 'structure', 'A contained resource cannot contain others; put them beside it.')
  // An otherwise empty resource is allowed: its type says something
  if (Object.keys(elements).length > 0) object(walk, elements, shape(walk, resourceType), depth + 1)
  walk.contained = before
}

/** A property that is no element: the extensions of a primitive (`_birthDate`), or a mistake. */
function stranger(
  walk: Walk,
  part: unknown,
  known: Shape,
  holder: Record<string, unknown>,
  name: string,
  depth: number,
): void {
  const property = name.startsWith('_') ? known.get(name.slice(1)) : undefined
  if (!property || property.kind === 'object' || property.kind === 'resource') {
    const hint = name === 'resourceType' ? ' Only resources have it.' : didYouMean(name, known.keys())
    return issue(walk, 'structure', `There is no element ${quoted(name)} here.${hint}`)
  }
  if (Array.isArray(part) !== property.many) {
    return issue(
      walk,
      'structure',
      `${quoted(name)} is ${kindOf(part)}; beside ${quoted(name.slice(1))} it is ${property.many ? 'an array' : 'an object'}.`,
    )
  }
  const primitive: Property = { many: false, kind: 'object', type: 'Element', shape: shape(walk, 'Element') }
  if (!Array.isArray(part)) return item(walk, part, primitive, depth)
  const values = holder[name.slice(1)]
  for (let i = 0; i < part.length; i++) {
    if (part[i] === null && Array.isArray(values) && i < values.length && values[i] !== null) continue
    walk.trail.push(i)
    item(walk, part[i], primitive, depth)
    walk.trail.pop()
    if (walk.issues.length >= MOST_ISSUES) return
  }
}

function issue(walk: Walk, code: IssueCode, diagnostics: string): void {
  if (walk.issues.length >= MOST_ISSUES) return
  walk.issues.push({ severity: 'error', code, diagnostics, expression: [walk.trail.reduce<string>(appended, '')] })
}

const appended = (path: string, step: string | number) =>
  typeof step === 'number'
    ? `${path}[${step}]`
    : (path === '' ? '' : `${path}.`) + (/^[A-Za-z_]\w{0,80}$/.test(step) ? step : quoted(step))

const wrongKind = (walk: Walk, value: unknown, should: string) =>
  issue(
    walk,
    value === null ? 'structure' : 'value',
    `The value is ${kindOf(value)}; it should be ${should}${value === null ? ', or be left out' : ''}.`,
  )

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const kindOf = (value: unknown) =>
  value === null
    ? 'null'
    : Array.isArray(value)
      ? 'an array'
      : Buffer.isBuffer(value)
        ? 'not JSON'
        : typeof value === 'object'
          ? 'an object'
          : `a ${typeof value}`
