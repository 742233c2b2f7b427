/**
 * Invariants of R4 written out by hand: those met on every resource, and those that FHIRPath makes quadratic.
 * Keyed by the exact expression.
 * https://hl7.org/fhir/R4/fhirpath.html
 */
import { isDeepStrictEqual } from 'node:util'
import type { Definitions } from '../fhir/definitions.ts'
import { canonical, convert, UCUM } from '../search/ucum.ts'
import type { PlainInvariant } from './invariant-plain.ts'
import { childrenNamed, childrenOf, isObject, type Node, resourceOf } from './node.ts'

/** The resource that contains this one, or the one it is in: an entry of a Bundle is its own. */
export function rootResourceOf(node: Node, definitions: Definitions): Node {
  let at = resourceOf(node, definitions)
  while (at.property === 'contained' && at.parent) at = resourceOf(at.parent, definitions)
  return at
}

/** The function for an expression, if there is one. */
export const nativeInvariant = (expression: string): PlainInvariant | undefined => natives.get(expression)

const hasValue = ({ value }: Node) => value !== undefined && (typeof value !== 'object' || value === null)

/** ele-1: a value, or more below than an id. */
function hasValueOrChildren(node: Node, definitions: Definitions): boolean {
  if (hasValue(node)) return true
  return childrenOf(node, definitions).some(({ name, type }) => name !== 'id' || type === 'Element')
}

/** ext-1 and its like: one of the two, never both. */
const hasOne = (a: string, b: string) => (node: Node, definitions: Definitions) => {
  let [first, second] = [false, false]
  for (const { name } of childrenOf(node, definitions)) {
    if (name === a) first = true
    else if (name === b) second = true
  }
  return first !== second
}

const textOf = (node: Node, name: string): string | undefined => {
  const value = isObject(node.value) ? node.value[name] : undefined
  return typeof value === 'string' ? value : undefined
}

/** ref-1: what begins with # is contained. A reference that is not there, and `#` for the container, are right. */
function isContained(node: Node, definitions: Definitions): boolean {
  const reference = textOf(node, 'reference')
  if (!reference?.startsWith('#') || reference === '#') return true
  const container = rootResourceOf(node, definitions)
  const contained = isObject(container.value) ? container.value['contained'] : undefined
  return Array.isArray(contained) && contained.some(each => isObject(each) && each['id'] === reference.slice(1))
}

const plainDate = /^\d{4}(-\d\d(-\d\d)?)?$/
const plainTime = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,3})?(Z|[+-]\d\d:\d\d)$/

/** per-1. Dates of different precision are left to FHIRPath. */
function endsAfterStart(node: Node): boolean | undefined {
  const [start, end] = [textOf(node, 'start'), textOf(node, 'end')]
  if (start === undefined || end === undefined) return isObject(node.value) ? true : undefined
  if (plainTime.test(start) && plainTime.test(end)) return Date.parse(start) <= Date.parse(end)
  if (plainDate.test(start) && plainDate.test(end) && start.length === end.length) return start <= end
  return undefined
}

interface Amount {
  readonly value: number
  /** Of UCUM in base units. */
  readonly unit: string
}

/** rng-2. fhirpath.js has an order only for UCUM; amounts of any one unit have one, and a unit left out is that of the other. */
function isRange(node: Node): boolean | undefined {
  const { low, high } = (isObject(node.value) ? node.value : {}) as { low?: unknown; high?: unknown }
  const [one, other] = [amountOf(low), amountOf(high)]
  if (!one || !other) return true
  if (one.unit !== other.unit && one.unit !== '' && other.unit !== '') return false
  return one.unit === other.unit ? one.value <= other.value : Number(valueOf(low)) <= Number(valueOf(high))
}

const valueOf = (quantity: unknown) => (isObject(quantity) ? quantity['value'] : undefined)

function amountOf(quantity: unknown): Amount | undefined {
  if (!isObject(quantity) || typeof quantity['value'] !== 'number') return undefined
  const { value, unit, system, code } = quantity as { value: number; unit?: unknown; system?: unknown; code?: unknown }
  const base = system === UCUM && typeof code === 'string' ? canonical(code) : undefined
  if (base) return { value: convert(value, base), unit: base.code }
  const written = typeof code === 'string' ? `${String(system)}|${code}` : unit
  return { value, unit: typeof written === 'string' ? written : '' }
}

