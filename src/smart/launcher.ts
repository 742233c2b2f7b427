/**
 * What is chosen in the launcher, read and checked: the launch it stands for.
 * https://hl7.org/fhir/smart-app-launch/STU2.2/app-launch.html#launch-app-ehr-launch
 */
import type { People } from './people-directory.ts'
import { canPlay, simulations } from './simulations.ts'
import type { Client, LaunchContext } from './words.ts'

export const KINDS = ['ehr', 'patient-standalone', 'provider-standalone', 'backend'] as const
export type Kind = (typeof KINDS)[number]

/** A launch that can be made. */
export interface Order {
  readonly kind: Kind
  /** Undefined: whoever the launch URL belongs to. */
  readonly client?: Client
  readonly launchUrl?: string
  readonly context: LaunchContext
}

/** Any client may redeem the launch: its app was named by address only. */
export const ANY_CLIENT = '*'

/** Reads the form; `fault` says in English and Chinese what is wrong with it. */
export async function readOrder(
  form: URLSearchParams,
  clients: readonly Client[],
  people: People,
): Promise<Order | { readonly fault: readonly [en: string, zh: string] }> {
  const given = (name: string) => form.get(name)?.trim() || undefined
  const on = (name: string) => given(name) !== undefined
  const kind = KINDS.find(each => each === (given('kind') ?? 'ehr'))
  if (!kind) return { fault: ['Choose a kind of launch.', '請選擇啟動方式。'] }
  const named = given('client')
  const client = clients.find(({ id }) => id === named)
  if (named !== undefined && !client)
    return { fault: ['There is no app of that client_id.', '查無此 client_id 的應用程式。'] }
  const launchUrl = given('launch_url') ?? client?.launchUri
  if (!client && launchUrl === undefined)
    return { fault: ['Choose an app, or give its launch URL.', '請選擇應用程式或輸入其啟動網址。'] }
  if (kind === 'ehr') {
    if (launchUrl === undefined)
      return { fault: ['This app has no launch URL: give one.', '此應用程式未登錄啟動網址，請輸入。'] }
    // a launch URL is opened by the browser: nothing that runs or shows what is in the address itself
    if (!/^https?:$/.test(URL.parse(launchUrl)?.protocol ?? ''))
      return { fault: ['A launch URL begins with https:// or http://.', '啟動網址須以 https:// 或 http:// 開頭。'] }
  }
  const user = given('user')
  const person = user === undefined ? undefined : await people.person(user)
  if (user !== undefined && !person) return { fault: ['There is no such user.', '查無此使用者。'] }
  const wrong =
    kind === 'patient-standalone' ? /^Practitioner/ : kind === 'provider-standalone' ? /^(?!Practitioner)/ : undefined
  if (user !== undefined && wrong?.test(user))
    return { fault: ['This user does not launch apps in this way.', '該使用者不適用此啟動方式。'] }
  const patient = given('patient')
  if (
    patient !== undefined &&
    !(person ? await people.patientFor(person, patient) : await people.person(`Patient/${patient}`))
  )
    return { fault: ['There is no such patient, or this user may not open it.', '查無此病人，或該使用者無權開啟。'] }
  const encounter = given('encounter')
  if (encounter !== undefined) {
    const visits = patient === undefined ? [] : await people.visits(patient, 200)
    if (!visits.some(({ id }) => id === encounter))
      return { fault: ['This visit is not of this patient.', '此就醫紀錄不屬於該病人。'] }
  }
  const simulate = given('simulate')
  if (simulate !== undefined && !simulations.includes(simulate))
    return { fault: ['There is no such simulated error.', '無此模擬錯誤。'] }
  if (simulate !== undefined && !canPlay(simulate, kind))
    return { fault: ['This error cannot be played in this kind of launch.', '此啟動方式無法模擬該錯誤。'] }
  const fhirContext = readContext(given('fhir_context'))
  if (fhirContext === 'wrong')
    return {
      fault: [
        'fhirContext is a JSON list of objects with a reference, canonical or identifier.',
        'fhirContext 須為 JSON 物件陣列，各含 reference、canonical 或 identifier。',
      ],
    }
  const chosen = [user, patient, simulate].some(each => each !== undefined) || on('skip_login') || on('skip_consent')
  if (kind !== 'ehr' && !client && chosen)
    return {
      fault: [
        'Choose a registered app: its next request is where user, patient and error count.',
        '請選擇已登錄的應用程式：使用者、病人與模擬錯誤將用於其下一個請求。',
      ],
    }
  const intent = given('intent')?.slice(0, 200)
  const skipLogin = on('skip_login') && user !== undefined
  return {
    kind,
    ...(client ? { client } : {}),
    ...(launchUrl === undefined ? {} : { launchUrl }),
    context: {
      client: client?.id ?? ANY_CLIENT,
      ...(kind === 'ehr' ? {} : { standalone: true }),
      ...(user === undefined ? {} : { user }),
      ...(patient === undefined ? {} : { patient }),
      ...(encounter === undefined ? {} : { encounter }),
      ...(fhirContext ? { fhirContext } : {}),
      ...(intent === undefined ? {} : { intent }),
      ...(simulate === undefined ? {} : { simulate }),
      ...(on('need_patient_banner') ? { needPatientBanner: true } : { needPatientBanner: false }),
      ...(skipLogin ? { skipLogin } : {}),
      ...(on('skip_consent') ? { skipConsent: true } : {}),
    },
  }
}

function readContext(text: string | undefined): readonly Readonly<Record<string, unknown>>[] | undefined | 'wrong' {
  if (text === undefined) return undefined
  try {
    const value: unknown = JSON.parse(text.slice(0, 10_000))
    const fine =
      Array.isArray(value) &&
      value.every(
        (each: unknown) =>
          typeof each === 'object' &&
          each !== null &&
          ['reference', 'canonical', 'identifier'].some(name => Object.hasOwn(each, name)),
      )
    return fine ? (value as Record<string, unknown>[]) : 'wrong'
  } catch {
    return 'wrong'
  }
}
