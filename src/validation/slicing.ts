/**
 * Which slice a value is in, and what slices demand: how many, in what order, whether others may stand beside them.
 * https://hl7.org/fhir/R4/profiling.html#slicing
 */
import { type Criterion, criterionOf, type Discriminator, discriminatorsOf } from './discriminator.ts'
import type { Node } from './node.ts'
import type { Element } from './profile-tree.ts'
import type { Matched, Shapes, Slot } from './shape.ts'
import type { Walk } from './walking.ts'
import type { Finding } from './words.ts'

/** Reports what is wrong with the slices of these values; for each value, the slices it is in. */
export function checkSlices(
  parent: Node,
  slot: Slot,
  nodes: readonly Node[],
  walk: Walk,
): readonly (Matched | undefined)[] {
  const matched: (Map<Element, Element> | undefined)[] = nodes.map(() => undefined)
  for (const element of slot.elements) {
    if (element.slices.length === 0) continue
    const slices = sort(parent, element, discriminatorsOf(element), nodes, walk, 0)
    slices.forEach((slice, i) => {
      if (slice) (matched[i] ??= new Map()).set(element, slice)
    })
  }
  return matched
}

const DEEPEST = 8
/** Each value is tried for each slice, in one go. */
const MOST_PAIRS = 300_000

/** For each value the slice it is in, the slice of that slice if there is one; reports what is wrong. */
function sort(
  parent: Node,
  element: Element,
  discriminators: readonly Discriminator[],
  nodes: readonly Node[],
  walk: Walk,
  depth: number,
): (Element | undefined)[] {
  const named = element.slices.filter(({ sliceName }) => sliceName !== '@default')
  const open = new Set<Element>()
  if (named.length * nodes.length > MOST_PAIRS) {
    walk.run.report(parent, tooManyPairs(element, named.length, nodes.length))
    return nodes.map(() => undefined)
  }
  const found = nodes.map(node => sliceOf(node, named, discriminators, open, walk))
  checkRules(element, named, nodes, found, walk)
  const rest = element.slices.find(({ sliceName }) => sliceName === '@default')
  const sorted = found.map(slice => (slice === undefined ? rest : slice === UNDECIDED ? undefined : slice))
  for (const slice of element.slices) {
    const places = nodes.flatMap((_, i) => (sorted[i] === slice ? [i] : []))
    const others = nodes.filter((_, i) => found[i] === undefined)
    if (places.length >= slice.min || !open.has(slice)) checkSliceCount(parent, slice, places.length, others, walk)
    if (slice.slices.length === 0 || depth > DEEPEST) continue
    const said = discriminatorsOf(slice)
    const own = places.map(i => nodes[i]!)
    const deeper = sort(parent, slice, said.length > 0 ? said : discriminators, own, walk, depth + 1)
    places.forEach((at, i) => {
      if (deeper[i]) sorted[at] = deeper[i]
    })
  }
  return sorted
}

/** Criteria are read from definitions once; they depend on the profiles around. */
const criteria = new WeakMap<Shapes, Map<number, Criterion>>()

function criterion(slice: Element, discriminators: readonly Discriminator[], shapes: Shapes): Criterion {
  let known = criteria.get(shapes)
  if (!known) criteria.set(shapes, (known = new Map()))
  let made = known.get(slice.serial)
  if (!made) {
    if (known.size >= MOST_CRITERIA) known.clear()
    known.set(slice.serial, (made = criterionOf(slice, discriminators, shapes)))
  }
  return made
}

const MOST_CRITERIA = 20_000

/** What would tell the slice is not here: the resource referred to, the code system. */
const UNDECIDED = 'undecided'

/** `open`: the slices that values which cannot be decided may be in; those are not missing. */
function sliceOf(
  node: Node,
  slices: readonly Element[],
  discriminators: readonly Discriminator[],
  open: Set<Element>,
  walk: Walk,
): Element | typeof UNDECIDED | undefined {
  const sure: Element[] = []
  const possible: Element[] = []
  if (!walk.goOn()) return UNDECIDED
  for (const slice of slices) {
    const match = criterion(slice, discriminators, walk.shapes)(node, walk)
    if (match === 'yes') sure.push(slice)
    else if (match === 'perhaps') possible.push(slice)
  }
  if (sure.length > 1) {
    const names = sure.map(nameOf).join(', ')
    walk.run.report(node, {
      code: 'invalid',
      origin: sure[0]!.origin.profile,
      said: {
        en: `This fits more than one slice: ${names}. Make clear which one is meant.`,
        zh: `此項同時符合多個 slice:${names}。請使其只符合一個。`,
      },
    })
  }
  if (sure[0]) return sure[0]
  for (const slice of possible) open.add(slice)
  return possible.length > 0 ? UNDECIDED : undefined
}

const nameOf = ({ sliceName, types, definition }: Element) => sliceName ?? types[0]?.code ?? definition.path

