/**
 * Filters put together: what was asked, and what may be seen.
 */
import { everything, type Filter } from '../search/query.ts'

/** Whether the filter lets everything through, as one can see without looking at resources. */
export const isEverything = (filter: Filter): boolean =>
  filter === everything || (filter.is === 'all' && filter.parts.every(isEverything))

/** What satisfies both. */
export const both = (one: Filter, other: Filter): Filter =>
  isEverything(one) ? other : isEverything(other) ? one : { is: 'all', parts: [one, other] }

/** The filter with `seen` AND-ed wherever it speaks of resources of another type. Chains are bounded when a search is parsed. */
export function scope(filter: Filter, seen: (type: string) => Filter): Filter {
  switch (filter.is) {
    case 'all':
    case 'any':
      return { is: filter.is, parts: filter.parts.map(part => scope(part, seen)) }
    case 'not':
      return { is: 'not', part: scope(filter.part, seen) }
    case 'tuple':
      return { ...filter, parts: filter.parts.map(part => scope(part, seen)) }
    case 'link':
    case 'linked by':
    case 'contains':
      return { ...filter, where: both(scope(filter.where, seen), seen(filter.type)) }
    case 'has':
    case 'id':
    case 'type':
    case 'updated':
    case 'near':
      return filter
  }
}
