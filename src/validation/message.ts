/**
 * Messages: a MessageHeader first, with what it is about.
 * https://hl7.org/fhir/R4/messaging.html
 */
import type { Entries } from './bundle-entries.ts'
import { firstOf, mustResolve, reach } from './document.ts'
import { childrenNamed, type Node } from './node.ts'
import { quoted } from './quoted.ts'
import type { Run } from './words.ts'

export function checkMessage(bundle: Node, entries: Entries, run: Run): void {
  const first = firstOf(bundle, entries, run, 'MessageHeader')
  if (!first?.resource) return
  for (const focus of childrenNamed(first.resource, 'focus', run.definitions)) mustResolve(focus, first, entries, run)
  const { reached, backward } = reach(first, entries, run)
  for (const entry of entries.all) {
    if (!entry.resource || (reached.has(entry) && !backward.has(entry)) || entry.resource.type === 'Provenance')
      continue
    run.report(entry.node, {
      severity: reached.has(entry) ? 'information' : 'warning',
      code: 'informational',
      said: {
        en: `Nothing leads from the MessageHeader to the entry ${quoted(entry.fullUrl ?? '')}. Check that it is needed for the message.`,
        zh: `MessageHeader 沒有參照到 entry「${quoted(entry.fullUrl ?? '', '')}」，請確認訊息是否需要它。`,
      },
    })
  }
}
