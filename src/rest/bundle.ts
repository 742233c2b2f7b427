/**
 * What batch and transaction share: an entry read as a request, an answer written as an entry, an error told of its entry.
 * https://hl7.org/fhir/R4/http.html#transaction
 */
import { STATUS_CODES } from 'node:http'
import { parseJson, printJson } from '../fhir/json.ts'
import { FhirError, badRequest, outcome, tooLarge, type Issue } from '../fhir/outcome.ts'
import { instant } from '../store/stamp.ts'
import type { Context, FhirRequest, FhirResponse, HttpMethod, Json, Resource } from './exchange.ts'
import { listed, quoted, shown } from './outcome-text.ts'

export interface Entry {
  /** Its place in the Bundle, from 0. */
  readonly index: number
  readonly fullUrl: string | undefined
  readonly request: FhirRequest
}

type JsonObject = { [name: string]: Json }
const isObject = (value: Json | undefined): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** The entries of the request's Bundle, unread. 400 for another resource or type, 413 for too many. */
export function entriesOf(body: FhirRequest['body'], type: string, most: number): readonly Json[] {
  if (Buffer.isBuffer(body) || !isObject(body) || body['resourceType'] !== 'Bundle') {
    throw badRequest('What is posted to the base of the server is a Bundle of type batch or transaction.', 'structure')
  }
  if (body['type'] !== type) {
    const found = shown(body['type'])
    throw badRequest(`Bundle.type is ${found}; the server takes batch and transaction here.`, 'value', 'Bundle.type')
  }
  const entries = body['entry'] ?? []
  if (!Array.isArray(entries)) throw badRequest('Bundle.entry is a list.', 'structure', 'Bundle.entry')
  if (entries.length > most)
    throw tooLarge(`The ${type} has ${entries.length} entries; this server takes ${most} at most. Send it in parts.`)
  return entries
}

const METHODS: readonly string[] = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'] satisfies HttpMethod[]

/** An entry as the request it stands for. Throws 400 for one that stands for none. */
export function readEntry(context: Context, raw: Json, index: number): Entry {
  const entry = isObject(raw) ? raw : {}
  const asked = entry['request']
  if (!isObject(asked))
    throw badRequest('The entry has no request; give it request.method and request.url.', 'required')
  const { method, url } = asked
  if (typeof method !== 'string' || !METHODS.includes(method)) {
    throw badRequest(`request.method is ${shown(method)}; it is one of ${listed(METHODS)}.`, 'value')
  }
  if (typeof url !== 'string') throw badRequest('The entry has no request.url.', 'required')
  const { resource, fullUrl } = entry
  if (resource !== undefined && !isObject(resource))
    throw badRequest('The resource of the entry is not an object.', 'structure')
  if (fullUrl !== undefined && typeof fullUrl !== 'string') throw badRequest('fullUrl is a string.', 'structure')
  const writes = method !== 'GET' && method !== 'HEAD' && method !== 'DELETE'
  const { body, contentType } =
    method === 'PATCH' ? patchOf(resource) : { body: resource, contentType: 'application/fhir+json' }
  const request: FhirRequest = {
    method: method as HttpMethod,
    ...placeOf(url, context.request.base),
    headers: headersOf(context, asked, writes ? contentType : undefined),
    base: context.request.base,
    ...(context.request.from ? { from: context.request.from } : {}),
    ...(writes && body !== undefined ? { body } : {}),
  }
  return { index, fullUrl, request }
}

/** Path and query of an entry's url: below the base, or absolute when it is ours. */
function placeOf(url: string, base: string): { path: string; query: string } {
  let relative = url
  if (url === base || url.startsWith(`${base}/`) || url.startsWith(`${base}?`)) relative = url.slice(base.length)
  else if (/^[a-z][a-z0-9+.-]*:/i.test(url))
    throw badRequest(`request.url is ${quoted(url)}; it should be relative to ${base}, as in Patient/123.`, 'value')
  if (relative.startsWith('/')) relative = relative.slice(1)
  const mark = relative.indexOf('?')
  const path = mark < 0 ? relative : relative.slice(0, mark)
  return {
    path: path.includes('%') ? path.split('/').map(decoded).join('/') : path,
    query: mark < 0 ? '' : relative.slice(mark + 1),
  }
}

function decoded(segment: string): string {
  let text: string
  try {
    text = decodeURIComponent(segment)
  } catch {
    throw badRequest('The path of request.url is not valid percent-encoded UTF-8.')
  }
  if (text.includes('/')) throw badRequest('A segment of the path of request.url has a slash in it.')
  return text
}

