/**
 * Cuts the concepts out of a CodeSystem in JSON while it is read, so that it need not be in memory as a whole.
 * https://hl7.org/fhir/R4/codesystem.html
 */
import type { Json } from './code-system.ts'

export interface Cutter {
  /** The texts of the concepts that end in this piece. Throws when it is no such resource, or too large a one. */
  take(piece: string): string[]
  /** What stands before the concepts, once they have begun. */
  head(): Json | undefined
  /** The resource without its concepts. */
  rest(): string
}

/** The object in a text; undefined when it is none. */
export function parsed(text: string): Json | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Json) : undefined
  } catch {
    return undefined
  }
}

/** Characters of one concept with all that is in it, and of what stands beside the concepts. */
const MOST_CONCEPT = 200_000_000
const MOST_BESIDE = 20_000_000

/** Cuts the elements of the array `concept` of the outermost object out of a JSON text that comes in pieces. */
export function cutter(): Cutter {
  let depth = 0
  let [inString, escaped] = [false, false]
  let rest = ''
  let element = ''
  let inside = false
  let named = ''
  return {
    take(piece: string): string[] {
      const found: string[] = []
      let from = 0
      for (let at = 0; at < piece.length; at++) {
        const char = piece.charCodeAt(at)
        if (inString) {
          if (escaped) escaped = false
          else if (char === 0x5c) escaped = true
          else if (char === 0x22) inString = false
          if (depth === 1) named += piece[at]
          continue
        }
        if (char === 0x22) {
          inString = true
          if (depth === 1) named = ''
        } else if (char === 0x7b || char === 0x5b) {
          depth++
          if (!inside && depth === 2 && char === 0x5b && named === 'concept"') {
            rest += piece.slice(from, at + 1)
            from = at + 1
            inside = true
          } else if (inside && depth === 3) from = at
        } else if (char === 0x7d || char === 0x5d) {
          depth--
          if (inside && depth === 2) {
            found.push(element + piece.slice(from, at + 1))
            element = ''
            from = at + 1
          } else if (inside && depth === 1) {
            inside = false
            from = at
          }
        }
      }
      if (!inside) rest += piece.slice(from)
      else if (depth > 2) element += piece.slice(from)
      if (element.length > MOST_CONCEPT || rest.length > MOST_BESIDE)
        throw new Error('This is not a CodeSystem resource, or too large a one beside its concepts.')
      return found
    },
    head: () => (inside ? parsed(`${rest.replace(/,?\s*"concept"\s*:\s*\[$/, '')}}`) : undefined),
    rest: () => rest,
  }
}
