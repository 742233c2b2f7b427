/**
 * Concept maps: what a code of one system is in another.
 * https://hl7.org/fhir/R4/conceptmap-operation-translate.html
 */
import { splitCanonical, type CanonicalResource, type Conformance } from '../fhir/conformance.ts'
import { badRequest, notFound } from '../fhir/outcome.ts'
import { objects, optional, textOf, type Json } from './code-system.ts'
import type { Translation, TranslateQuestion } from './terminology.ts'

/** One row: from a code to another one, or to none. */
interface Row {
  readonly source: { readonly system?: string; readonly code: string; readonly display?: string }
  readonly target: { readonly system?: string; readonly code?: string; readonly display?: string }
  readonly equivalence: string
  readonly comment?: string
  readonly dependsOn: readonly Json[]
  readonly product: readonly Json[]
  readonly map?: string
}

interface Rows {
  readonly bySource: ReadonlyMap<string, readonly Row[]>
  readonly byTarget: ReadonlyMap<string, readonly Row[]>
  readonly groups: readonly Json[]
}

const read = new WeakMap<object, Rows>()

/** Throws a FhirError: 404 for a concept map that is not here, 400 when none is named and none fits. */
export function translate(conformance: Conformance, question: TranslateQuestion): readonly Translation[] {
  const maps = mapsFor(conformance, question)
  const found = maps.flatMap(map => inMap(map, question, conformance, new Set()))
  const seen = new Set<string>()
  return found.filter(each => {
    const key = JSON.stringify([each.equivalence, each.concept?.system, each.concept?.code, each.product])
    return !seen.has(key) && seen.add(key)
  })
}

/** The one that is named, or all from the source value set (or system) to the target. */
function mapsFor(conformance: Conformance, question: TranslateQuestion): readonly CanonicalResource[] {
  const { conceptMap, source, target, targetSystem, codings, reverse } = question
  if (typeof conceptMap === 'object') return [conceptMap as CanonicalResource]
  if (conceptMap !== undefined) {
    const map = conformance.find('ConceptMap', conceptMap)
    if (!map) throw notFound(`There is no concept map ${conceptMap.slice(0, 300)} on this server.`)
    return [map]
  }
  if (!source && !target && !targetSystem)
    throw badRequest('Name a concept map (url), or what to translate to: target, a value set, or targetsystem.')
  const systems = new Set(codings.map(({ system }) => system))
  return conformance.entries('ConceptMap').flatMap(({ url, version }) => {
    const map = conformance.find('ConceptMap', version === undefined ? url : `${url}|${version}`)
    if (!map) return []
    const scopes = (side: string) => [map[`${side}Uri`], map[`${side}Canonical`]].flatMap(each => textOf(each) ?? [])
    const groups = objects(map['group'])
    const fits =
      (!source || scopes('source').some(each => same(each, source))) &&
      (!target || scopes('target').some(each => same(each, target))) &&
      (!targetSystem || groups.some(group => group['target'] === targetSystem)) &&
      groups.some(group => systems.has(textOf(group[reverse ? 'target' : 'source'])))
    return fits ? [map] : []
  })
}

const same = (one: string, other: string) => splitCanonical(one).url === splitCanonical(other).url

function inMap(
  map: CanonicalResource,
  question: TranslateQuestion,
  conformance: Conformance,
  visited: Set<object>,
): Translation[] {
  if (visited.has(map) || visited.size > 10) return []
  visited.add(map)
  const rows = rowsOf(map)
  const { codings, reverse = false, dependency = [], targetSystem } = question
  return codings.flatMap(({ system, code }) => {
    const found = (reverse ? rows.byTarget : rows.bySource).get(code) ?? []
    const fitting = found.filter(row => {
      const [from, to] = reverse ? [row.target, row.source] : [row.source, row.target]
      return (
        (system === undefined || from.system === undefined || from.system === system) &&
        (targetSystem === undefined || to.system === targetSystem) &&
        dependsOn(row.dependsOn, dependency)
      )
    })
    if (fitting.length > 0 || reverse) return fitting.map(row => printed(row, reverse))
    return rows.groups
      .filter(group => group['source'] === undefined || system === undefined || group['source'] === system)
      .filter(group => targetSystem === undefined || group['target'] === targetSystem)
      .flatMap(group => unmapped(group, map, code, question, conformance, visited))
  })
}

