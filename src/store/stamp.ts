/**
 * What every engine does to a write: its version and its time, in the text and beside it.
 * https://hl7.org/fhir/R4/resource.html#Meta
 */
import type { Resource } from '../fhir/types.ts'
import { printJson } from '../fhir/json.ts'
import type { Draft, Method, Version } from './store.ts'

/** The resource's text with `meta.versionId` and `meta.lastUpdated` left open; what the client said of both is dropped. */
export function prepare(resource: Resource, id: string): Draft {
  const { resourceType, meta } = resource
  const { versionId: _v, lastUpdated: _l, ...others } = meta ?? {}
  const more = meta ? printJson(others, meta) : '{}'
  return {
    head: `{"resourceType":"${resourceType}","id":"${id}","meta":{"versionId":"`,
    middle: '","lastUpdated":"',
    tail: `"${more.length > 2 ? ',' + more.slice(1) : '}'}${rest(resource)}`,
  }
}

/** What comes behind resourceType, id and meta, to the closing brace: cut from the whole text when they stand first, as they mostly do. */
function rest(resource: Resource): string {
  const names = Object.keys(resource)
  let first = 0
  let length = 1
  for (const name of ['resourceType', 'id', 'meta']) {
    if (names[first] !== name) continue
    length += (first === 0 ? 0 : 1) + name.length + 3 + printJson(resource[name]).length
    first++
  }
  const met = ['resourceType', 'id', 'meta'].filter(name => name in resource).length
  if (met === first) return printJson(resource).slice(length)
  const { resourceType: _t, id: _i, meta: _m, ...others } = resource
  const body = printJson(others, resource)
  return body.length > 2 ? ',' + body.slice(1) : '}'
}

/** The text of a version: the draft with its two places filled. `updated` is in milliseconds since 1970. */
export const fill = (draft: Draft, version: number, updated: number): string =>
  draft.head + version + draft.middle + instant(updated) + draft.tail

let last = { at: NaN, text: '' }
/** A FHIR instant in UTC; the last one is kept, since writes come in bursts. */
export function instant(at: number): string {
  if (last.at !== at) last = { at, text: new Date(at).toISOString() }
  return last.text
}

const BEFORE_ID = '{"resourceType":"","id":"'.length
const BEFORE_VERSION = '","meta":{"versionId":"'.length
const BEFORE_UPDATED = '","lastUpdated":"'.length

/** The version that a stored text is, read from where `fill` puts things. */
export function readStamped(type: string, text: string, method: Method): Version {
  const id = BEFORE_ID + type.length
  const idEnd = text.indexOf('"', id)
  const version = idEnd + BEFORE_VERSION
  const versionEnd = text.indexOf('"', version)
  const updated = timeAt(text, versionEnd + BEFORE_UPDATED)
  return { ref: { type, id: text.slice(id, idEnd) }, version: text.slice(version, versionEnd), updated, method, text }
}

/** The time that stands there as `2026-01-01T00:00:00.000Z`, digit by digit: a page reads many. */
function timeAt(text: string, at: number): number {
  const digits = (from: number, count: number) => {
    let value = 0
    for (let i = at + from; i < at + from + count; i++) value = value * 10 + text.charCodeAt(i) - 48
    return value
  }
  return Date.UTC(
    digits(0, 4),
    digits(5, 2) - 1,
    digits(8, 2),
    digits(11, 2),
    digits(14, 2),
    digits(17, 2),
    digits(20, 3),
  )
}
