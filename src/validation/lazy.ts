/**
 * The validator with all its rules, read when it is first asked: a server that validates nothing never loads them.
 * https://hl7.org/fhir/R4/validation.html
 */
import type { Validator, ValidatorParts } from './words.ts'

export function lazyValidator(parts: ValidatorParts): Validator {
  let made: Promise<Validator> | undefined
  const make = async (): Promise<Validator> => {
    const [{ makeValidator }, { rules }] = await Promise.all([import('./validate.ts'), import('./rules.ts')])
    return makeValidator(parts, rules)
  }
  return { validate: async (resource, options) => (await (made ??= make())).validate(resource, options) }
}
