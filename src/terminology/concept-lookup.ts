/**
 * What is known of a concept, and how two concepts stand to each other.
 * https://hl7.org/fhir/R4/codesystem-operation-lookup.html
 * https://hl7.org/fhir/R4/codesystem-operation-subsumes.html
 */
import { notFound, unprocessable } from '../fhir/outcome.ts'
import { optional, type CodeSystem } from './code-system.ts'
import { grammarOf } from './grammars.ts'
import { isBelow } from './hierarchy.ts'
import type { KnownCodes } from './known-codes.ts'
import type { Lookup, Subsumption, Terminology } from './terminology.ts'

const short = (text: string) => text.slice(0, 200)

/** Throws a FhirError (404). */
export function lookup(
  codes: KnownCodes,
  { system, code, version, displayLanguage }: Parameters<Terminology['lookup']>[0],
): Lookup {
  const known = codes.find(system, code, version, displayLanguage)
  if (known.is === 'no') throw notFound(`The code system ${short(system)} has no code "${short(code)}".`)
  if (known.is === 'unknown')
    throw notFound(
      known.why === 'part'
        ? `Only a part of the code system ${short(system)} is here, and the code "${short(code)}" is not in it.`
        : `The code system ${short(system)} is not on this server${known.why === 'version' ? ` in version ${short(version!)}` : ''}, so nothing is known of the code "${short(code)}".`,
    )
  const { system: from, at, display } = known
  const about = {
    system,
    name: from?.title ?? from?.name ?? grammarOf(system)?.title ?? system,
    ...optional({ version: from?.version }),
  }
  if (!from || at === undefined) return { ...about, code, display: display ?? code, designation: [], property: [] }
  const { concepts } = from
  const details = concepts.details(at)
  return {
    ...about,
    code: concepts.code(at),
    display: display ?? code,
    designation: codes.designations(system, code),
    property: [
      ...(details.definition === undefined
        ? []
        : [{ code: 'definition', type: 'string', value: details.definition }]),
      { code: 'inactive', type: 'boolean', value: concepts.isInactive(at) },
      ...details.property.filter(({ code: name }) => name !== 'inactive' && name !== 'parent' && name !== 'child'),
      ...relatives(from, at),
    ],
  } // prettier-ignore
}

function relatives({ concepts }: CodeSystem, at: number): Lookup['property'] {
  const list = (code: string, others: Uint32Array) =>
    [...new Set(others)].map(other => ({ code, type: 'code', value: concepts.code(other) }))
  return [...list('parent', concepts.hierarchy.parents(at)), ...list('child', concepts.hierarchy.children(at))]
}

/** Throws a FhirError: 404 for an unknown system or code, 422 when the part of the system that is here does not tell. */
export function subsumes(
  codes: KnownCodes,
  { system, version, codeA, codeB }: Parameters<Terminology['subsumes']>[0],
): Subsumption {
  const asked = version === undefined ? undefined : codes.systems.find(system, version)
  const all = asked ? [asked] : codes.systems.all(system)
  const from = all.find(({ concepts }) => concepts.find(codeA) >= 0 && concepts.find(codeB) >= 0)
  if (!from) {
    // says which code is not known, or that the system is not here
    for (const code of [codeA, codeB]) lookup(codes, { system, code, ...optional({ version }) })
    if (codeA === codeB) return 'equivalent'
    throw cannot(system)
  }
  const { concepts, content } = from
  const [a, b] = [concepts.find(codeA), concepts.find(codeB)]
  if (a === b) return 'equivalent'
  if (isBelow(concepts.hierarchy, b, a)) return 'subsumes'
  if (isBelow(concepts.hierarchy, a, b)) return 'subsumed-by'
  if (content !== 'complete') throw cannot(system)
  return 'not-subsumed'
}

const cannot = (system: string) =>
  unprocessable(
    `How these codes of ${short(system)} stand to each other cannot be told here: the code system, or a part of it, is not on this server.`,
    undefined,
    'not-supported',
  )
