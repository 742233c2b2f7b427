/**
 * $validate-code: whether a code system, or a value set, has a code.
 * https://hl7.org/fhir/R4/valueset-operation-validate-code.html
 * https://hl7.org/fhir/R4/codesystem-operation-validate-code.html
 */
import type { CodeQuestion, CodeVerdict } from '../../fhir/code-check.ts'
import { makeConformance, type CanonicalResource } from '../../fhir/conformance.ts'
import { badRequest, FhirError, notFound, unprocessable } from '../../fhir/outcome.ts'
import { makeTerminology } from '../../terminology/service.ts'
import type { Terminology } from '../../terminology/terminology.ts'
import type { Arguments, Context, FhirResponse, Match, Operation, OperationParameter } from '../exchange.ts'
import { valueSetOf } from './expand.ts'
import { answer, canonicalOf, codingsOf, flagOf, gives, instanceOf, objectOf, out, takes, terminologyOf, textOf, type AskedCoding } from './terminology-arguments.ts' // prettier-ignore

const parameters: readonly OperationParameter[] = [
  takes('code', 'code', 'The code; with system.'),
  takes('display', 'string', 'A display, to be checked too.'),
  takes('coding', 'Coding', 'System, code and display in one.'),
  takes('codeableConcept', 'CodeableConcept', 'Valid when one of its codings is.'),
  takes('abstract', 'boolean', 'false: codes that only group others are not valid.'),
  takes('displayLanguage', 'code', 'The language of the display, as in zh-TW.'),
  gives('result', 'boolean', 1),
  gives('message', 'string'),
  gives('display', 'string'),
  gives('code', 'code'),
  gives('system', 'uri'),
]

const shared = {
  code: 'validate-code',
  system: false,
  type: true,
  instance: true,
  affectsState: false,
  action: 'read',
} as const

const untold =
  'Answers result = true or false. What cannot be checked here, since the content of a code system is not on this server, is answered with 422, not with false.'

export const validateCodeOfValueSet: Operation = {
  ...shared,
  definition: 'http://hl7.org/fhir/OperationDefinition/ValueSet-validate-code',
  title: 'Whether a value set has a code',
  description: untold,
  types: ['ValueSet'],
  parameters: [
    takes('url', 'uri', 'Canonical of the value set.'),
    takes('valueSet', 'ValueSet', 'The value set itself.'),
    takes('valueSetVersion', 'string', 'Version of the value set.'),
    takes('system', 'uri', 'The system of the code.'),
    takes('systemVersion', 'string', 'The version of the system.'),
    takes('inferSystem', 'boolean', 'The system is whichever the value set takes the code from.'),
    ...parameters,
  ],
  run: inValueSet,
}

export const validateCodeOfCodeSystem: Operation = {
  ...shared,
  definition: 'http://hl7.org/fhir/OperationDefinition/CodeSystem-validate-code',
  title: 'Whether a code system has a code',
  description: untold,
  types: ['CodeSystem'],
  parameters: [
    takes('url', 'uri', 'Canonical of the code system.'),
    takes('codeSystem', 'CodeSystem', 'The code system itself.'),
    takes('version', 'string', 'The version of the code system.'),
    ...parameters,
  ],
  run: inSystem,
}

async function inValueSet(context: Context, match: Match, args: Arguments): Promise<FhirResponse> {
  const terminology = terminologyOf(context)
  const valueSet = await valueSetOf(context, match, args)
  const codings = codingsOf(args, 'systemVersion')
  const inferSystem = flagOf(args, 'inferSystem') === true
  if (args.has('code') && codings[0]!.system === undefined && !inferSystem)
    throw badRequest('Say which system the code is from: system, or inferSystem=true.', 'required')
  return judged(context, args, codings, question =>
    ask(terminology, valueSet, { ...question, ...(inferSystem ? { inferSystem } : {}) }),
  )
}

async function ask(terminology: Terminology, valueSet: string | object, question: CodeQuestion): Promise<CodeVerdict> {
  if (typeof valueSet !== 'string') {
    // makes sure that all that value sets enumerate is known
    await terminology.checkCode(question)
    return terminology.checkAgainst(valueSet, question)
  }
  const verdict = await terminology.checkCode({ ...question, valueSet })
  if (verdict.result === 'unknown' && verdict.why === 'value-set' && !(await isHere(terminology, valueSet)))
    throw notFound(`There is no value set ${valueSet.slice(0, 300)} on this server.`)
  return verdict
}

