/**
 * Code systems: those of the packages and of the tenant as resources, and large ones as tables.
 * https://hl7.org/fhir/R4/codesystem.html
 */
import type { CanonicalEntry, CanonicalResource, Conformance } from '../fhir/conformance.ts'
import { isVersion } from '../fhir/conformance.ts'
import { conceptsInMemory, type Concepts, type Details, type Property, type Row } from './concepts.ts'
import type { Designation } from './terminology.ts'

export type Content = 'complete' | 'fragment' | 'example' | 'not-present' | 'supplement'

/** A code system that is here, at least in part. */
export interface CodeSystem {
  readonly url: string
  readonly version?: string
  readonly name?: string
  readonly title?: string
  readonly content: Content
  /** Canonical of the value set of all its codes. */
  readonly valueSet?: string
  /** The types of its properties, by code. */
  readonly properties: ReadonlyMap<string, string>
  readonly concepts: Concepts
}

/** The code systems that can be asked. */
export interface CodeSystems {
  /** All versions that are here, the one meant by the URL alone first; without supplements. */
  all(url: string): readonly CodeSystem[]
  /** Of a version when it is here (`1.2` finds `1.2.x`), else undefined; without one, the first of `all`. */
  find(url: string, version?: string): CodeSystem | undefined
  /** The designations that supplements add to a concept. */
  supplements(url: string, code: string): readonly Designation[]
  /** What there is of each, without reading it. */
  list(): readonly Pick<CodeSystem, 'url' | 'version' | 'title' | 'content'>[]
}

/** A large code system outside of the packages (code-table.ts). */
export interface CodeTable extends Pick<CodeSystem, 'url' | 'version' | 'name' | 'title'> {
  /** Opened when first asked for. */
  codeSystem(): CodeSystem
}

/** Read once for all tenants, as long as the resource is held somewhere. */
const read = new WeakMap<CanonicalResource, CodeSystem>()
/** Concepts of the code systems that are held although nobody asks for them now. */
const MOST_HELD = 200_000

export function makeCodeSystems(conformance: Conformance, tables: readonly CodeTable[] = []): CodeSystems {
  const byUrl = Map.groupBy(conformance.entries('CodeSystem').toReversed(), ({ url }) => url)
  const supplementsOf = new Map<string, CodeSystem[]>()
  const found = new Map<string, readonly CodeSystem[]>()
  let held = 0

  const open = ({ url, version }: CanonicalEntry): CodeSystem[] => {
    const resource = conformance.find('CodeSystem', version === undefined ? url : `${url}|${version}`)
    return resource ? [codeSystemOf(resource)] : []
  }

  function all(url: string): readonly CodeSystem[] {
    const known = found.get(url)
    if (known) return known
    const fromTables = tables.filter(table => table.url === url).flatMap(opened)
    const entries = (byUrl.get(url) ?? []).filter(({ content }) => content !== 'supplement')
    const systems = [...fromTables, ...entries.flatMap(open)].sort((a, b) => rank(a) - rank(b))
    held += entries.length === 0 ? 1 : systems.reduce((sum, { concepts }) => sum + concepts.size, 1)
    if (held > MOST_HELD) {
      found.clear()
      held = 0
    }
    found.set(url, systems)
    return systems
  }

  function supplements(url: string, code: string): readonly Designation[] {
    let systems = supplementsOf.get(url)
    if (!systems) {
      const entries = [...byUrl.values()].flat().filter(({ content }) => content === 'supplement')
      const all = entries.flatMap(entry => {
        const resource = conformance.find('CodeSystem', entry.url)
        return resource && textOf(resource['supplements'])?.split('|')[0] === url ? open(entry) : []
      })
      if (supplementsOf.size > 1_000) supplementsOf.clear()
      supplementsOf.set(url, (systems = all))
    }
    return systems.flatMap(({ concepts }) => {
      const at = concepts.find(code)
      return at < 0 ? [] : concepts.details(at).designation
    })
  }

  return {
    all,
    find: (url, version) =>
      version === undefined ? all(url)[0] : all(url).find(system => isVersion(system.version, version)),
    supplements,
    list: () => [
      ...tables.map(({ url, version, title }) => ({ url, ...optional({ version, title }), content: 'complete' as const })),
      ...conformance.entries('CodeSystem').map(({ url, version, title, content }) => ({
        url,
        ...optional({ version, title }),
        content: contentOf(content),
      })),
    ], // prettier-ignore
  }
}

/** Nothing for a file that was removed, or cannot be read. */
function opened(table: CodeTable): CodeSystem[] {
  try {
    return [table.codeSystem()]
  } catch {
    return []
  }
}

const order: readonly Content[] = ['complete', 'fragment', 'example', 'not-present', 'supplement']
const rank = ({ content }: CodeSystem) => order.indexOf(content)
const contentOf = (content: unknown): Content => order.find(each => each === content) ?? 'not-present'

/** The properties that have a value. */
export function optional<T extends object>(values: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as never
}

/** An object of a resource. */
export type Json = Readonly<Record<string, unknown>>
/** A text, or nothing. */
export const textOf = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined)
/** The objects of a list; what is none is passed over. */
export const objects = (value: unknown): readonly Json[] =>
  Array.isArray(value) ? value.filter((each): each is Json => typeof each === 'object' && each !== null) : []

