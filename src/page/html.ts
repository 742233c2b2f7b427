/**
 * HTML that is safe by how it is written: what is put into a template is escaped, unless it is itself such HTML.
 * https://html.spec.whatwg.org/multipage/syntax.html
 */

export interface Html {
  readonly html: string
}

type Part = string | number | undefined | false | Html | readonly Part[]

/** `html` before a template: its parts are escaped, lists are joined, `undefined` and `false` are nothing. */
export const html = (texts: TemplateStringsArray, ...parts: readonly Part[]): Html => ({
  html: texts.reduce((all, text, i) => all + printed(parts[i - 1]) + text),
})

function printed(part: Part): string {
  if (part === undefined || part === false) return ''
  if (typeof part === 'string') return escaped(part)
  if (typeof part === 'number') return String(part)
  return 'html' in part ? part.html : part.map(printed).join('')
}

const names: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' }

const escaped = (text: string) => text.replace(/[&<>"']/g, char => names[char]!)
