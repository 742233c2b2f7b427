/**
 * The compact form of the published R4 definitions: some 40 MB of profiles become a few hundred kilobytes of facts.
 * https://hl7.org/fhir/R4/downloads.html
 */
import type { SearchParam } from './definitions.ts'
import { readSearchParam } from './search-param.ts'

/** Changes whenever the shape below changes: an older cache is then compiled anew. */
export const FORMAT = 2

/** What the cache file holds. */
export interface Catalogue {
  readonly format: number
  /** The resource types that can be stored. */
  readonly resourceTypes: readonly string[]
  /** Those of them that are not DomainResources. */
  readonly plain: readonly string[]
  /** By type or backbone path: one line for each element, see `elementLine`. */
  readonly elements: Readonly<Record<string, readonly string[]>>
  /** By value set (without version): the codes that elements bound to it may have. */
  readonly codes: Readonly<Record<string, readonly string[]>>
  readonly searchParams: readonly SearchParam[]
  /** By compartment code, by resource type: the search parameters. */
  readonly compartments: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>
}

/** A published Bundle of definitions. */
export interface Published {
  readonly entry: readonly { readonly resource: PublishedResource }[]
}

export interface PublishedResource {
  readonly resourceType: string
  readonly [element: string]: unknown
}

interface Structure extends PublishedResource {
  readonly name: string
  readonly kind: string
  readonly type: string
  readonly version?: string
  readonly abstract?: boolean
  readonly derivation?: string
  readonly baseDefinition?: string
  readonly snapshot: { readonly element: readonly Element[] }
}

interface Element {
  readonly path: string
  readonly min: number
  readonly max: string
  readonly isSummary?: boolean
  readonly contentReference?: string
  readonly binding?: { readonly strength: string; readonly valueSet?: string }
  readonly type?: readonly ElementType[]
}

interface ElementType {
  readonly code: string
  readonly targetProfile?: readonly string[]
  readonly extension?: readonly { readonly url: string; readonly valueUrl?: string }[]
}

interface Compartment extends PublishedResource {
  readonly code: string
  readonly resource: readonly { readonly code: string; readonly param?: readonly string[] }[]
}

/**
 * Compiles the published files: the profiles of resources (with the CompartmentDefinitions), of types, the search parameters,
 * the value sets with their code systems.
 */
export function compileCatalogue(
  resources: Published,
  types: Published,
  searchParameters: Published,
  valueSets: Published,
): Catalogue {
  // types of later versions of FHIR are not R4's
  const all = [...structures(types), ...structures(resources)].filter(
    structure => (structure.version ?? '4.0.1') === '4.0.1',
  )
  const stored = all.filter(structure => structure.kind === 'resource' && !structure.abstract)
  const codes = requiredCodes(all, valueSets)
  return {
    format: FORMAT,
    resourceTypes: stored.map(structure => structure.name).sort(),
    plain: stored.filter(structure => structure.baseDefinition?.endsWith('/Resource')).map(structure => structure.name),
    elements: Object.fromEntries(all.flatMap(structure => elementsByPath(structure, codes))),
    codes: Object.fromEntries(codes),
    searchParams: searchParameters.entry.flatMap(entry => readSearchParam(entry.resource) ?? []),
    compartments: compartments(resources),
  }
}

function structures(published: Published): Structure[] {
  const found = published.entry
    .map(entry => entry.resource)
    .filter(resource => resource.resourceType === 'StructureDefinition')
  return (found as Structure[]).filter(
    structure =>
      (structure.kind === 'resource' || structure.kind === 'complex-type') && structure.derivation !== 'constraint',
  )
}

function elementsByPath(structure: Structure, codes: RequiredCodes): [string, string[]][] {
  const elements = structure.snapshot.element
  const parents = new Set(elements.map(element => parentOf(element.path)))
  const found = new Map<string, string[]>([[structure.type ?? structure.name, []]])
  for (const element of elements) {
    if (!element.path.includes('.') || element.max === '0') continue
    const parent = parentOf(element.path)
    const lines = found.get(parent) ?? []
    found.set(parent, lines)
    lines.push(elementLine(element, structure, parents.has(element.path), codes))
  }
  return [...found]
}

const parentOf = (path: string) => path.slice(0, Math.max(0, path.lastIndexOf('.')))
const lastOf = (url: string) => url.slice(url.lastIndexOf('/') + 1)

