/**
 * CodeSystems: as many concepts as they say, with properties that are declared.
 * https://hl7.org/fhir/R4/codesystem.html
 */
import type { Said } from '../fhir/code-check.ts'
import { splitCanonical } from '../fhir/conformance.ts'
import { childrenNamed, type Node } from './node.ts'
import { quoted } from './quoted.ts'
import { numberOf, objectsOf, textOf, valueOf } from './read.ts'
import type { ResourceRule, Run, Severity } from './words.ts'

export const codeSystem: ResourceRule = {
  types: ['CodeSystem'],
  check(node, run) {
    const content = textOf(node.value, 'content')
    const supplements = textOf(node.value, 'supplements')
    const say = (said: Said, below: string, severity: Severity = 'error') =>
      run.report(node, { severity, code: 'business-rule', said }, below)
    if (content !== undefined && (supplements !== undefined) !== (content === 'supplement'))
      say(
        supplements === undefined
          ? {
              en: 'A supplement names the code system that it adds to. Add "supplements", or correct the content.',
              zh: '補充（supplement）須指明所補充的代碼系統。請加上 supplements 或更正 content。',
            }
          : {
              en: `The code system supplements ${quoted(supplements)}, so its content is "supplement". Correct it.`,
              zh: `此代碼系統補充「${quoted(supplements, '')}」，content 須為「supplement」，請更正。`,
            },
        '.content',
      )
    const concepts = count(node.value)
    if (content === 'not-present' && concepts > 0)
      say(
        {
          en: 'The content is "not-present", and there are concepts. Remove them, or say fragment or complete.',
          zh: 'content 為「not-present」，但有 concept。請移除，或改為 fragment 或 complete。',
        },
        '.concept[0]',
      )
    const stated = numberOf(node.value, 'count')
    if (stated !== undefined && content === 'complete' && stated !== concepts)
      say(
        {
          en: `The count says ${stated}, and there are ${concepts} concepts. Correct it.`,
          zh: `count 為 ${stated}，但有 ${concepts} 個 concept，請更正。`,
        },
        '.count',
      )
    if (stated !== undefined && (content === 'fragment' || content === 'example') && concepts > stated)
      say(
        {
          en: `The count says ${stated}, and there are already ${concepts} concepts. Correct it.`,
          zh: `count 為 ${stated}，但已有 ${concepts} 個 concept，請更正。`,
        },
        '.count',
        'warning',
      )
    checkProperties(node, run)
    if (content === 'supplement' && supplements !== undefined) checkSupplement(node, splitCanonical(supplements), run)
  },
}

function count(holder: unknown): number {
  let sum = 0
  const open: unknown[] = [holder]
  for (let at = open.pop(); at !== undefined; at = open.pop()) {
    const below = objectsOf(at, 'concept')
    sum += below.length
    for (const each of below) if ('concept' in each) open.push(each)
  }
  return sum
}

/** A supplement adds to the concepts of its code system, and defines none. */
function checkSupplement(node: Node, { url, version }: { url: string; version?: string }, run: Run): void {
  const look = (holder: Node) => {
    for (const concept of childrenNamed(holder, 'concept', run.definitions)) {
      if (run.left() <= 0) return
      const code = textOf(concept.value, 'code')
      if (code !== undefined)
        run.checkCode({ system: url, code, ...(version === undefined ? {} : { version }) }, ({ result }) => {
          if (result !== 'no') return
          run.report(concept, {
            code: 'business-rule',
            said: {
              en: `${quoted(url)}, which this supplements, has no code ${quoted(code)}. A supplement cannot add codes: correct it, or remove it.`,
              zh: `所補充的「${quoted(url, '')}」沒有代碼「${quoted(code, '')}」。補充不能新增代碼，請更正或移除。`,
            },
          })
        })
      look(concept)
    }
  }
  look(node)
}

/** Properties that every code system has, declared or not. https://hl7.org/fhir/R4/codesystem-concept-properties.html */
const common = new Set([
  'inactive',
  'deprecated',
  'notSelectable',
  'parent',
  'child',
  'status',
  'effectiveDate',
  'deprecationDate',
  'retirementDate',
  'itemWeight',
  'synonym',
  'alternateCode',
  'comment',
  'order',
  'partOf',
  'internalId',
])

function checkProperties(node: Node, run: Run): void {
  const declared = new Map(objectsOf(node.value, 'property').map(each => [textOf(each, 'code'), textOf(each, 'type')]))
  const look = (holder: Node) => {
    for (const concept of childrenNamed(holder, 'concept', run.definitions)) {
      if (run.left() <= 0) return
      for (const property of childrenNamed(concept, 'property', run.definitions)) checkProperty(property, declared, run)
      look(concept)
    }
  }
  // most have none, and need no tree
  if (has(node.value)) look(node)
}

const has = (holder: unknown): boolean =>
  objectsOf(holder, 'concept').some(each => 'property' in each || ('concept' in each && has(each)))

function checkProperty(property: Node, declared: ReadonlyMap<string | undefined, string | undefined>, run: Run): void {
  const code = textOf(property.value, 'code')
  if (code === undefined) return
  if (!declared.has(code)) {
    if (!common.has(code))
      run.report(property, {
        severity: 'warning',
        code: 'business-rule',
        said: {
          en: `The property ${quoted(code)} is not declared. Add it to CodeSystem.property.`,
          zh: `屬性「${quoted(code, '')}」未宣告，請加入 CodeSystem.property。`,
        },
      })
    return
  }
  const [given, type] = [valueOf(property.value)?.type, declared.get(code)]
  if (given === undefined || type === undefined || given === type) return
  run.report(property, {
    code: 'business-rule',
    said: {
      en: `The property ${quoted(code)} is declared as ${type}; this is a ${given}. Make them the same.`,
      zh: `屬性「${quoted(code, '')}」宣告為 ${type}，但此值為 ${given}，請使其一致。`,
    },
  })
}
