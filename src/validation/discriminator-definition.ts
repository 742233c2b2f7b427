/**
 * What a slice's definition says at the path of a discriminator.
 * https://hl7.org/fhir/R4/profiling.html#discriminator
 */
import { splitCanonical } from '../fhir/conformance.ts'
import type { Step } from './discriminator-path.ts'
import { requiredValue } from './fixed.ts'
import { isObject } from './node.ts'
import { isProfile } from './profile.ts'
import type { Element } from './profile-tree.ts'
import type { Shapes } from './shape.ts'

/**
 * What is found at the end of a path: in the definition an element (with what fixed values and patterns above it say of it),
 * or the profiles that a reference may lead to.
 */
export type Defined = DefinedElement | { readonly targets: readonly string[]; readonly from: string }
export interface DefinedElement {
  readonly element: Element
  readonly wanted?: readonly unknown[]
}
/** What a slice's definition has at the end of a discriminator's path. */
export function definedAt(slice: Element, steps: readonly Step[], shapes: Shapes): Defined[] {
  let at: Defined[] = [{ element: slice }]
  for (const step of steps) at = at.flatMap(each => definedNext(each, step, shapes))
  return at
}

function definedNext(at: Defined, step: Step, shapes: Shapes): Defined[] {
  if ('targets' in at) {
    const roots = at.targets.map(canonical => shapes.profiles.find(canonical, at.from))
    return roots.filter(isProfile).flatMap(({ root }) => definedNext({ element: root }, step, shapes))
  }
  const { element } = at
  const wanted = wantedBelow(at, step)
  if (step.is === 'resolve')
    return [{ targets: element.types.flatMap(({ targets }) => targets), from: element.origin.package }]
  if (step.is === 'ofType') return [{ ...at, element: ofType(element, step.type) }]
  const children = childrenOfElement(element, step.is === 'extension' ? 'extension' : step.name, shapes)
  if (step.is === 'name') return children.map(child => ({ element: child, wanted }))
  return children.flatMap(child =>
    child.slices
      .filter(({ types }) => types.some(({ profiles }) => profiles.some(each => splitCanonical(each).url === step.url)))
      .map(each => ({ element: each })),
  )
}

/** What a fixed value or pattern of the element, or of one above it, says of what the step leads to. */
function wantedBelow({ element, wanted = [] }: DefinedElement, step: Step): unknown[] {
  if (step.is !== 'name') return []
  const own = requiredValue(element.definition)
  return (own ? [own.value] : wanted).flatMap(value => {
    const part = isObject(value) ? value[step.name] : undefined
    return part === undefined ? [] : Array.isArray(part) ? (part as unknown[]) : [part]
  })
}

/** Of a choice: its slice for the type, or itself. */
const ofType = (element: Element, type: string): Element =>
  element.slices.find(({ types }) => types.length === 1 && types[0]!.code === type) ?? element

/** Its own, else those of the profiles its type asks for, else those of the type. */
function childrenOfElement(element: Element, name: string, shapes: Shapes): Element[] {
  const own = element.children.get(name) ?? element.content?.children.get(name)
  if (own) return [own]
  const profiles = element.types.flatMap(({ profiles }) => profiles)
  const roots = profiles.map(canonical => shapes.profiles.find(canonical, element.origin.package)).filter(isProfile)
  const bases = element.types.flatMap(({ code }) => shapes.profiles.ofType(code) ?? [])
  for (const { root } of [...roots, ...bases]) {
    const child = root.children.get(name)
    if (child) return [child]
  }
  return []
}
