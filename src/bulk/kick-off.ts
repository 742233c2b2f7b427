/**
 * The $export operations: of all, of all patients, of the members of a Group.
 * https://hl7.org/fhir/uv/bulkdata/STU2/export.html#bulk-data-kick-off-request
 */
import { compartmentParams } from '../access/compartment.ts'
import { readDate } from '../fhir/period.ts'
import { readSubset } from '../fhir/subset.ts'
import { badRequest, outcome, type Issue } from '../fhir/outcome.ts'
import type { Context, FhirResponse, Operation, OperationParameter, Resource } from '../rest/exchange.ts'
import { quoted } from '../rest/outcome-text.ts'
import { permit } from '../rest/permit.ts'
import { sandboxUser } from '../access/caller.ts'
import { listOf, oneOf, readAsked, skip, type Asked } from './asked.ts'
import { PROVENANCE, readAssociated } from './associated.ts'
import { permitsOf } from './permits.ts'
import { readPatients } from './patients.ts'
import { readTypeFilters } from './type-filters.ts'
import { BULK, type Level, type Order } from './words.ts'

/** Takes an order in; gives the job's id. Rejects with a FhirError (429) when too much is waiting. */
export type Enqueue = (order: Order, patients: readonly string[] | undefined) => Promise<string>

/** The three of them, putting their orders into this queue. */
export function exports(enqueue: Enqueue): readonly Operation[] {
  const operation = (
    definition: string,
    title: string,
    where: Pick<Operation, 'system' | 'type' | 'instance' | 'types'> & Partial<Pick<Operation, 'action'>>,
    levelOf: (id: string) => Level,
  ): Operation => ({
    code: 'export',
    definition: `http://hl7.org/fhir/uv/bulkdata/OperationDefinition/${definition}`,
    title,
    description: `${title}, as files of NDJSON. Answers 202 with the address where the progress is told (Content-Location); needs Prefer: respond-async.`,
    ...where,
    affectsState: false,
    readsRequest: true,
    parameters: where.system ? parameters.filter(({ name }) => name !== 'patient') : parameters,
    run: (context, { id }) => kickOff(context, levelOf(id), enqueue),
  })
  return [
    operation(
      'export',
      'Export of everything',
      { system: true, type: false, instance: false, types: ['Resource'] },
      () => ({ of: 'system' }),
    ),
    operation(
      'patient-export',
      'Export of the records of all patients',
      { system: false, type: true, instance: false, types: ['Patient'], action: 'search' },
      () => ({ of: 'Patient' }),
    ),
    operation(
      'group-export',
      'Export of the records of the members of a Group',
      { system: false, type: false, instance: true, types: ['Group'], action: 'read' },
      id => ({ of: 'Group', id }),
    ),
  ]
}

const parameter = (name: string, type: string, max: string, documentation: string): OperationParameter => ({
  name,
  use: 'in',
  min: 0,
  max,
  type,
  documentation,
})

const parameters: readonly OperationParameter[] = [
  parameter('_outputFormat', 'string', '1', 'application/fhir+ndjson, application/ndjson or ndjson.'),
  parameter('_since', 'instant', '1', 'Only resources changed after this time; what was deleted since is told apart.'),
  parameter('_until', 'instant', '1', 'Only resources last changed at or before this time.'),
  parameter('_type', 'string', '*', 'Only resources of these types, with commas between.'),
  parameter(
    '_typeFilter',
    'string',
    '*',
    'Only resources of a type that a search such as Observation?status=final finds.',
  ),
  parameter('_elements', 'string', '*', 'Only these elements, such as id, Patient.name, with commas between.'),
  parameter(
    'includeAssociatedData',
    'code',
    '*',
    'LatestProvenanceResources: with each resource the Provenance last recorded of it, and no other; RelevantProvenanceResources: all Provenance of it.',
  ),
  parameter(
    'organizeOutputBy',
    'string',
    '1',
    'Patient: files hold one patient after another, each a Parameters resource that names the patient and then the record, as the draft of Bulk Data 3.0 says; what is in no record is left out.',
  ),
  parameter('patient', 'Reference', '*', 'Only the records of these patients; by POST.'),
]

