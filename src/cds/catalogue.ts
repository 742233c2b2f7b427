/**
 * The catalogue of a tenant's services: those in the box and whatever else is offered, by id and hook.
 * https://cds-hooks.hl7.org/2.0/#discovery
 */
import type { CdsService } from './words.ts'

export interface Catalogue {
  /** Those that are on, in the order of discovery. */
  list(): readonly CdsService[]
  /** One id may stand for several hooks. */
  find(id: string, hook: string): CdsService | undefined
}

/** A catalogue over a list that may change: `services` gives the same array as long as it is the same. */
export function makeServiceCatalogue(services: () => readonly CdsService[]): Catalogue {
  let of: readonly CdsService[] | undefined
  let byKey = new Map<string, CdsService>()
  const current = () => {
    const now = services()
    if (now !== of) {
      of = now
      byKey = new Map(now.map(service => [`${service.id} ${service.hook}`, service]))
    }
    return now
  }
  return {
    list: current,
    find: (id, hook) => (current(), byKey.get(`${id} ${hook}`)),
  }
}

/** The answer of discovery. */
export const discovery = (services: readonly CdsService[]): object => ({
  services: services.map(({ hook, id, title, description, prefetch, usageRequirements }) => ({
    hook,
    title,
    description,
    id,
    ...(prefetch && Object.keys(prefetch).length > 0 ? { prefetch } : {}),
    ...(usageRequirements ? { usageRequirements } : {}),
  })),
})
