/**
 * Tree navigation, types, the moment, and tracing.
 * https://hl7.org/fhirpath/N1/#tree-navigation
 */
import { type FunctionDefinition, plainFunction } from '../code.ts'
import { type Items, Node } from '../items.ts'
import { children, descendants } from '../navigate.ts'
import type { Run } from '../run.ts'
import { dateOf, timeOf } from '../temporal.ts'
import { singleText, systemTypeOf, toJson } from '../values.ts'

/** A function that looks at nothing but the clock. */
const clock = (read: (run: Run) => Items): FunctionDefinition => ({ takes: [0, 0], build: () => ({ step: read }) })

const trace: FunctionDefinition = {
  takes: [1, 2],
  build: ({ of, arguments: [name, projection], places }) => ({
    step(run) {
      const items = of.step(run)
      const { trace: tell } = run.options
      run.spend(1 + items.length, places[0]!)
      if (!tell) return items
      const label = singleText(name!.step(run), 'The name of trace()', places[0]!)
      const { self } = run
      run.self = items
      tell(label ?? '', (projection ? projection.step(run) : items).map(toJson))
      run.self = self
      return items
    },
  }),
}

/** As FHIRPath's type information. https://hl7.org/fhirpath/N1/#reflection */
const type = plainFunction((items, run, place) => {
  run.spend(1 + items.length, place)
  return items.map(item => {
    const shape = item instanceof Node ? item.shape : undefined
    const known = shape && shape.is !== 'plain'
    return run.itemOf({
      namespace: known ? 'FHIR' : 'System',
      name: known ? shape.name : (systemTypeOf(item) ?? 'Any'),
    })
  })
})

export const tree: Readonly<Record<string, FunctionDefinition>> = {
  children: plainFunction(children),
  descendants: plainFunction(descendants),
  type,
  trace,
  now: clock(run => [run.now()]),
  today: clock(run => [dateOf(run.now())]),
  timeOfDay: clock(run => [timeOf(run.now())]),
}
