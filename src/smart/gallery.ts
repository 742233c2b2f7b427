/**
 * What an app tells of itself in the gallery, and the way from submitted to approved. Apps that use a model of machine learning
 * tell of the model, too.
 * https://doi.org/10.1145/3287560.3287596 (model cards)
 */
import { badRequest, conflict } from '../fhir/outcome.ts'
import type { Client } from './words.ts'

export type ListingStatus = 'submitted' | 'approved' | 'rejected'

/** Each with what it means, English and Chinese, and whether it must be there. */
export interface ListingField {
  readonly name: string
  readonly en: string
  readonly zh: string
  readonly required: boolean
}

/** Texts of a listing. */
export const LISTING_FIELDS: readonly ListingField[] = [
  { name: 'publisher', en: 'Publisher', zh: '發行者', required: true },
  { name: 'intendedUse', en: 'Intended use', zh: '預期用途', required: true },
  { name: 'contact', en: 'Contact', zh: '聯絡方式', required: true },
  { name: 'description', en: 'Description', zh: '說明', required: false },
  { name: 'homepage', en: 'Home page', zh: '網站', required: false },
]

/** Texts of the model card, below `ai`; all are needed of an app that has one. */
export const MODEL_FIELDS: readonly ListingField[] = [
  { name: 'modelName', en: 'Model', zh: '模型名稱', required: true },
  { name: 'modelVersion', en: 'Version', zh: '版本', required: true },
  { name: 'trainingData', en: 'Training data', zh: '訓練資料', required: true },
  { name: 'evaluation', en: 'Evaluation', zh: '評估結果', required: true },
  { name: 'limitations', en: 'Limitations', zh: '限制', required: true },
  { name: 'tfdaStatus', en: 'TFDA status', zh: '食藥署（TFDA）許可狀態', required: true },
]

const MOST_TEXT = 5000

/** Where the app is on its way; undefined when nothing was told of it. */
export function statusOf({ listing, approved }: Client): ListingStatus | undefined {
  if (!listing) return undefined
  const status = listing['status']
  if (status === 'submitted' || status === 'rejected' || status === 'approved') return status
  return approved ? 'approved' : 'submitted'
}

/** Shown to the public: approved as an app, and as a listing. */
export const isListed = (client: Client): boolean => client.approved && statusOf(client) === 'approved'

/** The client with what its developer tells of it, to be reviewed. Throws (FhirError 400) saying what is missing. */
export function submitted(client: Client, given: unknown, now: number): Client {
  const fields = readFields(given, LISTING_FIELDS, 'The listing', ['ai'])
  const ai = Object.hasOwn(given as object, 'ai') ? (given as { ai: unknown }).ai : undefined
  const homepage = fields['homepage']
  // shown as a link
  if (homepage !== undefined && URL.parse(homepage)?.protocol !== 'https:')
    throw badRequest('homepage is an address that begins with https://.')
  return {
    ...client,
    // what was approved was another text
    approved: statusOf(client) === undefined ? client.approved : false,
    listing: {
      ...fields,
      ...(ai === undefined ? {} : { ai: readFields(ai, MODEL_FIELDS, 'ai', []) }),
      status: 'submitted',
      submitted: now,
    },
  }
}

export function approved(client: Client, now: number): Client {
  if (!client.listing) throw conflict('Nothing was told of this app yet: submit its listing first.')
  const { reason: _, ...listing } = client.listing
  return { ...client, approved: true, listing: { ...listing, status: 'approved', decided: now } }
}

/** `reason`: told to the developer. */
export function rejected(client: Client, reason: string, now: number): Client {
  if (!client.listing) throw conflict('Nothing was told of this app yet: submit its listing first.')
  return { ...client, approved: false, listing: { ...client.listing, status: 'rejected', decided: now, reason } }
}

function readFields(
  given: unknown,
  known: readonly ListingField[],
  where: string,
  others: readonly string[],
): Record<string, string> {
  if (typeof given !== 'object' || given === null || Array.isArray(given))
    throw badRequest(`${where} is a JSON object.`)
  const names = known.map(({ name }) => name)
  const stranger = Object.keys(given).find(name => !names.includes(name) && !others.includes(name))
  if (stranger !== undefined)
    throw badRequest(`${where} has no ${stranger.slice(0, 50)}. It has: ${[...names, ...others].join(', ')}.`)
  const fields: Record<string, string> = {}
  for (const { name, required } of known) {
    const value = Object.hasOwn(given, name) ? (given as Record<string, unknown>)[name] : undefined
    if (value === undefined && !required) continue
    if (typeof value !== 'string' || value.trim() === '') throw badRequest(`${where} needs ${name}: a text.`)
    if (value.length > MOST_TEXT) throw badRequest(`${name} has more than ${MOST_TEXT} characters.`)
    fields[name] = value.trim()
  }
  return fields
}
