/**
 * Observations with the code of a vital sign conform to its profile, declared or not.
 * https://hl7.org/fhir/R4/observation-vitalsigns.html
 */
import { pathOf } from './node.ts'
import { objectOf, objectsOf, textOf } from './read.ts'
import type { ResourceRule } from './words.ts'

const LOINC = 'http://loinc.org'
const BASE = 'http://hl7.org/fhir/StructureDefinition/'

/** LOINC codes by which R4 knows a vital sign, and the profile of each. */
const profiles: ReadonlyMap<string, string> = new Map([
  ['85353-1', 'vitalspanel'],
  ['9279-1', 'resprate'],
  ['8867-4', 'heartrate'],
  ['2708-6', 'oxygensat'],
  ['8310-5', 'bodytemp'],
  ['8302-2', 'bodyheight'],
  ['9843-4', 'headcircum'],
  ['29463-7', 'bodyweight'],
  ['39156-5', 'bmi'],
  ['85354-9', 'bp'],
])

export const vitalSigns: ResourceRule = {
  types: ['Observation'],
  check(node, run) {
    const codings = objectsOf(objectOf(node.value, 'code'), 'coding')
    const found = codings.flatMap(each =>
      textOf(each, 'system') === LOINC ? (profiles.get(textOf(each, 'code') ?? '') ?? []) : [],
    )
    const path = pathOf(node)
    for (const name of new Set(found)) {
      const canonical = BASE + name
      if (!run.conformance.entry('StructureDefinition', canonical)) continue
      for (const { expression, ...finding } of run.against(node, canonical))
        run.report(node, finding, expression.startsWith(path) ? expression.slice(path.length) : '')
    }
  },
}
