/**
 * What the two servers of the canary harness hold: a record that a token may see, one that it may not, and the tokens.
 */
import { sharedTypes } from '../../src/access/patient-record.ts'
import type { Grant } from '../../src/access/grant.ts'
import { makeCatalogue } from '../../src/rest/catalogue.ts'
import type { Resource } from '../../src/rest/exchange.ts'
import { makeExtractor } from '../../src/search/extract.ts'
import { kinds } from '../../src/search/kinds.ts'
import { definitions } from '../help/server.ts'
import { makeMaker } from './canary-world.ts'

export const { extractor } = makeCatalogue(definitions, current => makeExtractor(current, kinds))
export const A = makeMaker('aalpaca', 11000, 2011)
export const B = makeMaker('bcanary', 77000, 1907)
export const CANARY = /bcanary|\b77\d{3}\b|1907-0/i

export type Stored = Resource & { id: string }
/** Of no compartment, or not for a patient's eyes; all types but those that everybody may read. */
export const types = definitions.resourceTypes.filter(type => !sharedTypes.has(type))

export const clock = Date.parse('2026-06-01T00:00:00Z')
export const ref = (reference: string) => ({ reference })

export const own: readonly Stored[] = [
  { resourceType: 'Organization', id: 'org', name: 'Hospital' },
  { resourceType: 'Practitioner', id: 'doc', name: [{ family: 'Doctor' }] },
  A.resource('Patient', definitions, {
    // what belongs to her speaks of the other record too
    link: [{ other: ref(B.patient), type: 'seealso' }],
    generalPractitioner: [ref('Practitioner/doc')],
    managingOrganization: ref('Organization/org'),
  }),
  ...['Condition', 'Encounter', 'Procedure', 'DocumentReference', 'List', 'Composition', 'CarePlan', 'Provenance'].map(
    type => A.resource(type, definitions),
  ),
  A.resource('Observation', definitions, {
    status: 'final',
    subject: ref(A.patient),
    hasMember: [ref(`Observation/${B.idOf('Observation')}`)],
    focus: [ref(B.patient)],
    derivedFrom: [ref(`DocumentReference/${B.idOf('DocumentReference')}`)],
    encounter: ref(`Encounter/${B.idOf('Encounter')}`),
    category: [{ coding: [{ code: 'laboratory' }] }],
  }),
  A.resource('Binary', definitions, { securityContext: ref(A.patient) }),
  A.resource('Device', definitions),
].map(resource => marked(resource))

/** Told by its tag, for the token that sees resources with this tag only. */
function marked(resource: Stored): Stored {
  return { ...resource, meta: { ...resource.meta, tag: [{ system: 'urn:t', code: 'own' }] } }
}

export const other: readonly Stored[] = [
  ...types.map(type => B.resource(type, definitions)),
  ...types.map(type => ({ ...B.resource(type, definitions), id: `${B.idOf(type)}-gone` })),
  {
    ...B.resource('Observation', definitions),
    id: `${B.mark}-obs-focus`,
    focus: [ref(A.patient)],
    subject: ref(B.patient),
  },
  {
    ...B.resource('Group', definitions),
    id: `${B.mark}-group-two`,
    member: [{ entity: ref(A.patient) }, { entity: ref(B.patient) }],
  },
  { ...B.resource('Patient', definitions), id: `${B.mark}-linked`, link: [{ other: ref(A.patient), type: 'seealso' }] },
  { ...B.resource('Binary', definitions), id: `${B.mark}-free`, securityContext: undefined },
  {
    ...B.resource('Bundle', definitions),
    id: `${B.mark}-bundle-two`,
    entry: [{ resource: B.resource('Patient', definitions) }, { resource: A.resource('Patient', definitions) }],
  },
  {
    ...B.resource('Basic', definitions),
    id: `${B.mark}-contained`,
    contained: [{ resourceType: 'Patient', id: 'p', name: [{ family: `${B.mark}inside` }] }],
  },
]

export const gone = other.filter(({ id }) => id.endsWith('-gone'))

export const grant = (scope: string, more: Partial<Grant> = {}): Grant => ({
  id: 'x',
  tenant: 'default',
  client: 'app',
  scope,
  issued: 0,
  expires: 1e12,
  ...more,
})

/** Of the record that tokens may see. */
export const id = A.idOf('Patient')

export const tokens: Readonly<Record<string, { grant: Grant; limited?: boolean }>> = {
  'patient/*.rs': { grant: grant('launch/patient patient/*.rs', { user: 'Practitioner/doc', patient: id }) },
  'patient/*.cruds': { grant: grant('patient/*.cruds', { user: 'Practitioner/doc', patient: id }) },
  'a granular patient/ scope': {
    grant: grant('patient/Observation.rs?category=laboratory patient/Patient.r', {
      user: 'Practitioner/doc',
      patient: id,
    }),
  },
  'user/*.cruds of the patient': {
    grant: grant('user/*.cruds patient/*.cruds', { user: `Patient/${id}`, patient: id }),
  },
  'user/*.* of a practitioner with limits': { grant: grant('user/*.*', { user: 'Practitioner/doc' }), limited: true },
  'a subset for a system': { grant: grant('system/*.cruds?_tag=urn:t|own') },
  'no scope for data': { grant: grant('openid fhirUser', { user: 'Practitioner/doc' }) },
  'a patient/ scope without a patient': { grant: grant('patient/*.cruds', { user: 'Practitioner/doc' }) },
}
