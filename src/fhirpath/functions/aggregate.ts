/**
 * One value of many: `aggregate`, and the sums and averages that are made by it.
 * https://hl7.org/fhirpath/N1/#aggregates
 */
import { at, type FunctionDefinition, itemsOf, plainFunction } from '../code.ts'
import type { Place } from '../error.ts'
import { type Item, type Items, nothing } from '../items.ts'
import { add, compare, multiply } from '../operators.ts'
import type { Run } from '../run.ts'

const aggregate: FunctionDefinition = {
  takes: [1, 2],
  each: 'total',
  build: ({ of, arguments: [aggregator, init], places }) => ({
    step(run) {
      const items = of.step(run)
      const { self, index, total } = run
      run.total = init ? init.step(run) : nothing
      for (let i = 0; i < items.length; i++) {
        run.spend(1 + run.total.length, places[0]!)
        run.total = at(run, items[i]!, i, aggregator!.step)
      }
      const result = run.total
      run.self = self
      run.index = index
      run.total = total
      return result
    },
  }),
}

/** Put together one by one; undefined when nothing is left of it. */
function folded(items: Items, join: (total: Items, item: Items) => Item | undefined): Items {
  let total: Items = items.slice(0, 1)
  for (let i = 1; i < items.length && total.length > 0; i++) total = itemsOf(join(total, [items[i]!]))
  return total
}

const sum = (items: Items, run: Run, place: Place) => folded(items, (total, item) => add(total, item, 1, run, place))

/** The least or greatest, by the sign. */
const extreme = (sign: 1 | -1) =>
  plainFunction((items, run, place) =>
    folded(items, (total, item) => {
      const order = compare(total, item, run, place)
      return order === undefined ? undefined : order * sign <= 0 ? total[0] : item[0]
    }),
  )

export const aggregates: Readonly<Record<string, FunctionDefinition>> = {
  aggregate,
  sum: plainFunction(sum),
  min: extreme(1),
  max: extreme(-1),
  avg: plainFunction((items, run, place) =>
    items.length === 0 ? nothing : itemsOf(multiply(sum(items, run, place), [items.length], '/', run, place)),
  ),
}
