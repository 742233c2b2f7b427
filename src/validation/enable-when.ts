/**
 * Whether an item of a form is enabled by the answers given.
 * https://hl7.org/fhir/R4/questionnaire.html#enableWhen
 */
import { readDate } from '../fhir/period.ts'
import { isObject, type Node } from './node.ts'
import { ancestors, type Form, type FormItem } from './questionnaire-form.ts'
import { extensionsOf, numberOf, objectsOf, textOf, valueOf, type JsonObject } from './read.ts'

/** An answer that was given. */
export interface Given {
  /** The type of its value. */
  readonly type: string
  readonly value: unknown
  /** The response item it is in. */
  readonly item: Node
}

/** The response items that an item is in, innermost last, each with its place in the form. */
export type Trail = readonly { readonly of: FormItem; readonly node: Node }[]

const EXPRESSION = 'http://hl7.org/fhir/uv/sdc/StructureDefinition/sdc-questionnaire-enableWhenExpression'

/** `unknown`: a condition is an expression, or is not written as FHIR has it. */
export function isEnabled(
  item: FormItem,
  trail: Trail,
  form: Form,
  answers: ReadonlyMap<string, readonly Given[]>,
): 'yes' | 'no' | 'unknown' {
  if (extensionsOf(item.raw, EXPRESSION).length > 0) return 'unknown'
  const conditions = objectsOf(item.raw, 'enableWhen')
  if (conditions.length === 0) return 'yes'
  const results = conditions.map(each => holds(each, item, trail, form, answers))
  const behavior = textOf(item.raw, 'enableBehavior')
  if (behavior === 'any' || results.length === 1)
    return results.includes('yes') ? 'yes' : results.includes('unknown') ? 'unknown' : 'no'
  if (behavior !== 'all') return 'unknown'
  return results.includes('no') ? 'no' : results.includes('unknown') ? 'unknown' : 'yes'
}

function holds(
  condition: JsonObject,
  item: FormItem,
  trail: Trail,
  form: Form,
  answers: ReadonlyMap<string, readonly Given[]>,
): 'yes' | 'no' | 'unknown' {
  const question = textOf(condition, 'question') ?? ''
  const target = form.byLinkId.get(question)
  const expected = valueOf(condition, 'answer')
  const operator = textOf(condition, 'operator')
  if (!target || !expected || operator === undefined) return 'unknown'
  const given = near(item, target, trail, answers.get(question) ?? [])
  if (operator === 'exists') {
    if (typeof expected.value !== 'boolean') return 'unknown'
    return given.length > 0 === expected.value ? 'yes' : 'no'
  }
  const verdicts = given.map(each => compared(operator, each, expected))
  return verdicts.includes(true) ? 'yes' : verdicts.includes(undefined) ? 'unknown' : 'no'
}

/** The answers within the innermost group of the response that holds both questions. */
function near(item: FormItem, target: FormItem, trail: Trail, given: readonly Given[]): readonly Given[] {
  const around = new Set(ancestors(target))
  for (const group of ancestors(item.parent)) {
    if (!around.has(group)) continue
    const place = trail.findLast(each => each.of === group)
    return place ? given.filter(each => isWithin(each.item, place.node)) : []
  }
  return given
}

function isWithin(node: Node, group: Node): boolean {
  for (let at: Node | undefined = node; at; at = at.parent) if (at === group) return true
  return false
}

/** Undefined: the two cannot be compared so. */
function compared(
  operator: string,
  actual: { readonly type: string; readonly value: unknown },
  expected: { readonly type: string; readonly value: unknown },
): boolean | undefined {
  if (actual.type !== expected.type) return undefined
  const order = orderOf(actual, expected)
  if (order === undefined) return undefined
  switch (operator) {
    case '=':
      return order === 0
    case '!=':
      return order !== 0
  }
  if (actual.type === 'Coding' || actual.type === 'Reference' || actual.type === 'boolean') return undefined
  switch (operator) {
    case '>':
      return order > 0
    case '<':
      return order < 0
    case '>=':
      return order >= 0
    case '<=':
      return order <= 0
  }
  return undefined
}

function orderOf(
  actual: { readonly type: string; readonly value: unknown },
  expected: { readonly value: unknown },
): number | undefined {
  const [left, right] = [actual.value, expected.value]
  switch (actual.type) {
    case 'Coding':
      return same(left, right, 'code') && (textOf(right, 'system') === undefined || same(left, right, 'system')) ? 0 : 1
    case 'Reference':
      return same(left, right, 'reference') ? 0 : 1
    case 'Quantity':
      return difference(numberOf(left, 'value'), numberOf(right, 'value'))
    case 'date':
    case 'dateTime':
      return difference(beginOf(left), beginOf(right))
  }
  if (isObject(left) || isObject(right)) return undefined
  if (typeof left === 'boolean' && typeof right === 'boolean') return left === right ? 0 : 1
  if (typeof left === 'string' && typeof right === 'string') return left < right ? -1 : left > right ? 1 : 0
  return difference(left, right)
}

const same = (left: unknown, right: unknown, name: string) => textOf(left, name) === textOf(right, name)

const beginOf = (value: unknown) => (typeof value === 'string' ? readDate(value)?.low : undefined)

const difference = (left: unknown, right: unknown) =>
  typeof left === 'number' && typeof right === 'number' ? left - right : undefined
