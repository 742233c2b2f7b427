/**
 * HTTP to the endpoints that are not FHIR, and back: those of a tenant's authorization server, and the pages beside it.
 * https://hl7.org/fhir/smart-app-launch/STU2.2/
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { parseJson } from '../fhir/json.ts'
import { badRequest, FhirError, methodNotAllowed } from '../fhir/outcome.ts'
import type { PlainRequest, PlainResponse, SmartServer } from '../smart/words.ts'
import { safety, send } from './answer.ts'
import { readBody } from './body.ts'
import { problem, type ProblemLog } from './problems.ts'
import { baseOf, locate, MAX_URL, pathOf, requestId } from './request.ts'

/** A tenant, as far as these endpoints need it. */
export interface SmartRoom {
  readonly smart: SmartServer
  enter(): void
  leave(): void
}

export interface EndpointParts {
  /** The tenant of that name; throws notFound. */
  readonly room: (tenant: string) => SmartRoom | Promise<SmartRoom>
  readonly log: ProblemLog & { info(fields: object): void }
  readonly publicUrl: string
}

const MAX_BODY = 256 * 1024
const methods = 'GET, HEAD, POST, PUT, DELETE, OPTIONS'

interface Place {
  readonly tenant: string
  /** `/fhir` or `/t/{tenant}/fhir` */
  readonly base: string
  readonly path: string
  readonly query: string
}

/** Answers `auth/…` and `.well-known/…` below a FHIR base, and `launch…` and `marketplace…` beside it; gives others on with `next`. */
export function endpointsOverHttp(
  parts: EndpointParts,
): (request: IncomingMessage, response: ServerResponse, next: () => void) => void {
  return (request, response, next) => {
    const place = placeOf(request.url!)
    if (place) void exchange(parts, request, response, place)
    else next()
  }
}

const beside = /^((?:\/t\/([^/?]+))?)\/((?:launch|marketplace)(?:\/[^?]*)?)(?:\?(.*))?$/s

function placeOf(url: string): Place | undefined {
  const below = locate(url)
  if (below) return /^(?:auth\/|\.well-known\/)/.test(below.path) ? below : undefined
  const found = beside.exec(url)
  if (!found) return undefined
  return { tenant: found[2] ?? 'default', base: `${found[1]}/fhir`, path: found[3]!, query: found[4] ?? '' }
}

async function exchange(
  parts: EndpointParts,
  request: IncomingMessage,
  response: ServerResponse,
  place: Place,
): Promise<void> {
  const id = requestId(request.headers['x-request-id'])
  const started = performance.now()
  try {
    const { answer, cors } = await answerTo(parts, request, place)
    write(request, response, answer, [...cors, 'X-Request-Id', id])
  } catch (error) {
    const manner = { requestId: id, base: '', pretty: false, raw: false, last: false }
    // a broken body is dropped, so that the client gets to read the answer
    request.resume()
    send(request, response, problem(error, id, parts.log), manner)
  }
  const ms = Math.round((performance.now() - started) * 100) / 100
  parts.log.info({ method: request.method, route: routeOf(place.path), status: response.statusCode, ms, id })
}

/** For the log: never an id, a code or a launch. */
const routeOf = (path: string) => {
  const [first = '', second = ''] = path.split('/', 2)
  return second && /^[a-z.-]{1,40}$/.test(second) ? `${first}/${second}` : first
}

async function answerTo(
  { room: find, publicUrl }: EndpointParts,
  request: IncomingMessage,
  place: Place,
): Promise<{ answer: PlainResponse; cors: readonly string[] }> {
  if (request.url!.length > MAX_URL) throw new FhirError(414, [tooLong])
  const base = baseOf(request, publicUrl, place.base)
  const path = pathOf(place.path)
  const room = await find(place.tenant)
  room.enter()
  try {
    const { origin } = request.headers
    const allowed = origin === undefined ? undefined : await room.smart.allows(path, origin, base)
    const cors = corsOf(allowed)
    if (request.method === 'OPTIONS') {
      const headers = { Allow: methods, ...(allowed === undefined ? {} : preflight) }
      return { answer: { status: 204, headers }, cors }
    }
    return { answer: await room.smart.answer(await plainOf(request, path, place.query), base), cors }
  } finally {
    room.leave()
  }
}

