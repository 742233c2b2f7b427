/**
 * The references between the entries of a transaction: `urn:uuid:` and other fullUrls, and conditional ones, become literal.
 * https://hl7.org/fhir/R4/http.html#trules
 */
import { copyJson } from '../fhir/json.ts'
import { badRequest, preconditionFailed } from '../fhir/outcome.ts'
import { rewriteReferences, typeOfReference, type LinkPlace } from '../fhir/reference.ts'
import { match, type Subject, type World } from '../search/match.ts'
import type { Filter } from '../search/query.ts'
import type { Expectation, Write } from '../store/store.ts'
import { about } from './bundle.ts'
import { matchCriteria, severalMatches } from './condition.ts'
import type { Context, Json, Ref } from './exchange.ts'
import { quoted } from './outcome-text.ts'
import type { Assigned } from './transaction-identity.ts'
import { AS_VERSION_SPECIFIC, nameVersions, type Pinned } from './transaction-versions.ts'
import type { Breather } from './breather.ts'

export interface Linked {
  readonly entries: readonly Assigned[]
  /** What the conditional references relied on. */
  readonly checks: readonly Write[]
  /** What the version-specific references rely on. */
  readonly pinned: ReadonlyMap<string, Expectation>
}

/**
 * Rewrites the references in the entries' resources. In place, unless what they become may be another thing when the transaction is
 * planned again: then in a copy. Throws 400 for a `urn:uuid:` that is no entry's, 412 for a conditional reference
 * without exactly one match.
 */
export async function link(context: Context, assigned: readonly Assigned[], breathe: Breather): Promise<Linked> {
  const targets = targetsOf(assigned)
  const mayChange = assigned.some(({ identity }) => identity?.matched !== undefined)
  const asked = new Map<string, Asked>()
  const entries = [...assigned]
  const open: number[] = []
  const pinned: Pinned = new Map()
  for (const [at, each] of assigned.entries()) {
    const body = bodyOf(each)
    if (!body) continue
    const own = mayChange ? copyJson(body) : body
    if (rewriteLiteral(context, own, each, targets, asked)) open.push(at)
    entries[at] = withBody(each, own)
    if (breathe.due()) await breathe.now()
  }
  const byRef = new Map(open.length > 0 ? assigned.flatMap(each => refOf(each)) : [])
  const checks = await resolve(context, asked, entries, breathe)
  for (const at of open) {
    const each = entries[at]!
    // The request keeps what it asks: planned again, criteria and versions may come out otherwise
    const own = mayChange ? bodyOf(each)! : copyJson(bodyOf(each)!)
    rewriteReferences(
      own,
      (text, place) => (place === 'reference' ? asked.get(text)?.answer : undefined),
      context.definitions,
    )
    await nameVersions(context, own, byRef, pinned)
    entries[at] = withBody(each, own)
  }
  return { entries, checks, pinned }
}

const refOf = (each: Assigned): [string, Assigned][] =>
  each.identity ? [[`${each.identity.ref.type}/${each.identity.ref.id}`, each]] : []

/** A conditional reference: the entry that has it first, and what it turns out to be. */
interface Asked {
  readonly index: number
  answer?: string
}

function bodyOf({ entry }: Assigned): object | undefined {
  const { body } = entry.request
  return typeof body === 'object' && body !== null && !Buffer.isBuffer(body) ? body : undefined
}

const withBody = (each: Assigned, body: object): Assigned =>
  each.entry.request.body === body
    ? each
    : { ...each, entry: { ...each.entry, request: { ...each.entry.request, body: body as Json } } }

interface Targets {
  /** fullUrl → `Patient/123`. */
  readonly byUrl: ReadonlyMap<string, string>
  /** The same by the id that a created resource came with, for Bundles whose entries have no fullUrl. */
  readonly byOwnId: ReadonlyMap<string, string>
  /** The lengths of the fullUrls: most texts need no closer look. */
  readonly lengths: ReadonlySet<number>
}

function targetsOf(assigned: readonly Assigned[]): Targets {
  const byUrl = new Map<string, string>()
  const byOwnId = new Map<string, string>()
  for (const { entry, identity } of assigned) {
    const { fullUrl, index, request } = entry
    if (!identity || request.method === 'DELETE') continue
    const { type, id } = identity.ref
    const target = `${type}/${id}`
    if (fullUrl !== undefined) {
      const other = byUrl.get(fullUrl)
      if (other !== undefined && other !== target)
        throw about(
          index,
          badRequest(`The fullUrl ${quoted(fullUrl)} is another entry's too; give each its own.`, 'invalid'),
        )
      byUrl.set(fullUrl, target)
    } else if (request.method === 'POST') {
      const own = (request.body as { id?: unknown } | undefined)?.id
      if (typeof own === 'string') byOwnId.set(`${type}/${own}`, target)
    }
  }
  return { byUrl, byOwnId, lengths: new Set([...byUrl.keys()].map(url => url.length)) }
}

