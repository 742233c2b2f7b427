/**
 * Reading data of others: every value may be of another kind than the specification says, and then counts as absent.
 * https://hl7.org/fhir/R4/json.html
 */

export type Values = Readonly<Record<string, unknown>>

export interface Coded {
  readonly system: string
  readonly code: string
  readonly display: string
}

const none: Values = Object.freeze({})

/** An object; empty for anything else. */
export const object = (value: unknown): Values =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Values) : none

/** A list; empty for anything else. */
export const list = (value: unknown): readonly unknown[] => (Array.isArray(value) ? (value as unknown[]) : [])

/** A text that says something; undefined for anything else. */
export const text = (value: unknown): string | undefined =>
  typeof value === 'string' && value.trim() !== '' ? value.trim().slice(0, 2000) : undefined

export const number = (value: unknown): number | undefined =>
  typeof value === 'number' && Number.isFinite(value) ? value : undefined

/** So many codings of one concept are looked at. */
const MOST_CODINGS = 20

/** Read once each: a code is asked for many times. */
const read = new WeakMap<object, readonly Coded[]>()

/** The codings of a CodeableConcept; a Coding counts as a concept of one. */
export function codings(concept: unknown): readonly Coded[] {
  if (typeof concept !== 'object' || concept === null) return []
  let known = read.get(concept)
  if (!known) read.set(concept, (known = readCodings(concept)))
  return known
}

function readCodings(concept: object): readonly Coded[] {
  const { coding, code } = object(concept)
  const all = code === undefined ? list(coding).slice(0, MOST_CODINGS) : [concept]
  return all.flatMap(each => {
    const { system, code, display } = object(each)
    const known = text(code)
    return known === undefined ? [] : [{ system: text(system) ?? '', code: known, display: text(display) ?? '' }]
  })
}

/** A row of a table by a code of others, which may be `constructor`. */
export const rowOf = <T>(table: Readonly<Record<string, T>>, key: string): T | undefined =>
  Object.hasOwn(table, key) ? table[key] : undefined

/** What people read: the text, else the first display, else the first code. */
export function label(concept: unknown): string | undefined {
  const all = codings(concept)
  return text(object(concept).text) ?? all.find(({ display }) => display !== '')?.display ?? all[0]?.code
}

/** All words of a concept, for what is only said in words. */
export const words = (concept: unknown): string =>
  [text(object(concept).text) ?? '', ...codings(concept).flatMap(({ code, display }) => [code, display])].join(' ')

/** Whether one of the codes is in the set, whatever its system: for codes that no two systems share. */
export const hasCode = (concept: unknown, codes: ReadonlySet<string>): boolean =>
  codings(concept).some(({ code }) => codes.has(code))

/** `Condition/1` of a reference, however it is written; undefined when it leads elsewhere. */
export function referenceKey(reference: unknown): string | undefined {
  const written = text(object(reference).reference) ?? (typeof reference === 'string' ? reference : undefined)
  return written && /(?:^|\/)([A-Z][A-Za-z]+\/[A-Za-z0-9\-.]{1,64})(?:\/_history\/[^/]+)?$/.exec(written)?.[1]
}

/** The day of a date or time, `2024-03-18`, or what is known of it (`2024-03`, `2024`). */
export const day = (value: unknown): string | undefined =>
  typeof value === 'string' ? /^\d{4}(?:-\d{2}(?:-\d{2})?)?(?=T|$)/.exec(value)?.[0] : undefined

/** Milliseconds of a day as its beginning in UTC; undefined when it is no day. */
export function dayTime(value: string | undefined): number | undefined {
  const time = value === undefined ? NaN : Date.parse(value)
  return Number.isNaN(time) ? undefined : time
}
