/**
 * Bulk Data export of a tenant: its operations, its interactions, and the work behind them.
 * https://hl7.org/fhir/uv/bulkdata/STU2/
 */
import type { Interaction, Operation } from '../rest/exchange.ts'
import { Jobs, type JobsParts } from './jobs.ts'
import { exports } from './kick-off.ts'
import { statusOf } from './status.ts'

export interface Bulk {
  readonly operations: readonly Operation[]
  readonly interactions: readonly Interaction[]
  /** Goes on with what was left when the store was closed. */
  resume(): Promise<void>
  /** Ends the work where it stands; before the store is closed. */
  close(): Promise<void>
}

/** The canonical of the CapabilityStatement that a server with exports instantiates. */
export const BULK_DATA = 'http://hl7.org/fhir/uv/bulkdata/CapabilityStatement/bulk-data'

/** Nothing is read or started before the first request, or `resume`. */
export function makeBulk(parts: JobsParts): Bulk {
  const jobs = new Jobs(parts)
  return {
    operations: exports((order, patients) => jobs.enqueue(order, patients)),
    interactions: statusOf(jobs),
    resume: () => jobs.ready(),
    close: () => jobs.close(),
  }
}
