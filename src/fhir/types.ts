/**
 * The few names we add to the published FHIR types.
 * https://hl7.org/fhir/R4/resource.html
 */
import type { Meta } from 'fhir/r4'

/** Any JSON value, as JSON.parse gives it. */
export type Json = null | boolean | number | string | Json[] | { [name: string]: Json }

/** A resource of any type, read by element name. `fhir/r4` has the typed ones; cast where the type is known. */
export interface Resource {
  resourceType: string
  id?: string
  meta?: Meta
  [element: string]: unknown
}

/** A resource on this server: its type and its logical id. Printed as `Patient/123`. */
export interface Ref {
  readonly type: string
  readonly id: string
}
