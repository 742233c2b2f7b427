/**
 * The system of a Coding: the absolute URI of a code system, not of a value set or a supplement.
 * https://hl7.org/fhir/R4/datatypes.html#Coding
 */
import type { Said } from '../fhir/code-check.ts'
import { hasScheme } from './primitives.ts'
import { quoted } from './quoted.ts'
import { textOf } from './read.ts'
import type { TypeRule } from './words.ts'

export const codingSystem: TypeRule = {
  types: ['Coding'],
  check(node, run) {
    const system = textOf(node.value, 'system')
    if (system === undefined || system === '') return
    const report = (said: Said) => run.report(node, { code: 'invalid', said }, '.system')
    if (!hasScheme(system))
      return report({
        en: `The system ${quoted(system)} is not an absolute URI. Write it in full, as in http://loinc.org or urn:oid:1.2.3.`,
        zh: `system「${quoted(system, '')}」不是絕對 URI，請寫完整，例如 http://loinc.org 或 urn:oid:1.2.3。`,
      })
    const known = run.conformance.entry('CodeSystem', system)
    if (known?.content === 'supplement')
      return report({
        en: `${quoted(system)} is a supplement. Name the code system that it adds to.`,
        zh: `「${quoted(system, '')}」是補充（supplement），請改填其所補充的代碼系統。`,
      })
    if (known || !run.conformance.entry('ValueSet', system)) return
    report({
      en: `${quoted(system)} is a value set. Name the code system that the code is from.`,
      zh: `「${quoted(system, '')}」是值集，請改填代碼所屬的代碼系統。`,
    })
  },
}
