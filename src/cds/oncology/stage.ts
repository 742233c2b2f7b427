/**
 * Stages as they are recorded: T, N and M categories, stage groups, and stages of other systems.
 * https://hl7.org/fhir/us/mcode/group-disease.html
 */
import { type Kind, otherStageCodes, type Part, tnmCodes } from '../knowledge/stage-codes.ts'
import type { Cancer } from './cancers.ts'
import { codings, label, list, object, referenceKey, rowOf, type Values, words } from './json.ts'
import { isAbout, isCoded, whenOf } from './resources.ts'

export interface Recorded {
  readonly part: Part
  readonly kind: Kind
  /** As written: `cT2a`, `IVA`. */
  readonly written: string
  /** What follows the letter, or the group: `2a`, `IVA`; undefined when it cannot be read. */
  readonly read: string | undefined
  /** y, r, a before it: after treatment, at recurrence, at autopsy. */
  readonly prefix: string
  readonly when: string | undefined
  /** The edition of the AJCC manual: 6, 7, 8 or 9; undefined when it is not said. */
  readonly edition: number | undefined
  /** The stage of a breast cancer is said to be anatomic. */
  readonly anatomic: boolean
  /** `Observation/1`. */
  readonly key: string | undefined
  /** `Observation/1` of the categories of a group. */
  readonly members: ReadonlySet<string>
}

export interface Staging {
  /** Newest first. */
  readonly tnm: readonly Recorded[]
  /** Of other systems, newest first: `BCLC B`. */
  readonly others: readonly { readonly written: string; readonly when: string | undefined }[]
  /** What the condition itself says. */
  readonly summary: string | undefined
}

/** What is recorded of a cancer's stage. `alone`: there is no other cancer; `observations` newest first. */
export function stagingOf(cancer: Cancer, observations: readonly Values[], alone: boolean): Staging {
  const stages = list(cancer.condition.stage).map(object)
  const assessed = new Set(stages.flatMap(({ assessment }) => list(assessment).map(referenceKey)))
  const own = observations.filter(
    observation =>
      isAbout(observation, cancer.key, alone) ||
      (typeof observation.id === 'string' && assessed.has(`Observation/${observation.id}`)),
  )
  return {
    tnm: own.flatMap(recorded),
    others: own
      .filter(observation => isCoded(observation, otherStageCodes))
      .flatMap(observation => {
        const written = label(observation.valueCodeableConcept) ?? label({ text: observation.valueString })
        return written === undefined ? [] : [{ written, when: whenOf(observation) }]
      }),
    summary: stages.map(({ summary }) => label(summary)).find(Boolean),
  }
}

const EDITIONS: Readonly<Record<string, number>> = {
  '444256004': 6,
  C90529: 6,
  '443830009': 7,
  C90530: 7,
  '897275008': 8,
  C132248: 8,
  C177555: 8,
  C177556: 8,
  '1269566009': 9,
  C180901: 9,
}

function recorded(observation: Values): Recorded[] {
  const found = codings(observation.code).flatMap(({ code }) => rowOf(tnmCodes, code) ?? [])
  // the more exact code speaks: `cT` before `T`
  const meant = found.find(({ kind }) => kind !== 'other') ?? found[0]
  const value = observation.valueCodeableConcept ?? { text: observation.valueString }
  const written = shown(value)
  if (!meant || written === undefined) return []
  const { read, prefix } = meant.part === 'group' ? readGroup(value) : readCategory(value, meant.part)
  return [
    {
      ...meant,
      written,
      read,
      prefix,
      when: whenOf(observation),
      edition: editionOf(observation),
      anatomic: /anatomic|解剖|C139445/i.test(`${words(observation.code)} ${words(observation.method)}`),
      key: typeof observation.id === 'string' ? `Observation/${observation.id}` : undefined,
      members: new Set(list(observation.hasMember).flatMap(each => referenceKey(each) ?? [])),
    },
  ]
}

/** A code of AJCC says it best; else what people read. */
const shown = (value: unknown): string | undefined =>
  codings(value).find(({ system }) => /cancerstaging|ajcc/i.test(system))?.code ?? label(value)

function editionOf({ method, code }: Values): number | undefined {
  for (const coded of [...codings(method), ...codings(code)])
    if (rowOf(EDITIONS, coded.code)) return rowOf(EDITIONS, coded.code)
  const said = /(?:AJCC|UICC|TNM)\D{0,40}?([6-9])(?:th|\b|版)|([6-9])(?:th)? ?(?:edition|version|版)/i.exec(
    words(method),
  )
  return said ? Number(said[1] ?? said[2]) : undefined
}

