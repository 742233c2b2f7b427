/**
 * The client's FHIR server, read with the token it gave: over guarded HTTP, or, when it is this very tenant, through its own door.
 * https://cds-hooks.hl7.org/2.0/#fhir-resource-access
 */
import type { Resource } from '../fhir/types.ts'
import type { Had, ReadFhir } from './prefetch.ts'
import type { CdsRequest } from './words.ts'

/** An answer of a FHIR server. */
export interface FhirAnswer {
  readonly status: number
  readonly body: Resource | undefined
}

export interface FhirServers {
  /** Reads from this tenant: `token` undefined for a request without one. Rejects for what is refused. */
  own(url: string, base: string, token: string | undefined): Promise<FhirAnswer>
  /** Reads from elsewhere. Rejects with an Error named FetchError that says why. */
  other(url: string, token: string | undefined, signal: AbortSignal): Promise<FhirAnswer>
}

/** So many pages of a search are followed. */
const MOST_PAGES = 5
/** When a template does not say how many. */
const PAGE = 200

const bare = (url: string) => url.replace(/\/+$/, '')

/** How the rest of the data is read; in words why not, when it cannot be. `base`: this tenant's FHIR base as the client sees it. */
export function readerFor(
  { fhirServer, fhirAuthorization }: Pick<CdsRequest, 'fhirServer' | 'fhirAuthorization'>,
  base: string,
  servers: FhirServers,
): ReadFhir | string {
  if (fhirServer === undefined) return 'it was not sent, and there is no fhirServer to read it from'
  const token = fhirAuthorization?.access_token
  const root = bare(fhirServer)
  const ask = (url: string, signal: AbortSignal): Promise<FhirAnswer> =>
    root === bare(base) ? servers.own(url, base, token) : servers.other(`${root}/${url}`, token, signal)
  return async (url, signal) => {
    const sized = url.includes('?') && !/[?&]_count=/.test(url) ? `${url}&_count=${PAGE}` : url
    try {
      const first = await ask(sized, signal)
      const had = hadOf(first)
      if ('why' in had || had.resource?.resourceType !== 'Bundle') return had
      return { resource: await whole(had.resource, root, ask, signal) }
    } catch (error) {
      return { why: whyOf(error) }
    }
  }
}

function hadOf({ status, body }: FhirAnswer): Had {
  if (status === 404 || status === 410) return { resource: null }
  if (status === 401 || status === 403) return { why: `the FHIR server does not permit it, status ${status}` }
  if (status !== 200 || !body) return { why: `the FHIR server answered with status ${status}` }
  if (typeof body.resourceType !== 'string' || body.resourceType === 'OperationOutcome')
    return { why: 'the FHIR server answered with something else' }
  return { resource: body }
}

/** The searchset with what stands on its next pages. */
async function whole(
  bundle: Resource,
  root: string,
  ask: (url: string, signal: AbortSignal) => Promise<FhirAnswer>,
  signal: AbortSignal,
): Promise<Resource> {
  const entries: unknown[] = entriesOf(bundle)
  let next = nextOf(bundle, root)
  for (let page = 1; next !== undefined && page < MOST_PAGES && !signal.aborted; page++) {
    const had = hadOf(await ask(next, signal))
    if ('why' in had || !had.resource) break
    entries.push(...entriesOf(had.resource))
    next = nextOf(had.resource, root)
  }
  return { ...bundle, entry: entries }
}

const entriesOf = ({ entry }: Resource): unknown[] => (Array.isArray(entry) ? [...(entry as unknown[])] : [])

/** Relative to the server that was named: a link that leads elsewhere is not followed. */
function nextOf({ link }: Resource, root: string): string | undefined {
  const links = Array.isArray(link) ? (link as { relation?: unknown; url?: unknown }[]) : []
  const url = links.find(each => each?.relation === 'next')?.url
  if (typeof url !== 'string') return undefined
  return url.startsWith(`${root}/`)
    ? url.slice(root.length + 1)
    : url.startsWith(`${root}?`)
      ? url.slice(root.length)
      : undefined
}

function whyOf(error: unknown): string {
  const { name, message } = error as Error
  if (name === 'FetchError') return message.replace(/\.$/, '')
  return name === 'FhirError' || name === 'InvalidToken'
    ? `the FHIR server refuses it: ${message.replace(/\.$/, '').slice(0, 300)}`
    : 'the FHIR server could not be asked'
}
