/**
 * The interactions this server has. To add one: a file of its own, and a line here.
 * https://hl7.org/fhir/R4/http.html#summary
 */
import { capabilities } from './capabilities.ts'
import type { About } from './capability-statement.ts'
import { create } from './create.ts'
import { conditionalDelete, remove } from './delete.ts'
import type { Interaction, Operation } from './exchange.ts'
import { historyInstance, historySystem, historyType } from './history.ts'
import { conditionalPatch, patch } from './patch.ts'
import { read, vread } from './read.ts'
import { searches } from './search.ts'
import { batch, transaction } from './transaction.ts'
import { conditionalUpdate, update } from './update.ts'

const own: readonly Interaction[] = [
  read,
  vread,
  create,
  update,
  conditionalUpdate,
  patch,
  conditionalPatch,
  remove,
  conditionalDelete,
  historyInstance,
  historyType,
  historySystem,
  ...searches,
  transaction,
  batch,
]

/** All of them. `more`: an operator's own; the CapabilityStatement states them too. */
export function interactions(
  about: About,
  operations: readonly Operation[],
  more: readonly Interaction[] = [],
): readonly Interaction[] {
  const all = [...own, ...more]
  return [...all, capabilities(about, all, operations)]
}
