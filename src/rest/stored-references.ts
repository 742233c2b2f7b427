/**
 * The references in a stored text, found without parsing it.
 * https://hl7.org/fhir/R4/references.html
 */
import { readReference } from '../fhir/reference.ts'
import type { Ref } from './exchange.ts'

const MARK = '"reference":"'

/**
 * Those to resources of this server, as often as they stand there. `text` is as the store has it: without white space, and in such
 * a text a quote inside a string is always escaped, so that the mark is never found in one.
 */
export function refsIn(text: string, base: string): Ref[] {
  const refs: Ref[] = []
  for (let at = text.indexOf(MARK); at >= 0; at = text.indexOf(MARK, at)) {
    at += MARK.length
    const ref = readReference(text.slice(at, text.indexOf('"', at)), base)
    if (ref) refs.push({ type: ref.type, id: ref.id })
  }
  return refs
}
