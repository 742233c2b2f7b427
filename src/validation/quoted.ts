/**
 * Texts of the sender repeated in a message: short, and on one line.
 * https://hl7.org/fhir/R4/operationoutcome.html
 */

/** The text (at most 80 characters of it) within quotes; `quote` '' leaves them out. */
export function quoted(text: string, quote = '"'): string {
  const short = text.length > 80 ? `${text.slice(0, 79)}…` : text
  return `${quote}${short.toWellFormed().replace(/[\x00-\x1f\x7f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g, '\ufffd')}${quote}`
}
