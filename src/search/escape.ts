/**
 * The escapes of search values: `\,` `\|` `\$` `\\` stand for the sign itself.
 * https://hl7.org/fhir/R4/search.html#escaping
 */

/** The parts between separators that are not escaped; escapes stay in the parts. */
export function split(text: string, separator: ',' | '|' | '$'): string[] {
  if (!text.includes('\\')) return text.split(separator)
  const parts: string[] = []
  let from = 0
  for (let i = 0; i < text.length; i++) {
    if (text[i] === '\\') i++
    else if (text[i] === separator) {
      parts.push(text.slice(from, i))
      from = i + 1
    }
  }
  parts.push(text.slice(from))
  return parts
}

/** The text meant: escapes resolved. A backslash before anything else is a backslash. */
export const unescape = (text: string): string => (text.includes('\\') ? text.replace(/\\([\\,|$])/g, '$1') : text)

/** The text with every sign escaped that a search value would split at. */
export const escape = (text: string): string => text.replace(/[\\,|$]/g, '\\$&')
