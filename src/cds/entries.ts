/**
 * How much a call holds: services look at every resource, so there is a limit to what one call may take of everybody's time.
 * https://cds-hooks.hl7.org/2.0/#providing-fhir-resources-to-a-cds-service
 */

/** Resources in the Bundles of one call, context and prefetch together. */
export const MOST_ENTRIES = 3000

/** How many entries the Bundles among the values have. */
export function entriesIn(values: Readonly<Record<string, unknown>>): number {
  let count = 0
  for (const name in values) {
    const value = values[name]
    if (typeof value !== 'object' || value === null) continue
    const { entry } = value as { entry?: unknown }
    count += Array.isArray(entry) ? entry.length : Array.isArray(value) ? value.length : 0
  }
  return count
}
