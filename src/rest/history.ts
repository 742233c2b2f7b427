/**
 * History of a resource, of a type, of everything: the versions, newest first, page by page.
 * https://hl7.org/fhir/R4/http.html#history
 */
import { historyBundle, type BundleLink } from '../fhir/bundle.ts'
import { badRequest, notFound } from '../fhir/outcome.ts'
import { readDate } from '../fhir/period.ts'
import { didYouMean } from '../search/suggest.ts'
import type { HistoryOf, HistoryQuery } from '../store/store.ts'
import { CURSOR, openCursor, sealCursor } from './cursor.ts'
import type { Context, FhirResponse, ReadInteraction } from './exchange.ts'
import { listed, quoted } from './outcome-text.ts'

export const historyInstance: ReadInteraction = {
  kind: 'read',
  name: 'history-instance',
  method: 'GET',
  path: ':type/:id/_history',
  action: 'read',
  async answer(context, { type, id }) {
    const ref = { type, id }
    if (!(await context.store.read(ref))) throw notFound(ref)
    return told(context, { ref })
  },
}

export const historyType: ReadInteraction = {
  kind: 'read',
  name: 'history-type',
  method: 'GET',
  path: ':type/_history',
  action: 'search',
  answer: (context, { type }) => told(context, { type }),
}

export const historySystem: ReadInteraction = {
  kind: 'read',
  name: 'history-system',
  method: 'GET',
  path: '_history',
  answer: context => told(context, { all: true }),
}

async function told(context: Context, of: HistoryOf): Promise<FhirResponse> {
  const { request, store } = context
  const cursor = new URLSearchParams(request.query).get(CURSOR)
  const opened = cursor === null ? undefined : await openCursor<number>(context, cursor)
  const asked = opened?.query ?? request.query
  const { query, self } = parseHistory(asked, of, context)
  const page = await store.history(opened ? { ...query, after: opened.at } : query)
  const here = `${request.base}/${request.path}`
  const asOf = opened?.asOf ?? context.now()
  const link = async (at: number) => `${here}?${CURSOR}=${await sealCursor(context, { query: self, asOf, at }, false)}`
  const links: BundleLink[] = [
    { relation: 'self', url: cursor === null ? here + (self ? `?${self}` : '') : `${here}?${CURSOR}=${cursor}` },
  ]
  links.push({ relation: 'first', url: here + (self ? `?${self}` : '') })
  if (page.next !== undefined && query.count > 0) links.push({ relation: 'next', url: await link(page.next) })
  const entries =
    query.count === 0 ? [] : page.versions.map(version => ({ ...version, type: version.ref.type, id: version.ref.id }))
  return { status: 200, text: historyBundle(request.base, entries, page.total, links, context.newId(), context.now()) }
}

const known = ['_since', '_at', '_count', '_sort']
/** About the form of the answer; not this file's. */
const formal = new Set(['_format', '_pretty', CURSOR])

/** The parameters of a history, and the query string of what was applied. Throws 400 for what cannot be used. */
function parseHistory(text: string, of: HistoryOf, context: Context): { query: HistoryQuery; self: string } {
  const { limits, prefer, settings } = context
  let query: HistoryQuery = { of, count: limits.pageSize }
  const self = new URLSearchParams()
  for (const [name, value] of new URLSearchParams(text)) {
    if (formal.has(name)) continue
    const read = Object.hasOwn(parameters, name) ? parameters[name]! : undefined
    if (!read) {
      if ((prefer.handling ?? settings.handling) === 'lenient') continue
      throw badRequest(
        `A history has no parameter ${quoted(name)}.${didYouMean(name, known)} It has ${listed(known)}.`,
        'not-supported',
      )
    }
    if (self.has(name)) throw badRequest(`${name} stands twice; give it once.`)
    self.append(name, value)
    query = { ...query, ...read(value) }
  }
  return { query: { ...query, count: Math.min(query.count, limits.maxPageSize) }, self: self.toString() }
}

const parameters: Readonly<Record<string, (value: string) => Partial<HistoryQuery>>> = {
  _count(value) {
    if (!/^\d{1,9}$/.test(value))
      throw badRequest(`_count is ${quoted(value)}; it is a number of entries, such as 20, or 0 for the total only.`)
    return { count: Number(value) }
  },
  _since: value => ({ since: time('_since', value).low }),
  _at: value => ({ at: time('_at', value) }),
  _sort(value) {
    if (value === '_lastUpdated' || value === '-_lastUpdated') return { oldestFirst: value === '_lastUpdated' }
    throw badRequest(
      `A history is sorted by _sort=-_lastUpdated (newest first) or _sort=_lastUpdated, not by ${quoted(value)}.`,
    )
  },
}

function time(name: string, value: string) {
  // A '+' before a zone, sent as it is, arrives as a space
  const range = readDate(value.replace(' ', '+'))
  if (!range)
    throw badRequest(
      `${name} is ${quoted(value)}; it is a date such as 2024-05-01 or an instant such as 2024-05-01T13:00:00Z.`,
    )
  return range
}
