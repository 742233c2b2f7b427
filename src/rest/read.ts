/**
 * Read and vread: the latest version of a resource, or one of its versions.
 * https://hl7.org/fhir/R4/http.html#read
 */
import { parseJson } from '../fhir/json.ts'
import { gone, notFound } from '../fhir/outcome.ts'
import { readSubset, subset } from '../fhir/subset.ts'
import type { Version } from '../store/store.ts'
import { notModified } from './condition.ts'
import type { Context, FhirResponse, ReadInteraction, Resource } from './exchange.ts'

export const read: ReadInteraction = {
  kind: 'read',
  name: 'read',
  method: 'GET',
  path: ':type/:id',
  action: 'read',
  async answer(context, { type, id }) {
    const ref = { type, id }
    const version = await context.store.read(ref)
    if (!version) throw notFound(ref)
    if (version.text === undefined) throw gone(ref)
    return shown(context, version)
  },
}

export const vread: ReadInteraction = {
  kind: 'read',
  name: 'vread',
  method: 'GET',
  path: ':type/:id/_history/:version',
  action: 'read',
  async answer(context, { type, id, rest }) {
    const ref = { type, id }
    const version = await context.store.readVersion(ref, rest)
    if (!version)
      throw notFound(
        `There is no version ${rest} of ${type}/${id} on this server. Its versions are under ${type}/${id}/_history.`,
      )
    if (version.text === undefined) throw gone(ref)
    return shown(context, version)
  },
}

function shown(context: Context, version: Version): FhirResponse {
  const { headers, query } = context.request
  if (
    (headers['if-none-match'] !== undefined || headers['if-modified-since'] !== undefined) &&
    notModified(context, version)
  ) {
    return { status: 304, version, empty: true }
  }
  if (query === '') return { status: 200, version }
  const part = partOf(query)
  if (!part) return { status: 200, version }
  const whole = parseJson(Buffer.from(version.text!)) as unknown as Resource
  return { status: 200, version, resource: subset(whole, part, context.definitions) }
}

/** What `_summary` and `_elements` ask for; undefined for the whole resource. */
export function partOf(query: string): ReturnType<typeof readSubset> {
  if (!query.includes('_summary') && !query.includes('_elements')) return undefined
  const asked = new URLSearchParams(query)
  return readSubset(asked.get('_summary') ?? undefined, asked.get('_elements') ?? undefined)
}
