/**
 * A profile (or type) as a tree of elements, made of its snapshot: children by name, slices below what they slice.
 * https://hl7.org/fhir/R4/profiling.html#snapshot
 */
import type { ElementDefinition } from 'fhir/r4'
import type { CanonicalResource } from '../fhir/conformance.ts'
import type { Snapshot } from './snapshot.ts'
import type { Origin } from './words.ts'

export interface Profile {
  /** Without the version. */
  readonly url: string
  /** The type it describes. */
  readonly type: string
  readonly kind: string
  /** Whether it defines its type; otherwise it constrains it. */
  readonly isType: boolean
  readonly origin: Origin
  readonly root: Element
  readonly structure: CanonicalResource
  /** Ids of elements of its differential that the type does not have. */
  readonly unplaced: readonly string[]
}

/** One element of a profile; a slice is one, too. */
export interface Element {
  /** Differs from that of every other element. */
  readonly serial: number
  readonly definition: ElementDefinition
  readonly origin: Origin
  /** `value` for `value[x]`. */
  readonly name: string
  readonly isChoice: boolean
  readonly min: number
  /** Infinity for `*`. */
  readonly max: number
  readonly types: readonly ElementType[]
  /** Where it is defined with a `contentReference`: the element meant. */
  readonly content: Element | undefined
  readonly children: ReadonlyMap<string, Element>
  readonly slices: readonly Element[]
  readonly sliceName: string | undefined
}

export interface ElementType {
  readonly code: string
  readonly profiles: readonly string[]
  readonly targets: readonly string[]
}

const text = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined)

/** `url|version`. */
export const canonicalOf = ({ url, version }: CanonicalResource) => (version ? `${url ?? ''}|${version}` : (url ?? ''))

interface Draft extends Element {
  content: Element | undefined
  children: Map<string, Draft>
  readonly slices: Draft[]
  definition: ElementDefinition
}

let serial = 0

/** What is sent as a profile may have anything where a list or a text belongs. */
export function compileSafely(...given: Parameters<typeof compileProfile>): Profile | undefined {
  try {
    return compileProfile(...given)
  } catch {
    return undefined
  }
}

function compileProfile(
  structure: CanonicalResource,
  { elements, unplaced }: Snapshot,
  packageId: string,
  trusted: boolean,
): Profile | undefined {
  const origin: Origin = { profile: canonicalOf(structure), package: packageId, trusted }
  const drafts = draftElements(elements, origin)
  const root = drafts[0]
  if (!root) return undefined
  linkContent(drafts)
  inherit(root, new Set())
  return {
    url: text(structure.url) ?? '',
    type: text(structure['type']) ?? root.name,
    kind: text(structure['kind']) ?? '',
    isType: structure['derivation'] !== 'constraint',
    origin,
    root,
    structure,
    unplaced,
  }
}

/** More levels than any type has. */
const DEEPEST = 32

/** One for each definition, put below its parent; a definition without a parent is passed over. */
function draftElements(elements: readonly ElementDefinition[], origin: Origin): Draft[] {
  const drafts: Draft[] = []
  const open: Draft[] = []
  for (const definition of elements) {
    if (typeof definition?.path !== 'string') continue
    const steps = definition.path.split('.')
    const depth = steps.length - 1
    const parent = depth === 0 ? undefined : open[depth - 1]
    if ((depth > 0 && !parent) || depth > DEEPEST) continue
    const draft = draftOf(definition, steps[depth]!, origin)
    if (parent) place(parent, draft)
    else if (drafts.length > 0) continue
    open.length = depth
    open[depth] = draft
    drafts.push(draft)
  }
  return drafts
}

function place(parent: Draft, draft: Draft): void {
  const sliced = parent.children.get(draft.name) ?? slicedChoice(parent, draft)
  if (!sliced) parent.children.set(draft.name, draft)
  else if (draft.sliceName === undefined && sliced.name === draft.name && !draft.definition.path.endsWith('[x]')) {
    // described twice: the later one counts
    parent.children.set(draft.name, draft)
  } else (reslice(sliced, draft.sliceName) ?? sliced).slices.push(draft)
}

/** `valueQuantity` in a place that has `value[x]` is that choice's slice for the type. */
function slicedChoice(parent: Draft, draft: Draft): Draft | undefined {
  for (const child of parent.children.values()) {
    if (!child.isChoice || !draft.name.startsWith(child.name)) continue
    const ending = draft.name.slice(child.name.length)
    if (child.types.some(({ code }) => code.charAt(0).toUpperCase() + code.slice(1) === ending)) return child
  }
  return undefined
}

/** The slice that `a/b` slices again. */
function reslice(sliced: Draft, name: string | undefined): Draft | undefined {
  if (name === undefined || !name.includes('/')) return undefined
  const above = name.slice(0, name.lastIndexOf('/'))
  return sliced.slices.find(each => each.sliceName === above) ?? findDeeper(sliced.slices, above)
}

const findDeeper = (slices: readonly Draft[], name: string): Draft | undefined =>
  slices.flatMap(each => reslice(each, `${name}/`) ?? []).at(0)

function draftOf(definition: ElementDefinition, step: string, origin: Origin): Draft {
  const isChoice = step.endsWith('[x]')
  return {
    serial: serial++,
    definition,
    origin,
    name: isChoice ? step.slice(0, -3) : step,
    isChoice,
    min: typeof definition.min === 'number' ? definition.min : 0,
    max: maxOf(definition.max),
    types: (Array.isArray(definition.type) ? definition.type : []).map(typeOf),
    content: undefined,
    children: new Map(),
    slices: [],
    sliceName: definition.sliceName,
  }
}

function maxOf(max: string | undefined): number {
  if (max === undefined || max === '*') return Infinity
  const number = Number(max)
  return Number.isInteger(number) && number >= 0 ? number : Infinity
}

const SYSTEM_TYPE = 'http://hl7.org/fhirpath/System.'
const FHIR_TYPE = 'http://hl7.org/fhir/StructureDefinition/structuredefinition-fhir-type'

function typeOf(type: NonNullable<ElementDefinition['type']>[number]): ElementType {
  const published = type.extension?.find(({ url }) => url === FHIR_TYPE)?.valueUrl
  const code = published ?? type.code
  return {
    code: code.startsWith(SYSTEM_TYPE) ? code.slice(SYSTEM_TYPE.length).toLowerCase() : code,
    profiles: type.profile ?? [],
    targets: type.targetProfile ?? [],
  }
}

function linkContent(drafts: readonly Draft[]): void {
  for (const draft of drafts) {
    const reference = draft.definition.contentReference
    if (reference === undefined) continue
    const id = reference.slice(reference.indexOf('#') + 1)
    draft.content =
      drafts.find(each => each.definition.id === id && each !== draft) ??
      drafts.find(each => each.definition.path === id && each.sliceName === undefined && each !== draft)
  }
}

/**
 * What is said of the sliced element holds for each slice, too, and published snapshots do not always repeat it:
 * children and invariants go on to the slices.
 */
function inherit(element: Draft, done: Set<Draft>): void {
  if (done.has(element)) return
  done.add(element)
  for (const slice of element.slices) {
    if (slice.children.size === 0 && !element.isChoice) slice.children = element.children
    const own = new Set(slice.definition.constraint?.map(({ key }) => key))
    const more = (element.definition.constraint ?? []).filter(({ key }) => !own.has(key))
    if (more.length > 0 && !element.isChoice)
      slice.definition = { ...slice.definition, constraint: [...(slice.definition.constraint ?? []), ...more] }
    inherit(slice, done)
  }
  for (const child of element.children.values()) inherit(child, done)
}
