/**
 * SMART scopes, v1 and v2, read from their text.
 * https://hl7.org/fhir/smart-app-launch/STU2.2/scopes-and-launch-context.html
 */
import type { Definitions } from '../fhir/definitions.ts'
import { queryProblem, type Reason } from './scope-query.ts'

/** In this order and each at most once: `cruds`. */
export type Permission = 'c' | 'r' | 'u' | 'd' | 's'

export type Level = 'patient' | 'user' | 'system'

/** `patient/Observation.rs?category=laboratory`: one granted permission. */
export interface Scope {
  readonly level: Level
  /** A resource type, or `*`. */
  readonly type: string
  readonly permissions: ReadonlySet<Permission>
  /** Search parameters that narrow it, as written; '' for none. */
  readonly query: string
  /** As it was asked. */
  readonly text: string
}

/** A scope string, taken apart. */
export interface Scopes {
  readonly resources: readonly Scope[]
  /** `openid`, `fhirUser`, `launch`, `launch/patient`, `offline_access`, … */
  readonly others: readonly string[]
  /** What is no scope this server knows, each with the reason, in English and in Traditional Chinese. */
  readonly unknown: readonly Unknown[]
}

export interface Unknown {
  readonly text: string
  readonly why: string
  readonly whyZh: string
}

/** Longer texts grant nothing: a token is sent with every request. */
const LONGEST = 8 * 1024
const MOST_SCOPES = 300

export const LETTERS: readonly Permission[] = ['c', 'r', 'u', 'd', 's']

const v1: Readonly<Record<string, string>> = { read: 'rs', write: 'cud', '*': 'cruds' }

const identity = new Set(['openid', 'fhirUser', 'profile', 'launch', 'offline_access', 'online_access'])

/** https://www.rfc-editor.org/rfc/rfc6749#section-3.3 */
const wellFormed = /^[\x21\x23-\x5b\x5d-\x7e]+$/
const launchContext = /^launch\/([a-z]+)(?:\?role=[^?&]{1,200})?$/
const resourceScope = /^(patient|user|system)\/([^./?]*)\.([^?]*)(?:\?(.*))?$/

/**
 * Takes a scope string apart. Never throws: what is not exactly a scope this server knows grants nothing and is among the unknown,
 * each with what can be done about it.
 */
export function readScopes(text: string, definitions: Definitions): Scopes {
  if (text.length > LONGEST)
    return nothingOf(text, [
      `Scopes take at most ${LONGEST} characters; these have ${text.length}. Ask for fewer, or with wildcards.`,
      `scope 最多 ${LONGEST} 個字元，這裡有 ${text.length} 個。請減少項目或改用萬用字元。`,
    ])
  const words = [...new Set(text.split(/[ \t\r\n]+/).filter(word => word !== ''))]
  if (words.length > MOST_SCOPES)
    return nothingOf(text, [
      `At most ${MOST_SCOPES} scopes at once; these are ${words.length}. Ask for fewer, or with wildcards.`,
      `一次最多 ${MOST_SCOPES} 個 scope，這裡有 ${words.length} 個。請減少項目或改用萬用字元。`,
    ])
  const resources: Scope[] = []
  const others: string[] = []
  const unknown: Unknown[] = []
  const contexts = contextsOf(definitions)
  for (const word of words) {
    const read = readScope(word, definitions, contexts)
    if (read === 'other') others.push(word)
    else if ('level' in read) resources.push(read)
    else unknown.push({ text: shortened(word), why: read[0], whyZh: read[1] })
  }
  return { resources, others, unknown }
}

const nothingOf = (text: string, [why, whyZh]: Reason): Scopes => ({
  resources: [],
  others: [],
  unknown: [{ text: shortened(text), why, whyZh }],
})

const shortened = (text: string) => (text.length > 200 ? `${text.slice(0, 200)}…` : text)

