/**
 * HTTP to FHIR and back: reads the request, hands it to the tenant's door, writes the answer.
 * https://hl7.org/fhir/R4/http.html
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Audit } from '../access/audit.ts'
import type { Caller } from '../access/caller.ts'
import { parseJson } from '../fhir/json.ts'
import { parseLargeJson } from '../fhir/json-pieces.ts'
import { badRequest, FhirError, methodNotAllowed, unavailable } from '../fhir/outcome.ts'
import type { Door, FhirRequest, FhirResponse, HttpMethod, Json } from '../rest/exchange.ts'
import { preflight, safety, send } from './answer.ts'
import type { FhirCall } from '../smart/launcher-calls.ts'
import type { Authenticate } from './authenticate.ts'
import { readBody } from './body.ts'
import { answerKind, bodyKind, notFhir, parameter } from './negotiate.ts'
import { problem, type ProblemLog } from './problems.ts'
import { baseOf, locate, MAX_URL, pathOf, requestId, type Place } from './request.ts'
import { routeOf } from './route.ts'

/** A tenant, as far as HTTP needs it. `enter` and `leave` frame each request, so that a reset can wait for those inside. */
export interface Room {
  readonly door: Pick<Door, 'handle'>
  enter(): void
  leave(): void
  /** Where what happens to it is recorded. */
  readonly audit?: Pick<Audit, 'tell'> | undefined
}

export interface RequestLog extends ProblemLog {
  info(fields: object): void
}

/** What requests have in common: the load now, and who wants to know of each answer. */
export interface Traffic {
  /** The server stops: answers end their connection. */
  stopping: boolean
  inFlight: number
  writesInFlight: number
  observe: ((interaction: string, type: string, status: number, seconds: number) => void) | undefined
}

export interface FhirOverHttp {
  /** The tenant of that name; throws notFound. A promise when it must be opened first. */
  readonly room: (tenant: string) => Room | Promise<Room>
  readonly authenticate: Authenticate
  readonly isType: (name: string) => boolean
  readonly log: RequestLog
  readonly traffic: Traffic
  /** Bytes. */
  readonly maxBody: number
  /** '' when the Host header is to tell. */
  readonly publicUrl: string
  /** Shows developers what their app asked; in a sandbox only. */
  readonly traces?: {
    /** The trace that a token which was refused speaks of. */
    of(authorization: string | undefined): string | undefined
    /** Never rejects. */
    tell(tenant: string, trace: string, call: FhirCall): Promise<void>
  }
}

/** More writes than this at once are asked to come back: the queue never grows beyond what a second can answer. */
export const MAX_WRITES = 1024

const methods = 'GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS'
const allowed = new Set(methods.split(', '))

/** Answers requests below /fhir and /t/{tenant}/fhir; gives others on with `next`. */
export function fhirOverHttp(
  parts: FhirOverHttp,
): (request: IncomingMessage, response: ServerResponse, next: () => void) => void {
  return (request, response, next) => {
    const place = locate(request.url!)
    if (!place) next()
    else if (request.method === 'OPTIONS')
      response.writeHead(204, [...preflight, ...safety, 'Allow', methods] as string[]).end()
    else void exchange(parts, request, response, place)
  }
}

async function exchange(
  parts: FhirOverHttp,
  request: IncomingMessage,
  response: ServerResponse,
  place: Place,
): Promise<void> {
  const { traffic, log } = parts
  const started = performance.now()
  const id = requestId(request.headers['x-request-id'])
  const asked: Asked = { method: 'GET', tenant: '', path: '', base: '', raw: false, pretty: false }
  let answer: FhirResponse
  let bytes = 0
  traffic.inFlight++
  try {
    answer = await answerTo(parts, request, place, id, asked)
  } catch (error) {
    answer = problem(error, id, log)
  }
  traffic.inFlight--
  const manner = { requestId: id, base: asked.base, pretty: asked.pretty, raw: asked.raw, last: traffic.stopping }
  try {
    bytes = send(request, response, answer, manner)
  } catch (error) {
    answer = problem(error, id, log)
    bytes = response.headersSent ? 0 : send(request, response, answer, manner)
  }
  const ms = performance.now() - started
  const { interaction, type, template } = routeOf(request.method!, asked.path, parts.isType)
  if (asked.trace !== undefined)
    void parts.traces?.tell(place.tenant, asked.trace, {
      method: request.method!,
      route: template,
      interaction,
      type,
      status: answer.status,
      ...refusalOf(answer),
    })
  traffic.observe?.(interaction, type, answer.status, ms / 1000)
  log.info({
    method: request.method,
    route: template,
    status: answer.status,
    ms: Math.round(ms * 100) / 100,
    bytes,
    id,
    tenant: asked.tenant,
  })
}

