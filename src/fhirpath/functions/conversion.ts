/**
 * From one type to another.
 * https://hl7.org/fhirpath/N1/#conversion
 */
import { decimal, type Item, type Items, nothing, type Truth, WholeDecimal } from '../items.ts'
import { type FunctionDefinition, itemsOf, plainFunction, test, truthCode, conditionOf } from '../code.ts'
import type { Place } from '../error.ts'
import { calendarWord, inSameUnits, Quantity, type Units } from '../quantity.ts'
import { dateOf, readDate, readTime, Temporal } from '../temporal.ts'
import { single, singleText, textOf, valueOf } from '../values.ts'

/** Undefined: it cannot be converted. */
type Conversion = (item: Item) => Item | undefined

const booleans: Readonly<Record<string, boolean>> = {
  true: true,
  t: true,
  yes: true,
  y: true,
  '1': true,
  '1.0': true,
  false: false,
  f: false,
  no: false,
  n: false,
  '0': false,
  '0.0': false,
}

const toBoolean: Conversion = item => {
  const value = valueOf(item)
  if (typeof value === 'boolean') return value
  if (typeof value === 'number') return value === 1 ? true : value === 0 ? false : undefined
  if (typeof value !== 'string' || value.length > 5) return undefined
  const text = value.toLowerCase()
  return Object.hasOwn(booleans, text) ? booleans[text] : undefined
}

const toInteger: Conversion = item => {
  const value = valueOf(item)
  if (typeof value === 'boolean') return value ? 1 : 0
  if (typeof value === 'number') return Number.isInteger(value) ? value : undefined
  if (typeof value !== 'string' || value.length > 20 || !/^[+-]?\d+$/.test(value)) return undefined
  const number = Number(value)
  return Number.isSafeInteger(number) ? number : undefined
}

const toDecimal: Conversion = item => {
  const value = valueOf(item)
  if (typeof value === 'boolean') return new WholeDecimal(value ? 1 : 0)
  if (typeof value === 'number') return decimal(value)
  if (typeof value !== 'string' || value.length > 40 || !/^[+-]?\d+(?:\.\d+)?$/.test(value)) return undefined
  return decimal(Number(value))
}

const toText: Conversion = textOf

const toDate: Conversion = item => {
  const value = valueOf(item)
  if (value instanceof Temporal)
    return value.kind === 'time' ? undefined : value.kind === 'date' ? value : dateOf(value)
  return typeof value === 'string' ? dateFrom(value) : undefined
}

const dateFrom = (text: string) => (text.length > 40 ? undefined : readDate(text, 'date'))

const toDateTime: Conversion = item => {
  const value = valueOf(item)
  if (value instanceof Temporal && value.kind === 'date')
    return new Temporal('dateTime', value.precision, value.fields, undefined)
  if (value instanceof Temporal) return value.kind === 'dateTime' ? value : undefined
  return typeof value === 'string' && value.length <= 40 ? readDate(value, 'dateTime') : undefined
}

const toTime: Conversion = item => {
  const value = valueOf(item)
  if (value instanceof Temporal) return value.kind === 'time' ? value : undefined
  return typeof value === 'string' && value.length <= 40 ? readTime(value) : undefined
}

const quantityPattern = /^([+-]?\d+(?:\.\d+)?)\s*(?:'([^']+)'|([a-zA-Z]+))?$/

const toQuantity = (item: Item): Quantity | undefined => {
  const value = valueOf(item)
  if (value instanceof Quantity) return value
  if (typeof value === 'boolean') return new Quantity(value ? 1 : 0, '1', false)
  if (typeof value === 'number') return new Quantity(value, '1', false)
  const [, number, code, word] = (typeof value === 'string' && value.length <= 200 && quantityPattern.exec(value)) || []
  if (number === undefined) return undefined
  if (word === undefined) return new Quantity(Number(number), code ?? '1', false)
  const unit = calendarWord(word)
  return unit === undefined ? undefined : new Quantity(Number(number), unit, true)
}

/** In another unit; undefined when there is no way there. */
function inUnit(quantity: Quantity, text: string, units: Units | undefined): Quantity | undefined {
  const word = calendarWord(text)
  const one = new Quantity(1, word ?? text, word !== undefined)
  if (quantity.unit === one.unit && quantity.calendar === one.calendar) return quantity
  const zero = new Quantity(0, one.unit, one.calendar)
  const [pair, origin] = [inSameUnits(quantity, one, units), inSameUnits(quantity, zero, units)]
  if (!pair || !origin) return undefined
  const value = (pair[0] - origin[1]) / (pair[1] - origin[1])
  return new Quantity(Number(value.toPrecision(12)), one.unit, one.calendar)
}

const converted = (convert: Conversion, name: string): FunctionDefinition =>
  plainFunction((items, _, place) => {
    const item = single(items, `What ${name}() is called on`, place)
    return item === undefined ? nothing : itemsOf(convert(item))
  })

const convertible = (convert: Conversion, name: string): FunctionDefinition =>
  test((items, _, place): Truth => {
    const item = single(items, `What ${name}() is called on`, place)
    return item === undefined ? undefined : convert(item) !== undefined
  })

const quantityIn = (
  items: Items,
  unit: Items | undefined,
  units: Units | undefined,
  name: string,
  place: Place,
): Quantity | undefined => {
  const item = single(items, `What ${name}() is called on`, place)
  const quantity = item === undefined ? undefined : toQuantity(item)
  if (!unit || !quantity) return quantity
  const text = singleText(unit, `The unit of ${name}()`, place)
  return text === undefined ? undefined : inUnit(quantity, text, units)
}

const iif: FunctionDefinition = {
  takes: [2, 3],
  build({ of, arguments: [criterion, so, otherwise], places }) {
    const holds = conditionOf(criterion!, 'The criterion of iif()', places[0]!)
    return {
      step(run) {
        const { self } = run
        run.self = of.step(run)
        run.spend(1, places[0]!)
        const result = holds(run) === true ? so!.step(run) : (otherwise?.step(run) ?? nothing)
        run.self = self
        return result
      },
    }
  },
}

const conversions: Readonly<Record<string, Conversion>> = {
  Boolean: toBoolean,
  Integer: toInteger,
  Decimal: toDecimal,
  String: toText,
  Date: toDate,
  DateTime: toDateTime,
  Time: toTime,
}

export const conversion: Readonly<Record<string, FunctionDefinition>> = {
  iif,
  ...Object.fromEntries(
    Object.entries(conversions).flatMap(([type, convert]) => [
      [`to${type}`, converted(convert, `to${type}`)],
      [`convertsTo${type}`, convertible(convert, `convertsTo${type}`)],
    ]),
  ),
  toQuantity: {
    takes: [0, 1],
    build: ({ of, arguments: [unit], name, place }) => ({
      step: run => itemsOf(quantityIn(of.step(run), unit?.step(run), run.units, name, place)),
    }),
  },
  convertsToQuantity: {
    takes: [0, 1],
    build: ({ of, arguments: [unit], name, place }) =>
      truthCode(run => {
        const items = of.step(run)
        if (items.length === 0) return undefined
        return quantityIn(items, unit?.step(run), run.units, name, place) !== undefined
      }),
  },
}
