/**
 * Which JSON each element of a type takes, compiled from the definitions when a type is first met.
 * https://hl7.org/fhir/R4/json.html
 */
import type { Definitions } from '../fhir/definitions.ts'

/** What a walk needs to know of an element. */
export interface Property {
  readonly many: boolean
  /** The JSON kind of a primitive; `resource`: any resource; else the shape is looked up by type. */
  readonly kind: 'string' | 'number' | 'boolean' | 'object' | 'resource'
  readonly type: string
  shape: Shape | undefined
}
/** The elements of a type by name. */
export type Shape = ReadonlyMap<string, Property>

const compiled = new WeakMap<Definitions, Map<string, Shape>>()

/** Of these definitions, by type; filled by `shape`. */
export function shapesOf(definitions: Definitions): Map<string, Shape> {
  let shapes = compiled.get(definitions)
  if (!shapes) compiled.set(definitions, (shapes = new Map<string, Shape>()))
  return shapes
}

const NUMBERS = new Set(['decimal', 'integer', 'positiveInt', 'unsignedInt', 'integer64'])

/** The shape of a type, compiled when first met. */
export function shape(
  { shapes, definitions }: { readonly shapes: Map<string, Shape>; readonly definitions: Definitions },
  type: string,
): Shape {
  const known = shapes.get(type)
  if (known) return known
  const made = new Map<string, Property>()
  for (const { name, type: of, many } of definitions.elements(type)?.values() ?? []) {
    const kind =
      of === 'Resource'
        ? 'resource'
        : of === 'boolean'
          ? 'boolean'
          : NUMBERS.has(of)
            ? 'number'
            : definitions.elements(of)
              ? 'object'
              : 'string'
    made.set(name, { many, kind, type: of, shape: undefined })
  }
  shapes.set(type, made)
  return made
}
