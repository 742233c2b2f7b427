/**
 * Quantity parameters: a number with its unit, compared across units where UCUM knows how.
 * https://hl7.org/fhir/R4/search.html#quantity
 */
import { badRequest } from '../fhir/outcome.ts'
import { split, unescape } from './escape.ts'
import type { Reading, SearchKind } from './kind.ts'
import { bounds, numbers, readNumber } from './number.ts'
import { prefixes } from './prefix.ts'
import type { Column, Filter, IndexEntry, Predicate, QuantityEntry } from './query.ts'
import { canonical, convert, UCUM } from './ucum.ts'

type Fields = Record<string, unknown>
const isObject = (value: unknown): value is Fields => typeof value === 'object' && value !== null
const textOf = (value: unknown): string => (typeof value === 'string' ? value : '')

/** What a measurement says of itself: from where to where, in which unit. */
type Measured = Pick<QuantityEntry, 'low' | 'high' | 'system' | 'code' | 'unit'>

const unitOf = (value: Fields) => ({
  system: textOf(value['system']),
  code: textOf(value['code']),
  unit: textOf(value['unit']),
})

function measure(value: unknown): Measured | undefined {
  if (!isObject(value)) {
    const range = bounds(value)
    return range && { ...range, system: '', code: '', unit: '' }
  }
  const number = value['value']
  if (typeof number === 'number') {
    if (typeof value['currency'] === 'string')
      return { low: number, high: number, system: 'urn:iso:std:iso:4217', code: value['currency'], unit: '' }
    return { ...compared(number, value['comparator']), ...unitOf(value) }
  }
  if (isObject(value['origin'])) return sampled(value, value['origin'])
  const end = isObject(value['low']) ? value['low'] : value['high']
  const range = bounds(value)
  return range && isObject(end) ? { ...range, ...unitOf(end) } : undefined
}

/** "<5" is anything below. */
function compared(value: number, comparator: unknown): { low: number; high: number } {
  if (comparator === '<' || comparator === '<=') return { low: -Number.MAX_VALUE, high: value }
  if (comparator === '>' || comparator === '>=') return { low: value, high: Number.MAX_VALUE }
  return { low: value, high: value }
}

/** SampledData reaches from its least to its greatest sample. */
function sampled(value: Fields, origin: Fields): Measured | undefined {
  const { data, factor } = value
  if (typeof data !== 'string' || typeof origin['value'] !== 'number') return undefined
  let [low, high] = [Infinity, -Infinity]
  for (const sample of data.split(' ')) {
    const number = sample === '' ? NaN : Number(sample)
    if (!Number.isFinite(number)) continue
    low = Math.min(low, number)
    high = Math.max(high, number)
  }
  if (low > high) return undefined
  const at = (sample: number) => (origin['value'] as number) + sample * (typeof factor === 'number' ? factor : 1)
  return { low: Math.min(at(low), at(high)), high: Math.max(at(low), at(high)), ...unitOf(origin) }
}

function index(value: unknown, _dataType: string, param: string): readonly IndexEntry[] {
  const measured = measure(value)
  if (!measured) return []
  const plain: QuantityEntry = { kind: 'quantity', param, ...measured }
  const { system, code, low, high } = measured
  const base = system === UCUM && code !== '' ? canonical(code) : undefined
  if (!base) return [plain]
  const entry = { low: convert(low, base), high: convert(high, base), system: UCUM, code: base.code, unit: '' }
  return [plain, { kind: 'quantity', param: `${param}:canonical`, ...entry }]
}

const equals = (column: Column, value: string): Predicate => ({ is: 'compare', by: '=', column, value })
const has = (param: string, ...parts: Predicate[]): Filter => ({
  is: 'has',
  param,
  kind: 'quantity',
  where: parts.length === 1 ? parts[0]! : { is: 'and', parts },
})

function read(text: string, { param }: Reading): Filter {
  const [number = '', system, code, more] = split(text, '|').map(unescape)
  const asked = readNumber(number)
  if (!asked || more !== undefined || (system !== undefined && code === undefined))
    throw badRequest(
      `"${text}" is not a quantity: ${param.code} takes number, number|system|code or number||unit, as in 5.4|${UCUM}|mg.`,
    )
  const plain = numbers(asked)
  if (system === undefined || (system === '' && code === '')) return has(param.code, plain)
  if (code === '') return has(param.code, equals('system', system), plain)
  if (system === '') return has(param.code, { is: 'or', parts: [equals('code', code!), equals('unit', code!)] }, plain)
  const base = system === UCUM ? canonical(code!) : undefined
  if (!base) return has(param.code, equals('system', system), equals('code', code!), plain)
  // what was stored in the very same unit has this entry, too
  return has(
    `${param.code}:canonical`,
    equals('code', base.code),
    numbers(asked, value => convert(value, base)),
  )
}

export const quantity: SearchKind = {
  type: 'quantity',
  sortsBy: 'quantity',
  index,
  read,
  modifiers: {},
  prefixes,
  present: param => ({ is: 'has', param, kind: 'quantity' }),
}
