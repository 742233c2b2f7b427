/**
 * $meta, $meta-add and $meta-delete: the profiles, tags and security labels in use, and on one resource.
 * https://hl7.org/fhir/R4/resource-operation-meta.html
 */
import type { Coding, Meta } from 'fhir/r4'
import { parseJson } from '../../fhir/json.ts'
import { badRequest, gone, notFound, tooCostly } from '../../fhir/outcome.ts'
import type { Filter, Query } from '../../search/query.ts'
import type { Version } from '../../store/store.ts'
import { asState } from '../app-state.ts'
import { checked } from '../checked.ts'
import { expectation } from '../condition.ts'
import type {
  Arguments,
  Context,
  FhirResponse,
  Match,
  Operation,
  OperationParameter,
  Plan,
  Resource,
} from '../exchange.ts'
import { parameters } from '../parameters.ts'
import { accepted } from '../received.ts'
import { permit } from '../permit.ts'
import { underRules } from '../ruled-write.ts'
import { committing, put } from '../write.ts'

const out: OperationParameter = {
  name: 'return',
  use: 'out',
  min: 1,
  max: '1',
  type: 'Meta',
  documentation: 'The profiles, tags and security labels.',
}
const given: OperationParameter = {
  name: 'meta',
  use: 'in',
  min: 1,
  max: '1',
  type: 'Meta',
  documentation: 'Profiles, tags and security labels.',
}

export const meta: Operation = {
  code: 'meta',
  definition: 'http://hl7.org/fhir/OperationDefinition/Resource-meta',
  title: 'Access a list of profiles, tags, and security labels',
  description: 'Those of a resource, of all resources of a type, or of all resources.',
  system: true,
  type: true,
  instance: true,
  types: ['Resource'],
  affectsState: false,
  action: 'read',
  parameters: [out],
  async run(context, { type, id }) {
    if (id) return answer(metaOf(await here(context, type, id)))
    const types = type
      ? [type]
      : context.definitions.resourceTypes.filter(each => context.caller.permits(each, 'search'))
    if (type) permit(context.caller, type, 'search')
    return answer(types.length > 0 ? await inUse(context, types) : {})
  },
}

export const metaAdd: Operation = {
  code: 'meta-add',
  definition: 'http://hl7.org/fhir/OperationDefinition/Resource-meta-add',
  title: 'Add profiles, tags, and security labels to a resource',
  description: 'Those it has already stay as they are. Makes a new version of the resource when any is added.',
  system: false,
  type: false,
  instance: true,
  types: ['Resource'],
  affectsState: true,
  action: 'update',
  parameters: [given, out],
  run: (context, match, args) => changing(context, match, args, together),
}

export const metaDelete: Operation = {
  code: 'meta-delete',
  definition: 'http://hl7.org/fhir/OperationDefinition/Resource-meta-delete',
  title: 'Delete profiles, tags, and security labels from a resource',
  description: 'Those it does not have are passed over. Makes a new version of the resource when any is taken away.',
  system: false,
  type: false,
  instance: true,
  types: ['Resource'],
  affectsState: true,
  action: 'update',
  parameters: [given, out],
  run: (context, match, args) => changing(context, match, args, without),
}

/** What the operations are about. */
interface Labels {
  readonly profile?: readonly string[] | undefined
  readonly tag?: readonly Coding[] | undefined
  readonly security?: readonly Coding[] | undefined
}

const answer = (labels: Labels): FhirResponse => {
  const value = labelled({}, labels)
  return {
    status: 200,
    resource: parameters(Object.keys(value).length > 0 ? [{ name: 'return', type: 'Meta', value }] : []),
  }
}

const metaOf = (version: Version): Meta => (JSON.parse(version.text!) as { meta?: Meta }).meta ?? {}

async function here(context: Context, type: string, id: string): Promise<Version> {
  const version = await context.store.read({ type, id })
  if (!version) throw notFound({ type, id })
  if (version.text === undefined) throw gone({ type, id })
  return version
}

