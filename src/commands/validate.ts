/**
 * `validate`: says what is wrong with files of FHIR data, as text, as OperationOutcomes or as SARIF.
 * https://hl7.org/fhir/R4/validation.html
 */
import { relative } from 'node:path'
import packageJson from '../../package.json' with { type: 'json' }
import { BadSetting, type CommandLine, type Config } from '../config.ts'
import type { Definitions } from '../fhir/definitions.ts'
import { loadDefinitions } from '../fhir/packages.ts'
import { problems } from '../rest/check.ts'
import type { Resource } from '../rest/exchange.ts'
import { languageOf, type Language } from '../rest/language.ts'
import { makeTerminology } from '../terminology/service.ts'
import { lazyValidator } from '../validation/lazy.ts'
import type { Finding } from '../validation/words.ts'
import { documentsOf } from './documents.ts'
import { packagesWith } from './packages-with.ts'
import { outcomeReport, textReport, type Report, type Reporting } from './reports.ts'
import { sarifReport } from './sarif.ts'
import { filesOf } from './sources.ts'

const formats: Readonly<Record<string, (reporting: Reporting) => Report>> = {
  text: textReport,
  json: outcomeReport,
  sarif: sarifReport,
}
const GRADES: readonly Finding['severity'][] = ['information', 'warning', 'error']

/** Exit code 0 when nothing is wrong (warnings are allowed), else 1. */
export async function run(config: Config, { positionals, options }: CommandLine): Promise<number> {
  if (positionals.length === 0) throw new BadSetting('Say what to validate: validate FILE... (files or folders).')
  const format = chosen(options.get('format') ?? 'text', '--format', Object.keys(formats))
  const level = chosen(options.get('level') ?? 'full', '--level', ['base', 'full'])
  const least = GRADES.indexOf(chosen(options.get('show') ?? 'information', '--show', GRADES) as Finding['severity'])
  const language = languageOf(options.get('language'))
  const files = filesOf(positionals)
  const definitions = loadDefinitions()
  const { conformance, close } = await packagesWith(config, listed(options.get('package')))
  try {
    const { checkCode } = makeTerminology({ conformance: () => conformance })
    const { validate } = lazyValidator({ conformance: () => conformance, definitions: () => definitions, checkCode })
    const profiles = listed(options.get('profile'))
    const report = formats[format]!({
      write: text => void process.stdout.write(text),
      language,
      version: packageJson.version,
    })
    let wrong = 0
    for (const { path } of files) {
      for await (const { resource, locate, line, problem } of documentsOf(path)) {
        const findings = problem
          ? [problem]
          : level === 'base'
            ? baseFindings(resource, definitions, language)
            : await validate(resource, { profiles })
        if (findings.some(({ severity }) => severity === 'error')) wrong++
        const shown = findings.filter(({ severity }) => GRADES.indexOf(severity) >= least)
        report.add({ file: shownPath(path), line, resource: nameOf(resource), findings: shown, locate })
      }
    }
    report.end()
    return wrong > 0 ? 1 : 0
  } finally {
    close()
  }
}

/** What a write at the level `base` would be refused for. */
function baseFindings(resource: unknown, definitions: Definitions, language: Language): readonly Finding[] {
  const { resourceType } = resource as Resource
  if (!definitions.isResourceType(resourceType)) {
    const said = {
      en: `"${resourceType}" is not a resource type of FHIR R4.`,
      zh: `「${resourceType}」不是 FHIR R4 的資源類型。`,
    }
    return [{ severity: 'error', code: 'structure', expression: 'resourceType', said }]
  }
  return problems(resource as Resource, definitions, { language }).map(({ code, expression, diagnostics = '' }) => ({
    severity: 'error',
    code,
    expression: expression?.[0] ?? resourceType,
    said: { en: diagnostics, zh: diagnostics },
  }))
}

/** Relative to where the command was started, when it is below. */
function shownPath(path: string): string {
  const below = relative('', path)
  return below.startsWith('..') ? path : below
}

const listed = (text: string | undefined) => text?.split(',').filter(each => each !== '') ?? []

function chosen(text: string, name: string, known: readonly string[]): string {
  if (known.includes(text)) return text
  throw new BadSetting(`${name}=${text} cannot be used. It takes one of: ${known.join(', ')}.`)
}

function nameOf(resource: unknown): string {
  const { resourceType, id } = (resource ?? {}) as { resourceType?: unknown; id?: unknown }
  if (typeof resourceType !== 'string') return ''
  return typeof id === 'string' ? `${resourceType}/${id}` : resourceType
}
