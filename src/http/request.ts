/**
 * Where a request goes: the tenant, the path below its base, the query, and the base as this client sees it.
 * https://hl7.org/fhir/R4/http.html#root
 */
import type { IncomingMessage } from 'node:http'
import { badRequest } from '../fhir/outcome.ts'

/** Longest URL, in characters. */
export const MAX_URL = 8192

export interface Place {
  readonly tenant: string
  /** `/fhir` or `/t/{tenant}/fhir` */
  readonly base: string
  /** Below the base, as it came: percent-encoded, without a leading slash. */
  readonly path: string
  /** Without '?'. */
  readonly query: string
}

/** Takes a URL apart by hand: `new URL` costs more than all the rest of a read. Undefined when it is not FHIR's. */
export function locate(url: string): Place | undefined {
  const mark = url.indexOf('?')
  const end = mark < 0 ? url.length : mark
  let tenant = 'default'
  let from = 0
  if (url.startsWith('/t/')) {
    const slash = url.indexOf('/', 3)
    if (slash < 0 || slash > end) return undefined
    tenant = url.slice(3, slash)
    from = slash
  }
  const at = from + 5
  if (!url.startsWith('/fhir', from) || (at < end && url.charCodeAt(at) !== 0x2f)) return undefined
  return {
    tenant,
    base: url.slice(0, at),
    path: at >= end ? '' : url.slice(at + 1, end),
    query: mark < 0 ? '' : url.slice(mark + 1),
  }
}

/** The path percent-decoded, without a slash at its end. 400 when it is not decodable or hides a slash in a segment. */
export function pathOf(encoded: string): string {
  const path = encoded.endsWith('/') ? encoded.slice(0, -1) : encoded
  if (!path.includes('%')) return path
  const parts = path.split('/').map(part => {
    try {
      return decodeURIComponent(part)
    } catch {
      throw badRequest('The path of the URL is not valid percent-encoded UTF-8.')
    }
  })
  if (parts.some(part => /[/\\\u0000-\u001f]/.test(part)))
    throw badRequest('A segment of the path has a slash or a control character in it.')
  return parts.join('/')
}

const authority = /^(?:[A-Za-z0-9](?:[A-Za-z0-9.-]{0,252})|\[[0-9A-Fa-f:.]{2,45}\])(?::\d{1,5})?$/
const bases = new Map<string, string>()

/**
 * Where the server is for this client: the configured public URL, else by the Host header. X-Forwarded-* and Forwarded
 * are never believed: a stranger could make our links lead elsewhere. 400 when the Host header is not a host.
 */
export function baseOf(request: IncomingMessage, publicUrl: string, path: string): string {
  if (publicUrl) return publicUrl + path
  const host = request.headers.host ?? `${request.socket.localAddress ?? 'localhost'}:${request.socket.localPort ?? 80}`
  const key = host + path
  const known = bases.get(key)
  if (known !== undefined) return known
  if (!authority.test(host)) throw badRequest('The Host header is not a host name with an optional port.')
  const base = `http://${host}${path}`
  if (bases.size >= 200) bases.clear()
  bases.set(key, base)
  return base
}

const fine = /^[A-Za-z0-9._-]{1,64}$/
const start = Date.now().toString(36)
let counter = 0

/** The client's X-Request-Id when it is harmless in logs and headers, else one of ours. */
export function requestId(given: string | string[] | undefined): string {
  if (typeof given === 'string' && fine.test(given)) return given
  return `${start}-${(++counter).toString(36)}`
}
