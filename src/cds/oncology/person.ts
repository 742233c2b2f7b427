/**
 * What of the Patient decides whether a card makes sense.
 * https://hl7.org/fhir/R4/patient.html
 */
import { day, type Values } from './json.ts'

export const isDeceased = ({ deceasedBoolean, deceasedDateTime }: Values): boolean =>
  deceasedBoolean === true || day(deceasedDateTime) !== undefined
