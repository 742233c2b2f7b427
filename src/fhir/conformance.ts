/**
 * The conformance resources that packages publish (profiles, value sets, code systems, …), found by canonical URL. A resource
 * is read from its package's file when first asked for.
 * https://hl7.org/fhir/R4/references.html#canonical
 */

export const CANONICAL_TYPES = [
  'StructureDefinition',
  'ValueSet',
  'CodeSystem',
  'ConceptMap',
  'NamingSystem',
  'Questionnaire',
  'SearchParameter',
  'OperationDefinition',
  'CapabilityStatement',
  'CompartmentDefinition',
  'ImplementationGuide',
  'Measure',
  'Library',
] as const
export type CanonicalType = (typeof CANONICAL_TYPES)[number]

/** A conformance resource as published, without its narrative. Shared by all who ask: never change it. */
export interface CanonicalResource {
  readonly resourceType: string
  readonly url?: string
  readonly version?: string
  readonly [element: string]: unknown
}

/** What is known of a conformance resource without reading it. */
export interface CanonicalEntry {
  readonly resourceType: CanonicalType
  readonly url: string
  readonly version?: string
  readonly id?: string
  readonly name?: string
  readonly title?: string
  readonly status?: string
  /** `name#version` of the package it is from; '' for a tenant's own. */
  readonly package: string
  /** StructureDefinition only. */
  readonly kind?: string
  readonly type?: string
  readonly derivation?: string
  readonly baseDefinition?: string
  readonly abstract?: boolean
  /** CodeSystem only: complete, fragment, not-present, example, supplement. */
  readonly content?: string
}

/** A FHIR package as it is loaded. */
export interface PackageInfo {
  readonly name: string
  readonly version: string
  readonly title?: string
  readonly canonical?: string
  readonly license?: string
  /** By name: the version named in its manifest. */
  readonly dependencies: Readonly<Record<string, string>>
}

/** One package, opened. */
export interface LoadedPackage {
  readonly info: PackageInfo
  readonly entries: readonly CanonicalEntry[]
  /** Reads the entry of that position. */
  read(position: number): CanonicalResource
}

export interface Conformance {
  readonly packages: readonly PackageInfo[]
  /**
   * The resource of a canonical, `url` or `url|version`; a fragment (`#…`) is ignored. Of several: a tenant's own, else the one
   * in the package `from` (`name#version`) or in the nearest that `from` depends on, else of the package loaded last, in that
   * package's newest version. A version that is not here gives undefined; `1.2` finds the newest `1.2.x` unless there is a `1.2`.
   */
  find(type: CanonicalType, canonical: string, from?: string): CanonicalResource | undefined
  /** What `find` would read. */
  entry(type: CanonicalType, canonical: string, from?: string): CanonicalEntry | undefined
  /** All of a type, the packages in the order loaded. */
  entries(type: CanonicalType): readonly CanonicalEntry[]
  /** These added; a tenant's own resources come before those of packages. Resources without a `url` are passed over. */
  with(resources: readonly CanonicalResource[]): Conformance
  /** The packages added after those here. */
  withPackages(packages: readonly LoadedPackage[]): Conformance
}

/** The packages in order of precedence, the last one first asked. */
export function makeConformance(packages: readonly LoadedPackage[]): Conformance {
  return layer(undefined, packages)
}

interface Place {
  readonly entry: CanonicalEntry
  readonly from: LoadedPackage
  readonly position: number
}

/** What the layer above asks of the one below. */
interface Layer {
  readonly packages: readonly LoadedPackage[]
  places(type: CanonicalType, url: string): readonly Place[]
  entries(type: CanonicalType): readonly CanonicalEntry[]
}

const nothing: Layer = { packages: [], places: () => [], entries: () => [] }

