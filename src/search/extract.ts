/**
 * A resource becomes the entries it is found by, for every search parameter of its type.
 * https://hl7.org/fhir/R4/searchparameter.html#extraction
 */
import { makeAliases } from './aliases.ts'
import type { Definitions, SearchParam, SearchParamType } from '../fhir/definitions.ts'
import { compileExpression } from './compile.ts'
import { type Component, componentParams } from './components.ts'
import { makeContent, narrativeText } from './content.ts'
import type { SearchKind } from './kind.ts'
import { shortEntry } from './long-text.ts'
import type { Extractor, IndexEntry } from './query.ts'
import type { Found, Walk } from './walk.ts'
import { words } from './words.ts'

export { componentParams }

/** How each kind of parameter enters a value: search/kinds.ts. */
type Kinds = Readonly<Record<SearchParamType, Pick<SearchKind, 'index'>>>
type Resource = Readonly<Record<string, unknown>>

/** How one parameter's values are found and entered. */
interface Reader {
  readonly code: string
  readonly walk: Walk
  readonly index: SearchKind['index']
}

/** How one composite parameter's groups are found: for each kind of root its walk and its components. */
interface GroupReader {
  readonly root: Walk
  readonly components: readonly Reader[]
}

interface Plan {
  readonly readers: readonly Reader[]
  readonly groups: ReadonlyMap<string, readonly GroupReader[]>
  /** Components that no parameter's own entries cover: entered under their own names. */
  readonly extra: readonly GroupReader[]
}

/** The store knows these without entries; the last two are read from the whole resource. */
const elsewhere = new Set(['_id', '_lastUpdated', '_text', '_content'])

/** The extractor for these definitions. Plans are made when a type first comes, in a few milliseconds. */
export function makeExtractor(definitions: Definitions, kinds: Kinds): Extractor {
  const plans = new Map<string, Plan>()
  const content = makeContent(definitions)
  const planOf = (type: string): Plan => {
    const plan = plans.get(type) ?? makePlan(definitions, kinds, type)
    plans.set(type, plan)
    return plan
  }
  const typeOf = (resource: Resource): string | undefined =>
    typeof resource.resourceType === 'string' && definitions.isResourceType(resource.resourceType)
      ? resource.resourceType
      : undefined

  function entriesOf(resource: unknown, root: unknown): readonly IndexEntry[] {
    const type = isObject(resource) ? typeOf(resource) : undefined
    if (type === undefined) return []
    const entries: IndexEntry[] = []
    const plan = planOf(type)
    for (const reader of plan.readers) read(reader, resource, root, entries)
    if (plan.extra.length > 0) {
      const add = adder(entries)
      for (const group of plan.extra) for (const each of groupsOf(group, resource, root)) each.forEach(add)
    }
    addWords(resource as Resource, content, entries)
    return entries
  }

  return {
    aliases: makeAliases(definitions),
    entries(resource) {
      const entries = entriesOf(resource, resource) as IndexEntry[]
      const types = new Set(containedIn(resource).flatMap(part => typeOf(part) ?? []))
      for (const type of types) entries.push({ kind: 'token', param: '_contained', system: '', code: type })
      return entries
    },
    groups(resource, composite) {
      const type = isObject(resource) ? typeOf(resource) : undefined
      const readers = type === undefined ? undefined : planOf(type).groups.get(composite)
      return readers?.flatMap(reader => groupsOf(reader, resource, resource)) ?? []
    },
    contained: (resource, type) =>
      containedIn(resource).flatMap(part => (part.resourceType === type ? [entriesOf(part, resource)] : [])),
  }
}

function makePlan(definitions: Definitions, kinds: Kinds, type: string): Plan {
  const readers: Reader[] = []
  const groups = new Map<string, readonly GroupReader[]>()
  const extra: GroupReader[] = []
  for (const param of definitions.searchParams(type).values()) {
    if (param.type === 'composite') {
      const components = componentParams(definitions, type, param)
      groups.set(param.code, groupReaders(definitions, kinds, type, param, components))
      const uncovered = components.filter(component => component.extra)
      if (uncovered.length > 0) extra.push(...groupReaders(definitions, kinds, type, param, uncovered))
    } else if (!elsewhere.has(param.code) && param.expression !== '') {
      const { walk } = compileExpression(definitions, param.expression, type)
      readers.push({ code: param.code, walk, index: indexOf(kinds, param) })
    }
  }
  return { readers, groups, extra }
}

