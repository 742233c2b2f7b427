/**
 * What rules warn of, beside an answer that is a resource: in a header, and in the outcome of an entry.
 * https://hl7.org/fhir/R4/bundle-definitions.html#Bundle.entry.response.outcome
 */
import type { Issue } from '../fhir/outcome.ts'
import type { FhirResponse } from './exchange.ts'

/** `<url of the rule>; title*=UTF-8''...`, one after the other: RFC 8288's form, without being a link to follow. */
const HEADER = 'X-Rule-Warning'
const MOST = 10
const LONGEST = 200

/** The answer with the warnings beside it. */
export function told(response: FhirResponse, warnings: readonly Issue[]): FhirResponse {
  if (warnings.length === 0) return response
  return {
    ...response,
    warnings,
    headers: { ...response.headers, [HEADER]: warnings.slice(0, MOST).map(line).join(', ') },
  }
}

function line({ details, diagnostics }: Issue): string {
  const url = details?.coding?.[0]?.code ?? ''
  const title = [...(details?.text ?? diagnostics ?? '')].slice(0, LONGEST).join('').toWellFormed()
  return `<${encodeURI(url.toWellFormed()).replaceAll('>', '%3E').replaceAll('<', '%3C')}>; title*=UTF-8''${encodeURIComponent(title).replace(/['()*]/g, sign => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`)}`
}