/** More resources than this are not looked through for one request. */
const MOST = 20_000

async function inUse(context: Context, types: readonly string[]): Promise<Labels> {
  const labelled: Filter = {
    is: 'any',
    parts: ['_tag', '_security', '_profile'].flatMap(param => [
      { is: 'has', param, kind: 'token' },
      { is: 'has', param, kind: 'reference' },
    ]),
  }
  let all: Labels = {}
  let query: Query = { types, filter: labelled, sort: [], count: 500, total: 'none' }
  for (let seen = 0; seen <= MOST; ) {
    const { matches, next } = await context.store.find(query)
    for (const version of matches) all = together(all, metaOf(version))
    if (!next) return all
    seen += matches.length
    query = { ...query, after: next }
  }
  throw tooCostly(
    `More than ${MOST} resources have profiles, tags or security labels. Ask $meta of one type, or of one resource.`,
  )
}

function changing(
  context: Context,
  match: Match,
  args: Arguments,
  change: (labels: Labels, by: Labels) => Labels,
): Promise<FhirResponse> {
  const { type, id } = match
  const by = labelsOf(args.get('meta')?.[0], context)
  return committing(context, async (): Promise<Plan> => {
    const current = await here(context, type, id)
    expectation(context, current.ref, current)
    const resource = parseJson(Buffer.from(current.text!)) as unknown as Resource
    const labels = change(resource.meta ?? {}, by)
    if (same(labels, resource.meta ?? {})) return { writes: [], answer: () => answer(labels) }
    resource.meta = labelled(resource.meta ?? {}, labels)
    const stored = asState(context, await accepted(context, resource), current)
    const write = put(context, current.ref, 'PATCH', stored, {
      is: 'version',
      version: current.version,
    })
    return underRules(context, match, 'operation', {
      writes: [write],
      answer: ([version]) => answer(metaOf(version!)),
    })
  })
}

/** The argument as a Meta; judged by the same rules as one in a resource. */
function labelsOf(value: unknown, context: Context): Labels {
  if (typeof value !== 'object' || value === null)
    throw badRequest('The parameter meta is a Meta: {"name":"meta","valueMeta":{"tag":[…]}}.', 'structure')
  return checked({ resourceType: 'Basic', code: { text: 'meta' }, meta: value }, 'Basic', context.definitions)
    .meta as Labels
}

const key = ({ system, code }: Coding) => JSON.stringify([system ?? '', code ?? ''])
const added = (codings: readonly Coding[] = [], more: readonly Coding[] = []) => {
  const known = new Map(codings.map(coding => [key(coding), coding]))
  for (const coding of more) if (!known.has(key(coding))) known.set(key(coding), coding)
  return [...known.values()]
}

const together = (labels: Labels, more: Labels): Labels => ({
  profile: [...new Set([...(labels.profile ?? []), ...(more.profile ?? [])])],
  tag: added(labels.tag, more.tag),
  security: added(labels.security, more.security),
})

function without(labels: Labels, less: Labels): Labels {
  const left = (codings: readonly Coding[] = [], away: readonly Coding[] = []) =>
    codings.filter(coding => !away.some(other => key(other) === key(coding)))
  return {
    profile: (labels.profile ?? []).filter(profile => !less.profile?.includes(profile)),
    tag: left(labels.tag, less.tag),
    security: left(labels.security, less.security),
  }
}

const same = (one: Labels, other: Labels) =>
  one.profile?.length === (other.profile?.length ?? 0) &&
  one.tag?.length === (other.tag?.length ?? 0) &&
  one.security?.length === (other.security?.length ?? 0)

/** A Meta with these labels; empty lists are left out, since FHIR has none. */
function labelled(meta: Meta, { profile, tag, security }: Labels): Meta {
  const { profile: _p, tag: _t, security: _s, ...rest } = meta
  return {
    ...rest,
    ...(profile?.length ? { profile: [...profile] } : {}),
    ...(security?.length ? { security: [...security] } : {}),
    ...(tag?.length ? { tag: [...tag] } : {}),
  }
}
