/**
 * Value sets, compiled when first asked for: whether they have a code, and all they have.
 * https://hl7.org/fhir/R4/valueset.html#compositions
 */
import type { CodeVerdict } from '../fhir/code-check.ts'
import { splitCanonical, type CanonicalResource, type Conformance } from '../fhir/conformance.ts'
import { tooCostly } from '../fhir/outcome.ts'
import { objects, optional, textOf, type Json } from './code-system.ts'
import { COST_OF_SET, makeEffort, MOST_ASKED, MOST_ASKED_TO_SELECT, type Effort } from './effort.ts'
import type { ConceptFilter } from './filters.ts'
import { makeInclude, type Imported, type Include } from './include.ts'
import { spend, type Answer, type Budget, type Missing, type Segment, type Selected } from './selection.ts'
import type { KnownCodes } from './known-codes.ts'
import { publishedExpansion } from './published-expansion.ts'

export interface ValueSet extends Imported {
  readonly resource: CanonicalResource
  /** `name#version` of the package it is from. */
  readonly from: string
  /** The parts that are found in other value sets but are not here. */
  readonly gone: readonly Missing[]
  /** Answers given before, for check-code.ts to keep. */
  readonly verdicts: Map<string, CodeVerdict>
}

export interface ValueSets {
  /** `from`: the package that names it. Also the implicit value sets of code systems (`?fhir_vs`). */
  find(canonical: string, from?: string): ValueSet | undefined
  /** One that is not published. Throws a FhirError when it has too many parts. */
  compile(resource: CanonicalResource, from?: string): ValueSet
}

const MOST_INCLUDES = 5_000
const MOST_SETS = 5_000

export function makeValueSets(conformance: Conformance, codes: KnownCodes): ValueSets {
  const found = new Map<string, ValueSet>()

  function find(canonical: string, from = ''): ValueSet | undefined {
    const key = from === '' ? canonical : `${canonical} ${from}`
    const known = found.get(key)
    if (known) return known
    const resource = conformance.find('ValueSet', canonical, from || undefined) ?? implicit(canonical, codes)
    if (!resource) return undefined
    const entry = conformance.entry('ValueSet', canonical, from || undefined)
    const made = compile(resource, entry?.package || from)
    if (found.size >= MOST_SETS) found.clear()
    found.set(key, made)
    return made
  }

  const effort = makeEffort()
  const compile = (resource: CanonicalResource, from = '') => compileSet(resource, from, codes, find, effort)
  return { find, compile }
}

/** `http://system?fhir_vs`, `…?fhir_vs=isa/code`, and LOINC's own. https://hl7.org/fhir/R4/snomedct.html#implicit */
function implicit(canonical: string, codes: KnownCodes): CanonicalResource | undefined {
  const { url } = splitCanonical(canonical)
  const [system = '', query] = url === 'http://loinc.org/vs' ? ['http://loinc.org', 'fhir_vs'] : url.split('?', 2)
  const isA = /^fhir_vs=isa\/(.{1,200})$/.exec(query ?? '')?.[1]
  if (query !== 'fhir_vs' && isA === undefined) return undefined
  const [known] = codes.systems.all(system)
  const title = `${known?.title ?? known?.name ?? system}${isA === undefined ? '' : `: ${isA} and below`}`
  const filter = isA === undefined ? {} : { filter: [{ property: 'concept', op: 'is-a', value: isA }] }
  return {
    resourceType: 'ValueSet',
    url,
    title,
    status: 'active',
    ...optional({ version: known?.version }),
    compose: { include: [{ system, ...filter }] },
  }
}

type Find = (canonical: string, from?: string) => ValueSet | undefined

