/**
 * The parameters of all resources that are no index entries of their own, or are read in their own way.
 * https://hl7.org/fhir/R4/search.html#all
 */
import { badRequest, tooCostly } from '../fhir/outcome.ts'
import { readAsked } from './date.ts'
import { split, unescape } from './escape.ts'
import type { Asking } from './kind.ts'
import { EARLIEST, type Filter, LATEST } from './query.ts'
import { words } from './words.ts'

const id = /^[A-Za-z0-9\-.]{1,64}$/

function ids(name: string, value: string): string[] {
  return split(value, ',').map(each => {
    if (!id.test(each)) throw badRequest(`"${each}" is not an id: ${name} takes ids with commas between them.`)
    return each
  })
}

/** A point in time lies in a range, before or after it: the nine prefixes come to these. */
function updated(text: string, now: number): Filter {
  const { prefix, low, high } = readAsked(text, now)
  const between = (from: number, to: number): Filter => ({ is: 'updated', low: from, high: to })
  switch (prefix) {
    case 'eq':
    case 'ap':
      return between(low, high)
    case 'ne':
      return { is: 'not', part: between(low, high) }
    case 'gt':
    case 'sa':
      return between(high + 1, LATEST)
    case 'lt':
    case 'eb':
      return between(EARLIEST, low - 1)
    case 'ge':
      return between(low, LATEST)
    case 'le':
      return between(EARLIEST, high)
  }
}

/** The lists of a patient's record that a server would have to compute. */
function list(value: string): Filter {
  if (value.startsWith('$'))
    throw badRequest(
      `This server keeps no functional lists such as "${value}". Search for the resources themselves, or name a List by its id.`,
      'not-supported',
    )
  const lists = ids('_list', value.replaceAll('List/', ''))
  return { is: 'linked by', type: 'List', param: 'item', where: { is: 'id', ids: lists } }
}

const chunk = /"([^"]*)"|(\S+)/g
/** Words in one `_text` or `_content`, Chinese signs counted each. */
const MOST_WORDS = 100

/** `_text` and `_content`: all words of one of the alternatives, which `OR`, `|` and commas part; quoted words stand together. */
function text(param: '_text' | '_content', value: string): Filter {
  const alternatives: Filter[][] = [[]]
  let count = 0
  for (const part of split(value, ',')) {
    if (alternatives.at(-1)!.length > 0) alternatives.push([])
    for (const [, quoted, plain] of unescape(part).matchAll(chunk)) {
      if (plain === 'OR' || plain === '|') alternatives.push([])
      const phrase = plain === 'OR' || plain === '|' || plain === 'AND' ? '' : words(quoted ?? plain ?? '')
      if (phrase === '') continue
      count += phrase.split(' ', MOST_WORDS + 1).length
      if (count > MOST_WORDS) throw tooCostly(`${param} has more than ${MOST_WORDS} words. Search for fewer.`)
      alternatives.at(-1)!.push({ is: 'has', param, kind: 'words', where: { is: 'phrase', value: phrase } })
    }
  }
  const parts = alternatives
    .filter(each => each.length > 0)
    .map((each): Filter => (each.length === 1 ? each[0]! : { is: 'all', parts: each }))
  if (parts.length === 0) throw badRequest(`"${value}" has no words to search for in ${param}.`)
  return parts.length === 1 ? parts[0]! : { is: 'any', parts }
}

/** By name: the filter of a value, commas and all. */
export const allResources: Readonly<Record<string, (value: string, asking: Asking) => Filter>> = {
  _id: value => ({ is: 'id', ids: ids('_id', value) }),
  _lastUpdated(value, { now }) {
    const parts = split(value, ',').map(each => updated(each, now))
    return parts.length === 1 ? parts[0]! : { is: 'any', parts }
  },
  _list: list,
  _text: value => text('_text', value),
  _content: value => text('_content', value),
}