/** What the map depends on must be said, each as it is. */
const dependsOn = (needed: readonly Json[], given: NonNullable<TranslateQuestion['dependency']>) =>
  needed.every(each =>
    given.some(
      ({ property, system, value }) =>
        property === each['property'] &&
        value === each['value'] &&
        (system === undefined || each['system'] === undefined || system === each['system']),
    ),
  )

function printed(row: Row, reverse: boolean): Translation {
  const to = reverse ? row.source : row.target
  return {
    equivalence: reverse ? (turned[row.equivalence] ?? row.equivalence) : row.equivalence,
    ...(to.code === undefined ? {} : { concept: { ...to, code: to.code } }),
    product: (reverse ? [] : row.product).map(each => ({
      property: String(each['property']),
      ...optional({ system: textOf(each['system']) }),
      value: String(each['value']),
    })),
    ...optional({ source: row.map, comment: row.comment }),
  }
}

/** Read from the other side. */
const turned: Readonly<Record<string, string>> = {
  wider: 'narrower',
  narrower: 'wider',
  subsumes: 'specializes',
  specializes: 'subsumes',
}

/** What the group says of codes that it does not map. https://hl7.org/fhir/R4/conceptmap.html#unmapped */
function unmapped(
  group: Json,
  map: CanonicalResource,
  code: string,
  question: TranslateQuestion,
  conformance: Conformance,
  visited: Set<object>,
): Translation[] {
  const rule = group['unmapped'] as Json | undefined
  const system = optional({ system: textOf(group['target']) })
  const source = optional({ source: map.url })
  switch (rule?.['mode']) {
    case 'provided':
      return [{ equivalence: 'equal', concept: { ...system, code }, product: [], ...source }]
    case 'fixed': {
      const fixed = textOf(rule['code'])
      if (fixed === undefined) return []
      const display = optional({ display: textOf(rule['display']) })
      return [{ equivalence: 'inexact', concept: { ...system, code: fixed, ...display }, product: [], ...source }]
    }
    case 'other-map': {
      const other = textOf(rule['url'])
      const next = other === undefined ? undefined : conformance.find('ConceptMap', other)
      return next ? inMap(next, question, conformance, visited) : []
    }
    default:
      return []
  }
}

function rowsOf(map: CanonicalResource): Rows {
  const known = read.get(map)
  if (known) return known
  const groups = objects(map['group'])
  const rows = groups.flatMap(group => objects(group['element']).flatMap(element => rowsOfElement(map, group, element)))
  const made: Rows = {
    groups,
    bySource: Map.groupBy(rows, ({ source }) => source.code),
    byTarget: Map.groupBy(
      rows.filter(({ target }) => target.code !== undefined),
      ({ target }) => target.code!,
    ),
  }
  read.set(map, made)
  return made
}

function rowsOfElement(map: CanonicalResource, group: Json, element: Json): Row[] {
  const code = textOf(element['code'])
  if (code === undefined) return []
  const source = { ...optional({ system: textOf(group['source']), display: textOf(element['display']) }), code }
  const row = (target: Json): Row => ({
    source,
    target: optional({
      system: textOf(group['target']),
      code: textOf(target['code']),
      display: textOf(target['display']),
    }),
    equivalence: textOf(target['equivalence']) ?? 'unmatched',
    ...optional({ comment: textOf(target['comment']), map: map.url }),
    dependsOn: objects(target['dependsOn']),
    product: objects(target['product']),
  })
  const targets = objects(element['target'])
  return targets.length > 0 ? targets.map(row) : [row({ equivalence: 'unmatched' })]
}
