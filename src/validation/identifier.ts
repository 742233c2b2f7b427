/**
 * Identifiers: a system that is a URI, and a value that is one where the system says so.
 * https://hl7.org/fhir/R4/datatypes.html#identifier
 */
import type { Said } from '../fhir/code-check.ts'
import { hasScheme } from './primitives.ts'
import { quoted } from './quoted.ts'
import { textOf } from './read.ts'
import type { Severity, TypeRule } from './words.ts'

const URIS = 'urn:ietf:rfc:3986'

export const identifier: TypeRule = {
  types: ['Identifier'],
  check(node, run) {
    const [system, value] = [textOf(node.value, 'system'), textOf(node.value, 'value')]
    if (system === undefined) return
    const report = (severity: Severity, said: Said, below: string) =>
      run.report(node, { severity, code: 'code-invalid', said }, below)
    if (!hasScheme(system))
      report(
        'error',
        {
          en: `The system ${quoted(system)} is not an absolute URI. Write it in full, as in https://example.org/ids or urn:oid:1.2.3.`,
          zh: `system「${quoted(system, '')}」不是絕對 URI，請寫完整，例如 https://example.org/ids 或 urn:oid:1.2.3。`,
        },
        '.system',
      )
    if (system === URIS && value !== undefined && !hasScheme(value))
      report(
        'error',
        {
          en: `With the system ${URIS} the value is a whole URI; ${quoted(value)} is none. Write urn:uuid: or urn:oid: before it, or change the system.`,
          zh: `system 為 ${URIS} 時，value 須為完整 URI；${quoted(value)} 不是。請在前面加上 urn:uuid: 或 urn:oid:，或更改 system。`,
        },
        '.value',
      )
  },
}
