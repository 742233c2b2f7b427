/**
 * Contained resources: each has an id of its own, and something in the resource that contains it refers to it (dom-3).
 * https://hl7.org/fhir/R4/references.html#contained
 */
import { childrenNamed, childrenOf, isObject, type Node } from './node.ts'
import { quoted } from './quoted.ts'
import type { ResourceRule, Run } from './words.ts'

export const contained: ResourceRule = {
  types: ['*'],
  check(node, run) {
    if (!isObject(node.value) || !Array.isArray(node.value['contained']) || node.property === 'contained') return
    const parts = childrenNamed(node, 'contained', run.definitions)
    const referred = localTargets(node, run)
    const seen = new Set<string>()
    for (const part of parts) {
      const id = isObject(part.value) ? part.value['id'] : undefined
      if (typeof id !== 'string') run.report(part, noId)
      else if (seen.has(id)) run.report(part, twice(id))
      else if (!referred.has(id) && !localTargets(part, run).has('')) run.report(part, unused(id))
      if (typeof id === 'string') seen.add(id)
    }
  },
}

const noId = {
  code: 'required',
  said: {
    en: 'A contained resource needs an id, so that it can be referred to as #id.',
    zh: '內含資源(contained)必須有 id,才能以 #id 參照。',
  },
} as const

const twice = (id: string) =>
  ({
    code: 'duplicate',
    said: {
      en: `Two contained resources have the id ${quoted(id)}. Give each its own.`,
      zh: `有兩個內含資源(contained)的 id 同為 ${quoted(id)}。請各自使用不同的 id。`,
    },
  }) as const

const unused = (id: string) =>
  ({
    code: 'invalid',
    origin: 'http://hl7.org/fhir/StructureDefinition/DomainResource|4.0.1#dom-3',
    said: {
      en: `Nothing refers to the contained resource ${quoted(id)}. Refer to it as #${quoted(id, '')}, or remove it.`,
      zh: `沒有任何參照指向內含資源 ${quoted(id)}。請以 #${quoted(id, '')} 參照,或將其移除。`,
    },
  }) as const

const uris = new Set(['uri', 'url', 'canonical'])

/** The ids that references and uris name as `#id` anywhere in a resource; '' for `#`, the container. */
function localTargets(resource: Node, run: Run): ReadonlySet<string> {
  const found = new Set<string>()
  const open: Node[] = [resource]
  for (let node = open.pop(); node; node = open.pop()) {
    const isTarget = uris.has(node.type) || (node.name === 'reference' && node.parent?.type === 'Reference')
    if (isTarget && typeof node.value === 'string' && node.value.startsWith('#')) found.add(node.value.slice(1))
    for (const child of childrenOf(node, run.definitions)) open.push(child)
  }
  return found
}
