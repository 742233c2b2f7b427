/**
 * One case through our validator, held against what HL7's says of it.
 * https://hl7.org/fhir/R4/validation.html
 */
import type { CanonicalResource } from '../../src/fhir/conformance.ts'
import type { Finding } from '../../src/validation/words.ts'
import { isElsewhere, places, readCaseFile, type Check, type Expected } from './cases.ts'
import { makeTools, packageOf, type Tools } from './validator.ts'

export interface Outcome {
  readonly check: Check
  readonly expected: readonly Expected[]
  readonly found: readonly Finding[]
  readonly milliseconds: number
  readonly verdict: 'agrees' | 'missed' | 'false alarm' | 'not comparable'
  /** Whether the errors stand at the same places. */
  readonly samePlaces: boolean
}

export async function outcomeOf(check: Check, tools: Tools): Promise<Outcome> {
  const started = performance.now()
  const found = await findings(check, tools)
  const milliseconds = performance.now() - started
  const errors = check.expected.filter(({ severity }) => severity === 'error' || severity === 'fatal')
  const expected = errors.filter(each => !isElsewhere(each))
  const ours = found.filter(({ severity }) => severity === 'error')
  const comparable = errors.length === 0 || expected.length > 0
  const verdict = !comparable
    ? 'not comparable'
    : expected.length > 0 === ours.length > 0
      ? 'agrees'
      : expected.length > 0
        ? 'missed'
        : 'false alarm'
  const [theirs, mine] = [new Set(expected.flatMap(places)), new Set(ours.map(({ expression }) => expression))]
  return {
    check,
    expected,
    found,
    milliseconds,
    verdict,
    samePlaces: theirs.size === mine.size && [...theirs].every(each => mine.has(each)),
  }
}

async function findings(check: Check, tools: Tools): Promise<readonly Finding[]> {
  try {
    const supporting = check.supporting.map(readCaseFile)
    const profile = check.profile === undefined ? undefined : (readCaseFile(check.profile) as { url: string }).url
    return await toolsFor(supporting, tools).validator.validate(readCaseFile(check.file), {
      supporting,
      ...(profile === undefined ? {} : { profiles: [profile] }),
    })
  } catch (error) {
    const en =
      error instanceof Error ? (error.name === 'FhirError' ? error.message : (error.stack ?? error.message)) : 'thrown'
    return [{ severity: 'error', code: 'exception', expression: '(thrown)', said: { en, zh: '' } }]
  }
}

/** Value sets and code systems that come with a case are known to its terminology, too. */
function toolsFor(supporting: readonly unknown[], tools: Tools): Tools {
  const types = ['ValueSet', 'CodeSystem', 'ConceptMap']
  const codes = (supporting as readonly CanonicalResource[]).filter(each => types.includes(each.resourceType))
  return codes.length === 0 ? tools : makeTools([packageOf({ name: 'case', version: '1' }, codes)])
}
