/**
 * What validation and terminology cost, in one process, after warm-up.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Bundle } from 'fhir/r4'
import { makeConformance } from '../../src/fhir/conformance.ts'
import { loadNpmPackages, OWN_PROFILES } from '../../src/fhir/npm-packages.ts'
import { loadDefinitions } from '../../src/fhir/packages.ts'
import type { Resource } from '../../src/fhir/types.ts'
import { makeTerminology } from '../../src/terminology/service.ts'
import { rules } from '../../src/validation/rules.ts'
import { makeValidator } from '../../src/validation/validate.ts'

const conformance = makeConformance(loadNpmPackages())
const definitions = loadDefinitions()
const terminology = makeTerminology({ conformance: () => conformance })
const validator = makeValidator(
  { conformance: () => conformance, definitions: () => definitions, checkCode: terminology.checkCode },
  rules,
)

const median = (values: readonly number[]) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)]!

/** The median time to validate one of our laboratory Observations against its profile, in milliseconds. */
export async function fullValidation(): Promise<number> {
  const folder = join(OWN_PROFILES, 'example')
  const observations = readdirSync(folder)
    .filter(file => file.startsWith('Observation-') && !file.includes('-bad-'))
    .map(file => JSON.parse(readFileSync(join(folder, file), 'utf8')) as Resource)
  const times: number[] = []
  for (let round = 0; round < 60; round++)
    for (const one of observations) {
      const begun = performance.now()
      await validator.validate(one)
      if (round >= 30) times.push(performance.now() - begun)
    }
  return median(times)
}

/** Synthea's resources a second against R4 with its invariants and bindings; undefined when they are not at hand. */
export async function synthea(folder: string): Promise<number | undefined> {
  if (!existsSync(folder)) return undefined
  const resources = readdirSync(folder)
    .slice(0, 12)
    .flatMap(name =>
      (JSON.parse(readFileSync(join(folder, name), 'utf8')) as Bundle).entry!.map(each => each.resource!),
    )
  const rates: number[] = []
  for (let round = 0; round < 4; round++) {
    const begun = performance.now()
    for (const one of resources) await validator.validate(one)
    rates.push(resources.length / ((performance.now() - begun) / 1000))
  }
  return median(rates)
}

/** The median time to expand a value set of just over 1,000 concepts, in milliseconds. */
export async function expansion(): Promise<number> {
  const codes = Array.from({ length: 1000 }, (_, i) => ({ code: `c${i}`, display: `Concept number ${i}` }))
  const include = [{ system: 'http://example.org/bench', concept: codes }]
  const times: number[] = []
  for (let i = 0; i < 200; i++) {
    const begun = performance.now()
    await terminology.expand({ resourceType: 'ValueSet', status: 'active', compose: { include } })
    times.push(performance.now() - begun)
  }
  return median(times)
}
