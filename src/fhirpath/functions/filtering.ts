/**
 * Filtering, projection, parts of a collection, and combining.
 * https://hl7.org/fhirpath/N1/#filtering-and-projection
 */
import { at, type Call, type Code, conditionOf, type FunctionDefinition, plainFunction } from '../code.ts'
import { distinct, Distinct } from '../equality.ts'
import { fail } from '../error.ts'
import { type Item, type Items, nothing } from '../items.ts'
import type { Run } from '../run.ts'
import { singleInteger } from '../values.ts'

const where: FunctionDefinition = {
  takes: [1, 1],
  each: true,
  build({ of, arguments: [criterion], places }) {
    const holds = conditionOf(criterion!, 'The criterion of where()', places[0]!)
    return {
      step(run) {
        const items = of.step(run)
        if (items.length === 0) return nothing
        const { self, index } = run
        const found: Item[] = []
        run.spend(items.length, places[0]!)
        for (let i = 0; i < items.length; i++) if (at(run, items[i]!, i, holds) === true) found.push(items[i]!)
        run.self = self
        run.index = index
        return found
      },
    }
  },
}

const select: FunctionDefinition = {
  takes: [1, 1],
  each: true,
  build: ({ of, arguments: [projection], places }) => ({
    step(run) {
      const items = of.step(run)
      if (items.length === 0) return nothing
      const found: Item[] = []
      project(items, projection!, run, found, () => run.spend(1, places[0]!))
      return found
    },
  }),
}

function project(items: Items, projection: Code, run: Run, found: Item[], step: () => void): void {
  const { self, index } = run
  for (let i = 0; i < items.length; i++) {
    step()
    for (const item of at(run, items[i]!, i, projection.step)) {
      step()
      found.push(item)
    }
  }
  run.self = self
  run.index = index
}

/** Again and again, as long as it finds what is new. */
const repeat: FunctionDefinition = {
  takes: [1, 1],
  each: true,
  build: ({ of, arguments: [projection], places }) => ({
    step(run) {
      const found: Item[] = []
      const seen = new Distinct(run, places[0]!)
      for (let level: Items = of.step(run); level.length > 0; ) {
        const next: Item[] = []
        project(level, projection!, run, next, () => run.spend(1, places[0]!))
        level = next.filter(item => seen.add(item))
        for (const item of level) found.push(item)
      }
      return found
    },
  }),
}

/** A part of the collection, by a number. */
const part = (cut: (items: Items, count: number) => Items): FunctionDefinition => ({
  takes: [1, 1],
  build: ({ of, name, arguments: [number], places }) => ({
    step(run) {
      const count = singleInteger(number!.step(run), `The number of ${name}()`, places[0]!)
      const items = of.step(run)
      run.spend(1 + items.length, places[0]!)
      return count === undefined ? nothing : cut(items, count)
    },
  }),
})

/** From two collections. */
const both = (work: (items: Items, other: Items, run: Run, call: Call) => Items): FunctionDefinition => ({
  takes: [1, 1],
  build: call => ({
    step(run) {
      const items = call.of.step(run)
      return work(items, call.arguments[0]!.step(run), run, call)
    },
  }),
})

function amongThem(items: Items, other: Items, wanted: boolean, run: Run, { place }: Call): Items {
  const known = new Distinct(run, place)
  for (const item of other) known.add(item)
  return items.filter(item => known.has(item) === wanted)
}

/** Both, one after the other. */
export function combined(items: Items, other: Items, run: Run, place: Call['place']): Items {
  run.spend(items.length + other.length, place)
  return items.length === 0 ? other : other.length === 0 ? items : [...items, ...other]
}

export const filtering: Readonly<Record<string, FunctionDefinition>> = {
  where,
  select,
  repeat,
  single: plainFunction((items, _, place) =>
    items.length > 1 ? fail(place, `single() is called on ${items.length} values`, 'first() takes one of many') : items,
  ),
  first: plainFunction(items => (items.length > 1 ? [items[0]!] : items)),
  last: plainFunction(items => (items.length > 1 ? [items[items.length - 1]!] : items)),
  tail: plainFunction((items, run, place) => {
    run.spend(1 + items.length, place)
    return items.slice(1)
  }),
  skip: part((items, count) => (count <= 0 ? items : items.slice(count))),
  take: part((items, count) => (count <= 0 ? nothing : items.slice(0, count))),
  intersect: both((items, other, run, call) => distinct(amongThem(items, other, true, run, call), run, call.place)),
  exclude: both((items, other, run, call) => amongThem(items, other, false, run, call)),
  union: both((items, other, run, { place }) => distinct(combined(items, other, run, place), run, place)),
  combine: both((items, other, run, { place }) => combined(items, other, run, place)),
}
