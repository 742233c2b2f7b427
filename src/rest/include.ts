/**
 * _include and _revinclude: what the matches of a page refer to, and what refers to them, through the caller's own store.
 * https://hl7.org/fhir/R4/search.html#include
 */
import type { SearchParam } from '../fhir/definitions.ts'
import { parseJson } from '../fhir/json.ts'
import { readReference } from '../fhir/reference.ts'
import type { Include } from '../search/parse.ts'
import type { Version } from '../store/store.ts'
import type { Context, Ref } from './exchange.ts'
import { refsIn } from './stored-references.ts'

export interface Included {
  /** Neither matches nor twice. */
  readonly versions: readonly Version[]
  /** Whether there would have been more than the server includes in one page. */
  readonly cut: boolean
}

/** `:iterate` goes so many steps from the matches at most. */
const MOST_ROUNDS = 16

const nothing: Included = { versions: [], cut: false }

/** What the page's includes ask for, at most `limits.maxIncludes` resources. */
export async function include(
  context: Context,
  matches: readonly Version[],
  includes: readonly Include[],
  revincludes: readonly Include[],
): Promise<Included> {
  if (includes.length + revincludes.length === 0) return nothing
  const gathering: Gathering = {
    context,
    seen: new Set(matches.map(({ ref }) => print(ref))),
    versions: [],
    cut: false,
  }
  let [forward, backward] = [includes, revincludes]
  let frontier = matches
  for (
    let round = 0;
    round < MOST_ROUNDS && frontier.length > 0 && forward.length + backward.length > 0 && !gathering.cut;
    round++
  ) {
    const before = gathering.versions.length
    await follow(gathering, frontier, forward)
    for (const asked of backward) await refer(gathering, frontier, asked)
    frontier = gathering.versions.slice(before)
    // From here on, only what was included is looked at, and only by those that go on
    forward = includes.filter(({ iterate }) => iterate)
    backward = revincludes.filter(({ iterate }) => iterate)
  }
  return gathering
}

interface Gathering {
  readonly context: Context
  readonly seen: Set<string>
  readonly versions: Version[]
  cut: boolean
}

const print = (ref: Ref) => `${ref.type}/${ref.id}`

function add(gathering: Gathering, versions: readonly Version[]): void {
  const { seen, context } = gathering
  for (const version of versions) {
    const key = print(version.ref)
    if (seen.has(key) || version.text === undefined) continue
    if (gathering.versions.length >= context.limits.maxIncludes) {
      gathering.cut = true
      return
    }
    seen.add(key)
    gathering.versions.push(version)
  }
}

/** `_include`: where the references of these resources lead. */
async function follow(gathering: Gathering, from: readonly Version[], includes: readonly Include[]): Promise<void> {
  const { context, seen } = gathering
  const wanted = new Map<string, Ref>()
  const fresh = (to: Ref) =>
    !seen.has(print(to)) && !wanted.has(print(to)) && context.definitions.isResourceType(to.type)
  for (const { ref, text } of from) {
    const asked = includes.filter(({ source }) => source === '*' || source === ref.type)
    if (asked.length === 0 || text === undefined) continue
    // Only a resource that names something new of a type asked for is worth parsing
    const named = refsIn(text, context.request.base)
    if (!named.some(to => fresh(to) && asked.some(each => mayLead(context, each, ref.type, to.type)))) continue
    for (const entry of context.extractor.entries(parseJson(Buffer.from(text)))) {
      if (entry.kind !== 'reference') continue
      const to = readReference(entry.ref, context.request.base)
      if (!to || !fresh(to)) continue
      if (
        asked.some(({ param, target }) => (param === '*' || param === entry.param) && (!target || target === to.type))
      ) {
        wanted.set(print(to), { type: to.type, id: to.id })
      }
    }
  }
  const refs = [...wanted.values()]
  const room = context.limits.maxIncludes - gathering.versions.length
  // One more than there is room for: then it is known that something was left out. Of those, some may not be there
  if (refs.length > 0) add(gathering, await context.store.readMany(refs.slice(0, room * 2 + 1)))
  if (refs.length > room * 2 + 1) gathering.cut = true
}

function mayLead({ definitions }: Context, { param, target }: Include, from: string, to: string): boolean {
  if (target) return target === to
  const found = param === '*' ? undefined : definitions.searchParams(from).get(param)
  return !found || leadsTo(found, new Set([to]))
}

/** `_revinclude`: what refers to these resources. */
async function refer(gathering: Gathering, to: readonly Version[], asked: Include): Promise<void> {
  const { context } = gathering
  const refs = to.map(({ ref }) => ref).filter(({ type }) => !asked.target || asked.target === type)
  if (refs.length === 0) return
  const types = new Set(refs.map(({ type }) => type))
  for (const { type, param } of await referring(context, asked, types)) {
    if (gathering.cut) return
    const room = context.limits.maxIncludes - gathering.versions.length
    // Those already seen come back too
    const found = await context.store.referrers(type, param, refs, room + gathering.seen.size + 1)
    add(gathering, found)
  }
}

/** The types and parameters by which something may refer to these types. */
async function referring(
  { store, definitions }: Context,
  { source, param }: Include,
  to: ReadonlySet<string>,
): Promise<{ type: string; param: string }[]> {
  // Of types without any resource nothing can refer
  const sources = source === '*' ? [...(await store.counts()).keys()].sort() : [source]
  return sources.flatMap(type =>
    [...definitions.searchParams(type).values()]
      .filter(each => each.type === 'reference' && (param === '*' || param === each.code) && leadsTo(each, to))
      .map(each => ({ type, param: each.code })),
  )
}

const leadsTo = ({ target }: SearchParam, types: ReadonlySet<string>) =>
  target.length === 0 || target.includes('Resource') || target.some(type => types.has(type))
