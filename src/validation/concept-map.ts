/**
 * ConceptMaps: codes that their systems have.
 * https://hl7.org/fhir/R4/conceptmap.html
 */
import { childrenNamed, type Node } from './node.ts'
import { textOf } from './read.ts'
import type { ResourceRule, Run } from './words.ts'

/** So many codes of one map are asked for. */
const MOST = 5_000

export const conceptMap: ResourceRule = {
  types: ['ConceptMap'],
  check(node, run) {
    let left = MOST
    const ask = (at: Node, system: string | undefined, version: string | undefined) => {
      const code = textOf(at.value, 'code')
      if (code === undefined || system === undefined || --left < 0 || run.left() <= 0) return
      known(at, { code, system, ...(version === undefined ? {} : { version }) }, run)
    }
    for (const group of childrenNamed(node, 'group', run.definitions)) {
      const [source, target] = ['source', 'target'].map(name => textOf(group.value, name))
      const [sourceVersion, targetVersion] = ['sourceVersion', 'targetVersion'].map(name => textOf(group.value, name))
      for (const element of childrenNamed(group, 'element', run.definitions)) {
        ask(element, source, sourceVersion)
        for (const to of childrenNamed(element, 'target', run.definitions)) ask(to, target, targetVersion)
      }
    }
  },
}

function known(at: Node, question: { code: string; system: string; version?: string }, run: Run): void {
  run.checkCode(question, verdict => {
    if (verdict.result === 'no' && verdict.why === 'code')
      run.report(at, { code: 'business-rule', said: verdict.said }, '.code')
  })
}
