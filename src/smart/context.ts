/**
 * The launch context of a token answer: in which patient, visit and intent the app was opened.
 * https://hl7.org/fhir/smart-app-launch/STU2.2/scopes-and-launch-context.html#launch-context-arrives-with-your-access_token
 */
import type { Context } from './families.ts'
import type { Asking } from './people.ts'

interface Known {
  readonly asking: Asking
  readonly scope: string
  readonly patient: string | undefined
  readonly encounter: string | undefined
  readonly tenant: string
  readonly base: string
}

/** In the names of the token answer; told again with every refresh and by introspection. */
export function contextOf({ asking, scope, patient, encounter, tenant, base }: Known): Context {
  const launch = asking.launch?.standalone ? undefined : asking.launch
  const scopes = scope.split(' ')
  const isLaunched = launch !== undefined
  const asks = (name: string) => isLaunched || scopes.some(each => each.startsWith(`launch/${name}`))
  const inPatient = patient !== undefined && (asks('patient') || scopes.some(each => each.startsWith('patient/')))
  return {
    ...(inPatient && asking.launch?.simulate !== 'no_patient' ? { patient } : {}),
    ...(encounter !== undefined && asks('encounter') ? { encounter } : {}),
    ...(launch?.fhirContext?.length ? { fhirContext: launch.fhirContext } : {}),
    ...(launch?.intent === undefined ? {} : { intent: launch.intent }),
    // who opens an app by itself sees nothing of ours beside it
    ...(inPatient ? { need_patient_banner: launch?.needPatientBanner ?? true } : {}),
    ...(isLaunched ? { tenant } : {}),
    smart_style_url: `${base}/auth/smart-style.json`,
  }
}
