/**
 * Answers chosen from a question's options or its value set.
 * https://hl7.org/fhir/R4/questionnaire-definitions.html#Questionnaire.item.answer_x_
 */
import { childrenNamed, isObject, type Node } from './node.ts'
import type { Form, FormItem } from './questionnaire-form.ts'
import { quoted } from './quoted.ts'
import { extensionValue, objectsOf, textOf, textsOf, valueOf, type JsonObject } from './read.ts'
import type { Run } from './words.ts'

const EXCLUSIVE = 'http://hl7.org/fhir/StructureDefinition/questionnaire-optionExclusive'
const CONSTRAINT = 'http://hl7.org/fhir/5.0/StructureDefinition/extension-Questionnaire.item.answerConstraint'

/** Whether other answers than those offered may be given. https://hl7.org/fhir/R5/valueset-questionnaire-answer-constraint.html */
function constraintOf({ raw, type }: FormItem): string {
  const stated = extensionValue(raw, CONSTRAINT)
  return typeof stated === 'string' ? stated : type === 'open-choice' ? 'optionsOrString' : 'optionsOnly'
}

/** Reports an answer that the question does not offer; `count`: how many answers it got. */
export function checkChosen(item: FormItem, answer: Node, value: Node, count: number, form: Form, run: Run): void {
  const options = objectsOf(item.raw, 'answerOption')
  const valueSet = textOf(item.raw, 'answerValueSet')
  const constraint = constraintOf(item)
  const open = constraint !== 'optionsOnly'
  if (options.length > 0) {
    if ((open && value.type === 'string') || constraint === 'optionsOrType') return
    return checkOption(options, item, answer, value, count, run)
  }
  if (valueSet !== undefined && constraint === 'optionsOrType') return
  if (valueSet !== undefined && value.type === 'string' && !open)
    return run.report(answer, {
      code: 'invariant',
      said: {
        en: `The question ${quoted(item.linkId)} is answered with a code of ${valueSet}, not in words. Choose one of its codes.`,
        zh: `問題「${quoted(item.linkId, '')}」須以 ${valueSet} 的代碼回答，不可用文字。請選擇其中的代碼。`,
      },
    })
  if (valueSet !== undefined && value.type === 'Coding') return checkValueSet(valueSet, answer, value, open, form, run)
  if (item.type === 'choice' || item.type === 'open-choice')
    run.report(answer, {
      severity: 'information',
      code: 'invariant',
      said: {
        en: `The question ${quoted(item.linkId)} has no options for such an answer, so it cannot be checked.`,
        zh: `問題「${quoted(item.linkId, '')}」沒有此類答案的選項，無法檢查。`,
      },
    })
}

function checkOption(
  options: readonly JsonObject[],
  item: FormItem,
  answer: Node,
  value: Node,
  count: number,
  run: Run,
): void {
  const chosen = options.find(each => isOption(each, value))
  if (!chosen)
    return run.report(value.type === 'Coding' ? answer : value, {
      code: value.type === 'Coding' ? 'code-invalid' : 'invariant',
      said: {
        en: `${shown(value)} is none of the options of the question ${quoted(item.linkId)}: ${offered(options)}.`,
        zh: `${shown(value)} 不在問題「${quoted(item.linkId, '')}」的選項中：${offered(options)}。`,
      },
    })
  if (count > 1 && extensionValue(chosen, EXCLUSIVE) === true)
    run.report(answer, {
      code: 'invariant',
      said: {
        en: `${shown(value)} excludes all other answers. Keep it, or the others.`,
        zh: `${shown(value)} 為互斥選項，不可再選其他答案。請只保留其一。`,
      },
    })
}

function isOption(option: JsonObject, value: Node): boolean {
  const offered = valueOf(option)
  if (!offered || offered.type !== value.type) return false
  const [a, b] = [offered.value, value.value]
  if (value.type === 'Coding')
    return textOf(a, 'code') === textOf(b, 'code') && textOf(a, 'system') === textOf(b, 'system')
  if (value.type === 'Reference') return textOf(a, 'reference') === textOf(b, 'reference')
  return a === b
}

