/**
 * Authorization codes: sixty seconds, once.
 * https://www.rfc-editor.org/rfc/rfc6749#section-4.1.2
 */
import type { Records } from '../store/store.ts'
import { digestOf } from './secret.ts'

export interface KeptCode {
  readonly family: string
  readonly client: string
  readonly redirectUri: string
  readonly challenge: string
  readonly nonce?: string
  /** The FHIR base at which it was asked for. */
  readonly base: string
  /** Milliseconds since 1970. */
  readonly ends: number
}

export interface Codes {
  /** Milliseconds. */
  readonly lasts: number
  put(code: string, kept: Omit<KeptCode, 'ends'>): Promise<void>
  /** Gives it to one only. */
  take(code: string): Promise<KeptCode | undefined>
}

const LASTS = 60_000

export const makeCodes = (records: Records, now: () => number): Codes => ({
  lasts: LASTS,
  put: (code, kept) => records.put(digestOf(code), { ...kept, ends: now() + LASTS }, now() + LASTS),
  async take(code) {
    const kept = (await records.take(digestOf(code))) as KeptCode | undefined
    return kept && kept.ends > now() ? kept : undefined
  },
})
