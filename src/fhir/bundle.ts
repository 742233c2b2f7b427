/**
 * Bundles put together from stored texts, without parsing them: the history Bundle, and what all Bundles share.
 * https://hl7.org/fhir/R4/bundle.html
 */

/** A link of a Bundle; `url` is absolute. */
export interface BundleLink {
  readonly relation: 'self' | 'first' | 'previous' | 'next' | 'last'
  readonly url: string
}

/** One version, as a history tells it. Times are in milliseconds since 1970; `text` is undefined for a deletion. */
export interface HistoryEntry {
  readonly type: string
  readonly id: string
  readonly version: string
  readonly updated: number
  readonly method: 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  readonly text: string | undefined
}

/** The JSON text of `"link"`, with the comma after it. */
export const printLinks = (links: readonly BundleLink[]) =>
  `"link":[${links.map(({ relation, url }) => `{"relation":"${relation}","url":${JSON.stringify(url)}}`).join(',')}]`

/** A history Bundle's text. `entries` in the order they are told; `now` in milliseconds since 1970. */
export function historyBundle(
  base: string,
  entries: readonly HistoryEntry[],
  total: number,
  links: readonly BundleLink[],
  id: string,
  now: number,
): string {
  const meta = `"meta":{"lastUpdated":"${new Date(now).toISOString()}"}`
  const head = `{"resourceType":"Bundle","id":"${id}",${meta},"type":"history","total":${total},${printLinks(links)}`
  // An empty array is not FHIR
  return entries.length === 0
    ? `${head}}`
    : `${head},"entry":[${entries.map(entry => historyEntry(base, entry)).join(',')}]}`
}

function historyEntry(base: string, { type, id, version, updated, method, text }: HistoryEntry): string {
  const fullUrl = JSON.stringify(`${base}/${type}/${id}`)
  const resource = text === undefined ? '' : `"resource":${text},`
  const url = method === 'POST' ? type : `${type}/${id}`
  const status = method === 'DELETE' ? '204 No Content' : version === '1' ? '201 Created' : '200 OK'
  const response = `{"status":"${status}","etag":"W/\\"${version}\\"","lastModified":"${new Date(updated).toISOString()}"}`
  return `{"fullUrl":${fullUrl},${resource}"request":{"method":"${method}","url":"${url}"},"response":${response}}`
}
