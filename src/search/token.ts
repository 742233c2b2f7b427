/**
 * Token parameters: codes and identifiers, with or without the system they come from.
 * https://hl7.org/fhir/R4/search.html#token
 */
import { badRequest, tooCostly } from '../fhir/outcome.ts'
import { split, unescape } from './escape.ts'
import type { Reading, SearchKind } from './kind.ts'
import type { Filter, IndexEntry, Predicate } from './query.ts'
import { folded } from './string.ts'
import { fold, isUnspaced } from './words.ts'

type Fields = Record<string, unknown>
const isObject = (value: unknown): value is Fields => typeof value === 'object' && value !== null
const textOf = (value: unknown): string => (typeof value === 'string' ? value : '')

/** One value on its way into the index: where its entries go, and the parameter's code. */
class Tokens {
  readonly entries: IndexEntry[] = []
  readonly param: string
  constructor(param: string) {
    this.param = param
  }

  token(system: unknown, code: unknown, param = this.param) {
    const value = textOf(code)
    const from = textOf(system)
    if (value !== '' || from !== '') this.entries.push({ kind: 'token', param, system: from, code: value })
  }

  text(text: unknown) {
    const value = typeof text === 'string' ? fold(text) : ''
    if (value !== '') this.entries.push({ kind: 'text', param: `${this.param}:text`, text: value })
  }

  coding(coding: unknown) {
    if (!isObject(coding)) return
    this.token(coding['system'], coding['code'])
    this.text(coding['display'])
  }

  identifier(identifier: Fields) {
    const { system, value, type } = identifier
    this.token(system, value)
    if (!isObject(type)) return
    this.text(type['text'])
    if (typeof value !== 'string' || !Array.isArray(type['coding'])) return
    for (const coding of type['coding'] as unknown[])
      if (isObject(coding) && typeof coding['code'] === 'string')
        this.token(coding['system'], `${coding['code']}|${value}`, `${this.param}:of-type`)
  }
}

function index(value: unknown, dataType: string, param: string): readonly IndexEntry[] {
  const tokens = new Tokens(param)
  if (!isObject(value)) {
    if (typeof value === 'string') tokens.token('', value)
    else if (typeof value === 'boolean' || typeof value === 'number') tokens.token('', String(value))
  } else if (Array.isArray(value['coding']) || dataType === 'CodeableConcept') {
    if (Array.isArray(value['coding'])) value['coding'].forEach(coding => tokens.coding(coding))
    tokens.text(value['text'])
  } else if (dataType === 'ContactPoint') tokens.token('', value['value'])
  else if (typeof value['code'] === 'string' || dataType === 'Coding') tokens.coding(value)
  else if (dataType === 'Identifier' || typeof value['value'] === 'string') tokens.identifier(value)
  return tokens.entries
}

const equals = (column: 'system' | 'code', value: string): Predicate => ({ is: 'compare', by: '=', column, value })

/**
 * The system, as a search means it. Elements of type `code` have no system of their own in the data, though their
 * codes come from one of FHIR's: gender=http://hl7.org/fhir/administrative-gender|male means them.
 */
const from = (system: string): Predicate =>
  system.startsWith('http://hl7.org/fhir/')
    ? { is: 'one of', column: 'system', values: [system, ''] }
    : equals('system', system)

/** `code`, `system|code`, `|code` or `system|`: what must hold of a token entry. Refuses (400) other shapes. */
export function tokens(text: string, { param }: Reading): Predicate {
  const parts = split(text, '|').map(unescape)
  const [first = '', second] = parts
  if (parts.length > 2)
    throw badRequest(
      `"${text}" has more than one "|": ${param.code} takes code, system|code, |code or system|. Write a "|" that belongs to the value as "\\|".`,
    )
  if (second === undefined) {
    if (first === '')
      throw badRequest(`The value of ${param.code} is empty. To find what has none, ask ${param.code}:missing=true.`)
    return equals('code', first)
  }
  if (first === '' && second === '') throw badRequest(`"${text}" has neither system nor code.`)
  if (second === '') return equals('system', first)
  return { is: 'and', parts: [first === '' ? equals('system', '') : from(first), equals('code', second)] }
}

const has = ({ param }: Reading, where: Predicate): Filter => ({ is: 'has', param: param.code, kind: 'token', where })
const read = (text: string, reading: Reading): Filter => has(reading, tokens(text, reading))

