/**
 * The data of a call, as services read it: resources by prefetch key, and what stands in them.
 * https://cds-hooks.hl7.org/2.0/#prefetch-template
 */
import type { Bundle, CodeableConcept, FhirResource } from 'fhir/r4'
import type { Resource } from '../fhir/types.ts'

type Named<T extends FhirResource['resourceType']> = Extract<FhirResource, { resourceType: T }>

/** The resources of a type in a resource, a Bundle or null, in their order. Nothing of it is believed but that it is JSON. */
export function resourcesOf<T extends FhirResource['resourceType']>(
  from: Resource | null | undefined,
  type: T,
): readonly Named<T>[] {
  if (!from) return []
  if (from.resourceType !== 'Bundle') return (from.resourceType as string) === type ? [from as unknown as Named<T>] : []
  const { entry } = from as unknown as Bundle
  if (!Array.isArray(entry)) return []
  return entry.flatMap(each => (each?.resource?.resourceType === type ? [each.resource as Named<T>] : []))
}

/** Codes of a concept as `system|code`. */
export const tokensOf = (concept: CodeableConcept | undefined): readonly string[] =>
  objectsIn(concept?.coding).flatMap(({ system, code }) =>
    typeof code === 'string' && code !== '' ? [`${typeof system === 'string' ? system : ''}|${code}`] : [],
  )

/** Codes of a concept, whatever their system. */
export const codesOf = (concept: CodeableConcept | undefined): readonly string[] =>
  objectsIn(concept?.coding).flatMap(({ code }) => (typeof code === 'string' && code !== '' ? [code] : []))

/** Whether one of the codes is among these, `system|code`. */
export const isOneOf = (concept: CodeableConcept | undefined, tokens: ReadonlySet<string>): boolean =>
  tokensOf(concept).some(token => tokens.has(token))

/** The objects of what ought to be a list of them. */
export const objectsIn = (value: unknown): readonly Readonly<Record<string, unknown>>[] =>
  Array.isArray(value)
    ? value.filter(
        (each): each is Record<string, unknown> => typeof each === 'object' && each !== null && !Array.isArray(each),
      )
    : []