function offered(options: readonly JsonObject[]): string {
  const shown = options.slice(0, 8).map(each => {
    const value = valueOf(each)?.value
    return isObject(value) ? (textOf(value, 'code') ?? textOf(value, 'reference') ?? '?') : String(value)
  })
  return `${shown.join(', ')}${options.length > 8 ? ', …' : ''}`.slice(0, 300)
}

function shown({ value }: Node): string {
  if (!isObject(value)) return quoted(String(value))
  const system = textOf(value, 'system')
  const code = textOf(value, 'code') ?? textOf(value, 'display') ?? textOf(value, 'reference') ?? '?'
  return quoted(system === undefined ? code : `${code} (${system})`)
}

function checkValueSet(canonical: string, answer: Node, value: Node, open: boolean, form: Form, run: Run): void {
  const [code, system] = [textOf(value.value, 'code'), textOf(value.value, 'system')]
  // an open choice may be answered in words
  if (code === undefined) {
    if (!open || textOf(value.value, 'display') === undefined)
      run.report(answer, {
        code: 'code-invalid',
        said: { en: 'The answer is a Coding without a code. Add the code.', zh: '答案的 Coding 沒有 code，請補上。' },
      })
    return
  }
  if (canonical.startsWith('#')) return checkContained(canonical.slice(1), answer, value, form, run)
  ask(run, answer, { code, ...(system === undefined ? {} : { system }), valueSet: canonical })
}

function ask(run: Run, answer: Node, question: { code: string; system?: string; valueSet?: string }): void {
  run.checkCode(question, verdict => {
    if (verdict.result === 'no') run.report(answer, { code: 'code-invalid', said: verdict.said })
    else if (verdict.result === 'unknown')
      run.report(answer, { severity: 'warning', code: 'code-invalid', said: verdict.said })
  })
}

/** A value set that comes with the form. What it names itself is looked at here; whole systems and other sets are asked for. */
function checkContained(id: string, answer: Node, value: Node, form: Form, run: Run): void {
  const valueSet =
    objectsOf(form.resource, 'contained').find(each => each['id'] === id) ??
    asObject(run.resolveInside(`#${id}`, answer)?.value)
  if (!valueSet || valueSet['resourceType'] !== 'ValueSet')
    return run.report(answer, {
      severity: 'warning',
      code: 'code-invalid',
      said: {
        en: `The form names the value set #${id}, which is not contained in it, so the answer cannot be checked.`,
        zh: `表單使用的值集 #${id} 未內含於表單中，無法檢查答案。`,
      },
    })
  const [code, system] = [textOf(value.value, 'code')!, textOf(value.value, 'system')]
  const compose = valueSet['compose']
  const includes = objectsOf(compose, 'include').filter(each => {
    const of = textOf(each, 'system')
    return of === undefined || system === undefined || of === system
  })
  const named = (each: JsonObject) => objectsOf(each, 'concept').some(concept => concept['code'] === code)
  if (includes.some(named)) return
  const open = includes.find(each => objectsOf(each, 'concept').length === 0)
  if (!open)
    return run.report(answer, {
      code: 'code-invalid',
      said: {
        en: `${shown(value)} is not in the form's value set #${id}. Choose one of its codes.`,
        zh: `${shown(value)} 不在表單的值集 #${id} 中，請選用其中的代碼。`,
      },
    })
  const others = textsOf(open, 'valueSet')
  const of = system ?? textOf(open, 'system')
  if (others.length === 0 && objectsOf(open, 'filter').length === 0 && of !== undefined)
    ask(run, answer, { code, system: of })
  else if (others.length === 1 && includes.length === 1)
    ask(run, answer, { code, ...(system === undefined ? {} : { system }), valueSet: others[0]! })
}

const asObject = (value: unknown) => (isObject(value) ? value : undefined)

/** The value of an answer; undefined when it has none. */
export const valueIn = (answer: Node, run: Run): Node | undefined => childrenNamed(answer, 'value', run.definitions)[0]