function groupReaders(
  definitions: Definitions,
  kinds: Kinds,
  type: string,
  composite: SearchParam,
  components: readonly Component[],
): GroupReader[] {
  if (components.length === 0) return []
  const roots = compileExpression(definitions, composite.expression, type).ways ?? []
  return roots.map(root => ({
    root: root.walk,
    components: components.map(({ param, search, expression }) => ({
      code: param,
      walk: compileExpression(definitions, expression, root.type).walk,
      index: indexOf(kinds, search),
    })),
  }))
}

function indexOf(kinds: Kinds, param: SearchParam): SearchKind['index'] {
  const { index } = kinds[param.type]
  return param.type === 'reference'
    ? (value, dataType, code) => index(...asReference(value, dataType, param), code)
    : index
}

/** A parameter can lead to a resource itself (the first entry of a document): that is entered as a reference to it. */
function asReference(value: unknown, dataType: string, param: SearchParam): [value: unknown, dataType: string] {
  if (!isObject(value) || typeof value.resourceType !== 'string') return [value, dataType]
  const { resourceType, id } = value
  const isWanted = typeof id === 'string' && (param.target.length === 0 || param.target.includes(resourceType))
  return [isWanted ? { reference: `${resourceType}/${id}` } : {}, 'Reference']
}

/** Filled and emptied by one reader at a time: nothing in between waits or calls back. */
const scratch: Found = { values: [], types: [] }

function read(reader: Reader, focus: unknown, root: unknown, entries: IndexEntry[]): void {
  const { values, types } = scratch
  reader.walk(focus, root, scratch)
  if (values.length === 0) return
  const add = adder(entries)
  for (let i = 0; i < values.length; i++)
    for (const entry of reader.index(values[i], types[i]!, reader.code)) add(shortEntry(entry))
  values.length = 0
  types.length = 0
}

/** More entries than this are told apart by a Set: comparing each with each would take too long. */
const FEW = 16

/** Adds to the entries what does not stand there since the adder was made (entries of different parameters are never the same). */
function adder(entries: IndexEntry[]): (entry: IndexEntry) => void {
  const from = entries.length
  let keys: Set<string> | undefined
  return entry => {
    if (entries.length - from > FEW) {
      keys ??= new Set(entries.slice(from).map(each => JSON.stringify(each)))
      if (keys.size === keys.add(JSON.stringify(entry)).size) return
    } else {
      for (let i = entries.length - 1; i >= from; i--) if (isSame(entries[i]!, entry)) return
    }
    entries.push(entry)
  }
}

function isSame(one: IndexEntry, other: IndexEntry): boolean {
  if (one.kind !== other.kind || one.param !== other.param) return false
  switch (one.kind) {
    case 'string':
      return one.exact === (other as typeof one).exact && one.text === (other as typeof one).text
    case 'token':
      return one.code === (other as typeof one).code && one.system === (other as typeof one).system
    case 'reference':
      return one.ref === (other as typeof one).ref
    case 'date':
      return one.low === (other as typeof one).low && one.high === (other as typeof one).high
    case 'quantity':
      return isSameQuantity(one, other as typeof one)
    default:
      return one.text === (other as typeof one).text
  }
}

type QuantityEntry = Extract<IndexEntry, { kind: 'quantity' }>

const isSameQuantity = (one: QuantityEntry, other: QuantityEntry) =>
  one.low === other.low &&
  one.high === other.high &&
  one.system === other.system &&
  one.code === other.code &&
  one.unit === other.unit

function groupsOf(reader: GroupReader, focus: unknown, root: unknown): IndexEntry[][] {
  const roots: Found = { values: [], types: [] }
  reader.root(focus, root, roots)
  return roots.values.flatMap(value => {
    const group: IndexEntry[] = []
    for (const component of reader.components) read(component, value, root, group)
    return group.length > 0 ? [group] : []
  })
}

function addWords(resource: Resource, content: (resource: Resource) => string, entries: IndexEntry[]): void {
  const { text } = resource
  if (isObject(text) && typeof text.div === 'string') addText('_text', narrativeText(text.div), entries)
  addText('_content', content(resource), entries)
}

function addText(param: string, readable: string, entries: IndexEntry[]): void {
  const text = words(readable)
  if (text !== '') entries.push({ kind: 'words', param, text })
}

const isObject = (value: unknown): value is Resource =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const containedIn = (resource: unknown): readonly Resource[] =>
  isObject(resource) && Array.isArray(resource.contained) ? resource.contained.filter(isObject) : []
