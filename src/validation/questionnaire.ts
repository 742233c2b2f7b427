/**
 * Questionnaires: conditions on questions that exist and come before, values of the question's type, and what a derived form may
 * not change.
 * https://hl7.org/fhir/R4/questionnaire.html
 */
import type { Said } from '../fhir/code-check.ts'
import { answerTypes } from './answer.ts'
import { childrenNamed, isObject, type Node } from './node.ts'
import { ancestors, readForm, type Form, type FormItem } from './questionnaire-form.ts'
import { quoted } from './quoted.ts'
import { numberOf, objectsOf, textOf, valueOf } from './read.ts'
import type { ResourceRule, Run, Severity } from './words.ts'

const DERIVATION = 'http://hl7.org/fhir/StructureDefinition/questionnaire-derivationType'

export const questionnaire: ResourceRule = {
  types: ['Questionnaire'],
  check(node, run) {
    if (!isObject(node.value)) return
    const form = readForm(node.value)
    const bases = basesOf(node, run)
    const order = new Map([...form.byLinkId.values()].map((item, place) => [item, place]))
    const look = (holder: Node, items: readonly FormItem[]) => {
      childrenNamed(holder, 'item', run.definitions).forEach((child, i) => {
        const item = items[i]
        if (!item || run.left() <= 0) return
        checkConditions(child, item, form, order, run)
        checkInitial(child, item, run)
        for (const base of bases) checkDerived(child, item, base, run)
        look(child, item.items)
      })
    }
    look(node, form.items)
  },
}

const say = (run: Run, node: Node, said: Said, severity: Severity = 'error', below = '') =>
  run.report(node, { severity, code: 'business-rule', said }, below)

interface DerivedFrom {
  readonly form: Form
  readonly url: string
  /** Whether the derived form may have more questions. */
  readonly extends: boolean
}

function basesOf(node: Node, run: Run): readonly DerivedFrom[] {
  return childrenNamed(node, 'derivedFrom', run.definitions).flatMap(derived => {
    if (typeof derived.value !== 'string') return []
    const resource = run.conformance.find('Questionnaire', derived.value)
    if (!resource) {
      say(
        run,
        derived,
        {
          en: `The questionnaire ${quoted(derived.value)} that this is derived from is not here, so it cannot be compared.`,
          zh: `此處沒有所衍生的問卷「${quoted(derived.value, '')}」，無法比較。`,
        },
        'warning',
      )
      return []
    }
    const how = objectsOf(derived.beside, 'extension').find(each => each['url'] === DERIVATION)
    const coding = valueOf(how)?.value
    const code = textOf(coding, 'code') ?? (typeof coding === 'string' ? coding : undefined)
    // how it is derived was not said: nothing can be held against it
    return code === undefined || code === 'inspiredBy'
      ? []
      : [{ form: readForm(resource), url: derived.value, extends: code === 'extends' }]
  })
}

function checkConditions(node: Node, item: FormItem, form: Form, order: ReadonlyMap<FormItem, number>, run: Run): void {
  for (const condition of childrenNamed(node, 'enableWhen', run.definitions)) {
    const question = textOf(condition.value, 'question')
    if (question === undefined) continue
    const target = form.byLinkId.get(question)
    if (!target) {
      say(run, condition, {
        en: `The condition names the question ${quoted(question)}, which the questionnaire does not have. Correct the linkId.`,
        zh: `條件使用的問題「${quoted(question, '')}」不在此問卷中，請更正 linkId。`,
      })
      continue
    }
    if (target === item || [...ancestors(target)].includes(item)) {
      say(run, condition, {
        en: `The item ${quoted(item.linkId)} cannot depend on ${target === item ? 'itself' : 'an item below it'}. Name another question.`,
        zh: `項目「${quoted(item.linkId, '')}」不可取決於${target === item ? '自己' : '其下的項目'}，請改用其他問題。`,
      })
      continue
    }
    if ((order.get(target) ?? 0) > (order.get(item) ?? 0))
      say(
        run,
        condition,
        {
          en: `The condition is on ${quoted(question)}, which comes later. Put that question before this item.`,
          zh: `條件所用的「${quoted(question, '')}」在後面，請將該問題移到此項目之前。`,
        },
        'warning',
      )
    const answer = valueOf(condition.value, 'answer')
    const types = answerTypes[target.type] ?? []
    if (!answer || textOf(condition.value, 'operator') === 'exists') continue
    if (types.length > 0 && !types.includes(answer.type) && !(answer.type === 'string' && types.includes('uri')))
      say(run, condition, {
        en: `The condition compares with a ${answer.type}, and answers to ${quoted(question)} are ${types.join(' or ')}. Use answer[x] of that type.`,
        zh: `條件以 ${answer.type} 比較，但「${quoted(question, '')}」的答案類型為 ${types.join(' 或 ')}，請使用相符的 answer[x]。`,
      })
  }
}