function readScope(text: string, definitions: Definitions, contexts: ReadonlySet<string>): Scope | Reason | 'other' {
  if (!wellFormed.test(text))
    return [
      'A scope has plain characters only; write others percent-encoded, as in %20.',
      'scope 只能用一般 ASCII 字元；其他字元請用百分比編碼，例如 %20。',
    ]
  if (identity.has(text)) return 'other'
  if (text.startsWith('launch/')) {
    const context = launchContext.exec(text)?.[1]
    if (context !== undefined && contexts.has(context)) return 'other'
    return [
      'launch/ takes a resource type in lower case, as in launch/patient.',
      'launch/ 之後是小寫的資源型別，例如 launch/patient。',
    ]
  }
  const parts = resourceScope.exec(text)
  if (!parts)
    return [
      'This is no scope of SMART. Those for data are like patient/Observation.rs.',
      '這不是 SMART 的 scope。資料的 scope 寫法如 patient/Observation.rs。',
    ]
  const [, level = '', type = '', letters = '', query] = parts
  if (type !== '*' && !definitions.isResourceType(type))
    return [
      `"${type.slice(0, 64)}" is not a resource type of FHIR R4; upper and lower case count.`,
      `「${type.slice(0, 64)}」不是 FHIR R4 的資源型別，請注意大小寫。`,
    ]
  const old = Object.hasOwn(v1, letters) ? v1[letters] : undefined
  const permissions = permissionsOf(old ?? letters)
  if (!permissions)
    return [
      'The permissions are letters of "cruds", each once and in this order (or read, write, * of SMART 1).',
      '權限是「cruds」中的字母，各一次並照此順序（或 SMART 1 的 read、write、*）。',
    ]
  if (query !== undefined) {
    if (old !== undefined)
      return [
        'Search parameters come with the permissions of SMART 2: .rs?… in place of .read?….',
        '搜尋參數須搭配 SMART 2 的權限寫法：請用 .rs?… 取代 .read?…。',
      ]
    const problem = queryProblem(type, query, definitions)
    if (problem) return problem
  }
  return { level: level as Level, type, permissions, query: query ?? '', text }
}

/** The letters, which must be in order, each at most once and at least one. */
function permissionsOf(letters: string): ReadonlySet<Permission> | undefined {
  if (!/^(?=.)c?r?u?d?s?$/.test(letters)) return undefined
  return new Set(letters as Iterable<Permission>)
}

const known = new WeakMap<readonly string[], ReadonlySet<string>>()

/** What may stand behind `launch/`: the types in lower case. */
function contextsOf({ resourceTypes }: Definitions): ReadonlySet<string> {
  let contexts = known.get(resourceTypes)
  if (!contexts) known.set(resourceTypes, (contexts = new Set(resourceTypes.map(type => type.toLowerCase()))))
  return contexts
}

/** The letters of a permission set, in order. */
export const letters = (permissions: ReadonlySet<Permission>): string =>
  LETTERS.filter(letter => permissions.has(letter)).join('')

/** A scope as text: as it was asked when that says exactly this, else in the form of SMART 2. */
export function printScope({ level, type, permissions, query, text }: Scope): string {
  const asked = resourceScope.exec(text)
  if (asked) {
    const [, l, t, p = '', q = ''] = asked
    const meant = Object.hasOwn(v1, p) ? v1[p] : p
    if (l === level && t === type && meant === letters(permissions) && q === query) return text
  }
  return `${level}/${type}.${letters(permissions)}${query === '' ? '' : `?${query}`}`
}

/** The `scope` of a token answer. What was unknown is not in it. */
export const printScopes = ({ resources, others }: Scopes): string =>
  [...new Set([...others, ...resources.map(printScope)])].join(' ')

/** The levels at which data is asked for. */
export const levels = ({ resources }: Scopes): ReadonlySet<Level> => new Set(resources.map(({ level }) => level))

/** Who did what to which record is not part of `*`: it is granted by name only. */
export const byNameOnly: ReadonlySet<string> = new Set(['AuditEvent'])

/** Whether a scope for `scopeType` (a type or `*`) speaks of resources of this type. */
export const speaksOf = (scopeType: string, type: string): boolean =>
  scopeType === type || (scopeType === '*' && !byNameOnly.has(type))
