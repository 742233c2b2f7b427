/**
 * The name of what was asked, for logs and metrics: `GET Patient/:id` is a read. Never an id, a parameter or a raw URL.
 * https://hl7.org/fhir/R4/http.html#summary
 */

export interface Route {
  readonly interaction: string
  /** A resource type of FHIR, or '' . */
  readonly type: string
  /** `Patient/:id/_history/:version` */
  readonly template: string
}

const byMethod: Readonly<Record<string, readonly [onType: string, onInstance: string]>> = {
  GET: ['search-type', 'read'],
  HEAD: ['search-type', 'read'],
  POST: ['create', 'other'],
  PUT: ['update', 'update'],
  PATCH: ['patch', 'patch'],
  DELETE: ['delete', 'delete'],
}

const known = new Map<string, Route>()

/** `path` is below the base, without a leading slash. `isType` knows the resource types. */
export function routeOf(method: string, path: string, isType: (name: string) => boolean): Route {
  const parts = path.split('/', 8)
  const type = isType(parts[0]!) ? parts[0]! : ''
  const template = parts.map((part, i) => place(part, i, type !== '', parts[i - 1])).join('/')
  const key = `${method} ${template}`
  let route = known.get(key)
  if (!route) {
    route = { interaction: interaction(method, template.split('/'), type), type, template }
    if (known.size < 5000) known.set(key, route)
  }
  return route
}

/** A segment's place holder. Only what FHIR itself names is shown as it is: a client may write anything into a path. */
function place(part: string, i: number, typed: boolean, before: string | undefined): string {
  if (part === '' || part === '_search' || part === '_history' || part === 'metadata') return part
  if (part.startsWith('$')) return '$operation'
  if (i === 0) return typed ? part : ':unknown'
  if (i === 1) return typed ? ':id' : ':unknown'
  return before === '_history' ? ':version' : ':compartment-type'
}

function interaction(method: string, parts: readonly string[], type: string): string {
  const last = parts.at(-1)
  if (parts.includes('$operation')) return 'operation'
  if (last === '_search') return parts.length === 1 ? 'search-system' : 'search-type'
  if (last === '_history') return `history-${['system', 'type', 'instance'][parts.length - 1] ?? 'instance'}`
  if (parts[0] === 'metadata') return 'capabilities'
  if (parts.length === 1 && parts[0] === '') return method === 'POST' ? 'bundle' : 'search-system'
  if (!type || !Object.hasOwn(byMethod, method)) return 'other'
  if (parts.length === 1) return byMethod[method]![0]
  if (parts.length === 2) return byMethod[method]![1]
  if (parts.length === 3) return 'search-compartment'
  return parts.length === 4 ? 'vread' : 'other'
}
