/**
 * The FHIR packages of this server: those that come with it, those added for all tenants, and those added for one.
 * https://confluence.hl7.org/display/FHIR/NPM+Package+Specification
 */
import { join } from 'node:path'
import { Readable } from 'node:stream'
import {
  compareVersions,
  type Conformance,
  idOf,
  type LoadedPackage,
  makeConformance,
  type PackageInfo,
} from '../fhir/conformance.ts'
import { badRequest, FhirError, notFound, notSupported } from '../fhir/outcome.ts'
import type { PackageFile } from '../fhir/package-archive.ts'
import { addPackage, type AddedPackage, openAdded, packagesIn, removePackage } from '../fhir/package-folder.ts'
import { packageLimits } from '../fhir/package-limits.ts'
import { readPackageId } from '../fhir/package-manifest.ts'
import type { RegistryOptions } from '../net/package-registry.ts'

export interface PackagesParts {
  /** The folder of the packages of all tenants (no name), or of one tenant. */
  folderOf(tenant?: string): string
  /** Those that come with the server. */
  shipped(): readonly LoadedPackage[]
  /** URL of the registry, '' for none. */
  readonly registry: string
  /** Hosts in private networks that may be called. */
  readonly privateHosts: readonly string[]
}

/** How a package is shown to the owner of the server. */
export interface PackageShown {
  readonly name: string
  readonly version: string
  readonly title?: string
  readonly canonical?: string
  /** Where it is from: it comes with the server, or was added for all tenants or for one. */
  readonly from: 'server' | 'all' | 'tenant'
  /** Conformance resources in it that have a canonical. */
  readonly resources: number
  /** `name#version` of what it depends on and is not here in any version: references into these do not resolve. */
  readonly missing: readonly string[]
}

/** Packages that one order may bring along. */
const MOST_DEPENDENCIES = 50

interface Named {
  readonly name: string
  readonly version: string
}

/** The packages of one tenant, over what every tenant has. */
interface Own {
  readonly shared: Conformance
  readonly packages: readonly LoadedPackage[]
  readonly conformance: Conformance
}

export class Packages {
  readonly #parts: PackagesParts
  #shipped: readonly LoadedPackage[] | undefined
  #shared: { readonly packages: readonly LoadedPackage[]; readonly conformance: Conformance } | undefined
  readonly #own = new Map<string, Own>()

  constructor(parts: PackagesParts) {
    this.#parts = parts
  }

  /** What every tenant has. Opened at the first call; the same object until a package is added or removed. */
  shared(): Conformance {
    return this.#all().conformance
  }

  /** What the tenant has. The same object until a package is added or removed. */
  of(tenant: string): Conformance {
    return this.#ofTenant(tenant).conformance
  }

  /** Of a tenant that is being replaced or deleted. */
  forget(tenant: string): void {
    this.#own.delete(tenant)
  }

