/**
 * FHIRPath Patch: a list of changes, each at a FHIRPath, sent as Parameters. All of them happen, or none.
 * https://hl7.org/fhir/R4/fhirpatch.html
 */
import type { Definitions, ElementInfo } from './definitions.ts'
import { bindDigits, freeDigits } from './json.ts'
import { MAX_OPERATIONS } from './json-patch.ts'
import { locate, locateList, type Scope } from './locate.ts'
import { badRequest, FhirError, tooCostly, unprocessable } from './outcome.ts'
import { type Expression, readExpression } from './path-expression.ts'
import { ensureProperties, infosFor, isProperties, readItems, replaceAt, writeItems } from './place.ts'
import type { Item, Place, Properties } from './place.ts'
import type { Resource } from './types.ts'
import { fits, hasForm, readValues, variantFor } from './value-x.ts'

/** How many elements the paths of one patch may look at together. */
const MAX_VISITS = 1_000_000

/** The parts of one operation, by name. */
type Parts = ReadonlyMap<string, Properties>

/** What each operation type needs besides its path. */
const needed: Readonly<Record<string, readonly string[]>> = {
  add: ['name', 'value'],
  insert: ['value', 'index'],
  delete: [],
  replace: ['value'],
  move: ['source', 'destination'],
}

/**
 * The resource with the patch applied; `resource` itself does not change. Numbers keep their digits.
 * Errors: 400 for what is not a FHIRPath Patch, 422 for a path that does not lead to what the operation needs, and
 * for values of the wrong type.
 */
export function applyFhirPathPatch(resource: Resource, parameters: unknown, definitions: Definitions): Resource {
  if (!isProperties(parameters) || parameters['resourceType'] !== 'Parameters') {
    throw badRequest('A FHIRPath Patch is a Parameters resource.', 'structure')
  }
  const operations = freeDigits(parameters)['parameter'] ?? []
  if (!Array.isArray(operations)) throw badRequest('Parameters.parameter must be an array.', 'structure')
  if (operations.length > MAX_OPERATIONS) throw tooCostly(`A patch may have at most ${MAX_OPERATIONS} operations.`)
  const value = freeDigits(resource)
  const scope: Scope = { root: { value, type: resource.resourceType }, definitions, visits: MAX_VISITS }
  operations.forEach((operation, index) => perform(operation, index, scope))
  return bindDigits(value)
}

function perform(operation: unknown, index: number, scope: Scope): void {
  let label = `Operation ${index}`
  try {
    const parts = readParts(operation)
    const type = textOf(parts, 'type')
    const names = Object.hasOwn(needed, type) ? needed[type]! : undefined
    if (!names) throw badRequest(`The type "${type.slice(0, 50)}" must be one of: ${Object.keys(needed).join(', ')}.`)
    const path = textOf(parts, 'path')
    label += ` (${type} ${path.slice(0, 200)})`
    for (const name of parts.keys()) {
      if (name !== 'type' && name !== 'path' && !names.includes(name)) {
        throw badRequest(`${type} has no part "${name.slice(0, 50)}", only: ${['type', 'path', ...names].join(', ')}.`)
      }
    }
    for (const name of names) if (!parts.has(name)) throw badRequest(`${type} needs a part "${name}".`)
    change(type, readExpression(path), parts, scope)
  } catch (error) {
    if (!(error instanceof FhirError)) throw error
    const issues = error.issues.map(issue => ({ ...issue, diagnostics: `${label}: ${issue.diagnostics}` }))
    throw new FhirError(error.status, issues)
  }
}

function change(type: string, path: Expression, parts: Parts, scope: Scope): void {
  switch (type) {
    case 'add':
      return add(only(path, scope), textOf(parts, 'name'), parts.get('value')!, scope)
    case 'insert': {
      const { owner, info } = locateList(path, scope)
      return edit(owner, info, items => {
        items.splice(positionIn(parts, 'index', items.length), 0, readItem(parts.get('value')!, info, scope))
      })
    }
    case 'delete': {
      const places = locate(path, scope)
      if (places.length > 1)
        throw unprocessable(`The path leads to ${places.length} elements; delete takes one at a time.`)
      return places[0] && replaceAt(elementOf(places[0]), undefined)
    }
    case 'replace':
      return replace(elementOf(only(path, scope)), parts.get('value')!, scope)
    default: {
      const { owner, info } = locateList(path, scope)
      return edit(owner, info, items => {
        const source = positionIn(parts, 'source', items.length - 1)
        const destination = positionIn(parts, 'destination', items.length - 1)
        items.splice(destination, 0, ...items.splice(source, 1))
      })
    }
  }
}

function edit(owner: Place, info: ElementInfo, change: (items: Item[]) => void): void {
  const holder = ensureProperties(owner)
  const items = readItems(holder, info.name)
  change(items)
  writeItems(holder, info, items)
}

