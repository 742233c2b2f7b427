/**
 * CodeSystem $subsumes: how two codes stand to each other.
 * https://hl7.org/fhir/R4/codesystem-operation-subsumes.html
 */
import { badRequest } from '../../fhir/outcome.ts'
import type { Arguments, Context, FhirResponse, Match, Operation } from '../exchange.ts'
import { answer, gives, instanceOf, objectOf, out, readCoding, takes, terminologyOf, textOf } from './terminology-arguments.ts' // prettier-ignore

export const subsumes: Operation = {
  code: 'subsumes',
  definition: 'http://hl7.org/fhir/OperationDefinition/CodeSystem-subsumes',
  title: 'How two codes stand to each other',
  description:
    'Whether A is the same as B (equivalent), above it (subsumes), below it (subsumed-by), or none of these.',
  system: false,
  type: true,
  instance: true,
  types: ['CodeSystem'],
  affectsState: false,
  action: 'read',
  parameters: [
    takes('codeA', 'code', 'A; with system.'),
    takes('codeB', 'code', 'B; with system.'),
    takes('system', 'uri', 'The code system of both.'),
    takes('version', 'string', 'The version of the code system.'),
    takes('codingA', 'Coding', 'A, with its system.'),
    takes('codingB', 'Coding', 'B, with its system.'),
    gives('outcome', 'code', 1),
  ],
  run,
}

async function run(context: Context, match: Match, args: Arguments): Promise<FhirResponse> {
  const terminology = terminologyOf(context)
  const own = await instanceOf(context, match)
  const system = textOf(args, 'system') ?? (typeof own?.['url'] === 'string' ? own['url'] : undefined)
  const [a, b] = (['A', 'B'] as const).map(side => {
    const code = textOf(args, `code${side}`)
    const [coding] = readCoding(objectOf(args, `coding${side}`))
    const found = coding ?? (code === undefined ? undefined : { code })
    if (!found || (coding && code !== undefined))
      throw badRequest(`Say what ${side} is: code${side}, or coding${side}.`, 'required')
    return { system, ...found }
  })
  if (a!.system === undefined || b!.system === undefined)
    throw badRequest('Say which code system the codes are from: system.', 'required')
  if (a!.system !== b!.system)
    throw badRequest(`The codes are of different systems, ${a!.system} and ${b!.system}. Compare codes of one.`, 'value')
  const version = textOf(args, 'version')
  const outcome = await terminology.subsumes({
    system: a!.system,
    codeA: a!.code,
    codeB: b!.code,
    ...(version === undefined ? {} : { version }),
  })
  return answer(out('outcome', 'code', outcome))
} // prettier-ignore
