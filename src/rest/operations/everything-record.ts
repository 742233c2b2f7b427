/**
 * The record of a patient or an encounter: its compartment, and what the resources there refer to.
 * https://hl7.org/fhir/R4/compartmentdefinition.html
 */
import { compartmentGroups } from '../../access/compartment.ts'
import { EARLIEST, LATEST, type Filter, type Position } from '../../search/query.ts'
import type { Version } from '../../store/store.ts'
import type { Context, Ref } from '../exchange.ts'
import { refsIn } from '../stored-references.ts'
import { careDates } from './care-dates.ts'

/** What of the record is wanted; times in milliseconds since 1970. */
export interface Asked {
  readonly types?: readonly string[]
  readonly since?: number
  readonly start?: number
  readonly end?: number
}

/** Types of the compartment that one Filter finds. */
export interface Group {
  readonly types: readonly string[]
  readonly filter: Filter
}

/** The compartment, as questions to the store, in a lasting order. */
export function compartmentOf({ definitions }: Context, { type, id }: Ref, asked: Asked): readonly Group[] {
  const since: Filter[] = asked.since === undefined ? [] : [{ is: 'updated', low: asked.since, high: LATEST }]
  const dated = asked.start !== undefined || asked.end !== undefined
  return compartmentGroups(definitions, type, id, asked.types).flatMap(({ types, filter }) => {
    // Each type has its own date of care, so that with dates each is a question of its own
    if (!dated) return [{ types, filter: all([filter, ...since]) }]
    return types.map(each => {
      const during = careDates(definitions, each, asked.start ?? EARLIEST, asked.end ?? LATEST)
      return { types: [each], filter: all([filter, ...since, ...(during ? [during] : [])]) }
    })
  })
}

const all = (parts: readonly Filter[]): Filter => (parts.length === 1 ? parts[0]! : { is: 'all', parts })

const print = (ref: Ref) => `${ref.type}/${ref.id}`

/**
 * What the compartment's resources refer to outside of it, and what that refers to, in the order of `Type/id`. Whatever
 * speaks of a patient other than `patients` is left out, and nothing is followed through it.
 */
export async function referredTo(
  context: Context,
  focus: Ref,
  patients: ReadonlySet<string>,
  asked: Asked,
): Promise<readonly Version[]> {
  const { store, request, definitions } = context
  const { members, named } = await survey(context, focus)
  const found: Version[] = []
  let open = [...named.values()]
  while (open.length > 0) {
    const versions = await store.readMany(
      open.filter(ref => definitions.isResourceType(ref.type) && !members.has(print(ref))),
    )
    open = []
    for (const version of versions) {
      const refs = refsIn(version.text!, request.base)
      const concerned = version.ref.type === 'Patient' ? [version.ref] : refs.filter(ref => ref.type === 'Patient')
      if (!concerned.every(ref => patients.has(print(ref)))) continue
      found.push(version)
      for (const ref of refs) {
        if (named.has(print(ref))) continue
        named.set(print(ref), ref)
        open.push(ref)
      }
    }
  }
  return found
    .filter(({ ref, updated }) => (asked.types?.includes(ref.type) ?? true) && updated >= (asked.since ?? 0))
    .sort((a, b) => (print(a.ref) < print(b.ref) ? -1 : 1))
}

/** All that is in the compartment, and all that is referred to there. */
async function survey(context: Context, focus: Ref): Promise<{ members: Set<string>; named: Map<string, Ref> }> {
  const members = new Set<string>()
  const named = new Map<string, Ref>()
  for (const { types, filter } of compartmentOf(context, focus, {})) {
    let after: Position | undefined
    do {
      const page = await context.store.find({
        types,
        filter,
        sort: [],
        count: 1000,
        total: 'none',
        ...(after ? { after } : {}),
      })
      for (const { ref, text } of page.matches) {
        members.add(print(ref))
        for (const to of refsIn(text!, context.request.base)) named.set(print(to), to)
      }
      after = page.next
    } while (after)
  }
  return { members, named }
}
