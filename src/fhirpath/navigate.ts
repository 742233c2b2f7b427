/**
 * From a value to what is in it: by name, all children, all descendants.
 * https://hl7.org/fhirpath/N1/#path-selection
 */
import type { Place } from './error.ts'
import { decimal, isObject, type Item, type Items, Node, nothing } from './items.ts'
import { Quantity } from './quantity.ts'
import type { Run } from './run.ts'
import type { Member, Property, Shape } from './shapes.ts'

/** The values of that name in the items; `of` a type when the items have one (`value` finds `valueQuantity`). */
export function members(items: Items, name: string, run: Run, place: Place): Items {
  if (items.length === 0) return nothing
  const found: Item[] = []
  for (let i = 0; i < items.length; i++) {
    const item = items[i]!
    if (item instanceof Node) intoMember(found, item, name, run, place)
    else if (item instanceof Quantity) intoQuantity(found, item, name)
  }
  run.spend(items.length, place)
  return found
}

function intoMember(found: Item[], node: Node, name: string, run: Run, place: Place): void {
  const { shape } = node
  // what a primitive has in it stands beside it
  const holder = shape.is === 'primitive' ? node.beside : node.value
  if (typeof holder !== 'object' || holder === null) return
  const object = holder as Holder
  const member = shape.members.get(name)
  if (member === undefined) {
    intoOther(found, node, object, name, run, place)
    return
  }
  const property = propertyIn(object, member)
  if (property) addValues(found, node, object, property, run, place)
}

/** Of a choice the first that is there, should a resource wrongly have several; else one with extensions alone. */
function propertyIn(holder: Holder, { properties }: Member): Property | undefined {
  for (let i = 0; i < properties.length; i++) if (holder[properties[i]!.name] !== undefined) return properties[i]
  for (let i = 0; i < properties.length; i++) {
    const { beside } = properties[i]!
    if (beside !== '' && holder[beside] !== undefined) return properties[i]
  }
  return undefined
}

/** A computed quantity has the members that FHIR's has. */
function intoQuantity(found: Item[], quantity: Quantity, name: string): void {
  if (name === 'value') found.push(decimal(quantity.value))
  else if (name === 'unit' || name === 'code') found.push(quantity.toJSON()[name])
  else if (name === 'system') found.push(quantity.toJSON().system)
}

type Holder = Readonly<Record<string, unknown>>

/** No element of the type, or plain JSON. */
function intoOther(found: Item[], node: Node, holder: Holder, name: string, run: Run, place: Place): void {
  if (!Object.hasOwn(holder, name) || (name === 'resourceType' && node.shape.is !== 'plain')) return
  const value = holder[name]
  const root = rootFor(node)
  if (!Array.isArray(value)) addPlain(found, value, root, run)
  else {
    run.spend(2 * value.length, place)
    for (const each of value) addPlain(found, each, root, run)
  }
}

function addPlain(found: Item[], value: unknown, root: Node, run: Run): void {
  if (value === undefined || value === null) return
  if (typeof value === 'object') found.push(new Node(value, run.shapes.ofObject(value), root))
  else found.push(value as string | number | boolean)
}

function addValues(found: Item[], parent: Node, holder: Holder, property: Property, run: Run, place: Place): void {
  const value = holder[property.name]
  const shape = property.shape()
  const root = rootFor(parent)
  if (Array.isArray(value)) {
    addMany(found, value, holder, property, root, run, place)
    return
  }
  if (value === undefined || value === null) {
    const beside = property.beside === '' ? undefined : holder[property.beside]
    if (Array.isArray(beside)) addMany(found, [], holder, property, root, run, place)
    else if (isObject(beside)) found.push(new Node(undefined, shape, root, holder, property))
    return
  }
  found.push(new Node(value, actualShape(shape, value, run), root, holder, property))
}

/** Wherever a resource may stand, its own word says which. */
const actualShape = (shape: Shape, value: unknown, run: Run) =>
  shape.is === 'resource' || shape.is === 'plain' ? run.shapes.ofObject(value) : shape

function addMany(
  found: Item[],
  values: readonly unknown[],
  holder: Holder,
  property: Property,
  root: Node,
  run: Run,
  place: Place,
): void {
  const shape = property.shape()
  const beside = property.beside === '' ? undefined : holder[property.beside]
  const besides: readonly unknown[] = Array.isArray(beside) ? beside : nothing
  const length = Math.max(values.length, besides.length)
  // before it is done: a list may be as long as its sender likes
  run.spend(2 * length, place)
  for (let i = 0; i < length; i++) {
    const value = values[i] ?? undefined
    if (value === undefined && !isObject(besides[i])) continue
    found.push(new Node(value, value === undefined ? shape : actualShape(shape, value, run), root, holder, property, i))
  }
}

/**
 * The text of the only item's element of that name, where it is a text and nothing but one; undefined where that must
 * be found out by `members`.
 */
export function quickText(items: Items, name: string): string | undefined {
  if (items.length !== 1) return undefined
  const item = items[0]
  if (!(item instanceof Node) || item.shape.is === 'primitive') return undefined
  const properties = item.shape.members.get(name)?.properties
  const property = properties?.length === 1 ? properties[0]! : undefined
  if (property?.shape().system !== 'String') return undefined
  const value = (item.value as Holder | undefined)?.[property.name]
  return typeof value === 'string' ? value : undefined
}

/** A resource in a Bundle is its own root; a contained one belongs to what contains it. */
const rootFor = (parent: Node): Node =>
  parent.root === undefined || (parent.shape.is === 'resource' && !parent.isContained) ? parent : parent.root

/** All that is right below the items. */
export function children(items: Items, run: Run, place: Place): Items {
  const found: Item[] = []
  for (const item of items) if (item instanceof Node) intoChildren(found, item, run, place)
  return found
}

function intoChildren(found: Item[], node: Node, run: Run, place: Place): void {
  const holder = node.shape.is === 'primitive' ? node.beside : node.value
  if (!isObject(holder)) return
  const names = Object.keys(holder)
  run.spend(1 + 3 * names.length, place)
  for (const name of names) {
    if (!name.startsWith('_')) intoExact(found, node, holder, name, run, place)
    else if (!Object.hasOwn(holder, name.slice(1))) intoExact(found, node, holder, name.slice(1), run, place)
  }
}

/** By JSON property: of a choice, the very one. */
function intoExact(found: Item[], node: Node, holder: Holder, name: string, run: Run, place: Place): void {
  const property = node.shape.members.get(name)?.properties.find(each => each.name === name)
  if (property) addValues(found, node, holder, property, run, place)
  else intoOther(found, node, holder, name, run, place)
}

/** All that is below the items, level by level. */
export function descendants(items: Items, run: Run, place: Place): Items {
  const found: Item[] = []
  for (let level = children(items, run, place); level.length > 0; level = children(level, run, place))
    for (const item of level) found.push(item)
  return found
}
