/**
 * Measures: parts that reports can name, and criteria whose language has what it needs.
 * https://hl7.org/fhir/R4/measure.html
 */
import type { Said } from '../fhir/code-check.ts'
import { childrenNamed, type Node } from './node.ts'
import { objectOf, textOf, textsOf } from './read.ts'
import type { ResourceRule, Run, Severity } from './words.ts'

export const measure: ResourceRule = {
  types: ['Measure'],
  check(node, run) {
    const groups = childrenNamed(node, 'group', run.definitions)
    if (groups.length === 0)
      say(run, node, {
        en: 'The measure has no group, so nothing can be reported. Add one.',
        zh: 'Measure 沒有 group，無法產生報告，請補上。',
      })
    const library = textsOf(node.value, 'library').length > 0
    for (const group of groups) {
      needsCode(group, groups.length, run)
      for (const name of ['population', 'stratifier']) {
        const parts = childrenNamed(group, name, run.definitions)
        for (const part of parts) {
          needsCode(part, parts.length, run)
          checkCriteria(part, library, run)
        }
      }
    }
  },
}

const say = (run: Run, node: Node, said: Said, severity: Severity = 'warning', below = '') =>
  run.report(node, { severity, code: 'business-rule', said }, below)

function needsCode(part: Node, count: number, run: Run): void {
  if (count > 1 && !objectOf(part.value, 'code'))
    say(run, part, {
      en: 'There are several of these, and a report names each by its code. Add the code.',
      zh: '此類項目有多個，報告以代碼指明，請補上 code。',
    })
}

function checkCriteria(part: Node, library: boolean, run: Run): void {
  const language = textOf(objectOf(part.value, 'criteria'), 'language')
  if (!language?.startsWith('text/cql') || library) return
  say(
    run,
    part,
    {
      en: 'Criteria in CQL are defined in a library, and the measure names none. Add Measure.library.',
      zh: 'CQL 條件定義於 Library，但 Measure 未指明，請補上 Measure.library。',
    },
    'warning',
    '.criteria',
  )
}
