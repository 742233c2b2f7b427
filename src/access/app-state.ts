/**
 * SMART App State: Basic resources in which apps keep what they want to find again; whose they are, and who sees them.
 * https://hl7.org/fhir/smart-app-launch/STU2.2/app-state.html
 */
import { everything, type Filter, type Predicate } from '../search/query.ts'
import type { Action } from './caller.ts'
import type { Level } from './scope.ts'

/** The system of the tag that makes a Basic app state; its code is the origin that the state code belongs to. Put there by the server. */
export const APP_STATE = 'https://fhir.dhp.tw.example/NamingSystem/smart-app-state'

/** The origin whose apps this Basic belongs to; undefined for a Basic that is no app state. */
export function stateOrigin(resource: unknown): string | undefined {
  const { resourceType, meta } = resource as { resourceType?: unknown; meta?: { tag?: unknown } }
  if (resourceType !== 'Basic' || !Array.isArray(meta?.tag)) return undefined
  const tag = (meta.tag as ({ system?: unknown; code?: unknown } | null)[]).find(each => each?.system === APP_STATE)
  return typeof tag?.code === 'string' ? tag.code : undefined
}

/** The origin of a state code's system; undefined for what is no web address. */
export function originOf(system: unknown): string | undefined {
  const url = typeof system === 'string' ? URL.parse(system) : null
  return url && /^https?:$/.test(url.protocol) ? url.origin : undefined
}

const tagged = (...more: readonly Predicate[]): Filter => ({
  is: 'has',
  param: '_tag',
  kind: 'token',
  where: { is: 'and', parts: [{ is: 'compare', by: '=', column: 'system', value: APP_STATE }, ...more] },
})

/** A Basic like any other. */
export const noState: Filter = { is: 'not', part: tagged() }

export interface StateHolder {
  readonly level: Level
  /** `Practitioner/1`; absent for backend services. */
  readonly user?: string | undefined
  /** The patients that the scope's level opens, or all. */
  readonly reach: 'all' | readonly string[]
  /** The origins of the app. */
  readonly origins: readonly string[]
  /** FHIR base, without trailing slash: subjects may be absolute. */
  readonly base: string
}

/**
 * The app state that an app may do this to; undefined for none. Only what belongs to an origin of its own, and of that:
 * by a patient scope the state of the patient in context; by a user scope that of the user, of patients whose records the user may
 * open, and what belongs to nobody (to be written by those who treat only); by a system scope all.
 */
export function stateFilter(holder: StateHolder, action: Action): Filter | undefined {
  const { level, reach, origins } = holder
  if (origins.length === 0) return undefined
  const own = tagged({ is: 'one of', column: 'code', values: origins })
  const whose = level === 'system' ? everything : subjects(holder, action === 'read' || action === 'search')
  return whose === everything && reach === 'all' ? own : { is: 'all', parts: [own, whose] }
}

function subjects({ level, user, reach, base }: StateHolder, reading: boolean): Filter {
  const refs = reach === 'all' ? [] : reach.map(id => `Patient/${id}`)
  if (level === 'user' && user !== undefined) refs.push(user)
  const where: Predicate[] = [{ is: 'one of', column: 'ref', values: refs.flatMap(ref => [ref, `${base}/${ref}`]) }]
  if (reach === 'all')
    for (const value of ['Patient/', `${base}/Patient/`]) where.push({ is: 'starts', column: 'ref', value })
  const theirs: Filter = { is: 'has', param: 'subject', kind: 'reference', where: { is: 'or', parts: where } }
  const ofNobody: Filter = { is: 'not', part: { is: 'has', param: 'subject', kind: 'reference' } }
  return level === 'user' && (reading || reach === 'all') ? { is: 'any', parts: [theirs, ofNobody] } : theirs
}
