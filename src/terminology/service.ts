/**
 * The terminology of a tenant: its questions answered from the packages, its own resources and its code tables, and, for what is
 * not known here, by another server when one is set.
 * https://hl7.org/fhir/R4/terminology-service.html
 */
import type { CodeQuestion, CodeVerdict } from '../fhir/code-check.ts'
import type { CanonicalResource, Conformance } from '../fhir/conformance.ts'
import { badRequest, notFound } from '../fhir/outcome.ts'
import { makeCodeChecker, type CodeChecker } from './check-code.ts'
import { makeCodeSystems, objects, textOf, type CodeTable } from './code-system.ts'
import { lookup, subsumes } from './concept-lookup.ts'
import { translate } from './concept-map.ts'
import { makeEnumerated } from './enumerated.ts'
import { expansionOf, selectAll } from './expansion.ts'
import { makeExpandForSearch } from './for-search.ts'
import { grammarSystems } from './grammars.ts'
import type { Selected } from './selection.ts'
import { makeKnownCodes, type KnownCodes } from './known-codes.ts'
import type { Outside } from './outside.ts'
import type { ExpandOptions, KnownSystem, Terminology } from './terminology.ts'
import { makeValueSets, type ValueSet, type ValueSets } from './value-set.ts'

export interface TerminologyParts {
  /** As it is now; another object after a change. */
  readonly conformance: () => Conformance
  /** The large code systems as they are now; another array after a change. */
  readonly tables?: () => readonly CodeTable[]
  /** The other server, as it is set now. */
  readonly outside?: () => Outside | undefined
}

/** What is made anew when a conformance resource or a table has changed. */
interface Parts {
  readonly conformance: Conformance
  readonly tables: readonly CodeTable[]
  readonly codes: KnownCodes
  readonly valueSets: ValueSets
  readonly checker: CodeChecker
  readonly selected: Map<ValueSet, Selected>
}

/** Positions of the expansions that are kept. */
const MOST_SELECTED = 2_000_000
const noTables: readonly CodeTable[] = []

