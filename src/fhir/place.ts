/**
 * Places in a resource: an element together with where it stands, so that it can be changed there.
 * https://hl7.org/fhir/R4/json.html#primitive
 */
import type { Definitions, ElementInfo } from './definitions.ts'
import { isRawNumber } from './json.ts'
import { unprocessable } from './outcome.ts'
import { isPrimitive } from './value-x.ts'

export type Properties = Record<string, unknown>

/** One element of a list: its value, and for primitives what stands under `_name` beside it. */
export interface Item {
  readonly value?: unknown
  readonly more?: unknown
}

export interface Place extends Item {
  /** The FHIR type or backbone path. */
  readonly type: string
  /** Where it stands; absent for the resource itself and for values that are not of it. */
  readonly slot?: Slot
}

export interface Slot {
  readonly owner: Place
  readonly info: ElementInfo
  readonly index: number
}

export const isProperties = (value: unknown): value is Properties =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && !isRawNumber(value)

/** The type of an element, that of the resource in it where it holds one. */
export function typeOf(info: ElementInfo, value: unknown): string {
  const named = isProperties(value) && Object.hasOwn(value, 'resourceType') ? value['resourceType'] : undefined
  return typeof named === 'string' && (info.type === 'Resource' || info.type === 'DomainResource') ? named : info.type
}

/** The elements of this name, the variants when it is a choice. Refuses (422) a name the type does not have. */
export function infosFor(definitions: Definitions, type: string, name: string): readonly ElementInfo[] {
  const all = definitions.elements(isPrimitive(type) ? 'Element' : type)
  const bare = name.endsWith('[x]') ? name.slice(0, -3) : name
  const exact = all?.get(bare)
  if (exact) return [exact]
  const variants = [...(all?.values() ?? [])].filter(info => info.choice === bare)
  if (variants.length > 0) return variants
  throw unprocessable(`${type} has no element "${name.slice(0, 100)}".`)
}

/** What holds the children of a place: its object, or for a primitive the one under `_name`. */
export function propertiesOf(place: Place): Properties | undefined {
  const holder = isPrimitive(place.type) ? place.more : place.value
  return isProperties(holder) ? holder : undefined
}

export function childrenOf(definitions: Definitions, place: Place, name: string): Place[] {
  const holder = propertiesOf(place)
  return infosFor(definitions, place.type, name).flatMap(info =>
    holder
      ? readItems(holder, info.name).map((item, index) => {
          return { ...item, type: typeOf(info, item.value), slot: { owner: place, info, index } }
        })
      : [],
  )
}

/** The elements under a property, one or many, primitives with their `_name` part. */
export function readItems(holder: Properties, name: string): Item[] {
  const values = listUnder(holder, name)
  const mores = listUnder(holder, `_${name}`)
  return Array.from({ length: Math.max(values.length, mores.length) }, (_, index) => {
    const value = values[index] ?? undefined
    const more = mores[index] ?? undefined
    return { ...(value === undefined ? {} : { value }), ...(more === undefined ? {} : { more }) }
  })
}

function listUnder(holder: Properties, name: string): unknown[] {
  if (!Object.hasOwn(holder, name)) return []
  const found = holder[name]
  return Array.isArray(found) ? found : [found]
}

/** Puts elements under a property, in the form JSON has for them; none removes it. */
export function writeItems(holder: Properties, info: ElementInfo, items: readonly Item[]): void {
  writeUnder(
    holder,
    info.name,
    items.map(item => item.value),
    info.many,
  )
  writeUnder(
    holder,
    `_${info.name}`,
    items.map(item => item.more),
    info.many,
  )
}

function writeUnder(holder: Properties, name: string, parts: readonly unknown[], many: boolean): void {
  if (parts.every(part => part === undefined)) delete holder[name]
  else holder[name] = many ? parts.map(part => part ?? null) : parts[0]
}

/** The object that holds the children of a place, made when a primitive has none yet. */
export function ensureProperties(place: Place): Properties {
  const holder = propertiesOf(place)
  if (holder) return holder
  const more: Properties = {}
  replaceAt(place, { ...(place.value === undefined ? {} : { value: place.value }), more })
  return more
}

/** Changes the element at a place; `undefined` takes it away, and with it parents that are then empty. */
export function replaceAt(place: Place, item: Item | undefined): void {
  const { slot } = place
  if (!slot) throw unprocessable('The path leads to the resource itself, not to an element of it.')
  const holder = ensureProperties(slot.owner)
  const items = readItems(holder, slot.info.name)
  items.splice(slot.index, 1, ...(item ? [item] : []))
  writeItems(holder, slot.info, items)
  if (item || Object.keys(holder).length > 0 || !slot.owner.slot) return
  const { value } = slot.owner
  replaceAt(slot.owner, isPrimitive(slot.owner.type) && value !== undefined ? { value } : undefined)
}
