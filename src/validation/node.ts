/**
 * A resource as a tree of typed values: what rules walk over. A node is made when it is first asked for.
 * https://hl7.org/fhir/R4/json.html
 */
import type { Definitions, ElementInfo } from '../fhir/definitions.ts'

export interface Node {
  /** The JSON value; undefined for a primitive that has only an id or extensions. */
  readonly value: unknown
  /** Of a primitive: what stands beside it under `_name`. */
  readonly beside: Readonly<Record<string, unknown>> | undefined
  /** FHIR type code (`Quantity`, `code`), resource type, or the path of a backbone element (`Observation.component`). */
  readonly type: string
  /** The JSON property (`valueQuantity`); for the root the resource type. */
  readonly property: string
  /** The name of the element (`value`). */
  readonly name: string
  /** Position among those of the same name; -1 where the element does not repeat. */
  readonly index: number
  readonly parent: Node | undefined
  /** Made once; use `childrenOf`. */
  children: readonly Node[] | undefined
}

/** The root of a resource (or of a value of a data type). */
export function rootNode(value: unknown, type: string): Node {
  return {
    value,
    beside: undefined,
    type,
    property: type,
    name: type,
    index: -1,
    parent: undefined,
    children: undefined,
  }
}

/** The values right below, in the order of the JSON; properties that are no elements are passed over. */
export function childrenOf(node: Node, definitions: Definitions): readonly Node[] {
  return (node.children ??= makeChildren(node, definitions))
}

/** Those of an element by name: `value` finds `valueQuantity`. */
export const childrenNamed = (node: Node, name: string, definitions: Definitions): readonly Node[] =>
  childrenOf(node, definitions).filter(child => child.name === name)

/** The resource a value is in: the node itself when it is one. */
export function resourceOf(node: Node, definitions: Definitions): Node {
  let at = node
  while (at.parent && !definitions.isResourceType(at.type)) at = at.parent
  return at
}

/** FHIRPath of where the value stands: `Observation.component[1].value.ofType(Quantity).unit`, `Bundle.entry[0].resource.id`. */
export function pathOf(node: Node): string {
  if (!node.parent) return node.name
  const isChoice = node.property !== node.name
  const own = isChoice ? `${node.name}.ofType(${node.type})` : node.name
  return `${pathOf(node.parent)}.${own}${node.index < 0 ? '' : `[${node.index}]`}`
}

export const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const isPrimitive = (type: string) => /^[a-z]/.test(type)

function makeChildren(node: Node, definitions: Definitions): readonly Node[] {
  const primitive = isPrimitive(node.type)
  const holder = primitive ? node.beside : node.value
  if (!isObject(holder)) return []
  const elements = definitions.elements(primitive ? 'Element' : node.type)
  if (!elements) return []
  const made: Node[] = []
  for (const property in holder) {
    const info = elements.get(property)
    if (info) addChildren(made, node, info, holder[property], holder[`_${property}`], definitions)
    else if (property.startsWith('_') && !(property.slice(1) in holder)) {
      const besides = elements.get(property.slice(1))
      if (besides && isPrimitive(besides.type))
        addChildren(made, node, besides, undefined, holder[property], definitions)
    }
  }
  return made
}

function addChildren(
  made: Node[],
  parent: Node,
  info: ElementInfo,
  value: unknown,
  beside: unknown,
  definitions: Definitions,
): void {
  const add = (one: unknown, next: unknown, index: number) =>
    made.push({
      value: one ?? undefined,
      beside: isObject(next) ? next : undefined,
      type: typeOf(one, info, definitions),
      property: info.name,
      name: info.choice ?? info.name,
      index,
      parent,
      children: undefined,
    })
  if (!info.many) return void add(value, beside, -1)
  const values: readonly unknown[] = Array.isArray(value) ? value : value === undefined ? [] : [value]
  const besides: readonly unknown[] = Array.isArray(beside) ? beside : []
  for (let i = 0; i < Math.max(values.length, besides.length); i++) add(values[i], besides[i], i)
}

function typeOf(value: unknown, info: ElementInfo, definitions: Definitions): string {
  if (info.type !== 'Resource') return info.type
  const type = isObject(value) ? value['resourceType'] : undefined
  return typeof type === 'string' && definitions.isResourceType(type) ? type : 'Resource'
}