async function kickOff(context: Context, level: Level, enqueue: Enqueue): Promise<FhirResponse> {
  const { request, caller } = context
  if (!context.prefer.async)
    throw badRequest('An export takes its time: ask for it with the header Prefer: respond-async.', 'required')
  const asked = readAsked(context)
  readFormat(asked)
  const organizedBy = readOrganizedBy(asked)
  if (level.of !== 'system' || organizedBy) permit(caller, 'Patient', 'search')
  const associated = readAssociated(asked)
  if (associated) for (const action of ['read', 'search'] as const) permit(caller, PROVENANCE, action)
  const permits = permitsOf(caller, context.definitions.resourceTypes)
  const types = readTypes(context, asked, organizedBy ? { of: 'Patient' } : level, permits).filter(
    type => type !== PROVENANCE || associated !== 'latest',
  )
  if (types.length === 0) throw badRequest('_type leaves nothing to export.', 'value', '_type')
  const patients = await readPatients(context, asked, level)
  const filters = await readTypeFilters(context, asked, associated ? [...types, PROVENANCE] : types)
  const time = (name: string) => readTime(asked, name)
  const [since, until] = [time('_since'), time('_until')]
  const elements = readElements(context, asked)
  const order: Order = {
    level,
    caller: caller.id,
    ...(caller.grant ? { grant: caller.grant } : {}),
    permits,
    types,
    filters,
    ...(since === undefined ? {} : { since: since.low }),
    ...(until === undefined ? {} : { until: until.high }),
    ...(elements ? { elements } : {}),
    ...(associated ? { associated } : {}),
    ...(organizedBy ? { organizedBy } : {}),
    ofPatients: patients !== undefined,
    request: `${request.base}/${request.path}${request.query ? `?${request.query}` : ''}`,
    warnings: asked.warnings,
    withToken: caller.id !== sandboxUser.id,
    asked: context.now(),
  }
  const id = await enqueue(order, patients)
  const headers = { 'Content-Location': `${request.base}/${BULK}/${id}` }
  return { status: 202, headers, resource: outcome([started, ...asked.warnings]) as unknown as Resource }
}

const started: Issue = {
  severity: 'information',
  code: 'informational',
  diagnostics: 'The export has begun. The Content-Location header tells where to ask how far it is.',
}

function readFormat(asked: Asked): void {
  // a '+' in a query string is a space
  const format = oneOf(asked, '_outputFormat')?.trim().toLowerCase().replace(' ', '+')
  if (format !== undefined && !['application/fhir+ndjson', 'application/ndjson', 'ndjson'].includes(format))
    throw badRequest(
      `_outputFormat is ${quoted(format)}; files are written as application/fhir+ndjson only.`,
      'not-supported',
      '_outputFormat',
    )
}

/** https://build.fhir.org/ig/HL7/bulk-data/export.html#bulk-data-output-file-organization */
function readOrganizedBy(asked: Asked): 'Patient' | undefined {
  const type = oneOf(asked, 'organizeOutputBy')
  if (type === undefined || type === 'Patient') return type
  skip(asked, `organizeOutputBy is ${quoted(type)}; output can be organized by Patient only.`)
  return undefined
}

/** The effective list: what was asked, or all there is at this level that the caller may see. Throws 403 for a type that is not permitted. */
function readTypes(context: Context, asked: Asked, level: Level, permits: Order['permits']): readonly string[] {
  const { definitions, caller } = context
  const isHere = (type: string) =>
    level.of === 'system' || compartmentParams(definitions, 'Patient', type) !== undefined
  const named = listOf(asked, '_type')
  if (!named) {
    const all = definitions.resourceTypes.filter(type => type in permits && isHere(type))
    if (all.length === 0) permit(caller, 'Patient', 'search')
    return all.toSorted(patientFirst)
  }
  const types = [...new Set(named)].filter(type => {
    if (!definitions.isResourceType(type)) {
      if (!asked.lenient)
        throw badRequest(`_type: ${quoted(type)} is not a resource type of FHIR R4.`, 'value', '_type')
      skip(asked, `_type: ${quoted(type)} is not a resource type of FHIR R4.`)
      return false
    }
    if (!isHere(type))
      skip(asked, `_type: ${type} is in no patient's record. Export it at the level of the system, [base]/$export.`)
    return isHere(type)
  })
  for (const type of types) {
    permit(caller, type, 'read')
    permit(caller, type, 'search')
  }
  return types.toSorted(patientFirst)
}

const patientFirst = (a: string, b: string) =>
  Number(b === 'Patient') - Number(a === 'Patient') || (a < b ? -1 : a > b ? 1 : 0)

function readTime(asked: Asked, name: string): { low: number; high: number } | undefined {
  // a '+' of a time zone in a query string is a space
  const text = oneOf(asked, name)?.replace(' ', '+')
  const period = text === undefined ? undefined : readDate(text)
  if (text !== undefined && !period)
    throw badRequest(`${name} is ${quoted(text)}; it should be an instant such as 2026-01-31T12:00:00Z.`, 'value', name)
  return period
}

function readElements(context: Context, asked: Asked): readonly string[] | undefined {
  const names = listOf(asked, '_elements')
  const options = names && readSubset(undefined, names.join(','))
  for (const name of options?.elements ?? []) {
    const [first = ''] = name.split('.')
    if (/^[A-Z]/.test(first) && !context.definitions.isResourceType(first))
      throw badRequest(`_elements: ${quoted(first)} is not a resource type of FHIR R4.`, 'value', '_elements')
  }
  return options?.elements
}
