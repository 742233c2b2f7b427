/**
 * Keeps value sets that import others from taking all the time there is.
 * https://hl7.org/fhir/R4/valueset.html#compositions
 */

/** Value sets asked, one within the other, and in all, for one question; a careless author may let them grow without end. */
export interface Effort {
  /** Goes one value set deeper; undefined when it is too deep or too much. `most`: how many may be asked, told by the first. */
  within<T>(most: number, ask: () => T): T | undefined
}

const DEEPEST = 100
export const MOST_ASKED = 5_000
export const MOST_ASKED_TO_SELECT = 1_000_000
/** What selecting one value set more counts as. */
export const COST_OF_SET = 500

export function makeEffort(): Effort {
  let [depth, left] = [0, 0]
  return {
    within(most, ask) {
      if (depth === 0) left = most
      if (depth >= DEEPEST || left <= 0) return undefined
      left--
      depth++
      try {
        return ask()
      } finally {
        depth--
      }
    },
  }
}
