/**
 * A POST that is sent again because its answer was lost: under the client's own X-Request-Id, with the same content, it is
 * answered as before and nothing is written a second time.
 * https://hl7.org/fhir/R4/http.html#custom
 */
import { createHash } from 'node:crypto'
import { printJson } from '../fhir/json.ts'
import type { Note, Version } from '../store/store.ts'
import type { Context, Door, FhirResponse } from './exchange.ts'

/** How long an answer can be asked for again, in milliseconds. */
const REMEMBERED = 24 * 3600 * 1000
const RECORDS = 'requests'

/** What is done once: how it is done, what of it is kept (in the same commit), and how it is answered from that. */
export interface Once<Kept> {
  run(context: Context): Promise<FhirResponse>
  keep(versions: readonly Version[]): Kept | undefined
  again(kept: Kept): Promise<FhirResponse>
}

/** Requests under way, by key: one that comes again meanwhile waits for the first. */
const underWay = new WeakMap<Door, Map<string, Promise<unknown>>>()

/** Answers the request; does it only when it was not done before. */
export async function once<Kept>(context: Context, { run, keep, again }: Once<Kept>): Promise<FhirResponse> {
  if (context.request.retryKey === undefined) return run(context)
  const key = keyOf(context)
  const running = underWay.get(context.door) ?? new Map<string, Promise<unknown>>()
  underWay.set(context.door, running)
  await running.get(key)
  const { kept } = ((await context.store.records(RECORDS).get(key)) ?? {}) as { kept?: Kept }
  if (kept !== undefined) return again(kept)
  const note: Note = {
    records: RECORDS,
    key,
    value: versions => ({ kept: keep(versions) }),
    expires: context.now() + REMEMBERED,
  }
  const answer = run({ ...context, request: { ...context.request, note } })
  const over = answer.then(
    () => undefined,
    () => undefined,
  )
  running.set(key, over)
  try {
    return await answer
  } finally {
    if (running.get(key) === over) running.delete(key)
  }
}

/** Who sends what, where and under which id: another content under the same id is another request. */
function keyOf({ caller, request }: Context): string {
  const { path, query, headers, retryKey, body } = request
  const content = Buffer.isBuffer(body) ? body : printJson(body ?? null)
  const about = JSON.stringify([caller.id, path, query, headers['if-none-exist'] ?? '', retryKey])
  return createHash('sha256').update(about).update(content).digest('base64url')
}
