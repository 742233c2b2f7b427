/**
 * SearchParameters: expressions that can be read and fit their bases, components, and what they are derived from.
 * https://hl7.org/fhir/R4/searchparameter.html
 */
import type { OperationOutcomeIssue } from 'fhir/r4'
import type { Said } from '../fhir/code-check.ts'
import type { Definitions } from '../fhir/definitions.ts'
import { leadsSomewhere } from './element-paths.ts'
import { branches, syntaxFault } from './expression-syntax.ts'
import { quoted } from './quoted.ts'
import { objectsOf, textOf, textsOf } from './read.ts'
import type { ResourceRule } from './words.ts'

export const searchParameter: ResourceRule = {
  types: ['SearchParameter'],
  check(node, run) {
    const say = (
      said: Said,
      below = '',
      code: OperationOutcomeIssue['code'] = 'business-rule',
      severity: 'error' | 'warning' = 'error',
    ) => run.report(node, { severity, code, said }, below)
    const [type, expression, from] = ['type', 'expression', 'derivedFrom'].map(name => textOf(node.value, name))
    const base = textsOf(node.value, 'base')
    if (type === 'composite' && objectsOf(node.value, 'component').length < 2)
      say({
        en: 'A composite parameter has two or more components. Add them, or change the type.',
        zh: '複合（composite）查詢參數須有兩個以上的 component，請補上或更改 type。',
      })
    if (expression !== undefined) {
      const fault = syntaxFault(expression)
      if (fault !== undefined)
        say(
          {
            en: `The expression is not FHIRPath (${fault}). Correct it.`,
            zh: `expression 不是有效的 FHIRPath（${fault}），請更正。`,
          },
          '.expression',
          'invalid',
        )
      const all = base.includes('Resource') || base.includes('DomainResource')
      const named = branches(expression).map(each => /^\(*\s*([A-Z][A-Za-z]+)\b/.exec(each)?.[1])
      const strange = named.find(
        name => name !== undefined && run.definitions.isResourceType(name) && !base.includes(name),
      )
      if (strange !== undefined && !all)
        say(
          {
            en: `The expression speaks of ${strange}, which is none of the bases (${base.join(', ')}). Add the base, or correct the expression.`,
            zh: `expression 使用 ${strange}，但它不在 base（${base.join('、')}）中。請補上 base 或更正 expression。`,
          },
          '.expression',
          'invalid',
        )
      const lost = branches(expression).find(each => !isPath(each, run.definitions))
      if (fault === undefined && strange === undefined && lost !== undefined)
        say(
          {
            en: `${quoted(lost)} names an element that FHIR R4 does not have. Correct the expression.`,
            zh: `「${quoted(lost, '')}」使用了 FHIR R4 沒有的資料元素，請更正 expression。`,
          },
          '.expression',
          'invalid',
        )
    }
    if (from === undefined) return
    const master = run.conformance.find('SearchParameter', from)
    if (!master)
      return say(
        {
          en: `The parameter ${quoted(from)} that this is derived from is not here, so it cannot be compared.`,
          zh: `此處沒有所衍生的查詢參數「${quoted(from, '')}」，無法比較。`,
        },
        '',
        'business-rule',
        'warning',
      )
    const bases = textsOf(master, 'base')
    for (const each of base)
      if (!bases.includes(each) && !bases.includes('Resource') && !bases.includes('DomainResource'))
        say({
          en: `${each} is no base of ${quoted(from)}, which this is derived from (${bases.join(', ')}). Remove it, or the derivation.`,
          zh: `${each} 不在所衍生的「${quoted(from, '')}」的 base（${bases.join('、')}）中。請移除，或移除 derivedFrom。`,
        })
    const other = textOf(master, 'type')
    if (type !== undefined && other !== type)
      say({
        en: `The type is ${type}, and ${quoted(from)}, which this is derived from, is ${String(other)}. They have to be the same.`,
        zh: `type 為 ${type}，但所衍生的「${quoted(from, '')}」為 ${String(other)}，兩者須相同。`,
      })
    const expected = textOf(master, 'expression')
    if (expression !== undefined && expected !== undefined && canonical(expression, base) !== canonical(expected, base))
      say(
        {
          en: `The expression is not that of ${quoted(from)}, which this is derived from. Check that it finds the same values.`,
          zh: `expression 與所衍生的「${quoted(from, '')}」不同，請確認查詢的值相同。`,
        },
        '',
        'business-rule',
        'warning',
      )
  },
}

/** Whether the elements that a branch begins with exist; what follows a function is not looked at. */
function isPath(branch: string, definitions: Definitions): boolean {
  const found = /^\(*\s*([A-Z][A-Za-z]+)((?:\.[A-Za-z][A-Za-z0-9]*)*)(\()?/.exec(branch)
  if (!found) return true
  const steps = found[2]!.split('.').slice(1)
  if (found[3] !== undefined) steps.pop()
  return (
    steps.length === 0 || !definitions.elements(found[1]!) || leadsSomewhere([found[1]!], steps.join('.'), definitions)
  )
}

/** The branches for these bases, in alphabetical order. */
const canonical = (expression: string, base: readonly string[]) =>
  branches(expression)
    .filter(each => {
      const type = /^\(*\s*([A-Z][A-Za-z]+)\b/.exec(each)?.[1]
      return type === undefined || base.includes(type)
    })
    .map(each => each.replace(/\s+/g, ' '))
    .sort()
    .join(' | ')
