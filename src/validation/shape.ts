/**
 * What a value has to be, from all profiles that apply to it: put together once for each combination that is met, so that a
 * resource is walked once however many profiles it has.
 * https://hl7.org/fhir/R4/profiling.html#resources
 */
import type { ElementDefinition } from 'fhir/r4'
import { isPrimitive } from '../fhir/value-x.ts'
import { isProfile, type Profiles, type Unusable } from './profile.ts'
import type { Element, Profile } from './profile-tree.ts'
import type { Origin } from './words.ts'

/** An element's definition as it applies to a value; what another one already says is left out. */
export interface View {
  readonly definition: ElementDefinition
  readonly origin: Origin
  /** Whether it has a fixed value, a pattern or a bound. */
  readonly hasValueRule: boolean
}

export interface Shape {
  readonly type: string
  readonly views: readonly View[]
  /** Those that must not be passed over even when nothing of the name is there. */
  readonly demanding: readonly Slot[]
  /** The values below of one name; undefined for a name that no profile knows. */
  slot(name: string): Slot | undefined
  /** Profiles that an element asks for and that cannot be used. */
  readonly unusable: readonly Unusable[]
  /** Whether elements or profiles demand more of it than its type does. */
  readonly isProfiled: boolean
  /** Of several profiles an element allows, one has to fit: each list is such a choice. */
  readonly choices: readonly (readonly Profile[])[]
}

/** All values of one name in one parent. */
export interface Slot {
  readonly name: string
  readonly elements: readonly Element[]
  /** Whether any of the elements has slices. */
  readonly sliced: boolean
  /** The shape of one value. `matched`: the slice it is in, for each element that has slices. */
  shape(type: string, matched?: Matched, profiles?: readonly Profile[]): Shape
}

/** The slice a value is in, for each element that has slices. */
export type Matched = ReadonlyMap<Element, Element>

export interface Shapes {
  readonly profiles: Profiles
  /** Of a value of a type that these elements describe and that has to conform to these profiles, too. */
  of(type: string, elements: readonly Element[], profiles: readonly Profile[]): Shape
}

const MOST_SHAPES = 20_000

export function makeShapes(profiles: Profiles): Shapes {
  const known = new Map<string, Shape>()

  function of(type: string, elements: readonly Element[], asked: readonly Profile[]): Shape {
    const key = `${type}|${elements.map(serialOf).join()}|${asked.map(({ root }) => root.serial).join()}`
    const before = known.get(key)
    if (before) return before
    if (known.size >= MOST_SHAPES) known.clear()
    const made = makeShape(type, elements, asked)
    known.set(key, made)
    return made
  }

  function makeShape(type: string, elements: readonly Element[], asked: readonly Profile[]): Shape {
    const unusable: Unusable[] = []
    const choices: (readonly Profile[])[] = []
    const roots = [...asked]
    for (const element of elements) {
      const wanted = profilesOf(element, type, profiles, unusable)
      if (wanted.length === 1) roots.push(wanted[0]!)
      else if (wanted.length > 1) choices.push(wanted)
    }
    const distinct = [...new Set(roots)]
    const base = profiles.ofType(type)
    const hasBase = distinct.some(root => root.type === type)
    const all = elements.flatMap(element => (element.content ? [element, element.content] : [element]))
    const rootElements = [...distinct, ...(base && !hasBase ? [base] : [])].map(({ root }) => root)
    const sources = [...all.filter(({ children }) => children.size > 0), ...distinct.map(({ root }) => root)]
    const views = viewsOf([...all, ...rootElements])
    return { type, views, unusable, choices, isProfiled: sources.length > 0, ...slotsOf(type, sources, base?.root) }
  }

  function slotsOf(type: string, sources: readonly Element[], base: Element | undefined) {
    const slots = new Map<string, Slot | undefined>()
    const slot = (name: string): Slot | undefined => {
      const before = slots.get(name)
      if (before || slots.has(name)) return before
      // the value of a primitive is the node itself
      const isOwn = name === 'value' && isPrimitive(type)
      const found = isOwn ? [] : sources.flatMap(source => source.children.get(name) ?? [])
      if (found.length === 0 && !isOwn && base?.children.has(name)) found.push(base.children.get(name)!)
      const made = found.length > 0 ? slotOf(name, [...new Set(found)]) : undefined
      slots.set(name, made)
      return made
    }
    const names = new Set([...sources, ...(base ? [base] : [])].flatMap(source => [...source.children.keys()]))
    const demanding = [...names].flatMap(name => {
      const made = slot(name)
      return made?.elements.some(isDemanding) ? [made] : []
    })
    return { slot, demanding }
  }

  function slotOf(name: string, elements: readonly Element[]): Slot {
    const plain = new Map<string, Shape>()
    return {
      name,
      elements,
      sliced: elements.some(({ slices }) => slices.length > 0),
      shape(type, matched, asked = []) {
        if (matched)
          return of(
            type,
            elements.map(element => matched.get(element) ?? element),
            asked,
          )
        if (asked.length > 0) return of(type, elements, asked)
        let shape = plain.get(type)
        if (!shape) plain.set(type, (shape = of(type, elements, asked)))
        return shape
      },
    }
  }

  return { profiles, of }
}

