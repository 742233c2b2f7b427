/**
 * Refresh tokens: each is used once and replaced; they live and end with their family.
 * https://www.rfc-editor.org/rfc/rfc9700#section-4.14.2
 */
import type { Records } from '../store/store.ts'
import type { Families, KeptFamily } from './families.ts'
import { digestOf } from './secret.ts'

const HOUR = 3600 * 1000
/** Since the last use. `online_access` also ends with the session. */
const LASTS = { online: 12 * HOUR, offline: 30 * 24 * HOUR }

export interface RefreshTokens {
  /** The next token of the family, which is kept as long; undefined when its scope has none. */
  next(family: KeptFamily): Promise<string | undefined>
  /** The id of its family; gives it to one only. */
  take(token: string): Promise<string | undefined>
  /** The id of its family; stays. */
  look(token: string): Promise<string | undefined>
}

export const makeRefreshTokens = (records: Records, families: Families, now: () => number): RefreshTokens => ({
  async next(family) {
    const kind = kindOf(family)
    const ends = kind === undefined ? now() + 2 * HOUR : now() + LASTS[kind]
    await families.put({ ...family, lastUsed: now(), ends })
    if (kind === undefined || families.hasEnded(family.id)) return undefined
    const token = families.newSecret(family.id)
    await records.put(digestOf(token), family.id, ends)
    return token
  },
  take: async token => (await records.take(digestOf(token))) as string | undefined,
  look: async token => (await records.get(digestOf(token))) as string | undefined,
})

/** Which refresh tokens the family has; none in an emergency. */
export function kindOf({ scope, breakGlass, simulate }: KeptFamily): 'online' | 'offline' | undefined {
  if (breakGlass !== undefined || simulate === 'no_refresh_token') return undefined
  const scopes = scope.split(' ')
  if (scopes.includes('offline_access')) return 'offline'
  return scopes.includes('online_access') ? 'online' : undefined
}
