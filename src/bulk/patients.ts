/**
 * Whose records are exported: the members of a Group, or the patients that were named.
 * https://hl7.org/fhir/uv/bulkdata/STU2/export.html#endpoint---group-of-patients
 */
import { compartmentParams } from '../access/compartment.ts'
import type { Definitions } from '../fhir/definitions.ts'
import { badRequest, gone, notFound } from '../fhir/outcome.ts'
import { readReference } from '../fhir/reference.ts'
import type { Context } from '../rest/exchange.ts'
import { listed, quoted } from '../rest/outcome-text.ts'
import type { Extractor, Filter } from '../search/query.ts'
import type { Store } from '../store/store.ts'
import { listOf, type Asked } from './asked.ts'
import type { Level } from './words.ts'

/** So many patients are asked for at once: for each page the store puts all that they have in order. */
export const PART = 25
/** So many are looked up at once. */
const LOOKED_UP = 500

/**
 * The ids of the patients, each once; undefined for all of the server. Patients that are not there, or not for this caller,
 * are left out of a Group and refused (400) when they are named.
 */
export async function readPatients(
  context: Context,
  asked: Asked,
  level: Level,
): Promise<readonly string[] | undefined> {
  const members = level.of === 'Group' ? await membersOf(context, level.id) : undefined
  const named = namedIn(context, asked, level)
  if (!named) return members
  const there = new Set(members ?? (await visible(context.store, named)))
  const missing = named.filter(id => !there.has(id))
  if (missing.length > 0)
    throw badRequest(
      `patient: there is no ${listed(
        missing.map(id => `Patient/${id}`),
        10,
      )} ${level.of === 'Group' ? 'in this Group' : 'on this server'}.`,
      'not-found',
      'patient',
    )
  return named
}

/** Of the Group itself: what a Group within it has does not count, nor do members that left. */
async function membersOf({ store, request }: Context, id: string): Promise<readonly string[]> {
  const ref = { type: 'Group', id }
  const group = await store.read(ref)
  if (!group) throw notFound(ref)
  if (group.text === undefined) throw gone(ref)
  const { member = [] } = JSON.parse(group.text) as {
    member?: { entity?: { reference?: string }; inactive?: boolean }[]
  }
  const ids = member.flatMap(({ entity, inactive }) => {
    const found = inactive === true ? undefined : readReference(entity?.reference ?? '', request.base)
    return found?.type === 'Patient' ? [found.id] : []
  })
  return visible(store, [...new Set(ids)])
}

function namedIn(context: Context, asked: Asked, level: Level): readonly string[] | undefined {
  const texts = listOf(asked, 'patient')
  if (!texts) return undefined
  if (context.request.method !== 'POST')
    throw badRequest('patient is sent in a Parameters resource, by POST.', 'not-supported', 'patient')
  if (level.of === 'system')
    throw badRequest('patient is for Patient/$export and Group/[id]/$export.', 'not-supported', 'patient')
  const ids = texts.map(text => {
    const found = readReference(text, context.request.base)
    if (found?.type !== 'Patient')
      throw badRequest(`patient: ${quoted(text)} is no reference such as Patient/123.`, 'value', 'patient')
    return found.id
  })
  return [...new Set(ids)]
}

async function visible(store: Store, ids: readonly string[]): Promise<readonly string[]> {
  const there = new Set<string>()
  for (let from = 0; from < ids.length; from += LOOKED_UP) {
    const some = ids.slice(from, from + LOOKED_UP).map(id => ({ type: 'Patient', id }))
    for (const { ref } of await store.readMany(some)) there.add(ref.id)
  }
  return ids.filter(id => there.has(id))
}

/** Whether a stored text speaks of one patient at most, as one can see without parsing it. */
export function isAboutOne(text: string): boolean {
  let first: string | undefined
  for (let at = text.indexOf(MARK); at >= 0; at = text.indexOf(MARK, at)) {
    at += MARK.length
    const id = text.slice(at, text.indexOf('"', at))
    first ??= id
    if (id !== first) return false
  }
  return true
}

const MARK = 'Patient/'

/** What is in the record of some patient of the server; undefined where a type is in no patient's record. */
export function ofAnyPatient(definitions: Definitions, type: string): Filter | undefined {
  const params = compartmentParams(definitions, 'Patient', type)
  if (!params) return undefined
  if (type === 'Patient') return { is: 'all', parts: [] }
  return {
    is: 'any',
    parts: params.map((param): Filter => ({ is: 'link', param, type: 'Patient', where: { is: 'all', parts: [] } })),
  }
}

/** What speaks of a patient, who may be there no longer: a whole record can be deleted. */
export function ofPatientThen(definitions: Definitions, type: string): Filter {
  if (type === 'Patient') return { is: 'all', parts: [] }
  const params = compartmentParams(definitions, 'Patient', type) ?? []
  return {
    is: 'any',
    parts: params.map(
      (param): Filter => ({
        is: 'has',
        param,
        kind: 'reference',
        where: { is: 'starts', column: 'ref', value: MARK },
      }),
    ),
  }
}

/** What is in the records of these patients. Of patients only themselves: others that they are linked to were not asked for. */
export function ofPatients(definitions: Definitions, type: string, ids: readonly string[]): Filter {
  if (type === 'Patient') return { is: 'id', ids }
  const values = ids.map(id => `Patient/${id}`)
  const parts = (compartmentParams(definitions, 'Patient', type) ?? []).map(
    (param): Filter => ({
      is: 'has',
      param,
      kind: 'reference',
      where: { is: 'one of', column: 'ref', values },
    }),
  )
  return { is: 'any', parts }
}

/** Tells in which part of the patients a resource is found first, so that it is exported once; undefined for none. */
export function firstPart(
  definitions: Definitions,
  extractor: Extractor,
  ids: readonly string[],
): (type: string, id: string, text: string) => number | undefined {
  const parts = new Map(ids.map((id, at) => [id, Math.floor(at / PART)]))
  return (type, id, text) => {
    if (type === 'Patient') return parts.get(id)
    const params = new Set(compartmentParams(definitions, 'Patient', type))
    let first: number | undefined
    for (const entry of extractor.entries(JSON.parse(text))) {
      if (entry.kind !== 'reference' || !params.has(entry.param) || !entry.ref.startsWith('Patient/')) continue
      const part = parts.get(entry.ref.slice('Patient/'.length))
      if (part !== undefined && (first === undefined || part < first)) first = part
    }
    return first
  }
}
