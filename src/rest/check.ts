/**
 * What every resource must satisfy before it is stored: the JSON form of FHIR, and elements its type has; from the level
 * `base` on also the elements a type must have, the formats of primitives and the codes of fixed lists.
 * Profiles, invariants and other bindings are validation's.
 * https://hl7.org/fhir/R4/json.html
 */
import type { Said } from '../fhir/code-check.ts'
import type { Definitions } from '../fhir/definitions.ts'
import { MAX_DEPTH } from '../fhir/json.ts'
import type { Issue, IssueCode } from '../fhir/outcome.ts'
import type { Resource } from '../fhir/types.ts'
import { primitiveProblem } from '../validation/primitives.ts'
import * as texts from './check-texts.ts'
import type { Language } from './language.ts'
import { quoted } from './outcome-text.ts'
import { shape, shapesOf, type Property, type Shape } from './shapes.ts'

/** So many values (of elements, repetitions counted each) one resource may have: others wait while it is indexed. */
const MOST_VALUES = 300_000

/** So many issues are told at once. */
const MOST_ISSUES = 20

/** How closely a resource is looked at, and in which language it is told. */
export interface Manner {
  /** Required elements, formats and codes too; else only the JSON form and the names of elements. Default: true. */
  readonly base?: boolean
  readonly language?: Language
}

/** All that is wrong with the form of a resource of a known type, at most 20 issues. */
export function problems(
  resource: Resource,
  definitions: Definitions,
  { base = true, language = 'en' }: Manner = {},
): readonly Issue[] {
  const walk: Walk = {
    shapes: shapesOf(definitions),
    definitions,
    trail: [resource.resourceType],
    issues: [],
    contained: false,
    left: MOST_VALUES,
    base,
    language,
  }
  object(walk, resource, shape(walk, resource.resourceType), 1, resource.resourceType)
  if (walk.left < 0)
    return [{ severity: 'error', code: 'too-costly', diagnostics: texts.tooMany(MOST_VALUES)[language] }]
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
  readonly base: boolean
  readonly language: Language
}

const control = /[\x00-\x08\x0b\x0c\x0e-\x1f]/

/** Depth is bounded by MAX_DEPTH, so recursion is safe. */
function object(walk: Walk, value: Record<string, unknown>, known: Shape, depth: number, type: string): void {
  if (depth > MAX_DEPTH) return issue(walk, 'structure', texts.tooDeep(MAX_DEPTH))
  const { trail, base } = walk
  const { elements } = known
  let count = 0
  let required = 0
  let choices: string[] | undefined
  for (const name in value) {
    count++
    if (name === 'resourceType' && depth === 1) continue
    const part = value[name]
    const property = elements.get(name)
    if (base && property !== undefined) {
      if (property.choice !== undefined) {
        if (choices?.includes(property.choice)) twice(walk, name, property.choice)
        else {
          if (choices) choices.push(property.choice)
          else choices = [property.choice]
          if (property.required) required++
        }
      } else if (property.required) required++
    }
    // Most elements are strings in order: the short way for them
    if (
      property !== undefined &&
      property.kind === 'string' &&
      !property.many &&
      typeof part === 'string' &&
      part !== '' &&
      !control.test(part) &&
      (!base || property.fits(part))
    )
      continue
    trail.push(name)
    if (property) element(walk, part, property, value, name, depth)
    else if (stranger(walk, part, elements, value, name, depth)) required++
    trail.pop()
    if (walk.issues.length >= MOST_ISSUES) return
  }
  walk.left -= count
  if (count === 0) issue(walk, 'structure', texts.emptyObject)
  else if (base && required < known.required.length) incomplete(walk, value, known, type)
}

function twice(walk: Walk, name: string, choice: string): void {
  walk.trail.push(name)
  issue(walk, 'structure', texts.twoOfChoice(choice))
  walk.trail.pop()
}

