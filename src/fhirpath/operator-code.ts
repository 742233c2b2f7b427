/**
 * The code of operators between two sides.
 * https://hl7.org/fhirpath/N1/#operations
 */
import { type Code, conditionOf, itemsOf, literalText, type Step, truthCode } from './code.ts'
import { distinct, equal, equalItems, equivalent } from './equality.ts'
import type { Place } from './error.ts'
import { combined } from './functions/filtering.ts'
import type { Truth } from './items.ts'
import { members, quickText } from './navigate.ts'
import { add, compare, concatenated, logics, multiply } from './operators.ts'
import type { Operator } from './tree.ts'
import { single } from './values.ts'

/** An operator between two sides. */
export function operatorCode(name: Operator, left: Code, right: Code, place: Place): Code {
  switch (name) {
    case 'and':
    case 'or':
    case 'xor':
    case 'implies':
      return logic(name, left, right, place)
    case '=':
    case '!=':
      return equality(name === '=', left, right, place)
    case '~':
    case '!~':
      return truthCode(run => equivalent(left.step(run), right.step(run), run, place) === (name === '~'))
    case '<':
    case '>':
    case '<=':
    case '>=':
      return comparison(name, left.step, right.step, place)
    case 'in':
      return membership(left.step, right.step, place)
    case 'contains':
      return membership(right.step, left.step, place)
    case '|':
      return { step: run => distinct(combined(left.step(run), right.step(run), run, place), run, place) }
    case '&':
      return { step: run => [concatenated(left.step(run), right.step(run), run, place)] }
    case '+':
    case '-':
      return { step: run => itemsOf(add(left.step(run), right.step(run), name === '+' ? 1 : -1, run, place)) }
    case '*':
    case '/':
    case 'div':
    case 'mod':
      return { step: run => itemsOf(multiply(left.step(run), right.step(run), name, run, place)) }
  }
}

function logic(name: 'and' | 'or' | 'xor' | 'implies', left: Code, right: Code, place: Place): Code {
  const join = logics[name]
  const one = conditionOf(left, `The left side of "${name}"`, place)
  const other = conditionOf(right, `The right side of "${name}"`, place)
  // when the left side decides, the right one is not looked at
  const decides: Truth | 'never' = name === 'and' || name === 'implies' ? false : name === 'or' ? true : 'never'
  return truthCode(run => {
    run.spend(1, place)
    const first = one(run)
    return first === decides ? join(first, undefined) : join(first, other(run))
  })
}

function equality(wanted: boolean, left: Code, right: Code, place: Place): Code {
  const text = literalText(right)
  if (left.member && text !== undefined) return textEquality(wanted, left.member, text, right.step, place)
  return truthCode(run => {
    const same = equal(left.step(run), right.step(run), run, place)
    return same === undefined ? undefined : same === wanted
  })
}

/** `code = 'text'`, the most common condition of all. */
function textEquality(
  wanted: boolean,
  { of, name }: NonNullable<Code['member']>,
  text: string,
  right: Step,
  place: Place,
): Code {
  return truthCode(run => {
    const items = of(run)
    if (items.length === 0) return undefined
    run.spend(2 + (text.length >> 6), place)
    const found = quickText(items, name)
    if (found !== undefined) return (found === text) === wanted
    const same = equal(members(items, name, run, place), right(run), run, place)
    return same === undefined ? undefined : same === wanted
  })
}

function comparison(name: '<' | '>' | '<=' | '>=', left: Step, right: Step, place: Place): Code {
  const holds = {
    '<': (n: number) => n < 0,
    '>': (n: number) => n > 0,
    '<=': (n: number) => n <= 0,
    '>=': (n: number) => n >= 0,
  }[name]
  return truthCode(run => {
    const order = compare(left(run), right(run), run, place)
    return order === undefined ? undefined : holds(order)
  })
}

function membership(one: Step, many: Step, place: Place): Code {
  return truthCode(run => {
    const item = single(one(run), 'What is looked for', place)
    const items = many(run)
    return item === undefined ? undefined : items.some(each => equalItems(item, each, run, place) === true)
  })
}
