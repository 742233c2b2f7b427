/**
 * ConceptMap $translate: what a code is in another system.
 * https://hl7.org/fhir/R4/conceptmap-operation-translate.html
 */
import { badRequest } from '../../fhir/outcome.ts'
import type { Translation } from '../../terminology/terminology.ts'
import type { Arguments, Context, FhirResponse, Match, Operation } from '../exchange.ts'
import { answer, canonicalOf, codingsOf, flagOf, gives, instanceOf, objectOf, out, outParts, readCoding, takes, terminologyOf, textOf } from './terminology-arguments.ts' // prettier-ignore

export const translate: Operation = {
  code: 'translate',
  definition: 'http://hl7.org/fhir/OperationDefinition/ConceptMap-translate',
  title: 'What a code is in another system',
  description: 'By one concept map, or by all that lead from the source to the target.',
  system: false,
  type: true,
  instance: true,
  types: ['ConceptMap'],
  affectsState: false,
  action: 'read',
  parameters: [
    takes('url', 'uri', 'Canonical of the concept map.'),
    takes('conceptMap', 'ConceptMap', 'The concept map itself.'),
    takes('conceptMapVersion', 'string', 'Version of the concept map.'),
    takes('code', 'code', 'The code; with system.'),
    takes('system', 'uri', 'The system of the code.'),
    takes('version', 'string', 'The version of the system.'),
    takes('source', 'uri', 'The value set the code is from.'),
    takes('coding', 'Coding', 'System and code in one.'),
    takes('codeableConcept', 'CodeableConcept', 'Any of its codings.'),
    takes('target', 'uri', 'The value set to translate to.'),
    takes('targetsystem', 'uri', 'The system to translate to.'),
    {
      name: 'dependency',
      use: 'in',
      min: 0,
      max: '*',
      documentation: 'What else is known, for maps that depend on it.',
      part: [takes('element', 'uri', 'The element.'), takes('concept', 'CodeableConcept', 'Its value.')],
    },
    takes('reverse', 'boolean', 'From the target to the source of the map.'),
    gives('result', 'boolean', 1),
    gives('message', 'string'),
    {
      name: 'match',
      use: 'out',
      min: 0,
      max: '*',
      part: [gives('equivalence', 'code'), gives('concept', 'Coding'), gives('source', 'uri')],
    },
  ],
  run,
}

async function run(context: Context, match: Match, args: Arguments): Promise<FhirResponse> {
  const terminology = terminologyOf(context)
  const sent = objectOf(args, 'conceptMap') ?? (await instanceOf(context, match))
  const url = textOf(args, 'url')
  if (sent && url !== undefined) throw badRequest('Name one concept map: url, or conceptMap, or the one it is called on.')
  const conceptMap = sent ?? (url === undefined ? undefined : canonicalOf(url, textOf(args, 'conceptMapVersion')))
  const [source, target, targetSystem] = ['source', 'target', 'targetsystem'].map(name => textOf(args, name))
  const found = await terminology.translate({
    codings: codingsOf(args),
    reverse: flagOf(args, 'reverse') === true,
    dependency: dependencies(args),
    ...(conceptMap === undefined ? {} : { conceptMap }),
    ...(source === undefined ? {} : { source }),
    ...(target === undefined ? {} : { target }),
    ...(targetSystem === undefined ? {} : { targetSystem }),
  })
  const result = found.some(({ equivalence, concept }) => concept && !isNone(equivalence))
  return answer(
    out('result', 'boolean', result),
    out('message', 'string', result ? undefined : 'No concept map here says what this code is there.'),
    found.map(print),
  )
} // prettier-ignore

const isNone = (equivalence: string) => equivalence === 'unmatched' || equivalence === 'disjoint'

/** A concept as its codings, each with the element it is the value of. */
function dependencies(args: Arguments): { property: string; system?: string; value: string }[] {
  return (args.get('dependency') ?? []).flatMap(value => {
    const { element, concept } = value as unknown as { element?: unknown[]; concept?: unknown[] }
    const property = element?.[0]
    const [first] = concept ?? []
    const codings = (first as { coding?: unknown } | undefined)?.coding
    if (typeof property !== 'string' || !Array.isArray(codings)) return []
    return (codings as unknown[])
      .flatMap(readCoding)
      .map(({ system, code }) => ({ property, ...(system === undefined ? {} : { system }), value: code }))
  })
}

const print = ({ equivalence, concept, product, source, comment }: Translation) =>
  outParts(
    'match',
    out('equivalence', 'code', equivalence),
    out('concept', 'Coding', concept),
    product.map(({ property, system, value }) =>
      outParts('product', out('element', 'uri', property), out('concept', 'Coding', { system, code: value })),
    ),
    out('source', 'uri', source),
    out('message', 'string', comment),
  )
