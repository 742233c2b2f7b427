/**
 * The language a client reads: what is said of its resources comes in English or in Traditional Chinese.
 * https://www.rfc-editor.org/rfc/rfc9110#name-accept-language
 */
import type { Said } from '../fhir/code-check.ts'

export type Language = keyof Said

/** Of an Accept-Language header; English unless Chinese is asked for before it. */
export function languageOf(header: string | undefined): Language {
  if (header === undefined || !/zh/i.test(header)) return 'en'
  let best: Language = 'en'
  let bestQ = 0
  for (const part of header.split(',', 20)) {
    const [tag = '', ...parameters] = part.trim().toLowerCase().split(';')
    const language = /^zh(-|$)/.test(tag) ? 'zh' : /^(en(-|$)|\*)/.test(tag) ? 'en' : undefined
    const q = Number(parameters.map(each => /^\s*q=([\d.]{1,5})\s*$/.exec(each)?.[1]).find(Boolean) ?? 1)
    if (language && q > bestQ) [best, bestQ] = [language, q]
  }
  return best
}
