/**
 * What happened, as the journal keeps it: rows without names, and each who and each address once. Printed by itself, row by row into
 * bytes outside of the heap: one text of thousands of rows made at once is garbage of megabytes.
 */
import { randomUUID } from 'node:crypto'
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

type Row = [at: number, what: string, status: number, who: number, from: number, ...rest: unknown[]]

/** A record of the journal. */
export interface Journalled {
  /** The events' ids are made of it and of the number of each row. */
  readonly id: string
  /** Milliseconds since 1970: rows count from here. */
  readonly since: number
  readonly rows: readonly Row[]
  /** By number, as rows have them; -1 for none. */
  readonly who: readonly Who[]
  readonly from: readonly string[]
}

/** What an earlier version of this server wrote: each row began with the id of its event; and before that, whole happenings. */
type Earlier = (Omit<Journalled, 'id' | 'rows'> & { readonly rows: readonly [string, ...Row][] }) | readonly Recorded[]

/** A page that is told no more, as JSON. */
export interface Page {
  readonly json: string
  readonly count: number
}

const COMMA = 0x2c

/** Bytes kept for the next page; one that was larger is given back. */
const KEPT = 1 << 20

/** The page of the journal that is being written. */
export class Pages {
  #bytes: Buffer
  #used = 0
  #count = 0
  #id = randomUUID()
  #since = 0
  readonly #who = new Map<Who, number>()
  readonly #from = new Map<string, number>()

  /** `room`: bytes to begin with. */
  constructor(room = 65_536) {
    this.#bytes = Buffer.allocUnsafe(room)
  }

  /** `at`: milliseconds since 1970. Gives the number of its row. */
  add(what: Happening, at: number): number {
    if (this.#count === 0) this.#since = at
    const [who, from] = [numberOf(this.#who, what.who), numberOf(this.#from, what.from)]
    const row = JSON.stringify(rowOf(what, at - this.#since, who, from))
    // a comma, and three bytes a UTF-16 unit at most
    const most = 1 + 3 * row.length
    if (this.#used + most > this.#bytes.length) this.#grow(most)
    if (this.#count > 0) this.#bytes[this.#used++] = COMMA
    this.#used += this.#bytes.write(row, this.#used)
    return this.#count++
  }

  /** The id of the event of the row that has this number, or will have it, before the next `take`. */
  eventOf(row: number): string {
    return eventId(this.#id, row)
  }

  #grow(more: number): void {
    const larger = Buffer.allocUnsafe(2 * (this.#bytes.length + more))
    this.#bytes.copy(larger, 0, 0, this.#used)
    this.#bytes = larger
  }

  /** What was added since the last time. */
  take(): Page {
    const rows = this.#bytes.toString('utf8', 0, this.#used)
    const json = `{"id":"${this.#id}","since":${this.#since},"rows":[${rows}],"who":${JSON.stringify([...this.#who.keys()])},"from":${JSON.stringify([...this.#from.keys()])}}`
    const page = { json, count: this.#count }
    this.#used = this.#count = 0
    this.#id = randomUUID()
    this.#who.clear()
    this.#from.clear()
    if (this.#bytes.length > KEPT) this.#bytes = Buffer.allocUnsafe(KEPT)
    return page
  }
}

/** A page of its own. */
export function pageOf(all: readonly Happening[], at: number): Page {
  const pages = new Pages(512)
  for (const one of all) pages.add(one, at)
  return pages.take()
}

function rowOf(one: Happening, after: number, who: number, from: number): Row {
  // as `fields` says, one by one: every request passes here
  const row: Row = [
    after,
    one.what,
    one.status,
    who,
    from,
    one.type,
    one.id,
    one.version,
    one.request,
    one.operation,
    one.query,
    one.shown,
    one.more,
    one.patient,
    one.why,
    one.claimed,
  ]
  // what is not there at the end need not be said
  while (row[row.length - 1] === undefined) row.pop()
  return row
}

function numberOf<T>(known: Map<T, number>, value: T | undefined): number {
  if (value === undefined) return -1
  let number = known.get(value)
  if (number === undefined) known.set(value, (number = known.size))
  return number
}

/** A UUID of the page's own, whose last three bytes are changed by the number of the row. */
const eventId = (page: string, row: number): string =>
  page.slice(0, 30) + ((Number.parseInt(page.slice(30), 16) ^ row) >>> 0).toString(16).padStart(6, '0')

/** How many happenings a record has. */
export const countOf = (kept: Journalled | Earlier): number => (isPlain(kept) ? kept.length : kept.rows.length)

/** The happenings of a record; also of one as an earlier version of this server wrote it. */
export function happenings(kept: Journalled | Earlier | undefined): Recorded[] {
  if (kept === undefined) return []
  if (isPlain(kept)) return kept.map(asText)
  const read = (event: string, [at, what, status, who, from, ...rest]: Row): Recorded => {
    const made: Record<string, unknown> = { what, status }
    if (who >= 0) made['who'] = kept.who[who]
    if (from >= 0) made['from'] = kept.from[from]
    fields.forEach((name, i) => {
      // null is how JSON keeps a place
      if (rest[i] !== undefined && rest[i] !== null) made[name] = rest[i]
    })
    return asText({ ...made, event, at: kept.since + at } as unknown as Recorded)
  }
  return 'id' in kept
    ? kept.rows.map((row, i) => read(eventId(kept.id, i), row))
    : kept.rows.map(([event, ...row]) => read(event, row))
}

/** An earlier version of this server kept each version that was shown by itself. */
const asText = (one: Recorded): Recorded =>
  Array.isArray(one.shown) ? { ...one, shown: (one.shown as readonly string[]).join(' ') } : one

const isPlain = (kept: Journalled | Earlier): kept is readonly Recorded[] => Array.isArray(kept)
