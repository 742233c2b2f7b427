/**
 * The client's FHIR server, read with the token it gave: over guarded HTTP, or, when it is this very tenant, through its own door.
 * https://cds-hooks.hl7.org/2.0/#fhir-resource-access
 */
import type { Resource } from '../fhir/types.ts'
import type { FhirReader, Had } from './prefetch.ts'
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
const MOST_PAGES = 10
/** When a template does not say how many. */
const PAGE = 200

const bare = (url: string) => url.replace(/\/+$/, '')

/** How the rest of the data is read; in words why not, when it cannot be. `base`: this tenant's FHIR base as the client sees it. */
export function readerFor(
  { fhirServer, fhirAuthorization }: Pick<CdsRequest, 'fhirServer' | 'fhirAuthorization'>,
  base: string,
  servers: FhirServers,
): FhirReader | string {
  if (fhirServer === undefined) return 'it was not sent, and there is no fhirServer to read it from'
  const token = fhirAuthorization?.access_token
  const root = bare(fhirServer)
  const ask = (url: string, signal: AbortSignal): Promise<FhirAnswer> =>
    root === bare(base) ? servers.own(url, base, token) : servers.other(`${root}/${url}`, token, signal)
  const rest = async (bundle: Resource, signal: AbortSignal): Promise<Had> => {
    try {
      return await whole(bundle, root, ask, signal)
    } catch (error) {
      return hadNot(error)
    }
  }
  return {
    rest,
    async read(url, signal) {
      const counted = /[?&]_count=/.test(url)
      const sized = url.includes('?') && !counted ? `${url}&_count=${PAGE}` : url
      try {
        const had = hadOf(await ask(sized, signal))
        // a search that says how many it wants does not want the next page
        return 'resource' in had && had.resource?.resourceType === 'Bundle' && !counted
          ? await rest(had.resource, signal)
          : had
      } catch (error) {
        return hadNot(error)
      }
    },
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

/** The searchset with what stands on its next pages; that it cannot be had when there are too many of them. */
async function whole(
  bundle: Resource,
  root: string,
  ask: (url: string, signal: AbortSignal) => Promise<FhirAnswer>,
  signal: AbortSignal,
): Promise<Had> {
  const entries: unknown[] = entriesOf(bundle)
  let next = nextOf(bundle)
  for (let page = 1; next !== undefined; page++) {
    if (page > MOST_PAGES) return { why: `it has more than ${MOST_PAGES} pages; ask for larger ones with _count` }
    const relative = below(root, next)
    if (relative === undefined) return { why: 'its next page is on another server' }
    const had = hadOf(await ask(relative, signal))
    if ('why' in had) return had
    if (!had.resource) return { why: 'its next page is not there' }
    entries.push(...entriesOf(had.resource))
    next = nextOf(had.resource)
  }
  return { resource: { ...bundle, entry: entries } }
}

const entriesOf = ({ entry }: Resource): unknown[] => (Array.isArray(entry) ? [...(entry as unknown[])] : [])

/** The address of the next page; undefined when there is none. */
function nextOf({ link }: Resource): string | undefined {
  const links = Array.isArray(link) ? (link as { relation?: unknown; url?: unknown }[]) : []
  const url = links.find(each => each?.relation === 'next')?.url
  return typeof url === 'string' ? url : undefined
}

/** Relative to the server that was named; undefined for what leads elsewhere, which is not followed. */
function below(root: string, url: string): string | undefined {
  if (url.startsWith(`${root}/`)) return url.slice(root.length + 1)
  return url.startsWith(`${root}?`) ? url.slice(root.length) : undefined
}

function hadNot(error: unknown): Had {
  const { status } = error as { status?: unknown }
  return status === 404 || status === 410 ? { resource: null } : { why: whyOf(error) }
}

function whyOf(error: unknown): string {
  const { name, message } = error as Error
  if (name === 'FetchError') return message.replace(/\.$/, '')
  return name === 'FhirError' || name === 'InvalidToken'
    ? `the FHIR server refuses it: ${message.replace(/\.$/, '').slice(0, 300)}`
    : 'the FHIR server could not be asked'
}
