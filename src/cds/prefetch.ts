/**
 * The data of a call: what the client prefetched, and what it left out, read from its FHIR server with the token it gave.
 * https://cds-hooks.hl7.org/2.0/#providing-fhir-resources-to-a-cds-service
 */
import { badRequest, preconditionFailed } from '../fhir/outcome.ts'
import type { Resource } from '../fhir/types.ts'
import { fill, readTemplate, type Template } from './template.ts'
import type { CdsRequest, CdsService } from './words.ts'

/** What a read or search came to: a resource, null when there is nothing, or why it could not be had. */
export type Had = { readonly resource: Resource | null } | { readonly why: string }

/** The client's FHIR server. Nothing of it rejects. */
export interface FhirReader {
  /** A relative request: `Patient/1`, `Condition?patient=1`. */
  read(url: string, signal: AbortSignal): Promise<Had>
  /** A searchset with what stands on its next pages. */
  rest(bundle: Resource, signal: AbortSignal): Promise<Had>
}

interface Wanted {
  readonly key: string
  readonly template: Template
  /** The type of a read, '' of a search. */
  readonly reads: string
  /** A search that says how many it wants: further pages are not. */
  readonly counted: boolean
}

const wanted = new WeakMap<CdsService, readonly Wanted[]>()

function wantedBy(service: CdsService): readonly Wanted[] {
  let all = wanted.get(service)
  if (!all) {
    all = Object.entries(service.prefetch ?? {}).map(([key, text]) => ({
      key,
      template: readTemplate(text),
      counted: /[?&]_count=/.test(text),
      reads: text.includes('?') ? '' : (/^([A-Z][A-Za-z]+)\/\{\{[^}]+\}\}$/.exec(text)?.[1] ?? ''),
    }))
    wanted.set(service, all)
  }
  return all
}

/** What the client sent of the service's own keys, and the keys that are still to be had. */
export interface Sent {
  readonly prefetch: Record<string, Resource | null>
  readonly open: readonly Wanted[]
  /** Of searches of which only the first page was sent. */
  readonly begun: readonly (readonly [key: string, bundle: Resource])[]
  /** Keys that the client could not fetch itself, with what it said. */
  readonly failed: readonly (readonly [key: string, why: string])[]
}

/** Looks at what was sent. Throws 400 for data that is not what was asked for. */
export function sentPrefetch(service: CdsService, request: CdsRequest): Sent {
  const prefetch: Record<string, Resource | null> = Object.create(null) as Record<string, Resource | null>
  const open: Wanted[] = []
  const begun: [string, Resource][] = []
  const failed: [string, string][] = []
  const given = request.prefetch
  for (const want of wantedBy(service)) {
    const value = given && Object.hasOwn(given, want.key) ? given[want.key] : undefined
    if (value === undefined) open.push(want)
    else if (value === null) prefetch[want.key] = null
    else if ((value as unknown as Resource).resourceType === 'OperationOutcome')
      failed.push([want.key, 'the client could not fetch it'])
    else if (want.reads === '' && !want.counted && hasNext(value as unknown as Resource))
      begun.push([want.key, value as unknown as Resource])
    else prefetch[want.key] = ofRightKind(want, value as unknown as Resource, request)
  }
  return { prefetch, open, begun, failed }
}

const hasNext = ({ resourceType, link }: Resource) =>
  resourceType === 'Bundle' &&
  Array.isArray(link) &&
  (link as { relation?: unknown }[]).some(each => each?.relation === 'next')

/** Data of another patient must not be taken for this one's. */
function ofRightKind({ key, template, reads }: Wanted, resource: Resource, { context }: CdsRequest): Resource {
  const { resourceType, id } = resource
  if (reads === '') return resource
  if (resourceType !== reads)
    throw badRequest(`prefetch.${key} must be a ${reads}, not a ${String(resourceType).slice(0, 60)}.`, 'invalid')
  const filled = fill(template, context)
  if (typeof id === 'string' && 'url' in filled && filled.url !== `${reads}/${id}`)
    throw badRequest(
      `prefetch.${key} is ${reads}/${id.slice(0, 64)}, but the context asks for ${filled.url}. Send the resource of this context.`,
      'invalid',
    )
  return resource
}

/** The data whole. Throws 412 when something the service needs cannot be had. */
export async function completed(
  service: CdsService,
  request: CdsRequest,
  { prefetch, open, begun, failed }: Sent,
  reader: FhirReader | string,
  signal: AbortSignal,
): Promise<Record<string, Resource | null>> {
  const without: (readonly [key: string, why: string])[] = [...failed]
  await Promise.all(
    open.map(async ({ key, template }) => {
      const filled = fill(template, request.context)
      if ('missing' in filled) return void without.push([key, `the context has no ${filled.missing}`])
      if (typeof reader === 'string') return void without.push([key, reader])
      const had = await reader.read(filled.url, signal)
      if ('why' in had) without.push([key, had.why])
      else prefetch[key] = had.resource
    }),
  )
  await Promise.all(
    begun.map(async ([key, bundle]) => {
      if (typeof reader === 'string')
        return void without.push([
          key,
          'only its first page was sent, and there is no fhirServer to read the rest from',
        ])
      const had = await reader.rest(bundle, signal)
      if ('why' in had) without.push([key, had.why])
      else prefetch[key] = had.resource
    }),
  )
  const optional = new Set(service.optional)
  const lacking = without.filter(([key]) => !optional.has(key))
  if (lacking.length > 0)
    throw preconditionFailed(
      `${service.id} needs data that could not be had: ${lacking
        .map(([key, why]) => `${key} (${why})`)
        .join('; ')}. Send it as prefetch, or give fhirServer and a fhirAuthorization that may read it.`,
      'incomplete',
    )
  return prefetch
}
