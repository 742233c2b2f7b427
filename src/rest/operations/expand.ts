/**
 * ValueSet $expand: the codes of a value set.
 * https://hl7.org/fhir/R4/valueset-operation-expand.html
 */
import { randomUUID } from 'node:crypto'
import { badRequest } from '../../fhir/outcome.ts'
import type { Concept, Designation, Expansion, ExpandOptions } from '../../terminology/terminology.ts'
import type { Arguments, Context, FhirResponse, Match, Operation, Resource } from '../exchange.ts'
import { canonicalOf, flagOf, gives, instanceOf, numberOf, objectOf, takes, terminologyOf, textOf, textsOf } from './terminology-arguments.ts' // prettier-ignore

export const expand: Operation = {
  code: 'expand',
  definition: 'http://hl7.org/fhir/OperationDefinition/ValueSet-expand',
  title: 'The codes of a value set',
  description:
    'Of a value set named by its url, sent along, or stored here: all of its codes, or those whose display or code has words beginning with the filter, flat and in pages. A value set with parts that cannot be computed here is refused, unless incomplete-ok is true.',
  system: false,
  type: true,
  instance: true,
  types: ['ValueSet'],
  affectsState: false,
  action: 'read',
  parameters: [
    takes('url', 'uri', 'Canonical of the value set. A code system with ?fhir_vs after it stands for all its codes.'),
    takes('valueSet', 'ValueSet', 'The value set itself.'),
    takes('valueSetVersion', 'string', 'Version of the value set.'),
    takes('filter', 'string', 'Beginnings of words, any part of a Chinese text, or the beginning of a code.'),
    takes('offset', 'integer', 'How many codes to leave out at the beginning.'),
    takes('count', 'integer', 'At most so many codes; 0 asks only for the total.'),
    takes('includeDesignations', 'boolean', 'With all designations.'),
    takes('designation', 'string', 'Only these designations: a language, or system|code of a use.', '*'),
    takes('includeDefinition', 'boolean', 'With the definition of the value set.'),
    takes('activeOnly', 'boolean', 'Without codes that are inactive.'),
    takes('excludeNested', 'boolean', 'false: codes stand below their parents. Default: a flat list.'),
    takes('excludeNotForUI', 'boolean', 'Makes no difference here.'),
    takes('excludePostCoordinated', 'boolean', 'Makes no difference here: there are none.'),
    takes('displayLanguage', 'code', 'The language of the displays, as in zh-TW.'),
    takes('exclude-system', 'canonical', 'Code systems whose codes are left out.', '*'),
    takes('system-version', 'canonical', 'system|version for code systems without a version in the value set.', '*'),
    takes('incomplete-ok', 'boolean', 'Also when parts of the value set cannot be computed here.'),
    gives('return', 'ValueSet', 1),
  ],
  run,
}

async function run(context: Context, match: Match, args: Arguments): Promise<FhirResponse> {
  const terminology = terminologyOf(context)
  const asked = await valueSetOf(context, match, args)
  const options = optionsOf(args)
  const expansion = await terminology.expand(asked, options)
  return { status: 200, resource: print(expansion, options, flagOf(args, 'includeDefinition') === true, context) }
}

/** The value set meant: its canonical, or the resource. Refuses (400) none and two. */
export async function valueSetOf(context: Context, match: Match, args: Arguments): Promise<string | object> {
  const own = await instanceOf(context, match)
  const [url, sent] = [textOf(args, 'url'), objectOf(args, 'valueSet')]
  const given = [own, url, sent].filter(each => each !== undefined)
  if (given.length !== 1)
    throw badRequest(
      given.length === 0
        ? 'Say which value set: url, or valueSet, or call the operation on ValueSet/{id}.'
        : 'Name one value set: the one the operation is called on, url, or valueSet.',
      'required',
    )
  return own ?? sent ?? canonicalOf(url!, textOf(args, 'valueSetVersion'))
}

function optionsOf(args: Arguments): ExpandOptions & { partial: boolean } {
  const optional = {
    filter: textOf(args, 'filter'),
    offset: numberOf(args, 'offset'),
    count: numberOf(args, 'count'),
    activeOnly: flagOf(args, 'activeOnly'),
    includeDesignations: flagOf(args, 'includeDesignations'),
    excludeNested: flagOf(args, 'excludeNested'),
    displayLanguage: textOf(args, 'displayLanguage'),
  }
  return {
    ...(Object.fromEntries(Object.entries(optional).filter(([, value]) => value !== undefined)) as ExpandOptions),
    designation: textsOf(args, 'designation'),
    excludeSystem: textsOf(args, 'exclude-system'),
    systemVersion: textsOf(args, 'system-version'),
    partial: flagOf(args, 'incomplete-ok') === true,
  }
}

const UNCLOSED = 'http://hl7.org/fhir/StructureDefinition/valueset-unclosed'
/** Of the value set, what an expansion tells of it. */
const head = ['id', 'url', 'version', 'name', 'title', 'status', 'experimental', 'date', 'publisher', 'copyright']

function print(
  { total, contains, used, missing, of = { resourceType: 'ValueSet' } }: Expansion,
  options: ExpandOptions,
  withDefinition: boolean,
  { now }: Context,
): Resource {
  const kept = withDefinition ? [...head, 'description', 'compose'] : head
  const known = Object.fromEntries(kept.flatMap(name => (of[name] === undefined ? [] : [[name, of[name]]])))
  return {
    resourceType: 'ValueSet',
    status: 'unknown',
    ...known,
    expansion: {
      ...(missing.length > 0 ? { extension: [{ url: UNCLOSED, valueBoolean: true }] } : {}),
      identifier: `urn:uuid:${randomUUID()}`,
      timestamp: new Date(now()).toISOString(),
      total,
      ...(options.offset === undefined && options.count === undefined ? {} : { offset: options.offset ?? 0 }),
      ...parametersOf(options, used, missing),
      ...(contains.length > 0 ? { contains: contains.map(printConcept) } : {}),
    },
  } as unknown as Resource
}

function parametersOf(options: ExpandOptions, used: readonly string[], missing: readonly string[]): object {
  const { filter, count, offset, activeOnly, includeDesignations, excludeNested, displayLanguage } = options
  const values: [name: string, type: string, value: unknown][] = [
    ['filter', 'valueString', filter],
    ['offset', 'valueInteger', offset],
    ['count', 'valueInteger', count],
    ['activeOnly', 'valueBoolean', activeOnly],
    ['includeDesignations', 'valueBoolean', includeDesignations],
    ['excludeNested', 'valueBoolean', excludeNested],
    ['displayLanguage', 'valueCode', displayLanguage],
    ...used.map((each): [string, string, string] => ['version', 'valueUri', each]),
    ...missing.map((each): [string, string, string] => ['warning', 'valueString', `Not in this expansion: ${each}.`]),
  ]
  const parameter = values
    .filter(([, , value]) => value !== undefined)
    .map(([name, type, value]) => ({ name, [type]: value }))
  return parameter.length > 0 ? { parameter } : {}
}

/** As deep as the code system; the nesting was bounded when it was read. */
function printConcept({ designation, contains, ...concept }: Concept): object {
  return {
    ...concept,
    ...(designation ? { designation: designation.map(printDesignation) } : {}),
    ...(contains ? { contains: contains.map(printConcept) } : {}),
  }
}

const printDesignation = ({ language, use, value }: Designation) => ({
  ...(language === undefined ? {} : { language }),
  ...(use === undefined ? {} : { use }),
  value,
})
