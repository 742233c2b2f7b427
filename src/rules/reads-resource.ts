/**
 * Whether a condition looks at the resource: one that does not is judged once an exchange, before anything is read.
 * https://hl7.org/fhirpath/N1/#path-selection
 */
import { parse } from '../fhirpath/parse.ts'
import type { Tree } from '../fhirpath/tree.ts'
import type { Named, RuleAction } from './words.ts'

const OF_RESOURCE = new Set(['resource', 'previous', 'context', 'rootResource'])
/** Their arguments start from each item of what they are called on. */
const EACH = new Set(['where', 'exists', 'all', 'select', 'repeat', 'aggregate'])
const FROM_NOTHING = new Set(['now', 'today', 'timeOfDay', 'iif'])

const known = new WeakMap<RuleAction, boolean>()

/** Whether some condition of the action looks at the resource, by itself or by a variable. */
export function readsResource(action: RuleAction): boolean {
  let reads = known.get(action)
  if (reads === undefined) {
    reads = action.conditions.some(({ expression }) => expressionReads(expression.text, action.variables))
    known.set(action, reads)
  }
  return reads
}

/** Whether this expression does. */
export function expressionReads(text: string, variables: readonly Named[]): boolean {
  const seen = new Set<string>()
  return reads(parse(text), false)

  /** `inner`: within the criteria of a function, where a path starts from its item. */
  function reads(tree: Tree, inner: boolean): boolean {
    switch (tree.is) {
      case 'variable':
        return OF_RESOURCE.has(tree.name) || variable(tree.name)
      case 'this':
        return !inner
      case 'member':
        return tree.of ? reads(tree.of, inner) : !inner
      case 'call': {
        const { of, name, arguments: given } = tree
        if (of ? reads(of, inner) : !inner && !FROM_NOTHING.has(name)) return true
        return given.some(each => reads(each, inner || (of !== undefined && EACH.has(name))))
      }
      case 'item':
        return reads(tree.of, inner) || reads(tree.index, inner)
      case 'sign':
      case 'type':
        return reads(tree.of, inner)
      case 'operator':
        return reads(tree.left, inner) || reads(tree.right, inner)
      default:
        return false
    }
  }

  function variable(name: string): boolean {
    const named = variables.find(each => each.name === name)
    if (!named || seen.has(name)) return false
    seen.add(name)
    return reads(parse(named.expression.text), false)
  }
}
