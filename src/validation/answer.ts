/**
 * One answer to a question of a form: its type, bounds and formats.
 * https://hl7.org/fhir/R4/questionnaireresponse.html
 */
import type { Said } from '../fhir/code-check.ts'
import type { Definitions } from '../fhir/definitions.ts'
import { readDate } from '../fhir/period.ts'
import { typeOfReference } from '../fhir/reference.ts'
import { canonical, convert, UCUM } from '../search/ucum.ts'
import { bytesOf } from './attachment.ts'
import { matchesWhole } from './bounded-regex.ts'
import type { Node } from './node.ts'
import { hasScheme } from './primitives.ts'
import type { FormItem } from './questionnaire-form.ts'
import { quoted } from './quoted.ts'
import { digitsOf, extensionsOf, extensionValue, numberOf, textOf, valueOf } from './read.ts'
import type { Severity } from './words.ts'

/** What is wrong with an answer's value. */
export interface Fault {
  readonly said: Said
  readonly severity?: Severity
}

const CORE = 'http://hl7.org/fhir/StructureDefinition/'
const SDC = 'http://hl7.org/fhir/uv/sdc/StructureDefinition/'

/** The types of answer that a type of question takes. */
export const answerTypes: Readonly<Record<string, readonly string[]>> = {
  boolean: ['boolean'],
  decimal: ['decimal'],
  integer: ['integer'],
  date: ['date'],
  dateTime: ['dateTime'],
  time: ['time'],
  string: ['string'],
  text: ['string'],
  url: ['uri'],
  choice: ['Coding', 'date', 'time', 'integer', 'string', 'Reference'],
  'open-choice': ['Coding', 'date', 'time', 'integer', 'string', 'Reference'],
  attachment: ['Attachment'],
  reference: ['Reference'],
  quantity: ['Quantity'],
}

/** What is wrong with the value of an answer of the right type. */
export function faultsOf(item: FormItem, value: Node, definitions: Definitions): readonly Fault[] {
  switch (value.type) {
    case 'integer':
      return [...bounds(item, value.value, String(value.value), numeric)]
    case 'decimal': {
      const digits = digitsOf(value.parent?.value, value.property) ?? String(value.value)
      return [...bounds(item, value.value, digits, numeric), ...decimals(item, digits)]
    }
    case 'date':
    case 'dateTime':
      return bounds(item, value.value, String(value.value), dated)
    case 'time':
      return bounds(item, value.value, String(value.value), alphabetic)
    case 'string':
    case 'uri':
      return typeof value.value === 'string' ? texts(item, value.value) : []
    case 'Quantity':
      return quantities(item, value.value)
    case 'Attachment':
      return attachments(item, value.value)
    case 'Reference':
      return references(item, textOf(value.value, 'reference'), definitions)
  }
  return []
}

const numeric = (a: unknown, b: unknown) => (typeof a === 'number' && typeof b === 'number' ? a - b : undefined)
const alphabetic = (a: unknown, b: unknown) =>
  typeof a === 'string' && typeof b === 'string' ? (a < b ? -1 : a > b ? 1 : 0) : undefined

/** By when they begin: 2020 is not before 2020-05-01 as a minimum would have it, but it is not clearly wrong. */
function dated(a: unknown, b: unknown): number | undefined {
  if (typeof a !== 'string' || typeof b !== 'string') return undefined
  const [left, right] = [readDate(a), readDate(b)]
  if (!left || !right) return undefined
  return left.high < right.low ? -1 : left.low > right.high ? 1 : 0
}

function bounds(
  item: FormItem,
  value: unknown,
  written: string,
  order: (a: unknown, b: unknown) => number | undefined,
): Fault[] {
  const [least, most] = [extensionValue(item.raw, `${CORE}minValue`), extensionValue(item.raw, `${CORE}maxValue`)]
  const faults: Fault[] = []
  if ((order(value, least) ?? 0) < 0) faults.push(tooSmall(written, String(least)))
  if ((order(value, most) ?? 0) > 0) faults.push(tooLarge(written, String(most)))
  return faults
}

const tooSmall = (value: string, least: string) =>
  fault(`The answer ${value} is below the least allowed, ${least}.`, `答案 ${value} 低於允許的最小值 ${least}。`)
