/**
 * A tenant's CDS services over plain requests: discovery, calls, feedback.
 * https://cds-hooks.hl7.org/2.0/
 */
import { badRequest, methodNotAllowed, notFound } from '../fhir/outcome.ts'
import { languageOf } from '../rest/language.ts'
import { answerCall, type Called, type CallParts } from './call.ts'
import { discovery } from './catalogue.ts'
import { wrong } from './check-json.ts'
import { type Feedback, keepFeedback } from './feedback.ts'
import { openApi } from './open-api.ts'
import { feedbackSchema } from './schemas.ts'
import type { Records } from '../store/store.ts'
import type { AdminAnswer, AdminRequest } from './admin.ts'
import type { WhoCalls } from './trusted-clients.ts'

export interface CdsHttpRequest {
  readonly method: string
  /** Below `cds-services`, percent-decoded, without a leading slash: '', `cancer-summary`, `cancer-summary/feedback`. */
  readonly path: string
  /** In lower case. */
  readonly headers: Readonly<Record<string, string | undefined>>
  /** Of a POST: its JSON. */
  readonly body?: unknown
}

export interface CdsHttpResponse {
  readonly status: number
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: object
}

/** Where this tenant is, as the client sees it, without a trailing slash. */
export interface CdsPlace {
  /** Of FHIR: `https://example.org/fhir`. */
  readonly base: string
  /** Of the discovery: `https://example.org/cds-services`. */
  readonly services: string
}

export interface CdsServer {
  /** Throws a FhirError for what the client can do something about. */
  answer(request: CdsHttpRequest, place: CdsPlace): Promise<CdsHttpResponse>
  /** What an operator asks, below `/admin/`; undefined when it is nothing of ours. Throws a FhirError. */
  admin(request: AdminRequest): Promise<AdminAnswer | undefined>
  /** The public keys of the tokens that this server signs as a CDS client: a JWK Set. */
  publishedKeys(): Promise<object>
  close(): Promise<void>
}

export interface CdsParts extends Omit<CallParts, 'called'> {
  /** Told of every call of a service that is there, with the client that made it. Must not throw. */
  readonly called?: (how: Called, client: string | undefined, place: CdsPlace) => void
  readonly whoCalls: WhoCalls
  /** Where feedback is kept. */
  readonly feedback: Records
  /** Told of feedback that is kept. Must not throw. */
  readonly heard?: (service: string, feedback: readonly Feedback[]) => void
}

const ID = /^[A-Za-z0-9\-._]{1,64}$/

export function makeCdsServer(parts: CdsParts): Pick<CdsServer, 'answer'> {
  return {
    async answer({ method, path, headers, body }, place) {
      if (path === '') {
        if (method !== 'GET')
          throw methodNotAllowed('Discovery is asked with GET; POST goes to cds-services/{id}.', 'GET')
        return { status: 200, body: discovery(parts.catalogue.list()) }
      }
      if (path === 'openapi.json') {
        if (method !== 'GET') throw methodNotAllowed('Use GET here.', 'GET')
        return { status: 200, body: openApi(parts.catalogue.list(), place.services) }
      }
      const [id = '', verb, ...rest] = path.split('/')
      if (!ID.test(id) || rest.length > 0 || (verb !== undefined && verb !== 'feedback'))
        throw notFound(
          'There is nothing here. CDS services are called at cds-services/{id}, and told of at cds-services/{id}/feedback.',
        )
      if (method !== 'POST') throw methodNotAllowed(`cds-services/${path} takes POST.`, 'POST')
      const client = await parts.whoCalls(headers['authorization'], [
        `${place.services}/${path}`,
        `${place.services}/${id}`,
        place.services,
      ])
      if (verb === 'feedback') return hear(parts, id, body)
      const language = languageOf(headers['accept-language']) === 'zh' ? 'zh-TW' : 'en'
      const { catalogue, servers, now, called } = parts
      const telling = called ? { called: (how: Called) => called(how, client, place) } : {}
      const answered = await answerCall({ catalogue, servers, now, ...telling }, id, body, place.base, language)
      return { status: 200, headers: knownAs(client), body: answered }
    },
  }
}

/** Tells a developer whether the token that was sent was looked at. */
const knownAs = (client: string | undefined) => ({ 'X-CDS-Client': client === undefined ? 'unverified' : 'verified' })

async function hear(parts: CdsParts, id: string, body: unknown): Promise<CdsHttpResponse> {
  if (!parts.catalogue.list().some(service => service.id === id))
    throw notFound(`There is no CDS service ${id} here. GET cds-services lists those there are.`)
  const problem = wrong(feedbackSchema, body)
  if (problem) throw badRequest(problem, 'structure')
  const { feedback } = body as { feedback: readonly Feedback[] }
  await keepFeedback(parts.feedback, id, feedback, parts.now())
  parts.heard?.(id, feedback)
  return { status: 200 }
}
