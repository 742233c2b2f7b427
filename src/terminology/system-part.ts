/**
 * The codes that a value set takes from one system: those it enumerates, all, or those that its filters take.
 * https://hl7.org/fhir/R4/valueset-definitions.html#ValueSet.compose.include
 */
import { designationsOf, textOf, type CodeSystem } from './code-system.ts'
import { conceptsInMemory, type Concepts, type Row } from './concepts.ts'
import { filteredPart } from './filtered-part.ts'
import { grammarOf } from './grammars.ts'
import type { KnownCodes } from './known-codes.ts'
import { range, spend, versionOf, type IncludeDefinition, type Missing, type Own, type Segment } from './selection.ts'

export function systemPart(system: string, definition: IncludeDefinition, codes: KnownCodes): Own {
  if (definition.concept) return enumeratedPart(system, definition, codes)
  if (definition.filter && definition.filter.length > 0) return filteredPart(system, definition, codes)
  return wholePart(system, definition, codes)
}

/** As the value set says, with what the system says of them. Of what the value set names, it is the judge. */
function enumeratedPart(url: string, { version, concept = [] }: IncludeDefinition, codes: KnownCodes): Own {
  let made: { concepts: Concepts; system: CodeSystem | undefined } | undefined
  const make = () => {
    const system = codes.systems.find(url, version) ?? codes.systems.find(url)
    const rows = concept.flatMap((each): Row[] => {
      const { code, display } = each
      if (typeof code !== 'string') return []
      const at = system?.concepts.find(code) ?? -1
      const shown = textOf(display) ?? (at < 0 ? undefined : system!.concepts.display(at))
      return [
        {
          code,
          ...(shown === undefined ? {} : { display: shown }),
          details() {
            const own = designationsOf(each)
            if (at < 0) return { designation: own, property: [] }
            const known = system!.concepts.details(at)
            return { ...known, designation: [...own, ...known.designation] }
          },
          inactive: at >= 0 && system!.concepts.isInactive(at),
          abstract: at >= 0 && system!.concepts.isAbstract(at),
        },
      ]
    })
    return { concepts: conceptsInMemory(rows), system }
  }
  let listed: Set<string> | undefined
  return {
    has: code => (listed ??= new Set(concept.map(each => each['code'] as string))).has(code),
    select(budget) {
      spend(budget, concept.length)
      const { concepts, system } = (made ??= make())
      return { segments: [{ system: url, ...versionOf(system), concepts, positions: range(concepts.size) }], missing: [] }
    },
  } // prettier-ignore
}

function wholePart(url: string, { version }: IncludeDefinition, codes: KnownCodes): Own {
  const lacking = missingSystem(url)
  return {
    has(code) {
      const known = codes.find(url, code, version)
      return known.is === 'yes' ? true : known.is === 'no' ? false : lacking
    },
    select(budget) {
      const system = codes.systems.find(url, version) ?? codes.systems.find(url)
      const listed = grammarOf(url)?.codes
      if (system && system.concepts.size > 0 && (system.content === 'complete' || !listed)) {
        spend(budget, system.concepts.size)
        const { concepts } = system
        const segment: Segment = { system: url, ...versionOf(system), concepts, positions: range(concepts.size) }
        return { segments: [segment], missing: system.content === 'complete' ? [] : [lacking] }
      }
      if (!listed) return { segments: [], missing: [lacking] }
      const { display } = grammarOf(url)!
      const rows = listed().map((code): Row => {
        const name = display?.(code)
        return name === undefined ? { code } : { code, display: name }
      })
      return { segments: [{ system: url, concepts: conceptsInMemory(rows), positions: range(rows.length) }], missing: [] }
    },
  } // prettier-ignore
}

const missingSystem = (url: string): Missing => ({
  why: 'system',
  what: `all codes of ${url}`,
  said: {
    en: `The content of ${url} is not on this server, or only a part of it.`,
    zh: `本伺服器沒有 ${url} 的內容，或只有其中一部分。`,
  },
})
