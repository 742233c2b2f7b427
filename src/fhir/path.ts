/**
 * FHIRPath, compiled once. The only place that knows fhirpath.js, which is loaded when first needed: it costs a tenth
 * of a second and 30 MB.
 * https://hl7.org/fhirpath/N1/
 */
import { createRequire } from 'node:module'
import type * as FhirPath from 'fhirpath'
import { badRequest } from './outcome.ts'
import { typeReferredTo } from './reference.ts'

type Run = (resource: unknown, env: Record<PropertyKey, unknown>) => unknown[]
interface Node {
  readonly data: unknown
}
type MakeNode = new (
  ctx: unknown,
  data: unknown,
  parent: Node | null,
  path: string,
  beside: unknown,
  type: string,
  property: string,
  index: number | null,
) => Node
interface Model {
  readonly path2Type: Readonly<Record<string, string>>
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

/** A value where it stands, for `evaluateAt`. */
export interface PathFocus {
  readonly value: unknown
  /** Of a primitive: what stands under `_name`. */
  readonly beside: unknown
  /** FHIR type, resource type or backbone path. */
  readonly type: string
  readonly property: string
  readonly index: number
  readonly parent: PathFocus | undefined
}

/** What FHIR's own functions ask for. `undefined`: cannot be told here; the function then gives the empty collection. */
export interface PathFunctions {
  resolve(reference: string): PathFocus | undefined
  memberOf(value: unknown, type: string, valueSet: string): boolean | undefined
  conformsTo(value: unknown, profile: string): boolean | undefined
}

/**
 * The values of the expression at a value of a resource, with FHIR R4's types; what is a part of the resource is its own
 * object, not a copy. `env` are variables without the `%`. `as` takes those of the type out of many. Throws what
 * fhirpath.js throws: an Error whose message names the trouble in the expression.
 */
export function evaluateAt(
  expression: string,
  focus: PathFocus,
  env: Readonly<Record<string, unknown>>,
  functions: PathFunctions,
): unknown[] {
  const variables: Record<PropertyKey, unknown> = { ...env, ...namedSets(expression), [ASKED]: functions }
  for (const name in env) if (isFocus(env[name])) variables[name] = nodeAt(env[name])
  const run = compile('rule', takingOfType(expression), undefined)
  return run(nodeAt(focus), variables)
    .map(valueOf)
    .filter(value => value !== undefined && value !== null)
}

/** Where the functions of a run are kept among its variables, out of the expressions' reach. */
const ASKED = Symbol('asked')

const isFocus = (value: unknown): value is PathFocus => typeof value === 'object' && value !== null && 'beside' in value

/** `%vs-…` and `%ext-…`. https://hl7.org/fhir/R4/fhirpath.html#vars */
function namedSets(expression: string): Record<string, string> {
  const found: Record<string, string> = {}
  if (!expression.includes('%')) return found
  for (const [, , name, kind, id] of expression.matchAll(/%([`']?)((vs|ext)-([A-Za-z0-9.-]+))\1/g))
    found[name!] = `http://hl7.org/fhir/${kind === 'vs' ? 'ValueSet' : 'StructureDefinition'}/${id}`
  return found
}

const nodes = new WeakMap<PathFocus, Node>()
let making: { make: MakeNode; ctx: unknown; model: Model } | undefined

/** fhirpath.js takes parts of a resource without what stands beside a primitive, so its own nodes are made for it. */
function nodeAt(focus: PathFocus): Node {
  const known = nodes.get(focus)
  if (known) return known
  making ??= seed()
  const { make: Make, ctx, model } = making
  const parent = focus.parent ? nodeAt(focus.parent) : null
  const type = model.path2Type[focus.type] ?? focus.type
  const path = type === 'BackboneElement' || type === 'Element' ? focus.type : type
  const index = focus.index < 0 ? null : focus.index
  const made = new Make(ctx, focus.value ?? null, parent, path, focus.beside, type, focus.property, index)
  nodes.set(focus, made)
  return made
}

function seed() {
  const { path, model } = load()
  const options = { resolveInternalTypes: false }
  const self = path.compile('$this', model as never, options as never) as unknown as Run
  const [node] = self({ resourceType: 'Basic' }, {}) as [Node & { ctx: unknown }]
  return { make: node.constructor as MakeNode, ctx: node.ctx, model: model as Model }
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

type Mode = 'plain' | 'search' | 'rule'

function run(
  mode: Mode,
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

function compile(mode: Mode, expression: string, base: string | undefined): Run {
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
    ...(mode === 'rule' ? { userInvocationTable: ruleFunctions(), traceFn: () => {} } : {}),
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

let forRules: object | undefined

/** The functions that FHIR adds, answered by whoever evaluates a rule. https://hl7.org/fhir/R4/fhirpath.html#functions */
function ruleFunctions(): object {
  type Ctx = { vars?: Record<PropertyKey, unknown> }
  const asked = (ctx: Ctx) => ctx.vars?.[ASKED] as PathFunctions
  const own = (node: unknown) => valueOf(node)
  const answer = (verdict: boolean | undefined) => (verdict === undefined ? [] : [verdict])
  function resolve(this: Ctx, found: unknown[]): unknown[] {
    return found.flatMap(node => {
      const value = own(node)
      const reference = typeof value === 'string' ? value : (value as { reference?: unknown } | undefined)?.reference
      const focus = typeof reference === 'string' ? asked(this).resolve(reference) : undefined
      return focus ? [nodeAt(focus)] : []
    })
  }
  function memberOf(this: Ctx, found: unknown[], valueSet: unknown): unknown[] {
    const canonical = own(Array.isArray(valueSet) ? valueSet[0] : valueSet)
    if (found.length !== 1 || typeof canonical !== 'string') return []
    const [type] = load().path.types(found) as string[]
    return answer(asked(this).memberOf(own(found[0]), localName(type ?? ''), canonical))
  }
  function conformsTo(this: Ctx, found: unknown[], profile: unknown): unknown[] {
    const canonical = own(Array.isArray(profile) ? profile[0] : profile)
    if (found.length !== 1 || typeof canonical !== 'string') return []
    return answer(asked(this).conformsTo(own(found[0]), canonical))
  }
  return (forRules ??= {
    resolve: { fn: resolve, arity: { 0: [] }, internalStructures: true },
    memberOf: { fn: memberOf, arity: { 1: ['Any'] }, internalStructures: true },
    conformsTo: { fn: conformsTo, arity: { 1: ['Any'] }, internalStructures: true },
  })
}
