/**
 * Method and path to interaction: every route of the API by its shape, such as `GET :type/:id`.
 * https://hl7.org/fhir/R4/http.html#summary
 */
import type { Definitions } from '../fhir/definitions.ts'
import { FhirError, methodNotAllowed, notFound } from '../fhir/outcome.ts'
import { didYouMean } from '../search/suggest.ts'
import { listed, quoted } from './outcome-text.ts'
import type { HttpMethod, Interaction, Match, Operation } from './exchange.ts'

export interface Router {
  /** Throws 404 for a path that is nothing here, 405 (with Allow) for a method that is not for it. */
  route(method: HttpMethod, path: string): Match
}

/** `definitions` is asked for each time, since new ones may come while the server runs. */
export function makeRouter(
  interactions: readonly Interaction[],
  operations: readonly Operation[],
  definitions: () => Definitions,
): Router {
  const routes = new Map<string, Interaction>()
  for (const interaction of interactions) routes.set(`${interaction.method} ${interaction.path}`, interaction)
  const methods = new Map<string, HttpMethod[]>()
  for (const { method, path } of routes.values()) methods.set(path, [...(methods.get(path) ?? []), method])
  // the first words of paths such as bulk/:id, which are no resource types
  const folders = new Set([...routes.values()].flatMap(({ path }) => /^([a-z]+)\/:id/.exec(path)?.[1] ?? []))
  // ValueSet and CodeSystem each have a $validate-code
  const byCode = Map.groupBy(operations, ({ code }) => code)

  function route(method: HttpMethod, path: string): Match {
    const place = locate(path, definitions(), folders)
    if (place.operation !== undefined) return operate(method, place, place.operation)
    const interaction = routes.get(`${method === 'HEAD' ? 'GET' : method} ${place.shape}`)
    if (interaction) return { interaction, type: place.type, id: place.id, rest: place.rest }
    const allowed = methods.get(place.shape)
    if (!allowed) throw nothingThere(path)
    throw methodNotAllowed(
      `${method} is not for ${described(path)}; ${listed(allowed)} ${allowed.length > 1 ? 'are' : 'is'}.`,
      allow(allowed),
    )
  }

  function operate(method: HttpMethod, { type, id }: Place, code: string): Match {
    const operation = byCode.get(code)?.find(each => serves(each, type, id))
    if (!operation) throw unknownOperation(code, type, id)
    const interaction = operation.affectsState ? changing : asking
    const allowed: HttpMethod[] = operation.affectsState ? ['POST'] : ['GET', 'POST']
    if (allowed.includes(method === 'HEAD' ? 'GET' : method)) return { interaction, type, id, rest: '', operation }
    throw methodNotAllowed(
      `$${code} is asked by ${allowed.join(' or ')}${operation.affectsState ? ', since it changes what is stored' : ''}.`,
      allow(allowed),
    )
  }

  function unknownOperation(code: string, type: string, id: string): FhirError {
    const known = operations.filter(operation => serves(operation, type, id)).map(operation => `$${operation.code}`)
    const there = byCode.get(code)
    const hint = there
      ? ` It is asked at ${listed(there.flatMap(each => places(each)))}.`
      : didYouMean(`$${code}`, known)
    const where = id ? `on ${type}/[id]` : type ? `on ${type}` : 'at the base'
    const text = `There is no operation ${quoted(`$${code}`)} ${where}.${hint} The operations here: ${listed(known, 40)}.`
    return new FhirError(404, [{ severity: 'error', code: 'not-supported', diagnostics: text }])
  }

  return { route }
}

/** Whether the operation can be asked at this level, of this type. */
export function serves(operation: Operation, type: string, id: string): boolean {
  if (type === '') return operation.system
  if (!(id ? operation.instance : operation.type)) return false
  return operation.types.includes('Resource') || operation.types.includes(type)
}

/** Where an operation is asked, as in `Patient/[id]/$everything`. */
function places({ code, system, type, instance, types }: Operation): string[] {
  const named = types.includes('Resource') ? ['[type]'] : types
  return [
    ...(system ? [`$${code}`] : []),
    ...named.flatMap(each => [...(type ? [`${each}/$${code}`] : []), ...(instance ? [`${each}/[id]/$${code}`] : [])]),
  ]
}

/** Stand for all operations; the door runs `match.operation` itself. */
const asking = operationRoute('GET')
const changing = operationRoute('POST')

function operationRoute(method: HttpMethod): Interaction {
  const answer = () => Promise.reject(new Error('an operation is run by the door'))
  return { kind: 'read', name: 'operation', method, path: '$operation', answer }
}

interface Place {
  shape: string
  type: string
  id: string
  rest: string
  operation?: string
}

/** The shape of a path, and what stands in its open places. */
function locate(path: string, definitions: Definitions, folders: ReadonlySet<string>): Place {
  const place: Place = { shape: '', type: '', id: '', rest: '' }
  const segments = path.split('/')
  if (segments.at(-1) === '') segments.pop()
  const [first, second, third, fourth] = segments
  if (first === undefined) return place
  if (segments.length > 4 || segments.includes('')) throw nothingThere(path)
  if (first.startsWith('$') && second === undefined) return { ...place, operation: first.slice(1) }
  if (folders.has(first) && second !== undefined && fourth === undefined)
    return { ...place, id: second, rest: third ?? '', shape: `${first}/:id${third === undefined ? '' : '/:rest'}` }
  if (!definitions.isResourceType(first)) {
    place.shape = path
    if (words.has(path)) return place
    throw unknownType(first, definitions)
  }
  place.type = first
  if (second === undefined) return { ...place, shape: ':type' }
  if (third === undefined && second.startsWith('$')) return { ...place, operation: second.slice(1) }
  if (third === undefined && second.startsWith('_')) return { ...place, shape: `:type/${second}` }
  place.id = second
  place.shape = ':type/:id'
  if (third === undefined) return place
  if (third.startsWith('$') && fourth === undefined) return { ...place, operation: third.slice(1) }
  if (third === '_history')
    return fourth === undefined
      ? { ...place, shape: ':type/:id/_history' }
      : { ...place, shape: ':type/:id/_history/:version', rest: fourth }
  if (third !== '*' && !definitions.isResourceType(third)) throw unknownType(third, definitions)
  return {
    ...place,
    rest: third,
    shape: fourth === undefined ? ':type/:id/:searched' : `:type/:id/:searched/${fourth}`,
  }
}

/** The words of the API that stand directly below the base. */
const words = new Set(['metadata', '_history', '_search'])

const described = (path: string) => (path === '' ? 'the base of the server' : quoted(path))

/** An `Allow` header; HEAD goes wherever GET does. */
const allow = (methods: readonly HttpMethod[]) => (methods.includes('GET') ? ['HEAD', ...methods] : methods).join(', ')

const nothingThere = (path: string) =>
  notFound(
    `There is nothing at ${quoted(path)}. Paths are [type], [type]/[id], [type]/[id]/_history/[version], [type]/_search, $[operation] and metadata.`,
  )

/** 404: no resource type of R4 has this name. */
export function unknownType(name: string, definitions: Definitions): FhirError {
  const text = `${quoted(name)} is not a resource type of FHIR R4.${didYouMean(name, definitions.resourceTypes)}`
  return new FhirError(404, [{ severity: 'error', code: 'not-supported', diagnostics: text }])
}
