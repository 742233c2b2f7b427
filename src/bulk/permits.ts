/**
 * What the one who asked for an export may see: taken down when it is asked, since the work outlives the request, the token and
 * the process; and looked at again before a file is handed out, since a URL proves nothing.
 * https://hl7.org/fhir/smart-app-launch/STU2.2/backend-services.html#enforce-authorization
 */
import type { Caller } from '../access/caller.ts'
import { both, isEverything } from '../access/filters.ts'
import { everything, type Filter } from '../search/query.ts'
import type { Order } from './words.ts'

/** What the caller may read and find of a type; undefined for nothing. */
export function permitted(caller: Caller, type: string): Filter | undefined {
  const read = caller.permits(type, 'read')
  const search = caller.permits(type, 'search')
  if (!read || !search) return undefined
  if (isEverything(read) && isEverything(search)) return everything
  return same(read, search) ? read : both(read, search)
}

/** Of all these types: those of which something may be seen. */
export const permitsOf = (caller: Caller, types: readonly string[]): Order['permits'] =>
  Object.fromEntries(
    types.flatMap(type => {
      const filter = permitted(caller, type)
      return filter ? [[type, filter] as const] : []
    }),
  )

/** The caller of the order, with what was permitted then: reading only. */
export function callerOf(order: Order): Caller {
  const filters = new Map(
    Object.entries(order.permits).map(([type, filter]) => [type, isEverything(filter) ? everything : filter]),
  )
  return {
    id: order.caller,
    ...(order.grant ? { grant: order.grant } : {}),
    permits: (type, action) => (action === 'read' || action === 'search' ? filters.get(type) : undefined),
  }
}

/** Whether this caller, now, may see all that the order could export of the type. */
export function covers(caller: Caller, order: Order, type: string): boolean {
  const now = permitted(caller, type)
  const then = order.permits[type]
  return now !== undefined && then !== undefined && (isEverything(now) || same(now, then))
}

const same = (one: Filter, other: Filter) => one === other || JSON.stringify(one) === JSON.stringify(other)
