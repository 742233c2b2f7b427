/**
 * What a tenant's resources are judged by: the packages it has, and its own conformance resources, stored like any others.
 * https://hl7.org/fhir/R4/conformance-module.html
 */
import {
  CANONICAL_TYPES,
  type CanonicalResource,
  type Conformance,
  entryOf,
  type LoadedPackage,
} from '../fhir/conformance.ts'
import { everything, type Query } from '../search/query.ts'
import type { Store, Version } from '../store/store.ts'

export interface TenantConformance {
  /**
   * As it is now: the same object until something of it changes, then another one. The tenant's own resources come before
   * those of packages, the one written last first; they are in it when `isReady`.
   */
  now(): Conformance
  /** Whether the tenant's own resources have been read. */
  readonly isReady: boolean
  /** Reads the tenant's own resources, once. */
  ready(): Promise<void>
  /** To be told of all that is committed to the store. */
  committed(versions: readonly Version[]): void
}

/** A resource of the tenant's own that has a canonical. */
interface Own {
  readonly entry: LoadedPackage['entries'][number]
  readonly text: string
  /** Parsed, while somebody uses it. */
  parsed: WeakRef<CanonicalResource> | undefined
}

/** Characters of the tenant's own resources that are kept; what comes beyond is stored, but nothing is judged by it. */
const MOST_KEPT = 128 * 1024 * 1024

const types: ReadonlySet<string> = new Set(CANONICAL_TYPES)

/** `packages`: the tenant's, as they are now; another object when they have changed. `store`: sees everything. */
export function makeTenantConformance(
  packages: () => Conformance,
  store: Pick<Store, 'find'>,
  mostKept = MOST_KEPT,
): TenantConformance {
  /** By `Type/id`, the one written last at the end. */
  const own = new Map<string, Own>()
  /** Written or deleted while the others are being read: newer than what is read. */
  let overtaken: Set<string> | undefined
  let kept = 0
  let isReady = false
  let reading: Promise<void> | undefined
  let current: { readonly packages: Conformance; readonly with: Conformance } | undefined

  function take({ ref, text }: Version): void {
    const key = `${ref.type}/${ref.id}`
    const before = own.get(key)
    if (before) {
      own.delete(key)
      kept -= before.text.length
      current = undefined
    }
    if (text === undefined || kept + text.length > mostKept) return
    const entry = entryOf(JSON.parse(text) as CanonicalResource, '')
    if (!entry) return
    own.set(key, { entry, text, parsed: undefined })
    kept += text.length
    current = undefined
  }

  async function read(): Promise<void> {
    overtaken = new Set()
    try {
      const all: Version[] = []
      let query: Query = { types: CANONICAL_TYPES, filter: everything, sort: [], count: 200, total: 'none' }
      for (let size = 0; size <= mostKept; ) {
        const { matches, next } = await store.find(query)
        all.push(...matches)
        size = matches.reduce((sum, { text }) => sum + (text?.length ?? 0), size)
        if (!next) break
        query = { ...query, after: next }
      }
      const written = [...own]
      for (const version of all.sort((a, b) => a.updated - b.updated))
        if (!overtaken.has(`${version.ref.type}/${version.ref.id}`)) take(version)
      // what was written meanwhile is the newest
      for (const [key, each] of written) {
        if (own.get(key) !== each) continue
        own.delete(key)
        own.set(key, each)
      }
      isReady = true
    } finally {
      overtaken = undefined
    }
  }

  return {
    get isReady() {
      return isReady
    },
    ready: () =>
      (reading ??= read().catch((error: unknown) => {
        reading = undefined
        throw error
      })),
    committed(versions) {
      for (const version of versions) {
        if (!types.has(version.ref.type)) continue
        overtaken?.add(`${version.ref.type}/${version.ref.id}`)
        if (isReady || overtaken) take(version)
      }
    },
    now() {
      const base = packages()
      if (current?.packages !== base)
        current = { packages: base, with: own.size > 0 ? base.withPackages([asPackage([...own.values()])]) : base }
      return current.with
    },
  }
}

/** The package without a name: each resource is parsed when it is asked for. */
const asPackage = (own: readonly Own[]): LoadedPackage => ({
  info: { name: '', version: '', dependencies: {} },
  entries: own.map(({ entry }) => entry),
  read(position) {
    const one = own[position]!
    const known = one.parsed?.deref()
    if (known) return known
    const resource = JSON.parse(one.text) as CanonicalResource
    one.parsed = new WeakRef(resource)
    return resource
  },
})
