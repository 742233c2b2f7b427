/**
 * The medicines of a call: those about to be signed, and those the patient already takes.
 * https://cds-hooks.hl7.org/hooks/order-sign/
 */
import type { Medication, MedicationRequest } from 'fhir/r4'
import type { Resource } from '../fhir/types.ts'
import { resourcesOf } from './data.ts'
import { medicineOf, type Medicine } from './medicine.ts'
import type { Call } from './words.ts'

export interface Order {
  readonly resource: MedicationRequest
  readonly medicine: Medicine
  /** `MedicationRequest/1`; undefined when it has no id. */
  readonly reference: string | undefined
  /** The day it was written, `2026-01-31`; undefined when not said. */
  readonly authored: string | undefined
}

/** What was refused, ended or withdrawn is no order any more. */
const OVER = new Set(['cancelled', 'completed', 'entered-in-error', 'stopped'])

/** The MedicationRequests of `context.draftOrders`. */
export function drafts({ context }: Call): readonly Order[] {
  const bundle = context['draftOrders'] as unknown as Resource
  const medications = medicationsIn(bundle)
  return resourcesOf(bundle, 'MedicationRequest')
    .filter(({ status, doNotPerform }) => !OVER.has(status) && doNotPerform !== true)
    .map(order => orderOf(order, medications))
}

/** The active MedicationRequests among what was prefetched, without those that are being signed. */
export function actives(from: Resource | null | undefined, signed: readonly Order[]): readonly Order[] {
  const references = new Set(signed.flatMap(({ reference }) => reference ?? []))
  const medications = medicationsIn(from)
  return resourcesOf(from, 'MedicationRequest')
    .filter(({ status, doNotPerform, intent }) => status === 'active' && doNotPerform !== true && !PLANS.has(intent))
    .map(order => orderOf(order, medications))
    .filter(({ reference }) => reference === undefined || !references.has(reference))
}

/** Nobody takes what is only proposed or planned. */
const PLANS = new Set(['proposal', 'plan'])

type Medications = ReadonlyMap<string, unknown>

function medicationsIn(bundle: Resource | null | undefined): Medications {
  const entries = (bundle as { entry?: unknown } | null | undefined)?.entry
  const urls = new Map<unknown, unknown>(
    Array.isArray(entries)
      ? entries.map((each: { resource?: unknown; fullUrl?: unknown } | null) => [each?.resource, each?.fullUrl])
      : [],
  )
  return new Map(
    resourcesOf(bundle, 'Medication').flatMap(medication =>
      [typeof medication.id === 'string' && `Medication/${medication.id}`, urls.get(medication)].flatMap(name =>
        typeof name === 'string' ? [[name, medication.code] as const] : [],
      ),
    ),
  )
}

function orderOf(resource: MedicationRequest, medications: Medications): Order {
  const { id, authoredOn } = resource
  return {
    resource,
    medicine: medicineOf(conceptOf(resource, medications)),
    reference: typeof id === 'string' && id !== '' ? `MedicationRequest/${id}` : undefined,
    authored: typeof authoredOn === 'string' ? authoredOn.slice(0, 10) : undefined,
  }
}

/** The code of the medicine: its own, that of the Medication it contains or that came along, or what the reference is called. */
function conceptOf(resource: MedicationRequest, medications: Medications): unknown {
  const { medicationCodeableConcept, medicationReference, contained } = resource
  if (medicationCodeableConcept) return medicationCodeableConcept
  const { reference, display } = (medicationReference ?? {}) as { reference?: unknown; display?: unknown }
  if (typeof reference === 'string') {
    const inside = (Array.isArray(contained) ? contained : []).find(each => `#${each?.id}` === reference)
    if (inside?.resourceType === 'Medication') return (inside as Medication).code ?? display
    const beside = medications.get(reference)
    if (beside) return beside
  }
  return display
}

/** Of the medicines the patient takes. */
export const ACTIVE_ORDERS = 'MedicationRequest?patient={{context.patientId}}&status=active&_count=200'