/** obs-7: with a value, no component may have the code of the whole. */
function componentsDiffer(node: Node, definitions: Definitions): boolean {
  if (childrenNamed(node, 'value', definitions).length === 0) return true
  const codings = (holder: Node) =>
    childrenNamed(holder, 'code', definitions).flatMap(code => childrenNamed(code, 'coding', definitions))
  const components = childrenNamed(node, 'component', definitions)
  if (components.length === 0) return true
  const own = codings(resourceOf(node, definitions))
  return !components.some(component =>
    codings(component).some(one => own.some(other => isDeepStrictEqual(one.value, other.value))),
  )
}

/** Every value of a property in all that lies below, by a walk over the JSON. */
function* valuesBelow(value: unknown, name: string): Generator<unknown> {
  const open: unknown[] = [value]
  for (let part = open.pop(); part !== undefined; part = open.pop()) {
    if (Array.isArray(part)) for (const each of part) open.push(each)
    else if (isObject(part))
      for (const key in part) {
        if (key === name && typeof part[key] !== 'object') yield part[key]
        else if (typeof part[key] === 'object') open.push(part[key])
      }
  }
}

const areDistinct = (values: Iterable<unknown>): boolean => {
  const seen = new Set<unknown>()
  for (const value of values) {
    if (seen.has(value)) return false
    seen.add(value)
  }
  return true
}

function* conceptCodes(holder: unknown): Generator<unknown> {
  const open: unknown[] = [holder]
  for (let part = open.pop(); part !== undefined; part = open.pop()) {
    const concepts = isObject(part) ? part['concept'] : undefined
    if (!Array.isArray(concepts)) continue
    for (const each of concepts) {
      if (isObject(each) && each['code'] !== undefined) yield each['code']
      open.push(each)
    }
  }
}

/** bdl-7: the same fullUrl only in another version. */
function entriesDiffer({ value }: Node): boolean {
  const { type, entry } = (isObject(value) ? value : {}) as { type?: unknown; entry?: unknown }
  if (type === 'history' || !Array.isArray(entry)) return true
  return areDistinct(
    entry.flatMap(each => {
      const { fullUrl, resource } = (isObject(each) ? each : {}) as { fullUrl?: unknown; resource?: unknown }
      const meta = isObject(resource) ? resource['meta'] : undefined
      const version = isObject(meta) && typeof meta['versionId'] === 'string' ? meta['versionId'] : ''
      return typeof fullUrl === 'string' ? [`${fullUrl}${version}`] : []
    }),
  )
}

/** dom-6: of contained resources no narrative is asked. */
function hasNarrative(node: Node, definitions: Definitions): boolean {
  if (node.property === 'contained') return true
  return childrenNamed(node, 'text', definitions).some(text => childrenNamed(text, 'div', definitions).length > 0)
}

const always = () => true

const natives = new Map<string, PlainInvariant>([
  ['hasValue() or (children().count() > id.count())', hasValueOrChildren],
  // the same, as later packages write it
  ['hasValue() or (children().count() > id.count()) or $this is Parameters', hasValueOrChildren],
  ['extension.exists() != value.exists()', hasOne('extension', 'value')],
  [
    "reference.startsWith('#').not() or (reference.substring(1).trace('url') in %rootResource.contained.id.trace('ids'))",
    isContained,
  ],
  ['low.empty() or high.empty() or (low <= high)', isRange],
  ['start.hasValue().not() or end.hasValue().not() or (start <= end)', endsAfterStart],
  ['value.empty() or component.code.where(coding.intersect(%resource.code.coding).exists()).empty()', componentsDiffer],
  [
    "(type = 'history') or entry.where(fullUrl.exists()).select(fullUrl&resource.meta.versionId).isDistinct()",
    entriesDiffer,
  ],
  [
    'concept.code.combine($this.descendants().concept.code).isDistinct()',
    ({ value }) => areDistinct(conceptCodes(value)),
  ],
  ['descendants().linkId.isDistinct()', ({ value }) => areDistinct(linkIdsBelow(value))],
  ['text.`div`.exists()', hasNarrative],
  // narrative.ts says what is wrong with it
  ['htmlChecks()', always],
  // contained.ts says it where it is wrong
  [
    "contained.where((('#'+id in (%resource.descendants().reference | %resource.descendants().as(canonical) | %resource.descendants().as(uri) | %resource.descendants().as(url))) or descendants().where(reference = '#').exists() or descendants().where(as(canonical) = '#').exists() or descendants().where(as(canonical) = '#').exists()).not()).trace('unmatched', id).empty()",
    always,
  ],
])

