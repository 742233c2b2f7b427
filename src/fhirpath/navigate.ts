/**
 * From a value to what is in it: by name, all children, all descendants.
 * https://hl7.org/fhirpath/N1/#path-selection
 */
import type { Place } from './error.ts'
import { isObject, type Item, type Items, Node, nothing } from './items.ts'
import type { Run } from './run.ts'
import { plain, type Property, type Shape } from './shapes.ts'

/** The values of that name in the items; `of` a type when the items have one (`value` finds `valueQuantity`). */
export function members(items: Items, name: string, run: Run, place: Place): Items {
  if (items.length === 0) return nothing
  const found: Item[] = []
  for (let i = 0; i < items.length; i++) {
    const item = items[i]!
    if (item instanceof Node) intoMember(found, item, name, run)
  }
  run.spend(items.length + found.length, place)
  return found
}

function intoMember(found: Item[], node: Node, name: string, run: Run): void {
  const { shape, value } = node
  if (shape.is === 'primitive') {
    // what a primitive has in it stands beside it
    if (isObject(node.beside)) intoProperty(found, node, node.beside, name, run)
    return
  }
  if (typeof value === 'object' && value !== null)
    intoProperty(found, node, value as Readonly<Record<string, unknown>>, name, run)
}

function intoProperty(
  found: Item[],
  node: Node,
  holder: Readonly<Record<string, unknown>>,
  name: string,
  run: Run,
): void {
  const properties = node.shape.members.get(name)?.properties
  if (properties === undefined) {
    // no element of the type, or plain JSON
    if (name !== 'resourceType' && Object.hasOwn(holder, name))
      addValues(found, node, holder[name], undefined, plain, run)
    else if (name === 'resourceType' && node.shape.is === 'plain' && typeof holder[name] === 'string')
      found.push(holder[name])
    return
  }
  for (let i = 0; i < properties.length; i++) {
    const property = properties[i]!
    const value = holder[property.name]
    const beside = property.beside === '' ? undefined : holder[property.beside]
    if (value === undefined && beside === undefined) continue
    addValues(found, node, value, beside, property.shape(), run)
    return
  }
}

function addValues(found: Item[], parent: Node, value: unknown, beside: unknown, shape: Shape, run: Run): void {
  const root = rootFor(parent)
  if (!Array.isArray(value)) {
    if (value === undefined && Array.isArray(beside)) addMany(found, [], beside, shape, root, run)
    else addOne(found, value, Array.isArray(beside) ? (beside as unknown[])[0] : beside, shape, root, run)
    return
  }
  addMany(found, value, Array.isArray(beside) ? beside : nothing, shape, root, run)
}

function addMany(
  found: Item[],
  values: readonly unknown[],
  besides: readonly unknown[],
  shape: Shape,
  root: Node | undefined,
  run: Run,
): void {
  const length = Math.max(values.length, besides.length)
  for (let i = 0; i < length; i++) addOne(found, values[i], besides[i], shape, root, run)
}

function addOne(found: Item[], value: unknown, beside: unknown, shape: Shape, root: Node | undefined, run: Run): void {
  const own = isObject(beside) ? beside : undefined
  if (value === undefined || value === null) {
    if (own !== undefined) found.push(new Node(undefined, shape, own, root))
    return
  }
  if (shape.is === 'plain' && typeof value !== 'object') {
    found.push(value as string | number | boolean)
    return
  }
  // wherever a resource may stand, its own word says which
  const actual = shape.is === 'resource' || shape.is === 'plain' ? run.shapes.ofObject(value) : shape
  found.push(new Node(value, actual, own, root))
}

/** A resource in a Bundle is its own root; a contained one belongs to what contains it. */
function rootFor(parent: Node): Node | undefined {
  if (parent.root === undefined) return parent
  if (parent.shape.is !== 'resource') return parent.root
  return isContained(parent) ? parent.root : parent
}

function isContained(node: Node): boolean {
  const { contained } = (node.root!.value ?? {}) as { contained?: unknown }
  return Array.isArray(contained) && contained.includes(node.value)
}

/** All that is right below the items. */
export function children(items: Items, run: Run, place: Place): Items {
  const found: Item[] = []
  for (const item of items) if (item instanceof Node) intoChildren(found, item, run)
  run.spend(items.length + found.length, place)
  return found
}

function intoChildren(found: Item[], node: Node, run: Run): void {
  const holder = node.shape.is === 'primitive' ? node.beside : node.value
  if (!isObject(holder)) return
  for (const name of Object.keys(holder)) {
    if (name === 'resourceType' && node.shape.is !== 'plain') continue
    if (!name.startsWith('_')) intoExact(found, node, holder, name, run)
    else if (!Object.hasOwn(holder, name.slice(1))) intoExact(found, node, holder, name.slice(1), run)
  }
}

/** By JSON property: of a choice, the very one. */
function intoExact(found: Item[], node: Node, holder: Readonly<Record<string, unknown>>, name: string, run: Run): void {
  const property: Property | undefined = node.shape.members.get(name)?.properties.find(each => each.name === name)
  if (!property) {
    if (Object.hasOwn(holder, name)) addValues(found, node, holder[name], undefined, plain, run)
    return
  }
  addValues(
    found,
    node,
    holder[name],
    property.beside === '' ? undefined : holder[property.beside],
    property.shape(),
    run,
  )
}

/** All that is below the items, level by level. */
export function descendants(items: Items, run: Run, place: Place): Items {
  const found: Item[] = []
  for (let level = children(items, run, place); level.length > 0; level = children(level, run, place))
    for (const item of level) found.push(item)
  return found
}
