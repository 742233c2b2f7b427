/**
 * A QuestionnaireResponse against its Questionnaire: items known and in order, answers of the right type and number, required
 * ones there, disabled ones not.
 * https://hl7.org/fhir/R4/questionnaireresponse.html
 */
import type { OperationOutcomeIssue } from 'fhir/r4'
import { readDate } from '../fhir/period.ts'
import { checkChosen, valueIn } from './answer-options.ts'
import { answerTypes, faultsOf } from './answer.ts'
import { isEnabled, type Given, type Trail } from './enable-when.ts'
import { childrenNamed, isObject, type Node } from './node.ts'
import { readForm, type Form, type FormItem } from './questionnaire-form.ts'
import { quoted } from './quoted.ts'
import { extensionsOf, extensionValue, objectOf, textOf, type JsonObject } from './read.ts'
import type { ResourceRule, Run, Severity } from './words.ts'

interface Look {
  readonly run: Run
  readonly form: Form
  readonly answers: ReadonlyMap<string, readonly Given[]>
  /** What a missing answer is: an error in a response that is completed. */
  readonly missing: Severity
}

const CORE = 'http://hl7.org/fhir/StructureDefinition/'

export const questionnaireResponse: ResourceRule = {
  types: ['QuestionnaireResponse'],
  check(node, run) {
    const canonical = textOf(node.value, 'questionnaire')
    if (canonical === undefined)
      return say(run, node, 'required', 'information', {
        en: 'No questionnaire is named, so the answers are not checked against one.',
        zh: '未指明 questionnaire，因此未依問卷檢查答案。',
      })
    const resource = canonical.startsWith('#')
      ? asForm(run.resolveInside(canonical, node)?.value)
      : run.conformance.find('Questionnaire', canonical)
    if (!resource)
      return say(run, node, 'required', /^https?:\/\/example\.org/.test(canonical) ? 'information' : 'warning', {
        en: `The questionnaire ${quoted(canonical)} is not here, so the answers are not checked. Load it, or send it along.`,
        zh: `此處沒有問卷「${quoted(canonical, '')}」，因此未檢查答案。請先載入或一併傳送。`,
      })
    const form = readForm(resource)
    checkAuthored(node, resource, run)
    const completed = ['completed', 'amended'].includes(textOf(node.value, 'status') ?? '')
    const answers = collect(node, run)
    items(node, node, form.items, [], { run, form, answers, missing: completed ? 'error' : 'warning' })
  },
}

const asForm = (value: unknown): JsonObject | undefined =>
  isObject(value) && value['resourceType'] === 'Questionnaire' ? value : undefined

function checkAuthored(node: Node, form: JsonObject, run: Run): void {
  const [authored] = childrenNamed(node, 'authored', run.definitions)
  const when = typeof authored?.value === 'string' ? readDate(authored.value) : undefined
  if (!authored || !when) return
  const period = objectOf(form, 'effectivePeriod')
  const [start, end] = [textOf(period, 'start'), textOf(period, 'end')]
  if (end !== undefined && when.low > (readDate(end)?.high ?? Infinity))
    say(run, authored, 'business-rule', 'warning', {
      en: `The form was to be used until ${end}; this was authored on ${String(authored.value)}.`,
      zh: `此問卷的使用期限至 ${end}，但填寫日期為 ${String(authored.value)}。`,
    })
  if (start !== undefined && when.high < (readDate(start)?.low ?? -Infinity))
    say(run, authored, 'business-rule', 'warning', {
      en: `The form was to be used from ${start} on; this was authored on ${String(authored.value)}.`,
      zh: `此問卷自 ${start} 起使用，但填寫日期為 ${String(authored.value)}。`,
    })
}

/** All answers by the linkId of their item. */
function collect(root: Node, run: Run): ReadonlyMap<string, readonly Given[]> {
  const found = new Map<string, Given[]>()
  const look = (holder: Node) => {
    for (const item of childrenNamed(holder, 'item', run.definitions)) {
      const linkId = textOf(item.value, 'linkId') ?? ''
      for (const answer of childrenNamed(item, 'answer', run.definitions)) {
        const value = valueIn(answer, run)
        if (value) {
          const list = found.get(linkId)
          const given = { type: value.type, value: value.value, item }
          if (list) list.push(given)
          else found.set(linkId, [given])
        }
        look(answer)
      }
      look(item)
    }
  }
  look(root)
  return found
}

