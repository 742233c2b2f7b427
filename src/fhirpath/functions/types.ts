/**
 * What type a value has.
 * https://hl7.org/fhirpath/N1/#types
 */
import type { Code } from '../code.ts'
import { truthCode } from '../code.ts'
import { didYouMean, fail, type Place } from '../error.ts'
import { type Item, Node, nothing } from '../items.ts'
import type { Shapes, SystemType } from '../shapes.ts'
import type { TypeName } from '../tree.ts'
import { single, systemTypeOf } from '../values.ts'

export type IsOfType = (item: Item) => boolean

const systemTypes: readonly SystemType[] = [
  'Boolean',
  'String',
  'Integer',
  'Decimal',
  'Date',
  'DateTime',
  'Time',
  'Quantity',
]

/**
 * Whether an item is of the type, or of one derived from it. Refuses a name that is no type. `converts`: FHIR's string
 * is taken for a String.
 */
export function typeTest({ namespace, name }: TypeName, converts: boolean, shapes: Shapes, place: Place): IsOfType {
  const isSystem = (systemTypes as readonly string[]).includes(name)
  if (namespace === 'System') {
    if (name === 'Any') return () => true
    if (!isSystem)
      unknown(
        `System.${name}`,
        systemTypes.map(type => `System.${type}`),
        place,
      )
    return item => (converts || !(item instanceof Node)) && systemTypeOf(item) === name
  }
  const isFhir = shapes.isType(name)
  if (!isFhir && (namespace === 'FHIR' || !isSystem)) unknown(name, [...shapes.names(), ...systemTypes], place)
  return item => {
    if (item instanceof Node && (isFhir || !converts)) return item.shape.types.has(name)
    return namespace === undefined && systemTypeOf(item) === name
  }
}

function unknown(name: string, known: readonly string[], place: Place): never {
  return fail(
    place,
    `Unknown type "${name}"`,
    didYouMean(name, known) ?? 'types are those of FHIR, and System.String and the like',
  )
}

/** `is`, `as` and `ofType`, as operator or function. */
export function typeCode(name: 'is' | 'as' | 'ofType', of: Code, test: IsOfType, place: Place): Code {
  if (name === 'ofType')
    return {
      step(run) {
        const items = of.step(run)
        run.spend(items.length, place)
        return items.length === 1 ? (test(items[0]!) ? items : nothing) : items.filter(test)
      },
    }
  const what = `What "${name}" looks at`
  if (name === 'is')
    return truthCode(run => {
      const item = single(of.step(run), what, place)
      return item === undefined ? undefined : test(item)
    })
  return {
    step(run) {
      const items = of.step(run)
      if (items.length > 1)
        fail(
          place,
          `${what} is ${items.length} values where one is wanted`,
          'ofType() takes those of a type out of many',
        )
      return items.length === 1 && test(items[0]!) ? items : nothing
    },
  }
}