function checkInitial(node: Node, item: FormItem, run: Run): void {
  const types = answerTypes[item.type]
  for (const initial of childrenNamed(node, 'initial', run.definitions)) {
    const value = valueOf(initial.value)
    if (!types || !value || types.includes(value.type)) continue
    say(run, initial, {
      en: `The initial value is a ${value.type}, and answers to ${quoted(item.linkId)} are ${types.join(' or ')}. Use value[x] of that type.`,
      zh: `預設值的類型為 ${value.type}，但「${quoted(item.linkId, '')}」的答案類型為 ${types.join(' 或 ')}，請使用相符的 value[x]。`,
    })
  }
}

function checkDerived(node: Node, item: FormItem, { form, url, extends: more }: DerivedFrom, run: Run): void {
  const before = form.byLinkId.get(item.linkId)
  const from = quoted(url)
  if (!before) {
    if (!more)
      say(run, node, {
        en: `${from} has no item ${quoted(item.linkId)}; a form derived by compliance adds none. Remove it.`,
        zh: `${from} 沒有項目「${quoted(item.linkId, '')}」；以 compliesWith 衍生的問卷不可新增，請移除。`,
      })
    return
  }
  const change = (en: string, zh: string, below: string) =>
    say(run, node, { en: `${from}, which this is derived from, ${en}`, zh: `所衍生的 ${from} ${zh}` }, 'error', below)
  if (before.type !== '' && item.type !== '' && before.type !== item.type)
    change(
      `has the type ${before.type} for ${quoted(item.linkId)}. Use the same.`,
      `中「${quoted(item.linkId, '')}」的類型為 ${before.type}，請使用相同類型。`,
      '.type',
    )
  if (!before.repeats && item.repeats)
    change(
      `does not let ${quoted(item.linkId)} repeat. Remove repeats.`,
      `不允許「${quoted(item.linkId, '')}」重複，請移除 repeats。`,
      '.repeats',
    )
  if (before.required && item.raw['required'] === false)
    change(
      `requires ${quoted(item.linkId)}. Keep it required.`,
      `中「${quoted(item.linkId, '')}」為必填，請保留。`,
      '.required',
    )
  const [most, now] = [numberOf(before.raw, 'maxLength'), numberOf(item.raw, 'maxLength')]
  if (most !== undefined && (now === undefined || now > most))
    change(
      `allows ${most} characters for ${quoted(item.linkId)}. Allow no more.`,
      `中「${quoted(item.linkId, '')}」最多 ${most} 個字元，不可更多。`,
      now === undefined ? '' : '.maxLength',
    )
  const options = objectsOf(before.raw, 'answerOption')
  if (options.length === 0) return
  const known = new Set(options.map(key))
  objectsOf(item.raw, 'answerOption').forEach((option, i) => {
    if (!known.has(key(option)))
      change(
        `does not offer this answer to ${quoted(item.linkId)}. Remove it.`,
        `的「${quoted(item.linkId, '')}」沒有此選項，請移除。`,
        `.answerOption[${i}]`,
      )
  })
}

function key(option: unknown): string {
  const value = valueOf(option)
  if (!isObject(value?.value)) return `${value?.type} ${String(value?.value)}`
  return ['system', 'code', 'reference'].map(name => textOf(value.value, name) ?? '').join(' ')
}
