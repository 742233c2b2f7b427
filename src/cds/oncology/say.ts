/**
 * Sentences and lists in both languages, with what others wrote made harmless.
 * https://cds-hooks.hl7.org/2.0/#card-attributes
 */
import { plainText, said, type Said } from '../card.ts'
import type { Language } from '../words.ts'

const languages: readonly Language[] = ['en', 'zh-TW']

/** One text of several, by language. */
export function together(parts: readonly Said[], between: string): Said {
  const [en, zh] = languages.map(language => parts.map(part => part[language]).join(between))
  return said(en!, zh!)
}

export const lines = (parts: readonly Said[]): Said => together(parts, '\n')
export const paragraphs = (parts: readonly Said[]): Said => together(parts, '\n\n')

/** `- **label**: value`. */
export const item = (name: Said, value: Said): Said =>
  said(`- **${name.en}**: ${value.en}`, `- **${name['zh-TW']}**：${value['zh-TW']}`)

/** The same in both languages. */
export const same = (text: string): Said => said(text, text)

/** What others wrote, as Markdown without markup. */
export const quoted = (text: string | undefined): string => (text === undefined ? '' : plainText(text))

/** What others wrote, for a summary: one line, not long. */
export const brief = (text: string, longest = 48): string => {
  const characters = [...text.replace(/\s+/g, ' ').trim()]
  return characters.length <= longest ? characters.join('') : `${characters.slice(0, longest - 1).join('')}…`
}

/** ` (2024-03-18)`, or nothing. */
export const dated = (when: string | undefined): string => (when === undefined ? '' : ` (${when})`)

/** The name of a cancer, or what it is called when nobody named it. */
export const named = (name: string): Said => (name === '' ? said('cancer', '癌症') : same(name))
