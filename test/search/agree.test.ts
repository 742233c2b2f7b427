/**
 * The compiled walks find what fhirpath.js finds: for every parameter of R4, over Synthea's resources and examples made
 * here for elements that those do not have.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { SearchParam } from '../../src/fhir/definitions.ts'
import { loadDefinitions } from '../../src/fhir/packages.ts'
import { evaluateForSearch } from '../../src/fhir/path.ts'
import type { Resource } from '../../src/fhir/types.ts'
import { compileExpression } from '../../src/search/compile.ts'
import type { Found } from '../../src/search/walk.ts'
import { made } from './made.ts'

const SYNTHEA = join(import.meta.dirname, '../../../shared/data/synthea')
/** Enough of each type to meet every element that Synthea fills. */
const OF_EACH_TYPE = 150

const definitions = loadDefinitions()
const compiled = new Map<string, ReturnType<typeof compileExpression>>()

function byWalk(param: SearchParam, resource: Resource): string[] {
  const key = `${resource.resourceType} ${param.code}`
  const own = compiled.get(key) ?? compileExpression(definitions, param.expression, resource.resourceType)
  compiled.set(key, own)
  expect(own.ways, `${key}: ${param.expression}`).toBeDefined()
  const found: Found = { values: [], types: [] }
  own.walk(resource, resource, found)
  return asSet(found.values.map((value, i) => ({ value, type: found.types[i]! })))
}

const byFhirPath = (param: SearchParam, resource: Resource): string[] =>
  asSet(
    evaluateForSearch(param.expression, resource, { resource }).filter(
      ({ value }) => value !== undefined && value !== null,
    ),
  )

/** As a union does, equal values once. */
const asSet = (values: readonly { value: unknown; type: string }[]): string[] =>
  [...new Set(values.map(({ value, type }) => `${JSON.stringify(value)} ${namedType(type)}`))].sort()

/** Backbone elements have no type's name in FHIRPath; some elements below them have none in fhirpath.js. */
const namedType = (type: string) =>
  type.includes('.') || ['BackboneElement', 'Element', 'object'].includes(type) ? '?' : type

/** What fhirpath.js has no type for is compared without. */
const alike = (own: readonly string[], others: readonly string[]): string[] =>
  own.map(value => {
    const untyped = value.replace(/ [^ ]+$/, ' ?')
    return others.includes(untyped) ? untyped : value
  })

/** How many values were found in all, so that the test cannot pass by finding nothing. */
function compare(resources: readonly Resource[], met = new Set<string>()): number {
  let values = 0
  for (const resource of resources) {
    for (const param of definitions.searchParams(resource.resourceType).values()) {
      // the id needs no entries; R4 publishes its type as string
      if (param.expression === '' || param.code === '_id') continue
      const expected = byFhirPath(param, resource)
      const found = alike(byWalk(param, resource), expected)
      expect(found, `${resource.resourceType}/${resource.id}: ${param.code} = ${param.expression}`).toEqual(expected)
      values += expected.length
      if (expected.length > 0) met.add(`${resource.resourceType}.${param.code}`)
    }
  }
  return values
}

test('every expression of R4 is compiled, none left to fhirpath.js', () => {
  for (const type of definitions.resourceTypes) {
    for (const { code, expression } of definitions.searchParams(type).values()) {
      if (expression === '') continue
      const { ways } = compileExpression(definitions, expression, type)
      expect(ways, `${type}.${code}: ${expression}`).toBeDefined()
      if (code !== 'deceased') expect(ways!.length, `${type}.${code}: ${expression}`).toBeGreaterThan(0)
    }
  }
})

describe('compiled walks and fhirpath.js agree', () => {
  test('over a resource of every type that has every element', { timeout: 60_000 }, () => {
    const met = new Set<string>()
    for (let variant = 0; variant < 24; variant++) {
      const values = definitions.resourceTypes.map(type => compare([made(definitions, type, variant)], met))
      expect(Math.min(...values)).toBeGreaterThanOrEqual(4)
      expect(values.reduce((sum, count) => sum + count)).toBeGreaterThan(3000)
    }
    // what is asked of extensions has to be there too
    const assertedDate = {
      url: 'http://hl7.org/fhir/StructureDefinition/condition-assertedDate',
      valueDateTime: '2026-03-01',
    }
    compare([{ resourceType: 'Condition', id: 'asserted', extension: [assertedDate] }], met)
    const all = definitions.resourceTypes.flatMap(type =>
      [...definitions.searchParams(type).values()].flatMap(param =>
        param.expression === '' || param.code === '_id' ? [] : [`${type}.${param.code}`],
      ),
    )
    expect(all.filter(name => !met.has(name))).toEqual([])
  })

  const why = existsSync(SYNTHEA) ? '' : ' (skipped: ../shared/data/synthea is not there)'
  test.skipIf(why !== '')(`over Synthea's resources${why}`, { timeout: 60_000 }, () => {
    expect(compare(sample())).toBeGreaterThan(5000)
  })
})

function sample(): Resource[] {
  const byType = new Map<string, Resource[]>()
  for (const file of readdirSync(SYNTHEA)
    .filter(name => name.endsWith('.json'))
    .slice(0, 25)) {
    const bundle = JSON.parse(readFileSync(join(SYNTHEA, file), 'utf8')) as { entry: { resource: Resource }[] }
    for (const { resource } of bundle.entry) {
      const some = byType.get(resource.resourceType) ?? []
      byType.set(resource.resourceType, some)
      if (some.length < OF_EACH_TYPE) some.push(resource)
    }
  }
  return [...byType.values()].flat()
}