const CATEGORY: Readonly<Record<'T' | 'N' | 'M', RegExp>> = {
  T: /(?<![A-Za-z])([ymra]*)([cp]?)T(X|0|is|[1-4](?:mi)?[a-d]?[1-3]?)(?![A-Za-z0-9])/,
  N: /(?<![A-Za-z])([ymra]*)([cp]?)N(X|0[a-c]?|[1-3](?:mi)?[a-c]?[1-4]?)(?![A-Za-z0-9])/,
  M: /(?<![A-Za-z])([ymra]*)([cp]?)M(X|0|1[a-e]?[0-3]?)(?![A-Za-z0-9])/,
}

function readCategory(value: unknown, part: 'T' | 'N' | 'M'): Pick<Recorded, 'read' | 'prefix'> {
  for (const each of texts(value)) {
    // Tis(DCIS), N0(i+), T1(mi): what stands in brackets does not change the group, but for mi
    const found = CATEGORY[part].exec(each.replace('(mi)', 'mi').replace(/\([^)]*\)/g, ''))
    if (found) return { read: found[3], prefix: found[1]! }
  }
  return { read: undefined, prefix: '' }
}

const ROMAN: Readonly<Record<string, string>> = { 1: 'I', 2: 'II', 3: 'III', 4: 'IV' }

export type GroupReading = Pick<Recorded, 'read' | 'prefix'>

/** A stage group however it is written: `IVA`, `Stage 4A`, `第 IVA 期`. */
export function readGroup(value: unknown): GroupReading {
  for (const each of texts(value)) {
    const bare = /^([yra]?)[cp]?(0|IV|I{1,3}|[1-4])([A-E]?)([1-3]?)$/i.exec(each)
    const said = bare ?? /(?:stage|第)\s*([yra]?)[cp]?(0|IV|I{1,3}|[1-4])\s?([A-E]?)([1-3]?)(?![A-Za-z0-9])/i.exec(each)
    if (said)
      return {
        read: `${ROMAN[said[2]!] ?? said[2]!.toUpperCase()}${said[3]!.toUpperCase()}${said[4]}`,
        prefix: said[1]!.toLowerCase(),
      }
  }
  return { read: undefined, prefix: '' }
}

const texts = (value: unknown): readonly string[] => {
  const all = codings(value).flatMap(({ code, display }) => [code, display])
  const { text } = object(value)
  return [...all, typeof text === 'string' ? text.slice(0, 200) : ''].filter(Boolean)
}

/** Whether one group is the other, or the same written less exactly: II and IIA, IA and IA2. */
export function sameGroup(one: string, other: string): boolean {
  const [a, b] = [parts(one), parts(other)]
  return a[0] === b[0] && (!a[1] || !b[1] || (a[1] === b[1] && (!a[2] || !b[2] || a[2] === b[2])))
}

const parts = (group: string): readonly string[] => /^(0|IV|I{1,3})([A-E]?)([1-3]?)/.exec(group)?.slice(1) ?? [group]

/** T, N and M of one stage, as far as they are recorded. */
export interface Set3 {
  readonly T?: Recorded
  readonly N?: Recorded
  readonly M?: Recorded
}

/**
 * The categories that a group was made of: its members; else those of the same day and kind. A pathological group may
 * stand on a clinical M.
 */
export function categoriesOf(group: Recorded, all: readonly Recorded[]): Set3 {
  const categories = all.filter(({ part }) => part !== 'group')
  const members = categories.filter(({ key }) => key !== undefined && group.members.has(key))
  const sameDay = categories.filter(
    ({ kind, when }) => kind === group.kind && when !== undefined && when === group.when,
  )
  const from = members.length > 0 ? members : sameDay
  return pick(from)
}

/** The newest of each; none when two of one day disagree. */
function pick(from: readonly Recorded[]): Set3 {
  const one = (part: Part) => {
    const [first, second] = from.filter(each => each.part === part)
    return first && second && second.when === first.when && second.read !== first.read ? undefined : first
  }
  const [T, N, M] = [one('T'), one('N'), one('M')]
  return { ...(T ? { T } : {}), ...(N ? { N } : {}), ...(M ? { M } : {}) }
}

/** The groups, newest first, one of each kind and day. */
export const groupsIn = ({ tnm }: Staging): readonly Recorded[] => tnm.filter(({ part }) => part === 'group')

/** Compares days written to different exactness by what both say. */
export const isBefore = (one: string, other: string): boolean => {
  const length = Math.min(one.length, other.length)
  return one.slice(0, length) < other.slice(0, length)
}
