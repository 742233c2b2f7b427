/**
 * The search receipt: an OperationOutcome in the searchset that tells what became of each parameter.
 * https://hl7.org/fhir/R4/search.html#errors
 */
import { outcome, type Issue } from '../fhir/outcome.ts'
import type { ParsedSearch } from '../search/parse.ts'

/**
 * The text of the receipt: parameters used, ignored (with why) and rewritten when `whole`, else only those ignored; `notes` are
 * issues of the answer itself. Undefined when there is nothing to tell.
 */
export function receiptText(
  { used, ignored, rewritten }: ParsedSearch['receipt'],
  whole: boolean,
  notes: readonly Issue[],
): string | undefined {
  const issues: Issue[] = ignored.map(({ name, value, reason }) =>
    tell('warning', 'not-supported', name, `Ignored: ${print(name, value)}. ${reason}`),
  )
  if (whole) {
    const changed = new Set(rewritten.map(({ name, value }) => print(name, value)))
    for (const { name, value, as, reason } of rewritten)
      issues.push(
        tell(
          'information',
          'informational',
          name,
          `Rewritten: ${print(name, value)}, as ${print(name, as)}. ${reason}`,
        ),
      )
    for (const { name, value } of used) {
      if (!changed.has(print(name, value)))
        issues.push(tell('information', 'informational', name, `Used: ${print(name, value)}`))
    }
    if (issues.length === 0)
      issues.push(tell('information', 'informational', undefined, 'The search has no parameters: it finds everything.'))
  }
  issues.push(...notes)
  return issues.length === 0 ? undefined : JSON.stringify(outcome(issues))
}

const tell = (
  severity: Issue['severity'],
  code: Issue['code'],
  name: string | undefined,
  diagnostics: string,
): Issue => ({
  severity,
  code,
  diagnostics,
  ...(name === undefined ? {} : { expression: [`http.${name}`] }),
})

const print = (name: string, value: string) => `${short(name)}=${short(value)}`
const short = (text: string) => (text.length > 200 ? `${text.slice(0, 200)}…` : text)