/** Packages over others: only what is added is indexed, so that a tenant's few resources cost little. */
function layer(below: Layer = nothing, added: readonly LoadedPackage[]): Conformance {
  const own = indexed(added)
  const packages = [...below.packages, ...added]
  const listed = new Map<CanonicalType, readonly CanonicalEntry[]>()
  const distances = new Map<string, ReadonlyMap<string, number>>()
  const self: Layer = {
    packages,
    places(type, url) {
      const mine = own.get(type)?.get(url)
      const theirs = below.places(type, url)
      return mine ? (theirs.length ? [...mine, ...theirs] : mine) : theirs
    },
    entries(type) {
      let all = listed.get(type)
      if (!all) {
        const mine = added.flatMap(({ entries }) => entries.filter(({ resourceType }) => resourceType === type))
        listed.set(type, (all = mine.length ? [...below.entries(type), ...mine] : below.entries(type)))
      }
      return all
    },
  }
  const distanceFrom = (from: string) => {
    let known = distances.get(from)
    if (!known) distances.set(from, (known = dependencies(from, packages)))
    return known
  }
  const place = (type: CanonicalType, canonical: string, from?: string): Place | undefined => {
    const { url, version } = splitCanonical(canonical)
    const all = self.places(type, url)
    const right = version === undefined ? all : ofVersion(all, version)
    if (right.length < 2) return right[0]
    return nearest(right, from === undefined ? undefined : distanceFrom(from))
  }

  return {
    packages: packages.map(({ info }) => info).filter(({ name }) => name !== ''),
    find(type, canonical, from) {
      const found = place(type, canonical, from)
      return found?.from.read(found.position)
    },
    entry: (type, canonical, from) => place(type, canonical, from)?.entry,
    entries: self.entries,
    with: resources => layer(self, [ownPackage(resources)]),
    withPackages: more => layer(self, more),
  }
}

/** By type and URL, the last package first. */
function indexed(
  packages: readonly LoadedPackage[],
): ReadonlyMap<CanonicalType, ReadonlyMap<string, readonly Place[]>> {
  const places = new Map<CanonicalType, Map<string, Place[]>>()
  for (const from of packages)
    from.entries.forEach((entry, position) => {
      let byUrl = places.get(entry.resourceType)
      if (!byUrl) places.set(entry.resourceType, (byUrl = new Map()))
      const same = byUrl.get(entry.url)
      if (same) same.unshift({ entry, from, position })
      else byUrl.set(entry.url, [{ entry, from, position }])
    })
  return places
}

/** Those of the version asked for: exactly, else the newest that it stands for. */
function ofVersion(places: readonly Place[], asked: string): readonly Place[] {
  const exactly = places.filter(({ entry }) => entry.version === asked)
  if (exactly.length) return exactly
  const close = places.filter(({ entry }) => isVersion(entry.version, asked))
  const newest = close.reduce<string | undefined>(
    (best, { entry }) => (best !== undefined && compareVersions(best, entry.version) >= 0 ? best : entry.version),
    undefined,
  )
  return close.filter(({ entry }) => entry.version === newest)
}

/**
 * Of several: a tenant's own; then of the package that is nearest to the one that asks; then of the package loaded last, in
 * the newest version of that package.
 */
function nearest(places: readonly Place[], distance: ReadonlyMap<string, number> | undefined): Place {
  const [first] = places as [Place]
  if (first.from.info.name === '') return first
  let best = first
  for (const each of places) {
    const [far, near] = [best, each].map(({ from }) => distance?.get(idOf(from.info)) ?? Infinity) as [number, number]
    const [here, there] = [best.from.info, each.from.info]
    const newer = here.name === there.name && compareVersions(there.version, here.version) > 0
    if (near < far || (near === far && newer)) best = each
  }
  return best
}

/**
 * How many steps each loaded package is from this one, along dependencies. A dependency in a version that is not loaded is
 * met by the package's newest one.
 */
