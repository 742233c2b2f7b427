/**
 * Bindings that stand beside an element's own one: R5's `additional`, and the extensions that carry it in R4.
 * https://hl7.org/fhir/R5/elementdefinition-definitions.html#ElementDefinition.binding.additional
 */
import type { ElementDefinition } from 'fhir/r4'
import { isObject } from './node.ts'

export interface AdditionalBinding {
  readonly strength: 'required'
  readonly valueSet: string
}

const urls = new Set([
  'http://hl7.org/fhir/5.0/StructureDefinition/extension-ElementDefinition.binding.additional',
  'http://hl7.org/fhir/StructureDefinition/additional-binding',
  'http://hl7.org/fhir/tools/StructureDefinition/additional-binding',
])

/** The others recommend, or tell about the binding; several of them stand beside each other as alternatives. */
const binding = new Set(['required', 'maximum'])

/**
 * Those that every code has to keep. One for a certain usage only, or of which one repetition is enough, is passed over: whether
 * it applies does not show on the value.
 */
export function additionalBindings(of: NonNullable<ElementDefinition['binding']>): readonly AdditionalBinding[] {
  const named: unknown = (of as { additional?: unknown }).additional
  const own: readonly unknown[] = Array.isArray(named) ? named : []
  const carried = (of.extension ?? []).filter(({ url }) => urls.has(url)).map(({ extension }) => partsOf(extension))
  return [...own, ...carried].flatMap(each => {
    if (!isObject(each) || each['usage'] !== undefined || each['any'] === true) return []
    const { purpose, valueSet } = each
    if (typeof purpose !== 'string' || !binding.has(purpose) || typeof valueSet !== 'string') return []
    return [{ strength: 'required', valueSet }]
  })
}

/** The parts of the extension by name: a part's value is its only property that begins with `value`. */
function partsOf(parts: unknown): Readonly<Record<string, unknown>> {
  const found: Record<string, unknown> = {}
  for (const part of Array.isArray(parts) ? (parts as unknown[]) : [])
    if (isObject(part) && typeof part['url'] === 'string')
      found[part['url']] = Object.entries(part).find(([name]) => /^value[A-Z]/.test(name))?.[1]
  return found
}