/** One that is refused for what it costs is here. */
const isHere = async (terminology: Terminology, valueSet: string) =>
  terminology.expand(valueSet, { count: 0, partial: true }).then(
    () => true,
    (error: unknown) => !(error instanceof FhirError && error.status === 404),
  )

async function inSystem(context: Context, match: Match, args: Arguments): Promise<FhirResponse> {
  const terminology = terminologyOf(context)
  const sent = objectOf(args, 'codeSystem') ?? (await instanceOf(context, match))
  const url = textOf(args, 'url') ?? (typeof sent?.['url'] === 'string' ? sent['url'] : undefined)
  const codings = codingsOf(args).map(coding => ({ ...coding, system: coding.system ?? url }))
  if (codings.some(({ system }) => system === undefined))
    throw badRequest('Say which code system: url, or codeSystem, or a coding with a system.', 'required')
  if (url !== undefined && codings.every(({ system }) => system !== url))
    throw badRequest(`The coding is of another system than ${canonicalOf(url, undefined)}.`, 'value')
  const asked = sent ? including(context, { ...sent, url }) : terminology
  return judged(context, args, codings as AskedCoding[], question => asked.checkCode(question))
}

/** A terminology that has this code system too. */
function including(context: Context, codeSystem: object): Terminology {
  const conformance = (context.conformance?.() ?? makeConformance([])).with([codeSystem as CanonicalResource])
  return makeTerminology({ conformance: () => conformance })
}

type Ask = (question: CodeQuestion) => CodeVerdict | Promise<CodeVerdict>

/** The first coding that is valid; else what is wrong with them. Refuses (422) when that cannot be told. */
async function judged(
  context: Context,
  args: Arguments,
  codings: readonly AskedCoding[],
  askOne: Ask,
): Promise<FhirResponse> {
  const language = textOf(args, 'displayLanguage')
  const wrong: FhirResponse[] = []
  const open: string[] = []
  const messages: string[] = []
  for (const coding of codings) {
    const verdict = await askOne({ ...coding, ...(language === undefined ? {} : { language }) })
    if (verdict.result === 'unknown') open.push(verdict.said[context.language])
    else if (verdict.result === 'no') messages.push(verdict.said[context.language])
    else {
      const message = objection(verdict, coding, args, context)
      const found = [
        ...out('display', 'string', verdict.display),
        ...out('code', 'code', coding.code),
        ...out('system', 'uri', verdict.system ?? coding.system),
      ]
      const told = message ?? (verdict.inactive ? inactive(coding.code)[context.language] : undefined)
      const response = answer(
        out('result', 'boolean', message === undefined),
        out('message', 'string', told),
        found,
      )
      if (message === undefined) return response
      wrong.push(response)
    }
  } // prettier-ignore
  if (wrong[0]) return wrong[0]
  if (open.length > 0) throw unprocessable(open.join(' '), undefined, 'not-supported')
  return answer(out('result', 'boolean', false), out('message', 'string', messages.join(' ')))
}

/** What is wrong with a code that exists: its display, or that it only groups others. */
function objection(
  verdict: CodeVerdict & { result: 'yes' },
  { code, display = '' }: AskedCoding,
  args: Arguments,
  { language }: Context,
): string | undefined {
  const zh = language === 'zh'
  if (verdict.abstract && flagOf(args, 'abstract') === false)
    return zh ? `代碼「${code}」只用於分組，不可選用。` : `The code "${code}" only groups others and is not to be chosen.`
  if (!verdict.displays) return undefined
  const known = verdict.displays.map(each => (zh ? `「${each}」` : `"${each}"`)).join(zh ? '、' : ', ')
  return zh
    ? `「${display}」不是代碼「${code}」的名稱；其名稱為${known}。`
    : `"${display}" is no display of the code "${code}". Its displays are ${known}.`
} // prettier-ignore

const inactive = (code: string) => ({
  en: `The code "${code}" is inactive.`,
  zh: `代碼「${code}」已停用。`,
})
