/**
 * SMART scopes, v1 and v2, read from their text.
 * https://hl7.org/fhir/smart-app-launch/STU2.2/scopes-and-launch-context.html
 */

/** In this order and each at most once: `cruds`. */
export type Permission = 'c' | 'r' | 'u' | 'd' | 's'

/** `patient/Observation.rs?category=laboratory`: one granted permission. */
export interface Scope {
  readonly level: 'patient' | 'user' | 'system'
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
  /** What is no scope this server knows, each with the reason. */
  readonly unknown: readonly { readonly text: string; readonly why: string }[]
}