/** Filled while the request is read, so that an error on the way is answered in the client's manner. */
interface Asked {
  method: HttpMethod
  /** Known to be one; '' before. The log never has what a client only made up. */
  tenant: string
  path: string
  base: string
  raw: boolean
  pretty: boolean
  /** See Grant.trace. */
  trace?: string | undefined
}

async function answerTo(
  parts: FhirOverHttp,
  request: IncomingMessage,
  place: Place,
  id: string,
  asked: Asked,
): Promise<FhirResponse> {
  read(parts, request, place, asked)
  let caller: Caller
  try {
    const authorized = parts.authenticate(request.headers.authorization, place.tenant, asked.path, asked.base)
    caller = authorized instanceof Promise ? await authorized : authorized
    if (caller.grant?.trace !== undefined) asked.trace = caller.grant.trace
  } catch (error) {
    asked.trace = parts.traces?.of(request.headers.authorization)
    await tellRefusal(parts, request, place, id, error)
    throw error
  }
  const found = parts.room(place.tenant)
  const room = found instanceof Promise ? await found : found
  asked.tenant = place.tenant
  const { method, path, base } = asked
  const writes = method !== 'GET' && !path.endsWith('_search')
  if (writes && parts.traffic.writesInFlight >= MAX_WRITES)
    throw unavailable('The server is writing as fast as it can. Try again in a moment.')
  room.enter()
  let counted = 0
  try {
    const sent =
      method === 'GET' || method === 'DELETE' ? undefined : await content(request, path, place.query, parts.maxBody)
    // not before the body is here: a slow client must not take a writer's place
    if (writes) parts.traffic.writesInFlight += counted = 1
    const query = sent ? sent.query : place.query
    const headers = meaningful(request, id)
    const from = request.socket.remoteAddress ?? ''
    return await room.door.handle(
      sent?.source
        ? {
            method,
            path,
            query,
            headers,
            base,
            from,
            ...(sent.body === undefined ? {} : { body: sent.body }),
            source: sent.source,
          }
        : sent?.body === undefined
          ? { method, path, query, headers, base, from }
          : method === 'POST' && request.headers['x-request-id'] === id
            ? { method, path, query, headers, base, from, body: sent.body, retryKey: id }
            : { method, path, query, headers, base, from, body: sent.body },
      caller,
    )
  } finally {
    room.leave()
    parts.traffic.writesInFlight -= counted
  }
}

/** Why it was refused, in our own words, and with which scope it would not have been. */
function refusalOf({ status, resource, headers }: FhirResponse): Pick<FhirCall, 'why' | 'scope'> {
  if (status !== 401 && status !== 403) return {}
  const why = (resource as { issue?: { diagnostics?: string }[] } | undefined)?.issue?.[0]?.diagnostics
  const scope = /scope="([^"]+)"/.exec(headers?.['WWW-Authenticate'] ?? '')?.[1]
  return { ...(why === undefined ? {} : { why }), ...(scope === undefined ? {} : { scope }) }
}

/** A request that nobody was found behind is recorded too: by its address, never by the token. */
async function tellRefusal(
  { room, isType }: FhirOverHttp,
  request: IncomingMessage,
  { tenant, path, query }: Place,
  id: string,
  error: unknown,
): Promise<void> {
  if (!(error instanceof FhirError) || error.status !== 401) return
  const { audit } = await room(tenant)
  const from = request.socket.remoteAddress
  const { type } = routeOf(request.method!, pathOf(path), isType)
  audit?.tell({
    what: 'unauthenticated',
    status: 401,
    who: { caller: 'nobody' },
    query: `${request.method!} ${pathOf(path)}${query ? `?${query}` : ''}`,
    request: id,
    ...(type ? { type } : {}),
    ...(from ? { from } : {}),
  })
}

