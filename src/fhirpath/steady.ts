/**
 * Which parts of an expression have the same value for every item, so that they are evaluated once.
 * https://hl7.org/fhirpath/N1/#functions
 */
import type { Tree } from './tree.ts'

/** Whether a part has the same value wherever in the expression it stands: it begins with a variable, a literal or the clock. */
export function isSteady(tree: Tree): boolean {
  switch (tree.is) {
    case 'this':
    case 'index':
    case 'total':
      return false
    case 'member':
      return tree.of !== undefined && isSteady(tree.of)
    case 'call':
      if (!tree.of) return tree.name === 'today' || tree.name === 'now'
      return steadyFunctions.has(tree.name) && isSteady(tree.of) && tree.arguments.every(isSteady)
    case 'item':
      return isSteady(tree.of) && isSteady(tree.index)
    case 'sign':
    case 'type':
      return isSteady(tree.of)
    case 'operator':
      return isSteady(tree.left) && isSteady(tree.right)
    default:
      return true
  }
}

/** Those that rules use on variables within criteria. */
const steadyFunctions = new Set([
  'first',
  'last',
  'single',
  'count',
  'exists',
  'empty',
  'not',
  'toDate',
  'toDateTime',
  'toString',
  'toQuantity',
  'lower',
  'upper',
])
