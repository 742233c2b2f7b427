/**
 * What people can read in a resource: the narrative for `_text`, names, displays, notes and codes for `_content`.
 * https://hl7.org/fhir/R4/search.html#content
 */
import type { Definitions } from '../fhir/definitions.ts'
import { MAX_DEPTH } from '../fhir/json.ts'

/** Takes the readable strings of a resource, each once, joined by spaces. */
export type Content = (resource: Readonly<Record<string, unknown>>) => string

/** What to do with an element: take its text, or go into its type. Elements without a plan are passed over. */
type Plan = ReadonlyMap<string, 'take' | string>

const texts = new Set(['string', 'markdown'])
/** Types in which nothing is meant to be read as content. */
const passedOver = new Set(['Meta', 'Narrative', 'Period', 'SampledData', 'xhtml'])

/** The reader of content for these definitions; plans are made for a type when it first comes. */
export function makeContent(definitions: Definitions): Content {
  const plans = new Map<string, Plan>()

  function planOf(type: string): Plan | undefined {
    const known = plans.get(type)
    const elements = known ? undefined : definitions.elements(type)
    if (!elements) return known
    const entries = [...elements.values()].flatMap(info => {
      if (texts.has(info.type)) return isRead(type, info.name) ? [[info.name, 'take'] as const] : []
      if (type === 'Coding' && info.name === 'code') return [[info.name, 'take'] as const]
      return passedOver.has(info.type) || !definitions.elements(info.type) ? [] : [[info.name, info.type] as const]
    })
    const plan: Plan = new Map(entries)
    plans.set(type, plan)
    return plan
  }

  function read(part: object, type: string, depth: number, seen: Set<string>): void {
    const own = (part as { resourceType?: unknown }).resourceType
    const plan = planOf(typeof own === 'string' ? own : type)
    if (!plan || depth > MAX_DEPTH) return
    for (const name in part) {
      const what = plan.get(name)
      if (what === undefined) continue
      const value = (part as Record<string, unknown>)[name]
      if (!Array.isArray(value)) readValue(value, what, depth, seen)
      else for (const each of value) readValue(each, what, depth, seen)
    }
  }

  function readValue(value: unknown, what: string, depth: number, seen: Set<string>): void {
    if (what === 'take') {
      if (typeof value === 'string') seen.add(value)
    } else if (typeof value === 'object' && value !== null && !Array.isArray(value)) read(value, what, depth + 1, seen)
  }

  return resource => {
    const seen = new Set<string>()
    read(resource, 'Resource', 0, seen)
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