/** Below an item, not its own. */
function* linkIdsBelow(value: unknown): Generator<unknown> {
  if (isObject(value))
    for (const key in value) if (typeof value[key] === 'object') yield* valuesBelow(value[key], 'linkId')
}

/**
 * Expressions as R4 published them that do not say what their text says, and what does. A rule that is empty (neither
 * true nor false) fails, so each must say what holds when the element is absent.
 */
const mended = new Map([
  // que-12: "more than one enableWhen"
  ['enableWhen.count() > 2 implies enableBehavior.exists()', 'enableWhen.count() >= 2 implies enableBehavior.exists()'],
  // que-7: FHIR's boolean, not FHIRPath's own
  ["operator = 'exists' implies (answer is Boolean)", "operator = 'exists' implies (answer is boolean)"],
  // vs-1: "if it is a dateTime and has a value"; a Period is none
  [
    '($this as dateTime).toString().length() >= 8',
    '($this is dateTime) and $this.hasValue() implies $this.toString().length() >= 8',
  ],
  // per-1, Task's inv-1, mdd-1: of dates that are not written to the same precision the one need not be before the other
  ['start.hasValue().not() or end.hasValue().not() or (start <= end)', 'iif(start > end, false, true)'],
  [
    'lastModified.exists().not() or authoredOn.exists().not() or lastModified >= authoredOn',
    'iif(lastModified < authoredOn, false, true)',
  ],
  [
    'whenHandedOver.empty() or whenPrepared.empty() or whenHandedOver >= whenPrepared',
    'iif(whenHandedOver < whenPrepared, false, true)',
  ],
  // bdl-8, without a fullUrl
  ["fullUrl.contains('/_history/').not()", "fullUrl.exists() implies fullUrl.contains('/_history/').not()"],
  // ras-2, without a probability
  [
    'probability is decimal implies (probability as decimal) <= 100',
    'probability.exists() and (probability is decimal) implies (probability as decimal) <= 100',
  ],
  // the canonical resources' -0, without a name, and of the whole name
  ["name.matches('[A-Z]([A-Za-z0-9_]){0,254}')", "name.exists() implies name.matches('^[A-Z][A-Za-z0-9_]{0,254}$')"],
  // eld-19, eld-20: of the whole path
  [
    "path.matches('[^\\\\s\\\\.,:;\\\\\\'\"\\\\/|?!@#$%&*()\\\\[\\\\]{}]{1,64}(\\\\.[^\\\\s\\\\.,:;\\\\\\'\"\\\\/|?!@#$%&*()\\\\[\\\\]{}]{1,64}(\\\\[x\\\\])?(\\\\:[^\\\\s\\\\.]+)?)*')",
    "path.matches('^[^\\\\s\\\\.,:;\\\\\\'\"\\\\/|?!@#$%&*()\\\\[\\\\]{}]{1,64}(\\\\.[^\\\\s\\\\.,:;\\\\\\'\"\\\\/|?!@#$%&*()\\\\[\\\\]{}]{1,64}(\\\\[x\\\\])?(\\\\:[^\\\\s\\\\.]+)?)*$')",
  ],
  [
    "path.matches('[A-Za-z][A-Za-z0-9]*(\\\\.[a-z][A-Za-z0-9]*(\\\\[x])?)*')",
    "path.matches('^[A-Za-z][A-Za-z0-9]*(\\\\.[a-z][A-Za-z0-9]*(\\\\[x])?)*$')",
  ],
])

/** The expression to evaluate for a published one. */
export const mend = (expression: string): string => mended.get(expression) ?? expression
