/**
 * Emergency access ("break the glass"): what is behind the glass, who may break it, for how long, and what must be said.
 * https://hl7.org/fhir/R4/security-labels.html https://terminology.hl7.org/CodeSystem-v3-ActReason.html#v3-ActReason-BTG
 */
import type { Filter } from '../search/query.ts'

const CONFIDENTIALITY = 'http://terminology.hl7.org/CodeSystem/v3-Confidentiality'

/** What practitioners see in an emergency only, where emergency access is allowed: resources labelled restricted or very restricted. */
export const behindGlass: Filter = {
  is: 'has',
  param: '_security',
  kind: 'token',
  where: {
    is: 'and',
    parts: [
      { is: 'compare', by: '=', column: 'system', value: CONFIDENTIALITY },
      { is: 'one of', column: 'code', values: ['R', 'V'] },
    ],
  },
}

/**
 * How a token tells what it is for: IHE IUA's claim, also in the token answer and in introspection.
 * https://profiles.ihe.net/ITI/IUA/
 */
export const emergencyClaim = {
  extensions: {
    ihe_iua: { purpose_of_use: [{ system: 'http://terminology.hl7.org/CodeSystem/v3-ActReason', code: 'BTG' }] },
  },
} as const

export interface BreakGlassAsked {
  /** Whether the tenant allows it at all. */
  readonly allowed: boolean
  /** Who is signed in: `Practitioner/1`; undefined for backend services. */
  readonly user: string | undefined
  /** Why, in the user's own words. */
  readonly reason: string | undefined
  /** Scopes that would be granted, space separated. */
  readonly scope: string
}

export type BreakGlassDecision =
  /** `scope`: without what would outlast the emergency; `seconds`: the longest its token may live. */
  | { readonly ok: true; readonly reason: string; readonly scope: string; readonly seconds: number }
  | { readonly ok: false; readonly why: string; readonly whyZh: string }

/** Ten minutes, and no refresh token. */
export const EMERGENCY_SECONDS = 600
const SHORTEST = 10
const LONGEST = 500

const staff = /^(?:Practitioner|PractitionerRole)\/[A-Za-z0-9\-.]{1,64}$/

const no = (why: string, whyZh: string): BreakGlassDecision => ({ ok: false, why, whyZh })

/** Whether emergency access is given, and within which limits. */
export function decideBreakGlass({ allowed, user, reason = '', scope }: BreakGlassAsked): BreakGlassDecision {
  if (!allowed) return no('Emergency access is not allowed here.', '本機構未開放緊急存取。')
  if (user === undefined || !staff.test(user))
    return no(
      'Emergency access is for practitioners who are signed in: not for patients, not for backend services.',
      '緊急存取僅限已登入的醫事人員，病人與後端服務不得使用。',
    )
  const said = reason
    // what would break a line of a log or turn the reading direction
    .replace(/[\p{Cc}\p{Cf}\p{Z}]+/gu, ' ')
    .trim()
  if ([...said].length < (/\p{Script=Han}/u.test(said) ? SHORTEST / 2 : SHORTEST))
    return no(
      'Say why in a few words; the reason is kept in the audit log.',
      '請以簡短文字說明理由；理由會保存在稽核紀錄中。',
    )
  const kept = scope.split(' ').filter(one => one !== '' && one !== 'offline_access' && one !== 'online_access')
  return { ok: true, reason: [...said].slice(0, LONGEST).join(''), scope: kept.join(' '), seconds: EMERGENCY_SECONDS }
}
