/**
 * An ActivityDefinition as the request it asks for: what does not depend on the patient.
 * https://hl7.org/fhir/R4/activitydefinition-operation-apply.html
 */
import type { Resource } from '../fhir/types.ts'
import { listOf, objectOf, textOf } from './reading.ts'

type Plain = Readonly<Record<string, unknown>>

/** The kinds of requests that are made, and how each is made of a definition. */
const makers: Readonly<Record<string, (activity: Plain) => Plain>> = {
  ServiceRequest: activity => ({
    intent: intentOf(activity),
    ...picked(activity, { code: 'code', bodySite: 'bodySite', quantity: 'quantityQuantity', ...occurrence }),
    ...performer(activity),
    ...instantiates(activity, true),
  }),
  MedicationRequest: activity => ({
    intent: intentOf(activity),
    ...picked(activity, {
      productCodeableConcept: 'medicationCodeableConcept',
      productReference: 'medicationReference',
      dosage: 'dosageInstruction',
    }),
    ...(activity['quantity'] === undefined ? {} : { dispenseRequest: { quantity: activity['quantity'] } }),
    ...instantiates(activity, true),
  }),
  DeviceRequest: activity => ({
    intent: intentOf(activity),
    ...picked(activity, {
      productCodeableConcept: 'codeCodeableConcept',
      productReference: 'codeReference',
      ...occurrence,
    }),
    ...(activity['productCodeableConcept'] === undefined && activity['productReference'] === undefined
      ? picked(activity, { code: 'codeCodeableConcept' })
      : {}),
    ...instantiates(activity, true),
  }),
  Task: activity => ({
    intent: intentOf(activity),
    ...picked(activity, { code: 'code', description: 'description' }),
    ...instantiates(activity, false),
  }),
  CommunicationRequest: activity => {
    const { text, coding } = objectOf(activity['code'])
    const said = textOf(activity['description']) ?? textOf(text) ?? textOf(objectOf(listOf(coding)[0])['display'])
    return {
      ...picked(activity, { timingDateTime: 'occurrenceDateTime', timingPeriod: 'occurrencePeriod' }),
      ...(said === undefined ? {} : { payload: [{ contentString: said }] }),
    }
  },
}

const occurrence = {
  timingDateTime: 'occurrenceDateTime',
  timingPeriod: 'occurrencePeriod',
  timingTiming: 'occurrenceTiming',
}

/** The request, or in words why there is none. */
export function requestOf(activity: Plain): Resource | string {
  const kind = textOf(activity['kind']) ?? ''
  const maker = Object.hasOwn(makers, kind) ? makers[kind]! : undefined
  if (!maker) return `An ActivityDefinition here has a kind, one of ${Object.keys(makers).join(', ')}.`
  if (activity['transform'] !== undefined) return 'A transform (StructureMap) is not carried out here.'
  const { priority, doNotPerform, profile } = activity
  return structuredClone({
    resourceType: kind,
    ...(typeof profile === 'string' ? { meta: { profile: [profile] } } : {}),
    status: 'draft',
    ...(typeof priority === 'string' ? { priority } : {}),
    ...(doNotPerform === true && kind !== 'Task' && kind !== 'DeviceRequest' ? { doNotPerform } : {}),
    ...maker(activity),
  })
}

const intentOf = ({ intent }: Plain) => textOf(intent) ?? 'proposal'

/** The elements of these names under those of the request. */
const picked = (activity: Plain, names: Readonly<Record<string, string>>): Plain =>
  Object.fromEntries(
    Object.entries(names).flatMap(([from, to]) => (activity[from] === undefined ? [] : [[to, activity[from]]])),
  )

function performer({ participant }: Plain): Plain {
  const role = objectOf(listOf(participant)[0])['role']
  return role === undefined ? {} : { performerType: role }
}

function instantiates({ url, version }: Plain, many: boolean): Plain {
  if (typeof url !== 'string') return {}
  const canonical = typeof version === 'string' ? `${url}|${version}` : url
  return { instantiatesCanonical: many ? [canonical] : canonical }
}

/** Who it is for and who asks, as the call says; a template's own values stay. */
export function forWhom(
  request: Resource,
  facts: { patient?: string; user?: string; encounter?: string; now: string },
) {
  const { resourceType } = request
  const { patient, user, encounter, now } = facts
  const put = (name: string, value: unknown) => (request[name] ??= value)
  if (patient !== undefined) put(resourceType === 'Task' ? 'for' : 'subject', { reference: `Patient/${patient}` })
  if (encounter !== undefined) put('encounter', { reference: `Encounter/${encounter}` })
  if (user !== undefined) put('requester', { reference: user })
  put('authoredOn', now)
}