const tooLarge = (value: string, most: string) =>
  fault(`The answer ${value} is above the most allowed, ${most}.`, `答案 ${value} 高於允許的最大值 ${most}。`)

function decimals(item: FormItem, digits: string): Fault[] {
  const most = extensionValue(item.raw, `${CORE}maxDecimalPlaces`)
  const places = /\.(\d*)/.exec(digits)?.[1]?.length ?? 0
  return typeof most === 'number' && places > most
    ? [
        fault(
          `The answer ${digits} has ${places} decimal places; at most ${most} are allowed.`,
          `答案 ${digits} 有 ${places} 位小數，最多 ${most} 位。`,
        ),
      ]
    : []
}

function texts(item: FormItem, text: string): Fault[] {
  const faults: Fault[] = []
  const least = extensionValue(item.raw, `${CORE}minLength`)
  const most = numberOf(item.raw, 'maxLength')
  if (typeof least === 'number' && text.length < least)
    faults.push(
      fault(
        `The answer ${quoted(text)} has ${text.length} characters; at least ${least} are needed.`,
        `答案「${quoted(text, '')}」有 ${text.length} 個字元，至少須 ${least} 個。`,
      ),
    )
  if (most !== undefined && text.length > most)
    faults.push(
      fault(
        `The answer ${quoted(text)} has ${text.length} characters; at most ${most} are allowed.`,
        `答案「${quoted(text, '')}」有 ${text.length} 個字元，最多 ${most} 個。`,
      ),
    )
  const regex = extensionValue(item.raw, `${CORE}regex`)
  if (typeof regex === 'string') {
    const verdict = matchesWhole(regex, text)
    const format = extensionValue(item.raw, `${CORE}entryFormat`)
    const form = typeof format === 'string' ? quoted(format) : quoted(regex)
    if (verdict === 'no')
      faults.push(
        fault(
          `The answer ${quoted(text)} does not have the form ${form}.`,
          `答案「${quoted(text, '')}」不符合格式 ${form}。`,
        ),
      )
    else if (verdict !== 'yes')
      faults.push({
        severity: 'warning',
        said: {
          en: `The form's pattern ${quoted(regex)} cannot be checked here: ${verdict === 'invalid' ? 'it is no regular expression' : 'it takes too long'}.`,
          zh: `無法檢查表單的格式 ${quoted(regex)}：${verdict === 'invalid' ? '不是有效的正規表示式' : '比對時間過長'}。`,
        },
      })
  }
  if (item.type === 'string' && /[\r\n]/.test(text))
    faults.push({
      severity: 'warning',
      said: {
        en: 'The answer has more than one line; a question of type string takes one. Remove the line ends.',
        zh: '答案有換行；string 類型的問題只能有一行，請移除換行。',
      },
    })
  return faults
}

function quantities(item: FormItem, quantity: unknown): Fault[] {
  const faults: Fault[] = []
  const [least, most] = [quantityOf(item, 'minQuantity'), quantityOf(item, 'maxQuantity')]
  for (const [bound, sign] of [
    [least, -1],
    [most, 1],
  ] as const) {
    if (!bound) continue
    const order = orderOfQuantities(quantity, bound)
    if (order === undefined)
      faults.push(
        fault(
          `The answer ${shown(quantity)} cannot be compared with the ${sign < 0 ? 'least' : 'most'} allowed, ${shown(bound)}: give both a system and code of units that can be converted.`,
          `答案 ${shown(quantity)} 無法與允許的${sign < 0 ? '最小值' : '最大值'} ${shown(bound)} 比較：請填可換算單位的 system 與 code。`,
        ),
      )
    else if (order * sign > 0)
      faults.push(sign < 0 ? tooSmall(shown(quantity), shown(bound)) : tooLarge(shown(quantity), shown(bound)))
  }
  const units = extensionsOf(item.raw, `${CORE}questionnaire-unitOption`).map(each => valueOf(each)?.value)
  if (units.length > 0 && !units.some(unit => isUnit(quantity, unit)))
    faults.push(
      fault(
        `The unit of ${shown(quantity)} is none of those allowed: ${units.map(unit => textOf(unit, 'code') ?? textOf(unit, 'display') ?? '?').join(', ')}.`,
        `${shown(quantity)} 的單位不在允許的單位中：${units.map(unit => textOf(unit, 'code') ?? textOf(unit, 'display') ?? '?').join('、')}。`,
      ),
    )
  return [...faults, ...decimals(item, digitsOf(quantity, 'value') ?? '')]
}