/** Closed: no others. Open at the end: others come last. Ordered: in the order of the slices. */
function checkRules(
  element: Element,
  slices: readonly Element[],
  nodes: readonly Node[],
  found: readonly (Element | typeof UNDECIDED | undefined)[],
  walk: Walk,
): void {
  const { rules, ordered } = element.definition.slicing ?? {}
  if (rules !== 'closed' && rules !== 'openAtEnd' && ordered !== true) return
  const hasRest = element.slices.length > slices.length
  let last = -1
  let isOther = false
  nodes.forEach((node, i) => {
    const slice = found[i]
    if (slice === UNDECIDED) return
    if (!slice) {
      isOther = true
      if (rules === 'closed' && !hasRest) walk.run.report(node, notInAny(node, element, slices, walk))
      return
    }
    const position = slices.indexOf(slice)
    if (rules === 'openAtEnd' && isOther) walk.run.report(node, tooLate(slice))
    else if (ordered === true && position < last) walk.run.report(node, outOfOrder(slice, slices))
    last = Math.max(last, position)
  })
}

function notInAny(node: Node, element: Element, slices: readonly Element[], walk: Walk) {
  const names = slices.map(nameOf).join(', ')
  const near = nearest([node], slices, walk)
  return {
    code: 'structure',
    origin: element.origin.profile,
    said: {
      en: `This fits none of the slices allowed here: ${names}.${near.en}`,
      zh: `此項不符合此處允許的任何 slice:${names}。${near.zh}`,
    },
    ...(near.trace.length > 0 ? { trace: near.trace } : {}),
  } as const
}

const tooManyPairs = ({ name, origin }: Element, slices: number, values: number) =>
  ({
    code: 'too-costly',
    origin: origin.profile,
    said: {
      en: `${values} values of ${name} are too many to sort into ${slices} slices, so these are unchecked. Send fewer at once.`,
      zh: `${name} 有 ${values} 個值,無法逐一對應 ${slices} 個 slice,因此未檢查。請減少一次送出的數量。`,
    },
  }) as const

const tooLate = (slice: Element) =>
  ({
    code: 'structure',
    origin: slice.origin.profile,
    said: {
      en: `The slice ${nameOf(slice)} has to come before values that are in no slice. Move it up.`,
      zh: `slice ${nameOf(slice)} 必須排在不屬於任何 slice 的項目之前。請往前移。`,
    },
  }) as const

const outOfOrder = (slice: Element, slices: readonly Element[]) =>
  ({
    code: 'structure',
    origin: slice.origin.profile,
    said: {
      en: `The slice ${nameOf(slice)} is out of order. The order is: ${slices.map(nameOf).join(', ')}.`,
      zh: `slice ${nameOf(slice)} 的順序不對。順序為:${slices.map(nameOf).join(', ')}。`,
    },
  }) as const

function checkSliceCount(parent: Node, slice: Element, count: number, others: readonly Node[], walk: Walk): void {
  const { min, max, origin } = slice
  if (count >= min && count <= max) return
  const name = `${slice.name}${slice.isChoice ? '[x]' : ''}:${nameOf(slice)}`
  if (count > max) {
    const en =
      max === 0
        ? `${name} is not allowed here. Remove it.`
        : `${name} is allowed at most ${max} times; there are ${count}.`
    const zh = max === 0 ? `此處不可有 ${name}。請移除。` : `${name} 最多 ${max} 個,目前有 ${count} 個。`
    return walk.run.report(parent, { code: 'structure', origin: origin.profile, said: { en, zh } })
  }
  const near = nearest(others, [slice], walk)
  const said =
    count === 0
      ? { en: `The slice ${name} is missing; it is required.${near.en}`, zh: `缺少必填的 slice ${name}。${near.zh}` }
      : {
          en: `The slice ${name} is needed at least ${min} times; there are ${count}.${near.en}`,
          zh: `slice ${name} 至少要 ${min} 個,目前有 ${count} 個。${near.zh}`,
        }
  walk.run.report(parent, {
    code: 'structure',
    origin: origin.profile,
    said,
    ...(near.trace.length > 0 ? { trace: near.trace } : {}),
  })
}

const MOST_TRIED = 10
const MOST_TRACED = 5

/** Of these values and slices the pair that fits best, and what of it does not fit. An extension fits by its url or not at all. */
function nearest(nodes: readonly Node[], slices: readonly Element[], walk: Walk) {
  let best: { node: Node; slice: Element; errors: readonly Finding[] } | undefined
  if (!walk.quiet && slices[0]?.name !== 'extension' && slices[0]?.name !== 'modifierExtension')
    for (const node of nodes.slice(0, MOST_TRIED))
      for (const slice of slices.slice(0, MOST_TRIED)) {
        const errors = walk.breaks(node, slice).filter(({ severity }) => severity === 'error')
        if (errors.length > 0 && (!best || errors.length < best.errors.length)) best = { node, slice, errors }
      }
  if (!best) return { en: '', zh: '', trace: [] }
  const [first] = best.errors
  const name = nameOf(best.slice)
  return {
    en: ` Nearest: ${first!.expression} for ${name}: ${first!.said.en}`,
    zh: `最接近的是 ${first!.expression}(${name}):${first!.said.zh}`,
    trace: best.errors.slice(0, MOST_TRACED),
  }
}
