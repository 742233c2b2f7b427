/**
 * Batch: each entry a request of its own; a refusal becomes its entry's outcome.
 * https://hl7.org/fhir/R4/http.html#transaction
 */
import { badRequest } from '../fhir/outcome.ts'
import { answeredEntry, entriesOf, readEntry, refusedEntry, responseBundle, type Entry } from './bundle.ts'
import type { Context, FhirResponse, Json } from './exchange.ts'

/** So many entries are under way at once: their writes then share a disk write. */
const AT_ONCE = 32

export async function answerBatch(context: Context): Promise<FhirResponse> {
  const entries = entriesOf(context.request.body, 'batch', context.limits.maxBatchEntries)
  const answers = new Array<string>(entries.length)
  const under = new Map<string, Promise<void>>()
  let next = 0
  const work = async () => {
    for (let index = next++; index < entries.length; index = next++) {
      const { entry, error } = read(context, entries[index]!, index)
      if (!entry) {
        answers[index] = refusedEntry(undefined, error)
        continue
      }
      // FHIR leaves the order open; entries with one address keep theirs, so that no client is surprised
      const address = entry.request.path
      const turn = (under.get(address) ?? Promise.resolve()).then(async () => {
        answers[index] = await answer(context, entry)
      })
      under.set(address, turn)
      await turn
    }
  }
  await Promise.all(Array.from({ length: Math.min(AT_ONCE, entries.length) }, work))
  return responseBundle('batch-response', answers)
}

function read(context: Context, raw: Json, index: number): { entry?: Entry; error?: unknown } {
  try {
    const entry = readEntry(context, raw, index)
    if (isBundle(entry))
      throw badRequest('A batch or transaction cannot be an entry of another. Send it by itself.', 'not-supported')
    return { entry }
  } catch (error) {
    return { error }
  }
}

/** Whether the entry asks for a batch or transaction in its turn. */
export const isBundle = ({ request }: Entry) => request.method === 'POST' && request.path === ''

async function answer(context: Context, { request }: Entry): Promise<string> {
  try {
    return answeredEntry(request, await context.door.handle(request, context.caller))
  } catch (error) {
    return refusedEntry(request, error)
  }
}
