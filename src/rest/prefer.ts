/**
 * The Prefer header: what a write answers with, what happens to unknown search parameters.
 * https://hl7.org/fhir/R4/http.html#ops
 */
import { badRequest } from '../fhir/outcome.ts'
import type { Prefer } from './exchange.ts'
import { listed, quoted } from './outcome-text.ts'

const nothing: Prefer = { return: 'representation', handling: undefined, async: false }

const returns: readonly Prefer['return'][] = ['minimal', 'representation', 'OperationOutcome']
const handlings: readonly NonNullable<Prefer['handling']>[] = ['strict', 'lenient']

/** Unknown preferences are ignored, as RFC 7240 asks; a known one with a value that FHIR does not have is refused (400). */
export function readPrefer(header: string | undefined): Prefer {
  if (header === undefined) return nothing
  let prefer = nothing
  for (const part of header.split(/[,;]/, 50)) {
    const [name = '', value = ''] = part.split('=', 2).map(text => text.trim().replaceAll('"', ''))
    if (name === 'return') prefer = { ...prefer, return: one(name, value, returns) }
    else if (name === 'handling') prefer = { ...prefer, handling: one(name, value, handlings) }
    else if (name === 'respond-async') prefer = { ...prefer, async: true }
  }
  return prefer
}

function one<T extends string>(name: string, value: string, known: readonly T[]): T {
  const found = known.find(each => each.toLowerCase() === value.toLowerCase())
  if (found === undefined)
    throw badRequest(`Prefer: ${name}=${quoted(value)} means nothing in FHIR; it is one of ${listed(known)}.`)
  return found
}
