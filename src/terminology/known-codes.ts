/**
 * Whether a code exists: by the code systems that are here, by the grammar of its system, and by what value sets enumerate.
 * https://hl7.org/fhir/R4/codesystem-operation-validate-code.html
 */
import type { CodeSystem, CodeSystems } from './code-system.ts'
import type { Enumerated } from './enumerated.ts'
import { grammarOf, misformed } from './grammars.ts'
import type { Designation } from './terminology.ts'

export type Known =
  | {
      readonly is: 'yes'
      readonly display?: string
      /** All displays the system has for it; absent where the system's own are not here. */
      readonly displays?: readonly string[]
      readonly inactive?: boolean
      readonly abstract?: boolean
      /** Where it was found; absent for a grammar and for an enumerated code. */
      readonly system?: CodeSystem
      readonly at?: number
    }
  | { readonly is: 'no'; readonly why: 'content' | 'grammar' | 'form' | 'check digit' }
  | {
      readonly is: 'unknown'
      /** Nothing of the system is here; only some of it is; the asked version is not here. */
      readonly why: 'system' | 'part' | 'version'
    }

export interface KnownCodes {
  readonly systems: CodeSystems
  readonly enumerated: Enumerated
  /** `version`: of the system, as the question names it. */
  find(system: string, code: string, version?: string, language?: string): Known
  designations(system: string, code: string): readonly Designation[]
}

export function makeKnownCodes(systems: CodeSystems, enumerated: Enumerated): KnownCodes {
  function found(system: CodeSystem, at: number, language: string | undefined): Known {
    const { concepts } = system
    const display = concepts.display(at)
    const { designation } = concepts.details(at)
    const all = [...designation, ...systems.supplements(system.url, concepts.code(at))]
    const shown = displayIn(all, language) ?? display
    return {
      is: 'yes',
      ...(shown === undefined ? {} : { display: shown }),
      // one that gives its codes no displays has nothing against any
      ...(display === undefined ? {} : { displays: [...new Set([display, ...all.map(({ value }) => value)])] }),
      ...(concepts.isInactive(at) ? { inactive: true } : {}),
      ...(concepts.isAbstract(at) ? { abstract: true } : {}),
      system,
      at,
    }
  }

  function find(url: string, code: string, version?: string, language?: string): Known {
    const all = systems.all(url)
    const asked = version === undefined ? undefined : systems.find(url, version)
    // a code is never given another meaning, so that one of any version is one
    for (const system of asked ? [asked, ...all] : all) {
      const at = system.concepts.find(code)
      if (at >= 0) return found(system, at, language)
    }
    const grammar = grammarOf(url)
    const display = enumerated.find(url, code)
    if (display !== undefined) {
      const inLanguage = language === undefined ? undefined : grammar?.display?.(code, language)
      return { is: 'yes', ...(display === '' ? {} : { display: inLanguage ?? display }) }
    }
    const best = asked ?? all[0]
    if (best?.content === 'complete')
      return version !== undefined && !asked ? { is: 'unknown', why: 'version' } : { is: 'no', why: 'content' }
    const has = grammar?.has(code)
    const form = has === false ? 'grammar' : has === undefined ? misformed(url, code) : undefined
    // a value set may yet list it
    if (form) return enumerated.ready ? { is: 'no', why: form } : { is: 'unknown', why: 'part' }
    if (has) {
      const name = grammar!.display?.(code, language)
      return { is: 'yes', ...(name === undefined ? {} : { display: name }) }
    }
    return { is: 'unknown', why: best && best.concepts.size > 0 ? 'part' : 'system' }
  }

  return {
    systems,
    enumerated,
    find,
    designations(url, code) {
      for (const { concepts } of systems.all(url)) {
        const at = concepts.find(code)
        if (at >= 0) return [...concepts.details(at).designation, ...systems.supplements(url, code)]
      }
      return []
    },
  }
}

/** The designation in a language: exactly that one, then one of the same primary language; a synonym only when nothing else is there. */
export function displayIn(designations: readonly Designation[], language: string | undefined): string | undefined {
  if (language === undefined || designations.length === 0) return undefined
  const wanted = language.split(',', 1)[0]!.split(';', 1)[0]!.trim().toLowerCase()
  const primary = wanted.split('-', 1)[0]!
  const said = designations.filter(each => each.language !== undefined)
  const exact = said.filter(each => each.language!.toLowerCase() === wanted)
  const near = said.filter(each => each.language!.toLowerCase().split('-', 1)[0] === primary)
  const of = exact.length > 0 ? exact : near
  return (
    of.find(({ use }) => use === undefined || use.code === 'display' || use.code === '900000000000003001') ?? of[0]
  )?.value
}
