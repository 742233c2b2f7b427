/**
 * `_pretty`: JSON text with line breaks and indents, its values untouched (a decimal keeps its digits).
 * https://hl7.org/fhir/R4/http.html#pretty
 */

/** The same JSON, two spaces a level. `text` is JSON without white space between tokens, as the server stores it. */
export function pretty(text: string): string {
  const parts: string[] = []
  let depth = 0
  let from = 0
  const breakLine = (upTo: number) => {
    parts.push(text.slice(from, upTo), '\n', '  '.repeat(depth))
    from = upTo
  }
  for (let i = 0; i < text.length; i++) {
    const char = text.charCodeAt(i)
    if (char === 0x22) i = stringEnd(text, i)
    else if (char === 0x7b || char === 0x5b) {
      const next = text.charCodeAt(i + 1)
      if (next === 0x7d || next === 0x5d) i++
      else {
        depth++
        breakLine(i + 1)
      }
    } else if (char === 0x7d || char === 0x5d) {
      depth--
      breakLine(i)
    } else if (char === 0x2c) breakLine(i + 1)
    else if (char === 0x3a) {
      parts.push(text.slice(from, i + 1), ' ')
      from = i + 1
    }
  }
  parts.push(text.slice(from), '\n')
  return parts.join('')
}

/** Where the string that opens at `start` closes. */
function stringEnd(text: string, start: number): number {
  let end = text.indexOf('"', start + 1)
  while (end > 0) {
    let slashes = 0
    while (text.charCodeAt(end - 1 - slashes) === 0x5c) slashes++
    if (slashes % 2 === 0) return end
    end = text.indexOf('"', end + 1)
  }
  return text.length
}
