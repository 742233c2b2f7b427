/**
 * Puts what a differential says into the elements of the base: finds each element, or makes it, from its type or as a slice.
 * https://hl7.org/fhir/R4/profiling.html#snapshot
 */
import type { ElementDefinition } from 'fhir/r4'
import { merge } from './snapshot-merge.ts'

export interface Around {
  /** Of the profile. */
  readonly url: string
  /** Whether it makes a type: then it may have elements that its base has not. */
  readonly isType: boolean
  /** The snapshot of a type, as a profile has it where one is named; empty when it is not known. */
  typeElements(code: string, profile: string | undefined, from?: string): readonly ElementDefinition[]
}

const MOST_ELEMENTS = 20_000
/** Each element of a differential is looked for among all there are: so many looks, all in all, for one profile. */
const MOST_LOOKS = 3_000_000

/** A differential that would take too long; nothing that is published comes near. */
export class TooLarge extends Error {
  override readonly name = 'TooLarge'
}
const DEEPEST = 32

/** The elements as they become, and as they were. */
interface Work {
  readonly elements: ElementDefinition[]
  /** By id, before the differential said anything of it: slices are made from that. */
  readonly before: Map<string, ElementDefinition>
  /** Ids of those that the base has. */
  readonly inBase: Set<string>
  /** A choice may be called by the name of one of its types: the id meant, by the id written. */
  readonly renamed: Map<string, string>
  readonly differential: readonly ElementDefinition[]
  readonly around: Around
}

/** The elements of the base (each with an id) with the differential (each with an id) in them. What has no place is left out and named. */
export function applyDifferential(
  base: readonly ElementDefinition[],
  differential: readonly ElementDefinition[],
  around: Around,
): { readonly elements: ElementDefinition[]; readonly unplaced: readonly string[] } {
  const unplaced: string[] = []
  const before = new Map(base.map(element => [element.id!, element]))
  const inBase = new Set(before.keys())
  const work: Work = { elements: [...base], before, inBase, renamed: new Map(), differential, around }
  let looks = 0
  for (const element of differential) {
    looks += work.elements.length
    if (looks > MOST_LOOKS || work.elements.length > MOST_ELEMENTS) throw new TooLarge()
    const id = place(rename(element.id!, work.renamed), work, 0)
    if (id === undefined) {
      unplaced.push(element.id!)
      continue
    }
    const at = indexOf(work.elements, id)
    const { id: _id, path: _path, sliceName: _sliceName, base: _base, ...says } = element
    work.elements[at] = merge(work.elements[at]!, says, around.url)
  }
  tightenChoices(work.elements)
  return { elements: work.elements, unplaced }
}

function rename(id: string, renamed: ReadonlyMap<string, string>): string {
  for (const [from, to] of renamed) if (id === from || id.startsWith(`${from}.`)) return to + id.slice(from.length)
  return id
}

const indexOf = (elements: readonly ElementDefinition[], id: string) => elements.findIndex(each => each.id === id)

/** The id under which the element stands, once it does: made, when it is a slice or is below a type. */
function place(id: string, work: Work, depth: number): string | undefined {
  const { elements } = work
  if (indexOf(elements, id) >= 0) return id
  if (depth > DEEPEST || elements.length > MOST_ELEMENTS) return undefined
  const dot = id.lastIndexOf('.')
  if (dot < 0) return undefined
  const parent = place(id.slice(0, dot), work, depth + 1)
  if (parent === undefined) return undefined
  const step = id.slice(dot + 1)
  const whole = `${parent}.${step}`
  if (indexOf(elements, whole) >= 0) return whole
  unfold(parent, work)
  if (indexOf(elements, whole) >= 0) return whole
  const colon = step.indexOf(':')
  if (colon >= 0) return placeSlice(parent, step.slice(0, colon), step.slice(colon + 1), work, depth)
  return placeChoice(parent, step, work) ?? (work.around.isType ? append(parent, step, work) : undefined)
}

