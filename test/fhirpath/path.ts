/** Short words for the tests of FHIRPath. */
import { loadDefinitions } from '../../src/fhir/packages.ts'
import { PathError } from '../../src/fhirpath/error.ts'
import { compile, type PathOptions } from '../../src/fhirpath/expression.ts'
import { canonical } from '../../src/search/ucum.ts'

export const options: PathOptions = {
  definitions: loadDefinitions(),
  units: canonical,
  now: () => new Date('2024-05-06T02:03:04.005Z'),
  offset: 480,
}

/** The values of an expression. */
export const path = (text: string, input?: unknown, env?: Record<string, unknown>, more: Partial<PathOptions> = {}) =>
  compile(text, { ...options, ...more }).evaluate(input, env)

/** Why it is refused, when compiled or when evaluated. */
export function refusal(
  text: string,
  input?: unknown,
  env?: Record<string, unknown>,
  more: Partial<PathOptions> = {},
): PathError {
  try {
    path(text, input, env, more)
  } catch (error) {
    if (error instanceof PathError) return error
    throw error
  }
  throw new Error(`"${text}" was not refused`)
}
