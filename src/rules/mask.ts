/**
 * A resource without what is masked: elements go or are replaced, those that must be there say that they are masked.
 * https://hl7.org/fhir/R4/security-labels.html
 */
import type { Definitions, ElementInfo } from '../fhir/definitions.ts'
import type { Resource } from '../fhir/types.ts'
import type { Dynamic } from './words.ts'

/** Elements are taken out, which is what REDACTED says; MASKED would be data that a key makes readable. */
export const REDACTED = {
  system: 'http://terminology.hl7.org/CodeSystem/v3-ObservationValue',
  code: 'REDACTED',
  display: 'redacted',
}

/** https://hl7.org/fhir/R4/extension-data-absent-reason.html */
const ABSENT = {
  extension: [{ url: 'http://hl7.org/fhir/StructureDefinition/data-absent-reason', valueCode: 'masked' }],
}

type Holder = Record<string, unknown>
type Mask = Pick<Dynamic, 'steps' | 'many'>

/**
 * Masks the elements in place. `values` take their place; without any they go. The narrative goes too, since it tells what
 * the elements say; the label tells that something may be missing, also where there was nothing.
 */
export function maskIn(
  resource: Resource,
  masks: readonly { readonly target: Mask; readonly values: readonly unknown[] }[],
  definitions: Definitions,
): void {
  delete resource['text']
  for (const { target, values } of masks) apply(resource, resource.resourceType, target, 0, values, definitions)
  const meta = (resource.meta ??= {}) as { security?: { system?: string; code?: string }[] }
  const labels = (meta.security ??= [])
  if (!labels.some(({ system, code }) => system === REDACTED.system && code === REDACTED.code))
    labels.push({ ...REDACTED })
}

function apply(
  holder: Holder,
  type: string,
  target: Mask,
  at: number,
  values: readonly unknown[],
  definitions: Definitions,
): void {
  const { steps } = target
  const name = String(steps[at])
  const info = definitions.elements(type)?.get(name)
  if (!info) return
  const index = typeof steps[at + 1] === 'number' ? (steps[at + 1] as number) : undefined
  const next = at + (index === undefined ? 1 : 2)
  const value = holder[name]
  if (next >= steps.length) {
    if (index === undefined) return put(holder, name, info, values, definitions)
    if (!Array.isArray(value) || index >= value.length) return
    value.splice(index, 1, ...structuredClone(values))
    // extensions of primitives stand beside their values
    const beside = holder[`_${name}`]
    if (Array.isArray(beside)) beside.splice(index, 1, ...values.map(() => null))
    if (value.length === 0) put(holder, name, info, [], definitions)
    return
  }
  const inner = Array.isArray(value) ? (index === undefined ? value : value.slice(index, index + 1)) : [value]
  for (const each of inner)
    if (isHolder(each))
      apply(
        each,
        info.type === 'Resource' ? String(each['resourceType']) : info.type,
        target,
        next,
        values,
        definitions,
      )
  // what has nothing left is no element
  if (Array.isArray(value)) {
    const left = (value as unknown[]).filter(each => !isHolder(each) || Object.keys(each).length > 0)
    if (left.length === 0) put(holder, name, info, [], definitions)
    else holder[name] = left
  } else if (isHolder(value) && Object.keys(value).length === 0) put(holder, name, info, [], definitions)
}

function put(
  holder: Holder,
  name: string,
  info: ElementInfo,
  values: readonly unknown[],
  definitions: Definitions,
): void {
  delete holder[`_${name}`]
  if (values.length > 0) {
    holder[name] = structuredClone(info.many ? values : values[0])
    return
  }
  delete holder[name]
  if (!info.required) return
  const primitive = definitions.elements(info.type) === undefined
  holder[primitive ? `_${name}` : name] = structuredClone(info.many ? [ABSENT] : ABSENT)
}

const isHolder = (value: unknown): value is Holder =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