/** `valueQuantity` is the slice of `value[x]` for its type. */
function placeChoice(parent: string, step: string, work: Work): string | undefined {
  const { elements } = work
  for (const [at, choice] of elements.entries()) {
    const id = choice.id!
    if (!id.startsWith(`${parent}.`) || !id.endsWith('[x]') || id.includes('.', parent.length + 1)) continue
    const name = id.slice(parent.length + 1, -3)
    const type = step.startsWith(name) ? typeNamed(choice, step.slice(name.length)) : undefined
    if (!type) continue
    // in a slice the name narrows the choice itself, when it is the only one
    const narrows = parent.includes(':') && shortcuts(parent, name, work) === 1
    if (narrows) elements[at] = { ...choice, type: [type] }
    const slice = narrows ? id : addSlice(id, step, work)
    work.renamed.set(`${parent}.${step}`, slice)
    return slice
  }
  return undefined
}

/** A choice that has to be of one of its types is of no other. */
function tightenChoices(elements: ElementDefinition[]): void {
  for (const [at, choice] of elements.entries()) {
    if (!choice.id!.endsWith('[x]') || !choice.slicing) continue
    const needed = elements.find(each => each.id!.startsWith(`${choice.id!}:`) && isType(each, choice.id!))
    if (!needed || choice.max !== '1') continue
    const slicing = { ...choice.slicing, rules: 'closed' as const }
    elements[at] = { ...choice, slicing, min: Math.max(1, choice.min ?? 0), type: needed.type! }
  }
}

const isType = ({ id, min = 0, type = [] }: ElementDefinition, choice: string) =>
  min > 0 && type.length === 1 && !id!.includes('.', choice.length)

/** How many types of a choice the differential calls by name. */
function shortcuts(parent: string, name: string, { differential }: Work): number {
  const start = `${parent}.${name}`
  const names = differential.flatMap(({ id = '' }) => {
    const ending = id.startsWith(start) ? /^[A-Z]\w*/.exec(id.slice(start.length))?.[0] : undefined
    return ending === undefined ? [] : [ending]
  })
  return new Set(names).size
}

const typeNamed = ({ type = [] }: ElementDefinition, ending: string) =>
  type.find(({ code }) => code.charAt(0).toUpperCase() + code.slice(1) === ending)

function placeSlice(parent: string, name: string, slice: string, work: Work, depth: number): string | undefined {
  const sliced = place(`${parent}.${name}`, work, depth + 1)
  if (sliced === undefined) return undefined
  // `valueQuantity:other` speaks of the slice `value[x]:valueQuantity`
  if (sliced.includes(':', parent.length + 1)) return sliced
  const slash = slice.lastIndexOf('/')
  if (slash < 0) return addSlice(sliced, slice, work)
  const above = `${sliced}:${slice.slice(0, slash)}`
  if (indexOf(work.elements, above) < 0) addSlice(sliced, slice.slice(0, slash), work)
  return addSlice(above, slice, work)
}

/** Adds a slice of an element, with what the base has below it, after the slices it already has. */
function addSlice(sliced: string, name: string, work: Work): string {
  const { elements, before, inBase } = work
  const base = sliced.replace(/:[^:.]*$/, '')
  const id = `${base}:${name}`
  if (indexOf(elements, id) >= 0) return id
  const at = indexOf(elements, sliced)
  const now = elements[at]!
  const { slicing: _slicing, ...rest } = before.get(sliced) ?? now
  const below = elements.filter(each => each.id!.startsWith(`${sliced}.`) && inBase.has(each.id!))
  const copies = below.map(each => ({ ...before.get(each.id!)!, id: id + each.id!.slice(sliced.length) }))
  const slice = typed({ ...rest, id, sliceName: name, min: 0 }, base, name)
  let end = at + 1
  while (end < elements.length && isWithin(elements[end]!.id!, sliced)) end++
  elements.splice(end, 0, slice, ...copies)
  for (const each of [slice, ...copies]) before.set(each.id!, each)
  for (const each of copies) inBase.add(each.id)
  if (!now.slicing && sliced === base) elements[at] = { ...now, ...impliedSlicing(base) }
  return id
}

