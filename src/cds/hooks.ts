/**
 * The hooks we know, and what the context of each must hold.
 * https://cds-hooks.hl7.org/hooks/
 */

/** What a field of a context may be. */
export type FieldKind =
  /** A logical id. */
  | 'id'
  /** `Practitioner/1`. */
  | 'reference'
  | 'references'
  | 'bundle'
  /** A resource of the type named. */
  | 'resource'
  | 'resources'

export interface Field {
  readonly kind: FieldKind
  readonly required: boolean
  /** Of references and resources: the types there may be; any when not given. */
  readonly types?: readonly string[]
}

export interface Hook {
  readonly name: string
  readonly title: string
  readonly context: Readonly<Record<string, Field>>
  /** Each group needs one of its fields. */
  readonly oneOf?: readonly (readonly string[])[]
}

const user: Field = {
  kind: 'reference',
  required: true,
  types: ['Practitioner', 'PractitionerRole', 'Patient', 'RelatedPerson'],
}
const patientId: Field = { kind: 'id', required: true }
const encounterId: Field = { kind: 'id', required: false }
const required = (field: Omit<Field, 'required'>): Field => ({ ...field, required: true })
const optional = (field: Omit<Field, 'required'>): Field => ({ ...field, required: false })
const person = { userId: user, patientId, encounterId }

export const hooks: readonly Hook[] = [
  { name: 'patient-view', title: 'A record is opened', context: person },
  {
    name: 'order-select',
    title: 'Orders are being chosen',
    context: {
      ...person,
      selections: required({ kind: 'references' }),
      draftOrders: required({ kind: 'bundle' }),
    },
  },
  {
    name: 'order-sign',
    title: 'Orders are about to be signed',
    context: { ...person, draftOrders: required({ kind: 'bundle' }) },
  },
  {
    name: 'order-dispatch',
    title: 'Somebody is chosen to carry out an order',
    context: {
      userId: { ...user, required: false },
      patientId,
      // as of version 1.0 and of version 1.1 of the hook
      order: optional({ kind: 'reference' }),
      task: optional({ kind: 'resource', types: ['Task'] }),
      dispatchedOrders: optional({ kind: 'references' }),
      fulfillmentTasks: optional({ kind: 'resources', types: ['Task'] }),
      performer: required({ kind: 'reference' }),
    },
    oneOf: [['order', 'dispatchedOrders']],
  },
  {
    name: 'appointment-book',
    title: 'Appointments are about to be booked',
    context: { ...person, appointments: required({ kind: 'bundle' }) },
  },
  {
    name: 'encounter-start',
    title: 'An encounter begins',
    context: { ...person, encounterId: patientId },
  },
  {
    name: 'encounter-discharge',
    title: 'A patient is about to be discharged',
    context: { ...person, encounterId: patientId },
  },
  {
    name: 'allergyintolerance-create',
    title: 'An allergy is about to be recorded',
    context: { ...person, allergyIntolerance: required({ kind: 'resource', types: ['AllergyIntolerance'] }) },
  },
  {
    name: 'problem-list-item-create',
    title: 'Problems were added to the list',
    context: { ...person, conditions: required({ kind: 'bundle' }) },
  },
  {
    name: 'medication-refill',
    title: 'A refill is asked for',
    context: { ...person, userId: { ...user, required: false }, medications: required({ kind: 'bundle' }) },
  },
]

const byName = new Map(hooks.map(hook => [hook.name, hook]))

export const hookNamed = (name: string): Hook | undefined => byName.get(name)
