/**
 * Fixed values, patterns, and bounds on values and lengths.
 * https://hl7.org/fhir/R4/elementdefinition.html#ElementDefinition.fixed_x_
 */
import type { ElementDefinition } from 'fhir/r4'
import { readDate } from '../fhir/period.ts'
import { isObject, type Node } from './node.ts'
import type { Origin, Report, Run } from './words.ts'

/** What an element says of its value, read once from its definition. */
interface ValueRules {
  readonly fixed?: unknown
  readonly pattern?: unknown
  readonly least?: unknown
  readonly most?: unknown
  readonly maxLength?: number
}

const read = new WeakMap<ElementDefinition, ValueRules>()

function rulesOf(definition: ElementDefinition): ValueRules {
  const known = read.get(definition)
  if (known) return known
  const rules: { -readonly [name in keyof ValueRules]: ValueRules[name] } = {}
  for (const [name, value] of Object.entries(definition as unknown as Record<string, unknown>)) {
    if (name.startsWith('fixed')) rules.fixed = value
    else if (name.startsWith('pattern')) rules.pattern = value
    else if (name.startsWith('minValue')) rules.least = value
    else if (name.startsWith('maxValue')) rules.most = value
    else if (name === 'maxLength' && typeof value === 'number') rules.maxLength = value
  }
  read.set(definition, rules)
  return rules
}

/** The fixed value or pattern of an element. */
export function requiredValue(
  definition: ElementDefinition,
): { readonly value: unknown; readonly exact: boolean } | undefined {
  const { fixed, pattern } = rulesOf(definition)
  if (fixed !== undefined) return { value: fixed, exact: true }
  return pattern === undefined ? undefined : { value: pattern, exact: false }
}

/** Whether a value is as fixed (`exact`), or has all that the pattern has. */
export const hasValue = (value: unknown, wanted: unknown, exact: boolean): boolean =>
  differences(value, wanted, exact, '', 1, 0).length === 0

/** Checks a value against what an element says of values. */
export function checkValue(node: Node, definition: ElementDefinition, origin: Origin, run: Run): void {
  const { fixed, pattern, least, most, maxLength } = rulesOf(definition)
  if (fixed !== undefined) reportDifferences(node, fixed, true, origin, run)
  if (pattern !== undefined) reportDifferences(node, pattern, false, origin, run)
  if (least !== undefined && compare(node.value, least) === -1) run.report(node, outOfBounds(least, true, origin))
  if (most !== undefined && compare(node.value, most) === 1) run.report(node, outOfBounds(most, false, origin))
  if (maxLength !== undefined && typeof node.value === 'string' && lengthOf(node.value) > maxLength)
    run.report(node, {
      code: 'too-long',
      origin: origin.profile,
      said: {
        en: `The text has ${lengthOf(node.value)} characters; at most ${maxLength} are allowed.`,
        zh: `文字有 ${lengthOf(node.value)} 個字元,最多 ${maxLength} 個。`,
      },
    })
}

const lengthOf = (text: string) => {
  let length = 0
  for (const _ of text) length++
  return length
}

interface Difference {
  /** Below the value: `.coding[0].code`. */
  readonly at: string
  readonly wanted?: unknown
  readonly found?: unknown
}

const MOST_DIFFERENCES = 5
/** So many times a value of a list is compared with one that a pattern wants; what is left then counts as there. */
const MOST_PAIRS = 200_000
const DEEPEST = 32

function reportDifferences(node: Node, wanted: unknown, exact: boolean, origin: Origin, run: Run): void {
  for (const { at, wanted: part, found } of differences(node.value, wanted, exact, '', MOST_DIFFERENCES, 0))
    run.report(node, { code: 'value', origin: origin.profile, said: differenceSaid(part, found, exact) }, at)
}

function differenceSaid(wanted: unknown, found: unknown, exact: boolean): Report['said'] {
  const [needs, has] = [print(wanted), print(found)]
  if (wanted === undefined)
    return { en: `Remove this: the value is fixed without it.`, zh: `請移除:固定值中沒有此項。` }
  if (found === undefined)
    return exact
      ? { en: `Missing here; the profile fixes it to ${needs}.`, zh: `此處缺值;profile 固定為 ${needs}。` }
      : { en: `No value here has what the profile requires: ${needs}.`, zh: `此處沒有 profile 要求的值:${needs}。` }
  return { en: `The value is ${has}; the profile requires ${needs}.`, zh: `值為 ${has};profile 要求 ${needs}。` }
}

