/**
 * The forms in which `validate` tells what it found: text, OperationOutcomes, SARIF. Each is written as it comes.
 * https://hl7.org/fhir/R4/operationoutcome.html
 */
import type { Language } from '../rest/language.ts'
import { toIssues } from '../validation/issue.ts'
import type { Locate } from '../validation/locate.ts'
import type { Finding } from '../validation/words.ts'

/** What was found in one resource of a file. */
export interface Judged {
  /** As the user would name it. */
  readonly file: string
  /** Of an NDJSON file, from 1; 0: the file is one resource. */
  readonly line: number
  /** `Patient/1`, `Patient`, or '' for what is no resource. */
  readonly resource: string
  readonly findings: readonly Finding[]
  readonly locate: Locate
}

export interface Reporting {
  write(text: string): void
  readonly language: Language
  /** Of this software. */
  readonly version: string
}

export interface Report {
  add(judged: Judged): void
  end(): void
}

const words = {
  en: { error: 'error', warning: 'warning', information: 'note', fine: 'ok' },
  zh: { error: '錯誤', warning: '警告', information: '資訊', fine: '通過' },
}

/** `file:line:column: error at Patient.name: …`, and at the end how many. */
export function textReport({ write, language }: Reporting): Report {
  const counts = { resources: 0, error: 0, warning: 0, information: 0 }
  return {
    add({ file, line, resource, findings, locate }) {
      counts.resources++
      for (const finding of findings) {
        counts[finding.severity]++
        const at = locate(finding.expression)
        const place = at ? `${file}:${at.line}:${at.column}` : file
        const [first, ...rest] = toIssues([finding], language)[0]!.diagnostics!.split('\n')
        const where = finding.expression ? ` ${finding.expression}:` : ''
        write(`${place}: ${words[language][finding.severity]}:${where} ${first}\n`)
        for (const text of rest) write(`    ${text}\n`)
      }
      if (findings.length === 0)
        write(`${file}${line > 0 ? `:${line}` : ''}: ${words[language].fine}${resource ? ` (${resource})` : ''}\n`)
    },
    end() {
      const { resources, error, warning, information } = counts
      write(
        language === 'zh'
          ? `共 ${resources} 筆資源：${error} 項錯誤、${warning} 項警告、${information} 項資訊。\n`
          : `${resources} resources: ${error} errors, ${warning} warnings, ${information} notes.\n`,
      )
    },
  }
}

const FILE = 'http://hl7.org/fhir/StructureDefinition/operationoutcome-file'

/** Of one resource an OperationOutcome; of several a Bundle of them. */
export function outcomeReport({ write, language }: Reporting): Report {
  let first: string | undefined
  let count = 0
  return {
    add({ file, line, findings, locate }) {
      const said = { en: 'Nothing is wrong.', zh: '驗證通過，沒有發現問題。' }
      const fine: Finding = { severity: 'information', code: 'informational', expression: '', said }
      const outcome = JSON.stringify({
        resourceType: 'OperationOutcome',
        extension: [{ url: FILE, valueString: line > 0 ? `${file}:${line}` : file }],
        issue: findings.length > 0 ? toIssues(findings, language, locate) : toIssues([fine], language),
      })
      count++
      if (count === 1) return void (first = outcome)
      if (count === 2) write(`{"resourceType":"Bundle","type":"collection","entry":[\n{"resource":${first!}}`)
      write(`,\n{"resource":${outcome}}`)
    },
    end: () =>
      write(count > 1 ? '\n]}\n' : count === 1 ? `${first!}\n` : '{"resourceType":"Bundle","type":"collection"}\n'),
  }
}
