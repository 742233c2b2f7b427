/**
 * A Bundle of any kind as one that can be posted: collections become transactions, and references to the server they came
 * from become references to this one.
 * https://hl7.org/fhir/R4/bundle.html
 */
import { keepDigits } from '../fhir/json.ts'
import type { Json, Resource } from '../fhir/types.ts'

interface Entry {
  fullUrl?: string
  resource?: Resource
  search?: { mode?: string }
}

const kinds = new Set(['collection', 'document', 'searchset', 'message'])

/**
 * Transactions and batches stay as they are. Of others the resources with an id are put under it, those without are created;
 * of two with one id the last counts. Gives a text instead of a Bundle when it cannot be loaded.
 */
export function toTransaction(bundle: Resource): Resource | string {
  const type = bundle['type']
  if (type === 'transaction' || type === 'batch') return bundle
  if (typeof type !== 'string' || !kinds.has(type))
    return `A Bundle of type ${String(type).slice(0, 40)} holds nothing to load: only transaction, batch, collection, document, searchset and message do.`
  const given = Array.isArray(bundle['entry']) ? (bundle['entry'] as Entry[]) : []
  const entries = given.filter(({ resource, search }) => resource && search?.mode !== 'outcome')
  const bases = [...new Set(entries.map(baseOf).filter(base => base !== undefined))]
  const byIdentity = new Map<string, object>()
  entries.forEach((entry, i) => {
    const resource = entry.resource!
    if (bases.length) relate(resource as unknown as Json, bases)
    const url = resource.id === undefined ? resource.resourceType : `${resource.resourceType}/${resource.id}`
    const local =
      entry.fullUrl !== undefined && !bases.some(base => entry.fullUrl!.startsWith(`${base}/`))
        ? { fullUrl: entry.fullUrl }
        : {}
    const key = resource.id === undefined ? `#${i}` : url
    byIdentity.set(key, { ...local, resource, request: { method: resource.id === undefined ? 'POST' : 'PUT', url } })
  })
  const transaction: Resource = { resourceType: 'Bundle', type: 'transaction', entry: [...byIdentity.values()] }
  keepDigits(transaction, bundle)
  return transaction
}

/** The base of the server an entry came from: what stands before `Patient/1` in its fullUrl. */
function baseOf({ fullUrl, resource }: Entry): string | undefined {
  const tail = `/${resource!.resourceType}/${resource!.id}`
  return fullUrl !== undefined && /^https?:/i.test(fullUrl) && fullUrl.endsWith(tail)
    ? fullUrl.slice(0, -tail.length)
    : undefined
}

/** Makes the references to these bases relative, in place; the parser has bounded the depth. */
function relate(value: Json, bases: readonly string[]): void {
  if (value === null || typeof value !== 'object') return
  if (Array.isArray(value)) {
    for (const part of value) relate(part, bases)
    return
  }
  const { reference } = value
  if (typeof reference === 'string') {
    const base = bases.find(each => reference.startsWith(`${each}/`))
    if (base !== undefined) value['reference'] = reference.slice(base.length + 1)
  }
  for (const part of Object.values(value)) relate(part, bases)
}
