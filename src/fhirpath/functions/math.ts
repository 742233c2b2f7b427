/**
 * Mathematics.
 * https://hl7.org/fhirpath/N1/#math
 */
import { type FunctionDefinition, plainFunction } from '../code.ts'
import { fail, type Place } from '../error.ts'
import { decimal, type Item, type Items, nothing } from '../items.ts'
import { roundTo } from '../numbers.ts'
import { Quantity } from '../quantity.ts'
import { describe, single, singleInteger, singleValue, systemTypeOf, valueOf } from '../values.ts'

/** Digits that are left by binary fractions are cut off. */
const tidy = (value: number) => (Number.isInteger(value) ? value : Number(value.toPrecision(15)))

/** A number's function; empty where mathematics has no answer. */
const onNumber = (name: string, work: (value: number) => number, whole = false): FunctionDefinition =>
  plainFunction((items, _, place) => {
    const value = numberOf(items, name, place)
    return value === undefined ? nothing : result(work(value), whole)
  })

function numberOf(items: Items, name: string, place: Place): number | undefined {
  const value = singleValue(items, `What ${name}() is called on`, place)
  if (value === undefined || typeof value === 'number') return value
  return fail(place, `${name}() is called on ${describe(items[0]!)}`, 'it takes a number')
}

function result(value: number, whole: boolean): Items {
  if (!Number.isFinite(value)) return nothing
  return [whole ? value + 0 : decimal(tidy(value))]
}

/** Of a number or quantity, which stays one. */
const onAmount = (name: string, work: (value: number) => number, whole: boolean): FunctionDefinition =>
  plainFunction((items, _, place) => {
    const item = single(items, `What ${name}() is called on`, place)
    return item === undefined ? nothing : amount(item, name, work, whole, place)
  })

function amount(item: Item, name: string, work: (value: number) => number, whole: boolean, place: Place): Items {
  const value = valueOf(item)
  if (value === undefined) return nothing
  if (value instanceof Quantity) return [new Quantity(work(value.value) + 0, value.unit, value.calendar, value.either)]
  if (typeof value !== 'number')
    fail(place, `${name}() is called on ${describe(item)}`, 'it takes a number or a quantity')
  return result(work(value), whole || systemTypeOf(item) === 'Integer')
}

const withNumber = (work: (value: number, given: number) => number): FunctionDefinition => ({
  takes: [1, 1],
  build: ({ of, name, place, arguments: [given], places }) => ({
    step(run) {
      const item = single(of.step(run), `What ${name}() is called on`, place)
      const value = item === undefined ? undefined : numberOf([item], name, place)
      const other = singleValue(given!.step(run), `The argument of ${name}()`, places[0]!)
      if (value === undefined || other === undefined) return nothing
      if (typeof other !== 'number') fail(places[0]!, `The argument of ${name}() is no number`)
      const found = work(value, other)
      const whole = name === 'power' && systemTypeOf(item!) === 'Integer' && Number.isInteger(other) && other >= 0
      return result(found, whole)
    },
  }),
})

export const math: Readonly<Record<string, FunctionDefinition>> = {
  abs: onAmount('abs', Math.abs, false),
  ceiling: onAmount('ceiling', Math.ceil, true),
  floor: onAmount('floor', Math.floor, true),
  truncate: onAmount('truncate', Math.trunc, true),
  exp: onNumber('exp', Math.exp),
  ln: onNumber('ln', Math.log),
  sqrt: onNumber('sqrt', Math.sqrt),
  log: withNumber((value, base) => Math.log(value) / Math.log(base)),
  power: withNumber((value, exponent) => value ** exponent),
  round: {
    takes: [0, 1],
    build: ({ of, name, place, arguments: [precision], places }) => ({
      step(run) {
        const item = single(of.step(run), 'What round() is called on', place)
        const places_ = precision ? singleInteger(precision.step(run), 'The precision of round()', places[0]!) : 0
        if (item === undefined || places_ === undefined) return nothing
        if (places_ < 0)
          fail(places[0]!, 'The precision of round() is negative', 'it is a number of digits after the point')
        return amount(item, name, value => roundTo(value, places_), false, place)
      },
    }),
  },
}
