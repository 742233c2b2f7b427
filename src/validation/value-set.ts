/**
 * ValueSets: includes that can have members, and codes that their systems have.
 * https://hl7.org/fhir/R4/valueset.html
 */
import { childrenNamed, type Node } from './node.ts'
import { hasScheme } from './primitives.ts'
import { quoted } from './quoted.ts'
import { objectsOf, textOf, textsOf } from './read.ts'
import type { ResourceRule, Run } from './words.ts'

/** So many codes of one value set are asked for. */
const MOST = 2_000

export const valueSet: ResourceRule = {
  types: ['ValueSet'],
  check(node, run) {
    const [compose] = childrenNamed(node, 'compose', run.definitions)
    if (!compose) return
    for (const name of ['include', 'exclude'])
      for (const include of childrenNamed(compose, name, run.definitions)) checkInclude(include, run)
  },
}

function checkInclude(include: Node, run: Run): void {
  const system = textOf(include.value, 'system')
  if (system === undefined) {
    if (textsOf(include.value, 'valueSet').length > 0) return
    return run.report(include, {
      severity: 'warning',
      code: 'business-rule',
      said: {
        en: 'This names neither a system nor a value set, so it has no members. Add the system.',
        zh: '未指明 system 或 valueSet，因此沒有成員，請補上 system。',
      },
    })
  }
  if (!hasScheme(system))
    return run.report(
      include,
      {
        code: 'business-rule',
        said: {
          en: `The system ${quoted(system)} is not an absolute URI. Write it in full.`,
          zh: `system「${quoted(system, '')}」不是絕對 URI，請寫完整。`,
        },
      },
      '.system',
    )
  const version = textOf(include.value, 'version')
  const concepts = childrenNamed(include, 'concept', run.definitions)
  const seen = new Set<string>()
  for (const concept of concepts) {
    const code = textOf(concept.value, 'code')
    if (code === undefined) continue
    if (seen.has(code))
      run.report(concept, {
        severity: 'warning',
        code: 'business-rule',
        said: {
          en: `The code ${quoted(code)} is listed twice. Keep one.`,
          zh: `代碼「${quoted(code, '')}」重複列出，請只保留一個。`,
        },
      })
    seen.add(code)
    if (seen.size > MOST || run.left() <= 0) return
    run.checkCode({ code, system, ...(version === undefined ? {} : { version }) }, verdict => {
      if (verdict.result === 'no' && verdict.why === 'code')
        run.report(concept, { code: 'business-rule', said: verdict.said })
    })
  }
  if (concepts.length === 0 || objectsOf(include.value, 'filter').length === 0) return
  run.report(include, {
    severity: 'warning',
    code: 'business-rule',
    said: {
      en: 'There are both codes and filters: only codes that pass the filters are members. Use one of them.',
      zh: '同時列出代碼與篩選條件（filter）：只有符合條件的代碼才是成員，請擇一使用。',
    },
  })
}
