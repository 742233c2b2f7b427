/**
 * Canonicals against the element's definition: what is known under the URL is of a type that it may name.
 * https://hl7.org/fhir/R4/references.html#canonical
 */
import type { ElementDefinition } from 'fhir/r4'
import { CANONICAL_TYPES, splitCanonical, type CanonicalType } from '../fhir/conformance.ts'
import { quoted } from './quoted.ts'
import type { ElementRule } from './words.ts'

export const canonicals: ElementRule = (node, element, origin, run) => {
  if (node.type !== 'canonical' || typeof node.value !== 'string' || node.value.startsWith('#')) return
  const wanted = targetsOf(element)
  if (wanted.length === 0) return
  const { url } = splitCanonical(node.value)
  const has = (type: CanonicalType) => run.conformance.entry(type, url) !== undefined
  if (wanted.some(has)) return
  const found = CANONICAL_TYPES.find(has)
  if (found === undefined) return
  run.report(node, {
    code: 'invalid',
    origin: origin.profile,
    said: {
      en: `${quoted(url)} is a ${found}; here it has to be a ${wanted.join(' or a ')}. Correct the URL.`,
      zh: `「${quoted(url, '')}」是 ${found},此處須為 ${wanted.join(' 或 ')},請更正 URL。`,
    },
  })
}

const known = new WeakMap<ElementDefinition, readonly CanonicalType[]>()
const CORE = 'http://hl7.org/fhir/StructureDefinition/'

/** The types a canonical may name; empty when they cannot all be told. */
function targetsOf(element: ElementDefinition): readonly CanonicalType[] {
  const before = known.get(element)
  if (before) return before
  const profiles = (element.type ?? []).flatMap(({ code, targetProfile = [] }) =>
    code !== 'canonical' ? [] : targetProfile.length === 0 ? [''] : targetProfile,
  )
  const types = profiles.map(profile => CANONICAL_TYPES.find(type => profile === CORE + type))
  const made = types.flatMap(type => type ?? [])
  const all = made.length === types.length ? made : []
  known.set(element, all)
  return all
}