function dependencies(from: string, packages: readonly LoadedPackage[]): ReadonlyMap<string, number> {
  const byName = new Map<string, PackageInfo[]>()
  for (const { info } of packages) byName.set(info.name, [...(byName.get(info.name) ?? []), info])
  const steps = new Map([[from, 0]])
  // grows while it is gone through: a package is added once
  for (const [id, step] of steps) {
    const info = packages.find(each => idOf(each.info) === id)?.info
    for (const [name, version] of Object.entries(info?.dependencies ?? {})) {
      const loaded = [...(byName.get(name) ?? [])].sort((a, b) => compareVersions(b.version, a.version))
      const met = loaded.find(each => each.version === version) ?? loaded.find(each => isVersion(each.version, version))
      const id = met ?? loaded[0]
      if (id && !steps.has(idOf(id))) steps.set(idOf(id), step + 1)
    }
  }
  return steps
}

/** Resources that are in memory, as a package without a name. */
function ownPackage(resources: readonly CanonicalResource[]): LoadedPackage {
  const known = resources.flatMap(resource => {
    const entry = entryOf(resource, '')
    return entry ? [{ entry, resource }] : []
  })
  return {
    info: { name: '', version: '', dependencies: {} },
    entries: known.map(({ entry }) => entry),
    read: position => known[position]!.resource,
  }
}

/** What is kept of a resource in the index; undefined for what has no canonical or is not a conformance resource. */
export function entryOf(resource: CanonicalResource, packageId: string): CanonicalEntry | undefined {
  const { resourceType } = resource
  const url = resource.url ?? laterUrl(resource)
  if (typeof url !== 'string' || url === '' || !canonicalTypes.has(resourceType)) return undefined
  const kept = ['version', 'id', 'name', 'title', 'status', 'kind', 'type', 'derivation', 'baseDefinition', 'content']
  const texts = kept.flatMap(name => (typeof resource[name] === 'string' ? [[name, resource[name]]] : []))
  return {
    resourceType: resourceType as CanonicalType,
    url,
    package: packageId,
    ...Object.fromEntries(texts),
    ...(resource['abstract'] === true ? { abstract: true } : {}),
  }
}

const canonicalTypes: ReadonlySet<string> = new Set(CANONICAL_TYPES)

/** A NamingSystem has no `url` in R4; published ones carry the later element as an extension. */
function laterUrl({ resourceType, extension }: CanonicalResource): unknown {
  if (resourceType !== 'NamingSystem' || !Array.isArray(extension)) return undefined
  const found = (extension as ({ url?: unknown; valueUri?: unknown } | null)[]).find(
    each => each?.url === 'http://hl7.org/fhir/5.0/StructureDefinition/extension-NamingSystem.url',
  )
  return found?.valueUri
}

export const idOf = ({ name, version }: { name: string; version: string }) => (name === '' ? '' : `${name}#${version}`)

/** `url|version#fragment` in its parts. */
export function splitCanonical(canonical: string): { url: string; version?: string } {
  const whole = canonical.split('#', 1)[0]!
  const bar = whole.indexOf('|')
  if (bar < 0 || bar === whole.length - 1) return { url: bar < 0 ? whole : whole.slice(0, bar) }
  return { url: whole.slice(0, bar), version: whole.slice(bar + 1) }
}

/** Whether a version is the one asked for: `4.0` and `4.0.x` ask for any `4.0.…`. */
export function isVersion(version: string | undefined, asked: string): boolean {
  if (version === undefined) return false
  const wanted = asked.replace(/\.x$/, '')
  return version === asked || (/^\d+(\.\d+)?$/.test(wanted) && version.startsWith(`${wanted}.`))
}

/** By numbers, part by part; a version without a label comes after those with one. */
export function compareVersions(a = '', b = ''): number {
  const [left, right] = [a, b].map(text => text.split(/[.-]/))
  for (let i = 0; i < Math.max(left!.length, right!.length); i++) {
    const [x, y] = [left![i], right![i]]
    if (x === y) continue
    if (x === undefined) return /^\d+$/.test(y!) ? -1 : 1
    if (y === undefined) return /^\d+$/.test(x) ? 1 : -1
    const numbers = /^\d+$/.test(x) && /^\d+$/.test(y)
    return numbers ? Number(x) - Number(y) : x < y ? -1 : 1
  }
  return 0
}
