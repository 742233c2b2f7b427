/**
 * What the JSON of each type must be, compiled from the definitions when a type is first met.
 * https://hl7.org/fhir/R4/json.html
 */
import type { Definitions, ElementInfo } from '../fhir/definitions.ts'
import { primitiveProblem } from '../validation/primitives.ts'

/** What a walk needs to know of an element. */
export interface Property {
  readonly many: boolean
  /** The JSON kind of a primitive; `resource`: any resource; else the shape is looked up by type. */
  readonly kind: 'string' | 'number' | 'boolean' | 'object' | 'resource'
  readonly type: string
  readonly required: boolean
  /** For a choice: the name before the type. */
  readonly choice: string | undefined
  /** The codes there are, where these are a list. */
  readonly codes: ReadonlySet<string> | undefined
  /** Of a primitive in the right JSON kind: whether it has the format of its type, and is one of its codes. */
  readonly fits: (value: unknown) => boolean
  shape: Shape | undefined
}

export interface Shape {
  /** By JSON property. */
  readonly elements: ReadonlyMap<string, Property>
  /** The elements that must be there: their names, a choice without its type. */
  readonly required: readonly string[]
}

const compiled = new WeakMap<Definitions, Map<string, Shape>>()

/** Of these definitions, by type; filled by `shape`. */
export function shapesOf(definitions: Definitions): Map<string, Shape> {
  let shapes = compiled.get(definitions)
  if (!shapes) compiled.set(definitions, (shapes = new Map<string, Shape>()))
  return shapes
}

/** The shape of a type, compiled when first met. */
export function shape(
  { shapes, definitions }: { readonly shapes: Map<string, Shape>; readonly definitions: Definitions },
  type: string,
): Shape {
  const known = shapes.get(type)
  if (known) return known
  const infos = [...(definitions.elements(type)?.values() ?? [])]
  const made: Shape = {
    elements: new Map(infos.map(info => [info.name, property(info, definitions)])),
    required: [...new Set(infos.filter(info => info.required).map(info => info.choice ?? info.name))],
  }
  shapes.set(type, made)
  return made
}

const property = (info: ElementInfo, definitions: Definitions): Property => ({
  many: info.many,
  kind: kindOf(info.type, definitions),
  type: info.type,
  required: info.required,
  choice: info.choice,
  codes: info.codes,
  fits: fitting(info),
  shape: undefined,
})

const NUMBERS = new Set(['decimal', 'integer', 'positiveInt', 'unsignedInt', 'integer64'])

function kindOf(type: string, definitions: Definitions): Property['kind'] {
  if (type === 'Resource') return 'resource'
  if (type === 'boolean') return 'boolean'
  if (NUMBERS.has(type)) return 'number'
  return definitions.elements(type) ? 'object' : 'string'
}

const always = () => true

function fitting({ name, type, codes }: ElementInfo): (value: unknown) => boolean {
  if (codes) return value => codes.has(value as string)
  // what is blank or too long, and the id of a resource (the server's business), are left to validation
  if (type === 'string' || type === 'markdown' || name === 'id') return always
  return value => primitiveProblem(type, value) === undefined
}
