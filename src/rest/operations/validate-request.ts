/**
 * What is asked of $validate: the resource, bare or in Parameters, the profiles, the mode.
 * https://hl7.org/fhir/R4/resource-operation-validate.html
 */
import { jsonFault } from '../../fhir/json-fault.ts'
import { badRequest, type Issue } from '../../fhir/outcome.ts'
import type { Arguments, FhirRequest, Json } from '../exchange.ts'
import { listed, quoted } from '../outcome-text.ts'

/** https://hl7.org/fhir/R4/valueset-resource-validation-mode.html */
export const MODES = ['create', 'update', 'delete', 'profile'] as const
export type Mode = (typeof MODES)[number]

export interface Asked {
  /** As it was sent; absent: the stored one is meant. */
  readonly resource?: Json
  readonly profiles: readonly string[]
  readonly mode?: Mode
  /** What was sent, and where in it the resource stands (FHIRPath); absent: it did not come as text. */
  readonly text?: string
  readonly within?: string
  /** What was sent is no JSON. */
  readonly problem?: Issue
}

/** Reads the request. `type`: of the URL. Throws 400 when what is asked cannot be understood; a bad resource is not that. */
export function asked({ body, source }: FhirRequest, type: string, args: Arguments): Asked {
  if (source?.problem) return { profiles: [], problem: brokenJson(source.text, source.problem.issues[0]!) }
  if (Buffer.isBuffer(body)) throw badRequest('The resource to validate is sent as FHIR JSON.', 'structure')
  const list = wrapped(body, type)
  const { resource, within, given } = list ? unwrap(list) : { resource: body, within: undefined, given: new Map() }
  const both = (name: string): readonly string[] => [
    ...((args.get(name) ?? []) as readonly string[]),
    ...((given.get(name) ?? []) as readonly string[]),
  ]
  const mode = modeOf(both('mode'))
  return {
    profiles: both('profile').map(canonical),
    ...(mode ? { mode } : {}),
    ...(resource === undefined ? {} : { resource }),
    ...(source ? { text: source.text } : {}),
    ...(within === undefined ? {} : { within }),
  }
}

type JsonObject = { readonly [name: string]: Json }
const isObject = (value: Json | undefined): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const NAMES = ['resource', 'mode', 'profile']

/** The parameters, when the body is the arguments and not itself the Parameters resource to validate. */
function wrapped(body: Json | undefined, type: string): readonly Json[] | undefined {
  if (!isObject(body) || body['resourceType'] !== 'Parameters') return undefined
  const { parameter } = body
  if (!Array.isArray(parameter)) return undefined
  const named = parameter.some(each => isObject(each) && NAMES.includes(String(each['name'])))
  const sent = parameter.some(each => isObject(each) && each['name'] === 'resource' && each['resource'] !== undefined)
  return sent || (named && type !== 'Parameters') ? parameter : undefined
}

interface Unwrapped {
  readonly resource: Json | undefined
  readonly within: string | undefined
  readonly given: ReadonlyMap<string, readonly string[]>
}

function unwrap(list: readonly Json[]): Unwrapped {
  let resource: Json | undefined
  let within: string | undefined
  const given = new Map<string, string[]>()
  list.forEach((each, index) => {
    const name = isObject(each) ? each['name'] : undefined
    if (!isObject(each) || typeof name !== 'string')
      throw badRequest('Every parameter needs a name.', 'structure', `Parameters.parameter[${index}]`)
    if (!NAMES.includes(name))
      throw badRequest(
        `There is no parameter ${quoted(name)} here. Known are: ${listed(NAMES)}.`,
        'not-supported',
        `Parameters.parameter[${index}].name`,
      )
    if (name === 'resource') {
      if (resource !== undefined) throw badRequest('The parameter "resource" may be sent once.')
      if (each['resource'] === undefined)
        throw badRequest('The parameter "resource" has the resource to validate under "resource".', 'required')
      resource = each['resource']
      within = `Parameters.parameter[${index}].resource`
    } else given.set(name, [...(given.get(name) ?? []), textOf(each, name)])
  })
  return { resource, within, given }
}

const TEXTS = ['valueCode', 'valueUri', 'valueUrl', 'valueCanonical', 'valueString']

function textOf(parameter: JsonObject, name: string): string {
  const text = TEXTS.map(each => parameter[each]).find(value => typeof value === 'string')
  if (typeof text === 'string') return text
  throw badRequest(`The parameter ${quoted(name)} needs ${name === 'mode' ? 'a valueCode' : 'a valueUri'}.`, 'value')
}

function modeOf([mode, ...others]: readonly string[]): Mode | undefined {
  if (others.length > 0) throw badRequest('The parameter "mode" may be sent once.')
  const known = MODES.find(each => each === mode)
  if (mode !== undefined && !known)
    throw badRequest(`mode is ${quoted(mode)}; it is one of ${listed(MODES)}.`, 'code-invalid')
  return known
}

function canonical(profile: string): string {
  if (/^[A-Za-z][A-Za-z0-9+.-]*:[^\s]+$/.test(profile)) return profile
  throw badRequest(
    `The profile ${quoted(profile)} is no URL. Give its canonical, as in http://hl7.org/fhir/StructureDefinition/bp.`,
    'value',
  )
}

const EXTENSION = 'http://hl7.org/fhir/StructureDefinition/operationoutcome-issue-'

/** The refusal of the body as a finding, where the parser stumbled. */
function brokenJson(text: string, issue: Issue): Issue {
  const place = placeOfFault(text)
  return {
    ...issue,
    severity: 'fatal',
    ...(place
      ? {
          location: [`Line ${place.line}, Column ${place.column}`],
          extension: [
            { url: `${EXTENSION}line`, valueInteger: place.line },
            { url: `${EXTENSION}col`, valueString: String(place.column) },
          ],
        }
      : {}),
  } as Issue
}

/** Where the text stops being JSON; undefined when it is JSON, and refused for something else. */
function placeOfFault(text: string): { line: number; column: number } | undefined {
  const fault = jsonFault(text)
  if (fault === undefined) return undefined
  const before = text.slice(0, fault)
  return { line: before.split('\n').length, column: fault - before.lastIndexOf('\n') }
}
