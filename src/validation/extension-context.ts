/**
 * Where an extension may stand: on which elements, in which extension, under which conditions.
 * https://hl7.org/fhir/R4/defining-extensions.html#context
 */
import { evaluate } from '../fhir/path.ts'
import { isObject, type Node, resourceOf } from './node.ts'
import { isProfile } from './profile.ts'
import type { Profile } from './profile-tree.ts'
import type { Walk } from './walking.ts'

interface Context {
  readonly type: string
  readonly expression: string
}

/** Reports, at the element extended, that the extension must not stand there. */
export function checkContext(node: Node, url: string, profile: Profile, walk: Walk): void {
  const extended = node.parent
  if (!extended || isGenerated(extended)) return
  const contexts = contextsOf(profile)
  if (contexts.length > 0 && !isInAny(contexts, extended, profile, walk) && !isInR4(extended, profile, walk))
    walk.run.report(extended, {
      code: 'structure',
      origin: profile.origin.profile,
      said: {
        en: `The extension ${url} is not allowed here. It is for: ${namesOf(contexts)}.`,
        zh: `此處不可使用 extension ${url}。它適用於:${namesOf(contexts)}。`,
      },
    })
  checkInvariants(node, extended, url, profile, walk)
}

/** A snapshot is made by tools, which put FHIR's own extensions where their definitions do not have them. */
function isGenerated(node: Node): boolean {
  for (let at: Node | undefined = node; at; at = at.parent) if (at.type === 'StructureDefinition.snapshot') return true
  return false
}

const isInAny = (contexts: readonly Context[], extended: Node, profile: Profile, walk: Walk) =>
  contexts.some(context => isIn(context, extended, profile, walk))

/** Later versions of an extension may be for fewer elements than R4's own, which are right as well. */
function isInR4(extended: Node, profile: Profile, walk: Walk): boolean {
  const own = walk.shapes.profiles.find(profile.url, R4)
  return isProfile(own) && own !== profile && isInAny(contextsOf(own), extended, own, walk)
}

const R4 = 'hl7.fhir.r4.core#4.0.1'

const namesOf = (contexts: readonly Context[]) =>
  contexts
    .slice(0, 12)
    .map(({ expression }) => expression)
    .join(', ')

function contextsOf({ structure }: Profile): Context[] {
  const contexts = structure['context']
  if (!Array.isArray(contexts)) return []
  return contexts.filter(
    (each: unknown): each is Context =>
      isObject(each) && typeof each['type'] === 'string' && typeof each['expression'] === 'string',
  )
}

function isIn({ type, expression }: Context, extended: Node, profile: Profile, walk: Walk): boolean {
  if (type === 'element') return elementNames(extended, walk).has(plainName(expression))
  if (type === 'extension') {
    const outer = extended.type === 'Extension' ? extended : undefined
    return isObject(outer?.value) && outer.value['url'] === expression
  }
  // what other people wrote as FHIRPath is not run here: that it cannot be judged is no fault of the sender's
  if (type !== 'fhirpath' || !profile.origin.trusted) return true
  const resource = resourceOf(extended, walk.definitions)
  try {
    return evaluate(expression, resource.value).some(value => value === extended.value)
  } catch {
    return true
  }
}

/** Without the profile (`url#id`), slice names and `[x]`. */
const plainName = (expression: string) =>
  expression
    .slice(expression.indexOf('#') + 1)
    .replace(/:[^.]*/g, '')
    .replace(/\[x\]/g, '')

/** Everything that an element may be called in a context: its paths, its type, and what that is derived from. */
function elementNames(node: Node, { definitions, shapes }: Walk): Set<string> {
  const names = new Set(['Element'])
  for (let type: string | undefined = node.type; type !== undefined && !names.has(type); ) {
    names.add(type)
    const base: unknown = shapes.profiles.ofType(type)?.structure['baseDefinition']
    type = typeof base === 'string' ? base.slice(base.lastIndexOf('/') + 1) : undefined
  }
  if (node.type.includes('.')) names.add('BackboneElement')
  const resource = shapes.profiles.ofType(node.type)?.structure
  if (definitions.isResourceType(node.type)) {
    const elements = definitions.elements(node.type)
    if (resource && elements?.has('url') && elements.has('status'))
      names.add('CanonicalResource').add('MetadataResource')
    return names
  }
  // each way up gives a path: Patient.contact.name.family, HumanName.family
  let path = ''
  for (let at = node; at.parent; at = at.parent) {
    path = path === '' ? at.name : `${at.name}.${path}`
    names.add(`${at.parent.type}.${path}`)
    if (definitions.isResourceType(at.parent.type)) break
  }
  return names
}

function checkInvariants(node: Node, extended: Node, url: string, profile: Profile, walk: Walk): void {
  const invariants = profile.structure['contextInvariant']
  if (!Array.isArray(invariants) || !profile.origin.trusted || !isObject(extended.value)) return
  const resource = resourceOf(extended, walk.definitions).value
  for (const expression of invariants) {
    if (typeof expression !== 'string' || holds(expression, extended.value, node.value, resource)) continue
    walk.run.report(extended, {
      code: 'invariant',
      origin: profile.origin.profile,
      said: {
        en: `The extension ${url} may stand here only where this is true: ${expression}`,
        zh: `extension ${url} 須符合下列條件才可在此使用:${expression}`,
      },
    })
  }
}

function holds(expression: string, extended: unknown, extension: unknown, resource: unknown): boolean {
  try {
    return evaluate(expression, extended, { resource, extension })[0] !== false
  } catch {
    return true
  }
}
