/**
 * Tokens that count once: a `jti` that was seen is refused as long as its token could still be used.
 * https://www.rfc-editor.org/rfc/rfc7519#section-4.1.7
 */
import { createHash } from 'node:crypto'
import type { Records } from '../store/store.ts'
import { BadJwt } from './jwt.ts'

/** Resolves the first time; rejects with `BadJwt` for what was seen before. `exp` in seconds. */
export type Once = (issuer: string, jti: unknown, exp: number) => Promise<void>

export function makeOnce(seen: Records, now: () => number): Once {
  /** In this process: two copies at once must not both find nothing in the records. By digest, until when. */
  const used = new Map<string, number>()

  return async (issuer, jti, exp) => {
    if (typeof jti !== 'string' || jti === '' || jti.length > 256) throw new BadJwt('It has no jti.')
    const key = createHash('sha256').update(`${issuer} ${jti}`).digest('base64url')
    const replayed = () => new BadJwt('Its jti was used before. Make a new token for every request.')
    for (const [old, until] of used) {
      if (until > now()) break
      used.delete(old)
    }
    if (used.has(key)) throw replayed()
    const until = (exp + 60) * 1000
    used.set(key, until)
    if ((await seen.get(key)) !== undefined) throw replayed()
    await seen.put(key, true, until)
  }
}
