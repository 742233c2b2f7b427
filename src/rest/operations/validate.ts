/**
 * $validate: what is wrong with a resource, without storing it. The answer is 200 with an OperationOutcome, also when the resource
 * is no FHIR at all.
 * https://hl7.org/fhir/R4/resource-operation-validate.html
 */
import { badRequest, gone, notFound, notSupported, outcome, type Issue } from '../../fhir/outcome.ts'
import { parseJson } from '../../fhir/json.ts'
import type { ValidateOptions } from '../../validation/words.ts'
import type { Arguments, Context, FhirResponse, Json, Match, Operation, Resource } from '../exchange.ts'
import { quoted } from '../outcome-text.ts'
import { permit } from '../permit.ts'
import { toldWith, resolverOf, ruleIssues } from '../validation.ts'
import { asked, MODES, type Asked, type Mode } from './validate-request.ts'
import * as says from './validate-texts.ts'

export const validate: Operation = {
  code: 'validate',
  definition: 'http://hl7.org/fhir/OperationDefinition/Resource-validate',
  title: 'What is wrong with a resource',
  description:
    'Validates a resource, sent or stored, against FHIR R4, the profiles it declares and those asked for. Each issue has its FHIRPath, its line and column in what was sent, and the rule it comes from, in English or Chinese (Accept-Language).',
  system: true,
  type: true,
  instance: true,
  types: ['Resource'],
  affectsState: false,
  readsBody: true,
  parameters: [
    {
      name: 'resource',
      use: 'in',
      min: 0,
      max: '1',
      type: 'Resource',
      documentation: 'Needed unless one is stored here.',
    },
    { name: 'mode', use: 'in', min: 0, max: '1', type: 'code', documentation: MODES.join(', ') },
    { name: 'profile', use: 'in', min: 0, max: '*', type: 'uri', documentation: 'Canonicals, also with |version.' },
    { name: 'return', use: 'out', min: 1, max: '1', type: 'OperationOutcome' },
  ],
  run,
}

async function run(context: Context, match: Match, args: Arguments): Promise<FhirResponse> {
  const { type, id } = match
  if (!context.validate) throw notSupported('This server does not validate.')
  if (type && id) permit(context.caller, type, 'read')
  const found = asked(context.request, type, args)
  const { problem, mode } = found
  if (problem) return said([problem])
  const stored = id ? await storedText(context, match) : undefined
  if (mode === 'delete') return said([deletable(context, match)])
  const sent = found.resource
  if (sent === undefined && stored === undefined)
    throw badRequest(
      'There is no resource to validate. Send it as the body, or as the parameter "resource" of a Parameters resource.',
      'required',
    )
  if (mode === 'profile' && found.profiles.length === 0)
    throw badRequest('mode=profile needs the parameter "profile": the canonical to validate against.', 'required')
  const resource = sent === undefined ? parseJson(Buffer.from(stored!)) : sent
  const findings = await context.validate(resource, optionsOf(context, found, mode))
  const issues = [
    ...mismatches(context, match, resource, mode),
    ...toldWith(findings, context.language, sent === undefined ? undefined : found),
    ...(isResource(resource) ? ruleIssues(context, resource) : []),
  ]
  return said(issues.length > 0 ? issues : [says.allWell(context.language)])
}

const said = (issues: readonly Issue[]): FhirResponse => ({
  status: 200,
  resource: outcome(issues) as unknown as Resource,
})

const isResource = (value: Json): value is Json & Resource =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

function optionsOf(context: Context, { profiles }: Asked, mode: Mode | undefined): ValidateOptions {
  return {
    profiles,
    ...(mode === 'profile' ? { onlyProfiles: true } : {}),
    ...(mode === 'create' || mode === 'update' ? { mode } : {}),
    resolve: resolverOf(context),
  }
}

/** The text of the resource the URL names. Throws 404 and 410. */
async function storedText({ store }: Context, { type, id }: Match): Promise<string> {
  const version = await store.read({ type, id })
  if (!version) throw notFound({ type, id })
  if (version.text === undefined) throw gone({ type, id })
  return version.text
}

/** Deleting asks nothing of the content: what counts is that it is there, and who asks. */
function deletable({ caller, language }: Context, { type, id }: Match): Issue {
  if (!id)
    throw badRequest('mode=delete is asked of a stored resource: POST [type]/[id]/$validate?mode=delete.', 'required')
  return caller.permits(type, 'delete') ? says.canBeDeleted(language) : says.mayNotDelete(language, type)
}

/** What of the resource does not agree with where it was sent. */
function mismatches(
  { language }: Context,
  { type, id }: Match,
  resource: Json,
  mode: Mode | undefined,
): readonly Issue[] {
  const { resourceType, id: own } = (resource ?? {}) as { resourceType?: unknown; id?: unknown }
  if (typeof resourceType !== 'string') return []
  if (type && resourceType !== type) return [says.otherType(language, resourceType, type)]
  if (mode === 'update' && own === undefined) return [says.noId(language, resourceType)]
  if (mode === 'update' && id && own !== id) return [says.otherId(language, resourceType, quoted(String(own)), id)]
  return []
}
