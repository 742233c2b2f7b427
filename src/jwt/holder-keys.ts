/**
 * The public keys of whoever signs tokens for us (an app, a CDS client): those that were registered, or those at a jwks_uri, fetched with care and kept for a while.
 * https://hl7.org/fhir/smart-app-launch/STU2.2/client-confidential-asymmetric.html
 */
import { createPublicKey, type JsonWebKey, type KeyObject } from 'node:crypto'
import { BadJwt, type Header } from './jwt.ts'

type Jwk = Readonly<Record<string, unknown>>

/** Whose keys they are. */
export interface KeyHolder {
  readonly jwks?: { readonly keys: readonly Jwk[] }
  readonly jwksUri?: string
}

export interface HolderKeysParts {
  /** Fetches what others name, guarded. */
  readonly fetch: (url: string) => Promise<{
    readonly status: number
    readonly body: Buffer
    readonly headers?: Readonly<Record<string, string | string[] | undefined>>
  }>
  /** Milliseconds since 1970. */
  readonly now: () => number
}

const MOST_KEYS = 100
const MOST_SETS = 500
const MINUTE = 60_000
/** Without a word of the client, and at most. */
const [USUAL, LONGEST] = [5 * MINUTE, 60 * MINUTE]
/** A key that is not in a kept set is looked for anew, but not more often than this. */
const AGAIN = 30_000

export type FindKey = (holder: KeyHolder, header: Header) => Promise<KeyObject>

/** Finds the one key that a client's token names. Rejects with `BadJwt`. */
export function makeHolderKeys({ fetch, now }: HolderKeysParts): FindKey {
  const kept = new Map<string, { keys: readonly Jwk[]; fetched: number; until: number }>()
  const coming = new Map<string, Promise<readonly Jwk[]>>()

  async function load(uri: string): Promise<readonly Jwk[]> {
    let answer
    try {
      answer = await fetch(uri)
    } catch (error) {
      const why = (error as Error).name === 'FetchError' ? (error as Error).message : 'The fetch failed.'
      throw new BadJwt(`The jwks_uri of the client cannot be read. ${why}`)
    }
    if (answer.status !== 200)
      throw new BadJwt(`The jwks_uri of the client answers with status ${answer.status}, not 200.`)
    const keys = keysOf(answer.body)
    const until = now() + lifetime(answer.headers?.['cache-control'])
    if (kept.size >= MOST_SETS) kept.delete(kept.keys().next().value!)
    kept.set(uri, { keys, fetched: now(), until })
    return keys
  }

  /** One fetch for all who wait. */
  function fetched(uri: string): Promise<readonly Jwk[]> {
    const there = coming.get(uri)
    if (there) return there
    const promise = load(uri).finally(() => coming.delete(uri))
    coming.set(uri, promise)
    return promise
  }

  return async ({ jwksUri, jwks }, header) => {
    if (header.jku !== undefined && header.jku !== jwksUri)
      throw new BadJwt('Its header has a jku that is not the jwks_uri the client registered.')
    if (jwksUri === undefined) return pick(jwks?.keys ?? [], header)
    const set = kept.get(jwksUri)
    if (set && set.until > now()) {
      if (set.keys.some(key => key['kid'] === header.kid) || set.fetched > now() - AGAIN) return pick(set.keys, header)
    }
    return pick(await fetched(jwksUri), header)
  }
}

function keysOf(body: Buffer): readonly Jwk[] {
  try {
    const { keys } = JSON.parse(body.toString('utf8')) as { keys?: unknown }
    if (Array.isArray(keys) && keys.length <= MOST_KEYS)
      return keys.filter((key): key is Jwk => typeof key === 'object' && key !== null)
  } catch {
    // said below
  }
  throw new BadJwt(`The jwks_uri of the client does not answer with a JWK Set of at most ${MOST_KEYS} keys.`)
}

/** Milliseconds. A set is never kept for longer than its Cache-Control says. */
function lifetime(header: string | string[] | undefined): number {
  const text = (Array.isArray(header) ? header.join(',') : (header ?? '')).toLowerCase()
  if (/(?:^|[\s,])(?:no-store|no-cache)(?:[\s,]|$)/.test(text)) return 0
  const age = /(?:^|[\s,])max-age="?(\d{1,9})/.exec(text)?.[1]
  return age === undefined ? USUAL : Math.min(Number(age) * 1000, LONGEST)
}

const typeOf: Readonly<Record<string, string>> = { RS384: 'RSA', ES384: 'EC' }

function pick(keys: readonly Jwk[], { kid, alg }: Header): KeyObject {
  if (kid === undefined) throw new BadJwt('Its header has no kid.')
  const fitting = keys.filter(
    key => key['kid'] === kid && key['kty'] === typeOf[alg] && (key['use'] ?? 'sig') === 'sig',
  )
  if (fitting.length !== 1)
    throw new BadJwt(
      fitting.length === 0
        ? 'The client has no key of that kid and kind.'
        : 'The client has several keys of that kid; a kid must be unique.',
    )
  const problem = keyProblem(fitting[0])
  if (problem) throw new BadJwt(`The key of that kid ${problem}.`)
  return createPublicKey({ key: fitting[0] as JsonWebKey, format: 'jwk' })
}

/** Why a JWK cannot be a client's public key; undefined when it can. */
export function keyProblem(key: unknown): string | undefined {
  if (typeof key !== 'object' || key === null || Array.isArray(key)) return 'is not an object'
  const jwk = key as Record<string, unknown>
  if (typeof jwk['kid'] !== 'string' || jwk['kid'] === '' || jwk['kid'].length > 256) return 'has no kid'
  for (const secret of ['d', 'p', 'q', 'k', 'dp', 'dq', 'qi', 'oth'])
    if (Object.hasOwn(jwk, secret)) return 'is a private key; send the public one only, and do not use this one again'
  try {
    const made = createPublicKey({ key: jwk as JsonWebKey, format: 'jwk' })
    if (made.asymmetricKeyType === 'rsa') {
      const bits = made.asymmetricKeyDetails?.modulusLength ?? 0
      return bits >= 2048 && bits <= 8192 ? undefined : 'is an RSA key of fewer than 2048 or more than 8192 bits'
    }
    if (made.asymmetricKeyType === 'ec' && made.asymmetricKeyDetails?.namedCurve === 'secp384r1') return undefined
  } catch {
    return 'is not a JSON Web Key'
  }
  return 'is neither RSA (RS384) nor EC on P-384 (ES384)'
}
