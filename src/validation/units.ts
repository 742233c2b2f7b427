/**
 * Units of quantities: a code that says it is UCUM's has to be one.
 * https://ucum.org/ucum
 */
import { canonical, UCUM } from '../search/ucum.ts'
import { isObject } from './node.ts'
import { quoted } from './quoted.ts'
import type { TypeRule } from './words.ts'

/** What can be read in reasonable time; nobody writes longer ones. */
const LONGEST = 64

export const units: TypeRule = {
  types: ['Quantity', 'Age', 'Count', 'Distance', 'Duration'],
  check(node, run) {
    if (!isObject(node.value)) return
    const { system, code } = node.value
    if (system !== UCUM || typeof code !== 'string' || code.length > LONGEST || canonical(code)) return
    const shown = quoted(code)
    run.report(
      node,
      {
        code: 'code-invalid',
        said: {
          en: `${shown} is no UCUM unit. UCUM is strict about letters and signs: mg/dL, 10*9/L, mm[Hg]; what is no unit goes in braces: {score}.`,
          zh: `${shown} 不是 UCUM 單位。UCUM 區分大小寫與符號,例如 mg/dL、10*9/L、mm[Hg];非單位的說明請放在大括號內,例如 {score}。`,
        },
      },
      '.code',
    )
  },
}
