/**
 * Something that happened, as an AuditEvent after the Basic Audit Log Patterns: who (app, server, user), what, whose.
 * https://profiles.ihe.net/ITI/BALP/
 */
import type { AuditEvent, AuditEventAgent, AuditEventEntity, Coding } from 'fhir/r4'
import { ACCESS_EVENTS, type AccessEvent, type AuditedInteraction, type Recorded } from './audit-words.ts'

const DCM = 'http://dicom.nema.org/resources/ontology/DCM'
const BALP = 'https://profiles.ihe.net/ITI/BALP'
const ENTITY_TYPE = 'http://terminology.hl7.org/CodeSystem/audit-entity-type'
const ENTITY_ROLE = 'http://terminology.hl7.org/CodeSystem/object-role'
/** What HL7 and DICOM have no code for. */
export const OWN_EVENTS = 'https://fhir.dhp.tw.example/CodeSystem/audit-event'

const MOST_PATIENTS = 100
const LONGEST_QUERY = 8192

/** By interaction: action, and the pattern it follows when it succeeds. */
const rest: Readonly<Record<AuditedInteraction, readonly [action: AuditEvent['action'], pattern: string]>> = {
  read: ['R', 'Read'],
  vread: ['R', 'Read'],
  'history-instance': ['R', 'Read'],
  'history-type': ['R', ''],
  'history-system': ['R', ''],
  create: ['C', 'Create'],
  update: ['U', 'Update'],
  patch: ['U', 'Update'],
  delete: ['D', 'Delete'],
  'search-type': ['E', 'Query'],
  'search-system': ['E', 'Query'],
  transaction: ['E', ''],
  batch: ['E', ''],
  operation: ['E', ''],
}

const dcm = (code: string, display: string): Coding => ({ system: DCM, code, display })
const own = (code: string, display: string): Coding => ({ system: OWN_EVENTS, code, display })
const authentication = dcm('110114', 'User Authentication')
const application = dcm('110100', 'Application Activity')
const exporting = dcm('110106', 'Export')
const alert = dcm('110113', 'Security Alert')

const access: Readonly<Record<AccessEvent, readonly [type: Coding, subtype: Coding, action: AuditEvent['action']]>> = {
  launch: [application, own('launch', 'Launch of an app'), 'E'],
  'sign-in': [authentication, dcm('110122', 'Login'), 'E'],
  'sign-out': [authentication, dcm('110123', 'Logout'), 'E'],
  consent: [authentication, own('consent', 'Consent to an app'), 'E'],
  'token-issued': [authentication, own('token-issued', 'Access token issued'), 'C'],
  'token-refreshed': [authentication, own('token-refreshed', 'Access token refreshed'), 'U'],
  'token-revoked': [authentication, own('token-revoked', 'Token revoked'), 'D'],
  registration: [application, own('registration', 'Registration of an app'), 'E'],
  refused: [authentication, own('refused', 'Token refused'), 'E'],
  'break-glass': [alert, dcm('110127', 'Emergency Override Started'), 'E'],
  'export-start': [exporting, own('export-start', 'Bulk export started'), 'E'],
  'export-file': [exporting, own('export-file', 'Bulk export file fetched'), 'R'],
  'export-cancel': [exporting, own('export-cancel', 'Bulk export ended'), 'D'],
  'cds-call': [application, own('cds-call', 'CDS service called'), 'E'],
  configured: [application, own('configured', 'Configuration changed'), 'U'],
  unauthenticated: [authentication, own('unauthenticated', 'Request without a valid token'), 'E'],
}

const isAccess = (what: Recorded['what']): what is AccessEvent => (ACCESS_EVENTS as readonly string[]).includes(what)

/** The AuditEvent. `patients`: whose data it was about, as `Patient/1`. `server`: what is said of this server (a URL or a name). */
export function auditEvent(happened: Recorded, patients: readonly string[], server: string): AuditEvent {
  const { what, status, at, event, why, who } = happened
  const named = isAccess(what)
  const [type, subtype, action] = named
    ? access[what]
    : [
        { system: 'http://terminology.hl7.org/CodeSystem/audit-event-type', code: 'rest' },
        { system: 'http://hl7.org/fhir/restful-interaction', code: what },
        rest[what][0],
      ]
  const failed = status >= 400
  const pattern = named || failed ? '' : rest[what][1]
  const said = why ?? (failed ? String(status) : undefined)
  const entity = entities(happened, patients)
  return {
    resourceType: 'AuditEvent',
    id: event,
    ...(pattern && patients.length < 2 ? { meta: { profile: [profile(pattern, patients.length > 0)] } } : {}),
    type,
    subtype: [subtype, ...(happened.operation ? [own(happened.operation, `$${happened.operation}`)] : [])],
    ...(action ? { action } : {}),
    recorded: new Date(at).toISOString(),
    outcome: !failed ? '0' : status >= 500 ? '8' : what === 'break-glass' ? '8' : '4',
    ...(said ? { outcomeDesc: said } : {}),
    ...(who?.breakGlass ? { purposeOfEvent: [emergency] } : {}),
    agent: agents(happened, server),
    source: { observer: { display: server }, type: [serverType] },
    ...(entity.length > 0 ? { entity } : {}),
  }
}

