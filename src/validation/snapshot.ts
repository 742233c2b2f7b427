/**
 * The snapshot of a profile: as published, or generated from its differential and the snapshot of its base.
 * https://hl7.org/fhir/R4/profiling.html#snapshot
 */
import type { ElementDefinition } from 'fhir/r4'
import { type CanonicalResource, type Conformance, splitCanonical } from '../fhir/conformance.ts'
import { wrongProperty } from './definition-form.ts'
import { completeId, merge } from './snapshot-merge.ts'
import { applyDifferential, TooLarge } from './snapshot-apply.ts'

/** `circular`: it is its own base; `base`: the base is not here; `broken`: not to be understood. */
export type SnapshotProblem = 'circular' | 'base' | 'broken'

export interface Snapshot {
  readonly elements: readonly ElementDefinition[]
  readonly generated: boolean
  /** Ids of elements of the differential that have no place in the type. */
  readonly unplaced: readonly string[]
}

export interface NoSnapshot {
  readonly problem: SnapshotProblem
  readonly said: { readonly en: string; readonly zh: string }
}

export const isSnapshot = (made: Snapshot | NoSnapshot): made is Snapshot => !('problem' in made)

/** How many profiles may be derived from one another. */
const LONGEST_CHAIN = 32
/** Elements of one differential; those that are published have some hundreds. */
const MOST_DIFFERENTIAL = 5_000

/** Generated ones, as long as the packages stay the same. */
const generated = new WeakMap<Conformance, Map<CanonicalResource, Snapshot | NoSnapshot>>()

/** The elements of a profile's snapshot, or why there are none. `from`: the package (`name#version`) it is from. */
export function makeSnapshot(
  structure: CanonicalResource,
  conformance: Conformance,
  from: string,
): Snapshot | NoSnapshot {
  return snapshotOf(structure, conformance, from, [])
}

function snapshotOf(
  structure: CanonicalResource,
  conformance: Conformance,
  from: string,
  chain: readonly CanonicalResource[],
): Snapshot | NoSnapshot {
  const wrong = wrongElement(structure)
  if (wrong) return wrong
  const published = elementsOf(structure, 'snapshot')
  if (published.length > 0) return { elements: published, generated: false, unplaced: [] }
  let known = generated.get(conformance)
  if (!known) generated.set(conformance, (known = new Map()))
  const before = known.get(structure)
  if (before) return before
  if (chain.includes(structure)) return circular(structure, chain)
  if (chain.length >= LONGEST_CHAIN)
    return broken(
      chain[0]!,
      `it is derived from another more than ${LONGEST_CHAIN} times over`,
      `繼承超過 ${LONGEST_CHAIN} 層`,
    )
  const made = generateSafely(structure, conformance, from, [...chain, structure])
  // within a circle the answer depends on where one began
  if (isSnapshot(made) || chain.length === 0) known.set(structure, made)
  return made
}

/** What is sent as a profile may have anything where a list or a text belongs. */
function generateSafely(...given: Parameters<typeof generate>): Snapshot | NoSnapshot {
  try {
    return generate(...given)
  } catch (error) {
    if (error instanceof TooLarge)
      return broken(given[0], 'it has too many elements and slices; divide it', '資料元素與 slice 過多，請拆分')
    return broken(given[0], 'its elements cannot be read', '無法讀取其資料元素')
  }
}