export function makeTerminology(given: TerminologyParts): Terminology {
  const { conformance, tables = () => noTables, outside = () => undefined } = given
  let current: Parts | undefined

  function parts(): Parts {
    const [now, here] = [conformance(), tables()]
    if (current?.conformance === now && current.tables === here) return current
    const codes = makeKnownCodes(makeCodeSystems(now, here), makeEnumerated(now))
    const valueSets = makeValueSets(now, codes)
    const checker = makeCodeChecker(codes, valueSets)
    return (current = { conformance: now, tables: here, codes, valueSets, checker, selected: new Map() })
  }

  function checkCode(question: CodeQuestion): CodeVerdict | Promise<CodeVerdict> {
    const { codes, checker } = parts()
    const verdict = checker.check(question)
    if (verdict.result !== 'unknown') return verdict
    if (!codes.enumerated.ready) return afterReading(question)
    const other = outside()
    return other ? elsewhere(other, question, verdict) : verdict
  }

  /** Verdicts that were given before all value sets were read are given again. */
  async function afterReading(question: CodeQuestion): Promise<CodeVerdict> {
    const before = parts()
    await before.codes.enumerated.prepare()
    if (current === before) {
      const fresh = makeValueSets(before.conformance, before.codes)
      const checker = makeCodeChecker(before.codes, fresh)
      current = { ...before, valueSets: fresh, checker, selected: new Map() }
    }
    return checkCode(question)
  }

  async function elsewhere(other: Outside, question: CodeQuestion, verdict: CodeVerdict): Promise<CodeVerdict> {
    return (await other.check(question)) ?? verdict
  }

  /** Kept with the value set, as long as there is room. */
  function selectedOf({ selected }: Parts, valueSet: ValueSet): Selected {
    const known = selected.get(valueSet)
    if (known) return known
    const made = selectAll(valueSet)
    const size = (each: Selected) => each.segments.reduce((sum, { positions }) => sum + positions.length, 100)
    if ([...selected.values()].reduce((sum, each) => sum + size(each), size(made)) > MOST_SELECTED) selected.clear()
    selected.set(valueSet, made)
    return made
  }

  async function expand(asked: string | object, options: ExpandOptions & { partial?: boolean } = {}) {
    const { excludeSystem = [], systemVersion = [] } = options
    if ((options.count ?? 0) < 0 || (options.offset ?? 0) < 0)
      throw badRequest('count and offset are numbers from 0 on.', 'value')
    await parts().codes.enumerated.prepare()
    const now = parts()
    const found = typeof asked === 'string' ? now.valueSets.find(asked, options.from) : undefined
    if (typeof asked === 'string' && !found) throw notFound(`There is no value set ${asked.slice(0, 300)} on this server.`)
    const supplements = now.codes.systems.supplements
    if (found && excludeSystem.length + systemVersion.length === 0)
      return expansionOf({ selected: selectedOf(now, found), valueSet: found, supplements }, options)
    const resource = adjusted(found?.resource ?? (asked as CanonicalResource), options)
    const valueSet = now.valueSets.compile(resource, found?.from ?? options.from)
    return expansionOf({ selected: selectAll(valueSet), valueSet, supplements }, options)
  } // prettier-ignore

  return {
    checkCode,
    expand,
    checkAgainst(valueSet, question) {
      const { valueSets, checker } = parts()
      return checker.checkAgainst(valueSets.compile(valueSet as CanonicalResource, question.from), question)
    },
    async lookup(question) {
      await parts().codes.enumerated.prepare()
      return lookup(parts().codes, question)
    },
    async subsumes(question) {
      await parts().codes.enumerated.prepare()
      return subsumes(parts().codes, question)
    },
    async translate(question) {
      return translate(conformance(), question)
    },
    expandForSearch: makeExpandForSearch(conformance, parts, async valueSet => outside()?.codes(valueSet)),
    systems: () => known(parts().codes),
  }
}

/** The value set with what the request says of systems. */
function adjusted(
  resource: CanonicalResource,
  { excludeSystem = [], systemVersion = [] }: ExpandOptions,
): CanonicalResource {
  if (excludeSystem.length + systemVersion.length === 0) return resource
  const versions = new Map(
    systemVersion.map(each => {
      const bar = each.lastIndexOf('|')
      if (bar < 1) throw badRequest(`system-version is system|version, not "${each.slice(0, 200)}".`, 'value')
      return [each.slice(0, bar), each.slice(bar + 1)] as const
    }),
  )
  const compose = (resource['compose'] ?? {}) as { include?: unknown; exclude?: unknown }
  const include = objects(compose.include).map(each => {
    const version = each['version'] === undefined ? versions.get(textOf(each['system']) ?? '') : undefined
    return version === undefined ? each : { ...each, version }
  })
  const excluded = excludeSystem.map(each => ({ system: each.split('|', 1)[0]! }))
  const { expansion: _, ...rest } = resource
  return {
    ...rest,
    compose: {
      ...compose,
      include: include.filter(each => !excluded.some(({ system }) => system === each['system'])),
      exclude: [...objects(compose.exclude), ...excluded],
    },
  } as CanonicalResource
}

function known(codes: KnownCodes): KnownSystem[] {
  const byUrl = Map.groupBy(codes.systems.list(), ({ url }) => url)
  const here = [...byUrl].map(([url, all]): KnownSystem => {
    const complete = all.find(({ content }) => content === 'complete')
    return {
      url,
      versions: [...new Set(all.flatMap(({ version }) => version ?? []))],
      content: (complete ?? all[0]!).content,
    }
  })
  const grammars = grammarSystems().filter(url => !byUrl.has(url))
  return [...here, ...grammars.map(url => ({ url, versions: [], content: 'complete' }))].sort((a, b) =>
    a.url < b.url ? -1 : 1,
  )
}
