/**
 * Text made comparable: folded for names and displays, cut into words for `_text` and `_content`.
 * https://hl7.org/fhir/R4/search.html#string
 */

const plainAscii = /^[\x21-\x7e]+(?: [\x21-\x7e]+)*$/
const spaces = /\s+/gu
/** Marks on Latin, Greek and Cyrillic letters only: in kana and Indic scripts marks make another letter. */
const accents = /[\u0300-\u036f]/g
/** Scripts written without spaces between words. */
const unspaced = '\\p{Script=Han}\\p{Script=Hiragana}\\p{Script=Katakana}\\p{Script=Hangul}\\u3005-\\u3007\\u30fc'
const hasUnspaced = new RegExp(`[${unspaced}]`, 'u')
const word = new RegExp(`[${unspaced}]|[[\\p{L}\\p{N}\\p{M}]--[${unspaced}]]+`, 'gv')
const alphanumeric = /[a-z0-9]+/g

/** Lower case, without accents, full width as half width, runs of white space as one space. */
export function fold(text: string): string {
  if (plainAscii.test(text)) return text.toLowerCase()
  return text
    .normalize('NFKC')
    .toLowerCase()
    .normalize('NFD')
    .replace(accents, '')
    .normalize('NFC')
    .replace(spaces, ' ')
    .trim()
}

/** Whether the text has signs of a script without spaces (Chinese, Japanese, Korean): it is then found by any part of it. */
export const isUnspaced = (text: string): boolean => hasUnspaced.test(text)

/**
 * The words of a text, joined by single spaces: runs of letters and digits, each sign of a script without spaces as a
 * word of its own. Cut alike, a part of a Chinese text is a phrase of the whole. '' when there are none.
 */
export function words(text: string): string {
  const folded = fold(text)
  return (plainAscii.test(folded) ? folded.match(alphanumeric) : folded.match(word))?.join(' ') ?? ''
}
