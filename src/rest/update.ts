/**
 * Update: the new content of a resource, by its id or by criteria; one that is not there is created.
 * https://hl7.org/fhir/R4/http.html#update
 */
import { badRequest, conflict } from '../fhir/outcome.ts'
import type { Version, Write } from '../store/store.ts'
import { asState, refuseDeletedState } from './app-state.ts'
import { isId } from './check.ts'
import { expectation, matchCriteria, severalMatches } from './condition.ts'
import type { Context, Match, Plan, Ref, Resource, WriteInteraction } from './exchange.ts'
import { listed, quoted, shown } from './outcome-text.ts'
import { received } from './received.ts'
import { answered, put } from './write.ts'

export const update: WriteInteraction = {
  kind: 'write',
  name: 'update',
  method: 'PUT',
  path: ':type/:id',
  action: 'update',
  async plan(context, { type, id }) {
    const ref = { type, id }
    if (!isId(id))
      throw badRequest(`${quoted(id)} cannot be an id: ids have 1 to 64 of A-Z, a-z, 0-9, "-" and ".".`, 'value')
    const resource = await received(context, type)
    // Only FHIR bodies have an id to agree with; a Binary may come as its bytes
    if (!Buffer.isBuffer(context.request.body)) sameId(resource, ref)
    const current = await context.store.read(ref)
    await refuseDeletedState(context, current)
    const expect = expectation(context, ref, current)
    const write = put(context, ref, 'PUT', asState(context, resource, current), expect)
    return { writes: [write], answer: ([version]) => answered(context, updateStatus(version!, current), version!) }
  },
}

export const conditionalUpdate: WriteInteraction = {
  kind: 'write',
  name: 'update',
  method: 'PUT',
  path: ':type',
  action: 'update',
  async plan(context, match, assigned) {
    const { type } = match
    const { query } = context.request
    if (query === '')
      throw badRequest(
        `PUT needs to know which: PUT ${type}/[id], or criteria as in PUT ${type}?identifier=system|value.`,
        'required',
      )
    const resource = await received(context, type)
    const matched = assigned?.matched ?? (await matchCriteria(context, type, query))
    const [existing, another] = matched.versions
    if (another) throw severalMatches(type, query)
    if (existing) {
      if (resource.id !== undefined && resource.id !== existing.ref.id) {
        throw badRequest(
          `The criteria match ${type}/${existing.ref.id}, but the body has the id ${shown(resource.id)}. Leave the id out, or correct the criteria.`,
          'value',
          `${type}.id`,
        )
      }
      const expect = expectation(context, existing.ref, existing)
      const stored = asState(context, resource, existing)
      const write = put(context, existing.ref, 'PUT', stored, expect, matched.condition)
      return { writes: [write], answer: ([version]) => answered(context, updateStatus(version!, existing), version!) }
    }
    const ref = newRef(context, match, resource, assigned?.ref)
    const before = await context.store.read(ref)
    if (before?.text !== undefined)
      throw conflict(
        `No ${type} matches the criteria, but ${type}/${ref.id}, the id in the body, exists. Leave the id out, or update ${type}/${ref.id}.`,
      )
    await refuseDeletedState(context, before)
    expectation(context, ref, before)
    const write = put(context, ref, 'PUT', asState(context, resource), { is: 'nothing' }, matched.condition)
    return creating(context, resource.id === undefined ? { ...write, fresh: true } : write)
  },
}

function newRef(context: Context, { type }: Match, resource: Resource, assigned: Ref | undefined): Ref {
  if (resource.id === undefined) return assigned ?? { type, id: context.newId() }
  if (!isId(String(resource.id)))
    throw badRequest(
      `${shown(resource.id)} cannot be an id: ids have 1 to 64 of A-Z, a-z, 0-9, "-" and ".".`,
      'value',
      `${type}.id`,
    )
  return { type, id: String(resource.id) }
}

function creating(context: Context, write: Write): Plan {
  return { writes: [write], answer: ([version]) => answered(context, 201, version!) }
}

function sameId(resource: Resource, ref: Ref): void {
  if (resource.id === ref.id) return
  const named = resource.id === undefined ? 'no id' : `the id ${shown(resource.id)}`
  throw badRequest(
    `The body has ${named}, but the URL names ${listed([`${ref.type}/${ref.id}`])}; they must be the same.`,
    'value',
    `${ref.type}.id`,
  )
}

/** 201 when the write made the resource, or brought it back after its deletion. */
export function updateStatus(version: Version, before: Version | undefined): 200 | 201 {
  if (version.version === '1') return 201
  return before !== undefined && before.text === undefined && Number(version.version) === Number(before.version) + 1
    ? 201
    : 200
}
