/**
 * The profiles and types of the loaded packages, each compiled once, when it is first asked for.
 * https://hl7.org/fhir/R4/profiling.html
 */
import { type CanonicalResource, type Conformance, splitCanonical } from '../fhir/conformance.ts'
import { makeGlobals, withImposed } from './implied-profiles.ts'
import { canonicalOf, compileSafely, type Profile } from './profile-tree.ts'
import { makeSnapshot, type SnapshotProblem } from './snapshot.ts'

/** Why a profile cannot be used: it is not here, its snapshot cannot be made, or it is for another type. */
export interface Unusable {
  readonly problem: SnapshotProblem | 'unknown' | 'type'
  readonly said: { readonly en: string; readonly zh: string }
}

export interface Profiles {
  /** By canonical (`url`, `url|version`), as the package `from` means it. */
  find(canonical: string, from?: string): Profile | Unusable
  /** The definition of a type, `Quantity`; undefined for a name that is no type. */
  ofType(type: string): Profile | undefined
  /** Those that a guide of the request or the tenant makes global for a type. */
  global(type: string): readonly Profile[]
  /** These and those they impose. */
  withImposed(profiles: readonly Profile[]): readonly Profile[]
}

export const isProfile = (found: Profile | Unusable): found is Profile => !('problem' in found)

const MOST_PROFILES = 600
/** The types are R4's own, whatever other packages define under their names. */
const R4 = 'hl7.fhir.r4.core#4.0.1'

/** The profiles of these packages. `trusted`: whether a package (`name#version`) came with the server. */
export function makeProfiles(conformance: Conformance, trusted: (packageId: string) => boolean): Profiles {
  const known = new Map<string, Profile | Unusable>()
  // apart, so that names nobody knows do not drive out the profiles that are in use
  const missing = new Map<string, Unusable>()
  const types = new Map<string, Profile | undefined>()

  function find(canonical: string, from?: string): Profile | Unusable {
    const entry = conformance.entry('StructureDefinition', canonical, from)
    if (!entry) return missed(canonical)
    const key = `${entry.url}|${entry.version ?? ''}|${entry.package}`
    const before = known.get(key)
    if (before) return before
    const structure = conformance.find('StructureDefinition', canonical, from)
    if (!structure) return missed(canonical)
    const made = compileOnce(structure, entry.package)
    if (known.size >= MOST_PROFILES) known.delete(known.keys().next().value!)
    known.set(key, made)
    return made
  }

  function missed(canonical: string): Unusable {
    const before = missing.get(canonical)
    if (before) return before
    const made = unknownProfile(canonical, conformance)
    if (missing.size >= MOST_PROFILES) missing.clear()
    missing.set(canonical, made)
    return made
  }

  function compileOnce(structure: CanonicalResource, packageId: string): Profile | Unusable {
    const before = compiled.get(structure)
    if (before && before.origin.package === packageId && before.origin.trusted === trusted(packageId)) return before
    const snapshot = makeSnapshot(structure, conformance, packageId)
    if ('problem' in snapshot) return snapshot
    const made = compileSafely(structure, snapshot, packageId, trusted(packageId))
    // a snapshot that is generated depends on the packages around it
    if (made && !snapshot.generated) compiled.set(structure, made)
    return made ?? noElements(canonicalOf(structure))
  }

  function ofType(type: string): Profile | undefined {
    if (types.has(type)) return types.get(type)
    const found = find(`http://hl7.org/fhir/StructureDefinition/${type}`, R4)
    const profile = isProfile(found) && found.isType ? found : undefined
    types.set(type, profile)
    return profile
  }

  const usable = (canonical: string, from?: string) => {
    const found = find(canonical, from)
    return isProfile(found) ? found : undefined
  }
  const global = makeGlobals(conformance, usable)
  return { find, ofType, global, withImposed: all => withImposed(all, usable) }
}

/** Of profiles whose snapshot is published; the package reader gives the same object as long as it is in use. */
const compiled = new WeakMap<CanonicalResource, Profile>()

function unknownProfile(canonical: string, conformance: Conformance): Unusable {
  const { url, version } = splitCanonical(canonical)
  const other = version === undefined ? undefined : conformance.entry('StructureDefinition', url)?.version
  if (other === undefined) return notHere(canonical)
  return {
    problem: 'unknown',
    said: {
      en: `The profile ${url} is here in version ${other}, not ${version!}. Load that version, or name the one that is here.`,
      zh: `此伺服器的 profile ${url} 版本為 ${other},沒有 ${version!}。請載入該版本,或改用現有版本。`,
    },
  }
}

const notHere = (canonical: string): Unusable => ({
  problem: 'unknown',
  said: {
    en: `The profile ${canonical} is not known here. Load the package that defines it, or correct the URL.`,
    zh: `此伺服器沒有 profile ${canonical}。請載入定義它的套件,或更正網址。`,
  },
})

const noElements = (canonical: string): Unusable => ({
  problem: 'broken',
  said: {
    en: `The profile ${canonical} has no usable elements. Correct its snapshot or differential.`,
    zh: `profile ${canonical} 沒有可用的資料元素。請更正它的 snapshot 或 differential。`,
  },
})
