/**
 * `value[x]`: a property whose name says the type of its value.
 * https://hl7.org/fhir/R4/formats.html#choice
 */
import type { ElementInfo } from './definitions.ts'
import { isRawNumber } from './json.ts'

/** A value with its FHIR type. `more`: what stands under `_value[x]`, the id and extensions of a primitive. */
export interface Typed {
  readonly type: string
  readonly value?: unknown
  readonly more?: unknown
}

const numbers = new Set(['integer', 'positiveInt', 'unsignedInt', 'decimal'])
/** The primitive types by the ending of the property: `DateTime` → `dateTime`. */
const primitives = new Map(
  [
    ...['base64Binary', 'boolean', 'canonical', 'code', 'date', 'dateTime', 'decimal', 'id', 'instant', 'integer'],
    ...['markdown', 'oid', 'positiveInt', 'string', 'time', 'unsignedInt', 'uri', 'url', 'uuid', 'xhtml'],
  ].map(name => [name.charAt(0).toUpperCase() + name.slice(1), name]),
)
const primitiveNames = new Set(primitives.values())

export const isPrimitive = (type: string) => primitiveNames.has(type)

/** The property for a value of this type: `value`, `dateTime` → `valueDateTime`. */
export const propertyFor = (name: string, type: string) => name + type.charAt(0).toUpperCase() + type.slice(1)

/** The values under `value[x]` properties of an object; a right object has at most one. */
export function readValues(holder: Readonly<Record<string, unknown>>): Typed[] {
  const names = Object.keys(holder).map(name => (name.startsWith('_') ? name.slice(1) : name))
  const found = new Set(names.filter(name => /^value[A-Z]/.test(name)))
  return [...found].map(name => {
    const ending = name.slice('value'.length)
    const type = primitives.get(ending) ?? ending
    const value = Object.hasOwn(holder, name) ? { value: holder[name] } : {}
    const more = Object.hasOwn(holder, `_${name}`) ? { more: holder[`_${name}`] } : {}
    return { type, ...value, ...more }
  })
}

const texts = new Set(['string', 'code', 'id', 'markdown', 'xhtml', 'uri', 'url', 'canonical', 'oid', 'uuid'])
const quantities = new Set(['Quantity', 'SimpleQuantity', 'MoneyQuantity', 'Age', 'Count', 'Distance', 'Duration'])
const families = [texts, new Set(['integer', 'positiveInt', 'unsignedInt']), quantities]

/**
 * Whether a value sent as one type can stand where another is wanted: the same, or one of its family, since
 * Parameters has no `value[x]` for some of them, and clients write `valueString` for every text.
 */
export function fits(given: string, wanted: string): boolean {
  return given === wanted || families.some(family => family.has(given) && family.has(wanted))
}

/** Whether JSON has the right kind of value for a type: a number for an integer, an object for a Quantity. */
export function hasForm(value: unknown, type: string): boolean {
  if (type === 'boolean') return typeof value === 'boolean'
  if (numbers.has(type)) return typeof value === 'number' || isRawNumber(value)
  if (isPrimitive(type)) return typeof value === 'string'
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !isRawNumber(value)
}

/** Of the variants of a choice, the one for this type: exactly, or else of its family. */
export function variantFor(variants: readonly ElementInfo[], type: string): ElementInfo | undefined {
  return variants.find(info => info.type === type) ?? variants.find(info => fits(type, info.type))
}
