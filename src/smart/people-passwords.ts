/**
 * Passwords, kept as scrypt makes them: each with its own salt and the parameters it was made with.
 * https://www.rfc-editor.org/rfc/rfc7914
 */
import { scrypt, timingSafeEqual } from 'node:crypto'

/** A password as it is kept. */
export interface KeptPassword {
  /** base64url */
  readonly salt: string
  readonly hash: string
  readonly n: number
  readonly r: number
  readonly p: number
}

/** 64 MiB and about 0.1 s for each: what costs us once costs a guesser every time. */
const STRENGTH = { n: 2 ** 16, r: 8, p: 1 }
const LENGTH = 32

export const LEAST_PASSWORD = 12
const MOST_PASSWORD = 200

/** Why it cannot be a password; undefined when it can. */
export function passwordFault(password: string): string | undefined {
  const { length } = [...password]
  if (length < LEAST_PASSWORD) return `A password has at least ${LEAST_PASSWORD} characters.`
  return length > MOST_PASSWORD ? `A password has at most ${MOST_PASSWORD} characters.` : undefined
}

// the same letters typed on different systems are the same password: RFC 8265, opaque strings
const derive = (password: string, salt: Buffer, { n, r, p }: { n: number; r: number; p: number }): Promise<Buffer> =>
  new Promise((resolve, reject) =>
    scrypt(password.normalize('NFC'), salt, LENGTH, { N: n, r, p, maxmem: 256 * 1024 * 1024 }, (error, key) =>
      error ? reject(error) : resolve(key),
    ),
  )

export async function keepPassword(password: string, salt: Buffer): Promise<KeptPassword> {
  const hash = await derive(password, salt, STRENGTH)
  return { salt: salt.toString('base64url'), hash: hash.toString('base64url'), ...STRENGTH }
}

/** What an account that does not exist is compared with, so that this takes as long. */
const NOBODY: KeptPassword = { salt: 'AAAAAAAAAAAAAAAAAAAAAA', hash: 'A'.repeat(43), ...STRENGTH }

/** Whether it is the password that is kept; false when nothing is, in the same time. */
export async function isPassword(password: string, kept: KeptPassword | undefined): Promise<boolean> {
  const against = kept ?? NOBODY
  if (password.length > MOST_PASSWORD * 2) return false
  const hash = await derive(password, Buffer.from(against.salt, 'base64url'), against)
  return timingSafeEqual(hash, Buffer.from(against.hash, 'base64url')) && kept !== undefined
}
