/**
 * Texts that a careless display would act on: HTML in strings and markdown, control characters, marks that change the direction
 * of the text around them.
 * https://hl7.org/fhir/R4/security.html#narrative
 */
import type { Said } from '../fhir/code-check.ts'
import type { Node } from './node.ts'
import { quoted } from './quoted.ts'
import type { Run, Severity, TypeRule } from './words.ts'

/** Tags of HTML with attributes or an end; `<5 mg` is none. */
const tag = /<\/?[A-Za-z][A-Za-z0-9-]{0,30}(?:[\s/][^<>]{0,500})?>/
const control = /[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ufffe\uffff]/
const direction = /[\u202a-\u202e\u2066-\u2069]/

export const textSafety: TypeRule = {
  types: ['string', 'markdown'],
  check(node, run) {
    const { value, type } = node
    if (typeof value !== 'string') return
    if (control.test(value))
      say(node, run, 'error', {
        en: `The text ${quoted(value)} holds a control character. Remove it; only tab, CR and LF are allowed.`,
        zh: `文字「${quoted(value, '')}」含有控制字元，請移除；只允許 tab、CR 與 LF。`,
      })
    if (unbalanced(value))
      say(node, run, 'warning', {
        en: `The text ${quoted(value)} changes the direction of what follows it (a bidirectional control). Close it, or remove it: other text may look different from what it is.`,
        zh: `文字「${quoted(value, '')}」含有改變文字方向的控制字元且未結束，可能使其他文字顯示錯誤，請結束或移除。`,
      })
    if (!value.includes('<')) return
    const found = type === 'markdown' ? inMarkdown(value) : tag.exec(value)?.[0]
    if (found === undefined) return
    if (type === 'markdown')
      say(node, run, 'warning', {
        en: `The markdown holds what looks like an HTML tag, ${quoted(found)}. It may be shown as text or left out; write \\< if it is text.`,
        zh: `markdown 中有類似 HTML 標籤的 ${quoted(found)}，可能被當成文字或被略過；若為文字請寫成 \\<。`,
      })
    else
      say(node, run, 'information', {
        en: `The text holds what looks like an HTML tag, ${quoted(found)}. A display that does not escape it is at risk; remove it if it is not meant.`,
        zh: `文字中有類似 HTML 標籤的 ${quoted(found)}。若顯示時未跳脫將有風險；如非本意請移除。`,
      })
  },
}

/** Code within backticks is no HTML. */
function inMarkdown(text: string): string | undefined {
  const plain = text.includes('`') ? text.replace(/`[^`]*`/g, '') : text
  return /(?<!\\)<[A-Za-z/][A-Za-z0-9]{0,30}/.exec(plain)?.[0]
}

function unbalanced(text: string): boolean {
  if (!direction.test(text)) return false
  let open = 0
  for (const character of text) {
    const code = character.charCodeAt(0)
    if (code === 0x202c || code === 0x2069) {
      if (open > 0) open--
    } else if ((code >= 0x202a && code <= 0x202e) || (code >= 0x2066 && code <= 0x2068)) open++
  }
  return open > 0
}

const say = (node: Node, run: Run, severity: Severity, said: Said) =>
  run.report(node, { severity, code: 'invalid', said })
