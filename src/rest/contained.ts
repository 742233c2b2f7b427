/**
 * _containedType=contained: of the resources found, those inside them that match.
 * https://hl7.org/fhir/R4/search.html#contained
 */
import { parseJson, printJson } from '../fhir/json.ts'
import { match, type World } from '../search/match.ts'
import type { Filter } from '../search/query.ts'
import type { Version } from '../store/store.ts'
import type { Context, Resource } from './exchange.ts'
import type { SearchsetEntry } from './searchset.ts'

/** An entry for each contained resource of these types that satisfies the filter the containers were found by. */
export function containedEntries(
  { extractor }: Context,
  containers: readonly Version[],
  filter: Filter,
): SearchsetEntry[] {
  const world: World = { extractor, get: () => undefined, referrers: () => [] }
  const asked = filter.is === 'any' ? filter.parts : [filter]
  const entries: SearchsetEntry[] = []
  for (const version of containers) {
    const resource = parseJson(Buffer.from(version.text!)) as unknown as Resource
    const inside = (Array.isArray(resource['contained']) ? resource['contained'] : []) as Resource[]
    for (const part of asked) {
      if (part.is !== 'contains') continue
      const found = extractor.contained(resource, part.type)
      const own = inside.filter(({ resourceType }) => resourceType === part.type)
      for (const [i, contained] of own.entries()) {
        const subject = {
          ref: { type: part.type, id: contained.id ?? '' },
          updated: version.updated,
          entries: found[i] ?? [],
          resource: contained,
        }
        if (!match(part.where, subject, world)) continue
        const place = `${version.ref.type}/${version.ref.id}#${contained.id ?? ''}`
        entries.push({ version, mode: 'match', text: printJson(contained), place })
      }
    }
  }
  return entries
}
