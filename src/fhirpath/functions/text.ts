/**
 * Texts: parts of them, searching and replacing. Every character that is looked at or made counts.
 * https://hl7.org/fhirpath/N1/#string-manipulation
 */
import { type Call, type Code, type FunctionDefinition, itemsOf, literalText, truthCode } from '../code.ts'
import { fail, type Place } from '../error.ts'
import { type Item, nothing } from '../items.ts'
import { members, quickText } from '../navigate.ts'
import { compileRegex, type Regex } from '../regex.ts'
import { LONGEST_TEXT, type Run } from '../run.ts'
import { describe, singleInteger, singleText, valueOf } from '../values.ts'

/** On a text, with texts for arguments; empty when any of them is. */
const onText = (
  count: number,
  work: (text: string, given: readonly string[], run: Run, place: Place) => Item | undefined,
): FunctionDefinition => ({
  takes: [count, count],
  build: call => ({ step: run => itemsOf(answered(call, run, work)) }),
})

/** The same for what is true or false. */
const ofText = (work: (text: string, given: string, run: Run, place: Place) => boolean): FunctionDefinition => ({
  takes: [1, 1],
  build(call) {
    const literal = literalText(call.arguments[0]!)
    return truthCode(run => {
      const text = textOf(call, run)
      const given = literal ?? givenText(call, 0, run)
      if (text === undefined || given === undefined) return undefined
      scan(text, run, call.place)
      return work(text, given, run, call.place)
    })
  },
})

function textOf(call: Call, run: Run): string | undefined {
  const { member, step } = call.of
  if (!member) return singleText(step(run), `What ${call.name}() is called on`, call.place)
  const items = member.of(run)
  return (
    quickText(items, member.name) ??
    singleText(members(items, member.name, run, call.place), `What ${call.name}() is called on`, call.place)
  )
}
const givenText = (call: Call, at: number, run: Run) =>
  singleText(call.arguments[at]!.step(run), `Argument ${at + 1} of ${call.name}()`, call.places[at]!)

/** Looking through a text once. */
const scan = (text: string, run: Run, place: Place) => run.spend(1 + (text.length >> 5), place)

function answered(call: Call, run: Run, work: Parameters<typeof onText>[1]): Item | undefined {
  const text = textOf(call, run)
  const given: string[] = []
  for (let i = 0; i < call.arguments.length; i++) {
    const each = givenText(call, i, run)
    if (each !== undefined) given.push(each)
  }
  if (text === undefined || given.length < call.arguments.length) return undefined
  scan(text, run, call.place)
  return work(text, given, run, call.place)
}

const substring: FunctionDefinition = {
  takes: [1, 2],
  build: call => ({
    step(run) {
      const text = textOf(call, run)
      const number = (at: number) =>
        singleInteger(call.arguments[at]!.step(run), `Argument ${at + 1} of substring()`, call.places[at]!)
      const start = number(0)
      const length = call.arguments.length > 1 ? number(1) : undefined
      if (text === undefined || start === undefined || start < 0 || start >= text.length) return nothing
      return [run.text(text.slice(start, length === undefined ? undefined : start + Math.max(0, length)), call.place)]
    },
  }),
}

function replaced(text: string, [pattern, substitution]: readonly string[], run: Run, place: Place): string {
  const pieces = pattern === '' ? ['', ...text, ''] : text.split(pattern!)
  grown(text.length + (pieces.length - 1) * substitution!.length, run, place)
  run.spend(pieces.length, place)
  return pieces.join(substitution)
}

/** Before a text is put together: whether it would be too long. */
function grown(length: number, run: Run, place: Place): void {
  if (length > LONGEST_TEXT) fail(place, `A text grew longer than ${LONGEST_TEXT} characters`)
  run.spend(1 + (length >> 4), place)
}

/** A literal pattern is compiled, or refused, with the expression; others when they come. */
function regexOf(call: Call): (run: Run) => Regex | undefined {
  const literal = literalText(call.arguments[0]!)
  if (literal !== undefined) {
    const regex = compileRegex(literal, call.places[0]!)
    return () => regex
  }
  let last: { pattern: string; regex: Regex } | undefined
  return run => {
    const pattern = givenText(call, 0, run)
    if (pattern === undefined) return undefined
    if (last?.pattern === pattern) return last.regex
    run.spend(10 * pattern.length, call.places[0]!)
    const regex = compileRegex(pattern, call.places[0]!)
    run.spend(regex.size, call.places[0]!)
    last = { pattern, regex }
    return regex
  }
}

const matches = (whole: boolean): FunctionDefinition => ({
  takes: [1, 1],
  build(call): Code {
    const regex = regexOf(call)
    return truthCode(run => {
      const text = textOf(call, run)
      const found = regex(run)
      if (text === undefined || found === undefined) return undefined
      return found.test(text, whole, steps => run.spend(steps, call.place))
    })
  },
})

const replaceMatches: FunctionDefinition = {
  takes: [2, 2],
  build(call) {
    const regex = regexOf(call)
    return {
      step(run) {
        const text = textOf(call, run)
        const found = regex(run)
        const substitution = givenText(call, 1, run)
        if (text === undefined || found === undefined || substitution === undefined) return nothing
        const result = found.replace(text, substitution, steps => run.spend(steps, call.place), LONGEST_TEXT)
        return [run.text(result, call.place)]
      },
    }
  },
}

const join: FunctionDefinition = {
  takes: [0, 1],
  build: call => ({
    step(run) {
      const items = call.of.step(run)
      const between = call.arguments.length > 0 ? givenText(call, 0, run) : ''
      if (items.length === 0 || between === undefined) return nothing
      const texts: string[] = []
      let length = 0
      for (const item of items) {
        const value = valueOf(item)
        if (value === undefined) continue
        if (typeof value !== 'string')
          fail(call.place, `join() is called on ${describe(item)}`, 'select(toString()) makes texts')
        length += value.length + between.length
        run.spend(1, call.place)
        texts.push(value)
      }
      grown(length, run, call.place)
      return texts.length === 0 ? nothing : [texts.join(between)]
    },
  }),
}

const characters: FunctionDefinition = {
  takes: [0, 0],
  build: call => ({
    step(run) {
      const text = textOf(call, run)
      if (text === undefined) return nothing
      run.spend(1 + text.length, call.place)
      return [...text]
    },
  }),
}

const split: FunctionDefinition = {
  takes: [1, 1],
  build: call => ({
    step(run) {
      const text = textOf(call, run)
      const between = givenText(call, 0, run)
      if (text === undefined || between === undefined) return nothing
      run.spend(1 + text.length, call.place)
      return text.split(between)
    },
  }),
}

export const texts: Readonly<Record<string, FunctionDefinition>> = {
  indexOf: onText(1, (text, [part]) => text.indexOf(part!)),
  lastIndexOf: onText(1, (text, [part]) => text.lastIndexOf(part!)),
  substring,
  startsWith: ofText((text, start) => text.startsWith(start)),
  endsWith: ofText((text, end) => text.endsWith(end)),
  contains: ofText((text, part) => text.includes(part)),
  upper: onText(0, (text, _, run, place) => run.text(text.toUpperCase(), place)),
  lower: onText(0, (text, _, run, place) => run.text(text.toLowerCase(), place)),
  trim: onText(0, (text, _, run, place) => run.text(text.trim(), place)),
  replace: onText(2, replaced),
  matches: matches(false),
  matchesFull: matches(true),
  replaceMatches,
  length: onText(0, text => text.length),
  toChars: characters,
  split,
  join,
}