  /** What the server has, or what the tenant has beside that. */
  list(tenant?: string): PackageShown[] {
    const { packages } = this.#all()
    const shared = packages.map(one => one.info)
    const show = (from: PackageShown['from'], have: readonly PackageInfo[]) => (one: LoadedPackage) =>
      shown(one.info, one.entries.length, from, have)
    if (tenant !== undefined) {
      const own = this.#ofTenant(tenant).packages
      return own.map(show('tenant', [...shared, ...own.map(({ info }) => info)]))
    }
    const shipped = new Set(this.#shippedPackages())
    return packages.map(one => show(shipped.has(one) ? 'server' : 'all', shared)(one))
  }

  /** Adds a package for all tenants, or for one; in place of the same version of it. Rejects with a FhirError (422). */
  async add(files: AsyncIterable<PackageFile>, tenant?: string, expected?: Named): Promise<PackageShown> {
    const added = await addPackage(this.#parts.folderOf(tenant), files, expected)
    this.#changed(tenant)
    return this.#shown(added, tenant)
  }

  /** The same of an archive (.tgz), unpacked as it arrives. */
  async addArchive(archive: AsyncIterable<Buffer>, tenant?: string, expected?: Named): Promise<PackageShown> {
    // loaded with the first package: most servers never add one
    const { packageFiles } = await import('../fhir/package-archive.ts')
    return this.add(packageFiles(archive), tenant, expected)
  }

  /**
   * Fetches `name#version` from the registry and adds it; with `dependencies` also what it depends on and is not here in
   * any version. Rejects with a FhirError: 400 for what is no such name, 404, 422, 501 without a registry, 502.
   */
  async addNamed(id: string, dependencies: boolean, tenant?: string): Promise<PackageShown[]> {
    const { registry, privateHosts } = this.#parts
    if (registry === '')
      throw notSupported(
        'No package registry is set. Set DHP_PACKAGE_REGISTRY to its URL, or send the package itself (.tgz).',
      )
    const asked = readPackageId(id)
    if (!asked) throw badRequest('Name a package and its version: name#version, such as example.fhir.package#1.0.0.')
    const options = { registry, allow: privateHosts, maxBytes: packageLimits.packed }
    const done: PackageShown[] = []
    const waiting = [asked]
    for (const each of waiting) {
      const adding = fetched(each, options).then(({ archive, exact }) =>
        this.addArchive(Readable.from([archive]), tenant, exact),
      )
      // a dependency that cannot be had stays missing, and is shown so
      const one = await (each === asked ? adding : adding.catch(missing))
      if (!one) continue
      done.push(one)
      if (!dependencies || waiting.length > MOST_DEPENDENCIES) continue
      for (const next of one.missing.map(readPackageId))
        if (next && !waiting.some(each => each.name === next.name)) waiting.push(next)
    }
    // what came later may be what an earlier one missed
    return done.map(one => this.#find(one.name, one.version, tenant) ?? one)
  }

  /** Rejects with a FhirError (404) when it was not added there. */
  remove(name: string, version: string, tenant?: string): void {
    const id = `${name}#${version}`
    if (!removePackage(this.#parts.folderOf(tenant), id)) {
      const there = packagesIn(this.#parts.folderOf(tenant)).join(', ')
      const shipped = tenant === undefined && this.#shippedPackages().some(({ info }) => idOf(info) === id)
      throw notFound(
        shipped
          ? `${id} comes with the server and cannot be removed.`
          : `The package ${id} was not added here. Added: ${there || 'none'}.`,
      )
    }
    this.#changed(tenant)
  }

  /** Whether a package (`name#version`) came with the server, and nobody has added another of that name and version. */
  isShipped(id: string): boolean {
    const shipped = this.#shippedPackages()
    const same = ({ info }: LoadedPackage) => idOf(info) === id
    const added = [
      ...this.#all().packages.slice(shipped.length),
      ...[...this.#own.values()].flatMap(own => own.packages),
    ]
    return shipped.some(same) && !added.some(same)
  }

  #shippedPackages(): readonly LoadedPackage[] {
    return (this.#shipped ??= this.#parts.shipped())
  }

  #all() {
    if (!this.#shared) {
      const packages = [...this.#shippedPackages(), ...opened(this.#parts.folderOf())]
      this.#shared = { packages, conformance: makeConformance(packages) }
    }
    return this.#shared
  }

  #ofTenant(tenant: string): Own {
    const shared = this.shared()
    const known = this.#own.get(tenant)
    if (known?.shared === shared) return known
    const packages = known?.packages ?? opened(this.#parts.folderOf(tenant))
    const own = { shared, packages, conformance: packages.length ? shared.withPackages(packages) : shared }
    this.#own.set(tenant, own)
    return own
  }

  #changed(tenant: string | undefined): void {
    if (tenant === undefined) this.#shared = undefined
    else this.forget(tenant)
  }

  #find(name: string, version: string, tenant: string | undefined): PackageShown | undefined {
    return this.list(tenant).findLast(each => each.name === name && each.version === version)
  }

  #shown({ info, resources }: AddedPackage, tenant: string | undefined): PackageShown {
    return (
      this.#find(info.name, info.version, tenant) ?? shown(info, resources, tenant === undefined ? 'all' : 'tenant', [])
    )
  }
}

/** Those of a folder that can be read; the command `doctor` tells of the others. */
const opened = (folder: string): LoadedPackage[] =>
  packagesIn(folder).flatMap(id => {
    const one = openAdded(folder, id)
    return one ? [one] : []
  })

function shown(
  { name, version, title, canonical, dependencies }: PackageInfo,
  resources: number,
  from: PackageShown['from'],
  have: readonly PackageInfo[],
): PackageShown {
  const names = new Set(have.map(each => each.name))
  return {
    name,
    version,
    ...(title ? { title } : {}),
    ...(canonical ? { canonical } : {}),
    from,
    resources,
    missing: Object.entries(dependencies)
      .filter(([each]) => !names.has(each))
      .map(([each, of]) => `${each}#${of}`),
  }
}

function missing(error: unknown): undefined {
  if (!(error instanceof FhirError)) throw error
}

/** The archive of a package, and which version it is when any of several would do (`4.0.x`: the newest of these). */
async function fetched({ name, version }: Named, options: RegistryOptions): Promise<{ archive: Buffer; exact: Named }> {
  const { fetchPackage, versionsOf } = await import('../net/package-registry.ts')
  try {
    const exact = version.endsWith('.x') ? newest(await versionsOf(name, options), version) : version
    if (exact === undefined) throw notFound(`The registry has no ${name}#${version}.`)
    return { archive: await fetchPackage(name, exact, options), exact: { name, version: exact } }
  } catch (error) {
    const { name: kind, message } = error as Error
    if (kind === 'NoSuchPackage') throw notFound(message)
    if (kind !== 'FetchError') throw error
    throw new FhirError(502, [{ severity: 'error', code: 'transient', diagnostics: message }])
  }
}

const newest = (versions: readonly string[], pattern: string): string | undefined =>
  versions
    .filter(version => version.startsWith(pattern.slice(0, -1)))
    .sort(compareVersions)
    .at(-1)

/** Where packages lie in a data folder or in a tenant's folder. */
export const packagesFolder = (folder: string): string => join(folder, 'packages')
