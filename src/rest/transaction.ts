/**
 * Transaction: all entries of a Bundle or none, in one commit, their references to each other resolved.
 * https://hl7.org/fhir/R4/http.html#trules
 */
import { badRequest, notSupported } from '../fhir/outcome.ts'
import { noted, type Expectation, type Note, type Version, type Write } from '../store/store.ts'
import { answerBatch, isBundle } from './batch.ts'
import { about, answeredEntry, entriesOf, readEntry, refusedEntry, responseBundle, returnOf } from './bundle.ts'
import type { Context, FhirResponse, Json, Plan, ReadInteraction } from './exchange.ts'
import { permit } from './permit.ts'
import { breather } from './breather.ts'
import { assign, type Routed } from './transaction-identity.ts'
import { once } from './once.ts'
import { planned } from './ruled-write.ts'
import { link } from './transaction-links.ts'
import { committing } from './write.ts'

/** Answers `POST [base]` with a Bundle, of either type. */
export const transaction: ReadInteraction = {
  kind: 'read',
  name: 'transaction',
  method: 'POST',
  path: '',
  answer: context => (typeOf(context) === 'batch' ? answerBatch(context) : answerTransaction(context)),
}

/** The same door for the other type of Bundle. */
export const batch: ReadInteraction = { ...transaction, name: 'batch' }

function typeOf({ request }: Context): unknown {
  const { body } = request
  return typeof body === 'object' && body !== null && !Buffer.isBuffer(body) && !Array.isArray(body)
    ? body['type']
    : undefined
}

/** What a transaction intends. */
export interface TransactionPlan {
  readonly writes: readonly Write[]
  /** Kept in the commit. */
  readonly note: Note | undefined
  /** To be called when it is committed. */
  committed(): void
  /** The answers to the writing entries, at their indexes; null where an entry reads. */
  written(versions: readonly Version[]): (string | null)[]
  /** The transaction-response, once committed; GET entries are asked here. `versions` as the commit gave them. */
  answer(versions: readonly Version[]): Promise<FhirResponse>
}

/**
 * Commits the transaction in `context.request.body` and answers it. Throws a FhirError that names the entry, and then
 * nothing is written. The Bundle given is used up: its references are rewritten in place.
 */
export async function answerTransaction(context: Context): Promise<FhirResponse> {
  const entries = await readTransaction(context)
  let whole: TransactionPlan | undefined
  return once(context, {
    run: own => commitAll(own, entries, plan => (whole = plan)),
    keep: versions => whole?.written(versions),
    again: written => answerReads(context, entries, [...written]),
  })
}

async function commitAll(
  context: Context,
  entries: readonly Routed[],
  tell: (plan: TransactionPlan) => void,
): Promise<FhirResponse> {
  let whole: TransactionPlan | undefined
  let made: readonly Version[] = []
  await committing(context, async (): Promise<Plan> => {
    const plan = (whole = await planTransaction(context, entries))
    tell(plan)
    const { writes, note } = plan
    return {
      writes,
      ...(note ? { note } : {}),
      committed: () => plan.committed(),
      answer(versions) {
        made = versions
        return { status: 200 }
      },
    }
  })
  return whole!.answer(made)
}

/** The entries of the transaction in the request, each with the interaction it asks for. Throws when one asks for none. */
export async function readTransaction(context: Context): Promise<readonly Routed[]> {
  const raw = entriesOf(context.request.body, 'transaction', context.limits.maxBundleEntries)
  const breathe = breather()
  const entries: Routed[] = []
  for (const [index, each] of raw.entries()) {
    await naming(index, () => entries.push(routed(context, each, index)))
    if (breathe.due()) await breathe.now()
  }
  return entries
}

function routed(context: Context, raw: Json, index: number): Routed {
  const entry = readEntry(context, raw, index)
  const { request } = entry
  if (isBundle(entry))
    throw badRequest('A batch or transaction cannot be an entry of another. Send it by itself.', 'not-supported')
  const match = context.door.route(request.method, request.path)
  if (match.operation?.affectsState)
    throw notSupported(
      `$${match.operation.code} changes what is stored and cannot be part of a transaction. Send it by itself.`,
    )
  const { interaction, type } = match
  if (interaction.kind === 'write' && interaction.action) permit(context.caller, type, interaction.action)
  return { ...entry, match }
}

