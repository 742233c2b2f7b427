/**
 * The codes of a system that filters of a value set take.
 * https://hl7.org/fhir/R4/valueset-definitions.html#ValueSet.compose.include.filter
 */
import { FhirError } from '../fhir/outcome.ts'
import type { CodeSystem } from './code-system.ts'
import { conceptsInMemory, type Row } from './concepts.ts'
import { compileFilter, type ConceptFilter, type Passes } from './filters.ts'
import { grammarOf } from './grammars.ts'
import type { KnownCodes } from './known-codes.ts'
import { range, spend, versionOf, type Answer, type IncludeDefinition, type Missing, type Own, type Segment, type Selected } from './selection.ts' // prettier-ignore

const hierarchical = new Set(['is-a', 'descendent-of', 'is-not-a', 'generalizes', 'child-of'])

export function filteredPart(url: string, { version, filter = [] }: IncludeDefinition, codes: KnownCodes): Own {
  const text = filter.map(({ property, op, value }) => `${property} ${op} ${value}`).join(', ')
  const lacking = missingFilter(url, text)
  const named = new Set(filter.flatMap(({ value }) => value.split(',').map(each => each.trim())))
  let compiled: { system: CodeSystem | undefined; passes: readonly Passes[] } | Missing | undefined
  let positions: Uint32Array | undefined

  const compile = () => {
    try {
      const system = versionWith(url, version, filter, codes)
      return { system, passes: filter.map(each => compileFilter(each, system)) }
    } catch (error) {
      if (!(error instanceof FhirError)) throw error
      const reason = error.message
      return { ...lacking, said: { en: `${lacking.said.en} ${reason}`, zh: lacking.said.zh } }
    }
  }
  const passing = (passes: readonly Passes[], code: string, at: number): Answer => {
    let answer: Answer = true
    for (const passesOne of passes) {
      const taken = passesOne(code, at)
      if (taken === false) return false
      if (taken === undefined) answer = lacking
    }
    return answer
  }

  return {
    has(code) {
      compiled ??= compile()
      if ('why' in compiled) return compiled
      const { system, passes } = compiled
      const at = system?.concepts.find(code) ?? -1
      const taken = passing(passes, code, at)
      if (taken === false || at >= 0) return taken
      // that the filter takes it does not say that there is such a code, unless the filter itself names it
      const known = codes.find(url, code, version)
      return known.is === 'no' ? false : known.is === 'yes' || named.has(code) ? taken : lacking
    },
    select(budget) {
      compiled ??= compile()
      if ('why' in compiled) return { segments: [], missing: [compiled] }
      const { system, passes } = compiled
      if (!system || system.concepts.size === 0) return namedIn(url, filter, passes, named, codes, lacking)
      const { concepts } = system
      if (!positions) {
        spend(budget, concepts.size * passes.length)
        positions = range(concepts.size).filter(at => passing(passes, concepts.code(at), at) === true)
      }
      const unsure =
        system.content !== 'complete' || filter.some(({ op, value }) => hierarchical.has(op) && concepts.find(value) < 0)
      return {
        segments: [{ system: url, ...versionOf(system), concepts, positions }],
        missing: unsure || !decides(filter) ? [lacking] : [],
      }
    },
  } // prettier-ignore
}

const operators = new Set([...hierarchical, '=', 'in', 'not-in', 'exists', 'regex'])
const decides = (filter: readonly ConceptFilter[]) => filter.every(({ op }) => operators.has(op))

/** The version that has the concepts the filters speak of: a newer one may have dropped them. */
function versionWith(
  url: string,
  version: string | undefined,
  filter: readonly ConceptFilter[],
  codes: KnownCodes,
): CodeSystem | undefined {
  const roots = filter.filter(({ op }) => hierarchical.has(op)).map(({ value }) => value)
  const asked = version === undefined ? undefined : codes.systems.find(url, version)
  const all = asked ? [asked, ...codes.systems.all(url)] : codes.systems.all(url)
  return all.find(({ concepts }) => roots.every(root => concepts.find(root) >= 0)) ?? all[0]
}

/** Without the content, the codes that the filters name themselves. */
function namedIn(
  url: string,
  filter: readonly ConceptFilter[],
  passes: readonly Passes[],
  named: ReadonlySet<string>,
  codes: KnownCodes,
  lacking: Missing,
): Selected {
  const grammar = grammarOf(url)
  const candidates = grammar?.codes ? grammar.codes() : [...named]
  const rows = candidates.flatMap((code): Row[] => {
    if (passes.some(passesOne => passesOne(code, -1) !== true)) return []
    const known = codes.find(url, code)
    if (known.is === 'no' || (known.is === 'unknown' && !named.has(code))) return []
    return [known.is === 'unknown' || known.display === undefined ? { code } : { code, display: known.display }]
  })
  const onlyNamed = filter.every(
    ({ property, op }) => (property === 'concept' || property === 'code') && (op === '=' || op === 'in'),
  )
  const segment: Segment = { system: url, concepts: conceptsInMemory(rows), positions: range(rows.length) }
  return { segments: rows.length > 0 ? [segment] : [], missing: onlyNamed || grammar?.codes ? [] : [lacking] }
}

const missingFilter = (url: string, filter: string): Missing => ({
  why: 'filter',
  what: `the codes of ${url} with ${filter}`,
  said: {
    en: `The value set takes the codes of ${url} with ${filter}, which cannot be computed here.`,
    zh: `值集取自 ${url} 中符合「${filter}」的代碼，本伺服器無法計算。`,
  },
})
