/**
 * References: read, print, find in a resource, rewrite.
 * https://hl7.org/fhir/R4/references.html
 */
import type { Definitions } from './definitions.ts'
import { MAX_DEPTH } from './json.ts'
import type { Ref } from './types.ts'

/** A reference to a resource of this server, perhaps to one version of it. */
export interface LiteralReference extends Ref {
  readonly version?: string
}

/**
 * `Patient/1`, `Patient/1/_history/2`, or the same after the server's own base (given without trailing slash).
 * Undefined for everything else: other servers, urns, `#contained`, conditional references.
 */
export function readReference(text: string, base?: string): LiteralReference | undefined {
  let from = 0
  if (base !== undefined && text.startsWith(base) && text[base.length] === '/') from = base.length + 1
  const slash = text.indexOf('/', from)
  if (slash < 0 || !isTypeName(text, from, slash)) return undefined
  const next = text.indexOf('/', slash + 1)
  const end = next < 0 ? text.length : next
  if (!isId(text, slash + 1, end)) return undefined
  const ref = { type: text.slice(from, slash), id: text.slice(slash + 1, end) }
  if (next < 0) return ref
  const versionAt = next + HISTORY.length
  return text.startsWith(HISTORY, next) && isId(text, versionAt, text.length)
    ? { ...ref, version: text.slice(versionAt) }
    : undefined
}

const HISTORY = '/_history/'

/** `Patient/1`, with `/_history/2` when it names a version. */
export const printRef = (ref: LiteralReference): string =>
  ref.version === undefined ? `${ref.type}/${ref.id}` : `${ref.type}/${ref.id}${HISTORY}${ref.version}`

/** The resource type a reference speaks of by its path, on whatever server: that of `http://x.org/fhir/Patient/1` is Patient. */
export function typeOfReference(text: string): string | undefined {
  const history = text.lastIndexOf(HISTORY)
  const end = history < 0 ? text.length : history
  const slash = text.lastIndexOf('/', end - 1)
  const from = text.lastIndexOf('/', slash - 1) + 1
  return slash > 0 && isTypeName(text, from, slash) && isId(text, slash + 1, end) ? text.slice(from, slash) : undefined
}

/** The type of what a Reference (or a uri) leads to: by its own word, by its text, or of the resource contained in `root`. */
export function typeReferredTo(value: unknown, root: unknown): string | undefined {
  const { reference, type } =
    typeof value === 'string' ? { reference: value } : ((value ?? {}) as Record<string, unknown>)
  if (typeof reference === 'string' && reference.startsWith('#')) return typeContained(root, reference.slice(1))
  const byText = typeof reference === 'string' ? typeOfReference(reference) : undefined
  return byText ?? (typeof type === 'string' ? type : undefined)
}

function typeContained(root: unknown, id: string): string | undefined {
  const { resourceType, contained } = (root ?? {}) as Record<string, unknown>
  if (id === '') return typeof resourceType === 'string' ? resourceType : undefined
  if (!Array.isArray(contained)) return undefined
  const parts = contained as ({ id?: unknown; resourceType?: unknown } | null)[]
  const found = parts.length > MANY ? byId(parts).get(id) : parts.find(part => part?.id === id)?.resourceType
  return typeof found === 'string' ? found : undefined
}

/** From so many contained resources on their ids are looked up and not gone through for each reference. */
const MANY = 50
const typesById = new WeakMap<object, Map<unknown, unknown>>()

function byId(parts: readonly ({ id?: unknown; resourceType?: unknown } | null)[]): Map<unknown, unknown> {
  const known = typesById.get(parts)
  if (known) return known
  const made = new Map<unknown, unknown>()
  for (const part of parts) if (part && !made.has(part.id)) made.set(part.id, part.resourceType)
  typesById.set(parts, made)
  return made
}

/** An upper case letter, then letters. */
function isTypeName(text: string, from: number, end: number): boolean {
  const first = text.charCodeAt(from)
  if (end - from < 2 || first < 65 || first > 90) return false
  for (let i = from + 1; i < end; i++) {
    const code = text.charCodeAt(i) | 32
    if (code < 97 || code > 122) return false
  }
  return true
}

/** Letters, digits, `-` and `.`, at most 64. */
function isId(text: string, from: number, end: number): boolean {
  if (end - from < 1 || end - from > 64) return false
  for (let i = from; i < end; i++) {
    const code = text.charCodeAt(i)
    const letter = code | 32
    if (!((letter >= 97 && letter <= 122) || (code >= 48 && code <= 57) || code === 45 || code === 46)) return false
  }
  return true
}

/** One Reference.reference in a resource, with the FHIRPath of its Reference element. */
export interface FoundReference {
  readonly text: string
  readonly path: string
}

