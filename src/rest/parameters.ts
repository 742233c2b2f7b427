/**
 * The arguments of an operation: from a Parameters resource or the query, by the operation's definition, and back.
 * https://hl7.org/fhir/R4/operations.html#request
 */
import { badRequest } from '../fhir/outcome.ts'
import { isProperties, type Properties } from '../fhir/place.ts'
import { fits, hasForm, isPrimitive, propertyFor, readValues } from '../fhir/value-x.ts'
import type { Arguments, Context, Json, Operation, Resource } from './exchange.ts'

/**
 * One parameter of an operation; those of exchange.ts are such. `max`: a number, `*` for any. `type`: a data type, a
 * resource type, `Resource`, or `Element` for a value of any data type; none with `part`.
 * https://hl7.org/fhir/R4/operationdefinition.html
 */
export interface OperationParameter {
  readonly name: string
  /** Both ways, when absent. */
  readonly use?: 'in' | 'out'
  readonly type?: string
  readonly min: number
  readonly max: number | string
  readonly part?: readonly OperationParameter[]
  /** A Coding that may be sent in the URL too, as `system|code`. */
  readonly asToken?: boolean
}

/** By name, in the order sent. Values are JSON; those of a parameter with parts are `Values` themselves. */
export type Values = Record<string, unknown[]>

/** Parameters of every request, which no operation needs to define. */
const general = new Set(['_format', '_pretty', '_summary', '_elements'])

/**
 * The arguments of an operation. A body that is not Parameters is the operation's one parameter of a resource type.
 * Refuses (400) unknown parameters, too few, too many, and values of a wrong type.
 */
export function readParameters(
  definitions: readonly OperationParameter[],
  body: Json | undefined,
  query: readonly (readonly [string, string])[],
): Values {
  const found: [OperationParameter, unknown][] = query
    .filter(([name]) => !general.has(name))
    .map(([name, text]) => {
      const definition = definitionOf(definitions, name)
      return [definition, readText(definition, text)]
    })
  if (body !== undefined) found.push(...readBody(definitions, body))
  return gather(definitions, found)
}

/** The arguments of an operation from the request. Refuses (400) as `readParameters` does. */
export function readArguments(operation: Operation, { request }: Pick<Context, 'request'>): Arguments {
  const taken = operation.parameters.filter(parameter => parameter.use === 'in')
  if (Buffer.isBuffer(request.body)) throw badRequest('The body must be a Parameters resource in JSON.', 'structure')
  const values = readParameters(taken, request.body, [...new URLSearchParams(request.query)])
  return new Map(Object.entries(values) as [string, Json[]][])
}

/** The Parameters resource with these values, in this order; `type`: a FHIR type code. */
export function parameters(values: readonly { name: string; type: string; value: unknown }[]): Resource {
  return {
    resourceType: 'Parameters',
    ...(values.length > 0 && { parameter: values.map(({ name, type, value }) => printValue(name, type, value)) }),
  }
}

const printValue = (name: string, type: string, value: unknown): Properties =>
  isProperties(value) && typeof value['resourceType'] === 'string'
    ? { name, resource: value }
    : { name, [propertyFor('value', type)]: value }

function readBody(definitions: readonly OperationParameter[], body: Json): [OperationParameter, unknown][] {
  if (!isProperties(body) || typeof body['resourceType'] !== 'string') {
    throw badRequest('The body must be a Parameters resource.', 'structure')
  }
  if (body['resourceType'] === 'Parameters') return readList(definitions, body['parameter'] ?? [])
  const takers = definitions.filter(definition => definition.type !== undefined && isResource(body, definition.type))
  if (takers.length === 1) return [[takers[0]!, body]]
  throw badRequest(`The body must be a Parameters resource, and is of type ${body['resourceType'].slice(0, 64)}.`)
}

function readList(definitions: readonly OperationParameter[], list: unknown): [OperationParameter, unknown][] {
  if (!Array.isArray(list)) throw badRequest('The parameters must be an array.', 'structure')
  return list.map(parameter => {
    const name = isProperties(parameter) ? parameter['name'] : undefined
    if (typeof name !== 'string') throw badRequest('Every parameter needs a name.', 'structure')
    const definition = definitionOf(definitions, name)
    return [definition, readValue(definition, parameter as Properties)]
  })
}

