/**
 * What of each type belongs to one patient's record, and what anybody with such a record open may read beside it.
 * https://hl7.org/fhir/R4/compartmentdefinition-patient.html
 */
import type { Definitions } from '../fhir/definitions.ts'
import { everything, type Filter } from '../search/query.ts'
import type { Action } from './caller.ts'
import { compartmentFilter } from './compartment.ts'
import { both } from './filters.ts'

/**
 * Types that records refer to and that say nothing of patients: who, where, with what, by which definition. To be read, never
 * written, with a patient's scopes. US Core's clients resolve these references with the token they have.
 */
export const sharedTypes: ReadonlySet<string> = new Set(
  (
    'Practitioner PractitionerRole Organization OrganizationAffiliation Location HealthcareService Endpoint ' +
    'Medication MedicationKnowledge Substance DeviceDefinition ObservationDefinition SpecimenDefinition ' +
    'ActivityDefinition PlanDefinition ChargeItemDefinition EventDefinition Questionnaire Measure Library ResearchStudy ' +
    'CodeSystem ValueSet ConceptMap NamingSystem ' +
    'StructureDefinition StructureMap SearchParameter OperationDefinition CompartmentDefinition CapabilityStatement ' +
    'TerminologyCapabilities ImplementationGuide GraphDefinition MessageDefinition ExampleScenario'
  ).split(' '),
)

/** The parameter that finds a Binary by what it belongs to; one of this server's own. https://hl7.org/fhir/R4/binary.html#security */
export const SECURITY_CONTEXT = 'security-context'

const refersTo = (param: string, ref: string): Filter => ({
  is: 'has',
  param,
  kind: 'reference',
  where: { is: 'compare', by: '=', column: 'ref', value: ref },
})

/** Types whose resources are about several people though each may be in several compartments, and those granted in their own way. */
const never: ReadonlySet<string> = new Set(['Group'])

/**
 * The resources of `type` that the holder of one patient's record may do this to; undefined for none.
 *
 * - The compartment as CompartmentDefinition says, but for Group (its members are other people) and for Patient (a `link` makes
 *   nobody part of another's record).
 * - Device: those whose `patient` it is; to be read also those of no patient.
 * - Binary: those whose `securityContext` is in the record.
 * - `sharedTypes`: all, to be read.
 * - What is written must be of no other patient, whatever else puts it into the compartment.
 */
export function recordFilter(
  definitions: Definitions,
  patient: string,
  type: string,
  action: Action,
): Filter | undefined {
  const reading = action === 'read' || action === 'search'
  if (sharedTypes.has(type)) return reading ? everything : undefined
  if (never.has(type)) return undefined
  if (type === 'Patient') return { is: 'id', ids: [patient] }
  if (type === 'Binary') return binaries(definitions, patient)
  const own = type === 'Device' ? devices(patient, reading) : compartmentFilter(definitions, 'Patient', patient, type)
  if (!own || reading) return own
  return both(own, ofNobodyElse(definitions, patient, type))
}

function devices(patient: string, reading: boolean): Filter {
  const own = refersTo('patient', `Patient/${patient}`)
  if (!reading) return own
  const ofNobody: Filter = { is: 'not', part: { is: 'has', param: 'patient', kind: 'reference' } }
  const byIdentifier: Filter = { is: 'not', part: { is: 'has', param: 'patient:identifier', kind: 'token' } }
  return { is: 'any', parts: [own, { is: 'all', parts: [ofNobody, byIdentifier] }] }
}

function binaries(definitions: Definitions, patient: string): Filter | undefined {
  if (!definitions.searchParams('Binary').has(SECURITY_CONTEXT)) return undefined
  const members = definitions.compartment('Patient')
  const parts: Filter[] = [refersTo(SECURITY_CONTEXT, `Patient/${patient}`)]
  for (const type of members?.keys() ?? []) {
    if (type === 'Patient' || never.has(type) || type === 'AuditEvent') continue
    const where = compartmentFilter(definitions, 'Patient', patient, type)
    if (where) parts.push({ is: 'link', param: SECURITY_CONTEXT, type, where })
  }
  return { is: 'any', parts }
}

/** That none of the parameters which make it part of a record leads to another Patient. */
function ofNobodyElse(definitions: Definitions, patient: string, type: string): Filter {
  const own = `Patient/${patient}`
  const params = type === 'Device' ? ['patient'] : (definitions.compartment('Patient')?.get(type) ?? [])
  return {
    is: 'all',
    parts: params.map(param => ({
      is: 'not',
      part: {
        is: 'has',
        param,
        kind: 'reference',
        where: {
          is: 'and',
          parts: [
            { is: 'starts', column: 'ref', value: 'Patient/' },
            {
              is: 'or',
              parts: [
                { is: 'compare', by: '<', column: 'ref', value: own },
                { is: 'compare', by: '>', column: 'ref', value: own },
              ],
            },
          ],
        },
      },
    })),
  }
}