/** FHIR's order: what is deleted, then what is created, then what is changed. */
const ORDER: Readonly<Record<string, number>> = { DELETE: 0, POST: 1, PUT: 2, PATCH: 2 }

/**
 * Plans all entries. May be called again with the same entries, when another writer was faster; ids given to new resources stay.
 * Lets others have the event loop every few milliseconds.
 */
export async function planTransaction(context: Context, entries: readonly Routed[]): Promise<TransactionPlan> {
  const breathe = breather()
  const inner: Context = { ...context, prefer: { ...context.prefer, return: returnOf(context) } }
  const writing = entries
    .filter(({ match }) => match.interaction.kind === 'write')
    .sort((a, b) => ORDER[a.request.method]! - ORDER[b.request.method]! || a.index - b.index)
  const assigned = await assign(inner, writing, breathe)
  const linked = await link(inner, assigned, breathe)
  const writes: Write[] = [...linked.checks]
  const steps: Step[] = []
  let note: Note | undefined
  for (const { entry, identity } of linked.entries) {
    const { interaction } = entry.match
    if (interaction.kind !== 'write') continue
    const own = { ...inner, request: entry.request }
    const plan = await naming(entry.index, () => planned(interaction, own, entry.match, identity))
    const made = plan.writes.filter(write => write.do !== 'check')
    steps.push({ entry, plan, made: made.length, refs: made.map(write => `${write.ref.type}/${write.ref.id}`) })
    if (plan.note) note = note ? noted(plan.note, note) : plan.note
    for (const write of plan.writes) writes.push(linked.pinned.size > 0 ? pin(write, linked.pinned) : write)
    if (breathe.due()) await breathe.now()
  }
  refuseOverlaps(steps)
  const written = (versions: readonly Version[]) => answersOf(entries, steps, versions)
  const committed = () => {
    for (const { plan } of steps) plan.committed?.()
  }
  return { writes, note, committed, written, answer: versions => answerReads(inner, entries, written(versions)) }
}

/** A version that was foretold must be the one that comes. */
function pin(write: Write, pinned: ReadonlyMap<string, Expectation>): Write {
  const expect = write.do === 'put' ? pinned.get(`${write.ref.type}/${write.ref.id}`) : undefined
  return write.do === 'put' && expect && write.expect.is === 'anything' ? { ...write, expect } : write
}

interface Step {
  readonly entry: Routed
  readonly plan: Plan
  /** How many versions the commit gives back for it. */
  readonly made: number
  readonly refs: readonly string[]
}

/** The last word on "two entries, one resource": what would really be written. */
function refuseOverlaps(steps: readonly Step[]): void {
  const writers = new Map<string, number>()
  for (const { entry, refs } of steps) {
    for (const ref of refs) {
      const other = writers.get(ref)
      if (other !== undefined)
        throw about(
          entry.index,
          badRequest(`Bundle.entry[${other}] writes ${ref} too; a transaction may write a resource once.`, 'invalid'),
        )
      writers.set(ref, entry.index)
    }
  }
}

function answersOf(
  entries: readonly Routed[],
  steps: readonly Step[],
  versions: readonly Version[],
): (string | null)[] {
  const answers = new Array<string | null>(entries.length).fill(null)
  let at = 0
  for (const { entry, plan, made } of steps) {
    answers[entry.index] = answeredEntry(entry.request, plan.answer(versions.slice(at, at + made)))
    at += made
  }
  return answers
}

/** The reading entries are asked last, against what is committed. */
async function answerReads(
  context: Context,
  entries: readonly Routed[],
  answers: (string | null)[],
): Promise<FhirResponse> {
  for (const { index, match, request } of entries) {
    if (match.interaction.kind === 'write') continue
    try {
      answers[index] = answeredEntry(request, await context.door.handle(request, context.caller))
    } catch (error) {
      // All is committed: a read that finds nothing cannot take that back
      answers[index] = refusedEntry(request, error)
    }
  }
  return responseBundle('transaction-response', answers as string[])
}

/** A refusal says which entry it is about. */
async function naming<T>(index: number, work: () => T | Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    throw about(index, error)
  }
}
