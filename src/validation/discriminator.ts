/**
 * How to tell whether a value is in a slice: what the slice's definition says at the discriminator's path, asked of the value.
 * https://hl7.org/fhir/R4/profiling.html#discriminator
 */
import type { ElementDefinition } from 'fhir/r4'
import { splitCanonical } from '../fhir/conformance.ts'
import { typeReferredTo } from '../fhir/reference.ts'
import { type Defined, definedAt } from './discriminator-definition.ts'
import { type Step, stepsOf } from './discriminator-path.ts'
import { hasValue, requiredValue } from './fixed.ts'
import { childrenNamed, isObject, type Node } from './node.ts'
import { isProfile } from './profile.ts'
import type { Element } from './profile-tree.ts'
import type { Shapes } from './shape.ts'
import type { Walk } from './walking.ts'

/** `perhaps`: what would decide it is not here. */
export type Match = 'yes' | 'perhaps' | 'no'
export type Criterion = (node: Node, walk: Walk) => Match

export interface Discriminator {
  readonly type: string
  readonly path: string
}

/** Whether a value is in the slice; one that says nothing where the discriminators look is tried as a whole. */
export function criterionOf(slice: Element, discriminators: readonly Discriminator[], shapes: Shapes): Criterion {
  const all = discriminators.flatMap(each => criterionFor(slice, each, shapes) ?? [])
  if (all.length === 0) return (node, walk) => (hasErrors(node, slice, walk) ? 'no' : 'yes')
  return (node, walk) => {
    let result: Match = 'yes'
    for (const criterion of all) {
      const match = criterion(node, walk)
      if (match === 'no') return 'no'
      if (match === 'perhaps') result = 'perhaps'
    }
    return result
  }
}

const hasErrors = (node: Node, element: Element, walk: Walk) =>
  walk.breaks(node, element).some(({ severity }) => severity === 'error')

const yes = (is: boolean): Match => (is ? 'yes' : 'no')

/** In the value a node, or a reference that leads out of what is here. */
type Found = { readonly node: Node } | { readonly away: string | undefined }

function criterionFor(slice: Element, { type, path }: Discriminator, shapes: Shapes): Criterion | undefined {
  const urls = slice.types.flatMap(({ code, profiles }) => (code === 'Extension' ? profiles : []))
  if (path === 'url' && urls.length > 0) return byUrl(new Set(urls.map(url => splitCanonical(url).url)))
  const steps = stepsOf(path)
  if (!steps) return undefined
  const defined = definedAt(slice, steps, shapes)
  if (defined.length === 0) return undefined
  const test = testOf(type, defined, shapes)
  if (!test) return undefined
  return (node, walk) => test(foundAt(node, steps, walk), walk)
}

const byUrl =
  (urls: ReadonlySet<string>): Criterion =>
  ({ value }) =>
    yes(isObject(value) && typeof value['url'] === 'string' && urls.has(value['url']))

type Test = (found: readonly Found[], walk: Walk) => Match

function testOf(type: string, defined: readonly Defined[], shapes: Shapes): Test | undefined {
  const elements = defined.flatMap(each => ('element' in each ? [each.element] : []))
  if (type === 'exists') return existenceTest(elements)
  if (type === 'type') return typeTest(defined, shapes)
  if (type === 'profile') return profileTest(defined, shapes)
  for (const each of defined) {
    const test = 'element' in each ? valueTest(each.element, each.wanted ?? []) : undefined
    if (test) return test
  }
  return existenceTest(elements)
}

function existenceTest(elements: readonly Element[]): Test | undefined {
  if (elements.some(({ max }) => max === 0)) return found => yes(found.length === 0)
  if (elements.some(({ min }) => min > 0)) return found => yes(found.length > 0)
  return undefined
}

function valueTest(element: Element, wanted: readonly unknown[]): Test | undefined {
  const required = requiredValue(element.definition)
  if (required)
    return found => yes(found.some(each => 'node' in each && hasValue(each.node.value, required.value, required.exact)))
  if (wanted.length > 0)
    return found =>
      yes(wanted.every(part => found.some(each => 'node' in each && hasValue(each.node.value, part, false))))
  const { binding } = element.definition
  if (binding?.strength === 'required' && binding.valueSet !== undefined) return bindingTest(element, binding.valueSet)
  if (saysMore(element, 0))
    return (found, walk) => yes(found.some(each => 'node' in each && !hasErrors(each.node, element, walk)))
  return undefined
}

/** Whether there is a fixed value, a pattern or a required binding below. */
function saysMore(element: Element, depth: number): boolean {
  if (depth > 8) return false
  return [...element.children.values(), ...element.slices].some(
    each =>
      requiredValue(each.definition) !== undefined ||
      (each.definition.binding?.strength === 'required' && each.min > 0) ||
      saysMore(each, depth + 1),
  )
}

function bindingTest(element: Element, valueSet: string): Test {
  return (found, walk) => {
    let best: Match = 'no'
    for (const each of found) {
      if (!('node' in each)) continue
      for (const coding of codingsOf(each.node)) {
        const question = { ...coding, valueSet, from: element.origin.package }
        let answer: Match = 'perhaps'
        walk.run.checkCode(question, ({ result }) => {
          answer = result === 'unknown' ? 'perhaps' : result
        })
        if (answer === ('yes' as Match)) return 'yes'
        if (answer === 'perhaps') best = 'perhaps'
      }
    }
    return best
  }
}

