/**
 * A large Bundle, parsed a few entries at a time, so that other requests are answered meanwhile.
 * https://hl7.org/fhir/R4/bundle.html
 */
import { setImmediate } from 'node:timers/promises'
import { keepDigits, parseJson } from './json.ts'
import { FhirError } from './outcome.ts'
import type { Json } from './types.ts'

/** Bytes: texts up to this size are parsed in one go, in a few milliseconds; larger ones in pieces of about half of it. */
const SMALL = 512 * 1024

/** As `parseJson`, and what it refuses is refused here too. */
export async function parseLargeJson(bytes: Buffer): Promise<Json> {
  const found = bytes.length > SMALL ? entryArray(bytes) : undefined
  if (!found) return parseJson(bytes)
  const { open, close, cuts } = found
  const whole = parseJson(Buffer.concat([bytes.subarray(0, open + 1), bytes.subarray(close)])) as { entry?: Json[] }
  const entries = whole.entry
  if (!Array.isArray(entries)) return parseJson(bytes)
  let from = open + 1
  for (const to of [...cuts, close]) {
    await setImmediate()
    // as deep as it was within the Bundle, so that the limit of depth is the same
    const piece = read(Buffer.concat([opening, bytes.subarray(from, to), closing]))
    // not JSON: the whole will tell where
    if (piece.length === 0) return parseJson(bytes)
    for (const entry of piece) entries.push(entry)
    keepDigits(entries, piece)
    from = to + 1
  }
  keepDigits(whole, entries)
  return whole as Json
}

/** Empty for what is refused, and for nothing between two commas. */
function read(piece: Buffer): Json[] {
  try {
    return (parseJson(piece) as [Json[]])[0]
  } catch (error) {
    if (error instanceof FhirError) return []
    throw error
  }
}

const opening = Buffer.from('[[')
const closing = Buffer.from(']]')

interface EntryArray {
  /** Positions of its brackets. */
  readonly open: number
  readonly close: number
  /** Positions of commas between entries. */
  readonly cuts: readonly number[]
}

/** Where the array `entry` of the outermost object stands; undefined when there is none, or the text is not well-formed. */
function entryArray(bytes: Buffer): EntryArray | undefined {
  const cuts: number[] = []
  let depth = 0
  let open = -1
  let last = 0
  /** The last string at depth 1 was `entry`. */
  let named = false
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i]!
    if (byte === 0x22) {
      const from = i + 1
      for (i++; i < bytes.length && bytes[i] !== 0x22; i++) if (bytes[i] === 0x5c) i++
      if (depth === 1) named = i - from === 5 && bytes.toString('latin1', from, i) === 'entry'
    } else if (byte === 0x7b || byte === 0x5b) {
      depth++
      if (open < 0 && byte === 0x5b && depth === 2 && named) open = last = i
    } else if (byte === 0x7d || byte === 0x5d) {
      depth--
      if (open >= 0 && depth === 1) return byte === 0x5d && cuts.length > 0 ? { open, close: i, cuts } : undefined
    } else if (byte === 0x2c && open >= 0 && depth === 2 && i - last > SMALL / 2) cuts.push((last = i))
  }
  return undefined
}
