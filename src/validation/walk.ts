/**
 * Walks a resource and what is in it once, and has every rule look at every value that it is for.
 * https://hl7.org/fhir/R4/validation.html
 */
import { checkExtension, extensionProfile } from './extensions.ts'
import { checkValue } from './fixed.ts'
import { childrenOf, isObject, type Node } from './node.ts'
import type { Element } from './profile-tree.ts'
import type { Matched, Shape, Slot } from './shape.ts'
import { checkSlices } from './slicing.ts'
import { checkJson } from './structure.ts'
import type { Walk } from './walking.ts'
import type { Finding, Run } from './words.ts'

/** Resources nest in resources, and extensions in extensions; what nests deeper is refused. */
const DEEPEST = 100
/** Lists of more values than this are walked in pieces. */
const LONG = 50

/** Checks a value and all below it. */
export function walkValue(node: Node, shape: Shape, walk: Walk, depth = 0): void {
  const { run, definitions, rules, quiet } = walk
  if (!walk.goOn()) return
  if (depth > DEEPEST) return void run.report(node, tooDeep)
  if (!quiet && !checkJson(node, definitions, run)) return
  const isResource = definitions.isResourceType(node.type)
  for (const { definition, origin, hasValueRule } of shape.views) {
    if (hasValueRule) checkValue(node, definition, origin, run)
    for (const rule of rules.element) guarded(node, run, () => rule(node, definition, origin, run))
  }
  checkProfiles(node, shape, walk)
  if (!quiet) {
    for (const rule of rules.type(node.type)) guarded(node, run, () => rule.check(node, run))
    if (isResource) for (const rule of rules.resource(node.type)) guarded(node, run, () => rule.check(node, run))
  }
  walkChildren(node, shape, walk, depth + 1)
}

/** What one rule cannot cope with does not keep the others from looking. */
function guarded(node: Node, run: Run, check: () => void): void {
  try {
    check()
  } catch {
    run.report(node, {
      code: 'exception',
      said: { en: 'A check failed inside the server; please report it.', zh: '伺服器內部檢查失敗,請回報。' },
    })
  }
}

const tooDeep = {
  code: 'too-costly',
  said: {
    en: `More than ${DEEPEST} levels are not checked. Nest less deeply.`,
    zh: `超過 ${DEEPEST} 層的內容不予檢查。請減少巢狀層數。`,
  },
} as const

function checkProfiles(node: Node, shape: Shape, walk: Walk): void {
  for (const { said } of shape.unusable) walk.run.report(node, { code: 'structure', said })
  for (const choice of shape.choices) {
    const tried = choice.map(profile => walk.run.against(node, profile.origin.profile, profile.origin.package))
    if (tried.some(findings => !findings.some(isError))) continue
    const names = choice.map(({ url }) => url).join(', ')
    const trace = nearestOf(tried)
    walk.run.report(node, {
      code: 'structure',
      said: { en: `This fits none of the profiles ${names}.`, zh: `此內容不符合下列任何 profile:${names}。` },
      trace,
    })
  }
}

const isError = ({ severity }: Finding) => severity === 'error'

const nearestOf = (tried: readonly (readonly Finding[])[]): readonly Finding[] =>
  tried.map(findings => findings.filter(isError)).reduce((best, each) => (each.length < best.length ? each : best))

function walkChildren(node: Node, shape: Shape, walk: Walk, depth: number): void {
  const groups = groupByName(childrenOf(node, walk.definitions))
  for (const nodes of groups) {
    const slot = shape.slot(nodes[0]!.name)
    if (slot) walkSlot(node, slot, nodes, walk, depth)
    else if (!walk.quiet) for (const each of nodes) walkValue(each, walk.shapes.of(each.type, [], []), walk, depth)
  }
  for (const slot of shape.demanding) {
    if (!groups.some(nodes => nodes[0]!.name === slot.name)) walkSlot(node, slot, [], walk, depth)
  }
}

/** Values of one name stand together, but for choices: `valueString` and `valueQuantity`, of which one is too many. */
function groupByName(nodes: readonly Node[]): Node[][] {
  const groups: Node[][] = []
  let last: Node[] | undefined
  for (const node of nodes) {
    if (last?.[0]!.name === node.name) last.push(node)
    else {
      const before = node.property === node.name ? undefined : groups.find(group => group[0]!.name === node.name)
      if (before) before.push(node)
      else groups.push((last = [node]))
    }
  }
  return groups
}

