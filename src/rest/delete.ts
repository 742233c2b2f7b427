/**
 * Delete, by id or by criteria. What is not there is deleted already: deleting twice does no harm and makes no version.
 * https://hl7.org/fhir/R4/http.html#delete
 */
import { badRequest, preconditionFailed, tooCostly } from '../fhir/outcome.ts'
import type { Condition, Version, Write } from '../store/store.ts'
import { refuseDeletedState } from './app-state.ts'
import { expectation, matchCriteria, severalMatches } from './condition.ts'
import type { Context, FhirResponse, Plan, Resource, WriteInteraction } from './exchange.ts'
import { information } from './outcome-text.ts'

export const remove: WriteInteraction = {
  kind: 'write',
  name: 'delete',
  method: 'DELETE',
  path: ':type/:id',
  action: 'delete',
  async plan(context, { type, id }) {
    const ref = { type, id }
    const current = await context.store.read(ref)
    if (current?.text === undefined) {
      await refuseDeletedState(context, current)
      expectation(context, ref, current)
      return {
        writes: [],
        answer: () =>
          deleted(context, current, `There is no ${type}/${id}${current ? ' any more' : ''}; nothing was deleted.`),
      }
    }
    return deleting(context, current)
  },
}

export const conditionalDelete: WriteInteraction = {
  kind: 'write',
  name: 'delete',
  method: 'DELETE',
  path: ':type',
  action: 'delete',
  async plan(context, { type }, assigned) {
    const { request, settings, limits } = context
    if (request.query === '')
      throw badRequest(
        `DELETE needs to know which: DELETE ${type}/[id], or criteria as in DELETE ${type}?identifier=system|value.`,
        'required',
      )
    const several = settings.conditionalDelete === 'multiple'
    const most = several ? limits.maxMatches : 1
    // A transaction asks for two matches at most, which is enough unless several may go
    const { versions, condition } =
      (several ? undefined : assigned?.matched) ?? (await matchCriteria(context, type, request.query, most + 1))
    if (versions.length > most) {
      if (!several) throw severalMatches(type, request.query)
      throw tooCostly(
        `More than ${most} ${type} resources match, and one request deletes that many at most. Delete in steps, with narrower criteria.`,
      )
    }
    const [only, another] = versions
    if (!only) {
      if (request.headers['if-match'] !== undefined)
        throw preconditionFailed(`No ${type} matches the criteria, but If-Match asks for one.`)
      return {
        writes: assigned ? [{ do: 'check', condition }] : [],
        answer: () => deleted(context, undefined, `No ${type} matches; nothing was deleted.`),
      }
    }
    if (!another) return deleting(context, only, condition)
    const writes = versions.map((version, i) => write(context, version, i === 0 ? condition : undefined))
    return { writes, answer: made => deleted(context, undefined, `Deleted ${made.length} ${type} resources.`) }
  },
}

function deleting(context: Context, current: Version, condition?: Condition): Plan {
  const { type, id } = current.ref
  const answer = (versions: readonly Version[]) => deleted(context, versions[0], `Deleted ${type}/${id}.`)
  return { writes: [write(context, current, condition)], answer }
}

/** Expects the version read: one deleted meanwhile must not be deleted twice. */
function write(context: Context, current: Version, condition?: Condition): Write {
  expectation(context, current.ref, current)
  return {
    do: 'delete',
    ref: current.ref,
    expect: { is: 'version', version: current.version },
    ...(condition ? { condition } : {}),
  }
}

function deleted(context: Context, version: Version | undefined, said: string): FhirResponse {
  const about = version ? { version } : {}
  if (context.prefer.return !== 'OperationOutcome') return { status: 204, empty: true, ...about }
  return { status: 200, resource: information(said) as unknown as Resource, ...about }
}
