/**
 * Who looked at a patient's record, from the AuditEvents about that patient: without names, in plain words.
 * https://hl7.org/fhir/R4/auditevent.html
 */
import type { AuditEvent } from 'fhir/r4'
import type { Filter, Position } from '../search/query.ts'
import type { Store } from '../store/store.ts'

/** One look at the record. */
export interface AccessRow {
  /** The AuditEvent. */
  readonly id: string
  /** A FHIR instant. */
  readonly when: string
  /** What kind of person or program: never a name. */
  readonly who: { readonly role: WhoRole; readonly self: boolean }
  /** `client_id`, or what the caller is called. */
  readonly app: string
  /** What was done, as a code of restful-interaction or of access. */
  readonly what: string
  /** Types of the resources, when they are known: `Observation`. */
  readonly types: readonly string[]
  readonly refused: boolean
  /** Emergency access, with the reason given. */
  readonly emergency?: string
  readonly words: { readonly en: string; readonly 'zh-TW': string }
}

export type WhoRole = 'Practitioner' | 'Patient' | 'RelatedPerson' | 'Person' | 'system'

export interface AccessPage {
  /** Newest first. */
  readonly rows: readonly AccessRow[]
  /** For the next page. */
  readonly next: Position | undefined
}

/** The rows of a patient. `store` is the whole store; who may see them is the caller's to check (the patient's own session). */
export async function recordAccess(
  store: Pick<Store, 'find'>,
  patient: string,
  { count = 50, after }: { readonly count?: number; readonly after?: Position } = {},
): Promise<AccessPage> {
  const filter: Filter = {
    is: 'has',
    param: 'entity',
    kind: 'reference',
    where: { is: 'compare', by: '=', column: 'ref', value: `Patient/${patient}` },
  }
  const page = await store.find({
    types: ['AuditEvent'],
    filter,
    sort: [],
    count,
    total: 'none',
    ...(after ? { after } : {}),
  })
  return { rows: page.matches.map(({ text }) => rowOf(JSON.parse(text!) as AuditEvent, patient)), next: page.next }
}

function rowOf(event: AuditEvent, patient: string): AccessRow {
  const user = event.agent.find(agent => agent.who?.reference !== undefined)?.who?.reference
  const app = event.agent[0]?.who?.identifier?.value ?? ''
  const role = (/^(Practitioner|Patient|RelatedPerson|Person)(?:Role)?\//.exec(user ?? '')?.[1] ?? 'system') as WhoRole
  const self = user === `Patient/${patient}`
  const what = event.subtype?.[0]?.code ?? event.action ?? ''
  const types = new Set(
    (event.entity ?? [])
      .filter(({ role }) => role?.code === '4')
      .flatMap(({ what }) => /^([A-Z][A-Za-z]+)\//.exec(what?.reference ?? '')?.[1] ?? []),
  )
  const query = event.entity?.find(entity => entity.query !== undefined)?.query
  const searched = query && /^[A-Z]+ ([A-Z][A-Za-z]+)(?:[?/]|$)/.exec(Buffer.from(query, 'base64').toString())?.[1]
  if (searched) types.add(searched)
  const emergency = event.entity
    ?.flatMap(({ detail = [] }) => detail)
    .find(({ type }) => type === 'break-glass-reason')?.valueString
  const refused = event.outcome !== '0'
  return {
    id: event.id ?? '',
    when: event.recorded,
    who: { role, self },
    app,
    what,
    types: [...types],
    refused,
    ...(emergency === undefined ? {} : { emergency }),
    words: said(self ? 'self' : role, event.action ?? 'E', what, refused),
  }
}

const people: Readonly<Record<WhoRole | 'self', readonly [en: string, zh: string]>> = {
  self: ['You', '您本人'],
  Practitioner: ['A practitioner', '醫事人員'],
  Patient: ['Another patient', '其他病人'],
  RelatedPerson: ['A related person', '關係人'],
  Person: ['A person', '個人'],
  system: ['A program', '應用程式'],
}

const deeds: Readonly<Record<string, readonly [en: string, refusedEn: string, zh: string]>> = {
  R: ['read a part of your record', 'tried to read a part of your record', '讀取您的部分紀錄'],
  E: ['searched or used your record', 'tried to search or use your record', '查詢或使用您的紀錄'],
  C: ['added to your record', 'tried to add to your record', '新增您的紀錄'],
  U: ['changed your record', 'tried to change your record', '修改您的紀錄'],
  D: ['deleted a part of your record', 'tried to delete a part of your record', '刪除您的部分紀錄'],
}

/** Those that are not about the record itself. */
const others: typeof deeds = {
  launch: ['opened an app with your record', 'tried to open an app with your record', '以您的紀錄開啟應用程式'],
  consent: ['let an app see your record', 'kept an app from your record', '同意應用程式存取您的紀錄'],
  'token-issued': ['gave an app access to your record', 'tried to give an app access', '授權應用程式存取您的紀錄'],
  'token-refreshed': ['renewed the access of an app', 'tried to renew the access of an app', '更新應用程式的存取授權'],
  'token-revoked': ['ended the access of an app', 'tried to end the access of an app', '終止應用程式的存取授權'],
  '110127': ['took emergency access to your record', 'was refused emergency access', '以緊急存取開啟您的紀錄'],
}

function said(who: WhoRole | 'self', action: string, what: string, refused: boolean): AccessRow['words'] {
  const deed = others[what] ?? deeds[action] ?? deeds['E']!
  const [en, zh] = people[who]
  return {
    en: `${en} ${deed[refused ? 1 : 0]}.`,
    'zh-TW': refused ? `${zh}曾嘗試${deed[2]}，但未成功。` : `${zh}${deed[2]}。`,
  }
}
