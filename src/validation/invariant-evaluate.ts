/**
 * An invariant evaluated by fhirpath.js at its place in the resource.
 * https://hl7.org/fhir/R4/fhirpath.html
 */
import type { CodeQuestion, CodeVerdict } from '../fhir/code-check.ts'
import { evaluateAt, type PathFunctions } from '../fhir/path.ts'
import { typeOfReference } from '../fhir/reference.ts'
import { rootResourceOf } from './invariant-native.ts'
import { childrenOf, isObject, type Node, resourceOf, rootNode } from './node.ts'
import type { Run } from './words.ts'

/** `outside`: it hangs on something that is not here. `reason`: as fhirpath.js says it. */
export type Verdict =
  | { readonly holds: boolean; readonly why?: undefined }
  | { readonly holds: undefined; readonly why: 'outside' | 'slow' }
  | { readonly holds: undefined; readonly why: 'broken'; readonly reason: string }

/** Whose %resource and %rootResource a rule means: those of its value, or of what the value is an element of. */
export function surroundings(
  node: Node,
  isElement: boolean,
  { definitions }: Run,
): { resource: Node; rootResource: Node } {
  const from = isElement && node.parent ? node.parent : node
  return { resource: resourceOf(from, definitions), rootResource: rootResourceOf(from, definitions) }
}

/**
 * Whether the expression is true at a value: neither true nor false counts as false. `isElement`: it is the rule of an
 * element that holds a resource, such as `Bundle.entry.resource`, and not of the resource. Never throws.
 */
export function evaluateInvariant(expression: string, node: Node, run: Run, isElement = false): Verdict {
  let outside = false
  const missing = () => {
    outside = true
    return undefined
  }
  const functions: PathFunctions = {
    resolve: reference => run.resolveInside(reference, node) ?? standIn(reference, missing),
    memberOf: (value, type, valueSet) =>
      isMember(value, type, valueSet, question => askNow(question, run)) ?? missing(),
    conformsTo: (value, profile) => conforms(value, profile, node, run) ?? missing(),
  }
  try {
    const env = { ...surroundings(node, isElement, run), context: node }
    const holds = isTrue(evaluateAt(expression, node, env, functions))
    return holds || !outside ? { holds } : { holds: undefined, why: 'outside' }
  } catch (error) {
    return { holds: undefined, why: 'broken', reason: reasonOf(error) }
  }
}

/** The values of an expression as the answer to an invariant. */
export function isTrue(values: readonly unknown[]): boolean {
  return values.length === 1 && typeof values[0] === 'boolean' ? values[0] : values.length > 0
}

export function reasonOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error)
  return text.split('\n', 1)[0]!.slice(0, 200)
}

/** Of a resource elsewhere only the type is known, from the reference. */
export function standIn(reference: string, missing: () => undefined): Node | undefined {
  missing()
  const resourceType = typeOfReference(reference)
  return resourceType === undefined ? undefined : rootNode({ resourceType }, resourceType)
}

/** Whether a code, Coding or CodeableConcept is in a value set; undefined when `ask` cannot tell of one that would decide. */
export function isMember(
  value: unknown,
  type: string,
  valueSet: string,
  ask: (question: CodeQuestion) => boolean | undefined,
): boolean | undefined {
  const isIn = (coding: unknown): boolean | undefined => {
    const { code, system } = isObject(coding) ? coding : { code: coding, system: undefined }
    if (typeof code !== 'string') return false
    const inSystem = typeof system === 'string' ? { system } : isObject(coding) ? {} : { inferSystem: true }
    return ask({ code, valueSet, ...inSystem })
  }
  if (type !== 'CodeableConcept') return isIn(value)
  const codings = isObject(value) && Array.isArray(value['coding']) ? (value['coding'] as unknown[]) : []
  const answers = codings.map(isIn)
  return answers.includes(true) ? true : answers.includes(undefined) ? undefined : false
}

/** The terminology's answer, when it comes at once. */
function askNow(question: CodeQuestion, run: Run): boolean | undefined {
  let answer: boolean | undefined
  run.checkCode(question, verdict => (answer = answerOf(verdict)))
  return answer
}

export const answerOf = ({ result }: CodeVerdict): boolean | undefined =>
  result === 'unknown' ? undefined : result === 'yes'

function conforms(value: unknown, profile: string, from: Node, run: Run): boolean | undefined {
  if (!run.conformance.entry('StructureDefinition', profile)) return undefined
  const node = find(value, resourceOf(from, run.definitions), run)
  return node && !run.against(node, profile).some(({ severity }) => severity === 'error')
}

/** The node of a value that fhirpath.js gave back. */
function find(value: unknown, within: Node, run: Run): Node | undefined {
  if (!isObject(value)) return undefined
  const open = [within]
  for (let node = open.pop(); node; node = open.pop()) {
    if (node.value === value) return node
    open.push(...childrenOf(node, run.definitions))
  }
  return undefined
}
