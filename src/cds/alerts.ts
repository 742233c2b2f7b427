/**
 * What alerts about orders share: why one may sign all the same, and how an order is taken back.
 * https://cds-hooks.hl7.org/2.0/#overridereasons
 */
import { randomUUID } from 'node:crypto'
import type { Order } from './orders.ts'
import type { Coding, Language, Suggestion } from './words.ts'
import { said, type Said } from './card.ts'

const ACT_CODE = 'http://terminology.hl7.org/CodeSystem/v3-ActCode'

/** Of the codes by which FHIR says how a DetectedIssue was dealt with; https://hl7.org/fhir/R4/valueset-detectedissue-mitigation-action.html */
const reasons: readonly (readonly [code: string, display: Said])[] = [
  ['1', said('Therapy Appropriate', '治療適當')],
  ['2', said('Assessed Patient', '已評估病人')],
  ['9', said('Instituted Ongoing Monitoring Program', '已安排持續監測')],
  ['13', said('Stopped Concurrent Therapy', '已停用併用治療')],
  ['EMAUTH', said('emergency authorization override', '緊急情況')],
]

export const overrideReasons = (language: Language): readonly Coding[] =>
  reasons.map(([code, display]) => ({ system: ACT_CODE, code, display: display[language] }))

/** Takes the draft order back; none when it cannot be named. */
export function takingBack({ reference, medicine }: Order, language: Language): readonly Suggestion[] {
  if (reference === undefined) return []
  const label = said(`Remove the order of ${medicine.label}`, `移除「${medicine.label}」醫囑`)[language]
  return [{ label, uuid: randomUUID(), actions: [{ type: 'delete', description: label, resourceId: reference }] }]
}

/** How many cards a service answers with at most; the gravest come first. */
export const MOST_CARDS = 10
