/**
 * A call of a CDS service: checked, given its data, answered in time.
 * https://cds-hooks.hl7.org/2.0/#calling-a-cds-service
 */
import { badRequest, FhirError, notFound, preconditionFailed, tooCostly } from '../fhir/outcome.ts'
import { wrong } from './check-json.ts'
import { type FhirServers, readerFor } from './fhir-server.ts'
import { hookNamed, hooks } from './hooks.ts'
import { completed, sentPrefetch } from './prefetch.ts'
import { entriesIn, MOST_ENTRIES } from './entries.ts'
import { contextSchemas, requestSchema } from './schemas.ts'
import type { Catalogue } from './catalogue.ts'
import type { Call, CdsRequest, CdsResponse, CdsService, Language } from './words.ts'

/** Milliseconds, for those that do not say. https://cds-hooks.hl7.org/2.0/#providing-fhir-resources-to-a-cds-service */
export const USUAL_BUDGET = 500

/** How a call went, for statistics. */
export interface Called {
  readonly service: CdsService
  readonly request: CdsRequest
  /** HTTP status of the answer. */
  readonly status: number
  readonly milliseconds: number
  /** `refused`: the request was not right; `late`: no answer in time; `failed`: an error of the service. */
  readonly outcome: 'answered' | 'refused' | 'late' | 'failed'
  readonly response?: CdsResponse
}

export interface CallParts {
  readonly catalogue: Catalogue
  readonly servers: FhirServers
  readonly now: () => number
  /** Told of every call of a service that is there. Must not throw. */
  readonly called?: (how: Called) => void
}

/** The body as a request of this service. Throws 400 that says what is wrong. */
export function readRequest(body: unknown): CdsRequest {
  if (typeof body !== 'object' || body === null || Array.isArray(body))
    throw badRequest('The body must be a JSON object with hook, hookInstance and context.', 'structure')
  const problem = wrong(requestSchema, body)
  if (problem) throw badRequest(problem, 'structure')
  return body as CdsRequest
}

function checkContext({ hook, context }: CdsRequest): void {
  const schema = contextSchemas[hook]
  const problem = schema && wrong(schema, context, 'It')
  if (problem) throw badRequest(`The context of ${hook}: ${problem}`, 'structure')
}

/** The service of that id for the hook of the request. Throws 404, or 400 when it is for other hooks. */
export function serviceFor(catalogue: Catalogue, id: string, hook: string): CdsService {
  const service = catalogue.find(id, hook)
  if (service) return service
  const others = catalogue.list().filter(each => each.id === id)
  if (others.length === 0)
    throw notFound(`There is no CDS service ${id.slice(0, 64)} here. GET cds-services lists those there are.`)
  const own = others.map(each => each.hook).join(', ')
  throw badRequest(
    hookNamed(hook)
      ? `${id} is for ${own}, not for ${hook}.`
      : `${hook.slice(0, 64)} is not a hook this server knows; it knows ${hooks.map(each => each.name).join(', ')}. ${id} is for ${own}.`,
    'value',
  )
}

/** Answers a call. Throws a FhirError for what the client can do something about. */
export async function answerCall(
  parts: CallParts,
  id: string,
  body: unknown,
  base: string,
  language: Language,
): Promise<CdsResponse> {
  const request = readRequest(body)
  const service = serviceFor(parts.catalogue, id, request.hook)
  const started = performance.now()
  const told = (outcome: Called['outcome'], status: number, response?: CdsResponse) =>
    parts.called?.({
      service,
      request,
      status,
      milliseconds: performance.now() - started,
      outcome,
      ...(response ? { response } : {}),
    })
  const watch = new Watch(service)
  try {
    checkContext(request)
    refuseMany(entriesIn(request.context) + entriesIn(request.prefetch ?? {}))
    const sent = sentPrefetch(service, request)
    const whole = sent.open.length === 0 && sent.begun.length === 0 && sent.failed.length === 0
    const prefetch = whole
      ? sent.prefetch
      : await watch.within(
          completed(service, request, sent, readerFor(request, base, parts.servers), watch.signal),
          () => preconditionFailed(`${id} could not get its data in time. Send it as prefetch.`, 'timeout'),
        )
    if (!whole) refuseMany(entriesIn(request.context) + entriesIn(prefetch))
    const call = new WatchedCall({ request, prefetch, now: parts.now(), language, watch })
    const answered = service.answer(call)
    const response = answered instanceof Promise ? await watch.within(answered, () => late(service)) : answered
    told('answered', 200, response)
    return response
  } catch (error) {
    const status = error instanceof FhirError ? error.status : 500
    const isLate = error instanceof FhirError && (status === 504 || error.issues[0]?.code === 'timeout')
    told(isLate ? 'late' : status < 500 ? 'refused' : 'failed', status)
    throw error
  } finally {
    watch.end()
  }
}

function refuseMany(entries: number): void {
  if (entries > MOST_ENTRIES)
    throw tooCostly(
      `There are ${entries} resources in the Bundles of this call; at most ${MOST_ENTRIES} are looked at. Send fewer, such as those of the last years.`,
    )
}

const late = ({ id, budget = USUAL_BUDGET }: CdsService) =>
  new FhirError(504, [
    {
      severity: 'error',
      code: 'timeout',
      diagnostics: `${id} did not answer within ${budget} milliseconds. Go on without its advice, or ask again.`,
    },
  ])

/** The time of one call. Nothing is started for a service that answers at once. */
class Watch {
  readonly #budget: number
  readonly #begun = performance.now()
  readonly #over: (() => void)[] = []
  #control: AbortController | undefined
  #timer: NodeJS.Timeout | undefined

  constructor({ budget = USUAL_BUDGET }: CdsService) {
    this.#budget = budget
  }

  #start(): AbortController {
    if (this.#control) return this.#control
    const control = (this.#control = new AbortController())
    const left = Math.max(0, this.#budget - (performance.now() - this.#begun))
    this.#timer = setTimeout(() => {
      control.abort()
      for (const each of this.#over) each()
    }, left)
    return control
  }

  get signal(): AbortSignal {
    return this.#start().signal
  }

  /** What the promise gives, or the error when time is over first. */
  within<T>(promise: Promise<T>, error: () => Error): Promise<T> {
    this.#start()
    promise.catch(() => {})
    const { promise: ended, reject } = Promise.withResolvers<never>()
    this.#over.push(() => reject(error()))
    return Promise.race([promise, ended])
  }

  end(): void {
    clearTimeout(this.#timer)
  }
}

/**
 * A class because of its getter: V8 keeps a shape for every object literal that has one, and with it all that the getter can see, until
 * the next full collection.
 */
class WatchedCall implements Call {
  readonly request: CdsRequest
  readonly context: CdsRequest['context']
  readonly prefetch: Call['prefetch']
  readonly now: number
  readonly language: Language
  readonly #watch: Watch

  constructor({ request, prefetch, now, language, watch }: Omit<Call, 'context' | 'signal'> & { watch: Watch }) {
    this.request = request
    this.context = request.context
    this.prefetch = prefetch
    this.now = now
    this.language = language
    this.#watch = watch
  }

  get signal(): AbortSignal {
    return this.#watch.signal
  }
}
