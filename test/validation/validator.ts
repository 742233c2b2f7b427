/** The validator with all rules and the terminology of the packages that come with the server, as the tests of rules use it. */
import { makeConformance } from '../../src/fhir/conformance.ts'
import { loadNpmPackages } from '../../src/fhir/npm-packages.ts'
import { loadDefinitions } from '../../src/fhir/packages.ts'
import { makeTerminology } from '../../src/terminology/service.ts'
import { rules } from '../../src/validation/rules.ts'
import { makeValidator } from '../../src/validation/validate.ts'
import type { Finding, Severity, ValidateOptions } from '../../src/validation/words.ts'

const conformance = makeConformance(loadNpmPackages())
const definitions = loadDefinitions()
const terminology = makeTerminology({ conformance: () => conformance })

export const validator = makeValidator(
  {
    conformance: () => conformance,
    definitions: () => definitions,
    checkCode: question => terminology.checkCode(question),
  },
  rules,
)

/** Where a resource is wrong, each place once. */
export async function wrong(
  resource: unknown,
  options?: ValidateOptions,
  severity: Severity = 'error',
): Promise<string[]> {
  const findings = await validator.validate(resource, options)
  return [...new Set(findings.filter(each => each.severity === severity).map(({ expression }) => expression))].sort()
}

/** What is said at one place. */
export async function saidAt(
  expression: string,
  resource: unknown,
  options?: ValidateOptions,
): Promise<readonly Finding[]> {
  return (await validator.validate(resource, options)).filter(each => each.expression === expression)
}

export const div = (inner: string) => `<div xmlns="http://www.w3.org/1999/xhtml">${inner}</div>`

export const patient = { resourceType: 'Patient', id: 'test', text: { status: 'generated', div: div('test') } } as const
