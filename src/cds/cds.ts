/**
 * A tenant's CDS Hooks: its parts put together.
 * https://cds-hooks.hl7.org/2.0/
 */
import type { LiveRules } from '../rules/live-rules.ts'
import type { Records } from '../store/store.ts'
import { makeServiceCatalogue } from './catalogue.ts'
import type { FhirServers } from './fhir-server.ts'
import { ruleServices } from './rule-service.ts'
import { type CdsServer, makeCdsServer } from './server.ts'
import { services } from './services.ts'
import type { CdsService } from './words.ts'

/** What it is made of; given by app.ts. */
export interface CdsMakings {
  /** An operator's, beside those in the box. */
  readonly own: readonly CdsService[]
  /** The tenant's rules, read. */
  readonly rules: LiveRules
  readonly servers: FhirServers
  /** Milliseconds since 1970. */
  readonly now: () => number
  readonly records: (name: string) => Records
}

export function makeCds({ own, rules, servers, now, records }: CdsMakings): CdsServer {
  const fixed = [...services, ...own]
  const ofRules = ruleServices(rules, new Set(fixed.map(({ id }) => id)))
  return makeCdsServer({
    catalogue: makeServiceCatalogue(joined(fixed, ofRules)),
    servers,
    now,
    feedback: records('cds-feedback'),
  })
}

/** Those that stay and those that change: the same array as long as these are the same. */
function joined(fixed: readonly CdsService[], changing: () => readonly CdsService[]): () => readonly CdsService[] {
  let of: readonly CdsService[] | undefined
  let all = fixed
  return () => {
    const now = changing()
    if (now !== of) {
      of = now
      all = now.length > 0 ? [...fixed, ...now] : fixed
    }
    return all
  }
}
