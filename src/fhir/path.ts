/**
 * FHIRPath, compiled once. The only place that knows fhirpath.js, which is loaded when first needed: it costs a tenth
 * of a second and 30 MB.
 * https://hl7.org/fhirpath/N1/
 */
import { createRequire } from 'node:module'
import type * as FhirPath from 'fhirpath'
import { badRequest } from './outcome.ts'
import { typeReferredTo } from './reference.ts'

type Run = (resource: unknown, env: Record<string, unknown>) => unknown[]
interface Node {
  readonly data: unknown
}

const require = createRequire(import.meta.url)
let loaded: { path: typeof FhirPath; model: object } | undefined

// the required copies of both, never mixed with imported ones: their types would not know one another
const load = () =>
  (loaded ??= { path: require('fhirpath') as typeof FhirPath, model: require('fhirpath/fhir-context/r4') as object })

/** Loads the package ahead of time (when the server is idle), so that no request waits for it. */
export function preparePath(): void {
  load()
}

const MOST_COMPILED = 500
const LONGEST = 10_000
const compiled = new Map<string, Run>()

/** A value of a result with its FHIR type (`Quantity`, `dateTime`, `Observation.component`). */
export interface TypedValue {
  readonly value: unknown
  readonly type: string
}

/**
 * The values of the expression for a resource (or a part of one, with expressions that do not begin with a type), with
 * FHIR R4's types. `env` are variables without the `%`; `%resource` is the resource unless given.
 * Objects are the resource's own, not copies. Throws a FhirError (400) for an expression that cannot be parsed or evaluated.
 */
export function evaluate(
  expression: string,
  resource: unknown,
  env: Readonly<Record<string, unknown>> = {},
): unknown[] {
  return run('plain', expression, resource, env)
    .map(valueOf)
    .filter(value => value !== undefined && value !== null)
}

/**
 * The values as search sees them: `as` takes those of the type out of many, and `resolve()` knows of the other resource
 * only its type, from the reference (https://hl7.org/fhir/R4/searchparameter.html#extraction). For a part of a resource
 * `base` is the part's path, `Observation.component`.
 */
export function evaluateForSearch(
  expression: string,
  resource: unknown,
  env: Readonly<Record<string, unknown>> = {},
  base?: string,
): TypedValue[] {
  const nodes = run('search', takingOfType(expression), resource, env, base)
  const types = load().path.types(nodes) as string[]
  return nodes.map((node, i) => ({ value: valueOf(node), type: localName(types[i] ?? '') }))
}

/** A node's own data; dates, quantities and decimals that were computed as JSON has them. */
function valueOf(node: unknown): unknown {
  if (typeof node === 'bigint') return String(node)
  if (typeof node !== 'object' || node === null) return node
  if ('getTypeInfo' in node) return (node as unknown as Node).data
  return 'toJSON' in node && typeof node.toJSON === 'function' ? (node.toJSON() as unknown) : node
}

/** `as` refuses more than one value, and search parameters use it on many: outside of quotes it becomes `ofType`. */
const takingOfType = (expression: string): string =>
  expression.replace(/'(?:[^'\\]|\\.)*'|`[^`]*`|\s+as\s+([A-Za-z][A-Za-z0-9.]*)|\.as\(/g, (found, type?: string) => {
    if (type !== undefined) return `.ofType(${type})`
    return found === '.as(' ? '.ofType(' : found
  })

/** `FHIR.Quantity` is Quantity; `System.Boolean` is boolean. */
function localName(type: string): string {
  if (type.startsWith('System.')) return type.charAt(7).toLowerCase() + type.slice(8)
  return type.startsWith('FHIR.') ? type.slice(5) : type
}

function run(
  mode: 'plain' | 'search',
  expression: string,
  resource: unknown,
  env: Readonly<Record<string, unknown>>,
  base?: string,
): unknown[] {
  try {
    return compile(mode, expression, base)(resource, { resource, ...env })
  } catch (error) {
    const reason = error instanceof Error ? error.message.split('\n')[0]!.slice(0, 300) : 'unknown'
    throw badRequest(`The FHIRPath expression "${expression.slice(0, 200)}" cannot be evaluated: ${reason}`)
  }
}

function compile(mode: 'plain' | 'search', expression: string, base: string | undefined): Run {
  const key = `${mode} ${base ?? ''} ${expression}`
  const known = compiled.get(key)
  if (known) {
    // the one used last is the last to go
    compiled.delete(key)
    compiled.set(key, known)
    return known
  }
  if (expression.length > LONGEST) throw new Error(`it is longer than ${LONGEST} characters`)
  const { path, model } = load()
  // resolved by us: fhirpath.js would leave hidden properties in the resource's own objects
  const options = {
    resolveInternalTypes: false,
    ...(mode === 'search' ? { userInvocationTable: searchFunctions() } : {}),
  }
  const made = path.compile(
    base ? { base, expression } : expression,
    model as never,
    options as never,
  ) as unknown as Run
  if (compiled.size >= MOST_COMPILED) compiled.delete(compiled.keys().next().value!)
  compiled.set(key, made)
  return made
}

let functions: object | undefined

function searchFunctions(): object {
  const { path, model } = load()
  const self = path.compile('$this', model as never, { resolveInternalTypes: false } as never) as unknown as Run
  const stand = (type: string) => self({ resourceType: type }, {})
  // fhirpath.js gives `this` the environment
  function resolve(this: { vars?: { resource?: unknown }; processedVars?: unknown }, nodes: Node[]): unknown[] {
    return nodes.flatMap(node => {
      const type = typeReferredTo(node?.data, this.vars?.resource)
      return type === undefined ? [] : stand(type)
    })
  }
  return (functions ??= {
    resolve: { fn: resolve, arity: { 0: [] }, internalStructures: true },
  })
}