const print = (value: unknown) => {
  const text = JSON.stringify(value) ?? ''
  return text.length > 200 ? `${text.slice(0, 200)}…` : text
}

/** Where a value differs, `most` places at most. */
function differences(
  value: unknown,
  wanted: unknown,
  exact: boolean,
  at: string,
  most: number,
  depth: number,
): Difference[] {
  if (depth > DEEPEST) return []
  if (Array.isArray(wanted)) return arrayDifferences(value, wanted, exact, at, most, depth)
  if (isObject(wanted))
    return isObject(value) ? objectDifferences(value, wanted, exact, at, most, depth) : [{ at, wanted, found: value }]
  return value === wanted ? [] : [{ at, wanted, found: value }]
}

function objectDifferences(
  value: Readonly<Record<string, unknown>>,
  wanted: Readonly<Record<string, unknown>>,
  exact: boolean,
  at: string,
  most: number,
  depth: number,
): Difference[] {
  const found: Difference[] = []
  for (const name of Object.keys(wanted)) {
    if (found.length >= most) return found
    // what is missing is said of the value it is missing from
    if (value[name] === undefined) found.push({ at, wanted: { [name]: wanted[name] } })
    else if (!exact && Array.isArray(wanted[name]) && Array.isArray(value[name])) {
      // that none of several values fits is said of what they are in
      const parts = arrayDifferences(value[name], wanted[name], exact, at, most, depth)
      found.push(...parts.map(part => ({ at, wanted: { [name]: [part.wanted] } })))
    } else found.push(...differences(value[name], wanted[name], exact, `${at}.${name}`, most, depth + 1))
  }
  if (exact)
    for (const name of Object.keys(value))
      if (wanted[name] === undefined && found.length < most) found.push({ at: `${at}.${name}`, found: value[name] })
  return found
}

/** Of a fixed value: one by one; of a pattern: each wanted one is somewhere among those that are there. */
function arrayDifferences(
  value: unknown,
  wanted: readonly unknown[],
  exact: boolean,
  at: string,
  most: number,
  depth: number,
): Difference[] {
  if (!Array.isArray(value)) return [{ at, wanted, found: value }]
  const values = value as unknown[]
  if (exact) {
    if (values.length !== wanted.length) return [{ at, wanted, found: values }]
    return wanted
      .flatMap((part, i) => differences(values[i], part, true, `${at}[${i}]`, most, depth + 1))
      .slice(0, most)
  }
  const found: Difference[] = []
  const plain = new Set(values)
  let pairs = MOST_PAIRS
  for (const part of wanted) {
    if (found.length >= most || pairs < 0) break
    const isThere =
      typeof part === 'object' && part !== null
        ? values.some(each => --pairs < 0 || differences(each, part, false, '', 1, depth + 1).length === 0)
        : plain.has(part)
    if (!isThere) found.push({ at, wanted: part })
  }
  return found
}

/** -1: surely less; 1: surely more; 0: neither, or not to be compared. */
function compare(value: unknown, bound: unknown): -1 | 0 | 1 {
  if (typeof value === 'number' && typeof bound === 'number') return sign(value - bound)
  if (typeof value === 'string' && typeof bound === 'string') return compareTexts(value, bound)
  if (isObject(value) && isObject(bound)) {
    const same = value['system'] === bound['system'] && value['code'] === bound['code']
    return same && bound['value'] !== undefined ? compare(value['value'], bound['value']) : 0
  }
  return 0
}

const sign = (difference: number) => (difference < 0 ? -1 : difference > 0 ? 1 : 0)

function compareTexts(value: string, bound: string): -1 | 0 | 1 {
  if (/^\d\d:\d\d/.test(value)) return value < bound ? -1 : value > bound ? 1 : 0
  const [own, other] = [readDate(value), readDate(bound)]
  if (!own || !other) return 0
  return own.high < other.low ? -1 : own.low > other.high ? 1 : 0
}

function outOfBounds(bound: unknown, least: boolean, origin: Origin): Report {
  const text = isObject(bound) ? [bound['value'], bound['unit'] ?? bound['code'] ?? ''].join(' ').trim() : String(bound)
  return {
    code: 'value',
    origin: origin.profile,
    said: least
      ? { en: `The value is less than ${text}, the least allowed.`, zh: `值小於允許的最小值 ${text}。` }
      : { en: `The value is more than ${text}, the most allowed.`, zh: `值大於允許的最大值 ${text}。` },
  }
}
