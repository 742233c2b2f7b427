/**
 * Ids of elements, each once within a resource.
 * https://hl7.org/fhir/R4/element.html#id
 */
import { childrenOf, isObject, type Node } from './node.ts'
import { quoted } from './quoted.ts'
import { textOf } from './read.ts'
import type { ResourceRule, Run } from './words.ts'

export const elementIds: ResourceRule = {
  types: ['*'],
  check(node, run) {
    if (repeats(node.value)) report(node, run)
  },
}

/** Whether any id stands twice: most resources have none, and need no second look. */
function repeats(resource: unknown): boolean {
  const seen = new Set<string>()
  const open: unknown[] = [resource]
  while (open.length > 0) {
    const value = open.pop()
    if (Array.isArray(value)) {
      for (const each of value) if (typeof each === 'object') open.push(each)
    } else if (isObject(value)) {
      if (value !== resource) {
        if ('resourceType' in value) continue
        const { id } = value
        if (typeof id === 'string') {
          if (seen.has(id)) return true
          seen.add(id)
        }
      }
      // the two lists of a definition's elements name the same elements
      for (const name in value) if (typeof value[name] === 'object' && name !== 'snapshot') open.push(value[name])
    }
  }
  return false
}

function report(resource: Node, run: Run): void {
  const seen = new Set<string>()
  const look = (node: Node) => {
    for (const child of childrenOf(node, run.definitions)) {
      if (run.definitions.isResourceType(child.type) || child.name === 'snapshot') continue
      const id = textOf(child.value, 'id') ?? textOf(child.beside, 'id')
      if (id !== undefined && seen.has(id))
        run.report(child, {
          code: 'business-rule',
          said: {
            en: `The element id ${quoted(id)} is used twice in this resource. Give each its own.`,
            zh: `元素 id「${quoted(id, '')}」在此資源中重複，請各自使用不同的 id。`,
          },
        })
      if (id !== undefined) seen.add(id)
      look(child)
    }
  }
  look(resource)
}
