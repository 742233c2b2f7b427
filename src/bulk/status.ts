/**
 * What became of an export: how far it is, the manifest, the files; and its end by the client.
 * https://hl7.org/fhir/uv/bulkdata/STU2/export.html#bulk-data-status-request
 */
import { FhirError, forbidden, notFound } from '../fhir/outcome.ts'
import type { Context, FhirResponse, Match, ReadInteraction } from '../rest/exchange.ts'
import type { Job, Jobs } from './jobs.ts'
import { covers } from './permits.ts'
import { PROVENANCE } from './associated.ts'
import { BULK, MIXED, NDJSON, type OutputFile } from './words.ts'

/** The interactions with the jobs. */
export function statusOf(jobs: Jobs): readonly ReadInteraction[] {
  const interaction = (
    method: 'GET' | 'DELETE',
    path: string,
    answer: ReadInteraction['answer'],
    event?: ReadInteraction['event'],
  ): ReadInteraction => ({
    kind: 'read',
    name: 'operation',
    method,
    path,
    answer,
    ...(event ? { event } : {}),
  })

  async function found(context: Context, id: string): Promise<Job> {
    const job = await jobs.find(id, context.caller)
    if (!job) throw notFound('There is no such export. It may have been deleted, or its time may be over.')
    return job
  }

  return [
    interaction('GET', `${BULK}/:id`, async (context, { id }) => {
      const job = await found(context, id)
      const { state, problems } = job.progress
      if (state === 'failed') throw new FhirError(500, problems)
      return state === 'done' ? manifest(context, job) : underWay(context, job, jobs.before(job))
    }),
    interaction(
      'DELETE',
      `${BULK}/:id`,
      async (context, { id }) => {
        await found(context, id)
        await jobs.remove(id)
        return { status: 202, empty: true }
      },
      'export-cancel',
    ),
    interaction(
      'GET',
      `${BULK}/:id/:rest`,
      async (context, match) => {
        const job = await found(context, match.id)
        return file(context, job, match, jobs)
      },
      'export-file',
    ),
  ]
}

function underWay(context: Context, job: Job, before: number): FhirResponse {
  const now = context.now()
  const wait = Math.min(10, 1 + Math.floor((now - job.order.asked) / 20_000))
  const early = job.polled && now - job.polled.at < job.polled.wait * 250
  job.polled = { at: now, wait }
  if (early)
    throw new FhirError(
      429,
      [{ severity: 'error', code: 'throttled', diagnostics: 'You ask too often. Wait as Retry-After says.' }],
      { 'Retry-After': String(wait) },
    )
  return { status: 202, empty: true, headers: { 'Retry-After': String(wait), 'X-Progress': progressOf(job, before) } }
}

/** At most 100 characters. */
function progressOf({ order, progress }: Job, before: number): string {
  if (progress.state === 'queued') return `waiting, ${before} before it`
  const resources = progress.files.reduce((sum, { kind, count }) => sum + (kind === 'output' ? count : 0), 0)
  const type = order.types[progress.place.type] ?? 'finishing'
  return `${resources} resources, type ${Math.min(progress.place.type + 1, order.types.length)} of ${order.types.length}: ${type}`
}

function manifest({ request }: Context, { id, order, progress }: Job): FhirResponse {
  const of = (kind: OutputFile['kind'], type?: string) =>
    progress.files
      .filter(file => file.kind === kind)
      .map(file => ({
        // a file of blocks has several types
        ...(file.type === MIXED ? {} : { type: type ?? file.type }),
        url: `${request.base}/${BULK}/${id}/${file.name}`,
        count: file.count,
      }))
  const body = {
    transactionTime: new Date(progress.time!).toISOString(),
    request: order.request,
    requiresAccessToken: order.withToken,
    ...(order.organizedBy ? { outputOrganizedBy: order.organizedBy } : {}),
    output: of('output'),
    deleted: of('deleted', 'Bundle'),
    error: of('error'),
  }
  return {
    status: 200,
    raw: { contentType: 'application/json', bytes: Buffer.from(JSON.stringify(body)) },
    headers: { Expires: new Date(progress.expires!).toUTCString() },
  }
}

/** Only what a finished job says it has; nothing of the path is used to look for it. */
function file({ caller }: Context, job: Job, { rest }: Match, jobs: Jobs): FhirResponse {
  const found = job.progress.state === 'done' ? job.progress.files.find(({ name }) => name === rest) : undefined
  if (!found) throw notFound('There is no such file of this export.')
  const hidden = found.kind === 'error' ? undefined : typesOf(job, found).find(type => !covers(caller, job.order, type))
  if (hidden !== undefined)
    throw forbidden(`You may no longer see all that is in this file: the ${hidden} resources of the export.`)
  return {
    status: 200,
    file: { path: jobs.folders.path(job.id, found.name), bytes: found.bytes, contentType: NDJSON },
    headers: { Expires: new Date(job.progress.expires!).toUTCString() },
  }
}

/** What may be in a file. */
function typesOf({ order }: Job, { type }: OutputFile): readonly string[] {
  if (type !== MIXED) return [type]
  return order.associated ? [...order.types, PROVENANCE] : order.types
}