function definitionOf(definitions: readonly OperationParameter[], name: string): OperationParameter {
  const definition = definitions.find(one => one.name === name)
  if (definition) return definition
  const known = definitions.map(one => one.name).join(', ') || 'none'
  throw badRequest(`There is no parameter "${name.slice(0, 100)}" here. Known are: ${known}.`, 'not-supported')
}

function readValue(definition: OperationParameter, parameter: Properties): unknown {
  const { name, type, part } = definition
  if (part) return gather(part, readList(part, parameter['part'] ?? []))
  if (parameter['resource'] !== undefined) {
    if (isResource(parameter['resource'], type!)) return parameter['resource']
    throw badRequest(`The parameter "${name}" is of type ${type}, not a resource of this type.`, 'value')
  }
  const [typed, ...rest] = readValues(parameter)
  if (typed?.value === undefined || rest.length > 0) {
    throw badRequest(`The parameter "${name}" needs exactly one value, of type ${type}.`, 'structure')
  }
  if ((type !== 'Element' && !fits(typed.type, type!)) || !hasForm(typed.value, typed.type)) {
    throw badRequest(`The parameter "${name}" is of type ${type}; the value sent is ${typed.type}.`, 'value')
  }
  return typed.value
}

const isResource = (value: unknown, type: string) =>
  isProperties(value) &&
  typeof value['resourceType'] === 'string' &&
  (type === 'Resource' || value['resourceType'] === type)

/** A query has only texts: they stand for primitive values. */
function readText({ name, type, part, asToken }: OperationParameter, text: string): unknown {
  if (asToken && text !== '') return codingOf(text)
  if (part || type === undefined || !isPrimitive(type)) {
    throw badRequest(`The parameter "${name}" cannot be sent in the URL. Send it in a Parameters resource.`, 'value')
  }
  if (type === 'boolean' && (text === 'true' || text === 'false')) return text === 'true'
  const isNumber = hasForm(0, type)
  if (isNumber && /^-?\d{1,15}$/.test(text)) return Number(text)
  if (type === 'decimal' && /^-?\d{1,15}\.\d{1,15}$/.test(text)) return Number(text)
  if (isNumber || type === 'boolean' || text === '') {
    throw badRequest(`The parameter "${name}" is of type ${type}; "${text.slice(0, 100)}" is not.`, 'value')
  }
  return text
}

function codingOf(text: string): unknown {
  const bar = text.indexOf('|')
  const [system, code] = bar < 0 ? ['', text] : [text.slice(0, bar), text.slice(bar + 1)]
  return { ...(system ? { system } : {}), code }
}

function gather(definitions: readonly OperationParameter[], found: readonly [OperationParameter, unknown][]): Values {
  const gathered: Values = {}
  for (const [{ name }, value] of found) (gathered[name] ??= []).push(value)
  for (const { name, min, max } of definitions) {
    const count = gathered[name]?.length ?? 0
    if (count < min) throw badRequest(`The parameter "${name}" is needed.`, 'required')
    if (max !== '*' && count > Number(max))
      throw badRequest(`The parameter "${name}" may be sent ${max} times, not ${count}.`)
  }
  return gathered
}

/**
 * The Parameters resource with these values, by the operation's output parameters, in their order. Names without a
 * definition are left out; nothing is checked.
 */
export function printParameters(definitions: readonly OperationParameter[], values: Readonly<Values>): Resource {
  const parameter = printList(definitions, values)
  return { resourceType: 'Parameters', ...(parameter.length > 0 && { parameter }) }
}

function printList(definitions: readonly OperationParameter[], values: Readonly<Values>): Properties[] {
  return definitions
    .filter(({ use }) => use !== 'in')
    .flatMap(({ name, type, part }) =>
      (values[name] ?? []).map(value =>
        part ? { name, part: printList(part, value as Values) } : printValue(name, type!, value),
      ),
    )
}
