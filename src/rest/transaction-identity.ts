/**
 * Which resource each entry of a transaction is about, decided before anything is planned, so that references can be resolved.
 * https://hl7.org/fhir/R4/http.html#trules
 */
import { badRequest } from '../fhir/outcome.ts'
import { about, type Entry } from './bundle.ts'
import { matchCriteria, severalMatches } from './condition.ts'
import type { Context, Identity, Match, Matched, Ref } from './exchange.ts'
import type { Breather } from './breather.ts'

/** An entry with the interaction it asks for. */
export interface Routed extends Entry {
  readonly match: Match
  /** The id of what it creates; the same when it is planned again. */
  newId?: string
}

/** A writing entry with its identity; undefined when it may be about several or none (a conditional delete). */
export interface Assigned {
  readonly entry: Routed
  readonly identity: Identity | undefined
}

/**
 * The identities of writing entries, in their order. Throws 412 for criteria that match several, 400 for two entries with one
 * identity or with one If-None-Exist.
 */
export async function assign(
  context: Context,
  entries: readonly Routed[],
  breathe: Breather,
): Promise<readonly Assigned[]> {
  const claims = new Map<string, number>()
  const criteria = new Map<string, number>()
  const assigned: Assigned[] = []
  for (const entry of entries) {
    try {
      const asked = criteriaOf(entry)
      if (asked !== undefined && entry.request.method === 'POST')
        claim(criteria, `${entry.match.type}?${asked}`, entry.index, 'the same If-None-Exist')
      const matched = asked === undefined ? undefined : await match(context, entry, asked)
      const ref = refOf(context, entry, matched)
      // A create that finds its resource writes nothing; but one that another entry deletes must not be referred to
      const found = entry.request.method === 'POST' && matched?.versions.length === 1
      if (ref && found && deletes(claims, entries, ref))
        throw badRequest(
          `If-None-Exist finds ${ref.type}/${ref.id}, which Bundle.entry[${claims.get(`${ref.type}/${ref.id}`)!}] deletes. Send them in two transactions.`,
          'invalid',
        )
      if (ref && !found) claim(claims, `${ref.type}/${ref.id}`, entry.index, `${ref.type}/${ref.id}`)
      assigned.push({ entry, identity: ref ? { ref, ...(matched ? { matched } : {}) } : undefined })
    } catch (error) {
      throw about(entry.index, error)
    }
    if (breathe.due()) await breathe.now()
  }
  return assigned
}

function claim(claims: Map<string, number>, key: string, index: number, what: string): void {
  const other = claims.get(key)
  if (other !== undefined)
    throw badRequest(
      `Bundle.entry[${other}] has ${what} too; each resource may stand in a transaction once.`,
      'invalid',
    )
  claims.set(key, index)
}

const deletes = (claims: ReadonlyMap<string, number>, entries: readonly Routed[], ref: Ref) => {
  const index = claims.get(`${ref.type}/${ref.id}`)
  return index !== undefined && entries.some(entry => entry.index === index && entry.request.method === 'DELETE')
}

/** The criteria of a conditional entry, its parameters in one order, so that the same ones are seen to be the same. */
function criteriaOf({ request, match }: Routed): string | undefined {
  const text =
    request.method === 'POST'
      ? request.headers['if-none-exist']
      : match.id === '' && request.query !== ''
        ? request.query
        : undefined
  if (text === undefined) return undefined
  const start = text.startsWith(`${match.type}?`) ? match.type.length + 1 : text.startsWith('?') ? 1 : 0
  return text.slice(start).split('&').sort().join('&')
}

/** What the criteria match; undefined where the plan has to ask for itself, since it may take several. */
async function match(
  context: Context,
  { request, match: { type } }: Routed,
  criteria: string,
): Promise<Matched | undefined> {
  if (request.method === 'DELETE' && context.settings.conditionalDelete === 'multiple') return undefined
  const matched = await matchCriteria(context, type, criteria)
  if (matched.versions.length > 1) throw severalMatches(type, criteria)
  return matched
}

function refOf(context: Context, entry: Routed, matched: Matched | undefined): Ref | undefined {
  const { request, match } = entry
  const { type, id } = match
  if (matched?.versions[0]) return matched.versions[0].ref
  if (id !== '') return { type, id }
  if (request.method === 'POST') return { type, id: (entry.newId ??= context.newId()) }
  if (request.method !== 'PUT' || !matched) return undefined
  const own = (request.body as { id?: unknown } | undefined)?.id
  return { type, id: typeof own === 'string' ? own : (entry.newId ??= context.newId()) }
}
