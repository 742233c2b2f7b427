/**
 * From one element to the next: what a name or a type leads to, by the definitions.
 * https://hl7.org/fhirpath/N1/#path-selection
 */
import type { Definitions } from '../fhir/definitions.ts'
import type { Test, Way } from './walk.ts'

/** What an expression is compiled for. */
export interface Place {
  readonly definitions: Definitions
  /** The type of the focus: a resource type, a data type or a backbone path. */
  readonly type: string
  /** The type of the resource around it. */
  readonly resource: string
  /** How many more ways may be made: each choice of types multiplies them. */
  readonly budget: { left: number }
}

/** Beyond what is compiled: fhirpath.js is asked. */
export class Unsupported extends Error {}

/** An expression begins with the type of the focus, or with one of its elements. */
export function start(name: string, place: Place): Way[] {
  const here: Way = { fromRoot: false, steps: [], type: place.type }
  if (!/^[A-Z]/.test(name)) return member(here, name, place)
  return isA(place.type, name, place.definitions) ? [here] : []
}

/** Where an element of the values leads; nowhere when they have no such element. */
export function member(way: Way, name: string, place: Place): Way[] {
  if (way.choice) return settled(way).flatMap(each => member(each, name, place))
  const elements = place.definitions.elements(way.type)
  if (!elements) return primitiveMember(way, name)
  const info = elements.get(name)
  if (info) return [{ ...way, steps: [...way.steps, { is: 'property', name }], type: info.type }]
  const choice = [...elements.values()].filter(element => element.choice === name)
  if (choice.length > 0) return [{ ...way, choice }]
  if (way.type === 'Resource' || way.type === 'DomainResource') throw new Unsupported()
  return []
}

/** The id and the extensions of a primitive stand in a property of their own, `_birthDate` beside `birthDate`. */
function primitiveMember(way: Way, name: string): Way[] {
  const last = way.steps.at(-1)
  if (name !== 'extension') return []
  if (last?.is !== 'property') throw new Unsupported()
  const beside = { is: 'property', name: `_${last.name}` } as const
  return [{ ...way, steps: [...way.steps.slice(0, -1), beside, { is: 'property', name }], type: 'Extension' }]
}

/** One way for each type of a choice. */
export function settled(way: Way): Way[] {
  const { choice, ...rest } = way
  if (!choice) return [way]
  return choice.map(info => ({
    ...rest,
    steps: [...way.steps, { is: 'property', name: info.name } as const],
    type: info.type,
  }))
}

/** Those values that are of the type. */
export function ofType(way: Way, type: string, place: Place): Way[] {
  if (way.choice) return settled(way).filter(each => isA(each.type, type, place.definitions))
  if (isA(way.type, type, place.definitions)) return [way]
  if (way.type !== 'Resource' || !place.definitions.isResourceType(type)) return []
  const test: Test = focus => (focus as { resourceType?: unknown }).resourceType === type
  return [{ ...way, steps: [...way.steps, { is: 'where', test, key: `is ${type}` }], type }]
}

const parents: Readonly<Record<string, string>> = {
  Age: 'Quantity',
  Count: 'Quantity',
  Distance: 'Quantity',
  Duration: 'Quantity',
  MoneyQuantity: 'Quantity',
  SimpleQuantity: 'Quantity',
  code: 'string',
  id: 'string',
  markdown: 'string',
  url: 'uri',
  canonical: 'uri',
  oid: 'uri',
  uuid: 'uri',
  positiveInt: 'integer',
  unsignedInt: 'integer',
}

function isA(type: string, wanted: string, definitions: Definitions): boolean {
  if (type === wanted || (Object.hasOwn(parents, type) && parents[type] === wanted)) return true
  if (definitions.isResourceType(type)) {
    return (
      wanted === 'Resource' || (wanted === 'DomainResource' && definitions.elements(type)?.has('contained') === true)
    )
  }
  // R4's code-value-date says DateTime
  return wanted === 'DateTime' && type === 'dateTime'
}