/** The items right below `holder`; what is missing of them is said of `at`. */
function items(holder: Node, at: Node, expected: readonly FormItem[], trail: Trail, look: Look): void {
  const { run, form } = look
  const byLinkId = new Map<string, Node[]>()
  let last = -1
  const places = new Map(expected.map((item, place) => [item.linkId, place]))
  for (const item of childrenNamed(holder, 'item', run.definitions)) {
    const linkId = textOf(item.value, 'linkId')
    // its absence is said by the cardinality
    if (linkId === undefined) continue
    const place = places.get(linkId)
    if (place === undefined) {
      stranger(item, linkId, at, trail, look)
      continue
    }
    if (place < last)
      say(run, at, 'structure', 'error', {
        en: `The item ${quoted(linkId)} comes too late. Keep the order of the questionnaire.`,
        zh: `項目「${quoted(linkId, '')}」的順序不對，請依問卷的順序排列。`,
      })
    last = Math.max(last, place)
    const same = byLinkId.get(linkId)
    if (same) same.push(item)
    else byLinkId.set(linkId, [item])
  }
  for (const item of expected) {
    if (run.left() <= 0) return
    group(item, byLinkId.get(item.linkId) ?? [], at, trail, look)
  }

  function stranger(item: Node, linkId: string, where: Node, around: Trail, through: Look): void {
    const elsewhere = form.byLinkId.get(linkId)
    if (!elsewhere)
      return say(run, where, 'not-found', 'error', {
        en: `The questionnaire has no item with linkId ${quoted(linkId)}. Correct it, or name the right version of the questionnaire.`,
        zh: `問卷中沒有 linkId 為「${quoted(linkId, '')}」的項目。請更正，或指明正確的問卷版本。`,
      })
    say(run, where, 'structure', 'error', {
      en: `The item ${quoted(linkId)} is in the wrong place. Put it ${elsewhere.parent ? `below ${quoted(elsewhere.parent.linkId)}` : 'at the top'}.`,
      zh: `項目「${quoted(linkId, '')}」的位置不對，應放在${elsewhere.parent ? `「${quoted(elsewhere.parent.linkId, '')}」之下` : '最上層'}。`,
    })
    one(item, elsewhere, 'unknown', around, through)
  }
}

/** The response items of one item of the form. */
function group(item: FormItem, given: readonly Node[], at: Node, trail: Trail, look: Look): void {
  const { run } = look
  const enabled = isEnabled(item, trail, look.form, look.answers)
  if (given.length === 0) {
    if (enabled === 'yes' && item.required) missing(item, at, look)
    return
  }
  if (given.length > 1 && !item.repeats)
    say(run, at, 'invalid', 'error', {
      en: `The item ${quoted(item.linkId)} is there ${given.length} times; it does not repeat. Keep one.`,
      zh: `項目「${quoted(item.linkId, '')}」出現 ${given.length} 次，但不可重複，請只保留一個。`,
    })
  for (const node of given) one(node, item, enabled, trail, look)
}

const missing = (item: FormItem, at: Node, { run, missing }: Look) =>
  say(run, at, 'required', missing, {
    en: `The item ${quoted(item.linkId)}${item.text === undefined ? '' : ` (${quoted(item.text, '')})`} is required and has no answer.`,
    zh: `項目「${quoted(item.linkId, '')}」${item.text === undefined ? '' : `（${quoted(item.text, '')}）`}為必填，但沒有答案。`,
  })

