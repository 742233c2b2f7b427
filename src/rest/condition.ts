/**
 * The conditions of a request: criteria (If-None-Exist, URLs with a query) and versions (If-Match, If-None-Match).
 * https://hl7.org/fhir/R4/http.html#cond-update
 */
import { badRequest, preconditionFailed } from '../fhir/outcome.ts'
import type { Ref } from '../fhir/types.ts'
import { parseSearch } from '../search/parse.ts'
import type { Expectation, Version } from '../store/store.ts'
import type { Context, Matched } from './exchange.ts'
import { needsVersion } from './app-state.ts'
import { listed, quoted } from './outcome-text.ts'

/**
 * What the criteria match now, at most `limit` resources. Unknown parameters are refused (400) whatever `Prefer`
 * says: ignoring one would change or delete what was not meant.
 */
export async function matchCriteria(context: Context, type: string, criteria: string, limit = 2): Promise<Matched> {
  const start = criteria.startsWith('?') ? 1 : criteria.startsWith(`${type}?`) ? type.length + 1 : 0
  const pairs = [...new URLSearchParams(criteria.slice(start))].filter(([name]) => !formal.has(name))
  const [wrong] = pairs.find(([name]) => resultParameters.has(name.split(':', 1)[0]!)) ?? []
  if (wrong !== undefined)
    throw badRequest(
      `${quoted(wrong)} says what an answer looks like; criteria say which ${type} is meant, as in identifier=system|value.`,
    )
  if (pairs.length === 0)
    throw badRequest(
      `There are no criteria; give some that say which ${type} is meant, as in identifier=system|value.`,
      'required',
    )
  const { definitions, request, expand } = context
  const { query: parsed } = await parseSearch(pairs, {
    definitions,
    types: [type],
    base: request.base,
    now: context.now(),
    lenient: false,
    ...(expand && { expand }),
  })
  const query = { ...parsed, count: limit }
  const page = await context.store.find(query)
  return { versions: page.matches, condition: { query, found: page.matches.map(({ ref }) => ref.id) } }
}

/** About the form of the answer to the whole request. */
const formal = new Set(['_format', '_pretty'])
const resultParameters = new Set([
  '_count',
  '_sort',
  '_include',
  '_revinclude',
  '_summary',
  '_elements',
  '_total',
  '_contained',
  '_containedType',
  '_type',
  '_cursor',
  '_explain',
])

/** 412: the criteria match more than one. */
export const severalMatches = (type: string, criteria: string) =>
  preconditionFailed(
    `Several ${type} resources match ${quoted(criteria)}, and only one may. Search with the same criteria to see them, and give more.`,
    'multiple-matches',
  )

/**
 * The versions named by If-Match or If-None-Match: `W/"3"`, `"3"`, `3`, or several between commas; `*` for any.
 * Undefined without the header. Throws 400 for anything else.
 */
export function namedVersions(header: string | undefined, name: string): readonly string[] | '*' | undefined {
  if (header === undefined) return undefined
  if (header.trim() === '*') return '*'
  const versions: string[] = []
  for (const part of header.split(',', 100)) {
    const text = part.trim()
    if (text === '') continue
    const bare = text.startsWith('W/') ? text.slice(2) : text
    const version = bare.length > 1 && bare.startsWith('"') && bare.endsWith('"') ? bare.slice(1, -1) : bare
    if (!/^[A-Za-z0-9\-.]{1,64}$/.test(version))
      throw badRequest(`${name} is ${quoted(header)}; it names versions as in W/"3", or is *.`)
    versions.push(version)
  }
  if (versions.length === 0) throw badRequest(`${name} is empty; it names versions as in W/"3", or is *.`)
  return versions
}

/**
 * What the commit must find, after the client's If-Match (and `If-None-Match: *`, which asks that nothing be there).
 * Throws 412 at once when `current` already is not so.
 */
export function expectation(context: Context, ref: Ref, current: Version | undefined): Expectation {
  const { headers } = context.request
  const here = current?.text === undefined ? undefined : current.version
  if (headers['if-none-match']?.trim() === '*') {
    if (here !== undefined)
      throw preconditionFailed(
        `${name(ref)} exists already, at version ${here}; If-None-Match: * asked that it does not.`,
      )
    return { is: 'nothing' }
  }
  const named = namedVersions(headers['if-match'], 'If-Match')
  if (named === undefined || named === '*') needsVersion(current)
  if (named === undefined) return { is: 'anything' }
  if (here === undefined)
    throw preconditionFailed(
      `${name(ref)} ${current ? 'was deleted' : 'does not exist'}, but If-Match asks for ${asked(named)}.`,
    )
  if (named !== '*' && !named.includes(here)) {
    throw preconditionFailed(
      `${name(ref)} is at version ${here}, but If-Match asks for ${asked(named)}. Read it again, repeat your change on what it is now, and send If-Match: W/"${here}".`,
    )
  }
  return { is: 'version', version: here }
}

const name = (ref: Ref) => `${ref.type}/${ref.id}`
const asked = (named: readonly string[] | '*') => (named === '*' ? 'any version' : `version ${listed(named, 5)}`)

/** Whether the client has this version already, by If-None-Match or else If-Modified-Since: then 304 answers it. */
export function notModified(context: Context, version: Version): boolean {
  const { headers } = context.request
  const none = headers['if-none-match']
  if (none !== undefined) {
    const named = namedVersions(none, 'If-None-Match')!
    return named === '*' || named.includes(version.version)
  }
  const since = headers['if-modified-since']
  if (since === undefined) return false
  const time = Date.parse(since)
  if (Number.isNaN(time))
    throw badRequest(
      `If-Modified-Since is ${quoted(since)}; it should be a date such as Wed, 21 Oct 2015 07:28:00 GMT.`,
    )
  // The header counts whole seconds
  return Math.floor(version.updated / 1000) * 1000 <= time
}
