/**
 * Secrets: made at random, kept as digests, compared in constant time.
 * https://www.rfc-editor.org/rfc/rfc6819#section-5.1.4
 */
import { createHash, timingSafeEqual } from 'node:crypto'

/** 256 bits, as text for URLs. */
export const secretOf = (random: (bytes: number) => Buffer): string => random(32).toString('base64url')

/** Under which a secret is kept: worth nothing to whoever reads the database. */
export const digestOf = (secret: string): string => createHash('sha256').update(secret).digest('base64url')

/** Whether the digest is that of the secret; takes as long whatever was sent. */
export const isSecret = (secret: string, digest: string): boolean => equal(digestOf(secret), digest)

/** Whether both texts are the same; takes as long wherever they differ. */
export function equal(one: string, other: string): boolean {
  const [a, b] = [createHash('sha256').update(one).digest(), createHash('sha256').update(other).digest()]
  return timingSafeEqual(a, b)
}
