/**
 * FHIRPath expressions in conformance resources: whether they can be read.
 * https://hl7.org/fhirpath/N1/
 */
import { evaluate } from '../fhir/path.ts'

const LONGEST = 3000

/** Where and how the expression breaks the grammar; undefined when it does not, is too long to look at, or has comments. */
export function syntaxFault(expression: string): string | undefined {
  if (expression.length > LONGEST) return undefined
  const { balanced, comment } = scan(expression)
  if (comment) return undefined
  if (!balanced) return 'a parenthesis or quote is not closed, or closed twice'
  try {
    // read and never run: nothing is filtered, so that the expression is not asked
    evaluate(`{}.where(\n${expression}\n)`, {})
    return undefined
  } catch (error) {
    const message = error instanceof Error ? error.message : ''
    const found = /line: (\d+); column: (\d+); message: ([^{\n]{0,120})/.exec(message)
    return found ? `line ${Number(found[1]) - 1}, column ${found[2]}: ${found[3]!.trim()}` : undefined
  }
}

/** The parts of `a | b` that are not within quotes or parentheses. */
export const branches = (expression: string): readonly string[] => scan(expression).branches

function scan(expression: string): { branches: readonly string[]; balanced: boolean; comment: boolean } {
  const parts: string[] = []
  let [from, quote, comment, wrong] = [0, '', false, false]
  const open: string[] = []
  for (let i = 0; i < expression.length; i++) {
    const character = expression[i]!
    if (quote) {
      if (character === '\\') i++
      else if (character === quote) quote = ''
    } else if (character === "'" || character === '`' || character === '"') quote = character
    else if (character === '/' && (expression[i + 1] === '/' || expression[i + 1] === '*')) comment = true
    else if ('([{'.includes(character)) open.push(character)
    else if (')]}'.includes(character)) wrong ||= open.pop() !== '([{'[')]}'.indexOf(character)]
    else if (character === '|' && open.length === 0) {
      parts.push(expression.slice(from, i).trim())
      from = i + 1
    }
  }
  return {
    branches: [...parts, expression.slice(from).trim()],
    balanced: !wrong && open.length === 0 && quote === '',
    comment,
  }
}
