/**
 * What an access token stands for: who may do what, in which context.
 * https://hl7.org/fhir/smart-app-launch/STU2.2/app-launch.html
 */

/** Signed into an access token by smart/, read by everything that decides. */
export interface Grant {
  /** The token's own id (`jti`). */
  readonly id: string
  readonly tenant: string
  /** `client_id`. */
  readonly client: string
  /** `Practitioner/123`, `Patient/1`: who signed in; absent for backend services. */
  readonly user?: string
  /** Granted scopes, space separated, exactly as the token answer tells them. */
  readonly scope: string
  /** Id of the patient in context. Without one, `patient/` scopes permit nothing. */
  readonly patient?: string
  readonly encounter?: string
  /** Seconds since 1970. */
  readonly issued: number
  readonly expires: number
  /** The consent (and its refresh tokens) it comes from; ended with it. Absent for backend services. */
  readonly family?: string
  /** Emergency access: the reason given. https://terminology.hl7.org/CodeSystem/v3-ActReason (BTG) */
  readonly breakGlass?: string
  /** Where the developer of the app follows what it asks; in a sandbox only. */
  readonly trace?: string
}
