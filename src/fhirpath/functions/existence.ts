/**
 * Whether there is something, and whether all or any of it is so.
 * https://hl7.org/fhirpath/N1/#existence
 */
import { at, conditionOf, type FunctionDefinition, plainFunction, test, truthCode } from '../code.ts'
import { distinct, Distinct } from '../equality.ts'
import { fail, type Place } from '../error.ts'
import { type Items, nothing, type Truth } from '../items.ts'
import type { Run } from '../run.ts'
import { describe, singleValue, truthOf, valueOf } from '../values.ts'

const exists: FunctionDefinition = {
  takes: [0, 1],
  each: true,
  build({ of, arguments: [criterion], places }) {
    if (!criterion) return truthCode(run => of.step(run).length > 0)
    const holds = conditionOf(criterion, 'The criterion of exists()', places[0]!)
    return truthCode(run => {
      const items = of.step(run)
      const { self, index } = run
      let found = false
      for (let i = 0; i < items.length && !found; i++) {
        run.spend(1, places[0]!)
        found = at(run, items[i]!, i, holds) === true
      }
      run.self = self
      run.index = index
      return found
    })
  },
}

const all: FunctionDefinition = {
  takes: [1, 1],
  each: true,
  build({ of, arguments: [criterion], places }) {
    const holds = conditionOf(criterion!, 'The criterion of all()', places[0]!)
    return truthCode(run => {
      const items = of.step(run)
      const { self, index } = run
      let so = true
      for (let i = 0; i < items.length && so; i++) {
        run.spend(1, places[0]!)
        so = at(run, items[i]!, i, holds) === true
      }
      run.self = self
      run.index = index
      return so
    })
  },
}

/** Whether all or any of the Booleans are `wanted`. */
const booleans = (name: string, many: 'every' | 'some', wanted: boolean) =>
  test((items, run, place) => {
    run.spend(1 + items.length, place)
    return items[many](item => {
      const value = valueOf(item)
      if (value !== undefined && typeof value !== 'boolean')
        fail(place, `${name}() is called on ${describe(item)}`, 'it takes Booleans')
      return value === wanted
    })
  })

/** Whether all of the first are among the second. */
function isSubset(part: Items, whole: Items, run: Run, place: Place): boolean {
  const known = new Distinct(run, place)
  for (const item of whole) known.add(item)
  return part.every(item => known.has(item))
}

const not = test((items, _, place): Truth => {
  const truth = truthOf(items, 'What not() is called on', place)
  return truth === undefined ? undefined : !truth
})

export const existence: Readonly<Record<string, FunctionDefinition>> = {
  empty: test(items => items.length === 0),
  exists,
  all,
  not: {
    takes: [0, 0],
    build(call) {
      const { truth } = call.of
      if (!truth) return not.build(call)
      return truthCode(run => {
        const value = truth(run)
        return value === undefined ? undefined : !value
      })
    },
  },
  allTrue: booleans('allTrue', 'every', true),
  anyTrue: booleans('anyTrue', 'some', true),
  allFalse: booleans('allFalse', 'every', false),
  anyFalse: booleans('anyFalse', 'some', false),
  subsetOf: {
    takes: [1, 1],
    build: ({ of, arguments: [other], place }) =>
      truthCode(run => isSubset(of.step(run), other!.step(run), run, place)),
  },
  supersetOf: {
    takes: [1, 1],
    build: ({ of, arguments: [other], place }) =>
      truthCode(run => isSubset(other!.step(run), of.step(run), run, place)),
  },
  isDistinct: test((items, run, place) => distinct(items, run, place).length === items.length),
  distinct: plainFunction(distinct),
  count: plainFunction(items => [items.length]),
  hasValue: test((items, _, place) => items.length === 1 && isPrimitive(items, place)),
  getValue: plainFunction((items, _, place) => {
    if (items.length !== 1 || !isPrimitive(items, place)) return nothing
    const value = valueOf(items[0]!)
    return value === undefined ? nothing : [value]
  }),
}

function isPrimitive(items: Items, place: Place): boolean {
  const value = singleValue(items, 'What hasValue() is called on', place)
  return value !== undefined && !isComplex(items[0]!)
}

const isComplex = (item: Items[number]) => typeof item === 'object' && 'shape' in item && typeof item.value === 'object'
