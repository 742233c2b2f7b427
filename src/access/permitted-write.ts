/**
 * A write as a caller may do it: the resource before and after is among those permitted, and stays so until the commit.
 * https://hl7.org/fhir/R4/security.html
 */
import { forbidden } from '../fhir/outcome.ts'
import type { Ref } from '../fhir/types.ts'
import { nothing, type Query } from '../search/query.ts'
import { type Condition, Mismatch, type Note, Overtaken, type Store, type Version, type Write } from '../store/store.ts'
import type { Action, Caller } from './caller.ts'
import { isEverything } from './filters.ts'
import type { Judge } from './judge.ts'

/** What the guard knows. */
export interface Eyes {
  readonly caller: Caller
  readonly store: Store
  readonly judge: Judge
  /** The current version, when it is there and the caller may do this to it. */
  current(ref: Ref, action: Action): Promise<Version | undefined>
  /** The query with the caller's Filters in it. */
  within(query: Query): Query
}

type Change = Exclude<Write, { do: 'check' }>

/** Commits the writes, or throws forbidden and writes nothing; `Overtaken` when what was checked has changed meanwhile. */
export async function commitPermitted(
  writes: readonly Write[],
  note: Note | undefined,
  eyes: Eyes,
): Promise<Version[]> {
  const pending = eyes.judge.pending(writes)
  const allowed = await Promise.all(
    writes.map(async write => {
      if (write.do === 'check') return { ...write, condition: judgedBy(write.condition, eyes) }
      if (write.byRule) return write
      const condition = write.condition ? { condition: judgedBy(write.condition, eyes) } : {}
      return { ...write, ...condition, expect: await permit(write, pending, eyes) }
    }),
  )
  try {
    return await eyes.store.commit(allowed, note)
  } catch (error) {
    // the client asked for no version, so it is planned again
    if (error instanceof Mismatch && writes.some(write => write.do !== 'check' && isOf(write, error.ref)))
      throw new Overtaken()
    throw error
  }
}

const judgedBy = ({ query, found }: Condition, { within }: Eyes): Condition => ({ query: within(query), found })

const isOf = ({ ref, expect }: Change, { type, id }: Ref) =>
  expect.is === 'anything' && ref.type === type && ref.id === id

/** What to expect in the commit: what the client said, else what was checked. Throws forbidden. */
async function permit(
  write: Change,
  pending: ReturnType<Judge['pending']>,
  { caller, store, judge, current }: Eyes,
): Promise<Change['expect']> {
  const { ref, expect } = write
  const may = (action: Action) => caller.permits(ref.type, action) ?? nothing
  const all =
    write.do === 'delete'
      ? isEverything(may('delete'))
      : write.method === 'POST'
        ? isEverything(may('create'))
        : isEverything(may('update'))
  if (all) return expect
  // what the server has just named is new; the client's own choice may be taken
  const isNew = write.do === 'put' && (write.method === 'POST' || write.fresh === true)
  const action: Action = write.do === 'delete' ? 'delete' : write.method === 'POST' ? 'create' : 'update'
  const filter = may(action)
  if (filter === nothing) throw refusal(action, ref)
  const now = isNew ? undefined : await store.read(ref)
  const live = now?.text === undefined ? undefined : now
  if (live && (await current(ref, action))?.version !== live.version) throw refusal(action, ref)
  if (expect.is === 'version' && live && live.version !== expect.version) throw new Mismatch(ref, live.version)
  // who sees some only would learn from an id of its own choice whether there is one that it does not see
  if (action === 'update' && !isNew && !live && !(now && (await judge.version(filter, now)))) throw refusal(action, ref)
  if (write.do === 'put' && !isEverything(filter) && !(await judge.written(filter, write, pending)))
    throw refusal(action, ref)
  if (expect.is !== 'anything') return expect
  if (live) return { is: 'version', version: live.version }
  // deleting what is not there changes nothing, and is no race to be lost
  return write.do === 'delete' ? expect : { is: 'nothing' }
}

const refusal = (action: Action, { type }: Ref) =>
  forbidden(`You may not ${action} this ${type}: it is not, or would not be, among those you have access to.`)