function compileSet(
  resource: CanonicalResource,
  from: string,
  codes: KnownCodes,
  find: Find,
  effort: Effort,
): ValueSet {
  const compose = resource['compose'] as { include?: unknown; exclude?: unknown; inactive?: unknown } | undefined
  const [includes, excludes] = [objects(compose?.include), objects(compose?.exclude)]
  if (includes.length + excludes.length > MOST_INCLUDES)
    throw tooCostly(`A value set has at most ${MOST_INCLUDES} includes and excludes here.`)
  const name = resource.url ?? 'the value set sent'
  const defined = Array.isArray(compose?.include)
  const published = publishedExpansion(resource)
  const activeOnly = compose?.inactive === false
  const gone: Missing[] = []
  let parts: { includes: readonly Include[]; excludes: readonly Include[] } | undefined
  /** While its own answer is being looked for: a value set that imports itself is asked again. */
  let busy = false
  const ring: Missing = {
    why: 'value-set',
    what: `${name}, which imports itself`,
    said: { en: `The value set ${name} imports itself.`, zh: `值集 ${name} 引用了自己。` },
  }
  const tangled: Missing = {
    why: 'value-set',
    what: `${name}, whose imports are too many or too deep`,
    said: {
      en: `The imports of the value set ${name} are too many or too deep.`,
      zh: `值集 ${name} 的引用過多或過深。`,
    },
  }
  const empty: Missing = {
    why: 'value-set',
    what: `${name}, which does not say what it has`,
    said: { en: `The value set ${name} does not say what it has.`, zh: `值集 ${name} 沒有說明其內容。` },
  }

  const make = (definition: Json): Include => {
    const imports = (Array.isArray(definition['valueSet']) ? definition['valueSet'] : []).map(each => {
      const canonical = String(each)
      const imported = find(canonical, from)
      if (imported) return imported
      const lacking = missingSet(canonical)
      gone.push(lacking)
      return lacking
    })
    const read = {
      ...optional({ system: textOf(definition['system']), version: textOf(definition['version']) }),
      ...(definition['concept'] === undefined ? {} : { concept: objects(definition['concept']) }),
      filter: objects(definition['filter']).map(filterOf),
    }
    return makeInclude(read, imports, codes)
  }
  const all = () => (parts ??= { includes: includes.map(make), excludes: excludes.map(make) })

  function composed(system: string, code: string): Answer {
    let answer: Answer = false
    for (const include of all().includes) {
      const taken = include.has(system, code)
      if (taken === true || answer === false) answer = taken
      if (taken === true) break
    }
    if (answer === false) return false
    for (const exclude of all().excludes) {
      const taken = exclude.has(system, code)
      if (taken === true) return false
      if (taken !== false) answer = taken
    }
    if (answer === true && activeOnly) {
      const known = codes.find(system, code)
      if (known.is === 'yes' && known.inactive) return false
    }
    return answer
  }

  function has(system: string, code: string): Answer {
    if (busy) return ring
    return effort.within(MOST_ASKED, () => hasHere(system, code)) ?? tangled
  }

  function hasHere(system: string, code: string): Answer {
    busy = true
    try {
      const answer = defined ? composed(system, code) : empty
      if (typeof answer === 'boolean' || !published) return answer
      return published.has(system, code) || (published.whole ? false : answer)
    } finally {
      busy = false
    }
  }

  function select(budget: Budget): Selected {
    if (busy) return { segments: [], missing: [ring] }
    spend(budget, COST_OF_SET)
    return effort.within(MOST_ASKED_TO_SELECT, () => selectHere(budget)) ?? { segments: [], missing: [tangled] }
  }

  function selectHere(budget: Budget): Selected {
    busy = true
    try {
      if (!defined) return published ? published.selected : { segments: [], missing: [empty] }
      const selected = selectParts(all(), activeOnly, budget)
      return selected.missing.length > 0 && published?.whole ? published.selected : selected
    } finally {
      busy = false
    }
  }

  let taken: Set<string> | undefined
  function systems(): ReadonlySet<string> {
    if (taken || busy) return taken ?? new Set()
    return effort.within(MOST_ASKED, systemsHere) ?? new Set()
  }

  function systemsHere(): ReadonlySet<string> {
    busy = true
    try {
      const found = new Set(published?.selected.segments.map(({ system }) => system))
      for (const { system, imports } of all().includes) {
        if (system !== undefined) found.add(system)
        else for (const imported of imports) for (const each of imported.systems()) found.add(each)
      }
      return (taken = found)
    } finally {
      busy = false
    }
  }

  return {
    resource,
    from,
    get gone() {
      all()
      return gone
    },
    verdicts: new Map(),
    has,
    select,
    systems,
  }
}

const filterOf = (filter: Json): ConceptFilter => ({
  property: String(filter['property']),
  op: String(filter['op']),
  value: String(filter['value']),
})

/** All that the includes take and the excludes do not, each code once. */
function selectParts(
  { includes, excludes }: { readonly includes: readonly Include[]; readonly excludes: readonly Include[] },
  activeOnly: boolean,
  budget: Budget,
): Selected {
  const missing = new Set<Missing>()
  const segments: Segment[] = []
  for (const include of includes) {
    const selected = include.select(budget)
    for (const each of selected.missing) missing.add(each)
    segments.push(...selected.segments)
  }
  const seen = new Map<string, Set<string>>()
  const repeated = new Set(segments.map(({ system }) => system)).size < segments.length
  const kept = segments.map(segment => {
    const { system, concepts, positions } = segment
    const barring = excludes.filter(each => each.system === undefined || each.system === system)
    if (!repeated && barring.length === 0 && !activeOnly) return segment
    spend(budget, positions.length * barring.length)
    let codes = seen.get(system)
    if (repeated && !codes) seen.set(system, (codes = new Set()))
    const wanted = positions.filter(at => {
      if (activeOnly && concepts.isInactive(at)) return false
      const code = concepts.code(at)
      if (codes?.has(code)) return false
      codes?.add(code)
      for (const exclude of barring) {
        const taken = exclude.has(system, code)
        if (taken === true) return false
        // what may be excluded is not said to be in
        if (taken !== false) {
          missing.add(taken)
          return false
        }
      }
      return true
    })
    return { ...segment, positions: wanted }
  })
  return { segments: kept.filter(({ positions }) => positions.length > 0), missing: [...missing] }
}

const missingSet = (canonical: string): Missing => ({
  why: 'value-set',
  what: `the value set ${canonical}`,
  said: {
    en: `The value set ${canonical} is not on this server.`,
    zh: `本伺服器沒有值集 ${canonical}。`,
  },
})
