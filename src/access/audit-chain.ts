/**
 * The chain of a tenant's AuditEvents: each carries the digest of itself and of the one before, so that what was changed,
 * removed or put in between shows.
 * https://hl7.org/fhir/R4/auditevent.html#notes
 */
import { hash } from 'node:crypto'
import type { AuditEvent } from 'fhir/r4'
import type { Engine, Version } from '../store/store.ts'

/** The system of the tag: `number.digest`. */
export const CHAIN = 'https://fhir.dhp.tw.example/NamingSystem/audit-chain'

/** How far the chain is: how many events, and the digest of the last. Kept in the records `audit` under `head`. */
export interface Head {
  readonly count: number
  readonly digest: string
}

export const start: Head = { count: 0, digest: '0'.repeat(64) }
export const AUDIT_RECORDS = 'audit'
export const HEAD = 'head'

/** The event with its place in the chain, and the head after it. */
export function chained(event: AuditEvent, head: Head): { event: AuditEvent; head: Head } {
  const next: Head = { count: head.count + 1, digest: digestOf(event, head) }
  const tag = [{ system: CHAIN, code: `${next.count}.${next.digest}` }]
  return { event: { ...event, meta: { ...event.meta, tag } }, head: next }
}

/** Over all of the event but what the store puts in (version, time) and the place itself. */
function digestOf(event: AuditEvent, before: Head): string {
  const { meta, ...content } = event
  return hash(
    'sha256',
    `${before.digest}\n${before.count + 1}\n${JSON.stringify([content, meta?.profile ?? []])}`,
    'hex',
  )
}

/** What is wrong with a chain, and where. */
export interface Break {
  readonly kind: 'changed' | 'removed' | 'inserted' | 'truncated' | 'not anchored'
  /** The number in the chain. */
  readonly at: number
  /** The AuditEvent, when there is one. */
  readonly id?: string
  readonly text: string
}

export interface Verified {
  readonly head: Head
  /** Events looked at. */
  readonly events: number
  readonly breaks: readonly Break[]
}

const MOST_BREAKS = 20

/** Walks the chain of the tenant's store. `anchor`: a head that was noted earlier, which the chain must have passed. */
export async function verifyChain(engine: Pick<Engine, 'history' | 'records'>, anchor?: Head): Promise<Verified> {
  const breaks: Break[] = []
  const kept = ((await engine.records(AUDIT_RECORDS).get(HEAD)) as Head | undefined) ?? start
  let at: Head = start
  let events = 0
  let anchored = !anchor || anchor.count === 0
  const broken = (one: Break) => void (breaks.length < MOST_BREAKS && breaks.push(one))
  let after: number | undefined
  do {
    const page = await engine.history({
      of: { type: 'AuditEvent' },
      count: 500,
      oldestFirst: true,
      ...(after === undefined ? {} : { after }),
    })
    for (const version of page.versions) {
      events++
      at = follow(version, at, broken)
      if (anchor && at.count === anchor.count && at.digest === anchor.digest) anchored = true
    }
    after = page.next
  } while (after !== undefined)
  if (at.count < kept.count)
    broken({
      kind: 'truncated',
      at: at.count + 1,
      text: `The chain ends at ${at.count}, but ${kept.count} events were written: the last ${kept.count - at.count} are gone.`,
    })
  else if (at.count !== kept.count || at.digest !== kept.digest)
    broken({ kind: 'inserted', at: at.count, text: 'The last event is not the one that was written last.' })
  if (!anchored)
    broken({
      kind: 'not anchored',
      at: anchor!.count,
      text: `The chain has never been at ${printHead(anchor!)}: it was begun anew, put back to an earlier state, or rewritten.`,
    })
  return { head: at, events, breaks }
}

/** One step; after a break the chain is followed from what the event says of itself, so that one break is told once. */
function follow(version: Version, at: Head, broken: (one: Break) => void): Head {
  const { id } = version.ref
  const here = at.count + 1
  if (version.text === undefined) {
    broken({ kind: 'removed', at: here, id, text: `AuditEvent/${id} was deleted.` })
    return at
  }
  const event = read(version.text)
  const place = event && placeOf(event)
  if (!event || !place) {
    broken({ kind: 'inserted', at: here, id, text: `AuditEvent/${id} stands outside of the chain.` })
    return at
  }
  if (version.version !== '1')
    broken({ kind: 'changed', at: place.count, id, text: `AuditEvent/${id} has been written over.` })
  if (place.count > here) {
    broken({
      kind: 'removed',
      at: here,
      text: `${place.count - here} event(s) before AuditEvent/${id} (number ${place.count}) are gone.`,
    })
    return place
  }
  if (place.count < here) {
    broken({ kind: 'inserted', at: place.count, id, text: `AuditEvent/${id} has a number that was used before.` })
    return at
  }
  if (digestOf(event, at) !== place.digest)
    broken({ kind: 'changed', at: here, id, text: `AuditEvent/${id} is not as it was written.` })
  return place
}

function read(text: string): AuditEvent | undefined {
  try {
    return JSON.parse(text) as AuditEvent
  } catch {
    return undefined
  }
}

function placeOf({ meta }: AuditEvent): Head | undefined {
  const code = meta?.tag?.find(tag => tag.system === CHAIN)?.code
  return code === undefined ? undefined : readHead(code)
}

/** `12.9f86d0…`, as it is in the tag and as the command prints it. */
export const printHead = ({ count, digest }: Head): string => `${count}.${digest}`

/** Undefined for what is no place in a chain. */
export function readHead(text: string): Head | undefined {
  const found = /^(\d{1,15})\.([0-9a-f]{64})$/.exec(text)
  return found ? { count: Number(found[1]), digest: found[2]! } : undefined
}
