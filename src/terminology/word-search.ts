/**
 * Finds concepts by words: every word of the filter must begin a word of the code, the display or another designation; Chinese
 * is found by any part of it. Width, case and accents make no difference.
 * https://hl7.org/fhir/R4/valueset-operation-expand.html
 */
import { fold, words } from '../search/words.ts'

/**
 * The words of all concepts, in two texts with a line for each. Most words are in Latin letters, and their text takes one byte a
 * letter, so that it is looked through quickly; in the other one are the fields that have any other letter, whole.
 */
export interface WordLines {
  readonly latin: Lines
  readonly other: Lines
}

/** Every word in the text has a space before it. */
export interface Lines {
  readonly text: string
  /** Where each line begins, and at last where the text ends. */
  readonly starts: Uint32Array
}

const beyondLatin = /[^\0-\xff]/
/** Words with a letter that is not Latin. */
const foreign = /[^ ]*[^\0-\xff][^ ]*/g

/** The lines of one concept with these fields: its code, its display and other designations. */
export function wordLine(fields: readonly (string | undefined)[]): { readonly latin: string; readonly other: string } {
  let [latin, other] = ['', '']
  for (const field of fields) {
    const found = field ? words(field) : ''
    if (found === '') continue
    if (beyondLatin.test(found)) {
      other += `\t ${found}`
      latin += `\t ${found.replace(foreign, '\t')}`
    } else latin += `\t ${found}`
  }
  return { latin, other }
}

export function joinLines(lines: readonly string[]): Lines {
  const starts = new Uint32Array(lines.length + 1)
  lines.forEach((line, index) => (starts[index + 1] = starts[index]! + line.length + 1))
  return { text: lines.join('\n') + '\n', starts }
}

/** The most words of a filter that are looked at. */
const MOST_WORDS = 20

/** What to look for; nothing: everything is found. `signs`: parts without letters or digits, to be found as they are. */
export function readFilter(filter: string): { readonly phrases: readonly string[]; readonly signs: readonly string[] } {
  const terms = fold(filter, 500).split(' ').filter(term => term !== '').slice(0, MOST_WORDS) // prettier-ignore
  const phrases = terms.map(term => words(term))
  return {
    phrases: phrases.filter(phrase => phrase !== '').sort((a, b) => b.length - a.length),
    signs: terms.filter((_, index) => phrases[index] === ''),
  }
}

/** The numbers of the lines that have all the phrases, ascending. */
export function searchWords(lines: WordLines, phrases: readonly string[]): Uint32Array {
  const [first, ...others] = phrases
  const size = lines.latin.starts.length - 1
  if (first === undefined) return Uint32Array.from({ length: size }, (_, index) => index)
  let found = linesWith(textFor(lines, first), first)
  for (const other of others) {
    const text = textFor(lines, other)
    if (found.length < FEW) found = found.filter(line => has(text, line, other))
    else found = common(found, linesWith(text, other))
  }
  return Uint32Array.from(found)
}

/** So many lines are sooner looked at one by one than the whole text once more. */
const FEW = 2_000

/** What both have; both ascend. */
function common(some: readonly number[], others: readonly number[]): number[] {
  let at = 0
  return some.filter(line => {
    while (at < others.length && others[at]! < line) at++
    return others[at] === line
  })
}

const textFor = ({ latin, other }: WordLines, phrase: string) => (beyondLatin.test(phrase) ? other : latin)

const has = ({ text, starts }: Lines, line: number, phrase: string) =>
  text.slice(starts[line], starts[line + 1]).includes(` ${phrase}`)

/** To look for a short phrase with the space before it passes over less; a long one is found faster without. */
const SHORT = 3

function linesWith({ text, starts }: Lines, phrase: string): number[] {
  const found: number[] = []
  const short = phrase.length < SHORT
  const wanted = short ? ` ${phrase}` : phrase
  let line = 0
  for (let at = text.indexOf(wanted); at >= 0; ) {
    if (!short && text.charCodeAt(at - 1) !== 0x20) {
      at = text.indexOf(wanted, at + 1)
      continue
    }
    while (starts[line + 1]! <= at) line++
    found.push(line)
    at = text.indexOf(wanted, starts[line + 1])
  }
  return found
}
