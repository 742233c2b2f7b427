/**
 * Paths of elements, as profiles and extension contexts write them, found in the definitions of types.
 * https://hl7.org/fhir/R4/elementdefinition.html#path
 */
import type { Definitions, ElementInfo } from '../fhir/definitions.ts'

export interface Place {
  /** FHIR type codes; a backbone element's is its path. */
  readonly types: readonly string[]
  readonly many: boolean
  readonly choice: boolean
}

/** `open`: it leads through an element that may be any resource or element, so that anything may follow. */
export type Found = Place | 'open' | undefined

/** What `Patient.contact.name` or `Observation.value[x]` is; undefined when there is no such element. */
export function placeOf(path: string, definitions: Definitions): Found {
  const [root, ...steps] = path.split('.')
  if (!root || !definitions.elements(root))
    return isPrimitive(root ?? '') && steps.length === 0 ? leaf(root!) : undefined
  let at: Found = { types: [root], many: false, choice: false }
  for (const step of steps.slice(0, LONGEST)) {
    if (at === 'open' || at === undefined) return at
    at = stepInto(at.types, step, definitions, false)
  }
  return at
}

const LONGEST = 64
const leaf = (type: string): Place => ({ types: [type], many: false, choice: false })
const isPrimitive = (type: string) => /^[a-z]/.test(type) && !type.includes('.')

/** The element of that name in any of the types. `loose`: a choice may be named without `[x]`, as in FHIRPath. */
export function stepInto(types: readonly string[], step: string, definitions: Definitions, loose: boolean): Found {
  const name = step.replace('[x]', '')
  const found: ElementInfo[] = []
  let choice = false
  for (const type of types) {
    if (type === 'Resource' || type === 'DomainResource' || type === 'Element' || type === 'BackboneElement')
      return 'open'
    if (isPrimitive(type)) {
      if (name === 'id' || name === 'extension' || name === 'value') found.push(primitivePart(name))
      continue
    }
    const elements = definitions.elements(type)
    if (!elements) return 'open'
    const exact = elements.get(name)
    if (exact && !(step.endsWith('[x]') && exact.choice === undefined)) found.push(exact)
    else if (step.endsWith('[x]') || loose)
      for (const info of elements.values())
        if (info.choice === name) {
          choice = true
          found.push(info)
        }
  }
  if (found.length === 0) return undefined
  return { types: [...new Set(found.map(({ type }) => type))], many: found.some(({ many }) => many), choice }
}

const primitivePart = (name: string): ElementInfo => ({
  name,
  type: name === 'extension' ? 'Extension' : 'string',
  many: name === 'extension',
  required: false,
  summary: false,
})

/**
 * Whether a discriminator's path leads anywhere from these types: names, `$this`, `extension('…')`, `resolve()`, `ofType(…)`.
 * https://hl7.org/fhir/R4/profiling.html#discriminator
 */
export function leadsSomewhere(types: readonly string[], path: string, definitions: Definitions): boolean {
  let at: Found = { types, many: false, choice: false }
  for (const step of path
    .replace(/\('[^']*'\)/g, '()')
    .split('.')
    .slice(0, LONGEST)) {
    if (at === 'open') return true
    if (at === undefined) return false
    if (step === '$this' || step === '') continue
    if (step === 'extension()') at = { types: ['Extension'], many: true, choice: false }
    else if (/^(ofType|as)\(/.test(step)) at = leaf(/\(([A-Za-z0-9.]+)/.exec(step)?.[1] ?? '')
    else if (step.includes('(')) return true
    else at = stepInto(at.types, step, definitions, true)
  }
  return at !== undefined
}