function generate(
  structure: CanonicalResource,
  conformance: Conformance,
  from: string,
  chain: readonly CanonicalResource[],
): Snapshot | NoSnapshot {
  const differential = elementsOf(structure, 'differential')
  if (differential.length === 0)
    return broken(structure, 'it has neither a snapshot nor a differential', '沒有 snapshot 也沒有 differential')
  if (differential.length > MOST_DIFFERENTIAL) throw new TooLarge()
  const canonical = structure['baseDefinition']
  const base = typeof canonical === 'string' ? readStructure(canonical, conformance, from) : undefined
  if (!base) return noBase(structure, canonical)
  const above = snapshotOf(base.structure, conformance, base.package, chain)
  if (!isSnapshot(above)) return above
  const type = typeof structure['type'] === 'string' ? structure['type'] : above.elements[0]!.path
  const { elements, unplaced } = applyDifferential(rooted(above.elements, type), completeId(differential), {
    url: structure.url ?? '',
    isType: structure['derivation'] === 'specialization',
    typeElements: (code, profile, owner) => {
      for (const each of [profile, `http://hl7.org/fhir/StructureDefinition/${code}`]) {
        const found = each === undefined ? undefined : readStructure(each, conformance, owner ?? from)
        const made = found && snapshotOf(found.structure, conformance, found.package, chain)
        if (made && isSnapshot(made)) return made.elements
      }
      return []
    },
  })
  return { elements, generated: true, unplaced }
}

function readStructure(canonical: string, conformance: Conformance, from: string) {
  const structure = conformance.find('StructureDefinition', canonical, from)
  return structure && { structure, package: conformance.entry('StructureDefinition', canonical, from)?.package ?? '' }
}

/** Looked at once for each profile. */
const looked = new WeakMap<CanonicalResource, NoSnapshot | undefined>()

function wrongElement(structure: CanonicalResource): NoSnapshot | undefined {
  if (looked.has(structure)) return looked.get(structure)
  const elements = (structure['snapshot'] ?? structure['differential']) as { element?: unknown } | undefined
  const found = (Array.isArray(elements?.element) ? (elements.element as unknown[]) : []).flatMap((each, i) => {
    const name = wrongProperty(each)
    const at = name === '' ? `${i}` : `${(each as ElementDefinition).path.slice(0, 200)}.${name ?? ''}`
    return name === undefined
      ? []
      : [broken(structure, `its element ${at} has not the form it needs`, `資料元素 ${at} 格式不正確`)]
  })
  looked.set(structure, found[0])
  return found[0]
}

function elementsOf(structure: CanonicalResource, of: 'snapshot' | 'differential'): ElementDefinition[] {
  const elements = (structure[of] as { element?: unknown } | undefined)?.element
  if (!Array.isArray(elements)) return []
  return elements.filter(
    (each: unknown) => typeof (each as ElementDefinition | null)?.path === 'string',
  ) as ElementDefinition[]
}

/** A type that is made from another begins with that one's elements under its own name. */
function rooted(elements: readonly ElementDefinition[], type: string): ElementDefinition[] {
  const root = elements[0]!.path
  const renamed = (text: string) =>
    text === root ? type : text.startsWith(`${root}.`) ? type + text.slice(root.length) : text
  return completeId(elements).map(element =>
    merge(element, { id: renamed(element.id!), path: renamed(element.path) }, ''),
  )
}

function circular({ url = '' }: CanonicalResource, chain: readonly CanonicalResource[]): NoSnapshot {
  const way = [...chain.map(each => each.url ?? ''), url]
    .slice(-4)
    .map(each => splitCanonical(each).url)
    .join(' → ')
  return {
    problem: 'circular',
    said: {
      en: `The profile ${url} is derived from itself (${way}). Correct its baseDefinition.`,
      zh: `profile ${url} 繼承自己(${way})。請更正 baseDefinition。`,
    },
  }
}

function noBase({ url = '' }: CanonicalResource, canonical: unknown): NoSnapshot {
  const base = typeof canonical === 'string' ? canonical : '?'
  return {
    problem: 'base',
    said: {
      en: `The profile ${url} is derived from ${base}, which is not known here. Load the package that defines it.`,
      zh: `profile ${url} 繼承自 ${base},此伺服器沒有。請載入定義它的套件。`,
    },
  }
}

function broken({ url = '' }: CanonicalResource, en: string, zh: string): NoSnapshot {
  return {
    problem: 'broken',
    said: { en: `The profile ${url} cannot be used: ${en}.`, zh: `無法使用 profile ${url}:${zh}。` },
  }
}
