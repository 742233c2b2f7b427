/**
 * What a rule says to a client: refused, or warned of, with the rule's title and canonical.
 * https://hl7.org/fhir/R4/operationoutcome.html
 */
import { FhirError, type Issue } from '../fhir/outcome.ts'
import type { RuleSays } from './outcomes.ts'

/** 422 for what would be written, 403 for what would be shown. */
export const refusal = (status: 403 | 422, denied: readonly RuleSays[]): FhirError =>
  new FhirError(
    status,
    denied.slice(0, MOST).map(each => issue('error', each)),
  )

export const warning = (says: RuleSays): Issue => issue('warning', says)

const MOST = 20

function issue(severity: Issue['severity'], { rule, title, description }: RuleSays): Issue {
  return {
    severity,
    code: 'business-rule',
    details: {
      coding: [{ system: 'urn:ietf:rfc:3986', version: rule.version, code: rule.url, display: rule.title }],
      text: title,
    },
    diagnostics: `${sentence(title)} ${description === undefined ? '' : `${sentence(description)} `}(Rule: ${rule.url})`,
  }
}

const sentence = (text: string) => (/[.!?。！？]$/.test(text) ? text : `${text}.`)