/** More codes than this in one question would stall the others. */
const MOST_CODES = 10_000

/** Any of these codes. */
function anyOf(codes: readonly { system: string; code: string }[], reading: Reading): Filter {
  if (codes.length > MOST_CODES)
    throw tooCostly(
      `The value of ${reading.param.code} stands for ${codes.length} codes; this server searches for at most ${MOST_CODES} at once.`,
    )
  const bySystem = Map.groupBy(codes, each => each.system)
  const parts = [...bySystem].map(
    ([system, members]): Predicate => ({
      is: 'and',
      parts: [from(system), { is: 'one of', column: 'code', values: [...new Set(members.map(each => each.code))] }],
    }),
  )
  return has(reading, parts.length === 1 ? parts[0]! : { is: 'or', parts })
}

/** `:in`: the codes of a value set. `whole`: only when all of it can be computed. */
async function inValueSet(text: string, reading: Reading, whole = false): Promise<Filter> {
  const valueSet = unescape(text)
  const codes = await reading.expand?.({ valueSet, whole })
  if (!codes)
    throw badRequest(
      reading.expand
        ? `This server does not know the value set "${valueSet}", so ${reading.param.code}:${whole ? 'not-in' : 'in'} cannot be answered. Store the ValueSet first, or list the codes with commas.`
        : `This server has no terminology, so ${reading.param.code}:${whole ? 'not-in' : 'in'} is not supported. List the codes with commas.`,
      'not-supported',
    )
  return anyOf(codes, reading)
}

const hierarchy =
  (direction: 'above' | 'below') =>
  async (text: string, reading: Reading): Promise<Filter> => {
    const [system = '', code = ''] = split(text, '|').map(unescape)
    if (system === '' || code === '')
      throw badRequest(`"${text}" should be system|code: ${reading.param.code}:${direction} needs both.`)
    const codes = await reading.expand?.({ system, code, direction })
    if (!codes)
      throw badRequest(
        reading.expand
          ? `This server does not know the hierarchy of ${system}, so ${reading.param.code}:${direction} cannot be answered. Store the CodeSystem first.`
          : `This server has no terminology, so ${reading.param.code}:${direction} is not supported.`,
        'not-supported',
      )
    return anyOf([{ system, code }, ...codes], reading)
  }

/** The words beside the code: at the beginning, or at the beginning of a word. */
function byText(text: string, reading: Reading): Filter {
  const value = folded(text, reading)
  const where: Predicate = isUnspaced(value)
    ? { is: 'contains', column: 'text', value }
    : {
        is: 'or',
        parts: [
          { is: 'starts', column: 'text', value },
          { is: 'contains', column: 'text', value: ` ${value}` },
        ],
      }
  return { is: 'has', param: `${reading.param.code}:text`, kind: 'text', where }
}

/** `identifier:of-type=system|code|value`: the value, and the type of the identifier. */
function ofType(text: string, { param }: Reading): Filter {
  const [system = '', code = '', value = '', more] = split(text, '|').map(unescape)
  if (system === '' || code === '' || value === '' || more !== undefined)
    throw badRequest(
      `"${text}" should be type-system|type-code|value, as in ${param.code}:of-type=http://terminology.hl7.org/CodeSystem/v2-0203|MR|12345.`,
    )
  const where: Predicate = { is: 'and', parts: [equals('system', system), equals('code', `${code}|${value}`)] }
  return { is: 'has', param: `${param.code}:of-type`, kind: 'token', where }
}

export const token: SearchKind = {
  type: 'token',
  sortsBy: 'token',
  index,
  read,
  modifiers: {
    text: byText,
    not: (text, reading) => ({ is: 'not', part: read(text, reading) }),
    in: (text, reading) => inValueSet(text, reading),
    'not-in': async (text, reading) => ({ is: 'not', part: await inValueSet(text, reading, true) }),
    above: hierarchy('above'),
    below: hierarchy('below'),
    'of-type': ofType,
  },
  prefixes: [],
  // a concept may have no code, only a text
  present: param => ({
    is: 'any',
    parts: [
      { is: 'has', param, kind: 'token' },
      { is: 'has', param: `${param}:text`, kind: 'text' },
    ],
  }),
}
