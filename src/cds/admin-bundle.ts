/**
 * A tenant's services as a Bundle, to be taken elsewhere: each is a PlanDefinition. A rule is one anyway; one elsewhere has its
 * address, as FHIR's own extension says it; of one in the box only whether it is on is told.
 * https://hl7.org/fhir/extensions/StructureDefinition-cqf-cdsHooksEndpoint.html
 */
import { badRequest, unprocessable } from '../fhir/outcome.ts'
import type { Resource } from '../fhir/types.ts'
import type { Known } from './registry.ts'
import type { Remote, RemoteHook } from './remote.ts'
import { remoteFrom, type SearchWords } from './remote-input.ts'

const CANONICAL = 'https://fhir.dhp.tw.example'
const ENDPOINT = 'http://hl7.org/fhir/StructureDefinition/cqf-cdsHooksEndpoint'
const QUERY = 'http://hl7.org/fhir/StructureDefinition/cqf-fhirQueryPattern'
const SETTING = `${CANONICAL}/StructureDefinition/cds-service-setting`
/** Both are in profiles/cds-service.fsh. */
const ELSEWHERE = `${CANONICAL}/StructureDefinition/dhp-remote-cds-service`
const BUILT_IN = `${CANONICAL}/PlanDefinition/cds-service-`
const eca = {
  coding: [{ system: 'http://terminology.hl7.org/CodeSystem/plan-definition-type', code: 'eca-rule' }],
}

interface Extension {
  readonly url: string
  readonly valueUri?: string
  readonly valueString?: string
  readonly valueInteger?: number
  readonly valueBoolean?: boolean
  readonly extension?: readonly Extension[]
}

/** `rules`: the PlanDefinitions of the rules. */
export function bundleOf(services: readonly Known[], rules: readonly Resource[]): Resource {
  const own = services.flatMap(service => {
    const { id, enabled, kind, remote, services: hooks } = service
    if (kind === 'rule') return []
    return [
      {
        resourceType: 'PlanDefinition',
        ...(remote ? { meta: { profile: [ELSEWHERE] }, extension: remoteExtensions(id, remote) } : {}),
        url: `${BUILT_IN}${id}`,
        title: hooks[0]?.title ?? id,
        status: enabled ? 'active' : 'retired',
        type: eca,
        ...(remote ? { action: remote.hooks.map(actionOf) } : {}),
      },
    ]
  })
  return {
    resourceType: 'Bundle',
    type: 'collection',
    entry: [...rules, ...own].map(resource => ({ resource })),
  }
}

const remoteExtensions = (id: string, { url, timeout, forwardAuthorization }: Remote): Extension[] => [
  { url: ENDPOINT, valueUri: url },
  {
    url: SETTING,
    extension: [
      { url: 'id', valueString: id },
      { url: 'timeout', valueInteger: timeout },
      { url: 'forwardAuthorization', valueBoolean: forwardAuthorization },
    ],
  },
]

const actionOf = ({ hook, title, description, prefetch = {} }: RemoteHook) => ({
  title,
  description,
  trigger: [{ type: 'named-event', name: hook }],
  ...(Object.keys(prefetch).length > 0
    ? {
        input: Object.entries(prefetch).map(([key, template]) => ({
          id: key,
          extension: [{ url: QUERY, valueString: template }],
          type: /^[A-Z][A-Za-z]+/.exec(template)?.[0] ?? 'Resource',
        })),
      }
    : {}),
})

export interface Imported {
  readonly rules: readonly Resource[]
  readonly remotes: readonly { readonly id: string; readonly enabled: boolean; readonly remote: Remote }[]
  /** Of services in the box. */
  readonly settings: readonly { readonly id: string; readonly enabled: boolean }[]
}

/** Throws 400 or 422 for what is no such Bundle. */
export function readBundle(body: unknown, words: SearchWords): Imported {
  const bundle = body as { resourceType?: unknown; entry?: unknown } | null
  if (typeof bundle !== 'object' || bundle?.resourceType !== 'Bundle' || !Array.isArray(bundle.entry))
    throw badRequest('Send a Bundle of PlanDefinitions, as GET /admin/cds-services/$export gives it.', 'structure')
  const rules: Resource[] = []
  const remotes: Imported['remotes'][number][] = []
  const settings: Imported['settings'][number][] = []
  bundle.entry.forEach((entry: unknown, i) => {
    const resource = (entry as { resource?: Resource } | null)?.resource
    if (resource?.resourceType === 'Library') return
    if (resource?.resourceType !== 'PlanDefinition')
      throw badRequest(
        `Bundle.entry[${i}].resource must be a PlanDefinition.`,
        'structure',
        `Bundle.entry[${i}].resource`,
      )
    const url = typeof resource['url'] === 'string' ? resource['url'] : ''
    const enabled = resource['status'] === 'active'
    const endpoint = extensionsOf(resource).find(each => each.url === ENDPOINT)?.valueUri
    if (endpoint !== undefined) remotes.push({ ...remoteIn(resource, endpoint, i, words), enabled })
    else if (url.startsWith(BUILT_IN)) settings.push({ id: url.slice(BUILT_IN.length), enabled })
    else rules.push(resource)
  })
  return { rules, remotes, settings }
}

/** A list of objects; nothing of what is no list. Throws 400 for a list that holds something else. */
function objectsIn<T extends object>(list: unknown): T[] {
  if (!Array.isArray(list)) return []
  if (list.some(each => typeof each !== 'object' || each === null))
    throw badRequest('A list of a PlanDefinition holds something that is not an object.', 'structure')
  return list as T[]
}

const extensionsOf = (element: object): Extension[] =>
  objectsIn((element as { readonly extension?: unknown }).extension)

function remoteIn(resource: Resource, url: string, i: number, words: SearchWords): { id: string; remote: Remote } {
  const setting = extensionsOf(extensionsOf(resource).find(each => each.url === SETTING) ?? {})
  const of = (name: string) => setting.find(each => each.url === name)
  const id = of('id')?.valueString ?? ''
  if (!/^[A-Za-z0-9\-._]{1,64}$/.test(id))
    throw unprocessable('The setting has no id for the service.', `Bundle.entry[${i}].resource.extension`)
  const actions = objectsIn<Readonly<Record<string, unknown>>>(resource['action'])
  const remote = remoteFrom(
    {
      url,
      hooks: actions.map(hookOf),
      ...(of('timeout')?.valueInteger === undefined ? {} : { timeout: of('timeout')!.valueInteger }),
      forwardAuthorization: of('forwardAuthorization')?.valueBoolean ?? false,
    },
    words,
  )
  return { id, remote }
}

function hookOf({ title, description, trigger, input }: Readonly<Record<string, unknown>>): object {
  const inputs = objectsIn<Readonly<Record<string, unknown>>>(input)
  const prefetch = Object.fromEntries(
    inputs.map(each => [
      String(each['id']),
      extensionsOf(each).find(extension => extension.url === QUERY)?.valueString ?? '',
    ]),
  )
  return {
    hook: (trigger as { name?: unknown }[] | undefined)?.[0]?.name,
    title,
    description,
    ...(inputs.length > 0 ? { prefetch } : {}),
  }
}