/** Says which required elements are missing. A primitive that has extensions only (a reason why it is absent) is there. */
function incomplete(walk: Walk, value: Record<string, unknown>, { elements, required }: Shape, type: string): void {
  const there = new Set<string>()
  for (const name in value) {
    const property = elements.get(name) ?? (name.startsWith('_') ? elements.get(name.slice(1)) : undefined)
    if (property) there.add(property.choice ?? (elements.has(name) ? name : name.slice(1)))
  }
  for (const name of required) {
    if (there.has(name)) continue
    walk.trail.push(name)
    issue(walk, 'required', texts.missing(name, type))
    walk.trail.pop()
  }
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
    if (Array.isArray(part)) return issue(walk, 'structure', texts.notMany(name))
    return item(walk, part, property, depth)
  }
  if (!Array.isArray(part)) return issue(walk, 'structure', texts.notArray(name, part))
  if (part.length === 0) return issue(walk, 'structure', texts.emptyArray(name))
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
      if (typeof value !== 'string') return wrongKind(walk, value, property)
      if (value === '') return issue(walk, 'value', texts.emptyString)
      if (control.test(value)) return issue(walk, 'value', texts.controlCharacter)
      return form(walk, value, property)
    case 'number':
    case 'boolean':
      if (typeof value !== property.kind) return wrongKind(walk, value, property)
      return form(walk, value, property)
    case 'object':
      if (!isObject(value)) return wrongKind(walk, value, property)
      return object(walk, value, (property.shape ??= shape(walk, property.type)), depth + 1, property.type)
    case 'resource':
      return inner(walk, value, property, depth)
  }
}

/** The format of a primitive. */
function form(walk: Walk, value: unknown, property: Property): void {
  if (!walk.base || property.fits(value)) return
  if (property.codes) return issue(walk, 'code-invalid', texts.unknownCode(value as string, property.codes))
  const said = primitiveProblem(property.type, value)
  if (said) issue(walk, 'value', said)
}

/** A resource within a resource: contained, in a Bundle's entry, in Parameters. */
function inner(walk: Walk, value: unknown, property: Property, depth: number): void {
  if (!isObject(value)) return wrongKind(walk, value, property)
  const { resourceType, ...elements } = value
  if (typeof resourceType !== 'string') return issue(walk, 'structure', texts.noType)
  const { definitions } = walk
  if (!definitions.isResourceType(resourceType))
    return issue(walk, 'structure', texts.unknownType(resourceType, definitions.resourceTypes))
  const before = walk.contained
  walk.contained ||= walk.trail.at(-2) === 'contained'
  if (walk.contained && 'contained' in value) issue(walk, 'structure', texts.containedTwice)
  const known = shape(walk, resourceType)
  // An otherwise empty resource is allowed: its type says something
  if (Object.keys(elements).length > 0) object(walk, elements, known, depth + 1, resourceType)
  else if (walk.base) incomplete(walk, elements, known, resourceType)
  walk.contained = before
}

/**
 * A property that is no element: the extensions of a primitive (`_birthDate`), or a mistake. Gives whether it stands
 * alone for an element that is required.
 */
function stranger(
  walk: Walk,
  part: unknown,
  known: Shape['elements'],
  holder: Record<string, unknown>,
  name: string,
  depth: number,
): boolean {
  const property = name.startsWith('_') ? known.get(name.slice(1)) : undefined
  if (!property || property.kind === 'object' || property.kind === 'resource') {
    issue(walk, 'structure', texts.noElement(name, known.keys()))
    return false
  }
  const alone = property.required && !(name.slice(1) in holder)
  if (Array.isArray(part) !== property.many) {
    issue(walk, 'structure', texts.wrongBeside(name, part, property.many))
    return alone
  }
  const primitive: Property = {
    ...property,
    many: false,
    kind: 'object',
    type: 'Element',
    shape: shape(walk, 'Element'),
  }
  if (!Array.isArray(part)) {
    item(walk, part, primitive, depth)
    return alone
  }
  const values = holder[name.slice(1)]
  for (let i = 0; i < part.length; i++) {
    if (part[i] === null && Array.isArray(values) && i < values.length && values[i] !== null) continue
    walk.trail.push(i)
    item(walk, part[i], primitive, depth)
    walk.trail.pop()
    if (walk.issues.length >= MOST_ISSUES) break
  }
  return alone
}

function issue(walk: Walk, code: IssueCode, said: Said): void {
  if (walk.issues.length >= MOST_ISSUES) return
  const expression = [walk.trail.reduce<string>(appended, '')]
  walk.issues.push({ severity: 'error', code, diagnostics: said[walk.language], expression })
}

const appended = (path: string, step: string | number) =>
  typeof step === 'number'
    ? `${path}[${step}]`
    : (path === '' ? '' : `${path}.`) + (/^[A-Za-z_]\w{0,80}$/.test(step) ? step : quoted(step))

const wrongKind = (walk: Walk, value: unknown, { kind, type }: Property) =>
  issue(walk, value === null ? 'structure' : 'value', texts.wrongKind(value, kind, type))

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
