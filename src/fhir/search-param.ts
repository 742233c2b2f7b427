/**
 * Reads a SearchParameter resource: as much of it as searching needs.
 * https://hl7.org/fhir/R4/searchparameter.html
 */
import type { SearchParam, SearchParamType } from './definitions.ts'

const types: ReadonlySet<unknown> = new Set<SearchParamType>([
  'number',
  'date',
  'string',
  'token',
  'reference',
  'composite',
  'quantity',
  'uri',
  'special',
])

/** What no index is made for: a parameter of the request, not of a resource. */
const requestOnly = new Set(['_query', '_filter', '_list', '_has', '_type'])

/** A code stands in URLs before `:`, `.` and `=`. */
const CODE = /^[A-Za-z_][A-Za-z0-9_-]{0,63}$/
const LONGEST_EXPRESSION = 8000

/** The parameter, or undefined when it is retired, misshapen, or nothing that can be indexed. */
export function readSearchParam(resource: unknown): SearchParam | undefined {
  if (!isObject(resource) || resource.resourceType !== 'SearchParameter' || resource.status === 'retired')
    return undefined
  const { url, code, type, expression = '' } = resource
  const base = strings(resource.base)
  if (typeof url !== 'string' || typeof code !== 'string' || !CODE.test(code) || requestOnly.has(code)) return undefined
  if (!types.has(type) || base.length === 0 || typeof expression !== 'string') return undefined
  if (expression.length > LONGEST_EXPRESSION) return undefined
  if (expression === '' && !code.startsWith('_')) return undefined
  const components = (Array.isArray(resource.component) ? resource.component : []).flatMap(component => {
    if (!isObject(component) || typeof component.definition !== 'string' || typeof component.expression !== 'string')
      return []
    return [{ definition: component.definition, expression: component.expression }]
  })
  if (type === 'composite' && components.length < 2) return undefined
  const target = strings(resource.target).filter(name => name !== 'Resource')
  return { url, code, type: type as SearchParamType, base, expression, target, components }
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
const strings = (value: unknown): string[] =>
  Array.isArray(value) ? value.filter(part => typeof part === 'string') : []
