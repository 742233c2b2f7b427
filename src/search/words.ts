/**
 * Text made comparable: folded for names and displays, cut into words for `_text` and `_content`.
 * https://hl7.org/fhir/R4/search.html#string
 */

const plainAscii = /^[\x21-\x7e]+(?: [\x21-\x7e]+)*$/
const spaces = /\s+/gu
/** Marks on Latin, Greek and Cyrillic letters only: in kana and Indic scripts marks make another letter. */
const accents = /[\u0300-\u036f]/g
/**
 * Marks beyond thirty on one letter, which no language has: bringing them into order takes the square of their number.
 * The last two are no marks by themselves but become some. https://unicode.org/reports/tr15/#Stream_Safe_Text_Format
 */
const pile = /([\p{M}\uff9e\uff9f]{30})[\p{M}\uff9e\uff9f]+/gu
/** Scripts written without spaces between words. */
const unspaced = '\\p{Script=Han}\\p{Script=Hiragana}\\p{Script=Katakana}\\p{Script=Hangul}\\u3005-\\u3007\\u30fc'
const hasUnspaced = new RegExp(`[${unspaced}]`, 'u')
const word = new RegExp(`[${unspaced}]|[[\\p{L}\\p{N}\\p{M}]--[${unspaced}]]+`, 'gv')
const alphanumeric = /[a-z0-9]+/g

/** Characters that are folded; one alone can become eighteen, and nobody searches for more. */
const MOST_FOLDED = 10_000
/** Characters of a running text that are cut into words. */
const MOST_READ = 1_000_000

/** Lower case, without accents, full width as half width, runs of white space as one space; of the beginning of a long text. */
export function fold(text: string, most = MOST_FOLDED): string {
  const start = text.length > most ? text.slice(0, most) : text
  if (plainAscii.test(start)) return start.toLowerCase()
  return start
    .replace(pile, '$1')
    .normalize('NFKC')
    .slice(0, most)
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
  const folded = fold(text, MOST_READ)
  return (plainAscii.test(folded) ? folded.match(alphanumeric) : folded.match(word))?.join(' ') ?? ''
}