const quantityOf = (item: FormItem, name: string): unknown =>
  extensionValue(item.raw, `${SDC}sdc-questionnaire-${name}`) ??
  extensionValue(item.raw, `${CORE}questionnaire-${name}`)

const isUnit = (quantity: unknown, unit: unknown) =>
  (
    [
      ['system', 'system'],
      ['code', 'code'],
      ['display', 'unit'],
    ] as const
  ).every(([wanted, given]) => textOf(unit, wanted) === undefined || textOf(unit, wanted) === textOf(quantity, given))

function orderOfQuantities(a: unknown, b: unknown): number | undefined {
  const [left, right] = [numberOf(a, 'value'), numberOf(b, 'value')]
  const [system, code, otherCode] = [textOf(a, 'system'), textOf(a, 'code'), textOf(b, 'code')]
  if (left === undefined || right === undefined || system === undefined || system !== textOf(b, 'system'))
    return undefined
  if (code === undefined || otherCode === undefined) return undefined
  if (code === otherCode) return left - right
  if (system !== UCUM) return undefined
  const [from, to] = [canonical(code), canonical(otherCode)]
  return from && to && from.code === to.code ? convert(left, from) - convert(right, to) : undefined
}

const shown = (quantity: unknown) =>
  `${digitsOf(quantity, 'value') ?? '?'} ${textOf(quantity, 'code') ?? textOf(quantity, 'unit') ?? ''}`
    .trim()
    .slice(0, 80)

function attachments(item: FormItem, attachment: unknown): Fault[] {
  const faults: Fault[] = []
  const types = extensionsOf(item.raw, `${CORE}mimeType`).map(each => String(valueOf(each)?.value))
  const type = textOf(attachment, 'contentType')
  if (types.length > 0 && !types.some(each => type?.startsWith(each)))
    faults.push(
      fault(
        `An attachment here is of type ${types.join(', ')}; its contentType says ${type === undefined ? 'nothing' : quoted(type)}.`,
        `此處附件的類型須為 ${types.join('、')}；其 contentType ${type === undefined ? '未填' : `為 ${quoted(type)}`}。`,
      ),
    )
  const most = extensionValue(item.raw, `${CORE}maxSize`)
  const data = textOf(attachment, 'data')
  const size = data === undefined ? undefined : bytesOf(data)
  if (typeof most === 'number' && size !== undefined && size > most)
    faults.push(
      fault(
        `The attachment has ${size} bytes; at most ${most} are allowed.`,
        `附件有 ${size} 位元組，上限為 ${most}。`,
      ),
    )
  return faults
}

function references(item: FormItem, reference: string | undefined, definitions: Definitions): Fault[] {
  if (reference === undefined || reference.startsWith('#') || /^urn:/.test(reference)) return []
  const allowed = extensionsOf(item.raw, `${CORE}questionnaire-referenceResource`).map(each => valueOf(each)?.value)
  const type = typeOfReference(reference)
  if (type !== undefined && !definitions.isResourceType(type))
    return [
      fault(
        `${quoted(reference)} leads to a ${type}, which is no resource type of FHIR R4.`,
        `${quoted(reference)} 指向的 ${type} 不是 FHIR R4 的資源類型。`,
      ),
    ]
  if (allowed.length === 0) return []
  if (type === undefined)
    return hasScheme(reference)
      ? []
      : [
          fault(
            `The type of what ${quoted(reference)} leads to cannot be told. Write Type/id.`,
            `無法得知 ${quoted(reference)} 指向的資源類型，請寫成 Type/id。`,
          ),
        ]
  return allowed.includes(type)
    ? []
    : [
        fault(
          `${quoted(reference)} leads to a ${type}; allowed here: ${allowed.join(', ')}.`,
          `${quoted(reference)} 指向 ${type}；此處只允許 ${allowed.join('、')}。`,
        ),
      ]
}

const fault = (en: string, zh: string): Fault => ({ said: { en, zh } })
