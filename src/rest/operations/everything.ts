/**
 * $everything: the compartment of a patient (or an encounter) and what its resources refer to, page by page.
 * https://hl7.org/fhir/R4/patient-operation-everything.html
 */
import { badRequest, gone, notFound } from '../../fhir/outcome.ts'
import { readDate } from '../../fhir/period.ts'
import type { Position } from '../../search/query.ts'
import type { Version } from '../../store/store.ts'
import { CURSOR, openCursor, sealCursor } from '../cursor.ts'
import type { Arguments, Context, FhirResponse, Match, Operation, OperationParameter, Ref } from '../exchange.ts'
import { quoted } from '../outcome-text.ts'
import { searchset, type BundleLink, type SearchsetEntry } from '../searchset.ts'
import { refsIn } from '../stored-references.ts'
import { compartmentOf, referredTo, type Asked, type Group } from './everything-record.ts'

const parameter = (name: string, type: string, documentation: string, max = '1'): OperationParameter => ({
  name,
  use: 'in',
  min: 0,
  max,
  type,
  documentation,
})

export const everything: Operation = {
  code: 'everything',
  definition: 'http://hl7.org/fhir/OperationDefinition/Patient-everything',
  title: 'The whole record of a patient, or all of an encounter',
  description: 'All resources of the compartment of a patient or an encounter, and those they refer to, in pages.',
  system: false,
  type: false,
  instance: true,
  types: ['Patient', 'Encounter'],
  affectsState: false,
  action: 'read',
  parameters: [
    parameter('start', 'date', 'Only records of care on or after this day, and those without a date of care.'),
    parameter('end', 'date', 'Only records of care on or before this day, and those without a date of care.'),
    parameter('_since', 'instant', 'Only resources changed at or after this time.'),
    parameter('_type', 'code', 'Only resources of these types, with commas between.', '*'),
    parameter('_count', 'integer', 'At most so many resources in a page.'),
    parameter(CURSOR, 'string', 'In the links of a page: where the next one begins.'),
    { name: 'return', use: 'out', min: 1, max: '1', type: 'Bundle' },
  ],
  run,
}

/** Where a page begins: in a group of the compartment's types, or behind one of the resources they refer to. */
type At = { readonly group: number; readonly after?: Position } | { readonly beyond: string }

interface Reading {
  readonly context: Context
  readonly focus: Ref
  readonly asked: Asked
  readonly groups: readonly Group[]
  /** What is referred to outside of the compartment; asked for once. */
  readonly beyond: () => Promise<readonly Version[]>
}

async function run(context: Context, { type, id }: Match, args: Arguments): Promise<FhirResponse> {
  const focus = { type, id }
  const version = await context.store.read(focus)
  if (!version) throw notFound(focus)
  if (version.text === undefined) throw gone(focus)

  const link = args.get(CURSOR)?.[0]
  if (link !== undefined && args.size > 1)
    throw badRequest(`A page link has ${CURSOR} and nothing else: the other parameters are in it.`)
  const cursor = link === undefined ? undefined : await openCursor<At>(context, String(link))
  const query = cursor ? cursor.query : printArguments(args)
  const { asked, count } = readAsked(context, new URLSearchParams(query))

  const reading = readingOf(context, focus, version, asked)
  const entries: SearchsetEntry[] = []
  let at: At | undefined = cursor?.at ?? { group: 0 }
  while (at && entries.length < count) at = await more(reading, at, count - entries.length, entries)
  if (at) at = await withMore(reading, at)

  const address = `${context.request.base}/${type}/${id}/$everything`
  const first = address + (query ? `?${query}` : '')
  const links: BundleLink[] = [{ relation: 'self', url: cursor ? `${address}?${CURSOR}=${String(link)}` : first }]
  if (cursor) links.push({ relation: 'first', url: first })
  if (at)
    links.push({
      relation: 'next',
      url: `${address}?${CURSOR}=${await sealCursor<At>(context, { query, asOf: cursor?.asOf ?? context.now(), at }, false)}`,
    })
  const total = cursor || at ? undefined : entries.filter(({ mode }) => mode === 'match').length
  return { status: 200, text: searchset({ base: context.request.base, total, links, entries, now: context.now() }) }
}

function readingOf(context: Context, focus: Ref, version: Version, asked: Asked): Reading {
  const own =
    focus.type === 'Patient'
      ? [focus]
      : refsIn(version.text!, context.request.base).filter(({ type }) => type === 'Patient')
  let beyond: Promise<readonly Version[]> | undefined
  return {
    context,
    focus,
    asked,
    groups: compartmentOf(context, focus, asked),
    beyond: () => (beyond ??= referredTo(context, focus, new Set(own.map(({ id }) => `Patient/${id}`)), asked)),
  }
}

/** The next resources, at most `room`, into `entries`; gives where to go on. */
async function more(
  { context, groups, beyond }: Reading,
  at: At,
  room: number,
  entries: SearchsetEntry[],
): Promise<At | undefined> {
  if ('beyond' in at) {
    const rest = (await beyond()).filter(({ ref }) => `${ref.type}/${ref.id}` > at.beyond)
    for (const version of rest.slice(0, room)) entries.push({ version, mode: 'include' })
    const last = rest[room - 1]
    return last && rest.length > room ? { beyond: `${last.ref.type}/${last.ref.id}` } : undefined
  }
  const group = groups[at.group]
  if (!group) return { beyond: '' }
  const { matches, next } = await context.store.find({
    ...group,
    sort: [],
    count: room,
    total: 'none',
    ...(at.after ? { after: at.after } : {}),
  })
  for (const version of matches) entries.push({ version, mode: 'match' })
  return next ? { group: at.group, after: next } : { group: at.group + 1 }
}

/** The same place, or one further on where there is something; undefined when nothing is left: no client gets an empty page. */
async function withMore(reading: Reading, from: At): Promise<At | undefined> {
  const found: SearchsetEntry[] = []
  for (let at: At | undefined = from; at; ) {
    const next: At | undefined = await more(reading, at, 1, found)
    if (found.length > 0) return at
    at = next
  }
  return undefined
}

/** The parameters as a query string: what the links carry. */
export function printArguments(args: Arguments): string {
  const query = new URLSearchParams()
  for (const [name, values] of args) if (name !== CURSOR) query.set(name, values.map(String).join(','))
  return query.toString()
}

/** The arguments of $everything and its like. Throws 400 for what is no type, no date, no number. */
export function readAsked({ definitions, limits }: Context, query: URLSearchParams): { asked: Asked; count: number } {
  const types = query
    .get('_type')
    ?.split(',')
    .map(each => each.trim())
  const wrong = types?.find(each => !definitions.isResourceType(each))
  if (wrong !== undefined) throw badRequest(`_type: ${quoted(wrong)} is not a resource type of FHIR R4.`, 'value')
  const time = (name: string) => {
    const text = query.get(name)
    const period = text === null ? undefined : readDate(text)
    if (text !== null && !period)
      throw badRequest(`${name} is ${quoted(text)}; it should be a date such as 2026-01-31.`, 'value')
    return period
  }
  const [since, start, end] = [time('_since')?.low, time('start')?.low, time('end')?.high]
  const asked: Asked = {
    ...(types ? { types } : {}),
    ...(since === undefined ? {} : { since }),
    ...(start === undefined ? {} : { start }),
    ...(end === undefined ? {} : { end }),
  }
  const count = query.get('_count')
  if (count !== null && !(Number(count) >= 1)) throw badRequest('_count is at least 1.', 'value')
  return { asked, count: Math.min(count === null ? limits.maxPageSize : Number(count), limits.maxPageSize) }
}
