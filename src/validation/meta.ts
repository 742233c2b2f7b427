/**
 * A resource's metadata: its security labels are a set.
 * https://hl7.org/fhir/R4/resource.html#Meta
 */
import { childrenNamed, isObject } from './node.ts'
import { quoted } from './quoted.ts'
import { textOf } from './read.ts'
import type { TypeRule } from './words.ts'

export const meta: TypeRule = {
  types: ['Meta'],
  check(node, run) {
    if (!isObject(node.value) || node.value['security'] === undefined) return
    const seen = new Set<string>()
    for (const label of childrenNamed(node, 'security', run.definitions)) {
      const code = textOf(label.value, 'code')
      if (code === undefined) continue
      const key = `${textOf(label.value, 'system') ?? ''}#${code}`
      if (seen.has(key))
        run.report(label, {
          code: 'business-rule',
          said: {
            en: `The security label ${quoted(key)} is there twice. Remove one of them.`,
            zh: `安全標籤 ${quoted(key)} 重複,請移除其中一個。`,
          },
        })
      seen.add(key)
    }
  },
}
