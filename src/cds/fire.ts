/**
 * The server as a CDS client: fires a hook at a service, ours or another, as an EHR would, and tells all that went to and fro.
 * https://cds-hooks.hl7.org/2.0/#calling-a-cds-service
 */
import { randomUUID } from 'node:crypto'
import { badRequest, FhirError, notFound, outcome } from '../fhir/outcome.ts'
import type { Json, Resource } from '../fhir/types.ts'
import { wrong } from './check-json.ts'
import { hookNamed } from './hooks.ts'
import { contextSchemas, requestSchema, responseSchema } from './schemas.ts'
import { fill, readTemplate } from './template.ts'
import type { CdsRequest, CdsService } from './words.ts'

/** What becomes of one key of the prefetch. */
export type PrefetchOrder =
  /** Read as the user, and sent. */
  | 'send'
  /** Left out, as by a client that does not honour it. */
  | 'omit'
  /** An OperationOutcome, as by a client that could not read it. */
  | 'fail'
  /** Null, as if there were nothing. */
  | 'nothing'

/** What an operator orders. */
export interface FireOrder {
  readonly hook: string
  /** Id of a service here, or where the service is and what it wants to know. */
  readonly service: string | { readonly url: string; readonly prefetch?: Readonly<Record<string, string>> }
  readonly patientId: string
  /** `Practitioner/1`. */
  readonly userId: string
  readonly encounterId?: string
  /** The rest of the context: draftOrders, selections, … */
  readonly context?: Readonly<Record<string, Json>>
  /** By key; `send` for those that are not named. A resource is sent as it is. */
  readonly prefetch?: Readonly<Record<string, PrefetchOrder | Resource>>
  /** Whether fhirServer and a token are sent; true when not given. */
  readonly fhirServer?: boolean
  /** Of the token; `user/*.rs` when not given. */
  readonly scope?: string
  /** Whether our JWT is sent; true when not given. */
  readonly jwt?: boolean
  /** Accept-Language. */
  readonly language?: string
}

/** What went to and fro. */
export interface Fired {
  readonly url: string
  readonly request: CdsRequest
  /** Of each key, what was read, and how long it took (milliseconds). */
  readonly prefetch: Readonly<Record<string, { url?: string; outcome: string; milliseconds?: number }>>
  readonly jwt?: { readonly header: object; readonly claims: object }
  readonly status: number
  readonly milliseconds: number
  /** Its JSON, or the beginning of what is none. */
  readonly response: unknown
  /** What is wrong with the response by the specification; empty when it is as it should be. */
  readonly problems: readonly string[]
}

export interface Place {
  readonly base: string
  readonly services: string
}

export interface FireParts {
  readonly services: () => readonly CdsService[]
  /** Reads from this tenant as the user may. Rejects with a FhirError. */
  readonly readAs: (user: string, patientId: string, url: string, base: string) => Promise<Resource>
  /** A token for the service, on behalf of the user. */
  readonly issue: (
    grant: { client: string; user: string; patient: string; scope: string },
    base: string,
  ) => Promise<{ access_token: string; expires_in: number; scope: string }>
  /** Our JWT for a service at that URL. */
  readonly sign: (audience: string, place: Place) => Promise<string>
  /** POSTs JSON: to ourselves without HTTP, to others guarded. Rejects with an Error named FetchError. */
  readonly post: (
    url: string,
    body: object,
    headers: Readonly<Record<string, string>>,
    place: Place,
  ) => Promise<{ status: number; body: string }>
}

const orders: ReadonlySet<unknown> = new Set(['send', 'omit', 'fail', 'nothing'])
const LONGEST_SHOWN = 20_000

/** Throws a FhirError when the order itself is not right; what the service does wrong is told in the answer. */
export async function fire(parts: FireParts, order: FireOrder, place: Place): Promise<Fired> {
  const { hook, service, patientId, userId, encounterId, context = {} } = order
  if (!hookNamed(hook)) throw badRequest(`${hook.slice(0, 64)} is not a hook this server knows.`, 'value')
  const target = typeof service === 'string' ? ownService(parts.services(), service, hook, place) : named(service)
  const request: CdsRequest = {
    hook,
    hookInstance: randomUUID(),
    context: { userId, patientId, ...(encounterId ? { encounterId } : {}), ...context },
  }
  const problem = wrong(requestSchema, request) ?? wrong(contextSchemas[hook]!, request.context, 'The context')
  if (problem) throw badRequest(problem, 'structure')
  const { prefetch, told } = await prefetched(parts, target.prefetch ?? {}, order, request, place)
  const subject = typeof service === 'string' ? service : new URL(service.url).host
  const whole: CdsRequest = {
    ...request,
    ...(order.fhirServer === false ? {} : await authorization(parts, order, subject, place)),
    ...(Object.keys(prefetch).length > 0 ? { prefetch } : {}),
  }
  const token = order.jwt === false ? undefined : await parts.sign(target.url, place)
  const started = performance.now()
  const answer = await posted(parts, target.url, whole, token, order, place)
  return {
    url: target.url,
    request: hidden(whole),
    prefetch: told,
    ...(token ? { jwt: takenApart(token) } : {}),
    milliseconds: Math.round((performance.now() - started) * 100) / 100,
    ...answer,
  }
}

