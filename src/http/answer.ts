/**
 * A FhirResponse, written as HTTP: status, ETag, Last-Modified, Location, and the body in one piece.
 * https://hl7.org/fhir/R4/http.html#ops
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { printJson } from '../fhir/json.ts'
import type { FhirResponse } from '../rest/exchange.ts'
import type { Version } from '../store/store.ts'
import { pretty } from './pretty.ts'
import { sendFile } from './send-file.ts'

const fhirJson = 'application/fhir+json; charset=utf-8'

/** On every answer: a browser must neither guess, run, frame nor keep what it gets. */
export const safety: readonly string[] = [
  'X-Content-Type-Options', 'nosniff',
  'Content-Security-Policy', "default-src 'none'; frame-ancestors 'none'; sandbox",
  'Referrer-Policy', 'no-referrer',
  'Cache-Control', 'no-store',
] // prettier-ignore

const exposed =
  'ETag, Location, Content-Location, Last-Modified, X-Request-Id, X-Rule-Warning, X-Progress, Retry-After, WWW-Authenticate, Content-Disposition'
const readable: readonly string[] = ['Access-Control-Allow-Origin', '*', 'Access-Control-Expose-Headers', exposed]

/** What a page of another origin may send. https://fetch.spec.whatwg.org/#http-cors-protocol */
export const preflight: readonly string[] = [
  'Access-Control-Allow-Origin', '*',
  'Access-Control-Allow-Methods', 'GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS',
  'Access-Control-Allow-Headers', 'Accept, Authorization, Content-Type, Content-Encoding, If-Match, If-None-Match, If-None-Exist, If-Modified-Since, Prefer, X-Request-Id, X-Purpose-Of-Use',
  'Access-Control-Max-Age', '86400',
] // prettier-ignore

/** How this client wants its answer. */
export interface Manner {
  readonly requestId: string
  /** Where the server is for this client. */
  readonly base: string
  readonly pretty: boolean
  /** The bytes of a Binary rather than the resource. */
  readonly raw: boolean
  /** The server stops: the connection ends with this answer. */
  readonly last: boolean
}

/** Writes the answer; gives how many bytes its body has. */
export function send(request: IncomingMessage, response: ServerResponse, answer: FhirResponse, manner: Manner): number {
  const { version } = answer
  const headers: string[] = ['X-Request-Id', manner.requestId]
  if (request.headers.origin !== undefined) headers.push(...readable)
  if (manner.last) headers.push('Connection', 'close')
  const written = version !== undefined && request.method !== 'GET' && request.method !== 'HEAD'
  if (version) describe(headers, answer, version, written, manner.base)
  if (answer.headers)
    for (const name in answer.headers) if (!says(headers, name)) headers.push(name, answer.headers[name]!)

  if (answer.file) return sendFile(request, response, answer.status, headers.concat(safety), answer.file)
  const raw =
    answer.raw ??
    (manner.raw && answer.status === 200 && version?.text !== undefined ? binary(version.text) : undefined)
  if (raw) return finish(request, response, answer.status, headers, raw.bytes, rawHeaders(raw.contentType))
  let text = answer.empty ? '' : body(answer)
  if (manner.pretty && text) text = pretty(text)
  return finish(request, response, answer.status, headers, text, text ? ['Content-Type', fhirJson, ...safety] : safety)
}

function describe(headers: string[], answer: FhirResponse, version: Version, written: boolean, base: string): void {
  headers.push('ETag', `W/"${version.version}"`, 'Last-Modified', new Date(version.updated).toUTCString())
  if (!written || version.text === undefined) return
  const place = `${base}/${version.ref.type}/${version.ref.id}/_history/${version.version}`
  headers.push(answer.status === 201 ? 'Location' : 'Content-Location', place)
}

function says(headers: readonly string[], name: string): boolean {
  for (let i = 0; i < headers.length; i += 2) if (headers[i]!.toLowerCase() === name.toLowerCase()) return true
  return false
}

/** The first there is of text, resource and the version's own text (`raw` was looked at before). */
function body({ text, resource, version }: FhirResponse): string {
  if (text !== undefined) return text
  return resource ? printJson(resource) : (version?.text ?? '')
}

/** The content of a Binary resource. https://hl7.org/fhir/R4/binary.html#rest */
function binary(text: string): { contentType: string; bytes: Buffer } {
  const { contentType, data } = JSON.parse(text) as { contentType?: unknown; data?: unknown }
  return {
    contentType: typeof contentType === 'string' ? contentType : '',
    bytes: Buffer.from(typeof data === 'string' ? data : '', 'base64'),
  }
}

const mime = /^[\w!#$&^.+-]{1,100}\/[\w!#$&^.+-]{1,100}(?:; ?[\w-]{1,40}="?[\w.:/+-]{1,100}"?){0,4}$/

/** Bytes a stranger uploaded: always saved to a file, never shown as a page of ours. */
const rawHeaders = (contentType: string): readonly string[] => [
  'Content-Type', mime.test(contentType) ? contentType : 'application/octet-stream',
  'Content-Disposition', 'attachment',
  ...safety,
] // prettier-ignore

function finish(
  request: IncomingMessage,
  response: ServerResponse,
  status: number,
  headers: string[],
  content: string | Buffer,
  more: readonly string[],
): number {
  for (const part of more) headers.push(part)
  const length = typeof content === 'string' ? Buffer.byteLength(content) : content.length
  if (status !== 204 && status !== 304) headers.push('Content-Length', String(length))
  if (response.headersSent || response.destroyed) return 0
  response.writeHead(status, headers)
  if (length === 0 || request.method === 'HEAD' || status === 204 || status === 304) response.end()
  // as many bytes as characters: it is ASCII, and Node writes Latin-1 without looking at each character
  else if (typeof content === 'string') response.end(content, length === content.length ? 'latin1' : 'utf8')
  else response.end(content)
  return length
}
