/**
 * JSON as FHIR needs it: decimals keep their digits, nothing is silently dropped, and no input is too deep.
 * https://hl7.org/fhir/R4/json.html
 */
import { isUtf8 } from 'node:buffer'
import { checkDepth, duplicateName, scan } from './json-scan.ts'
import { badRequest } from './outcome.ts'
import type { Json } from './types.ts'

export { MAX_DEPTH } from './json-scan.ts'

/** The digits of numbers that a JavaScript number cannot print again, by the object or array that holds them. */
const digits = new WeakMap<object, Map<string, string>>()
/** Objects under which there are such numbers. */
const inexact = new WeakSet<object>()

/** `JSON.rawJSON` and what goes with it: in V8, not yet in TypeScript's library. */
const { rawJSON, isRawJSON } = JSON as unknown as {
  rawJSON(text: string): { readonly rawJSON: string }
  isRawJSON(value: unknown): value is { readonly rawJSON: string }
}

/**
 * The value of a JSON text. Refuses (400) what is not UTF-8 or not JSON, names twice in one object, NUL characters,
 * lone surrogates, and more than 64 levels. Numbers are numbers; `printJson` gives them back with the digits they
 * came with.
 */
export function parseJson(bytes: Buffer): Json {
  if (!isUtf8(bytes)) throw badRequest('The body is not valid UTF-8.', 'structure')
  const start = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? 3 : 0
  const seen = scan(bytes, start)
  const text = bytes.toString('utf8', start)
  const value = parse(text)
  const escapes = text.includes('\\u')
  const { names, ordered } = seen.kept ? bind(value, seen.kept, escapes) : countNames(value, escapes)
  if (names !== seen.names) {
    throw badRequest(`A name stands twice in one object: "${duplicateName(text)}". Send each once.`, 'structure')
  }
  return ordered ? value : parseByReviver(text)
}

/** The value of JSON that is only read: numbers without the digits they came with, the last of equal names. Refuses (400) as `parseJson` does otherwise. */
export function parsePlainJson(bytes: Buffer): Json {
  if (!isUtf8(bytes)) throw badRequest('The body is not valid UTF-8.', 'structure')
  checkDepth(bytes)
  return parse(bytes.toString('utf8', bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? 3 : 0))
}

