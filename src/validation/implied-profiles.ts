/**
 * Profiles that hold without being declared: those an ImplementationGuide makes global for a type, and those that another profile
 * imposes.
 * https://hl7.org/fhir/R4/implementationguide-definitions.html#ImplementationGuide.global
 */
import type { Conformance } from '../fhir/conformance.ts'
import { isObject } from './node.ts'
import type { Profile } from './profile-tree.ts'

type Find = (canonical: string, from?: string) => Profile | undefined

/**
 * The global profiles of a type. Only guides that come with the request or the tenant count: loading a package for its profiles
 * is not asking for all of them.
 */
export function makeGlobals(conformance: Conformance, find: Find): (type: string) => readonly Profile[] {
  let byType: Map<string, Profile[]> | undefined
  return type => (byType ??= readGlobals(conformance, find)).get(type) ?? []
}

function readGlobals(conformance: Conformance, find: Find): Map<string, Profile[]> {
  const byType = new Map<string, Profile[]>()
  for (const { url, package: packageId } of conformance.entries('ImplementationGuide')) {
    if (packageId !== '') continue
    for (const global of listOf(conformance.find('ImplementationGuide', url)?.['global'])) {
      const profile = isObject(global) && typeof global['profile'] === 'string' ? find(global['profile']) : undefined
      if (profile) byType.set(profile.type, [...(byType.get(profile.type) ?? []), profile])
    }
  }
  return byType
}

const IMPOSES = 'http://hl7.org/fhir/StructureDefinition/structuredefinition-imposeProfile'
const MOST = 50

/** The profiles and those they impose, and those these impose. */
export function withImposed(profiles: readonly Profile[], find: Find): Profile[] {
  const all = new Set(profiles)
  for (const profile of all) {
    if (all.size > MOST) break
    for (const extension of listOf(profile.structure['extension'])) {
      const canonical = isObject(extension) && extension['url'] === IMPOSES ? extension['valueCanonical'] : undefined
      const found = typeof canonical === 'string' ? find(canonical, profile.origin.package) : undefined
      if (found && found.type === profile.type) all.add(found)
    }
  }
  return [...all]
}

const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? (value as unknown[]) : [])