/** Rewrites what is known by fullUrl; collects conditional references in `asked`. Gives whether there is more to do in this body. */
function rewriteLiteral(
  context: Context,
  body: object,
  { entry }: Assigned,
  { byUrl, byOwnId, lengths }: Targets,
  asked: Map<string, Asked>,
): boolean {
  const root = rootOf(entry.fullUrl) ?? context.request.base
  let more = false
  const rewrite = (text: string, place: LinkPlace): string | undefined => {
    const target = byUrl.get(text)
    if (target !== undefined) return target
    if (place === 'uri' && text === AS_VERSION_SPECIFIC) more = true
    if (place !== 'reference' || text.startsWith('#')) return undefined
    if (text.startsWith('urn:uuid:') || text.startsWith('urn:oid:')) {
      throw badRequest(
        `The reference ${quoted(text)} is to no entry of this transaction: no fullUrl is that.`,
        'not-found',
      )
    }
    if (isConditional(text)) {
      more = true
      if (!asked.has(text)) asked.set(text, { index: entry.index })
      return undefined
    }
    return byUrl.size + byOwnId.size > 0
      ? (byUrl.get(`${root}/${text}`) ?? (entry.fullUrl === undefined ? byOwnId.get(text) : undefined))
      : undefined
  }
  try {
    rewriteReferences(
      body,
      rewrite,
      context.definitions,
      text => (lengths.has(text.length) && byUrl.has(text)) || text === AS_VERSION_SPECIFIC,
    )
  } catch (error) {
    throw about(entry.index, error)
  }
  return more
}

const isConditional = (text: string) => /^[A-Z][A-Za-z]{1,63}\?/.test(text)

/** Where a fullUrl such as `http://hospital.example/fhir/Patient/1` has its server: relative references beside it are that server's. */
function rootOf(fullUrl: string | undefined): string | undefined {
  if (fullUrl === undefined || !fullUrl.startsWith('http') || typeOfReference(fullUrl) === undefined) return undefined
  return fullUrl.slice(0, fullUrl.lastIndexOf('/', fullUrl.lastIndexOf('/') - 1))
}

/** Answers the conditional references, each once. */
async function resolve(
  context: Context,
  asked: ReadonlyMap<string, Asked>,
  entries: readonly Assigned[],
  breathe: Breather,
): Promise<Write[]> {
  const checks: Write[] = []
  let world: ReturnType<typeof worldOf> | undefined
  for (const [text, question] of asked) {
    try {
      const mark = text.indexOf('?')
      const type = text.slice(0, mark)
      if (!context.definitions.isResourceType(type))
        throw badRequest(
          `The reference ${quoted(text)} asks for ${quoted(type)}, which is not a resource type.`,
          'value',
        )
      const { versions, condition } = await matchCriteria(context, type, text.slice(mark + 1))
      const [only, another] = versions
      if (another) throw severalMatches(type, text)
      const ref = only?.ref ?? amongEntries((world ??= worldOf(context, entries)), type, condition.query.filter, text)
      question.answer = `${ref.type}/${ref.id}`
      checks.push({ do: 'check', condition })
    } catch (error) {
      throw about(question.index, error)
    }
    if (breathe.due()) await breathe.now()
  }
  return checks
}

/** What the transaction itself is about to write, as search sees it. Only that is looked at: chains lead no further. */
function worldOf(
  context: Context,
  entries: readonly Assigned[],
): World & { readonly subjects: ReadonlyMap<string, Subject> } {
  const { extractor } = context
  const subjects = new Map<string, Subject>()
  for (const each of entries) {
    const resource = bodyOf(each)
    const { method } = each.entry.request
    if (!each.identity || !resource || (method !== 'POST' && method !== 'PUT')) continue
    const { ref } = each.identity
    const found = extractor.entries(resource)
    subjects.set(`${ref.type}/${ref.id}`, { ref, updated: context.now(), entries: found, resource })
  }
  const refers = (subject: Subject, param: string, ref: string) =>
    subject.entries.some(entry => entry.kind === 'reference' && entry.param === param && entry.ref === ref)
  return {
    subjects,
    extractor,
    get: ref => subjects.get(ref),
    referrers: (type, param, ref) =>
      [...subjects.values()].filter(subject => subject.ref.type === type && refers(subject, param, ref)),
  }
}

function amongEntries(world: ReturnType<typeof worldOf>, type: string, filter: Filter, text: string): Ref {
  const found = [...world.subjects.values()].filter(
    subject => subject.ref.type === type && match(filter, subject, world),
  )
  if (found.length > 1) throw severalMatches(type, text)
  if (found[0]) return found[0].ref
  throw preconditionFailed(
    `The reference ${quoted(text)} leads to nothing: no ${type} on this server or in the transaction matches.`,
    'not-found',
  )
}
