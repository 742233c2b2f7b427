/**
 * What users did with cards: kept as it was told.
 * https://cds-hooks.hl7.org/2.0/#feedback
 */
import { createHash } from 'node:crypto'
import type { Records } from '../store/store.ts'
import type { Coding } from './words.ts'

export interface Feedback {
  /** `uuid` of the card. */
  readonly card: string
  readonly outcome: 'accepted' | 'overridden'
  readonly acceptedSuggestions?: readonly { readonly id: string }[]
  readonly overrideReason?: { readonly reason?: Coding; readonly userComment?: string }
  readonly outcomeTimestamp: string
}

export interface KeptFeedback extends Feedback {
  readonly service: string
  /** Milliseconds since 1970. */
  readonly received: number
}

const YEAR = 365 * 24 * 3600 * 1000

/** Kept for a year. The same word about the same card, told again, is kept once. */
export async function keepFeedback(
  records: Records,
  service: string,
  feedback: readonly Feedback[],
  now: number,
): Promise<void> {
  await Promise.all(
    feedback.map(one => {
      const digest = createHash('sha256')
        .update(JSON.stringify([one.card, one.outcome, one.outcomeTimestamp]))
        .digest('base64url')
      const kept: KeptFeedback = { ...one, service, received: now }
      return records.put(`${service}/${digest}`, kept, now + YEAR)
    }),
  )
}

/** All that was told of a service; of all, when none is named. */
export async function feedbackOf(records: Records, service?: string): Promise<KeptFeedback[]> {
  return (await records.list(service === undefined ? undefined : `${service}/`)).map(
    ({ value }) => value as KeptFeedback,
  )
}
