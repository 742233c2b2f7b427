/**
 * Findings as SARIF 2.1.0, which editors and code hosts show beside the lines of a file.
 * https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html
 */
import { sep } from 'node:path'
import { toIssues } from '../validation/issue.ts'
import type { Finding } from '../validation/words.ts'
import type { Judged, Report, Reporting } from './reports.ts'

const LEVELS = { error: 'error', warning: 'warning', information: 'note' } as const

/** One run; its results are written as they come, its rules at the end. */
export function sarifReport({ write, language, version }: Reporting): Report {
  const rules = new Map<string, number>()
  let before = ''
  write(
    '{"$schema":"https://json.schemastore.org/sarif-2.1.0.json","version":"2.1.0","runs":[{"columnKind":"utf16CodeUnits","results":[',
  )

  function resultOf({ file, resource, locate }: Judged, finding: Finding): object {
    const ruleId = finding.origin ?? `fhir-r4/${finding.code}`
    if (!rules.has(ruleId)) rules.set(ruleId, rules.size)
    const at = locate(finding.expression)
    const region = at ? { region: { startLine: at.line, startColumn: at.column } } : {}
    const named = finding.expression || resource
    return {
      ruleId,
      ruleIndex: rules.get(ruleId),
      level: LEVELS[finding.severity],
      message: { text: toIssues([finding], language)[0]!.diagnostics },
      locations: [
        {
          physicalLocation: { artifactLocation: { uri: uriOf(file) }, ...region },
          ...(named ? { logicalLocations: [{ fullyQualifiedName: named, kind: 'element' }] } : {}),
        },
      ],
    }
  }

  return {
    add(judged) {
      for (const finding of judged.findings) {
        write(`${before}\n${JSON.stringify(resultOf(judged, finding))}`)
        before = ','
      }
    },
    end() {
      const driver = { name: 'DHP FHIR validator', version, rules: [...rules.keys()].map(id => ({ id })) }
      write(`\n],"tool":${JSON.stringify({ driver })}}]}\n`)
    },
  }
}

/** A path as a relative or absolute URI reference. */
const uriOf = (file: string) => file.split(sep).map(encodeURIComponent).join('/')
