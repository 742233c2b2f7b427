/**
 * Findings as the issues of an OperationOutcome, in the reader's language, with the lines and columns of what was sent.
 * https://hl7.org/fhir/R4/operationoutcome.html
 */
import type { OperationOutcomeIssue } from 'fhir/r4'
import type { Said } from '../fhir/code-check.ts'
import type { Issue } from '../fhir/outcome.ts'
import type { Locate, Position } from './locate.ts'
import type { Finding } from './words.ts'

export type Language = keyof Said
/** `details.text` says what is wrong; `diagnostics` the same with the rule, and what of a slice failed. */
export type ValidationIssue = Issue & Pick<OperationOutcomeIssue, 'extension'>

/** So many issues are listed; errors before the others when there are more. */
export const MOST_ISSUES = 500

/** The issues in the order of the document, as far as `locate` knows it. */
export function toIssues(
  findings: readonly Finding[],
  language: Language,
  locate?: Locate,
): readonly ValidationIssue[] {
  const placed = findings.map(finding => ({ finding, position: locate?.(finding.expression) }))
  placed.sort((a, b) => inText(a.position, b.position))
  const shown = placed.length > MOST_ISSUES ? gravest(placed) : placed
  const issues = shown.map(({ finding, position }) => issueOf(finding, language, position))
  if (shown.length === placed.length) return issues
  return [...issues, more(placed.length - shown.length, language)]
}

interface Placed {
  readonly finding: Finding
  readonly position: Position | undefined
}

/** Those without a place keep theirs among the others. */
const inText = (a: Position | undefined, b: Position | undefined): number =>
  a && b ? a.line - b.line || a.column - b.column : 0

const grades = ['error', 'warning', 'information'] as const

/** As many as are shown, the errors before the warnings, in the order they had. */
function gravest(placed: readonly Placed[]): readonly Placed[] {
  const kept = new Set(
    grades.flatMap(grade => placed.filter(({ finding }) => finding.severity === grade)).slice(0, MOST_ISSUES),
  )
  return placed.filter(each => kept.has(each))
}

const EXTENSION = 'http://hl7.org/fhir/StructureDefinition/operationoutcome-issue-'

function issueOf(finding: Finding, language: Language, position: Position | undefined): ValidationIssue {
  const { severity, code, expression, said, origin } = finding
  const extension = [
    ...(position
      ? [
          { url: `${EXTENSION}line`, valueInteger: position.line },
          { url: `${EXTENSION}col`, valueString: String(position.column) },
        ]
      : []),
    ...(origin === undefined ? [] : [{ url: `${EXTENSION}source`, valueString: origin }]),
  ]
  return {
    ...(extension.length > 0 ? { extension } : {}),
    severity,
    code,
    details: { text: said[language] },
    diagnostics: diagnosticsOf(finding, language),
    ...(position ? { location: [`Line ${position.line}, Column ${position.column}`] } : {}),
    ...(expression === '' ? {} : { expression: [expression] }),
  }
}

const labels = {
  en: { rule: 'Rule', nearest: 'What failed', and: 'and more' },
  zh: { rule: '規則', nearest: '不符之處', and: '等' },
}

function diagnosticsOf({ said, origin, trace = [] }: Finding, language: Language): string {
  const { rule, nearest } = labels[language]
  const lines = [said[language]]
  if (origin !== undefined) lines.push(`${rule}: ${origin}`)
  if (trace.length > 0) lines.push(`${nearest}:`, ...traceLines(trace, language, 1))
  return lines.join('\n')
}

const MOST_TRACED = 10
const DEEPEST_TRACE = 3

/** What of the nearest slice or profile failed, and what of that, in steps of two spaces. */
function traceLines(trace: readonly Finding[], language: Language, depth: number): string[] {
  const indent = '  '.repeat(depth)
  const lines = trace
    .slice(0, MOST_TRACED)
    .flatMap(({ expression, said, trace: below = [] }) => [
      `${indent}${expression}: ${said[language]}`,
      ...(depth < DEEPEST_TRACE ? traceLines(below, language, depth + 1) : []),
    ])
  return trace.length > MOST_TRACED ? [...lines, `${indent}… ${labels[language].and}`] : lines
}

const more = (count: number, language: Language): ValidationIssue => {
  const said: Said = {
    en: `${count} more issues are not listed. Correct these first.`,
    zh: `另有 ${count} 項問題未列出。請先更正以上各項。`,
  }
  return {
    severity: 'information',
    code: 'informational',
    details: { text: said[language] },
    diagnostics: said[language],
  }
}
