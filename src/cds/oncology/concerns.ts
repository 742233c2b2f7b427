/**
 * What is about which cancer, where a patient has several.
 * https://hl7.org/fhir/us/mcode/StructureDefinition-mcode-related-condition.html
 */
import type { Cancer } from './cancers.ts'

/** Something is about a cancer when it says so, or says nothing and there is no other. `about`: `Condition/1`. */
export const concerns = (about: readonly string[], { key }: Cancer, alone: boolean): boolean =>
  about.length === 0 ? alone : key !== undefined && about.includes(key)