/** What the request line and the headers say; throws what can be refused by them alone. */
function read(parts: FhirOverHttp, request: IncomingMessage, place: Place, asked: Asked): void {
  const method = request.method!
  if (request.url!.length > MAX_URL) throw new FhirError(414, [tooLong])
  asked.pretty = parameter(place.query, '_pretty') === 'true'
  asked.path = pathOf(place.path)
  asked.base = baseOf(request, parts.publicUrl, place.base)
  if (!allowed.has(method))
    throw methodNotAllowed(`FHIR has no ${method.slice(0, 20)}. Use one of ${methods}.`, methods)
  // a HEAD is a GET whose body is not sent
  asked.method = (method === 'HEAD' ? 'GET' : method) as HttpMethod
  const binary = asked.method === 'GET' && /^(?:Binary|bulk)\//.test(asked.path) && !asked.path.includes('$')
  asked.raw = answerKind(request.headers.accept, place.query, binary) === 'raw'
}

const tooLong = {
  severity: 'error',
  code: 'too-long',
  diagnostics: `The URL is longer than ${MAX_URL} characters. Search with POST [type]/_search instead.`,
} as const

const meaningful = ({ headers }: IncomingMessage, id: string): FhirRequest['headers'] => ({
  'if-match': headers['if-match'],
  'if-none-match': headers['if-none-match'],
  'if-none-exist': headers['if-none-exist'] as string | undefined,
  'if-modified-since': headers['if-modified-since'],
  prefer: headers.prefer as string | undefined,
  'content-type': headers['content-type'],
  'accept-language': headers['accept-language'],
  'x-request-id': id,
  ...(headers['x-purpose-of-use'] === undefined ? {} : { 'x-purpose-of-use': String(headers['x-purpose-of-use']) }),
  ...(headers['x-routed-by'] === undefined ? {} : { 'x-routed-by': String(headers['x-routed-by']) }),
})

/** The body in the form the door takes it; a form's fields join the query. */
async function content(
  request: IncomingMessage,
  path: string,
  query: string,
  limit: number,
): Promise<{ query: string; body: Json | undefined; source?: FhirRequest['source'] }> {
  const contentType = request.headers['content-type'] ?? ''
  const kind = refusingUnread(request, () => bodyKind(contentType))
  const bytes = await readBody(request, limit)
  if (kind === 'form') {
    if (!path.endsWith('_search')) throw notFhir(contentType)
    return {
      query: query && bytes.length ? `${query}&${bytes.toString('latin1')}` : query || bytes.toString('latin1'),
      body: undefined,
    }
  }
  const toBinary = /^Binary(\/[^/$_]+)?$/.test(path)
  if (kind === 'other' && toBinary && contentType && (request.method === 'POST' || request.method === 'PUT')) {
    return { query, body: asBinary(contentType, bytes, path, request.headers['x-security-context']) }
  }
  if (bytes.length === 0) return { query, body: undefined }
  if (kind === 'other' || (kind === 'json-patch' && request.method !== 'PATCH')) throw notFhir(contentType)
  if (path === '$validate' || path.endsWith('/$validate')) return { query, ...withSource(bytes) }
  return { query, body: await parseLargeJson(bytes) }
}

/** The body with its text: $validate speaks of lines and columns, and of JSON that is none. */
function withSource(bytes: Buffer): { body: Json | undefined; source: NonNullable<FhirRequest['source']> } {
  const text = bytes.toString('utf8')
  try {
    return { body: parseJson(bytes), source: { text } }
  } catch (error) {
    if (!(error instanceof FhirError)) throw error
    return { body: undefined, source: { text, problem: error } }
  }
}

function refusingUnread<T>(request: IncomingMessage, read: () => T): T {
  try {
    return read()
  } catch (error) {
    request.resume()
    throw error
  }
}

/** Bytes sent to Binary become the resource. https://hl7.org/fhir/R4/binary.html#rest */
function asBinary(
  contentType: string,
  bytes: Buffer,
  path: string,
  securityContext: string | string[] | undefined,
): Json {
  if (bytes.length === 0) throw badRequest('The body is empty. A Binary needs content.')
  const id = path.split('/')[1]
  const context = typeof securityContext === 'string' ? { securityContext: { reference: securityContext } } : {}
  return { resourceType: 'Binary', ...(id ? { id } : {}), contentType, ...context, data: bytes.toString('base64') }
}