const tooLong = {
  severity: 'error',
  code: 'too-long',
  diagnostics: `The URL is longer than ${MAX_URL} characters. Send an authorization request with POST instead.`,
} as const

/** https://fetch.spec.whatwg.org/#http-cors-protocol */
const corsOf = (origin: string | undefined): readonly string[] => [
  'Vary',
  'Origin',
  ...(origin === undefined
    ? []
    : ['Access-Control-Allow-Origin', origin, 'Access-Control-Expose-Headers', 'WWW-Authenticate, Retry-After']),
]

const preflight = {
  'Access-Control-Allow-Methods': 'GET, POST, PUT, DELETE',
  'Access-Control-Allow-Headers': 'Accept, Authorization, Content-Type',
  'Access-Control-Max-Age': '3600',
} as const

const known: ReadonlySet<string> = new Set(['GET', 'POST', 'PUT', 'DELETE'])

async function plainOf(request: IncomingMessage, path: string, query: string): Promise<PlainRequest> {
  const method = request.method === 'HEAD' ? 'GET' : request.method!
  if (!known.has(method)) throw methodNotAllowed(`Use one of ${methods}.`, methods)
  const { headers } = request
  const type = headers['content-type']?.split(';', 1)[0]!.trim().toLowerCase() ?? ''
  const bytes = method === 'GET' ? undefined : await readBody(request, MAX_BODY)
  const isForm = bytes !== undefined && type === 'application/x-www-form-urlencoded'
  const isJson = bytes !== undefined && bytes.length > 0 && (type === 'application/json' || type.endsWith('+json'))
  return {
    method: method as PlainRequest['method'],
    path,
    query: new URLSearchParams(query),
    headers: headers as PlainRequest['headers'],
    cookies: cookiesOf(headers.cookie),
    from: request.socket.remoteAddress ?? '',
    ...(isForm ? { form: new URLSearchParams(bytes.toString('utf8')) } : {}),
    ...(isJson ? { json: jsonOf(bytes) } : {}),
  }
}

function jsonOf(bytes: Buffer): unknown {
  try {
    return parseJson(bytes)
  } catch (error) {
    if (error instanceof FhirError) throw error
    throw badRequest('The body is not JSON.')
  }
}

/** The first of each name counts. https://www.rfc-editor.org/rfc/rfc6265#section-4.2 */
function cookiesOf(header: string | undefined): ReadonlyMap<string, string> {
  const cookies = new Map<string, string>()
  for (const pair of (header ?? '').split(';', 100)) {
    const at = pair.indexOf('=')
    const name = pair.slice(0, at).trim()
    if (at > 0 && !cookies.has(name)) cookies.set(name, pair.slice(at + 1).trim())
  }
  return cookies
}

function write(
  request: IncomingMessage,
  response: ServerResponse,
  { status, headers, body }: PlainResponse,
  more: readonly string[],
): void {
  const text = body === undefined ? '' : typeof body === 'string' ? body : JSON.stringify(body)
  const lines: string[] = [...more]
  const said = new Set(Object.keys(headers).map(name => name.toLowerCase()))
  for (const [name, value] of Object.entries(headers))
    for (const each of typeof value === 'string' ? [value] : value) lines.push(name, each)
  for (let i = 0; i < safety.length; i += 2)
    if (!said.has(safety[i]!.toLowerCase())) lines.push(safety[i]!, safety[i + 1]!)
  if (status !== 204) lines.push('Content-Length', String(Buffer.byteLength(text)))
  if (response.headersSent || response.destroyed) return
  response.writeHead(status, lines)
  response.end(request.method === 'HEAD' || status === 204 ? undefined : text)
}
