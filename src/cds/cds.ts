/**
 * A tenant's CDS Hooks: its parts put together.
 * https://cds-hooks.hl7.org/2.0/
 */
import type { Records } from '../store/store.ts'
import { makeServiceCatalogue } from './catalogue.ts'
import type { FhirServers } from './fhir-server.ts'
import { type CdsServer, makeCdsServer } from './server.ts'
import { services } from './services.ts'
import type { CdsService } from './words.ts'

/** What it is made of; given by app.ts. */
export interface CdsMakings {
  /** An operator's, beside those in the box. */
  readonly own: readonly CdsService[]
  readonly servers: FhirServers
  /** Milliseconds since 1970. */
  readonly now: () => number
  readonly records: (name: string) => Records
}

export function makeCds({ own, servers, now, records }: CdsMakings): CdsServer {
  const all = [...services, ...own]
  return makeCdsServer({
    catalogue: makeServiceCatalogue(() => all),
    servers,
    now,
    feedback: records('cds-feedback'),
  })
}
