/**
 * A tenant's signing keys, one for each algorithm; kept, published, and replaced in time.
 * https://www.rfc-editor.org/rfc/rfc7517
 */
import { createPrivateKey, createPublicKey, generateKeyPair, type JsonWebKey, type KeyObject } from 'node:crypto'
import { promisify } from 'node:util'
import type { Records } from '../store/store.ts'

const generate = promisify(generateKeyPair)
type Alg = 'ES256' | 'ES384' | 'RS256'
const curves = { ES256: 'P-256', ES384: 'P-384' } as const

export interface SigningKey {
  readonly kid: string
  readonly alg: Alg
  readonly secret: KeyObject
  readonly public: KeyObject
  /** As it is published. */
  readonly jwk: Readonly<Record<string, unknown>>
  /** Milliseconds since 1970. */
  readonly created: number
  readonly retired?: number
}

/** As it is kept in the records `smart-keys`. */
export interface KeptKey {
  readonly kid: string
  readonly alg: Alg
  readonly tenant: string
  readonly jwk: JsonWebKey
  readonly created: number
  readonly retired?: number
}

export interface Keys {
  signing(alg: Alg): Promise<SigningKey>
  /** By `kid`, retired ones included as long as their tokens may live. */
  find(kid: string): Promise<SigningKey | undefined>
  published(): Promise<readonly SigningKey['jwk'][]>
  rotate(): Promise<void>
}

const DAY = 24 * 3600 * 1000
/** Milliseconds. */
export const REPLACED_AFTER = 90 * DAY
/** Longer than any token lives. */
const PUBLISHED_AFTER = 2 * 3600 * 1000

export interface KeysParts {
  readonly records: Records
  readonly tenant: string
  readonly algorithms: readonly Alg[]
  readonly now: () => number
  readonly random: (bytes: number) => Buffer
}

/** Keys are made when the first is needed. A copy of another tenant makes its own. */
export function makeKeys({ records, tenant, algorithms, now, random }: KeysParts): Keys {
  const keys = new Map<string, SigningKey>()
  let loading: Promise<void> | undefined
  let replacing: Promise<void> | undefined
  const loaded = () => (loading ??= load())

  async function load(): Promise<void> {
    for (const { value } of await records.list()) {
      const kept = value as KeptKey
      if (kept.tenant === tenant) keys.set(kept.kid, opened(kept))
    }
    await Promise.all(algorithms.filter(alg => !current(alg)).map(make))
  }

  const current = (alg: Alg) =>
    [...keys.values()]
      .filter(key => key.alg === alg && key.retired === undefined)
      .sort((a, b) => b.created - a.created)[0]

  async function make(alg: Alg): Promise<void> {
    const { privateKey } =
      alg === 'RS256'
        ? await generate('rsa', { modulusLength: 2048 })
        : await generate('ec', { namedCurve: curves[alg] })
    const kid = random(12).toString('base64url')
    const kept: KeptKey = { kid, alg, tenant, jwk: privateKey.export({ format: 'jwk' }), created: now() }
    await records.put(kid, kept)
    keys.set(kid, opened(kept))
  }

  async function replace(): Promise<void> {
    const old = [...keys.values()].filter(key => key.retired === undefined)
    await Promise.all(algorithms.map(make))
    for (const { kid } of old) {
      const kept = (await records.get(kid)) as KeptKey | undefined
      if (!kept) continue
      const retired = { ...kept, retired: now() }
      await records.put(kid, retired, now() + PUBLISHED_AFTER)
      keys.set(kid, opened(retired))
    }
  }

  const rotate = () =>
    (replacing ??= loaded()
      .then(replace)
      .finally(() => (replacing = undefined)))
  const isOver = ({ retired }: SigningKey) => retired !== undefined && retired + PUBLISHED_AFTER <= now()

  return {
    async signing(alg) {
      await loaded()
      if (current(alg)!.created + REPLACED_AFTER <= now()) await rotate()
      return current(alg)!
    },
    async find(kid) {
      await loaded()
      const key = keys.get(kid)
      return key && !isOver(key) ? key : undefined
    },
    async published() {
      await loaded()
      return [...keys.values()].filter(key => !isOver(key)).map(({ jwk }) => jwk)
    },
    rotate,
  }
}

function opened({ kid, alg, jwk, created, retired }: KeptKey): SigningKey {
  const secret = createPrivateKey({ key: jwk, format: 'jwk' })
  const open = createPublicKey(secret)
  return {
    kid,
    alg,
    secret,
    public: open,
    jwk: { ...open.export({ format: 'jwk' }), kid, alg, use: 'sig' },
    created,
    ...(retired === undefined ? {} : { retired }),
  }
}
