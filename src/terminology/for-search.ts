/**
 * The codes that a search means by a value set (`:in`, `:not-in`), or by those above or below a code.
 * https://hl7.org/fhir/R4/search.html#modifiers
 */
import type { Conformance } from '../fhir/conformance.ts'
import { badRequest, tooCostly } from '../fhir/outcome.ts'
import type { Expand } from '../search/kind.ts'
import { closure } from './hierarchy.ts'
import { listed, selectAll } from './expansion.ts'
import type { KnownCodes } from './known-codes.ts'
import type { ValueSets } from './value-set.ts'

/** As many as one search looks for. */
const MOST = 10_000

type Codes = readonly { readonly system: string; readonly code: string }[]
/** The codes that a terminology server outside gives for what is missing here; undefined when it does not. */
export type Elsewhere = (valueSet: string) => Promise<Codes | undefined>

export function makeExpandForSearch(
  conformance: () => Conformance,
  parts: () => { readonly codes: KnownCodes; readonly valueSets: ValueSets },
  elsewhere: Elsewhere,
): Expand {
  return async (what, tell) => {
    const { codes, valueSets } = parts()
    if ('system' in what) return related(codes, what, tell)
    await codes.enumerated.prepare()
    const canonical = byReference(conformance(), what.valueSet)
    const valueSet = valueSets.find(canonical)
    if (!valueSet) return elsewhere(canonical)
    const { segments, missing } = selectAll(valueSet)
    if (missing.length > 0) {
      const whole = await elsewhere(canonical)
      if (whole) return whole
      const lacking = listed(missing.map(({ what: part }) => part))
      // what is not known to be in is not known to be out either
      if (what.whole)
        throw badRequest(
          `This server cannot say which codes are not in ${canonical}: it lacks ${lacking}. Ask with :in, or load the code system.`,
          'not-supported',
        )
      tell?.(
        `Of the value set ${canonical} this server lacks ${lacking}. The search found what has one of the other codes of the value set.`,
      )
    }
    const count = segments.reduce((sum, { positions }) => sum + positions.length, 0)
    if (count > MOST)
      throw tooCostly(`The value set ${canonical} has ${count} codes; this server searches for at most ${MOST} at once.`)
    return segments.flatMap(({ system, concepts, positions }) =>
      Array.from(positions, at => ({ system, code: concepts.code(at) })),
    )
  } // prettier-ignore
}

/** `ValueSet/id`, also with the base before it: the canonical of a value set of the tenant. */
function byReference(conformance: Conformance, named: string): string {
  const id = /(?:^|\/)ValueSet\/([A-Za-z0-9.-]{1,64})$/.exec(named)?.[1]
  if (id === undefined || conformance.entry('ValueSet', named)) return named
  const own = conformance.entries('ValueSet').find(entry => entry.package === '' && entry.id === id)
  return own?.url ?? named
}

function related(
  codes: KnownCodes,
  { system, code, direction }: { system: string; code: string; direction: 'above' | 'below' },
  tell: ((text: string) => void) | undefined,
): Codes | undefined {
  const found = codes.systems.all(system).find(({ concepts }) => concepts.find(code) >= 0)
  if (!found) {
    const [best] = codes.systems.all(system)
    if (best?.content === 'complete') throw badRequest(`The code system ${system} has no code "${code.slice(0, 200)}".`)
    return undefined
  }
  const { concepts, content } = found
  if (content !== 'complete')
    tell?.(`Only a part of ${system} is on this server: there may be more codes ${direction} ${code}.`)
  const marks = closure(
    concepts.hierarchy,
    concepts.find(code),
    direction === 'below' ? 'children' : 'parents',
    concepts.size,
  )
  const all: { system: string; code: string }[] = []
  marks.forEach((mark, at) => {
    if (mark === 1) all.push({ system, code: concepts.code(at) })
  })
  return all
}
