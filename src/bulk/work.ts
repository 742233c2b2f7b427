/**
 * The work of an export: type after type, page after page from the store as the caller sees it, each page written before the next
 * is asked for, its place kept so that a restart goes on from there.
 * https://hl7.org/fhir/uv/bulkdata/STU2/export.html#bulk-data-export-operation-request-flow
 */
import { setImmediate } from 'node:timers/promises'
import type { Definitions } from '../fhir/definitions.ts'
import { parseJson, printJson } from '../fhir/json.ts'
import { subset } from '../fhir/subset.ts'
import type { Resource } from '../fhir/types.ts'
import { EARLIEST, LATEST, type Extractor, type Filter, type Position } from '../search/query.ts'
import type { Store, Version } from '../store/store.ts'
import type { LineWriter } from './files.ts'
import { momentOf, type Moment } from './moment.ts'
import { firstPart, isAboutOne, ofAnyPatient, ofPatients, ofPatientThen, PART } from './patients.ts'
import type { Order, Place } from './words.ts'

export interface WorkParts {
  readonly order: Order
  /** The transactionTime, in milliseconds since 1970. */
  readonly time: number
  /** All of the store; only to tell which version was current. */
  readonly whole: Store
  /** As the caller of the order sees it. */
  readonly seen: Store
  readonly definitions: Definitions
  readonly extractor: Extractor
  /** Ids, when the order is of certain patients. */
  readonly patients: readonly string[] | undefined
  readonly writer: LineWriter
  /** Called after each page with the place where the next begins; rejects (or says false) to end the work there. */
  save(place: Place): Promise<boolean>
}

/** What a page of texts should have, in characters; resources are of very different sizes. */
const PAGE_TEXT = 2_000_000
const MOST = 1000

/** Works from `place` to the end; false when it was told to stop. */
export async function work(parts: WorkParts, place: Place): Promise<boolean> {
  const { order, whole, seen, extractor, time, save } = parts
  const moment = momentOf(whole, seen, extractor, time)
  const judged = parts.patients && firstPart(parts.definitions, extractor, parts.patients)
  const job: Job = { ...parts, moment, judged, pages: Math.max(1, Math.ceil((parts.patients?.length ?? 1) / PART)) }
  let at: Place = place
  while (at.type < order.types.length) {
    at = await step(job, at)
    if (!(await save(at))) return false
    await setImmediate()
  }
  return true
}

interface Job extends WorkParts {
  readonly moment: Moment
  /** In which part of the patients a resource is exported. */
  readonly judged: ReturnType<typeof firstPart> | undefined
  /** How many parts there are. */
  readonly pages: number
}

/** One page of one step; gives where to go on. */
function step(job: Job, at: Place): Promise<Place> {
  switch (at.step) {
    case 'find':
      return find(job, at)
    case 'changed':
      return changed(job, at)
    case 'deleted':
      return deleted(job, at)
  }
}

/** What there is now and was not changed since the moment. */
async function find(job: Job, at: Place): Promise<Place> {
  const { seen, time, writer, order } = job
  const type = order.types[at.type]!
  const { after, count } = (at.after ?? { count: 100 }) as { after?: Position; count: number }
  const page = await seen.find({
    types: [type],
    filter: filterOf(job, type, at.part),
    sort: [],
    count,
    total: 'none',
    ...(after ? { after } : {}),
  })
  const lines: string[] = []
  let length = 0
  for (const version of page.matches) {
    length += version.text!.length
    if (version.updated <= time && isIn(job, version, at.part)) lines.push(line(job, version.text!))
  }
  await writer.write('output', type, lines)
  if (page.next) {
    const fits = Math.floor((PAGE_TEXT * page.matches.length) / Math.max(1, length))
    return { ...at, after: { after: page.next, count: Math.max(10, Math.min(MOST, count * 4, fits)) } }
  }
  const next: Place = { ...at, after: { count } }
  return at.part + 1 < job.pages ? { ...next, part: at.part + 1 } : { type: at.type, step: 'changed', part: 0 }
}