const serialOf = ({ serial }: Element) => serial

const isDemanding = (element: Element): boolean => element.min > 0 || element.slices.some(isDemanding)

/** The profiles an element asks for of a value of the type. */
function profilesOf(element: Element, type: string, profiles: Profiles, unusable: Unusable[]): Profile[] {
  // an extension's definition is found by its url (extensions.ts)
  if (type === 'Extension' || element.types.length === 0) return []
  const canonicals = element.types.flatMap(each => (fits(each.code, type) ? each.profiles : []))
  const found = canonicals.map(canonical => profiles.find(canonical, element.origin.package))
  const usable = found.filter(isProfile)
  const right = usable.filter(profile => profile.type === type)
  if (right.length > 0) return right
  for (const each of found) if (!isProfile(each)) unusable.push(each)
  if (usable.length > 0) unusable.push(wrongType(type, usable))
  return []
}

function wrongType(type: string, allowed: readonly Profile[]): Unusable {
  const [types, names] = [
    [...new Set(allowed.map(each => each.type))].join(', '),
    allowed.map(({ url }) => url).join(', '),
  ]
  return {
    problem: 'type',
    said: {
      en: `${type} is not allowed here: it has to be ${types} (${names}).`,
      zh: `此處不可為 ${type},必須是 ${types}(${names})。`,
    },
  }
}

const fits = (code: string, type: string) => code === type || code === 'Resource' || code === 'DomainResource'

/** Each definition without the invariants and without the rules that one before it has. */
function viewsOf(elements: readonly Element[]): View[] {
  const views: View[] = []
  const constraints = new Set<string>()
  const said = new Set<string>()
  for (const { definition, origin } of new Set(elements)) {
    const own = (definition.constraint ?? []).filter(constraint => {
      const key = `${constraint.key} ${constraint.expression ?? ''}`
      return !constraints.has(key) && constraints.add(key)
    })
    const rest = ownRules(definition)
    const isNew = rest !== '[]' && !said.has(rest)
    said.add(rest)
    if (!isNew && own.length === 0) continue
    const whole = isNew && own.length === (definition.constraint?.length ?? 0)
    views.push({
      definition: whole ? definition : isNew ? { ...definition, constraint: own } : onlyConstraints(definition, own),
      origin,
      hasValueRule: isNew && /"(?:fixed|pattern|minValue|maxValue|maxLength)/.test(rest),
    })
  }
  return views
}

/** What an element demands of a value, beside invariants, as a text to compare. */
function ownRules(definition: ElementDefinition): string {
  const rules = Object.entries(definition).filter(
    ([name]) => name === 'binding' || name === 'type' || /^(?:fixed|pattern|minValue|maxValue|maxLength)/.test(name),
  )
  return JSON.stringify(rules)
}

function onlyConstraints(
  definition: ElementDefinition,
  constraint: ElementDefinition['constraint'],
): ElementDefinition {
  const { id, path, min, max, base } = definition
  const kept = { path, ...(id === undefined ? {} : { id }), ...(min === undefined ? {} : { min }) }
  return { ...kept, ...(max === undefined ? {} : { max }), ...(base ? { base } : {}), constraint: constraint ?? [] }
}
