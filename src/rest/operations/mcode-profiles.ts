/**
 * The profiles of mCODE, and those that other packages or the tenant derive from them.
 * https://hl7.org/fhir/us/mcode/
 */
import type { Conformance } from '../../fhir/conformance.ts'

/** What the canonicals of mCODE begin with. */
export const MCODE = 'http://hl7.org/fhir/us/mcode/'

const known = new WeakMap<Conformance, Map<string, boolean>>()

/** Whether the text of a stored resource declares a profile of mCODE's, directly or by derivation. */
export function isOfMcode(conformance: Conformance | undefined): (text: string) => boolean {
  const derived = conformance && (known.get(conformance) ?? new Map<string, boolean>())
  if (conformance) known.set(conformance, derived!)
  return text => {
    if (!text.includes('"profile":[')) return false
    const profiles = (JSON.parse(text) as { meta?: { profile?: readonly string[] } }).meta?.profile ?? []
    return profiles.some(profile => leadsToMcode(profile, conformance, derived))
  }
}

/** Derivations are followed so far. */
const DEEPEST = 20

function leadsToMcode(
  profile: string,
  conformance: Conformance | undefined,
  derived: Map<string, boolean> | undefined,
): boolean {
  const before = derived?.get(profile)
  if (before !== undefined) return before
  let at: string | undefined = profile
  for (let depth = 0; at !== undefined && depth < DEEPEST; depth++) {
    if (at.startsWith(`${MCODE}StructureDefinition/`)) break
    at = conformance?.entry('StructureDefinition', at)?.baseDefinition
  }
  const leads = at?.startsWith(`${MCODE}StructureDefinition/`) ?? false
  // resources may declare anything: what is remembered stays small
  if (derived && derived.size < 1000) derived.set(profile, leads)
  return leads
}