function parse(text: string): Json {
  try {
    return JSON.parse(text) as Json
  } catch (error) {
    const reason = (error as Error).message.replace(/, ?".*/s, '').replace(/\.\.\..*/s, '')
    throw badRequest(`The body is not JSON: ${reason}`, 'structure')
  }
}

function keep(holder: object, key: string, text: string): void {
  let own = digits.get(holder)
  if (!own) digits.set(holder, (own = new Map()))
  own.set(key, text)
}

/**
 * Notes the kept digits with the objects that hold the numbers, and counts the names as `countNames` does. The scan
 * counted the numbers in the order of the text, and this walk meets them in the same order, unless a name looks like
 * an array index: JavaScript puts those first, and what was noted is of no use (`ordered` is false).
 */
function bind(value: Json, kept: ReadonlyMap<number, string>, escapes: boolean): Names {
  let at = 0
  let ordered = true
  /** The names in an array or object; notes in `inexact` that it holds such numbers. */
  const walk = (value: Json[] | { [name: string]: Json }): number => {
    let names = 0
    let found = false
    const meet = (part: Json, key: string | number): void => {
      if (typeof part === 'number') {
        const source = kept.get(at++)
        if (source === undefined) return
        keep(value, String(key), source)
        found = true
      } else if (typeof part === 'object') {
        if (part === null) return
        names += walk(part)
        if (inexact.has(part)) found = true
      } else if (escapes && typeof part === 'string') checkCharacters(part)
    }
    if (Array.isArray(value)) for (let i = 0; i < value.length; i++) meet(value[i]!, i)
    else {
      for (const name in value) {
        const first = name.charCodeAt(0)
        if (first >= 0x30 && first <= 0x39) ordered = false
        if (escapes) checkCharacters(name)
        names++
        meet(value[name]!, name)
      }
    }
    if (found) inexact.add(value)
    return names
  }
  const names = typeof value === 'object' && value !== null ? walk(value) : 0
  return { names, ordered }
}

/** The same value with its digits, slower: for texts with names that look like array indexes. */
function parseByReviver(text: string): Json {
  type Reviver = (this: object, key: string, part: unknown, context: { source?: string }) => unknown
  const reviver: Reviver = (_, part, { source }) =>
    typeof part === 'number' && source !== undefined && String(part) !== source ? rawJSON(source) : part
  return bindDigits(JSON.parse(text, reviver as Parameters<typeof JSON.parse>[1]) as Json)
}

/**
 * The text of a value, numbers with the digits they came with. `like`: the object this one was copied from, when
 * a caller has taken a shallow copy (the digits are kept by object).
 */
export function printJson(value: unknown, like?: object): string {
  const source = like ?? value
  if (typeof source !== 'object' || source === null || !inexact.has(source)) return JSON.stringify(value)
  return JSON.stringify(value, function (this: object, key: string, part: unknown) {
    if (typeof part !== 'number') return part
    const kept = (digits.get(this) ?? (this === value && like ? digits.get(like) : undefined))?.get(key)
    return kept !== undefined && Object.is(Number(kept), part) ? rawJSON(kept) : part
  })
}

/** A deep copy that keeps the digits. */
export function copyJson<T>(value: T): T {
  if (value === null || typeof value !== 'object' || isRawJSON(value)) return value
  const copy: object = Array.isArray(value)
    ? value.map(copyJson)
    : Object.fromEntries(Object.entries(value).map(([name, part]) => [name, copyJson(part)]))
  sameDigits(copy, value)
  return copy as T
}

/** Says that `holder` now has inexact numbers below it (a patch put one there). */
export function keepDigits(holder: object, from: object): void {
  if (inexact.has(from)) inexact.add(holder)
}

/** Says that `copy` holds the properties of `from`, or some of them, under the same names: numbers keep their digits. */
export function sameDigits(copy: object, from: object): void {
  if (!inexact.has(from)) return
  inexact.add(copy)
  const own = digits.get(from)
  if (own) digits.set(copy, own)
}

/**
 * A deep copy in which every number with digits of its own is a raw number (`JSON.rawJSON`), which can be moved from
 * object to object. `bindDigits` ends the move.
 */
export function freeDigits<T>(value: T): T {
  if (value === null || typeof value !== 'object') return value
  if (!inexact.has(value)) return copyJson(value)
  const own = digits.get(value)
  const free = (key: string, part: unknown): unknown => {
    const kept = typeof part === 'number' ? own?.get(key) : undefined
    return kept !== undefined && Object.is(Number(kept), part) ? rawJSON(kept) : freeDigits(part)
  }
  if (Array.isArray(value)) return value.map((part, index) => free(String(index), part)) as T
  return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, free(name, part)])) as T
}

/** Whether a value is a number with digits of its own, as `freeDigits` makes them. */
export { isRawJSON as isRawNumber }

/** Turns the raw numbers below `value` into numbers again, in place; `printJson` gives them their digits. */
export function bindDigits<T>(value: T): T {
  if (value === null || typeof value !== 'object') return value
  const holder = value as Record<string, unknown>
  for (const [key, part] of Object.entries(value)) {
    if (isRawJSON(part)) {
      // an own property, also when it is called __proto__
      Object.defineProperty(holder, key, { value: Number(part.rawJSON) })
      keep(holder, key, part.rawJSON)
      inexact.add(holder)
    } else if (typeof part === 'object' && part !== null) {
      bindDigits(part)
      keepDigits(holder, part)
    }
  }
  return value
}

interface Names {
  readonly names: number
  readonly ordered: boolean
}

/** How many names the value has in all; when the text has escapes, refuses the characters that only they can make. */
function countNames(value: Json, escapes: boolean): Names {
  const count = (part: Json): number => {
    if (typeof part === 'string') {
      if (escapes) checkCharacters(part)
      return 0
    }
    if (part === null || typeof part !== 'object') return 0
    let names = 0
    if (Array.isArray(part)) {
      for (const item of part) if (typeof item === 'object' || escapes) names += count(item)
    } else {
      for (const name in part) {
        const item = part[name]!
        names += typeof item === 'object' || escapes ? 1 + count(item) : 1
        if (escapes) checkCharacters(name)
      }
    }
    return names
  }
  return { names: count(value), ordered: true }
}

function checkCharacters(text: string): void {
  if (!text.isWellFormed()) throw badRequest('A string or name holds half of a surrogate pair.', 'structure')
  if (text.includes('\0')) throw badRequest('A string or name holds the character U+0000.', 'structure')
}
