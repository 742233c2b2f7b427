/**
 * What happened, as the journal keeps it: rows without names, and each who and each address once. At a busy server most of what
 * recording costs is the length of it.
 */
import type { Happening, Recorded, Who } from './audit-words.ts'

/** In the order of a row, behind what is always there. */
const fields = [
  'type',
  'id',
  'version',
  'request',
  'operation',
  'query',
  'shown',
  'more',
  'patient',
  'why',
  'claimed',
] as const satisfies readonly (keyof Happening)[]

type Row = [event: string, at: number, what: string, status: number, who: number, from: number, ...rest: unknown[]]

/** A record of the journal. */
export interface Journalled {
  /** Milliseconds since 1970: rows count from here. */
  readonly since: number
  /** By number, as rows have them; -1 for none. */
  readonly who: readonly Who[]
  readonly from: readonly string[]
  readonly rows: readonly Row[]
}

export function packed(batch: readonly Recorded[]): Journalled {
  const since = batch[0]?.at ?? 0
  const who = new Map<Who, number>()
  const from = new Map<string, number>()
  const rows = batch.map((one): Row => {
    const row: Row = [one.event, one.at - since, one.what, one.status, numberOf(who, one.who), numberOf(from, one.from)]
    for (const name of fields) row.push(one[name])
    // what is not there at the end need not be said
    while (row.at(-1) === undefined) row.pop()
    return row
  })
  return { since, who: [...who.keys()], from: [...from.keys()], rows }
}

function numberOf<T>(known: Map<T, number>, value: T | undefined): number {
  if (value === undefined) return -1
  let number = known.get(value)
  if (number === undefined) known.set(value, (number = known.size))
  return number
}

/** How many happenings a record has. */
export const countOf = (kept: Journalled | readonly Recorded[]): number =>
  isPlain(kept) ? kept.length : kept.rows.length

/** The happenings of a record; also of one as an earlier version of this server wrote it. */
export function happenings(kept: Journalled | readonly Recorded[] | undefined): Recorded[] {
  if (kept === undefined) return []
  if (isPlain(kept)) return kept.map(asText)
  return kept.rows.map(([event, at, what, status, who, from, ...rest]) => {
    const made: Record<string, unknown> = { what, status }
    if (who >= 0) made['who'] = kept.who[who]
    if (from >= 0) made['from'] = kept.from[from]
    fields.forEach((name, i) => {
      // null is how JSON keeps a place
      if (rest[i] !== undefined && rest[i] !== null) made[name] = rest[i]
    })
    return asText({ ...made, event, at: kept.since + at } as unknown as Recorded)
  })
}

/** An earlier version of this server kept each version that was shown by itself. */
const asText = (one: Recorded): Recorded =>
  Array.isArray(one.shown) ? { ...one, shown: (one.shown as readonly string[]).join(' ') } : one

const isPlain = (kept: Journalled | readonly Recorded[]): kept is readonly Recorded[] => Array.isArray(kept)
