/**
 * What users have allowed which app: kept until it is withdrawn.
 */
import type { Records } from '../../store/store.ts'

export interface ConsentRecord {
  /** `Patient/1` */
  readonly user: string
  /** `client_id` */
  readonly client: string
  /** The scopes the app asked for, and those that were ticked. */
  readonly asked: readonly string[]
  readonly granted: readonly string[]
  /** Not asked again for these or fewer scopes. */
  readonly remembered: boolean
  /** Milliseconds since 1970. */
  readonly given: number
}

export interface Consents {
  of(user: string): Promise<ConsentRecord[]>
  /** What was ticked of these scopes when the user wanted not to be asked again; undefined when he is to be asked. */
  remembered(user: string, client: string, asked: readonly string[]): Promise<readonly string[] | undefined>
  give(consent: ConsentRecord): Promise<void>
  withdraw(user: string, client: string): Promise<void>
}

// a client_id may hold any printable character, a reference no space
const keyOf = (user: string, client: string) => `${user} ${client}`

/** `records`: `smart-consents`. */
export function makeConsents(records: Records): Consents {
  return {
    of: async user => (await records.list(`${user} `)).map(({ value }) => value as ConsentRecord),
    async remembered(user, client, asked) {
      const consent = (await records.get(keyOf(user, client))) as ConsentRecord | undefined
      if (!consent?.remembered || !asked.every(scope => consent.asked.includes(scope))) return undefined
      return consent.granted
    },
    give: consent => records.put(keyOf(consent.user, consent.client), consent),
    withdraw: (user, client) => records.remove(keyOf(user, client)),
  }
}