/** What was there at the moment and was not found as it was, since it was changed or deleted before its page came. */
async function changed(job: Job, at: Place): Promise<Place> {
  const { order, moment, writer } = job
  const type = order.types[at.type]!
  const missing = new Set<string>()
  for await (const ids of moment.changedAfter(type)) {
    for (const id of ids) {
      const then = missing.has(id) ? undefined : await moment.at({ type, id })
      if (!then || (job.judged && job.judged(type, id, then.text!) === undefined)) continue
      if (await moment.satisfies(own(job, type), then)) missing.add(id)
    }
    await setImmediate()
  }
  const written = missing.size > 0 ? await writer.written(type, missing) : new Set<string>()
  for (const id of missing) {
    if (written.has(id)) continue
    const then = await moment.at({ type, id })
    if (then) await writer.write('output', type, [line(job, then.text!)])
  }
  return order.since === undefined ? nextType(at) : { type: at.type, step: 'deleted', part: 0 }
}

/** What was deleted since the time the client named, as transactions that delete it there too. */
async function deleted(job: Job, at: Place): Promise<Place> {
  const { order, moment, writer, time } = job
  const type = order.types[at.type]!
  const { versions, next } = await moment.deleted(type, order.since!, at.after as number | undefined)
  const lines: string[] = []
  for (const version of versions) {
    if (version.updated > (order.until ?? time)) continue
    if (await wasAskedFor(job, version)) lines.push(deletion(version))
  }
  await writer.write('deleted', type, lines)
  return next === undefined ? nextType(at) : { ...at, after: next }
}

const nextType = ({ type }: Place): Place => ({ type: type + 1, step: 'find', part: 0 })

/** Judged by the content before the deletion. */
async function wasAskedFor(job: Job, version: Version): Promise<boolean> {
  const { order, definitions, moment, judged, seen } = job
  const { type, id } = version.ref
  if (judged && type === 'Patient') {
    if (judged(type, id, '') === undefined) return false
  } else if (judged) {
    const before = await seen.readVersion(version.ref, String(Number(version.version) - 1))
    if (before?.text === undefined || judged(type, id, before.text) === undefined) return false
  }
  const filter = order.filters[type]
  const parts = filter ? [filter] : []
  if (order.level.of === 'Patient') parts.push(ofPatientThen(definitions, type))
  return moment.satisfies({ is: 'all', parts }, version)
}

const deletion = ({ ref: { type, id } }: Version) =>
  `{"resourceType":"Bundle","type":"transaction","entry":[{"request":{"method":"DELETE","url":"${type}/${id}"}}]}`

/** Whether this part of the patients, in which the resource was found, is the one in which it is exported: the first. */
const isIn = ({ judged, pages }: Job, { ref, text }: Version, part: number): boolean =>
  !judged || pages === 1 || (ref.type !== 'Patient' && isAboutOne(text!)) || judged(ref.type, ref.id, text!) === part

/** What the store is asked for. */
function filterOf(job: Job, type: string, part: number): Filter {
  const { patients, definitions } = job
  if (!patients) return own(job, type)
  const ids = patients.slice(part * PART, (part + 1) * PART)
  return { is: 'all', parts: [ofPatients(definitions, type, ids), own(job, type)] }
}

/** What was asked of a type, but for the patients that are named. */
function own({ order, definitions, patients }: Job, type: string): Filter {
  const { filters, since, until, level } = order
  const filter = filters[type]
  const parts: Filter[] = filter ? [filter] : []
  if (level.of === 'Patient' && !patients) parts.push(ofAnyPatient(definitions, type) ?? { is: 'any', parts: [] })
  if (since !== undefined || until !== undefined)
    parts.push({ is: 'updated', low: since === undefined ? EARLIEST : since + 1, high: until ?? LATEST })
  return { is: 'all', parts }
}

function line({ order, definitions }: Job, text: string): string {
  if (!order.elements) return text
  return printJson(subset(parseJson(Buffer.from(text)) as Resource, { elements: order.elements }, definitions))
}
