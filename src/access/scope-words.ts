/**
 * What scopes permit, in words: for people who choose them, and for those whose token does less than they thought.
 * https://hl7.org/fhir/smart-app-launch/STU2.2/scopes-and-launch-context.html
 */
import type { Definitions } from '../fhir/definitions.ts'
import type { Action, Caller, Permitted } from './caller.ts'
import type { Grant } from './grant.ts'
import { sharedTypes } from './patient-record.ts'
import { byNameOnly, printScope, printScopes, readScopes, type Unknown } from './scope.ts'
import { pairsOf } from './scope-query.ts'
import { makeCaller, type Reaches } from './token-caller.ts'

/** English and Traditional Chinese. */
export interface Words {
  readonly en: string
  readonly zh: string
}

export const ACTIONS: readonly Action[] = ['create', 'read', 'update', 'delete', 'search']

/** In which situation scopes are tried. */
export interface TrialContext {
  /** Whether there is a patient in context. Default true. */
  readonly patient?: boolean
  /** The type of the user. Default Practitioner. */
  readonly user?: string
  /** A backend service: no user. */
  readonly backend?: boolean
}

/** What scopes would permit. */
export interface ScopeTrial {
  /** The scopes that are understood, as a token answer would tell them. */
  readonly scope: string
  readonly unknown: readonly Unknown[]
  /** Scopes that are understood and permit nothing in this situation. */
  readonly idle: readonly { readonly text: string; readonly why: Words }[]
  /** Types for which the same holds, together. */
  readonly permits: readonly {
    readonly types: readonly string[]
    readonly actions: Readonly<Partial<Record<Action, Words>>>
  }[]
}

/** The patient that a trial speaks of; no id can be like this. */
const SOMEBODY = '{patient}'

/** What these scopes would permit, by type and action. Never throws for what the text says. */
export async function tryScopes(
  text: string,
  { definitions, base, context = {} }: { definitions: Definitions; base: string; context?: TrialContext },
): Promise<ScopeTrial> {
  const scopes = readScopes(text, definitions)
  const { patient = true, user = 'Practitioner', backend = false } = context
  const grant: Grant = {
    id: 'trial',
    tenant: '',
    client: 'trial',
    scope: printScopes(scopes),
    issued: 0,
    expires: 0,
    ...(backend ? {} : { user: `${user}/${SOMEBODY}` }),
    ...(patient ? { patient: SOMEBODY } : {}),
  }
  const treats = user === 'Practitioner' || user === 'PractitionerRole'
  const reaches: Reaches = {
    ...(backend ? { system: 'all' } : { user: treats ? 'all' : [SOMEBODY] }),
    ...(patient ? { patient: [SOMEBODY] } : {}),
  }
  const caller = await makeCaller(grant, reaches, { definitions, base })
  const groups = new Map<string, { types: string[]; actions: Partial<Record<Action, Words>> }>()
  const used = new Set<string>()
  for (const type of definitions.resourceTypes) {
    const actions: Partial<Record<Action, Words>> = {}
    for (const action of ACTIONS) {
      const because = caller.because(type, action)
      for (const { scope } of because) used.add(scope.text)
      if (because.length > 0) actions[action] = extent(caller, type, action)
    }
    if (Object.keys(actions).length === 0) continue
    const key = JSON.stringify(actions)
    const group = groups.get(key)
    if (group) group.types.push(type)
    else groups.set(key, { types: [type], actions })
  }
  const idle = scopes.resources.filter(scope => !used.has(scope.text))
  return {
    scope: printScopes(scopes),
    unknown: scopes.unknown,
    idle: idle.map(scope => ({ text: printScope(scope), why: whyIdle(scope.level, reaches) })),
    permits: [...groups.values()],
  }
}

function whyIdle(level: 'patient' | 'user' | 'system', reaches: Reaches): Words {
  if (reaches[level])
    return {
      en: 'It permits nothing: a value of its search parameters is not understood, or such records are not given by this scope.',
      zh: '此 scope 沒有作用：搜尋參數的值無法理解，或這類紀錄不由此 scope 授權。',
    }
  if (level === 'patient')
    return {
      en: 'It needs a patient in context: ask for launch/patient too.',
      zh: '需要病人情境：請同時要求 launch/patient。',
    }
  if (level === 'user') return { en: 'It needs a user who signs in.', zh: '需要登入的使用者。' }
  return { en: 'It is for backend services, without a user.', zh: '僅供沒有使用者的後端服務使用。' }
}

/** Which resources of the type the caller may do this to, scope by scope. */
export function extent(caller: Caller, type: string, action: Action): Words {
  const parts = (caller.because?.(type, action) ?? []).map(permitted => reach(permitted, type, caller.grant))
  const unlike = [...new Map(parts.map(part => [part.en, part])).values()]
  if (unlike.length === 0) return caller.permits(type, action) ? { en: 'all', zh: '全部' } : { en: 'none', zh: '無' }
  return { en: unlike.map(({ en }) => en).join('; or '), zh: unlike.map(({ zh }) => zh).join('；或') }
}

function reach({ scope }: Permitted, type: string, grant: Grant | undefined): Words {
  const conditions = (pairsOf(scope.query) ?? []).map(([name, value]) => `${name}=${value}`)
  const where: Words =
    conditions.length === 0
      ? { en: '', zh: '' }
      : { en: ` that satisfy ${conditions.join(' and ')}`, zh: `，且符合 ${conditions.join(' 及 ')}` }
  const whole = whose(scope.level, type, grant)
  const state =
    type === 'Basic' ? { en: ', of app state only its own', zh: '（應用程式狀態僅限自身）' } : { en: '', zh: '' }
  return { en: whole.en + where.en + state.en, zh: whole.zh + where.zh + state.zh }
}

function whose(level: string, type: string, grant: Grant | undefined): Words {
  const [userType, userId] = (grant?.user ?? '').split('/')
  const treats = userType === 'Practitioner' || userType === 'PractitionerRole'
  if (level === 'system' || (level === 'user' && treats)) return { en: 'all', zh: '全部' }
  if (sharedTypes.has(type)) return { en: 'all, to be read', zh: '全部（唯讀）' }
  const id = level === 'patient' ? grant?.patient : userType === 'Patient' ? userId : undefined
  const named = id === undefined || id === SOMEBODY ? undefined : `Patient/${id}`
  if (type === 'Patient') return { en: named ?? 'the patient', zh: named ?? '該病人' }
  const record = { en: `the record of ${named ?? 'the patient'}`, zh: `${named ?? '該病人'}的紀錄` }
  if (byNameOnly.has(type)) return { en: `accesses to ${record.en}`, zh: `對${record.zh}的存取` }
  return { en: `those in ${record.en}`, zh: `${record.zh}內的資料` }
}