/** The codes of a code, Coding, CodeableConcept or Quantity. */
function codingsOf({ value, type }: Node): { code: string; system?: string; inferSystem?: boolean }[] {
  if (typeof value === 'string') return [{ code: value, inferSystem: true }]
  if (!isObject(value)) return []
  const codings = type === 'CodeableConcept' ? value['coding'] : [value]
  if (!Array.isArray(codings)) return []
  return codings.slice(0, 50).flatMap((coding: unknown) => {
    if (!isObject(coding) || typeof coding['code'] !== 'string') return []
    const system = coding['system']
    return [{ code: coding['code'], ...(typeof system === 'string' ? { system } : {}) }]
  })
}

function typeTest(defined: readonly Defined[], shapes: Shapes): Test | undefined {
  const types = new Set(
    defined.flatMap(each =>
      'element' in each ? each.element.types.map(({ code }) => code) : typesOf(each.targets, each.from, shapes),
    ),
  )
  if (types.size === 0) return undefined
  if (types.has('Resource') || types.has('DomainResource')) return undefined
  return found =>
    yes(
      found.some(each => {
        const type = 'node' in each ? each.node.type : each.away
        return type !== undefined && types.has(typeNameOf(type))
      }),
    )
}

/** A backbone element's type is BackboneElement to a definition. */
const typeNameOf = (type: string) => (type.includes('.') ? 'BackboneElement' : type)

const typesOf = (canonicals: readonly string[], from: string, shapes: Shapes): string[] =>
  canonicals.flatMap(canonical => {
    const profile = shapes.profiles.find(canonical, from)
    return isProfile(profile) ? [profile.type] : []
  })

function profileTest(defined: readonly Defined[], shapes: Shapes): Test | undefined {
  const wanted = defined.flatMap(each =>
    'element' in each
      ? each.element.types.flatMap(({ profiles }) =>
          profiles.map(canonical => ({ canonical, from: each.element.origin.package })),
        )
      : each.targets.map(canonical => ({ canonical, from: each.from })),
  )
  if (wanted.length === 0) return typeTest(defined, shapes)
  return (found, walk) => {
    let best: Match = 'no'
    for (const each of found)
      for (const { canonical, from } of wanted) {
        const match = conforms(each, canonical, from, walk)
        if (match === 'yes') return 'yes'
        if (match === 'perhaps') best = 'perhaps'
      }
    return best
  }
}

function conforms(found: Found, canonical: string, from: string, walk: Walk): Match {
  const profile = walk.shapes.profiles.find(canonical, from)
  if ('away' in found) {
    if (!isProfile(profile)) return 'perhaps'
    if (found.away !== undefined && found.away !== profile.type) return 'no'
    return profile.isType && found.away !== undefined ? 'yes' : 'perhaps'
  }
  if (declares(found.node, splitCanonical(canonical).url)) return 'yes'
  if (!isProfile(profile)) return 'perhaps'
  return yes(!walk.run.against(found.node, canonical, from).some(({ severity }) => severity === 'error'))
}

/** Whether a resource says itself that it conforms: then what it breaks is worth telling. */
function declares({ value }: Node, url: string): boolean {
  const meta = isObject(value) ? value['meta'] : undefined
  const profiles = isObject(meta) ? meta['profile'] : undefined
  return Array.isArray(profiles) && profiles.some(each => typeof each === 'string' && splitCanonical(each).url === url)
}

function foundAt(node: Node, steps: readonly Step[], walk: Walk): Found[] {
  let at: Found[] = [{ node }]
  for (const step of steps) at = at.flatMap(each => ('node' in each ? foundNext(each.node, step, walk) : []))
  return at
}

function foundNext(node: Node, step: Step, walk: Walk): Found[] {
  if (step.is === 'ofType') return node.type === step.type ? [{ node }] : []
  if (step.is === 'resolve') return [resolved(node, walk)]
  const name = step.is === 'extension' ? 'extension' : step.name
  const children = childrenNamed(node, name, walk.definitions)
  const right =
    step.is === 'extension' ? children.filter(({ value }) => isObject(value) && value['url'] === step.url) : children
  return right.map(child => ({ node: child }))
}

function resolved(node: Node, { run }: Walk): Found {
  const reference = isObject(node.value) ? node.value['reference'] : node.value
  const inside = typeof reference === 'string' ? run.resolveInside(reference, node) : undefined
  return inside ? { node: inside } : { away: typeReferredTo(node.value, run.root.value) }
}

/** The discriminators of an element's slices: as it says, or as FHIR has it for extensions and choices. */
export function discriminatorsOf(element: Element): readonly Discriminator[] {
  const said: NonNullable<ElementDefinition['slicing']>['discriminator'] = element.definition.slicing?.discriminator
  if (Array.isArray(said) && said.length > 0) return said
  if (element.name === 'extension' || element.name === 'modifierExtension') return [{ type: 'value', path: 'url' }]
  return element.isChoice ? [{ type: 'type', path: '$this' }] : []
}
