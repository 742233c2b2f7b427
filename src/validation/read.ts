/**
 * Reading parts of a resource that may be of any shape: what is not there, or is something else, is undefined or empty.
 * https://hl7.org/fhir/R4/json.html
 */
import { freeDigits, isRawNumber } from '../fhir/json.ts'
import { isObject } from './node.ts'

export type JsonObject = Readonly<Record<string, unknown>>

export function textOf(holder: unknown, name: string): string | undefined {
  const value = isObject(holder) ? holder[name] : undefined
  return typeof value === 'string' ? value : undefined
}

export function numberOf(holder: unknown, name: string): number | undefined {
  const value = isObject(holder) ? holder[name] : undefined
  return typeof value === 'number' ? value : undefined
}

export function objectOf(holder: unknown, name: string): JsonObject | undefined {
  const value = isObject(holder) ? holder[name] : undefined
  return isObject(value) ? value : undefined
}

/** The objects in an array. */
export function objectsOf(holder: unknown, name: string): readonly JsonObject[] {
  const value = isObject(holder) ? holder[name] : undefined
  return Array.isArray(value) ? value.filter(isObject) : []
}

/** The texts in an array. */
export function textsOf(holder: unknown, name: string): readonly string[] {
  const value = isObject(holder) ? holder[name] : undefined
  return Array.isArray(value) ? value.filter(each => typeof each === 'string') : []
}

/** The extensions of that url. */
export const extensionsOf = (holder: unknown, url: string): readonly JsonObject[] =>
  objectsOf(holder, 'extension').filter(each => each['url'] === url)

/** The value of the first extension of that url: `value[x]` without its type; undefined when there is none. */
export function extensionValue(holder: unknown, url: string): unknown {
  const extension = extensionsOf(holder, url)[0]
  return extension === undefined ? undefined : valueOf(extension)?.value
}

/** What stands in `value[x]` (or `answer[x]`, …), with the type in its name: `Coding`, `string`. */
export function valueOf(
  holder: unknown,
  name = 'value',
): { readonly type: string; readonly value: unknown } | undefined {
  if (!isObject(holder)) return undefined
  for (const property in holder) {
    const next = property.charCodeAt(name.length)
    if (!property.startsWith(name) || !(next >= 65 && next <= 90)) continue
    const type = property.slice(name.length)
    return { type: typeNames.get(type) ?? type, value: holder[property] }
  }
  return undefined
}

const typeNames = new Map(
  [
    'base64Binary',
    'boolean',
    'canonical',
    'code',
    'date',
    'dateTime',
    'decimal',
    'id',
    'instant',
    'integer',
    'markdown',
    'oid',
    'positiveInt',
    'string',
    'time',
    'unsignedInt',
    'uri',
    'url',
    'uuid',
  ].map(type => [type.charAt(0).toUpperCase() + type.slice(1), type]),
)

/** A number of the resource with the digits that it was sent with: `1.50`. */
export function digitsOf(holder: unknown, name: string): string | undefined {
  if (!isObject(holder)) return undefined
  const value: unknown = freeDigits(holder)[name]
  if (isRawNumber(value)) return value.rawJSON
  return typeof value === 'number' ? String(value) : undefined
}