function one(node: Node, item: FormItem, enabled: 'yes' | 'no' | 'unknown', trail: Trail, look: Look): void {
  const { run } = look
  const answers = childrenNamed(node, 'answer', run.definitions)
  const below = childrenNamed(node, 'item', run.definitions)
  const inner = [...trail, { of: item, node }]
  if (enabled === 'no' && (answers.length > 0 || below.length > 0))
    say(run, node, 'invalid', 'error', {
      en: `The item ${quoted(item.linkId)} has answers, but is not enabled by the other answers. Remove them.`,
      zh: `依其他答案，項目「${quoted(item.linkId, '')}」不應作答，請移除其答案。`,
    })
  checkText(node, item, run)
  if (item.type === 'group' || item.type === 'display') {
    if (answers.length > 0)
      say(run, node, 'structure', 'error', {
        en: `The item ${quoted(item.linkId)} is a ${item.type} and takes no answer.${item.type === 'group' ? ' Put the items right below it.' : ''}`,
        zh: `項目「${quoted(item.linkId, '')}」的類型為 ${item.type}，不可有答案。${item.type === 'group' ? '請將子項目直接放在其下。' : ''}`,
      })
    if (item.type === 'display' && below.length > 0)
      say(run, node, 'structure', 'error', {
        en: `The item ${quoted(item.linkId)} only displays a text; nothing can be below it.`,
        zh: `項目「${quoted(item.linkId, '')}」僅供顯示，其下不可有項目。`,
      })
    if (item.type === 'display') return
    if (item.required && below.length === 0 && enabled === 'yes') missing(item, node, look)
    return items(node, node, item.items, inner, look)
  }
  count(node, item, answers.length, enabled, look)
  if (below.length > 0)
    say(run, node, 'structure', 'error', {
      en: `Items below a question are put into its answers (answer.item); ${quoted(item.linkId)} is a question, not a group.`,
      zh: `問題之下的項目須放在答案中（answer.item）；「${quoted(item.linkId, '')}」是問題而非群組。`,
    })
  for (const answer of answers) {
    checkAnswer(answer, item, answers.length, look)
    items(answer, answer, item.items, inner, look)
  }
}

function checkText(node: Node, item: FormItem, run: Run): void {
  const text = textOf(node.value, 'text')
  if (!text || text === item.text) return
  const translations = extensionsOf(objectOf(item.raw, '_text'), `${CORE}translation`)
  if (translations.some(each => extensionValue(each, 'content') === text)) return
  say(run, node, 'invalid', 'error', {
    en: `The text of the item ${quoted(item.linkId)} is not the questionnaire's${item.text === undefined ? '' : `, ${quoted(item.text)}`}. Leave it out, or repeat it exactly.`,
    zh: `項目「${quoted(item.linkId, '')}」的 text 與問卷不同${item.text === undefined ? '' : `（問卷為「${quoted(item.text, '')}」）`}。請省略或完全照錄。`,
  })
}

function count(node: Node, item: FormItem, answers: number, enabled: string, look: Look): void {
  const { run } = look
  if (answers === 0 && item.required && enabled === 'yes') missing(item, node, look)
  if (answers > 1 && !item.repeats)
    say(run, node, 'invalid', 'error', {
      en: `The item ${quoted(item.linkId)} has ${answers} answers; it takes one.`,
      zh: `項目「${quoted(item.linkId, '')}」有 ${answers} 個答案，但只能有一個。`,
    })
  const [least, most] = [
    extensionValue(item.raw, `${CORE}questionnaire-minOccurs`),
    extensionValue(item.raw, `${CORE}questionnaire-maxOccurs`),
  ]
  if (typeof least === 'number' && answers < least && enabled === 'yes')
    say(run, node, 'invalid', look.missing, {
      en: `The item ${quoted(item.linkId)} has ${answers} answers; it needs at least ${least}.`,
      zh: `項目「${quoted(item.linkId, '')}」有 ${answers} 個答案，至少須 ${least} 個。`,
    })
  if (typeof most === 'number' && answers > most)
    say(run, node, 'invalid', 'error', {
      en: `The item ${quoted(item.linkId)} has ${answers} answers; it takes at most ${most}.`,
      zh: `項目「${quoted(item.linkId, '')}」有 ${answers} 個答案，最多 ${most} 個。`,
    })
}

function checkAnswer(answer: Node, item: FormItem, answers: number, { run, form }: Look): void {
  const value = valueIn(answer, run)
  const types = answerTypes[item.type]
  if (!value || !types) return
  if (!types.includes(value.type))
    return say(run, value, 'invariant', 'error', {
      en: `The answer to ${quoted(item.linkId)} is a ${value.type}; it should be ${types.join(' or ')}.`,
      zh: `「${quoted(item.linkId, '')}」的答案類型為 ${value.type}，應為 ${types.join(' 或 ')}。`,
    })
  for (const { said, severity } of faultsOf(item, value, run.definitions))
    say(
      run,
      item.type === 'attachment' ? answer : value,
      item.type === 'attachment' ? 'required' : 'invariant',
      severity ?? 'error',
      said,
    )
  const isChoice = item.type === 'choice' || item.type === 'open-choice'
  if (isChoice || 'answerOption' in item.raw) checkChosen(item, answer, value, answers, form, run)
}

function say(
  run: Run,
  node: Node,
  code: OperationOutcomeIssue['code'],
  severity: Severity,
  said: { readonly en: string; readonly zh: string },
): void {
  run.report(node, { code, severity, said })
}
