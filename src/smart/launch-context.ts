/**
 * EHR launches: the context behind the opaque `launch` parameter, handed out once.
 * https://hl7.org/fhir/smart-app-launch/STU2.2/scopes-and-launch-context.html
 */
import type { Records } from '../store/store.ts'
import { digestOf, secretOf } from './secret.ts'
import type { LaunchContext } from './words.ts'

const LASTS = 5 * 60_000

export interface Launches {
  /** Resolves to the value of `launch`. */
  make(context: LaunchContext): Promise<string>
  /** Leaves it where it is. */
  look(launch: string): Promise<LaunchContext | undefined>
  /** Gives it to one only. */
  take(launch: string): Promise<LaunchContext | undefined>
  /** For the next request of this client that comes without a `launch`: what the launcher was told of it. */
  arm(client: string, context: LaunchContext): Promise<void>
  lookNext(client: string): Promise<LaunchContext | undefined>
  takeNext(client: string): Promise<LaunchContext | undefined>
}

export const makeLaunches = (records: Records, now: () => number, random: (bytes: number) => Buffer): Launches => ({
  async make(context) {
    const launch = secretOf(random)
    await records.put(digestOf(launch), context, now() + LASTS)
    return launch
  },
  look: async launch => (await records.get(digestOf(launch))) as LaunchContext | undefined,
  take: async launch => (await records.take(digestOf(launch))) as LaunchContext | undefined,
  arm: (client, context) => records.put(`next ${client}`, context, now() + LASTS),
  lookNext: async client => (await records.get(`next ${client}`)) as LaunchContext | undefined,
  takeNext: async client => (await records.take(`next ${client}`)) as LaunchContext | undefined,
})
