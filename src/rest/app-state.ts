/**
 * What is asked of a write of SMART App State: its form, its size, and that nobody's change is lost.
 * https://hl7.org/fhir/smart-app-launch/STU2.2/app-state.html#managing-app-state-cruds
 */
import { isDeepStrictEqual } from 'node:util'
import { APP_STATE, originOf, stateOrigin } from '../access/app-state.ts'
import { preconditionFailed, tooLarge, unprocessable } from '../fhir/outcome.ts'
import { readReference } from '../fhir/reference.ts'
import type { Version } from '../store/store.ts'
import type { Context, Resource } from './exchange.ts'

/** Bytes of one state. */
export const MOST_STATE = 256 * 1024

/** Who or what a state may be about. */
const SUBJECTS: ReadonlySet<string> = new Set([
  'Patient',
  'Practitioner',
  'PractitionerRole',
  'RelatedPerson',
  'Person',
])

type Basic = Resource & {
  readonly meta?: { readonly tag?: readonly { readonly system?: string }[] }
  readonly code?: { readonly coding?: readonly { readonly system?: string; readonly code?: string }[] }
  readonly subject?: { readonly reference?: string }
  readonly extension?: readonly Readonly<Record<string, unknown>>[]
}

/** Whether a stored version is app state, told without reading most of those that are none. */
export const isState = ({ ref, text }: Version): boolean =>
  ref.type === 'Basic' && text !== undefined && text.includes(APP_STATE) && stateOrigin(JSON.parse(text)) !== undefined

/**
 * The resource as it is to be stored: with the mark of app state when an app writes a Basic under a code of its own. Throws 413, 422
 * for what is no proper state, 412 when an update would make it another state. `current`: what it takes the place of.
 */
export function asState(context: Context, resource: Resource, current?: Version): Resource {
  if (resource.resourceType !== 'Basic') return resource
  const basic = resource as Basic
  const { caller, request } = context
  const before = current && isState(current) ? (JSON.parse(current.text!) as Basic) : undefined
  const origin = before
    ? stateOrigin(before)
    : current?.text === undefined
      ? ownOrigin(basic, caller.stateOrigins)
      : undefined
  if (origin === undefined) return caller.grant ? marked(basic) : resource
  if (
    before &&
    !(
      isDeepStrictEqual(plain(before.code), plain(basic.code)) &&
      isDeepStrictEqual(plain(before.subject), plain(basic.subject))
    )
  )
    throw preconditionFailed('Code and subject of app state cannot change. Delete this one and make another.')
  refuseMalformed(basic, request.base)
  return marked(basic, origin)
}

const plain = (value: unknown): unknown => (value === undefined ? undefined : JSON.parse(JSON.stringify(value)))

/** The origin that a code in it belongs to, when it is the caller's own. */
const ownOrigin = ({ code }: Basic, origins: readonly string[] = []): string | undefined =>
  code?.coding?.map(({ system }) => originOf(system)).find(each => each !== undefined && origins.includes(each))

/** With the mark of this origin and no other; without one, no mark: only the server says what is app state. */
function marked(basic: Basic, origin?: string): Resource {
  const { tag = [], ...meta } = basic.meta ?? {}
  const tags = [
    ...tag.filter(({ system }) => system !== APP_STATE),
    ...(origin === undefined ? [] : [{ system: APP_STATE, code: origin }]),
  ]
  if (tags.length === tag.length && origin === undefined) return basic
  const { meta: _, ...rest } = basic
  const labelled = { ...meta, ...(tags.length > 0 ? { tag: tags } : {}) }
  return { ...rest, ...(Object.keys(labelled).length > 0 ? { meta: labelled } : {}) } as Resource
}

function refuseMalformed(basic: Basic, base: string): void {
  const size = Buffer.byteLength(JSON.stringify(basic))
  if (size > MOST_STATE) throw tooLarge(`App state has at most ${MOST_STATE} bytes; this has ${size}.`)
  const codings = basic.code?.coding ?? []
  if (codings.length !== 1 || !codings[0]?.code)
    throw unprocessable(
      'App state has exactly one coding, with a code: the state code of the app.',
      'Basic.code.coding',
    )
  const { subject, extension = [] } = basic
  const target = subject?.reference === undefined ? undefined : readReference(subject.reference, base)
  if (subject && !(target && target.version === undefined && SUBJECTS.has(target.type)))
    throw unprocessable(
      `The subject of app state is a ${[...SUBJECTS].join(', ')} of this server, as ${base}/Patient/1; without one the state is for all.`,
      'Basic.subject.reference',
    )
  const wrong = extension.findIndex(each => typeof each['valueString'] !== 'string' || each['extension'] !== undefined)
  if (wrong >= 0)
    throw unprocessable('The extensions of app state have a valueString and nothing else.', `Basic.extension[${wrong}]`)
}

/** 412 for a change of app state that does not say which version it changes. */
export function needsVersion(version: Version | undefined): void {
  if (version && isState(version))
    throw preconditionFailed(
      `Basic/${version.ref.id} is app state: send If-Match: W/"[version]" with the version you have read, so that nobody's change is lost.`,
    )
}

/** 412 for app state that was deleted: it does not come back under its id. */
export async function refuseDeletedState({ store }: Context, current: Version | undefined): Promise<void> {
  if (current?.ref.type !== 'Basic' || current.text !== undefined) return
  const before = await store.readVersion(current.ref, String(Number(current.version) - 1))
  if (before && isState(before))
    throw preconditionFailed(`Basic/${current.ref.id} was app state and is deleted. Make a new one with POST.`)
}
