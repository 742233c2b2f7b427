/**
 * The entries of a Bundle, and which of them a reference leads to.
 * https://hl7.org/fhir/R4/bundle.html#references
 */
import type { Definitions } from '../fhir/definitions.ts'
import { childrenNamed, childrenOf, type Node } from './node.ts'
import { objectOf, textOf } from './read.ts'

export interface Entry {
  readonly node: Node
  readonly index: number
  readonly fullUrl: string | undefined
  readonly resource: Node | undefined
  /** Of the resource. */
  readonly id: string | undefined
  readonly version: string | undefined
}

export interface Entries {
  readonly all: readonly Entry[]
  /** Those a reference within `from` leads to; several when the Bundle has several of one fullUrl. */
  find(reference: string, from: Entry): readonly Entry[]
  /** Those of the type and id that a reference names, whatever their fullUrl. */
  alike(reference: string): readonly Entry[]
}

const known = new WeakMap<Node, Entries>()

/** The entries of a Bundle, indexed once. */
export function entriesOf(bundle: Node, definitions: Definitions): Entries {
  const before = known.get(bundle)
  if (before) return before
  const all = childrenNamed(bundle, 'entry', definitions).map((node, index): Entry => {
    const [resource] = childrenNamed(node, 'resource', definitions)
    return {
      node,
      index,
      resource,
      fullUrl: textOf(node.value, 'fullUrl'),
      id: textOf(resource?.value, 'id'),
      version: textOf(objectOf(resource?.value, 'meta'), 'versionId'),
    }
  })
  const byUrl = new Map<string, Entry[]>()
  const byId = new Map<string, Entry[]>()
  for (const entry of all) {
    if (entry.fullUrl !== undefined) add(byUrl, entry.fullUrl, entry)
    if (entry.resource && entry.id !== undefined) add(byId, `${entry.resource.type}/${entry.id}`, entry)
  }

  const made: Entries = {
    all,
    find(reference, from) {
      const { plain, version } = split(reference)
      const urls = byUrl.get(absolute(plain, from.fullUrl) ?? '') ?? []
      const found =
        urls.length > 0 || baseOf(from.fullUrl) !== undefined || isAbsolute(plain) ? urls : (byId.get(plain) ?? [])
      return version === undefined
        ? found
        : found.filter(each => each.version === undefined || each.version === version)
    },
    alike: reference => byId.get(split(reference).plain.split('/').slice(-2).join('/')) ?? [],
  }
  known.set(bundle, made)
  return made
}

function add(map: Map<string, Entry[]>, key: string, entry: Entry): void {
  const list = map.get(key)
  if (list) list.push(entry)
  else map.set(key, [entry])
}

function split(reference: string): { plain: string; version?: string } {
  const whole = reference.split('#', 1)[0]!
  const at = whole.indexOf('/_history/')
  return at < 0 ? { plain: whole } : { plain: whole.slice(0, at), version: whole.slice(at + 10) }
}

export const isAbsolute = (text: string): boolean => /^[A-Za-z][A-Za-z0-9+.-]*:/.test(text)

/** The base of a RESTful fullUrl, with its slash. */
const baseOf = (fullUrl: string | undefined): string | undefined =>
  fullUrl === undefined ? undefined : /^(https?:\/\/.{1,2000}\/)[A-Z][A-Za-z]+\/[A-Za-z0-9.-]{1,64}$/.exec(fullUrl)?.[1]

function absolute(reference: string, fullUrl: string | undefined): string | undefined {
  if (isAbsolute(reference)) return reference
  const base = baseOf(fullUrl)
  if (base !== undefined) return base + reference
  const urn = /^urn:(?:uuid|oid):/.exec(fullUrl ?? '')?.[0]
  return urn === undefined ? undefined : urn + reference.slice(reference.indexOf('/') + 1)
}

/** All References in a resource, those in contained ones too, not those in a Bundle within. */
export function referencesIn(
  resource: Node,
  definitions: Definitions,
): { readonly node: Node; readonly text: string }[] {
  const found: { node: Node; text: string }[] = []
  const look = (node: Node) => {
    for (const child of childrenOf(node, definitions)) {
      if (child.type === 'Bundle') continue
      const text = child.type === 'Reference' ? textOf(child.value, 'reference') : undefined
      if (text !== undefined && text !== '' && !text.startsWith('#')) found.push({ node: child, text })
      look(child)
    }
  }
  look(resource)
  return found
}

/** Texts of elements that name a place: urls and uris that could be those of entries. */
export function addressesIn(resource: Node, definitions: Definitions): readonly string[] {
  const found = new Set<string>()
  const look = (node: Node) => {
    for (const child of childrenOf(node, definitions)) {
      if (child.type === 'Bundle') continue
      if ((child.type === 'uri' || child.type === 'url') && child.name !== 'system' && typeof child.value === 'string')
        found.add(child.value)
      look(child)
    }
  }
  look(resource)
  return [...found]
}
