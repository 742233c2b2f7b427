/**
 * Validates a resource: against its type, the profiles it declares, and those that are asked for.
 * https://hl7.org/fhir/R4/validation.html
 */
import { type CanonicalResource, type Conformance } from '../fhir/conformance.ts'
import { isObject, type Node, rootNode } from './node.ts'
import { isProfile, makeProfiles } from './profile.ts'
import type { Profile } from './profile-tree.ts'
import { declaredProfiles, notOfType, speaksOfNothing } from './declared.ts'
import { type Setting, startRun } from './run.ts'
import { makeShapes, type Shapes } from './shape.ts'
import { walkValue } from './walk.ts'
import type { Rules } from './walking.ts'
import type { ElementRule, Finding, ResourceRule, Severity, TypeRule, Validator, ValidatorParts } from './words.ts'

/** Packages that come with the server: their invariants may run unguarded. */
const TRUSTED = [
  'hl7.fhir.r4.core',
  'hl7.terminology.r4',
  'hl7.fhir.uv.extensions.r4',
  'hl7.fhir.uv.genomics-reporting',
  'hl7.fhir.us.mcode',
  'tw.dhp.fhir',
]

const isTrusted = (packageId: string) => TRUSTED.includes(packageId.split('#', 1)[0]!)

export interface RuleLists {
  readonly element: readonly ElementRule[]
  readonly type: readonly TypeRule[]
  readonly resource: readonly ResourceRule[]
}

/** A validator of these parts with these rules. What is compiled is kept as long as the packages stay the same. */
export function makeValidator(parts: ValidatorParts, rules: RuleLists): Validator {
  const shapes = new WeakMap<Conformance, Shapes>()
  const byType = sortRules(rules)

  function shapesFor(conformance: Conformance): Shapes {
    let known = shapes.get(conformance)
    if (!known) {
      known = makeShapes(makeProfiles(conformance, parts.trusted ?? isTrusted))
      shapes.set(conformance, known)
    }
    return known
  }

  return {
    async validate(resource, options = {}) {
      const definitions = parts.definitions()
      const refused = refuse(resource, type => definitions.isResourceType(type))
      if (refused) return [refused]
      const { resourceType } = resource as { resourceType: string }
      const conformance = withSupporting(parts.conformance(), options.supporting)
      const root = rootNode(resource, resourceType)
      const setting: Setting = {
        conformance,
        definitions,
        options,
        shapes: shapesFor(conformance),
        rules: byType,
        checkCode:
          conformance === parts.conformance()
            ? parts.checkCode
            : (parts.checkCodeOver?.(conformance) ?? parts.checkCode),
        root,
        walk: walkValue,
      }
      return validateRoot(setting)
    },
  }
}

async function validateRoot(setting: Setting): Promise<readonly Finding[]> {
  const { root, shapes } = setting
  const before: Finding[] = []
  const profiles = [
    ...shapes.profiles.withImposed(askedProfiles(root, setting, before)),
    ...(setting.options.onlyProfiles ? [] : declaredProfiles(root, shapes, finding => before.push(finding))),
  ]
  const running = startRun(setting)
  walkValue(root, shapes.of(root.type, [], [...new Set(profiles)]), running.walk)
  await running.settle()
  return [...before, ...running.findings]
}

function askedProfiles(root: Node, setting: Setting, before: Finding[]): Profile[] {
  return (setting.options.profiles ?? []).flatMap(canonical => {
    const found = setting.shapes.profiles.find(canonical)
    if (!isProfile(found)) {
      const code = found.problem === 'unknown' ? 'not-found' : 'structure'
      before.push({ severity: 'error', code, expression: root.name, said: found.said })
      return []
    }
    const right = found.type === root.type || found.type === 'Resource' || found.type === 'DomainResource'
    if (!right) before.push({ severity: 'error', expression: root.name, ...notOfType(root, found) })
    if (right && found.unplaced.length > 0)
      before.push({ severity: 'warning', expression: root.name, ...speaksOfNothing(found) })
    return right ? [found] : []
  })
}

function withSupporting(conformance: Conformance, supporting: readonly unknown[] | undefined): Conformance {
  const usable = (supporting ?? []).filter(
    (each): each is CanonicalResource => isObject(each) && typeof each['resourceType'] === 'string',
  )
  return usable.length > 0 ? conformance.with(usable) : conformance
}

function sortRules(rules: RuleLists): Rules {
  const byType = <R extends { readonly types: readonly string[] }>(all: readonly R[]) => {
    const known = new Map<string, readonly R[]>()
    return (type: string): readonly R[] => {
      let found = known.get(type)
      if (!found) known.set(type, (found = all.filter(({ types }) => types.includes(type) || types.includes('*'))))
      return found
    }
  }
  return { element: rules.element, type: byType(rules.type), resource: byType(rules.resource) }
}

const DEEPEST = 100
const MOST_VALUES = 1_000_000
/** Of one object: no type of FHIR has a tenth of them. */
const MOST_PROPERTIES = 2_000

/** What cannot be walked at all. */
function refuse(resource: unknown, isResourceType: (name: string) => boolean): Finding | undefined {
  if (!isObject(resource))
    return refusal(
      'structure',
      '',
      'A resource is a JSON object with a resourceType.',
      '資源必須是含有 resourceType 的 JSON 物件。',
    )
  const type = resource['resourceType']
  if (typeof type !== 'string')
    return refusal('structure', '', 'The resource has no resourceType. Add it.', '資源缺少 resourceType。請補上。')
  if (!isResourceType(type)) {
    const name = type.slice(0, 80)
    return refusal('structure', '', `"${name}" is no resource type of FHIR R4.`, `「${name}」不是 FHIR R4 的資源型別。`)
  }
  return refuseSize(resource, type)
}

/** Goes through all values without recursion, so that no rule meets what is too deep for it. */
function refuseSize(resource: object, type: string): Finding | undefined {
  let level: object[] = [resource]
  let count = 0
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > DEEPEST)
      return refusal(
        'too-costly',
        type,
        `The resource nests more than ${DEEPEST} levels deep. Nest less deeply.`,
        `資源的巢狀超過 ${DEEPEST} 層。請減少層數。`,
      )
    const next: object[] = []
    for (const holder of level) {
      if (!Array.isArray(holder) && hasMore(holder, MOST_PROPERTIES))
        return refusal(
          'too-costly',
          type,
          `An object has more than ${MOST_PROPERTIES} properties. No type of FHIR has as many; check what wrote it.`,
          `有物件的屬性超過 ${MOST_PROPERTIES} 個,FHIR 沒有這樣的型別。請檢查產生此內容的程式。`,
        )
      for (const value of Array.isArray(holder) ? (holder as unknown[]) : Object.values(holder)) {
        count++
        if (typeof value === 'object' && value !== null) next.push(value)
      }
    }
    if (count > MOST_VALUES)
      return refusal(
        'too-costly',
        type,
        `The resource has more than ${MOST_VALUES} values. Send it in parts.`,
        `資源的值超過 ${MOST_VALUES} 個。請分次送出。`,
      )
    level = next
  }
  return undefined
}

function hasMore(holder: object, most: number): boolean {
  let count = 0
  for (const _ in holder) if (++count > most) return true
  return false
}

const refusal = (
  code: Finding['code'],
  expression: string,
  en: string,
  zh: string,
  severity: Severity = 'error',
): Finding => ({
  severity,
  code,
  expression,
  said: { en, zh },
})
