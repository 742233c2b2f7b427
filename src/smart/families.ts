/**
 * Consents that last, each with the tokens that come from it: a family. Ended as a whole, at once and for good.
 * https://www.rfc-editor.org/rfc/rfc9700#section-4.14
 */
import type { Records } from '../store/store.ts'
import { secretOf } from './secret.ts'
import type { LaunchContext } from './words.ts'

/** The launch context of a token answer, in its own names. */
export type Context = Readonly<Record<string, unknown>>

/** Kept in `smart-families` by id. */
export interface KeptFamily {
  readonly id: string
  readonly client: string
  readonly user: string
  readonly scope: string
  readonly patient?: string
  readonly encounter?: string
  /** What the token answer tells beside scope: patient, encounter, fhirContext, intent … */
  readonly context: Context
  readonly session?: string
  readonly breakGlass?: string
  readonly trace?: string
  readonly simulate?: LaunchContext['simulate']
  /** An id_token came with it. */
  readonly identity: boolean
  /** Milliseconds since 1970. */
  readonly granted: number
  readonly lastUsed: number
  readonly ends: number
}

export interface Families {
  get(id: string): Promise<KeptFamily | undefined>
  /** Nothing is kept of a family that has ended. */
  put(family: KeptFamily): Promise<void>
  all(): Promise<readonly KeptFamily[]>
  end(id: string): Promise<void>
  /** Ends all tokens of a client, those without a family too. */
  endClient(client: string): Promise<void>
  endToken(id: string): Promise<void>
  /** Whether it counts no longer; `issued` in seconds. The revocations must have been loaded. */
  isOver(token: {
    readonly id: string
    readonly client: string
    readonly issued: number
    readonly family?: string
  }): boolean
  hasEnded(id: string): boolean
  /** Loads what was revoked before this start. */
  load(): Promise<void>
  /** A secret that tells its family: `{family}.{random}`. */
  newSecret(family: string): string
}

/** Longer than any access token lives. */
const REMEMBERED = 2 * 3600 * 1000

export interface FamiliesParts {
  readonly families: Records
  readonly revoked: Records
  readonly now: () => number
  readonly random: (bytes: number) => Buffer
}

export function makeFamilies({ families, revoked, now, random }: FamiliesParts): Families {
  /** `family:…`, `token:…`, `client:…` → when it was revoked, in milliseconds. In time order. */
  const over = new Map<string, number>()
  let loading: Promise<void> | undefined

  const load = () =>
    (loading ??= revoked.list().then(all => {
      for (const { key, value } of all) if (!over.has(key)) over.set(key, value as number)
    }))

  async function revoke(key: string): Promise<void> {
    // first here, so that whoever looks from now on knows; then where a restart finds it
    const at = now()
    over.delete(key)
    over.set(key, at)
    for (const [old, since] of over) {
      if (since > at - REMEMBERED) break
      over.delete(old)
    }
    await revoked.put(key, at, at + REMEMBERED)
  }

  const all = async () => (await families.list()).map(({ value }) => value as KeptFamily)
  const end = async (id: string) => {
    await revoke(`family:${id}`)
    await families.remove(id)
  }
  const hasEnded = (id: string) => over.has(`family:${id}`)

  return {
    load,
    all,
    end,
    hasEnded,
    get: async id => (hasEnded(id) ? undefined : ((await families.get(id)) as KeptFamily | undefined)),
    async put(family) {
      if (!hasEnded(family.id)) await families.put(family.id, family, family.ends)
      // ended while it was written
      if (hasEnded(family.id)) await families.remove(family.id)
    },
    async endClient(client) {
      await revoke(`client:${client}`)
      for (const family of await all()) if (family.client === client) await end(family.id)
    },
    endToken: id => revoke(`token:${id}`),
    isOver({ id, client, issued, family }) {
      if (over.size === 0) return false
      const since = over.get(`client:${client}`)
      return (
        over.has(`token:${id}`) ||
        (family !== undefined && hasEnded(family)) ||
        // in whole seconds: what was issued in the same second is over too
        (since !== undefined && issued <= since / 1000)
      )
    },
    newSecret: family => `${family}.${secretOf(random)}`,
  }
}

/** The family that a code or refresh token says it comes from; undefined when it has not the form of one. */
export const familyOf = (secret: string): string | undefined =>
  /^([A-Za-z0-9_-]{20,64})\.[A-Za-z0-9_-]{43}$/.exec(secret)?.[1]
