/**
 * The validation cases published for FHIR R4, with what the HL7 validator says of them.
 * https://github.com/FHIR/fhir-test-cases
 */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseJson } from '../../src/fhir/json.ts'

export const DATA = fileURLToPath(new URL('../../../shared/data', import.meta.url))
const FOLDER = join(DATA, 'validation-cases')

export interface Expected {
  readonly severity: string
  readonly code?: string
  readonly expression?: string | readonly string[]
  readonly text?: string
}

/** One resource against one set of expectations: each case is one, and one more when it names a profile. */
export interface Check {
  readonly name: string
  readonly module: string
  readonly file: string
  readonly supporting: readonly string[]
  readonly profile?: string
  readonly expected: readonly Expected[]
}

interface Case extends Omit<Check, 'profile'> {
  readonly profile?: {
    readonly source: string
    readonly supporting?: readonly string[]
    readonly expected?: readonly Expected[]
  }
}

/** Undefined when the data is not there. */
export function readChecks(): readonly Check[] | undefined {
  const path = join(FOLDER, 'cases.json')
  if (!existsSync(path)) return undefined
  const cases = JSON.parse(readFileSync(path, 'utf8')) as readonly Case[]
  return cases.flatMap(({ profile, ...each }) => {
    const supporting = each.supporting ?? []
    const base = { ...each, supporting, expected: each.expected ?? [] }
    if (!profile) return [base]
    const more = [...supporting, ...(profile.supporting ?? []), profile.source]
    return [
      base,
      {
        ...base,
        name: `${each.name} + profile`,
        supporting: more,
        profile: profile.source,
        expected: profile.expected ?? [],
      },
    ]
  })
}

/** A file of the cases as the server would read it. Throws a FhirError for what is not JSON. */
export const readCaseFile = (file: string): unknown => parseJson(readFileSync(join(FOLDER, 'files', file)))

/** Systems whose content nobody may pass on, or that are too large to come with a server. */
const elsewhere =
  /snomed\.info|loinc\.org|hl7\.org\/fhir\/sid\/|ada\.org\/snodent|ama-assn\.org|rxnorm|nlm\.nih\.gov|urn:oid:|dicom\.nema\.org|nubc\.org/

/** Whether an expected issue comes from the content of such a system. */
export const isElsewhere = ({ text = '', severity }: Expected): boolean =>
  severity === 'error' &&
  elsewhere.test(text) &&
  /Wrong Display|Unknown [Cc]ode|not found in the value set|in the value set|not in the options value set|CodeSystem/.test(
    text,
  )

/** Where an issue stands, in the form in which both sides can be compared. */
export function places({ expression }: Expected): readonly string[] {
  const all = typeof expression === 'string' ? [expression] : (expression ?? [])
  return all.map(each => each.replace(/\/\*.*?\*\//g, '').replace(/\.$/, ''))
}
