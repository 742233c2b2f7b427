/**
 * What people can read in a resource: the narrative for `_text`, names, displays, notes and codes for `_content`.
 * https://hl7.org/fhir/R4/search.html#content
 */
import type { Definitions } from '../fhir/definitions.ts'
import { MAX_DEPTH } from '../fhir/json.ts'

/** Takes the readable strings of a resource, each once, joined by spaces. */
export type Content = (resource: Readonly<Record<string, unknown>>) => string

/** A type and what to do with its elements: take the text, or go on in their type. Others are passed over. */
interface Plan {
  readonly type: string
  /** Made when the type first comes: types lead back to themselves. */
  elements?: ReadonlyMap<string, 'take' | Plan>
}

const texts = new Set(['string', 'markdown'])
/** Types in which nothing is meant to be read as content. */
const passedOver = new Set(['Meta', 'Narrative', 'Period', 'SampledData'])

/** The reader of content for these definitions; plans are made for a type when it first comes. */
export function makeContent(definitions: Definitions): Content {
  const plans = new Map<string, Plan>()

  function planOf(type: string): Plan {
    const plan = plans.get(type) ?? { type }
    plans.set(type, plan)
    return plan
  }

  function elementsOf(plan: Plan): ReadonlyMap<string, 'take' | Plan> {
    const elements = new Map<string, 'take' | Plan>()
    for (const { name, type } of definitions.elements(plan.type)?.values() ?? []) {
      if (texts.has(type) ? isRead(plan.type, name) : plan.type === 'Coding' && name === 'code')
        elements.set(name, 'take')
      else if (!passedOver.has(type) && definitions.elements(type)) elements.set(name, planOf(type))
    }
    plan.elements = elements
    return elements
  }

  function read(part: object, plan: Plan, depth: number, seen: Set<string>): void {
    if (plan.type === 'Resource') {
      const type = (part as { resourceType?: unknown }).resourceType
      if (typeof type === 'string' && definitions.isResourceType(type)) read(part, planOf(type), depth, seen)
      return
    }
    if (depth > MAX_DEPTH) return
    const elements = plan.elements ?? elementsOf(plan)
    for (const name in part) {
      const what = elements.get(name)
      if (what === undefined) continue
      const value = (part as Record<string, unknown>)[name]
      if (!Array.isArray(value)) readValue(value, what, depth, seen)
      else for (const each of value) readValue(each, what, depth, seen)
    }
  }

  function readValue(value: unknown, what: 'take' | Plan, depth: number, seen: Set<string>): void {
    if (what === 'take') {
      if (typeof value === 'string') seen.add(value)
    } else if (typeof value === 'object' && value !== null && !Array.isArray(value)) read(value, what, depth + 1, seen)
  }

  return resource => {
    const seen = new Set<string>()
    read(resource, planOf('Resource'), 0, seen)
    return [...seen].join(' ')
  }
}

/** Strings that are not for reading: ids of elements, literal references. */
const isRead = (type: string, name: string) => name !== 'id' && !(type === 'Reference' && name === 'reference')

const entities: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'", nbsp: ' ' }

/** The text of an XHTML narrative, without tags, comments and entities. */
export function narrativeText(div: string): string {
  let text = ''
  for (let at = 0; at < div.length; ) {
    const tag = div.indexOf('<', at)
    text += `${div.slice(at, tag < 0 ? div.length : tag)} `
    if (tag < 0) break
    const close = div.startsWith('<!--', tag) ? div.indexOf('-->', tag) : div.indexOf('>', tag)
    if (close < 0) break
    at = close + 1
  }
  return text.replace(
    /&(?:#(\d{1,7})|#x([0-9a-fA-F]{1,6})|([a-z]{2,6}));/g,
    (whole, decimal?: string, hex?: string, name?: string) => {
      if (name !== undefined) return entities[name] ?? whole
      const code = decimal === undefined ? parseInt(hex!, 16) : Number(decimal)
      return code > 0 && code <= 0x10ffff ? String.fromCodePoint(code) : ' '
    },
  )
}
