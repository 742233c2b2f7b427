/**
 * Measured values as services read them: the code, the number with its unit, and when.
 * https://hl7.org/fhir/R4/observation.html
 */
import type { Observation } from 'fhir/r4'
import type { Resource } from '../fhir/types.ts'
import { objectsIn, resourcesOf, tokensOf } from './data.ts'

export interface Reading {
  readonly observation: Observation
  /** `http://loinc.org|2160-0`, the ones that were asked for. */
  readonly token: string
  readonly value: number
  /** UCUM code, or else the unit as written; empty when there is none. */
  readonly unit: string
  /** Milliseconds since 1970. */
  readonly at: number
  /** The day, as written. */
  readonly day: string
}

export const LOINC = 'http://loinc.org|'

const COUNTS = new Set(['final', 'amended', 'corrected', 'preliminary'])

/** Whether its status says that its value may be used. */
export const isUsable = ({ status }: Observation): boolean => COUNTS.has(status)

/** When it was so: milliseconds since 1970 and the day; undefined when it is not said. */
export function timeOf({
  effectiveDateTime,
  effectiveInstant,
  effectivePeriod,
  issued,
}: Observation): { readonly at: number; readonly day: string } | undefined {
  const period = (typeof effectivePeriod === 'object' && effectivePeriod !== null ? effectivePeriod : {}) as {
    start?: unknown
    end?: unknown
  }
  const text = [effectiveDateTime, effectiveInstant, period.end, period.start, issued].find(
    (each): each is string => typeof each === 'string',
  )
  const at = Date.parse(text ?? '')
  return text === undefined || Number.isNaN(at) ? undefined : { at, day: text.slice(0, 10) }
}

/** Numbers measured under one of these codes (`system|code`), not after `now`, the newest first; also those that are a component. */
export function readings(
  from: Resource | null | undefined,
  tokens: ReadonlySet<string>,
  now: number,
): readonly Reading[] {
  if (!from) return []
  const found = numbersOf(from).flatMap(({ tokens: own, ...number }) => {
    const token = number.at > now ? undefined : own.find(each => tokens.has(each))
    return token === undefined ? [] : [{ token, ...number }]
  })
  return found.sort((one, other) => other.at - one.at)
}

type Numbered = Omit<Reading, 'token'> & { readonly tokens: readonly string[] }

/** A service asks the same data for many codes: it is read once. */
const read = new WeakMap<object, readonly Numbered[]>()

function numbersOf(from: Resource): readonly Numbered[] {
  const held = read.get(from)
  if (held) return held
  const found: Numbered[] = []
  for (const observation of resourcesOf(from, 'Observation')) {
    const time = isUsable(observation) ? timeOf(observation) : undefined
    if (!time) continue
    for (const part of [observation, ...objectsIn(observation.component)]) {
      const { code, valueQuantity } = part as Pick<Observation, 'code' | 'valueQuantity'>
      const { value, unit, code: ucum, comparator } = (valueQuantity ?? {}) as Record<string, unknown>
      // less than a value is no value to reckon with
      if (typeof value !== 'number' || !Number.isFinite(value) || comparator !== undefined) continue
      const written = [ucum, unit].find((each): each is string => typeof each === 'string' && each.trim() !== '')
      found.push({ observation, tokens: tokensOf(code), value, unit: written?.trim() ?? '', ...time })
    }
  }
  read.set(from, found)
  return found
}

/** The codes as tokens of LOINC. */
export const loinc = (...codes: readonly string[]): ReadonlySet<string> => new Set(codes.map(code => LOINC + code))

/** As a search parameter's value: any of these codes. */
export const anyOf = (...sets: readonly ReadonlySet<string>[]): string => sets.flatMap(set => [...set]).join(',')

/** Whole years between a birth date and a moment; undefined when the date is not whole. */
export function ageAt(birthDate: unknown, at: number): number | undefined {
  if (typeof birthDate !== 'string' || !/^\d{4}-\d\d-\d\d$/.test(birthDate)) return undefined
  // the calendar day where most of the patients are
  const today = new Date(at + 8 * 3_600_000).toISOString().slice(0, 10)
  const years =
    Number(today.slice(0, 4)) - Number(birthDate.slice(0, 4)) - (today.slice(5) < birthDate.slice(5) ? 1 : 0)
  return years >= 0 && years < 130 ? years : undefined
}

const DAY = 86_400_000

/** Whole days from then until now. */
export const daysSince = (at: number, now: number): number => Math.max(0, Math.floor((now - at) / DAY))
