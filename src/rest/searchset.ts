/**
 * The searchset Bundle, put together from stored texts without parsing them.
 * https://hl7.org/fhir/R4/bundle.html#searchset
 */
import { printLinks, type BundleLink } from '../fhir/bundle.ts'
import type { Version } from '../store/store.ts'

export type { BundleLink }

export interface SearchsetEntry {
  readonly version: Version
  readonly mode: 'match' | 'include'
  /** What is shown instead of the version's own text: a part of it (`_summary`, `_elements`). */
  readonly text?: string
  /** Where it is, when it is not the version itself but a resource contained in it: `Patient/1#med`, below the base. */
  readonly place?: string
}

export interface Searchset {
  readonly base: string
  /** How many match, when it is known. */
  readonly total: number | undefined
  readonly links: readonly BundleLink[]
  readonly entries: readonly SearchsetEntry[]
  /** The text of an OperationOutcome about the search. */
  readonly outcome?: string
  /** Milliseconds since 1970. */
  readonly now: number
}

/** The text of the Bundle. */
export function searchset({ base, total, links, entries, outcome, now }: Searchset): string {
  const known = total === undefined ? '' : `"total":${total},`
  let text = `{"resourceType":"Bundle","meta":{"lastUpdated":"${new Date(now).toISOString()}"},"type":"searchset",${known}${printLinks(links)}`
  // Ids and types have no character that JSON escapes; of the base, only the configured one may
  const root = JSON.stringify(`${base}/`).slice(0, -1)
  let before = ',"entry":['
  for (const { version, mode, text: own, place } of entries) {
    const where = place === undefined ? `${version.ref.type}/${version.ref.id}` : JSON.stringify(place).slice(1, -1)
    text += `${before}{"fullUrl":${root}${where}","resource":${own ?? version.text!},"search":{"mode":"${mode}"}}`
    before = ','
  }
  if (outcome !== undefined) {
    text += `${before}{"resource":${outcome},"search":{"mode":"outcome"}}`
    before = ','
  }
  // An empty array is not FHIR
  return before === ',' ? `${text}]}` : `${text}}`
}