/** A service elsewhere, with an address and templates that can be used. */
function named(service: Exclude<FireOrder['service'], string>) {
  if (!URL.canParse(service.url)) throw badRequest('service.url is not a URL.', 'value')
  for (const [key, template] of Object.entries(service.prefetch ?? {}))
    try {
      readTemplate(template)
    } catch (error) {
      throw badRequest(`service.prefetch.${key.slice(0, 60)}: ${(error as Error).message}`, 'value')
    }
  return service
}

function ownService(services: readonly CdsService[], id: string, hook: string, place: Place) {
  const service = services.find(each => each.id === id && each.hook === hook)
  if (!service) throw notFound(`There is no CDS service ${id.slice(0, 64)} for ${hook} here.`)
  return { url: `${place.services}/${id}`, ...(service.prefetch ? { prefetch: service.prefetch } : {}) }
}

async function authorization(parts: FireParts, order: FireOrder, subject: string, { base }: Place) {
  const { userId, patientId, scope = 'user/*.rs' } = order
  const issued = await parts.issue({ client: subject, user: userId, patient: patientId, scope }, base)
  return {
    fhirServer: base,
    fhirAuthorization: { ...issued, token_type: 'Bearer' as const, subject, patient: patientId },
  }
}

async function prefetched(
  parts: FireParts,
  templates: Readonly<Record<string, string>>,
  { prefetch: wanted = {}, userId, patientId }: FireOrder,
  { context }: CdsRequest,
  { base }: Place,
) {
  const prefetch: Record<string, Json> = {}
  const told: Record<string, { url?: string; outcome: string; milliseconds?: number }> = {}
  await Promise.all(
    Object.entries(templates).map(async ([key, text]) => {
      const order = (Object.hasOwn(wanted, key) ? wanted[key] : undefined) ?? 'send'
      if (!orders.has(order)) {
        prefetch[key] = order as unknown as Json
        told[key] = { outcome: 'sent as given' }
      } else if (order === 'omit') told[key] = { outcome: 'left out' }
      else if (order === 'nothing') {
        prefetch[key] = null
        told[key] = { outcome: 'sent as null' }
      } else if (order === 'fail') {
        prefetch[key] = failure as unknown as Json
        told[key] = { outcome: 'sent as an OperationOutcome' }
      } else {
        const filled = fill(readTemplate(text), context)
        if ('missing' in filled) return void (told[key] = { outcome: `left out: the context has no ${filled.missing}` })
        const started = performance.now()
        const { url } = filled
        const milliseconds = () => Math.round((performance.now() - started) * 100) / 100
        try {
          const resource = await parts.readAs(userId, patientId, url, base)
          const empty = resource.resourceType === 'Bundle' && !Array.isArray(resource['entry'])
          prefetch[key] = empty ? null : (resource as unknown as Json)
          told[key] = { url, outcome: empty ? 'sent as null: nothing found' : 'sent', milliseconds: milliseconds() }
        } catch (error) {
          if (!(error instanceof FhirError)) throw error
          const gone = error.status === 404 || error.status === 410
          prefetch[key] = gone ? null : (outcome(error.issues) as unknown as Json)
          told[key] = {
            url,
            outcome: gone ? 'sent as null: not there' : `refused: ${error.message}`,
            milliseconds: milliseconds(),
          }
        }
      }
    }),
  )
  return { prefetch, told }
}

const failure = {
  resourceType: 'OperationOutcome',
  issue: [{ severity: 'error', code: 'transient', diagnostics: 'The CDS client could not read this.' }],
}

async function posted(
  parts: FireParts,
  url: string,
  request: CdsRequest,
  token: string | undefined,
  { language }: FireOrder,
  place: Place,
): Promise<Pick<Fired, 'status' | 'response' | 'problems'>> {
  const headers = {
    ...(token ? { authorization: `Bearer ${token}` } : {}),
    ...(language ? { 'accept-language': language } : {}),
  }
  let answer: { status: number; body: string }
  try {
    answer = await parts.post(url, request, headers, place)
  } catch (error) {
    if ((error as Error).name !== 'FetchError') throw error
    return { status: 0, response: null, problems: [(error as Error).message] }
  }
  const { status, body } = answer
  let response: unknown
  try {
    response = body === '' ? null : JSON.parse(body)
  } catch {
    return { status, response: body.slice(0, LONGEST_SHOWN), problems: ['The response is not JSON.'] }
  }
  const problem = status === 200 ? wrong(responseSchema, response, 'The response') : undefined
  return { status, response, problems: problem ? [problem] : [] }
}

/** Without the token itself. */
function hidden(request: CdsRequest): CdsRequest {
  const { fhirAuthorization } = request
  return fhirAuthorization
    ? { ...request, fhirAuthorization: { ...fhirAuthorization, access_token: '(hidden)' } }
    : request
}

function takenApart(token: string): { header: object; claims: object } {
  const [header, claims] = token
    .split('.', 2)
    .map(part => JSON.parse(Buffer.from(part, 'base64url').toString('utf8')) as object)
  return { header: header!, claims: claims! }
}