const emergency = {
  coding: [{ system: 'http://terminology.hl7.org/CodeSystem/v3-ActReason', code: 'BTG', display: 'break the glass' }],
}
const serverType: Coding = {
  system: 'http://terminology.hl7.org/CodeSystem/security-source-type',
  code: '4',
  display: 'Application Server',
}

const profile = (pattern: string, patient: boolean) =>
  `${BALP}/StructureDefinition/IHE.BasicAudit.${patient ? 'Patient' : ''}${pattern}`

/** Who sends data is the source, who gets it the destination: of a read, the app gets it. */
function agents({ what, who = {}, from }: Recorded, server: string): AuditEventAgent[] {
  const reading = isAccess(what) ? what === 'export-file' : rest[what][1] === 'Read' || what.startsWith('history')
  const [source, destination] = [
    { coding: [dcm('110153', 'Source Role ID')] },
    { coding: [dcm('110152', 'Destination Role ID')] },
  ]
  const client: AuditEventAgent = {
    type: reading ? destination : source,
    who: { identifier: { value: who.client ?? who.caller ?? 'unknown' } },
    requestor: who.user === undefined,
    ...(from ? { network: { address: from, type: '2' } } : {}),
    ...(who.token ? { policy: [`urn:jti:${encodeURIComponent(who.token)}`] } : {}),
  }
  const own: AuditEventAgent = {
    type: reading ? source : destination,
    who: { display: server },
    requestor: false,
  }
  if (who.user === undefined) return [client, own]
  const user: AuditEventAgent = {
    type: { coding: [{ system: 'http://terminology.hl7.org/CodeSystem/v3-ParticipationType', code: 'IRCP' }] },
    who: { reference: who.user },
    requestor: true,
    ...(who.breakGlass ? { purposeOfUse: [emergency] } : {}),
  }
  return [client, own, user]
}

function entities(happened: Recorded, patients: readonly string[]): AuditEventEntity[] {
  const { type = '', id = '', version, query, request, claimed, who, more } = happened
  const list: AuditEventEntity[] = []
  if (id !== '' && /^[A-Za-z0-9\-.]{1,64}$/.test(id)) {
    const what = `${type}/${id}${version ? `/_history/${version}` : ''}`
    list.push({ what: { reference: what }, type: entityType('2'), role: role('4') })
  }
  if (query !== undefined)
    list.push({
      type: entityType('2'),
      role: role('24'),
      query: Buffer.from(query.slice(0, LONGEST_QUERY)).toString('base64'),
    })
  for (const patient of patients.slice(0, MOST_PATIENTS))
    list.push({ what: { reference: patient }, type: entityType('1'), role: role('1') })
  const unlisted = Math.max(0, patients.length - MOST_PATIENTS)
  const details = [
    ...(unlisted > 0 ? [{ type: 'patients-not-listed', valueString: String(unlisted) }] : []),
    ...(claimed ? [{ type: 'claimed-purpose-of-use', valueString: claimed }] : []),
    ...(more ? [{ type: 'resources-not-looked-at', valueString: String(more) }] : []),
  ]
  if (details.length > 0) list.push({ type: entityType('2'), role: role('4'), detail: details })
  if (who?.breakGlass)
    list.push({ type: entityType('4'), detail: [{ type: 'break-glass-reason', valueString: who.breakGlass }] })
  if (request)
    list.push({
      what: { identifier: { value: request } },
      type: { system: `${BALP}/CodeSystem/BasicAuditEntityType`, code: 'XrequestId' },
    })
  return list
}

const entityType = (code: string): Coding => ({ system: ENTITY_TYPE, code })
const role = (code: string): Coding => ({ system: ENTITY_ROLE, code })