/** Every Reference.reference of the resource and of what it contains. */
export function references(resource: unknown): readonly FoundReference[] {
  const found: FoundReference[] = []
  const name = isObject(resource) && typeof resource.resourceType === 'string' ? resource.resourceType : 'Resource'
  const open: { part: unknown; path: string; depth: number }[] = [{ part: resource, path: name, depth: 0 }]
  for (let item = open.pop(); item; item = open.pop()) {
    const { part, path, depth } = item
    if (typeof part !== 'object' || part === null || depth > MAX_DEPTH) continue
    const many = Array.isArray(part)
    // last first, so that they come off the pile in order
    for (const [key, value] of Object.entries(part as Record<string, unknown>).reverse()) {
      if (key === 'reference' && typeof value === 'string') found.push({ text: value, path })
      else if (typeof value === 'object')
        open.push({ part: value, path: many ? `${path}[${key}]` : `${path}.${key}`, depth: depth + 1 })
    }
  }
  return found
}

/** Where a link stands: in Reference.reference, in an element of a uri type, or as href or src in the narrative. */
export type LinkPlace = 'reference' | 'uri' | 'narrative'

const uriTypes = new Set(['uri', 'url', 'canonical', 'oid', 'uuid'])
/** Without definitions: the names that only elements of uri types have. */
const uriName = /^(?:url|uri|(?:value|asserted|instantiates|definition)(?:Uri|Url|Canonical|Oid|Uuid))$/

/**
 * Rewrites in place whatever `rewrite` has a new text for, where a transaction must: References, elements of type uri,
 * url, oid, uuid and canonical, and href and src in narratives. `definitions` tell the uri elements exactly; without
 * them they go by their names. Identifiers, being strings, stay as they are. `mayBeLink` spares the look at what type
 * an element has: other texts than those it says yes to are only rewritten in References and narratives.
 * https://hl7.org/fhir/R4/http.html#trules
 */
export function rewriteReferences(
  resource: object,
  rewrite: (text: string, place: LinkPlace) => string | undefined,
  definitions?: Definitions,
  mayBeLink?: (text: string) => boolean,
): void {
  const path: Record<string, unknown>[] = []
  const names: string[] = []
  const text = (holder: Record<string, unknown>, key: string | number, name: string, value: string) => {
    let place: LinkPlace
    if (name === 'reference') place = 'reference'
    else if (name === 'div') place = 'narrative'
    else if ((!mayBeLink || mayBeLink(value)) && isUri(name, typeAt(path, names, name, definitions))) place = 'uri'
    else return
    const changed = rewritten(value, place, rewrite)
    if (changed !== undefined) holder[key] = changed
  }
  // an item of an array goes by the array's name
  const items = (array: unknown[], name: string) => {
    for (let i = 0; i < array.length; i++) {
      const each = array[i]
      if (typeof each === 'string') text(array as never, i, name, each)
      else if (Array.isArray(each)) items(each, name)
      else if (typeof each === 'object' && each !== null) element(each as Record<string, unknown>, name)
    }
  }
  const element = (part: Record<string, unknown>, name: string) => {
    if (path.length > MAX_DEPTH) return
    names.push(name)
    object(part)
    names.pop()
  }
  const object = (part: Record<string, unknown>) => {
    path.push(part)
    for (const name in part) {
      const value = part[name]
      if (typeof value === 'string') text(part, name, name, value)
      else if (Array.isArray(value)) items(value, name)
      else if (typeof value === 'object' && value !== null) element(value as Record<string, unknown>, name)
    }
    path.pop()
  }
  object(resource as Record<string, unknown>)
}

/** The type of the element `name` of the last object of a path, by the definitions of the resource it is in. */
function typeAt(
  path: readonly Record<string, unknown>[],
  names: readonly string[],
  name: string,
  definitions: Definitions | undefined,
): string | undefined {
  let type: string | undefined
  for (const [i, part] of path.entries()) {
    if (i > 0) type = elementType(definitions, type, names[i - 1]!)
    if (typeof part['resourceType'] === 'string') type = part['resourceType']
  }
  return elementType(definitions, type, name)
}

const elementType = (definitions: Definitions | undefined, type: string | undefined, name: string) =>
  (type === undefined ? undefined : definitions?.elements(type)?.get(name)?.type) ??
  (name.startsWith('_') ? 'Element' : undefined)

const isUri = (name: string, type: string | undefined): boolean =>
  type === undefined ? uriName.test(name) : uriTypes.has(type)

function rewritten(text: string, place: LinkPlace, rewrite: (text: string, place: LinkPlace) => string | undefined) {
  if (place !== 'narrative') return rewrite(text, place)
  if (!text.includes('href=') && !text.includes('src=')) return undefined
  const changed = text.replace(
    /(\s(?:href|src)=)(?:"([^"]*)"|'([^']*)')/g,
    (whole, before: string, double?: string, single?: string) => {
      const link = rewrite((double ?? single ?? '').replaceAll('&amp;', '&'), 'narrative')
      return link === undefined
        ? whole
        : `${before}"${link.replaceAll('&', '&amp;').replaceAll('"', '&quot;').replaceAll('<', '&lt;')}"`
    },
  )
  return changed === text ? undefined : changed
}

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null