/**
 * `name|flags|type:Target+Target,type|value set`; flags: m(any) r(equired) s(ummary); the name of a choice ends with `[x]`;
 * the value set is that of a code whose codes are known.
 */
function elementLine(element: Element, structure: Structure, hasChildren: boolean, codes: RequiredCodes): string {
  const flags = `${element.max === '1' ? '' : 'm'}${element.min > 0 ? 'r' : ''}${element.isSummary ? 's' : ''}`
  const name = element.path.slice(element.path.lastIndexOf('.') + 1)
  if (hasChildren) return `${name}|${flags}|${element.path}`
  if (element.contentReference) return `${name}|${flags}|${element.contentReference.slice(1)}`
  const valueSet = valueSetOf(element)
  const bound = valueSet !== undefined && codes.has(valueSet) ? `|${valueSet}` : ''
  return `${name}|${flags}|${(element.type ?? []).map(type => typeText(type, element, structure)).join(',')}${bound}`
}

function typeText(type: ElementType, element: Element, structure: Structure): string {
  const published = type.extension?.find(extension =>
    extension.url.endsWith('/structuredefinition-fhir-type'),
  )?.valueUrl
  // the published type of Resource.id is string, an error corrected in R5
  const isLogicalId = structure.kind === 'resource' && element.path === `${structure.name}.id`
  const code = isLogicalId ? 'id' : (published ?? type.code)
  const targets = (type.targetProfile ?? []).map(lastOf)
  return targets.length > 0 && !targets.includes('Resource') ? `${code}:${targets.join('+')}` : code
}

type RequiredCodes = ReadonlyMap<string, readonly string[]>

/** The value set that a `code` must be from. */
function valueSetOf({ binding, type }: Element): string | undefined {
  if (binding?.strength !== 'required' || type?.length !== 1 || type[0]!.code !== 'code') return undefined
  return binding.valueSet?.split('|', 1)[0]
}

/** The value sets that elements of type `code` are bound to, as far as they are a list of codes. */
function requiredCodes(structures: readonly Structure[], published: Published): RequiredCodes {
  const byUrl = new Map(
    published.entry.map(({ resource }) => [`${resource.resourceType} ${resource['url']}`, resource]),
  )
  const urls = structures.flatMap(({ snapshot }) => snapshot.element.flatMap(element => valueSetOf(element) ?? []))
  const found = new Map<string, readonly string[]>()
  for (const url of new Set(urls)) {
    const codes = codesOf(byUrl.get(`ValueSet ${url}`), system => byUrl.get(`CodeSystem ${system}`))
    if (codes) found.set(url, codes)
  }
  return found
}

interface Concept {
  readonly code: string
  readonly concept?: readonly Concept[]
}

interface Compose {
  readonly exclude?: unknown
  readonly include: readonly {
    readonly system?: string
    readonly concept?: readonly Concept[]
    readonly filter?: unknown
    readonly valueSet?: unknown
  }[]
}

/** All codes of a value set; undefined when it is more than lists of codes and whole systems known here. */
function codesOf(
  valueSet: PublishedResource | undefined,
  systemOf: (url: string) => PublishedResource | undefined,
): readonly string[] | undefined {
  const compose = valueSet?.['compose'] as Compose | undefined
  if (!compose || compose.exclude) return undefined
  const codes: string[] = []
  for (const { system, concept, filter, valueSet: others } of compose.include) {
    if (filter || others || system === undefined) return undefined
    const whole = systemOf(system)
    const concepts =
      concept ?? (whole?.['content'] === 'complete' ? (whole['concept'] as Concept[] | undefined) : undefined)
    if (!concepts) return undefined
    codes.push(...concepts.flatMap(withThoseBelow))
  }
  return [...new Set(codes)]
}

const withThoseBelow = ({ code, concept = [] }: Concept): string[] => [code, ...concept.flatMap(withThoseBelow)]

function compartments(resources: Published): Record<string, Record<string, string[]>> {
  const found: Record<string, Record<string, string[]>> = {}
  for (const { resource } of resources.entry) {
    if (resource.resourceType !== 'CompartmentDefinition') continue
    const compartment = resource as Compartment
    // '{def}' says that the resource itself is in its compartment: no parameter
    const members = compartment.resource.flatMap(member =>
      member.param ? [[member.code, member.param.filter(param => param !== '{def}')] as const] : [],
    )
    found[compartment.code] = Object.fromEntries(members)
  }
  return found
}