function headersOf(context: Context, asked: JsonObject, contentType: string | undefined): FhirRequest['headers'] {
  const text = (name: string) => {
    const value = asked[name]
    if (value !== undefined && typeof value !== 'string') throw badRequest(`request.${name} is a string.`, 'structure')
    return value
  }
  const since = text('ifModifiedSince')
  const time = since === undefined ? undefined : Date.parse(since)
  if (Number.isNaN(time))
    throw badRequest('request.ifModifiedSince is an instant such as 2026-01-31T08:00:00+08:00.', 'value')
  const headers: Record<string, string> = { prefer: preferOf(context) }
  const add = (name: string, value: string | undefined) => value !== undefined && (headers[name] = value)
  add('if-match', text('ifMatch'))
  add('if-none-match', text('ifNoneMatch'))
  add('if-none-exist', text('ifNoneExist'))
  add('if-modified-since', time === undefined ? undefined : new Date(time).toUTCString())
  add('content-type', contentType)
  for (const name of ['x-purpose-of-use', 'x-routed-by']) add(name, context.request.headers[name])
  add('accept-language', context.request.headers['accept-language'])
  add('x-request-id', context.request.headers['x-request-id'])
  return headers
}

/** What an entry's write answers with: nothing but its status, unless the client asked for more. */
export const returnOf = (context: Context) =>
  /return\s*=/i.test(context.request.headers.prefer ?? '') ? context.prefer.return : 'minimal'

const preferOf = (context: Context) =>
  `return=${returnOf(context)}${context.prefer.handling === undefined ? '' : `, handling=${context.prefer.handling}`}`

/** The patch in an entry: a JSON Patch in a Binary, else a FHIRPath Patch in Parameters. */
function patchOf(resource: JsonObject | undefined): { body: Json | undefined; contentType: string } {
  if (resource?.['resourceType'] !== 'Binary') return { body: resource, contentType: 'application/fhir+json' }
  const { contentType, data } = resource
  const bytes = Buffer.from(typeof data === 'string' ? data : '', 'base64')
  return {
    body: parseJson(bytes),
    contentType: typeof contentType === 'string' ? contentType : 'application/json-patch+json',
  }
}

/** The text of a Bundle entry that answers a request. */
export function answeredEntry(request: FhirRequest, response: FhirResponse): string {
  const { status, version } = response
  const written = request.method !== 'GET' && request.method !== 'HEAD'
  const outcomes = response.resource?.resourceType === 'OperationOutcome' ? response.resource : undefined
  const said = outcomes ?? (response.warnings && (outcome(response.warnings) as unknown as Resource))
  const body = response.empty || outcomes || request.method === 'HEAD' ? '' : bodyOf(response)
  const parts = [`"status":"${status}${STATUS_CODES[status] ? ` ${STATUS_CODES[status]}` : ''}"`]
  const place = version && `${request.base}/${version.ref.type}/${version.ref.id}`
  if (version && written && version.text !== undefined)
    parts.push(`"location":${JSON.stringify(`${place!}/_history/${version.version}`)}`)
  if (version) parts.push(`"etag":"W/\\"${version.version}\\"","lastModified":"${instant(version.updated)}"`)
  if (said) parts.push(`"outcome":${printJson(said)}`)
  const fullUrl = version && body ? `"fullUrl":${JSON.stringify(place)},` : ''
  return `{${fullUrl}${body ? `"resource":${body},` : ''}"response":{${parts.join(',')}}}`
}

function bodyOf({ raw, text, resource, version }: FhirResponse): string {
  if (raw)
    return JSON.stringify({ resourceType: 'Binary', contentType: raw.contentType, data: raw.bytes.toString('base64') })
  return text ?? (resource ? printJson(resource) : (version?.text ?? ''))
}

/** The text of an entry whose request was refused. */
export function refusedEntry(request: FhirRequest | undefined, error: unknown): string {
  const known = error instanceof FhirError
  const status = known ? error.status : 500
  const issues: readonly Issue[] = known
    ? error.issues
    : [{ severity: 'error', code: 'exception', diagnostics: 'The server failed at this entry.' }]
  const resource = outcome(issues) as unknown as Resource
  return answeredEntry(request ?? { method: 'POST', path: '', query: '', headers: {}, base: '' }, { status, resource })
}

/** The same refusal, saying which entry it is about; other errors as they are. */
export function about(index: number, error: unknown): unknown {
  if (!(error instanceof FhirError)) return error
  const place = `Bundle.entry[${index}]`
  const issues = error.issues.map(issue => ({
    ...issue,
    diagnostics: `${place}: ${issue.diagnostics ?? issue.code}`,
    expression: issue.expression?.length ? issue.expression.map(path => within(place, path)) : [place],
  }))
  return new FhirError(error.status, issues, error.headers)
}

/** `Patient.name[0]` of the entry's resource; anything that is not a path into a resource is the entry's as a whole. */
const within = (place: string, path: string) =>
  /^[A-Z][A-Za-z]*\./.test(path) ? `${place}.resource${path.slice(path.indexOf('.'))}` : place

/** The text of a response Bundle. */
export const responseBundle = (
  type: 'batch-response' | 'transaction-response',
  entries: readonly string[],
): FhirResponse => ({
  status: 200,
  text: `{"resourceType":"Bundle","type":"${type}"${entries.length > 0 ? `,"entry":[${entries.join(',')}]` : ''}}`,
})
