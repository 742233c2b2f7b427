/**
 * Validation of what is stored, by the tenant's level: how closely a resource is looked at, and what refuses it.
 * https://hl7.org/fhir/R4/validation.html
 */
import { parseJson } from '../fhir/json.ts'
import { FhirError, type Issue } from '../fhir/outcome.ts'
import { readReference } from '../fhir/reference.ts'
import { toIssues } from '../validation/issue.ts'
import { locateIn } from '../validation/locate.ts'
import type { Finding, ValidateOptions } from '../validation/words.ts'
import type { Manner } from './check.ts'
import type { Context, Resource } from './exchange.ts'
import type { Language } from './language.ts'

/** How the check of rest/check.ts is to look at what this request stores. */
export const mannerOf = ({ settings, language }: Context): Manner => ({ base: settings.validation !== 'off', language })

/** So long a write may be validated, in milliseconds; what is left unchecked then does not refuse it. */
const WRITE_BUDGET = 5_000

/**
 * At the level `full`: throws 422 with what is wrong when something is. What a sender may add (extensions nobody here knows, words
 * beside a code) is no reason to refuse a record; $validate tells of it.
 */
export async function refuseInvalid(context: Context, resource: Resource): Promise<void> {
  const { validate, settings, language } = context
  if (settings.validation !== 'full' || !validate) return
  const findings = await validate(resource, {
    budget: WRITE_BUDGET,
    resolve: resolverOf(context),
    unknownExtensions: 'warning',
  })
  if (!findings.some(refuses)) return
  throw new FhirError(422, toldWith(findings, language))
}

const refuses = ({ severity, expression }: Finding) => severity === 'error' && !expression.endsWith('.display')

/** What is wrong with a rule; nothing of other resources. */
export const ruleIssues = ({ checkRule }: Context, resource: Resource): readonly Issue[] =>
  resource.resourceType === 'PlanDefinition' && checkRule
    ? checkRule(resource).map(({ expression, diagnostics }) => ({
        severity: 'error',
        code: 'business-rule',
        diagnostics,
        expression: [expression],
      }))
    : []

/** Finds what a reference leads to, as far as this caller may see it. */
export function resolverOf({ store, request }: Context): NonNullable<ValidateOptions['resolve']> {
  return async reference => {
    const target = readReference(reference, request.base)
    if (!target) return undefined
    const version = await (target.version === undefined
      ? store.read(target)
      : store.readVersion(target, target.version))
    return version?.text === undefined ? undefined : parseJson(Buffer.from(version.text))
  }
}

/** Longer texts are not searched for lines and columns. */
const LONGEST_LOCATED = 8_000_000

/** The findings as a client reads them; with the lines and columns of what it sent. `within`: where in it the resource stands. */
export function toldWith(
  findings: readonly Finding[],
  language: Language,
  { text, within }: { readonly text?: string; readonly within?: string } = {},
): readonly Issue[] {
  const located = text !== undefined && text.length <= LONGEST_LOCATED
  return toIssues(findings, language, located ? locateIn(text, within) : undefined)
}