/** Reads a CodeSystem resource; what is not as it should be is passed over. */
export function codeSystemOf(resource: CanonicalResource): CodeSystem {
  const known = read.get(resource)
  if (known) return known
  const content = contentOf(resource['content'])
  const properties = objects(resource['property'])
  const system: CodeSystem = {
    url: resource.url ?? '',
    ...optional({
      version: resource.version,
      name: textOf(resource['name']),
      title: textOf(resource['title']),
      valueSet: textOf(resource['valueSet']),
    }),
    content: content === 'complete' && objects(resource['concept']).length === 0 ? 'not-present' : content,
    properties: new Map(properties.map(({ code, type }) => [String(code), textOf(type) ?? 'string'])),
    concepts: conceptsOf(objects(resource['concept']), properties, resource['caseSensitive'] !== false),
  }
  read.set(resource, system)
  return system
}

/** All concepts in their order, nested ones after the one that holds them. */
function conceptsOf(top: readonly Json[], properties: readonly Json[], caseSensitive: boolean): Concepts {
  const rows: Row[] = []
  const childs: number[] = []
  const parents: number[] = []
  /** Links that name a code, which may come later. */
  const named: [at: number, code: string, up: boolean][] = []
  const up = roleOf(properties, 'parent', ['parent', 'subsumedBy'])
  const down = roleOf(properties, 'child', ['child'])
  const open: [Json, number][] = top.toReversed().map(concept => [concept, -1])
  for (let next = open.pop(); next; next = open.pop()) {
    const [concept, parent] = next
    const code = textOf(concept['code'])
    if (code === undefined) continue
    const at = rows.length
    if (parent >= 0) {
      childs.push(at)
      parents.push(parent)
    }
    const values = propertiesOf(concept)
    for (const { code: name, value } of values) {
      const target = textOf(value) ?? textOf((value as Json | null)?.['code'])
      if (target !== undefined && up.has(name)) named.push([at, target, true])
      else if (target !== undefined && down.has(name)) named.push([at, target, false])
    }
    rows.push({
      code,
      ...optional({ display: textOf(concept['display']) }),
      details: () => detailsOf(concept),
      inactive: isInactive(values),
      abstract: values.some(({ code, value }) => (code === 'notSelectable' || code === 'abstract') && value === true),
    })
    for (const child of objects(concept['concept']).toReversed()) open.push([child, at])
  }
  link(rows, named, childs, parents)
  return conceptsInMemory(rows, { childs, parents }, caseSensitive)
}

/** The names of the properties that lead up (or down): by what the code system says of them, or by custom. */
export const roleOf = (properties: readonly Json[], role: string, customary: readonly string[]): Set<string> =>
  new Set([
    ...customary,
    ...properties
      .filter(({ uri }) => textOf(uri) === `http://hl7.org/fhir/concept-properties#${role}`)
      .map(({ code }) => String(code)),
  ])

function link(
  rows: readonly Row[],
  named: readonly (readonly [at: number, code: string, up: boolean])[],
  childs: number[],
  parents: number[],
): void {
  if (named.length === 0) return
  const places = new Map(rows.map(({ code }, at) => [code, at]))
  const known = new Set(childs.map((child, index) => child * rows.length + parents[index]!))
  for (const [at, code, isParent] of named) {
    const other = places.get(code)
    if (other === undefined || other === at) continue
    const [child, parent] = isParent ? [at, other] : [other, at]
    const pair = child * rows.length + parent
    if (known.has(pair)) continue
    known.add(pair)
    childs.push(child)
    parents.push(parent)
  }
}

export const isInactive = (properties: readonly Property[]): boolean =>
  properties.some(
    ({ code, value }) =>
      (code === 'inactive' && value === true) || (code === 'status' && (value === 'retired' || value === 'inactive')),
  )

function propertiesOf(concept: Json): Property[] {
  return objects(concept['property']).flatMap(property => {
    const name = Object.keys(property).find(key => /^value[A-Z]/.test(key))
    if (!name || typeof property['code'] !== 'string') return []
    const type = name.slice('value'.length)
    return [
      {
        code: property['code'],
        type: type === 'Coding' ? type : type.charAt(0).toLowerCase() + type.slice(1),
        value: property[name],
      },
    ]
  })
}

const detailsOf = (concept: Json): Details => ({
  ...optional({ definition: textOf(concept['definition']) }),
  designation: designationsOf(concept),
  property: propertiesOf(concept),
})

/** The designations of a concept of a code system or of a value set. */
export function designationsOf(concept: Json): Designation[] {
  return objects(concept['designation']).flatMap(designation => {
    const { value, use } = designation
    if (typeof value !== 'string') return []
    const { system, code, display } = (typeof use === 'object' && use !== null ? use : {}) as Json
    const coding = optional({ system: textOf(system), code: textOf(code), display: textOf(display) })
    return [
      {
        ...optional({ language: textOf(designation['language']) }),
        ...(Object.keys(coding).length > 0 ? { use: coding } : {}),
        value,
      },
    ]
  })
}
