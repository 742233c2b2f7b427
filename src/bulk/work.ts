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
import { associatedWith, PROVENANCE, type Associated, type Exporting } from './associated.ts'
import type { LineWriter } from './files.ts'
import { momentOf, type Moment } from './moment.ts'
import { firstPart, isAboutOne, ofAnyPatient, ofPatients, ofPatientThen, PART } from './patients.ts'
import { MIXED, type Block, type Order, type Place } from './words.ts'

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
  const filter = order.filters[PROVENANCE]
  const job: Job = {
    ...parts,
    moment,
    judged,
    pages: Math.max(1, Math.ceil((parts.patients?.length ?? 1) / PART)),
    associated: order.associated && associatedWith({ kind: order.associated, seen, moment, extractor, time, filter }),
  }
  let at: Place = place
  while (at.type < order.types.length) {
    at = await (order.organizedBy ? organizedStep(job, at) : step(job, at))
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
  readonly associated: Associated | undefined
  /** The patient whose block is written. */
  readonly blockOf?: { readonly id: string; headed: boolean }
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

/** Block after block, then what is gone, type after type. */
async function organizedStep(job: Job, at: Place): Promise<Place> {
  if (at.step !== 'deleted') return blockStep(job, at)
  const next = await deleted(job, at)
  return { ...next, step: 'deleted' }
}

/** One page of one patient's block, or the next patients. */
async function blockStep(job: Job, at: Place): Promise<Place> {
  const { definitions, extractor, order } = job
  const { block } = at
  const id = block?.ids[block.at]
  if (!block || id === undefined) return nextBlocks(job, block)
  const blockOf = { id, headed: block.headed }
  const own: Job = { ...job, patients: [id], judged: firstPart(definitions, extractor, [id]), pages: 1, blockOf }
  let next = await step(own, at)
  // who was deleted is told after all blocks
  if (next.step === 'deleted') next = nextType(at)
  return next.type < order.types.length
    ? { ...next, block: { ...block, headed: blockOf.headed } }
    : { type: 0, step: 'find', part: 0, block: { ...block, at: block.at + 1, headed: false } }
}

const BLOCKS = 100

/** Patients whose blocks come next: as they are found, then those that were not found since they were changed or deleted meanwhile. */
async function nextBlocks(job: Job, block: Block | undefined): Promise<Place> {
  const { seen, moment, patients, writer, order, time } = job
  const place = (next: Omit<Block, 'at' | 'headed'>): Place => ({
    type: 0,
    step: 'find',
    part: 0,
    block: { at: 0, headed: false, ...next },
  })
  const end: Place =
    order.since === undefined
      ? { type: order.types.length, step: 'find', part: 0 }
      : { type: 0, step: 'deleted', part: 0 }
  if (block && block.next === undefined) {
    if (block.changed || patients) return end
    const missing = new Set<string>()
    for await (const ids of moment.changedAfter('Patient'))
      for (const id of ids) if (await moment.at({ type: 'Patient', id })) missing.add(id)
    const written = missing.size > 0 ? await writer.blocks(missing) : missing
    const ids = [...missing].filter(id => !written.has(id))
    return ids.length > 0 ? place({ ids, changed: true }) : end
  }
  if (patients) {
    const from = (block?.next ?? 0) as number
    const ids = patients.slice(from, from + BLOCKS)
    return place({ ids, ...(from + BLOCKS < patients.length ? { next: from + BLOCKS } : {}) })
  }
  const after = block?.next as Position | undefined
  const page = await seen.find({
    types: ['Patient'],
    filter: { is: 'all', parts: [] },
    sort: [],
    count: BLOCKS,
    total: 'none',
    ...(after ? { after } : {}),
  })
  const ids: string[] = []
  for (const { ref, updated } of page.matches) if (updated <= time || (await moment.at(ref))) ids.push(ref.id)
  return place({ ids, ...(page.next ? { next: page.next } : {}) })
}

/** Writes these, and the Provenance that goes with them. */
async function output(job: Job, type: string, versions: readonly Version[]): Promise<void> {
  await write(job, type, versions)
  if (!job.associated || type === PROVENANCE) return
  const refs = versions.map(({ ref }) => ref)
  for await (const provenance of job.associated.with(refs, exporting(job))) await write(job, PROVENANCE, provenance)
}

async function write(job: Job, type: string, versions: readonly Version[]): Promise<void> {
  const { writer, blockOf } = job
  const lines = versions.map(({ text }) => line(job, text!))
  if (!blockOf) return writer.write('output', type, lines)
  if (lines.length === 0) return
  // a block stays in one file, so a new one begins only before a header
  if (!blockOf.headed) await writer.write('output', MIXED, [header(blockOf.id)])
  blockOf.headed = true
  await writer.write('output', MIXED, lines, true)
}

const header = (id: string) =>
  `{"resourceType":"Parameters","parameter":[{"name":"header","valueReference":{"reference":"Patient/${id}"}}]}`

/** Judged by what a resource was at the moment. */
function exporting(job: Job): Exporting {
  const { moment, judged, order } = job
  const isOurs = async (then: Version): Promise<boolean> => {
    const { type, id } = then.ref
    if (judged && judged(type, id, then.text!) === undefined) return false
    return moment.satisfies(own(job, type), then)
  }
  return {
    async isExported(ref) {
      if (ref.type === PROVENANCE || !order.types.includes(ref.type)) return false
      const then = await moment.at(ref)
      return then !== undefined && isOurs(then)
    },
    isExportedAlone: async then => order.types.includes(PROVENANCE) && isOurs(then),
  }
}

/** What there is now and was not changed since the moment. */
async function find(job: Job, at: Place): Promise<Place> {
  const { seen, time, order } = job
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
  const length = page.matches.reduce((sum, { text }) => sum + text!.length, 0)
  const found = page.matches.filter(version => version.updated <= time && isIn(job, version, at.part))
  await output(job, type, found)
  if (page.next) {
    const fits = Math.floor((PAGE_TEXT * page.matches.length) / Math.max(1, length))
    return { ...at, after: { after: page.next, count: Math.max(10, Math.min(MOST, count * 4, fits)) } }
  }
  const next: Place = { ...at, after: { count } }
  return at.part + 1 < job.pages ? { ...next, part: at.part + 1 } : { type: at.type, step: 'changed', part: 0 }
}

/** What was there at the moment and was not found as it was, since it was changed or deleted before its page came. */
async function changed(job: Job, at: Place): Promise<Place> {
  const { order, moment, writer, blockOf } = job
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
  // what came out with its page and was changed later
  const written =
    missing.size === 0
      ? missing
      : blockOf
        ? await writer.writtenInBlock(blockOf.id, type, missing)
        : await writer.written(type, missing)
  for (const id of missing) {
    if (written.has(id)) continue
    const then = await moment.at({ type, id })
    if (then) await output(job, type, [then])
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
