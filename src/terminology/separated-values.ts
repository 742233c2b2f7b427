/**
 * The lines of a text, and the values between separators in them.
 * https://www.rfc-editor.org/rfc/rfc4180
 */

const MOST_LINE = 1_000_000

/** The fields of each line; a field in quotes may hold separators, quotes (twice) and line ends. Empty lines are passed over. */
export async function* records(
  pieces: AsyncIterable<string>,
  separator: string,
): AsyncGenerator<{ line: number; fields: string[]; problem?: string }> {
  const quotes = separator === ','
  let line = 0
  let open: { line: number; text: string } | undefined
  const lines = linesOf(pieces)
  for await (const text of lines) {
    line++
    const whole: { line: number; text: string } = open
      ? { line: open.line, text: `${open.text}\n${text}` }
      : { line, text }
    open = undefined
    if (whole.text.trim() === '') continue
    if (quotes && isOpen(whole.text)) {
      if (whole.text.length > MOST_LINE) yield { ...whole, fields: [], problem: 'A quote is not closed.' }
      else open = whole
      continue
    }
    const fields = quotes && whole.text.includes('"') ? quoted(whole.text) : whole.text.split(separator)
    yield fields ? { line: whole.line, fields } : { line: whole.line, fields: [], problem: 'A quote is misplaced.' }
  }
  if (open) yield { line: open.line, fields: [], problem: 'A quote is not closed.' }
}

/** Whether a quote is still open at the end. */
function isOpen(text: string): boolean {
  let inside = false
  for (let at = text.indexOf('"'); at >= 0; at = text.indexOf('"', at + 1)) inside = !inside
  return inside
}

function quoted(text: string): string[] | undefined {
  const fields: string[] = []
  for (let at = 0; ; ) {
    if (text[at] === '"') {
      let field = ''
      let from = at + 1
      for (;;) {
        const end = text.indexOf('"', from)
        if (end < 0) return undefined
        field += text.slice(from, end)
        at = end + 1
        if (text[at] !== '"') break
        field += '"'
        from = at + 1
      }
      fields.push(field)
      if (at < text.length && text[at] !== ',') return undefined
    } else {
      const end = text.indexOf(',', at)
      fields.push(text.slice(at, end < 0 ? undefined : end))
      at = end < 0 ? text.length : end
    }
    if (at >= text.length) return fields
    at++
    if (at === text.length) return [...fields, '']
  }
}

/** The lines of a text that comes in pieces, without their ends. Throws when one is too long to be one. */
export async function* linesOf(pieces: AsyncIterable<string>): AsyncGenerator<string> {
  let rest = ''
  let first = true
  for await (const piece of pieces) {
    // the mark that some programs put before UTF-8
    const text = rest + (first ? piece.replace(/^\ufeff/, '') : piece)
    first = false
    const lines = text.split('\n')
    rest = lines.pop()!
    if (rest.length > MOST_LINE) throw new Error(`A line has more than ${MOST_LINE} characters. Is this a text file?`)
    for (const line of lines) yield line.endsWith('\r') ? line.slice(0, -1) : line
  }
  if (rest !== '') yield rest
}
