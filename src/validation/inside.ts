/**
 * Finds the resource a reference leads to within the one that is validated: contained in it, or in the Bundle.
 * https://hl7.org/fhir/R4/bundle.html#references
 */
import type { Definitions } from '../fhir/definitions.ts'
import { childrenNamed, isObject, type Node } from './node.ts'

/** The entries of a Bundle by what references may call them. */
interface Entries {
  readonly byUrl: ReadonlyMap<string, Node>
  /** `Patient/1`; undefined where several have the same. */
  readonly byId: ReadonlyMap<string, Node | undefined>
}

/** Looks a reference up as seen from a place in the resource; each Bundle is indexed once. */
export function makeInside(definitions: Definitions): (reference: string, at: Node) => Node | undefined {
  const bundles = new Map<Node, Entries>()
  const holders = new Map<Node, ReadonlyMap<string, Node>>()

  function contained(id: string, at: Node): Node | undefined {
    const holder = holderOf(at, definitions)
    if (id === '') return holder
    let known = holders.get(holder)
    if (!known) {
      const parts = childrenNamed(holder, 'contained', definitions)
      known = new Map([...parts].reverse().flatMap(part => (idOf(part) === undefined ? [] : [[idOf(part)!, part]])))
      holders.set(holder, known)
    }
    return known.get(id)
  }

  function entriesOf(bundle: Node): Entries {
    const known = bundles.get(bundle)
    if (known) return known
    const byUrl = new Map<string, Node>()
    const byId = new Map<string, Node | undefined>()
    for (const entry of childrenNamed(bundle, 'entry', definitions)) {
      const [resource] = childrenNamed(entry, 'resource', definitions)
      if (!resource) continue
      const url = fullUrlOf(entry)
      if (url !== undefined && !byUrl.has(url)) byUrl.set(url, resource)
      const id = idOf(resource)
      if (id === undefined) continue
      const key = `${resource.type}/${id}`
      byId.set(key, byId.has(key) ? undefined : resource)
    }
    const made = { byUrl, byId }
    bundles.set(bundle, made)
    return made
  }

  return (reference, at) => {
    if (reference.startsWith('#')) return contained(reference.slice(1), at)
    for (let entry = entryOf(at); entry; entry = entryOf(entry.parent!)) {
      const found = inBundle(reference, entry, entriesOf(entry.parent!))
      if (found) return found
    }
    if (at.type !== 'Bundle') return undefined
    // an invariant of the Bundle itself speaks of its entries from outside
    const { byUrl, byId } = entriesOf(at)
    return byUrl.get(reference) ?? byId.get(reference)
  }
}

/** By fullUrl; a relative reference is relative to the base of its own entry's, where that is a RESTful URL. */
function inBundle(reference: string, entry: Node, { byUrl, byId }: Entries): Node | undefined {
  const plain = reference.replace(/\/_history\/[^/]*$/, '')
  const direct = byUrl.get(reference) ?? byUrl.get(plain)
  if (direct) return direct
  if (/^[a-z][a-z0-9+.-]*:/i.test(plain)) return undefined
  const base = /^(https?:\/\/.+\/)[A-Z][A-Za-z]+\/[^/]+$/.exec(fullUrlOf(entry) ?? '')?.[1]
  return base === undefined ? byId.get(plain) : byUrl.get(base + plain)
}

/** The entry of a Bundle that a value is in. */
function entryOf(at: Node): Node | undefined {
  for (let node: Node | undefined = at; node; node = node.parent) if (node.type === 'Bundle.entry') return node
  return undefined
}

/** The resource whose contained resources a value may refer to: a contained one refers to its neighbours. */
function holderOf(at: Node, definitions: Definitions): Node {
  let node = at
  while (node.parent && (!definitions.isResourceType(node.type) || node.name === 'contained')) node = node.parent
  return node
}

const textOf = (node: Node, property: string): string | undefined => {
  const text = isObject(node.value) ? node.value[property] : undefined
  return typeof text === 'string' ? text : undefined
}
const idOf = (node: Node) => textOf(node, 'id')
const fullUrlOf = (entry: Node) => textOf(entry, 'fullUrl')
