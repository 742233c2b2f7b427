/**
 * EHR launches: the context behind the opaque `launch` parameter, handed out once.
 * https://hl7.org/fhir/smart-app-launch/STU2.2/scopes-and-launch-context.html
 */
import type { Records } from '../store/store.ts'
import { digestOf, secretOf } from './secret.ts'
import type { LaunchContext } from './words.ts'

/** Errors that an app can be shown, so that it is tested with them. In open mode only. */
export const simulations = [
  'auth_invalid_client',
  'auth_invalid_redirect_uri',
  'auth_invalid_scope',
  'auth_access_denied',
  'auth_server_error',
  'token_invalid_client',
  'token_expired_code',
  'token_invalid_grant',
  'token_server_error',
  'scope_cut',
  'no_refresh_token',
  'expired_token',
  'invalid_token',
  'wrong_aud',
  'no_id_token',
] as const
export type Simulation = (typeof simulations)[number]

const LASTS = 5 * 60_000

export interface Launches {
  /** Resolves to the value of `launch`. */
  make(context: LaunchContext): Promise<string>
  /** Leaves it where it is. */
  look(launch: string): Promise<LaunchContext | undefined>
  /** Gives it to one only. */
  take(launch: string): Promise<LaunchContext | undefined>
}

export const makeLaunches = (records: Records, now: () => number, random: (bytes: number) => Buffer): Launches => ({
  async make(context) {
    const launch = secretOf(random)
    await records.put(digestOf(launch), context, now() + LASTS)
    return launch
  },
  look: async launch => (await records.get(digestOf(launch))) as LaunchContext | undefined,
  take: async launch => (await records.take(digestOf(launch))) as LaunchContext | undefined,
})
