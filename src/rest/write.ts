/**
 * Writing: plan, commit, answer; plan again when another writer was faster.
 * https://hl7.org/fhir/R4/http.html#concurrency
 */
import type { IndexEntry } from '../search/query.ts'
import type { Definitions } from '../fhir/definitions.ts'
import { conflict } from '../fhir/outcome.ts'
import type { Ref, Resource } from '../fhir/types.ts'
import { prepare } from '../store/stamp.ts'
import {
  Mismatch,
  noted,
  Overtaken,
  type Condition,
  type Expectation,
  type Version,
  type Write,
} from '../store/store.ts'
import type { Context, FhirResponse, Match, Plan, WriteInteraction } from './exchange.ts'
import { once } from './once.ts'
import { information } from './outcome-text.ts'

/** Carries out a write interaction by itself. */
export const write = (interaction: WriteInteraction, context: Context, match: Match): Promise<FhirResponse> =>
  interaction.name === 'create'
    ? once(context, {
        run: own => committing(own, () => interaction.plan(own, match)),
        keep: ([version]) => version && { ref: version.ref, version: version.version },
        async again({ ref, version }) {
          const made = await context.store.readVersion(ref, version)
          // no longer to be seen: then this is a request like any other
          return made ? answered(context, 201, made) : committing(context, () => interaction.plan(context, match))
        },
      })
    : committing(context, () => interaction.plan(context, match))

/**
 * Commits what `attempt` plans, and answers. What a plan had looked up may have changed until the commit; then it is
 * planned anew, and sees what the other writer did: a client's If-Match that no longer holds is refused there (412).
 * 409 when others were faster ten times.
 */
export async function committing(
  { store, request: { note } }: Context,
  attempt: () => Promise<Plan>,
): Promise<FhirResponse> {
  let release: (() => void) | undefined
  try {
    for (let tries = 1; ; tries++) {
      const plan = await attempt()
      if (plan.writes.length === 0 && !note) return plan.answer([])
      try {
        const versions = await store.commit(plan.writes, plan.note ? noted(note, plan.note) : note)
        plan.committed?.()
        return plan.answer(versions)
      } catch (error) {
        if (!(error instanceof Mismatch || error instanceof Overtaken)) throw error
        if (tries === MOST_TRIES)
          throw conflict(
            'Others are changing the same resources at the same time; nothing was written. Send the request again.',
          )
        if (error instanceof Mismatch && !release) release = await turn(`${error.ref.type}/${error.ref.id}`)
      }
    }
  } finally {
    release?.()
  }
}

const MOST_TRIES = 10

/** Those who lost a race for a resource try again one after the other; else, of many only one a round would win. */
const queues = new Map<string, Promise<void>>()

async function turn(key: string): Promise<() => void> {
  const before = queues.get(key)
  const { promise, resolve } = Promise.withResolvers<void>()
  queues.set(key, promise)
  await before
  return () => {
    if (queues.get(key) === promise) queues.delete(key)
    resolve()
  }
}

/** The write of a resource's new content. */
export function put(
  context: Context,
  ref: Ref,
  method: 'POST' | 'PUT' | 'PATCH',
  resource: Resource,
  expect: Expectation,
  condition?: Condition,
): Extract<Write, { do: 'put' }> {
  const named =
    resource.id === ref.id || !readsId(context.definitions, ref.type) ? resource : { ...resource, id: ref.id }
  const entries: readonly IndexEntry[] = context.extractor.entries(named)
  return {
    do: 'put',
    ref,
    method,
    draft: prepare(resource, ref.id),
    entries,
    expect,
    ...(condition ? { condition } : {}),
  }
}

const idReaders = new WeakMap<Definitions, Map<string, boolean>>()

/** Whether some search parameter of the type reads the id, which a new resource does not have yet: none of R4's own does. */
function readsId(definitions: Definitions, type: string): boolean {
  let known = idReaders.get(definitions)
  if (!known) idReaders.set(definitions, (known = new Map()))
  let reads = known.get(type)
  if (reads === undefined) {
    const params = [...definitions.searchParams(type).values()]
    reads = params.some(({ code, expression }) => code !== '_id' && /(?:^|[^A-Za-z0-9])id\b/.test(expression))
    known.set(type, reads)
  }
  return reads
}

/** The answer to a write that made (or found) this version, as `Prefer: return` asks. */
export function answered(context: Context, status: number, version: Version, said?: string): FhirResponse {
  const { ref } = version
  const headers = { Location: `${context.request.base}/${ref.type}/${ref.id}/_history/${version.version}` }
  const located = status === 201 || said !== undefined ? { headers } : {}
  if (context.prefer.return === 'minimal') return { status, version, empty: true, ...located }
  if (context.prefer.return === 'representation') return { status, version, ...located }
  const verb = status === 201 ? 'Created' : 'Stored'
  const resource = information(said ?? `${verb} ${ref.type}/${ref.id}, version ${version.version}.`)
  return { status, version, resource: resource as unknown as Resource, ...located }
}
