/**
 * Search results: what was found, what was included, and a link that says what was searched for.
 * https://hl7.org/fhir/R4/bundle.html#searchset
 */
import type { Said } from '../fhir/code-check.ts'
import type { Entries, Entry } from './bundle-entries.ts'
import type { Node } from './node.ts'
import { objectOf, objectsOf, textOf } from './read.ts'
import type { Run, Severity } from './words.ts'

export function checkSearchset(bundle: Node, entries: Entries, run: Run): void {
  const self = textOf(
    objectsOf(bundle.value, 'link').find(each => each['relation'] === 'self'),
    'url',
  )
  const types = self === undefined ? [] : typesSearched(self, run)
  if (self === undefined)
    run.report(bundle, {
      severity: 'warning',
      code: 'invalid',
      said: {
        en: 'A search result has a link "self" that says how the server understood the search. Add it.',
        zh: '查詢結果應有「self」連結，說明伺服器如何理解查詢，請補上。',
      },
    })
  const modes = entries.all.map(({ node }) => textOf(objectOf(node.value, 'search'), 'mode'))
  const none = modes.every(mode => mode === undefined)
  if (none && entries.all.length > 0)
    run.report(bundle, {
      severity: new Set(entries.all.map(({ resource }) => resource?.type)).size > 1 ? 'warning' : 'information',
      code: 'invalid',
      said: {
        en: 'No entry says why it is here. Add search.mode (match, include or outcome).',
        zh: '各 entry 未說明為何在結果中，請加上 search.mode（match、include 或 outcome）。',
      },
    })
  entries.all.forEach((entry, i) => checkEntry(entry, modes[i], none, types, run))
}

function checkEntry(
  { node, resource, id }: Entry,
  mode: string | undefined,
  none: boolean,
  types: readonly string[],
  run: Run,
): void {
  const report = (at: Node, severity: Severity, said: Said) => run.report(at, { severity, code: 'invalid', said })
  if (!resource)
    return report(node, 'error', {
      en: 'An entry of a search result has a resource. Add it.',
      zh: '查詢結果的 entry 須有資源，請補上。',
    })
  const isOutcome = resource.type === 'OperationOutcome'
  if (mode === undefined && !none)
    report(node, 'warning', {
      en: 'Other entries have a search.mode, this one has none. Add it.',
      zh: '其他 entry 有 search.mode，此 entry 沒有，請補上。',
    })
  if (mode === 'outcome') {
    if (!isOutcome)
      report(resource, 'error', {
        en: `An entry with search.mode "outcome" is an OperationOutcome; this is a ${resource.type}. Correct the mode.`,
        zh: `search.mode 為「outcome」的 entry 須為 OperationOutcome，但此為 ${resource.type}，請更正 mode。`,
      })
    return
  }
  if (id === undefined && !(isOutcome && mode === undefined))
    report(resource, mode === undefined ? 'warning' : 'error', {
      en: 'A resource in a search result has an id. Add it.',
      zh: '查詢結果中的資源須有 id，請補上。',
    })
  if (types.length === 0 || types.includes(resource.type) || mode === 'include') return
  if (mode === undefined && isOutcome) return
  report(resource, mode === 'match' ? 'error' : 'warning', {
    en: `The search was for ${types.join(', ')}; a ${resource.type} is no match. Set search.mode to include or outcome.`,
    zh: `查詢的是 ${types.join('、')}，${resource.type} 不是符合的結果。請將 search.mode 設為 include 或 outcome。`,
  })
}

/** From `…/Patient?name=x` or `…?_type=Patient,Observation`. */
function typesSearched(url: string, run: Run): readonly string[] {
  const [path, query = ''] = url.slice(0, 5000).split('?', 2)
  const last = path!
    .replace(/\/_search$/, '')
    .split('/')
    .at(-1)!
  if (run.definitions.isResourceType(last)) return [last]
  const named = query.split('&').filter(each => each.startsWith('_type='))
  return named.flatMap(each => each.slice(6).split(/,|%2C/i)).filter(each => run.definitions.isResourceType(each))
}