const BOUND = new Set(['code', 'Coding', 'CodeableConcept', 'Quantity', 'string', 'uri', 'Duration', 'Age'])

/** A choice's slice named for a type is of that type; only types with codes have bindings. */
function typed(slice: ElementDefinition, base: string, name: string): ElementDefinition {
  if (!base.endsWith('[x]')) return slice
  const type = typeNamed(slice, name.slice(base.slice(base.lastIndexOf('.') + 1, -3).length))
  if (!type) return slice
  const { binding, ...rest } = slice
  return { ...rest, ...(binding && BOUND.has(type.code) ? { binding } : {}), type: [type] }
}

const isWithin = (id: string, sliced: string) => {
  if (!id.startsWith(sliced)) return false
  const next = id[sliced.length]
  return next === '.' || next === ':' || next === '/'
}

/** Extensions are sliced by url and choices by type; other slicing is the profile's to say. */
function impliedSlicing(id: string): Partial<ElementDefinition> {
  const [type, path] = id.endsWith('[x]') ? (['type', '$this'] as const) : (['value', 'url'] as const)
  if (path === 'url' && !/\.(?:extension|modifierExtension)$/.test(id)) return {}
  return { slicing: { discriminator: [{ type, path }], ordered: false, rules: 'open' } }
}

/** Puts the children of its type below an element that has none. */
function unfold(parent: string, { elements, before, around }: Work): void {
  if (elements.some(each => each.id!.startsWith(`${parent}.`))) return
  const at = indexOf(elements, parent)
  const element = elements[at]!
  const source = contentOf(element, elements, before) ?? typeOf(element, around)
  const root = source[0]
  if (!root) return
  const [rootId, rootPath] = [root.id ?? root.path, root.path]
  const children = source.slice(1).map(each => ({
    ...each,
    id: parent + (each.id ?? each.path).slice(rootId.length),
    path: element.path + each.path.slice(rootPath.length),
  }))
  if (elements.length + children.length > MOST_ELEMENTS) return
  elements.splice(at + 1, 0, ...children)
  for (const child of children) before.set(child.id, child)
}

/** The element meant by a content reference, and what is below it, as the base has them. */
function contentOf(
  { contentReference }: ElementDefinition,
  elements: readonly ElementDefinition[],
  before: ReadonlyMap<string, ElementDefinition>,
) {
  if (contentReference === undefined) return undefined
  const id = contentReference.slice(contentReference.indexOf('#') + 1)
  if (indexOf(elements, id) < 0) return undefined
  return elements
    .filter(each => each.id === id || each.id!.startsWith(`${id}.`))
    .map(each => before.get(each.id!) ?? each)
}

function typeOf({ type = [] }: ElementDefinition, around: Around): readonly ElementDefinition[] {
  const codes = new Set(type.map(({ code }) => code))
  const [code] = codes
  if (code === undefined) return []
  // of several types only what they all have can be meant
  if (codes.size > 1) return around.typeElements('Element', undefined)
  const profiles = type.flatMap(({ profile = [] }) => profile)
  return around.typeElements(code, profiles.length === 1 ? profiles[0] : undefined)
}

function append(parent: string, step: string, { elements, before }: Work): string {
  const at = indexOf(elements, parent)
  let end = at + 1
  while (end < elements.length && elements[end]!.id!.startsWith(`${parent}.`)) end++
  const id = `${parent}.${step}`
  const made = { id, path: `${elements[at]!.path}.${step}`, min: 0, max: '*' }
  elements.splice(end, 0, made)
  before.set(id, made)
  return id
}