function walkSlot(parent: Node, slot: Slot, nodes: readonly Node[], walk: Walk, depth: number): void {
  for (const element of slot.elements) checkCount(parent, element, nodes.length, walk.run)
  const matched = slot.sliced ? checkSlices(parent, slot, nodes, walk) : undefined
  for (const [i, node] of nodes.entries()) {
    for (const element of slot.elements) checkType(node, matched?.[i]?.get(element) ?? element, walk.run)
    const shape = shapeFor(node, slot, matched?.[i], walk)
    // a resource within is looked at for itself; tried quietly, only what is demanded of it counts
    if (walk.quiet && !shape.isProfiled && walk.definitions.isResourceType(node.type)) continue
    // of a large Bundle each entry is a good moment to let others have the event loop, and of a long list each value
    if (nodes.length > LONG || walk.definitions.isResourceType(node.type))
      walk.later(() => walkValue(node, shape, walk, depth))
    else walkValue(node, shape, walk, depth)
  }
}

/** The shape of a value, with the profiles that come with the value itself: of a resource, of an extension. */
function shapeFor(node: Node, slot: Slot, matched: Matched | undefined, walk: Walk): Shape {
  const { shapes, quiet, definitions } = walk
  if (node.type === 'Extension') {
    const profile = extensionProfile(node, slot, matched, shapes.profiles)
    if (!quiet) checkExtension(node, profile, slot, matched, walk)
    return slot.shape(node.type, matched, profile ? [profile] : [])
  }
  if (!quiet && definitions.isResourceType(node.type)) return slot.shape(node.type, matched, walk.declared(node))
  return slot.shape(node.type, matched)
}

function checkCount(parent: Node, element: Element, count: number, run: Run): void {
  if (count >= element.min && count <= element.max) return
  const { name, min, max } = element
  const own = element.isChoice ? `${name}[x]` : name
  const origin = originOf(element, count < min)
  if (count < min)
    run.report(parent, {
      code: 'structure',
      origin,
      said:
        count === 0 && min === 1
          ? { en: `${own} is missing; it is required.`, zh: `缺少必填的 ${own}。` }
          : {
              en: `${own} is needed at least ${min} times; there are ${count}.`,
              zh: `${own} 至少要 ${min} 個,目前有 ${count} 個。`,
            },
    })
  else
    run.report(parent, {
      code: 'structure',
      origin,
      said:
        max === 0
          ? { en: `${own} is not allowed here. Remove it.`, zh: `此處不可有 ${own}。請移除。` }
          : {
              en: `${own} is allowed at most ${max} times; there are ${count}.`,
              zh: `${own} 最多 ${max} 個,目前有 ${count} 個。`,
            },
    })
}

/** A rule that the type has already is the type's. */
function originOf({ definition, origin }: Element, isMin: boolean): string {
  const { base } = definition
  const isTypes = base !== undefined && (isMin ? base.min === definition.min : base.max === definition.max)
  return isTypes ? `http://hl7.org/fhir/StructureDefinition/${base.path.split('.', 1)[0]!}` : origin.profile
}

function checkType(node: Node, element: Element, run: Run): void {
  const { types } = element
  if (types.length === 0 || types.some(({ code }) => code === node.type || isAnyResource(code))) return
  // the JSON says what a wrong property is; a choice's type, and a resource's, are the profile's to say
  if (!element.isChoice && !isObject(node.value)) return
  if (
    !element.isChoice &&
    node.value !== undefined &&
    (node.value as { resourceType?: unknown }).resourceType === undefined
  )
    return
  const allowed = [...new Set(types.map(({ code }) => code))].join(', ')
  run.report(node, {
    code: 'structure',
    origin: element.origin.profile,
    said: {
      en: `The type ${node.type} is not allowed here: it has to be ${allowed}.`,
      zh: `此處不可用型別 ${node.type},必須是 ${allowed}。`,
    },
  })
}

const isAnyResource = (code: string) => code === 'Resource' || code === 'DomainResource'
