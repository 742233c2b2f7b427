/**
 * Reading a rule: what is at hand, and the faults that are found on the way.
 * https://hl7.org/fhir/R4/plandefinition.html
 */
import type { Definitions } from '../fhir/definitions.ts'
import { PathError } from '../fhirpath/error.ts'
import { compile, type Expression } from '../fhirpath/expression.ts'
import { canonical } from '../search/ucum.ts'
import { VARIABLE, type Named, type RuleEvidence, type RuleFault, type RuleText } from './words.ts'

/** What reading a rule needs of the server. */
export interface RuleReader {
  readonly definitions: Definitions
  /** What is wrong with a prefetch template; undefined when nothing is. */
  readonly templateProblem?: (template: string) => string | undefined
  /** Why there is no such CDS hook; undefined when there is. */
  readonly hookProblem?: (hook: string) => string | undefined
}

type Plain = Readonly<Record<string, unknown>>

/** Characters of one expression, and of all expressions of a rule. */
const LONGEST_EXPRESSION = 5_000
const LONGEST_RULE = 20_000
/** So many faults are told at once. */
const MOST_FAULTS = 20

/** Has the life of one reading. */
export class Reading {
  readonly faults: RuleFault[] = []
  readonly reader: RuleReader
  #characters = 0

  constructor(reader: RuleReader) {
    this.reader = reader
  }

  /** Notes a fault; `place` is below PlanDefinition, '' for itself. */
  fault(place: string, diagnostics: string): undefined {
    if (this.faults.length < MOST_FAULTS)
      this.faults.push({ expression: place === '' ? 'PlanDefinition' : `PlanDefinition.${place}`, diagnostics })
    return undefined
  }

  get isFull(): boolean {
    return this.faults.length >= MOST_FAULTS
  }

  /** An element of type Expression, compiled. `later`: names that are defined, but only after it. */
  expression(value: unknown, place: string, variables: readonly string[], later: readonly string[] = []) {
    const { language, expression } = objectOf(value)
    if (typeof expression !== 'string') return this.fault(place, 'It needs an expression.')
    if (language !== 'text/fhirpath')
      return this.fault(`${place}.language`, 'Rules are written in FHIRPath: language must be text/fhirpath.')
    const at = place
    if (expression.length > LONGEST_EXPRESSION)
      return this.fault(
        at,
        `An expression has at most ${LONGEST_EXPRESSION} characters; put parts of it into variables.`,
      )
    const before = this.#characters
    this.#characters += expression.length
    // said once
    if (before > LONGEST_RULE) return undefined
    if (this.#characters > LONGEST_RULE)
      return this.fault(
        at,
        `The expressions of a rule have at most ${LONGEST_RULE} characters together. Make several rules.`,
      )
    return this.#compiled(expression, at, variables, later)
  }

  #compiled(text: string, at: string, variables: readonly string[], later: readonly string[]): Expression | undefined {
    try {
      return compile(text, { definitions: this.reader.definitions, units: canonical, variables })
    } catch (error) {
      // expressions are bounded in depth; this is for what is read when the stack is nearly full
      if (error instanceof RangeError) return this.fault(at, 'The expression goes too deep: make it simpler.')
      if (!(error instanceof PathError)) throw error
      const name = /^Unknown variable "%([^"]+)"/.exec(error.message)?.[1]
      const early =
        name !== undefined && later.includes(name)
          ? ` %${name} is defined, but a variable may use only those before it, so that none goes in a circle.`
          : ''
      return this.fault(at, `${error.message}.${early}`)
    }
  }

  /** The variables among the extensions of an element; each may use `known` and those before it. */
  variables(element: unknown, place: string, known: readonly string[]): readonly Named[] {
    const extensions = listOf(objectOf(element)['extension'])
    const found = extensions.flatMap((each, index) => {
      const { url, valueExpression } = objectOf(each)
      const { name } = objectOf(valueExpression)
      return url === VARIABLE ? [{ index, name, valueExpression }] : []
    })
    const names = found.map(({ name }) => (typeof name === 'string' ? name : ''))
    const variables: Named[] = []
    found.forEach(({ index, name, valueExpression }, i) => {
      const at = `${place === '' ? '' : `${place}.`}extension[${index}].value`
      const before = [...known, ...variables.map(each => each.name)]
      if (!isName(name)) return this.fault(`${at}.name`, NAME_RULE)
      if (before.includes(name) || names.indexOf(name) < i)
        return this.fault(`${at}.name`, `There is a %${name} already; give it another name.`)
      const expression = this.expression(valueExpression, at, before, names.slice(i))
      if (expression) variables.push({ name, expression })
      return undefined
    })
    return variables
  }
}

export const NAME_RULE = 'It needs a name of letters, digits and _, beginning with a letter.'
export const isName = (name: unknown): name is string =>
  typeof name === 'string' && /^[A-Za-z][A-Za-z0-9_]{0,63}$/.test(name)

export const objectOf = (value: unknown): Plain =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Plain) : {}
export const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? (value as unknown[]) : [])
export const textOf = (value: unknown): string | undefined =>
  typeof value === 'string' && value !== '' ? value : undefined

/** Of RelatedArtifacts: those with a URL. */
export function evidenceOf(artifacts: unknown): readonly RuleEvidence[] {
  return listOf(artifacts).flatMap(each => {
    const { url, resource, display, label, citation } = objectOf(each)
    const link = [url, resource].find(one => typeof one === 'string' && /^https?:\/\/\S+$/.test(one))
    if (typeof link !== 'string') return []
    return [{ label: textOf(display) ?? textOf(label) ?? textOf(citation) ?? link, url: link }]
  })
}

const TRANSLATION = 'http://hl7.org/fhir/StructureDefinition/translation'

/** A text element with its Chinese translation. */
export function ruleText(holder: unknown, name: string, expression?: Expression): RuleText | undefined {
  const element = objectOf(holder)
  const text = textOf(element[name])
  if (text === undefined && !expression) return undefined
  const chinese = listOf(objectOf(element[`_${name}`])['extension']).find(each => {
    const { url, extension } = objectOf(each)
    return url === TRANSLATION && /^zh\b/i.test(textOf(valueOf(extension, 'lang', 'valueCode')) ?? '')
  })
  return {
    text: text ?? '',
    chinese: textOf(valueOf(objectOf(chinese)['extension'], 'content', 'valueString', 'valueMarkdown')),
    expression,
  }
}

function valueOf(extensions: unknown, url: string, ...names: readonly string[]): unknown {
  const found = objectOf(listOf(extensions).find(each => objectOf(each)['url'] === url))
  return names.map(name => found[name]).find(each => each !== undefined)
}
