/**
 * Patch, by JSON Patch or FHIRPath Patch, of a resource named by its id or by criteria.
 * https://hl7.org/fhir/R4/http.html#patch
 */
import { badRequest, gone, notFound, unsupportedMediaType } from '../fhir/outcome.ts'
import { parseJson } from '../fhir/json.ts'
import { applyPatch } from '../fhir/patch.ts'
import type { Condition, Version } from '../store/store.ts'
import { asState, refuseDeletedState } from './app-state.ts'
import { checked } from './checked.ts'
import { expectation, matchCriteria, severalMatches } from './condition.ts'
import type { Context, Json, Plan, Resource, WriteInteraction } from './exchange.ts'
import { accepted } from './received.ts'
import { mannerOf } from './validation.ts'
import { answered, put } from './write.ts'

export const patch: WriteInteraction = {
  kind: 'write',
  name: 'patch',
  method: 'PATCH',
  path: ':type/:id',
  action: 'update',
  async plan(context, { type, id }) {
    const ref = { type, id }
    const current = await context.store.read(ref)
    if (!current) throw notFound(ref)
    await refuseDeletedState(context, current)
    if (current.text === undefined) throw gone(ref)
    return patching(context, current)
  },
}

export const conditionalPatch: WriteInteraction = {
  kind: 'write',
  name: 'patch',
  method: 'PATCH',
  path: ':type',
  action: 'update',
  async plan(context, { type }, assigned) {
    const { query } = context.request
    if (query === '')
      throw badRequest(
        `PATCH needs to know which: PATCH ${type}/[id], or criteria as in PATCH ${type}?identifier=system|value.`,
        'required',
      )
    const matched = assigned?.matched ?? (await matchCriteria(context, type, query))
    const [existing, another] = matched.versions
    if (another) throw severalMatches(type, query)
    if (!existing) throw notFound(`No ${type} matches the criteria, so there is nothing to patch.`)
    return patching(context, existing, matched.condition)
  },
}

async function patching(context: Context, current: Version, condition?: Condition): Promise<Plan> {
  const { request, definitions } = context
  const { ref } = current
  if (request.body === undefined)
    throw badRequest(
      'There is no body; it should be a JSON Patch or a Parameters resource with a FHIRPath Patch.',
      'structure',
    )
  if (Buffer.isBuffer(request.body))
    throw unsupportedMediaType('A patch is sent as application/json-patch+json or application/fhir+json (Parameters).')
  expectation(context, ref, current)
  const stored = parseJson(Buffer.from(current.text!)) as unknown as Resource
  const result = applyPatch(
    stored,
    request.body,
    request.headers['content-type'] ?? patchType(request.body),
    definitions,
  )
  const resource = await accepted(context, checked(result, ref.type, definitions, mannerOf(context)))
  // The patch was made for this version; another's write in between means to patch that one
  const marked = asState(context, resource, current)
  const write = put(context, ref, 'PATCH', marked, { is: 'version', version: current.version }, condition)
  return { writes: [write], answer: ([version]) => answered(context, 200, version!) }
}

/** Entries of a Bundle say no content type: then the body's shape tells. */
const patchType = (body: Json) => (Array.isArray(body) ? 'application/json-patch+json' : 'application/fhir+json')