function add(owner: Place, name: string, part: Properties, scope: Scope): void {
  const infos = infosFor(scope.definitions, owner.type, name)
  const info = infoFor(infos, part)
  const item = readItem(part, info, scope)
  const holder = ensureProperties(owner)
  const taken = infos.find(variant => !variant.many && readItems(holder, variant.name).length > 0)
  if (taken) throw unprocessable(`${owner.type}.${taken.name} is already there. Use replace.`)
  edit(owner, info, items => items.push(item))
}

function replace(place: Place, part: Properties, scope: Scope): void {
  const { owner, info } = place.slot!
  const info2 = info.choice === undefined ? info : infoFor(infosFor(scope.definitions, owner.type, info.choice), part)
  const item = readItem(part, info2, scope)
  if (info2.name === info.name) return replaceAt(place, item)
  const holder = ensureProperties(owner)
  writeItems(holder, info, [])
  writeItems(holder, info2, [item])
}

/** The one element a path leads to. */
function only(path: Expression, scope: Scope): Place {
  const places = locate(path, scope)
  const [place] = places
  if (!place) throw unprocessable('The path leads to no element of the resource.')
  if (places.length > 1) throw unprocessable(`The path leads to ${places.length} elements. Say which, as in name[0].`)
  if (!place.slot && place !== scope.root) throw unprocessable('The path leads to a computed value, not to an element.')
  return place
}

function elementOf(place: Place): Place {
  if (!place.slot) throw unprocessable('The path must lead to an element of the resource.')
  return place
}

/** Of the variants of an element, the one for the type of the value; a choice needs a value that says its type. */
function infoFor(infos: readonly ElementInfo[], part: Properties): ElementInfo {
  const [first] = infos
  if (infos.length === 1) return first!
  const type = readValues(part)[0]?.type
  const info = type === undefined ? undefined : variantFor(infos, type)
  if (info) return info
  const types = infos.map(variant => variant.type).join(', ')
  throw unprocessable(`${first!.choice}[x] takes one of: ${types}; the value is ${type ?? 'of no stated type'}.`)
}

/** The value of a part as an element: a `value[x]`, a resource, or parts that make up an object. */
function readItem(part: Properties, info: ElementInfo, scope: Scope): Item {
  const [typed, ...rest] = readValues(part)
  const { part: inner, resource } = part
  if ((typed ? 1 : 0) + rest.length + (inner === undefined ? 0 : 1) + (resource === undefined ? 0 : 1) !== 1) {
    throw badRequest(`The part for ${info.name} needs exactly one of value[x], part and resource.`, 'structure')
  }
  if (typed) {
    if (!fits(typed.type, info.type)) throw wrongType(info, typed.type)
    if (typed.value !== undefined && !hasForm(typed.value, typed.type)) throw wrongType(info, typeof typed.value)
    return typed
  }
  if (resource !== undefined) {
    if (info.type !== 'Resource' || !isProperties(resource)) throw wrongType(info, 'a resource')
    return { value: resource }
  }
  return { value: readObject(inner, info, scope) }
}

const wrongType = (info: ElementInfo, given: string) =>
  unprocessable(`${info.name} is of type ${info.type}; the value sent is ${given}.`)

function readObject(inner: unknown, info: ElementInfo, scope: Scope): Properties {
  if (!Array.isArray(inner) || !scope.definitions.elements(info.type)) throw wrongType(info, 'a list of parts')
  const made: Properties = {}
  const owner: Place = { value: made, type: info.type }
  for (const part of inner) {
    if (!isProperties(part) || typeof part['name'] !== 'string') {
      throw badRequest('Every part needs a name.', 'structure')
    }
    add(owner, part['name'], part, scope)
  }
  if (Object.keys(made).length === 0) throw wrongType(info, 'empty')
  return made
}

function readParts(operation: unknown): Parts {
  if (!isProperties(operation) || operation['name'] !== 'operation') {
    throw badRequest('Each parameter of a patch is called "operation".', 'structure')
  }
  const { part } = operation
  const parts = new Map<string, Properties>()
  for (const one of Array.isArray(part) ? (part as unknown[]) : []) {
    const name = isProperties(one) ? one['name'] : undefined
    if (typeof name !== 'string') throw badRequest('Every part needs a name.', 'structure')
    if (parts.has(name)) throw badRequest(`The part "${name.slice(0, 50)}" is there twice.`, 'structure')
    parts.set(name, one as Properties)
  }
  return parts
}

/** The text or code of a part. */
function textOf(parts: Parts, name: string): string {
  const value = readValues(parts.get(name) ?? {})[0]?.value
  if (typeof value === 'string' && value !== '') return value
  throw badRequest(`The operation needs a part "${name}" with a text.`, 'structure')
}

function positionIn(parts: Parts, name: string, most: number): number {
  const value = readValues(parts.get(name)!)[0]?.value
  if (typeof value !== 'number' || !Number.isInteger(value)) throw badRequest(`The part "${name}" must be an integer.`)
  if (value >= 0 && value <= most) return value
  throw unprocessable(`The ${name} ${value} is outside of the list, whose last position here is ${most}.`)
}
