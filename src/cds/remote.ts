/**
 * A CDS service elsewhere, offered as one of ours: its calls are handed on, and what comes back is looked at first.
 * https://cds-hooks.hl7.org/2.0/#calling-a-cds-service
 */
import { FhirError } from '../fhir/outcome.ts'
import { wrong } from './check-json.ts'
import type { Feedback } from './feedback.ts'
import { responseSchema } from './schemas.ts'
import type { Call, CdsRequest, CdsResponse, CdsService } from './words.ts'

/** What discovery says of it for one hook. */
export interface RemoteHook {
  readonly hook: string
  readonly title: string
  readonly description: string
  readonly prefetch?: Readonly<Record<string, string>>
  readonly usageRequirements?: string
}

export interface Remote {
  /** Where calls go: `https://cds.example.org/cds-services/pgx`. */
  readonly url: string
  readonly hooks: readonly RemoteHook[]
  /** Milliseconds. */
  readonly timeout: number
  /** Whether it is handed fhirServer and the token for it; else we read what it wants and hand on that. */
  readonly forwardAuthorization: boolean
}

/** How it has been. */
export interface Health {
  readonly state: 'closed' | 'open' | 'half-open'
  readonly failuresInARow: number
  /** Milliseconds since 1970. */
  readonly lastAnswered?: number
  readonly lastFailed?: number
  readonly lastProblem?: string
}

export interface RemoteParts {
  /** POSTs JSON, guarded; rejects with an Error named FetchError. */
  readonly post: (
    url: string,
    body: string,
    signal: AbortSignal,
    headers?: Readonly<Record<string, string>>,
  ) => Promise<{ status: number; body: Buffer }>
  readonly now: () => number
}

/** Failures in a row after which it is left alone, and for how long (milliseconds). */
const MOST_FAILURES = 5
const LEFT_ALONE = 30_000

export interface RemoteService {
  readonly services: readonly CdsService[]
  health(): Health
  /** Hands feedback on. Never rejects: it is kept here anyway. */
  tell(feedback: readonly Feedback[]): Promise<void>
}

export function makeRemote(id: string, remote: Remote, { post, now }: RemoteParts): RemoteService {
  let failures = 0
  let openUntil = 0
  let trying = false
  let lastAnswered: number | undefined
  let lastFailed: number | undefined
  let lastProblem: string | undefined

  function failed(problem: string): void {
    failures++
    lastFailed = now()
    lastProblem = problem
    if (failures >= MOST_FAILURES) openUntil = now() + LEFT_ALONE
  }

  async function answer({ request, prefetch, signal }: Call): Promise<CdsResponse> {
    if (openUntil > now() || (openUntil > 0 && trying))
      throw gateway(503, `${id} has failed ${failures} times in a row and is left alone for a while.`, {
        'Retry-After': String(Math.max(1, Math.ceil((openUntil - now()) / 1000))),
      })
    // after a while one call finds out whether it is back
    trying = openUntil > 0
    try {
      const response = responseIn(
        id,
        await post(remote.url, JSON.stringify(handedOn(remote, request, prefetch)), signal),
      )
      failures = 0
      openUntil = 0
      lastAnswered = now()
      return response
    } catch (error) {
      const problem = problemOf(id, error)
      // what the client sent wrong is no fault of the service
      if (problem.status >= 500) failed(problem.message)
      throw problem
    } finally {
      trying = false
    }
  }

  return {
    services: remote.hooks.map(({ hook, title, description, prefetch, usageRequirements }) => ({
      id,
      hook,
      title,
      description,
      ...(prefetch ? { prefetch, optional: Object.keys(prefetch) } : {}),
      ...(usageRequirements ? { usageRequirements } : {}),
      budget: remote.timeout,
      answer,
    })),
    health: () => ({
      state: openUntil > now() ? 'open' : openUntil > 0 ? 'half-open' : 'closed',
      failuresInARow: failures,
      ...(lastAnswered === undefined ? {} : { lastAnswered }),
      ...(lastFailed === undefined ? {} : { lastFailed }),
      ...(lastProblem === undefined ? {} : { lastProblem }),
    }),
    async tell(feedback) {
      const signal = AbortSignal.timeout(5000)
      await post(`${remote.url}/feedback`, JSON.stringify({ feedback }), signal).catch(() => {})
    },
  }
}

/** The request as it goes on: with the data we have, and with the token only when that was meant. */
function handedOn({ forwardAuthorization }: Remote, request: CdsRequest, prefetch: Call['prefetch']): object {
  const { fhirServer, fhirAuthorization, prefetch: _, ...rest } = request
  return {
    ...rest,
    ...(forwardAuthorization && fhirServer ? { fhirServer } : {}),
    ...(forwardAuthorization && fhirAuthorization ? { fhirAuthorization } : {}),
    ...(Object.keys(prefetch).length > 0 ? { prefetch } : {}),
  }
}

function responseIn(id: string, { status, body }: { status: number; body: Buffer }): CdsResponse {
  if (status === 412) throw gateway(412, `${id} needs data that it was not given: it answered with 412.`)
  if (status !== 200) throw gateway(502, `${id} answered with status ${status}.`)
  let value: unknown
  try {
    value = JSON.parse(body.toString('utf8'))
  } catch {
    throw gateway(502, `${id} answered with something that is not JSON.`)
  }
  const problem = wrong(responseSchema, value, 'The answer')
  if (problem) throw gateway(502, `${id} answered with something that is not a CDS Hooks response. ${problem}`)
  const { cards, systemActions, extension } = value as CdsResponse
  return { cards, ...(systemActions ? { systemActions } : {}), ...(extension ? { extension } : {}) }
}

function problemOf(id: string, error: unknown): FhirError {
  if (error instanceof FhirError) return error
  const { name, message, reason } = error as Error & { reason?: string }
  if (name !== 'FetchError') return gateway(502, `${id} could not be asked.`)
  return reason === 'timeout'
    ? gateway(504, `${id} did not answer in time.`)
    : gateway(502, `${id} could not be asked. ${message}`)
}

const gateway = (status: number, diagnostics: string, headers: Readonly<Record<string, string>> = {}) =>
  new FhirError(
    status,
    [
      {
        severity: 'error',
        code: status === 412 ? 'incomplete' : status === 504 ? 'timeout' : 'transient',
        diagnostics,
      },
    ],
    headers,
  )
