/**
 * What an answer held, as the audit log keeps it: one text for all of it, because thousands of answers wait in memory until they are
 * on disk.
 * https://hl7.org/fhir/R4/auditevent-definitions.html#AuditEvent.entity.what
 */
import type { Version } from '../store/store.ts'

/** So many resources of one answer are looked at for patients. */
export const MOST_SHOWN = 1000

/**
 * Versions, as `Observation/1/2/7/1 Patient/1/3`: behind a type, ids and the numbers of versions in turn. Neither has a slash or a
 * space in it.
 */
export type Shown = string

/** Collects what is shown by one answer. */
export class ShownSoFar {
  #text: Shown = ''
  #count = 0
  #more = 0

  /** Keeps their names only: an export shows more than fits in memory. */
  add(versions: readonly Version[]): void {
    const room = MOST_SHOWN - this.#count
    const most = Math.min(versions.length, room)
    this.#more += versions.length - most
    if (most <= 0) return
    this.#count += most
    let type = ''
    let pieces: string[] = []
    for (let i = 0; i < most; i++) {
      const { ref, version } = versions[i]!
      if (ref.type !== type) {
        this.#close(pieces)
        pieces = [(type = ref.type)]
      }
      pieces.push(ref.id, version)
    }
    this.#close(pieces)
  }

  /** Joined at once, so that neither the pieces nor the texts they were cut from are kept. */
  #close(pieces: readonly string[]): void {
    if (pieces.length === 0) return
    const joined = pieces.join('/')
    this.#text = this.#text === '' ? joined : `${this.#text} ${joined}`
  }

  /** Empty when nothing was shown. */
  get text(): Shown {
    return this.#text
  }

  /** How many were shown beside those in the text. */
  get more(): number {
    return this.#more
  }
}

/** The versions in a text. */
export function* shownIn(
  text: Shown,
): Generator<{ readonly type: string; readonly id: string; readonly version: string }> {
  for (const group of text.split(' ')) {
    const [type = '', ...rest] = group.split('/')
    for (let i = 0; i + 1 < rest.length; i += 2) yield { type, id: rest[i]!, version: rest[i + 1]! }
  }
}
