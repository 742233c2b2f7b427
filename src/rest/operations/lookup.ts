/**
 * CodeSystem $lookup: what is known of a code.
 * https://hl7.org/fhir/R4/codesystem-operation-lookup.html
 */
import { badRequest } from '../../fhir/outcome.ts'
import type { Arguments, Context, FhirResponse, Match, Operation } from '../exchange.ts'
import { answer, codingsOf, gives, out, outParts, takes, terminologyOf, textOf, textsOf } from './terminology-arguments.ts' // prettier-ignore

export const lookup: Operation = {
  code: 'lookup',
  definition: 'http://hl7.org/fhir/OperationDefinition/CodeSystem-lookup',
  title: 'What is known of a code',
  description: 'Its display, its designations and its properties, among them its parents and children.',
  system: false,
  type: true,
  instance: false,
  types: ['CodeSystem'],
  affectsState: false,
  action: 'read',
  parameters: [
    takes('code', 'code', 'The code; with system.'),
    takes('system', 'uri', 'The system of the code.'),
    takes('version', 'string', 'The version of the system.'),
    takes('coding', 'Coding', 'System and code in one.'),
    takes('displayLanguage', 'code', 'The language of the display, as in zh-TW.'),
    takes('property', 'code', 'Only these properties; "designation" for the designations.', '*'),
    gives('name', 'string', 1),
    gives('version', 'string'),
    gives('display', 'string', 1),
    { ...gives('designation', '', 0, '*'), part: [gives('language', 'code'), gives('use', 'Coding'), gives('value', 'string', 1)] },
    { ...gives('property', '', 0, '*'), part: [gives('code', 'code', 1), gives('value', 'Element'), gives('description', 'string')] },
  ],
  run,
} // prettier-ignore

async function run(context: Context, _: Match, args: Arguments): Promise<FhirResponse> {
  const terminology = terminologyOf(context)
  const { code, system, version } = codingsOf(args)[0]!
  if (system === undefined) throw badRequest('Say which system the code is from: system.', 'required')
  const language = textOf(args, 'displayLanguage')
  const found = await terminology.lookup({
    system,
    code,
    ...(version === undefined ? {} : { version }),
    ...(language === undefined ? {} : { displayLanguage: language }),
  })
  const wanted = textsOf(args, 'property').flatMap(each => each.split(','))
  const shown = (name: string) => wanted.length === 0 || wanted.includes(name)
  return answer(
    out('name', 'string', found.name),
    out('version', 'string', found.version),
    out('display', 'string', found.display),
    (shown('designation') ? found.designation : []).map(designation =>
      outParts(
        'designation',
        out('language', 'code', designation.language),
        out('use', 'Coding', designation.use),
        out('value', 'string', designation.value),
      ),
    ),
    found.property
      .filter(property => shown(property.code))
      .map(property =>
        outParts('property', out('code', 'code', property.code), out('value', property.type, property.value)),
      ),
  )
}
