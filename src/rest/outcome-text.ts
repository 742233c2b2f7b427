/**
 * What answers say beside the bare fact: what the client sent, lists of a readable length, good news.
 * https://hl7.org/fhir/R4/operationoutcome.html
 */
import type { OperationOutcome } from 'fhir/r4'

/** `a, b and c`; with more than `most`, the first of them `and 7 more`. */
export function listed(words: readonly string[], most = 20): string {
  if (words.length > most) return `${words.slice(0, most).join(', ')} and ${words.length - most} more`
  return words.length < 2 ? (words[0] ?? 'none') : `${words.slice(0, -1).join(', ')} and ${words.at(-1)!}`
}

/** What the client sent, short enough to be repeated to it. */
export const quoted = (text: string) => JSON.stringify(text.length > 80 ? `${text.slice(0, 80)}…` : text)

/** What the client sent where a text belongs. */
export const shown = (value: unknown) =>
  typeof value === 'string' ? quoted(value) : value === undefined ? 'missing' : 'not a text'

/** The outcome of something that went well. */
export const information = (diagnostics: string): OperationOutcome => ({
  resourceType: 'OperationOutcome',
  issue: [{ severity: 'information', code: 'informational', diagnostics }],
})
