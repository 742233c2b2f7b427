/**
 * Searching along references: `subject:Patient.name` forwards, `_has:Observation:patient:code` backwards.
 * https://hl7.org/fhir/R4/search.html#chaining
 */
import type { SearchParam } from '../fhir/definitions.ts'
import { badRequest, FhirError, tooCostly } from '../fhir/outcome.ts'
import type { Asking, Criterion } from './kind.ts'
import { knows, lookup } from './lookup.ts'
import type { Filter } from './query.ts'
import { targets } from './reference.ts'
import { didYouMean } from './suggest.ts'

/** A reference that may lead to more types than this must say to which. */
const MOST_TARGETS = 16

/** The same search, one link further, at other types. Refuses (422) one link too many. */
export function further(asking: Asking, types: readonly string[]): Asking {
  if (asking.depth <= 0)
    throw tooCostly('This chain follows too many references. Search in two steps: first for the ids at its end.')
  return { ...asking, types, depth: asking.depth - 1 }
}

const referenceParam = (code: string, asking: Asking): SearchParam => {
  const param = lookup(code, asking)
  if (param.type !== 'reference')
    throw badRequest(`"${code}" is a ${param.type} parameter; only a reference can be followed.`)
  return param
}

/**
 * Where a chain goes on: the type given, or all types that the reference may lead to and that know `next`.
 * Refuses (400) what cannot be.
 */
export function destinations(
  param: SearchParam,
  type: string | undefined,
  next: string,
  asking: Asking,
): readonly string[] {
  const allowed = targets({ definitions: asking.definitions, param })
  if (type !== undefined) {
    if (!allowed.includes(type))
      throw badRequest(`${param.code} does not lead to "${type}".${didYouMean(type, allowed)}`)
    return [type]
  }
  const able = allowed.filter(each => knows(each, next, asking))
  if (able.length === 0) {
    const known = allowed.slice(0, MOST_TARGETS).flatMap(each => [...asking.definitions.searchParams(each).keys()])
    throw badRequest(
      `None of the types that ${param.code} leads to has a search parameter "${next}".${didYouMean(next, new Set(known))}`,
    )
  }
  if (able.length > MOST_TARGETS)
    throw badRequest(
      `${param.code} may lead to ${able.length} types that have "${next}": say which one, as in ${param.code}:${able[0]}.${next}.`,
    )
  return able
}

const any = (filters: readonly Filter[]): Filter => (filters.length === 1 ? filters[0]! : { is: 'any', parts: filters })

/**
 * Follows a reference to each of the types. A type for which the rest cannot be read is left out, as long as there is
 * one for which it can.
 */
export async function follow(
  code: string,
  types: readonly string[],
  asking: Asking,
  where: (asking: Asking) => Promise<Filter>,
): Promise<Filter> {
  const filters: Filter[] = []
  let refusal: FhirError | undefined
  for (const type of types) {
    try {
      filters.push({ is: 'link', param: code, type, where: await where(further(asking, [type])) })
    } catch (error) {
      if (!(error instanceof FhirError) || error.status !== 400) throw error
      refusal ??= error
    }
  }
  if (filters.length === 0 && refusal) throw refusal
  return any(filters)
}

/** `subject:Patient` and `name:exact`, or `patient` and `organization.name`. */
export async function chain(
  head: string,
  rest: string,
  value: string,
  asking: Asking,
  criterion: Criterion,
): Promise<Filter> {
  const [code = '', type, more] = head.split(':')
  if (more !== undefined || rest === '')
    throw badRequest(`"${head}.${rest}" is not a chain: write reference.parameter or reference:Type.parameter.`)
  const param = referenceParam(code, asking)
  const next = /^[^.:]*/.exec(rest)![0]
  return follow(code, destinations(param, type, next, asking), asking, deeper => criterion(rest, value, deeper))
}

/** What follows `_has:`: `Observation:patient:code`, where the last may be a chain or a `_has` again. */
export async function has(text: string, value: string, asking: Asking, criterion: Criterion): Promise<Filter> {
  const [, type = '', code = '', rest = ''] = /^([^:]*):([^:]*):(.+)$/.exec(text) ?? []
  if (rest === '')
    throw badRequest(`"_has:${text}" should be _has:Type:reference:parameter, as in _has:Observation:patient:code.`)
  const { definitions } = asking
  if (!definitions.isResourceType(type))
    throw badRequest(
      `"${type}" in "_has:${text}" is not a resource type.${didYouMean(type, definitions.resourceTypes)}`,
    )
  const deeper = further(asking, [type])
  const param = referenceParam(code, deeper)
  const allowed = targets({ definitions, param })
  if (!asking.types.some(each => allowed.includes(each)))
    throw badRequest(
      `${type}:${code} never refers to ${asking.types.join(', ')}; it leads to ${allowed.slice(0, 10).join(', ')}.`,
    )
  return { is: 'linked by', param: code, type, where: await criterion(rest, value, deeper) }
}
