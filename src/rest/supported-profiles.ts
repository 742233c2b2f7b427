/**
 * The profiles this server can tell a resource's conformance to: those of the loaded guides and of the tenant, by resource type.
 * https://hl7.org/fhir/R4/capabilitystatement-definitions.html#CapabilityStatement.rest.resource.supportedProfile
 */
import type { Conformance } from '../fhir/conformance.ts'

/** Packages that define FHIR and its extensions, not what somebody's records look like. */
const GROUND = ['hl7.fhir.r4.core', 'hl7.terminology.r4', 'hl7.fhir.uv.extensions.r4']

/** Canonicals, sorted; several versions of one are one. */
export function supportedProfiles(conformance: Conformance | undefined): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, Set<string>>()
  for (const entry of conformance?.entries('StructureDefinition') ?? []) {
    const { kind, derivation, type, url, status } = entry
    if (kind !== 'resource' || derivation !== 'constraint' || type === undefined || status === 'retired') continue
    if (GROUND.includes(entry.package.split('#', 1)[0]!)) continue
    const known = found.get(type)
    if (known) known.add(url)
    else found.set(type, new Set([url]))
  }
  return new Map([...found].map(([type, urls]) => [type, [...urls].sort()]))
}
