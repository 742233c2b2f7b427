/**
 * A call of one service without HTTP, with the data given and at a moment given.
 */
import { wrong } from '../../src/cds/check-json.ts'
import { responseSchema } from '../../src/cds/schemas.ts'
import type { Json, Resource } from '../../src/fhir/types.ts'
import type { Call, Card, CdsService, Language } from '../../src/cds/words.ts'

export interface Asked {
  readonly context?: Readonly<Record<string, unknown>>
  /** By prefetch key: a resource, null, or a list, which becomes a searchset. */
  readonly prefetch?: Readonly<Record<string, unknown>>
  readonly now?: string
  readonly language?: Language
}

export const searchset = (resources: readonly unknown[]) => ({
  resourceType: 'Bundle',
  type: 'searchset',
  entry: resources.map(resource => ({ resource })),
})

export const draftOrders = (...resources: readonly unknown[]) => ({
  draftOrders: { resourceType: 'Bundle', type: 'collection', entry: resources.map(resource => ({ resource })) },
})

/** The cards a service answers with, of the form that CDS Hooks asks for. */
export async function cardsOf(service: CdsService, asked: Asked = {}): Promise<readonly Card[]> {
  const context = { userId: 'Practitioner/1', patientId: '1', ...asked.context } as Readonly<Record<string, Json>>
  const prefetch = Object.fromEntries(
    Object.entries(asked.prefetch ?? {}).map(([key, value]) => [key, Array.isArray(value) ? searchset(value) : value]),
  ) as Record<string, Resource | null>
  const call: Call = {
    request: { hook: service.hook, hookInstance: 'c2a0a2c4-37a5-4d4c-9a1e-6f6f3a8d7b10', context },
    context,
    prefetch,
    now: Date.parse(asked.now ?? '2026-03-01T09:00:00+08:00'),
    language: asked.language ?? 'en',
    signal: new AbortController().signal,
  }
  const response = await service.answer(call)
  const problem = wrong(responseSchema, response)
  if (problem) throw new Error(problem)
  return response.cards
}

const ATC = 'http://www.whocc.no/atc'

/** A draft MedicationRequest: of an ATC code, or of a concept. */
export const draft = (id: string, what: string | object, more: object = {}) => ({
  resourceType: 'MedicationRequest',
  id,
  status: 'draft',
  intent: 'order',
  subject: { reference: 'Patient/1' },
  medicationCodeableConcept: typeof what === 'string' ? { coding: [{ system: ATC, code: what }], text: what } : what,
  ...more,
})

export const active = (id: string, what: string | object, more: object = {}) =>
  draft(id, what, { status: 'active', authoredOn: '2026-01-05', ...more })

/** What no service may throw at: wrong types, nothing where something ought to be, and references in a circle. */
export const hostile: readonly unknown[] = [
  null,
  {},
  { resourceType: 'Bundle' },
  { resourceType: 'Bundle', entry: 7 },
  ...[
    null,
    1,
    'text',
    [],
    {},
    { toString: 1 },
    [null, { coding: [null, { code: {} }] }],
    { coding: { code: 'x' } },
  ].map(value => searchset(RESOURCES().map(type => strange(type, value)))),
]

function RESOURCES(): readonly string[] {
  return 'AllergyIntolerance MedicationRequest Medication Observation Condition Immunization Patient FamilyMemberHistory DiagnosticReport Procedure MedicationAdministration Encounter RiskAssessment ImagingStudy'.split(
    ' ',
  )
}

/** A resource whose elements are all this value. */
function strange(resourceType: string, value: unknown): object {
  const elements =
    'id status intent code category text subject patient clinicalStatus verificationStatus criticality reaction recordedDate medicationCodeableConcept medicationReference contained authoredOn dosageInstruction effectiveDateTime effectivePeriod issued valueQuantity valueCodeableConcept valueInteger valueBoolean valueString component method interpretation birthDate gender deceasedBoolean vaccineCode occurrenceDateTime protocolApplied condition relationship onsetDateTime extension conclusion performedDateTime reasonReference bodySite stage focus started'.split(
      ' ',
    )
  return { ...Object.fromEntries(elements.map(element => [element, value])), resourceType }
}

/** Asks a service with each hostile value as its drafts and as each of its prefetch keys; throws what it throws. */
export async function endure(service: CdsService, good: Asked): Promise<void> {
  for (const value of hostile) {
    await cardsOf(service, { ...good, context: { ...good.context, draftOrders: value } })
    for (const key of Object.keys(service.prefetch ?? {}))
      await cardsOf(service, { ...good, prefetch: { ...good.prefetch, [key]: value } })
    await cardsOf(service, {
      context: { draftOrders: value },
      prefetch: Object.fromEntries(Object.keys(service.prefetch ?? {}).map(key => [key, value])),
    })
  }
}
