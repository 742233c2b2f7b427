/**
 * HTTP to a tenant's CDS services, and back.
 * https://cds-hooks.hl7.org/2.0/
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { CdsHttpRequest, CdsHttpResponse, CdsServer } from '../cds/server.ts'
import { parsePlainJson } from '../fhir/json.ts'
import { badRequest, FhirError, methodNotAllowed, notFound, unsupportedMediaType } from '../fhir/outcome.ts'
import { safety } from './answer.ts'
import { readBody } from './body.ts'
import { problem, type ProblemLog } from './problems.ts'
import { baseOf, MAX_URL, pathOf, requestId } from './request.ts'
import { turn } from './turn.ts'

/** A tenant, as far as these endpoints need it. */
export interface CdsRoom {
  readonly cds: Pick<CdsServer, 'answer' | 'publishedKeys'>
  enter(): void
  leave(): void
}

export interface CdsOverHttp {
  /** The tenant of that name; throws notFound. */
  readonly room: (tenant: string) => CdsRoom | Promise<CdsRoom>
  readonly log: ProblemLog & { info(fields: object): void }
  readonly publicUrl: string
}

/** Of a call; a prefetch that is larger is better left to the service to read. */
const MAX_BODY = 4 * 1024 * 1024

const place = /^((?:\/t\/([^/?]+))?)\/(cds-services|cds-client)(?:\/([^?]*))?(?:\?.*)?$/s

/** Answers `cds-services…` and `cds-client/jwks.json` beside a FHIR base; gives others on with `next`. */
export function cdsOverHttp(
  parts: CdsOverHttp,
): (request: IncomingMessage, response: ServerResponse, next: () => void) => void {
  return (request, response, next) => {
    const found = place.exec(request.url!)
    if (found)
      void exchange(parts, request, response, { prefix: found[1]!, tenant: found[2] ?? 'default', area: found[3]!, path: found[4] ?? '' }) // prettier-ignore
    else next()
  }
}

interface Where {
  /** '' or `/t/{tenant}` */
  readonly prefix: string
  readonly tenant: string
  readonly area: string
  /** Percent-encoded, without a leading slash. */
  readonly path: string
}

/** For the log: never an id. */
function routeOf({ area, path }: Where): string {
  if (area !== 'cds-services' || path === '') return area
  return path.endsWith('/feedback') ? 'cds-services/:id/feedback' : 'cds-services/:id'
}

async function exchange(
  parts: CdsOverHttp,
  request: IncomingMessage,
  response: ServerResponse,
  where: Where,
): Promise<void> {
  const id = requestId(request.headers['x-request-id'])
  const started = performance.now()
  let answer: CdsHttpResponse
  try {
    answer = await answerTo(parts, request, where)
  } catch (error) {
    // a broken body is dropped, so that the client gets to read the answer
    request.resume()
    const { status, resource, headers = {} } = problem(error, id, parts.log)
    answer = { status, headers, ...(resource ? { body: resource } : {}) }
  }
  write(request, response, answer, id)
  const ms = Math.round((performance.now() - started) * 100) / 100
  const route = routeOf(where)
  parts.log.info({ method: request.method, route, status: answer.status, ms, id })
}

async function answerTo(
  { room: find, publicUrl }: CdsOverHttp,
  request: IncomingMessage,
  { prefix, tenant, area, path }: Where,
): Promise<CdsHttpResponse> {
  if (request.method === 'OPTIONS') return { status: 204, headers: preflight }
  if (request.url!.length > MAX_URL)
    throw new FhirError(414, [{ severity: 'error', code: 'too-long', diagnostics: 'The URL is too long.' }])
  const root = baseOf(request, publicUrl, prefix)
  const found = find(tenant)
  const room = found instanceof Promise ? await found : found
  room.enter()
  try {
    const method = request.method === 'HEAD' ? 'GET' : request.method!
    if (area === 'cds-client') {
      if (path !== 'jwks.json')
        throw notFound('There is nothing here. The keys of this CDS client are at cds-client/jwks.json.')
      if (method !== 'GET') throw methodNotAllowed('Use GET here.', 'GET')
      return { status: 200, body: await room.cds.publishedKeys() }
    }
    const asked: CdsHttpRequest = {
      method,
      path: pathOf(path),
      headers: request.headers as CdsHttpRequest['headers'],
      ...(method === 'POST' ? { body: await bodyOf(request) } : {}),
    }
    return await room.cds.answer(asked, { base: `${root}/fhir`, services: `${root}/cds-services` })
  } finally {
    room.leave()
  }
}

async function bodyOf(request: IncomingMessage): Promise<unknown> {
  const type = request.headers['content-type']?.split(';', 1)[0]!.trim().toLowerCase() ?? ''
  if (type !== 'application/json' && !type.endsWith('+json'))
    throw unsupportedMediaType('Send JSON with Content-Type: application/json.')
  const bytes = await readBody(request, MAX_BODY)
  if (bytes.length === 0) throw badRequest('The body is empty. Send a JSON object.', 'structure')
  await turn()
  return parsePlainJson(bytes)
}

const preflight = {
  Allow: 'GET, HEAD, POST, OPTIONS',
  'Access-Control-Allow-Methods': 'GET, POST, OPTIONS',
  'Access-Control-Allow-Headers': 'Accept, Accept-Language, Authorization, Content-Type, X-Request-Id',
  'Access-Control-Max-Age': '86400',
} as const

function write(request: IncomingMessage, response: ServerResponse, answer: CdsHttpResponse, id: string): void {
  const { status, headers = {}, body } = answer
  if (response.headersSent || response.destroyed) return
  const text = body === undefined ? '' : JSON.stringify(body)
  const lines: string[] = ['X-Request-Id', id]
  // browser-based CDS clients: who may call is said by a JWT, never by cookies
  lines.push(
    'Access-Control-Allow-Origin',
    '*',
    'Access-Control-Expose-Headers',
    'WWW-Authenticate, X-Request-Id, X-CDS-Client',
  )
  for (const name in headers) lines.push(name, headers[name]!)
  if (text) lines.push('Content-Type', 'application/json; charset=utf-8')
  const length = Buffer.byteLength(text)
  if (status !== 204) lines.push('Content-Length', String(length))
  for (const part of safety) lines.push(part)
  response.writeHead(status, lines)
  // as many bytes as characters: it is ASCII, and Node writes Latin-1 without looking at each character
  if (request.method === 'HEAD' || status === 204) response.end()
  else response.end(text, length === text.length ? 'latin1' : 'utf8')
}
