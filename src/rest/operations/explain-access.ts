/**
 * $explain-access: what the caller's token would permit of a request, by which scope, and what is missing. It looks at the request
 * and the token only, never at what is stored.
 * https://hl7.org/fhir/smart-app-launch/STU2.2/scopes-and-launch-context.html
 */
import type { Action, Caller } from '../../access/caller.ts'
import { ACTIONS, extent } from '../../access/scope-words.ts'
import { printScope } from '../../access/scope.ts'
import { badRequest } from '../../fhir/outcome.ts'
import { parseSearch } from '../../search/parse.ts'
import type { Filter } from '../../search/query.ts'
import type { Arguments, Context, FhirResponse, HttpMethod, Json, Match, Operation, Resource } from '../exchange.ts'
import { listed } from '../outcome-text.ts'

const METHODS: readonly HttpMethod[] = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE']

const out = (name: string, type: string, max: string, documentation: string) =>
  ({ name, use: 'out', min: 0, max, type, documentation }) as const

export const explainAccess: Operation = {
  code: 'explain-access',
  title: 'What my token permits',
  description:
    'What a request would be allowed with the token of the caller: which scope allows it, which resources it is limited to, and which scope is missing. Whether there are such resources is not told.',
  system: true,
  type: false,
  instance: false,
  types: [],
  affectsState: false,
  parameters: [
    {
      name: 'url',
      use: 'in',
      min: 0,
      max: '1',
      type: 'string',
      documentation: 'As in Observation?category=laboratory. Without it: all that the token permits.',
    },
    { name: 'method', use: 'in', min: 0, max: '1', type: 'code', documentation: `${METHODS.join(', ')}. Default GET.` },
    out('request', 'string', '1', 'The request that is explained.'),
    out('decision', 'code', '1', 'allowed, limited, or refused.'),
    out('summary', 'string', '1', 'The decision in words.'),
    {
      name: 'need',
      use: 'out',
      min: 0,
      max: '*',
      documentation: 'Each thing that the request needs to be permitted.',
      part: [
        out('type', 'code', '1', 'A resource type.'),
        out('action', 'code', '1', 'create, read, update, delete, search'),
        out('for', 'string', '1', 'Which part of the request needs it.'),
        out('permitted', 'string', '1', 'Which of them are permitted.'),
        out('scope', 'string', '*', 'The scopes that permit it.'),
        out('missing', 'string', '1', 'A scope that would permit it.'),
      ],
    },
  ],
  run,
}

interface Need {
  readonly type: string
  readonly action: Action
  readonly for: string
  /** Without it the request is refused; else what is not permitted is left out. */
  readonly must: boolean
}

async function run(context: Context, _: Match, args: Arguments): Promise<FhirResponse> {
  const { request } = context
  const method = String(args.get('method')?.[0] ?? 'GET').toUpperCase() as HttpMethod
  if (!METHODS.includes(method)) throw badRequest(`method is one of ${listed(METHODS)}.`, 'value')
  if (!args.has('url')) return { status: 200, resource: answer('', permittedOf(context), context) }
  const url = String(args.get('url')?.[0])
  const below = url.startsWith(`${request.base}/`) ? url.slice(request.base.length + 1) : url.replace(/^\/+/, '')
  const [path = '', query = ''] = below.split(/\?(.*)/s)
  const needs = await needsOf(context, context.door.route(method, decoded(path)), query)
  return { status: 200, resource: answer(`${method} ${below}`, needs, context) }
}

function answer(asked: string, needs: readonly Need[], { caller, language }: Context): Resource {
  const lacks = needs.some(need => need.must && !caller.permits(need.type, need.action))
  const limited = needs.some(need => extent(caller, need.type, need.action).en !== 'all')
  const decision = lacks ? 'refused' : limited ? 'limited' : 'allowed'
  const parameter: Json[] = needs.map(need => told(caller, need, language))
  if (asked === '') return { resourceType: 'Parameters', ...(parameter.length > 0 ? { parameter } : {}) }
  return {
    resourceType: 'Parameters',
    parameter: [
      { name: 'request', valueString: asked },
      { name: 'decision', valueCode: decision },
      { name: 'summary', valueString: summaries[decision][language] },
      ...parameter,
    ],
  }
}

/** All that the caller may do. */
const permittedOf = ({ definitions, caller }: Context): readonly Need[] =>
  definitions.resourceTypes.flatMap(type =>
    ACTIONS.filter(action => caller.permits(type, action)).map(action => ({ type, action, for: 'token', must: false })),
  )

const summaries = {
  allowed: { en: 'The token permits this for all resources.', zh: '此權杖允許此請求，不限資源。' },
  limited: {
    en: 'The token permits this for some resources; others are as if they did not exist.',
    zh: '此權杖只允許部分資源；其餘視同不存在。',
  },
  refused: { en: 'The token does not permit this: see what is missing.', zh: '此權杖不允許此請求：請見缺少的 scope。' },
} as const

function told(caller: Caller, need: Need, language: 'en' | 'zh'): Json {
  const { type, action } = need
  const because = caller.because?.(type, action) ?? []
  const lacking = caller.permits(type, action) === undefined
  return {
    name: 'need',
    part: [
      { name: 'type', valueCode: type },
      { name: 'action', valueCode: action },
      { name: 'for', valueString: need.for },
      { name: 'permitted', valueString: extent(caller, type, action)[language] },
      ...because.map(({ scope }) => ({ name: 'scope', valueString: printScope(scope) })),
      ...(lacking && caller.scopeFor ? [{ name: 'missing', valueString: caller.scopeFor(type, action) }] : []),
    ],
  }
}

function decoded(path: string): string {
  try {
    return decodeURIComponent(path)
  } catch {
    throw badRequest('url: the path is not percent-encoded as it should be.', 'value')
  }
}

async function needsOf(context: Context, match: Match, query: string): Promise<readonly Need[]> {
  const { interaction, operation, type, rest } = match
  const action = operation ? operation.action : interaction.action
  const named = operation ? `$${operation.code}` : interaction.name
  const needs: Need[] = action && type ? [{ type, action, for: named, must: true }] : []
  if (interaction.name !== 'search-type' && interaction.name !== 'search-system') return needs
  const compartment = rest !== '' && match.id !== ''
  if (compartment) needs.push({ type, action: 'read', for: 'compartment', must: false })
  const searched = compartment ? rest : type
  if (searched === '' || searched === '*') {
    for (const each of context.definitions.resourceTypes)
      if (context.caller.permits(each, 'search')) needs.push({ type: each, action: 'search', for: named, must: false })
    return needs
  }
  if (compartment) needs.push({ type: searched, action: 'search', for: named, must: true })
  return [...needs, ...(await alsoAsked(context, searched, query))]
}

/** The types that a search looks at beside the one it finds: chains and includes. */
async function alsoAsked(context: Context, type: string, query: string): Promise<readonly Need[]> {
  const { definitions, request } = context
  const parsed = await parseSearch([...new URLSearchParams(query)], {
    definitions,
    types: [type],
    base: request.base,
    now: context.now(),
    lenient: true,
    ...(context.expand && { expand: context.expand }),
  })
  const needs = new Map<string, Need>()
  const add = (need: Need) => needs.set(`${need.type} ${need.action} ${need.for}`, need)
  for (const each of linked(parsed.query.filter)) add({ type: each, action: 'search', for: 'chain', must: false })
  for (const { source, param, target } of parsed.includes) {
    const to = target ? [target] : (definitions.searchParams(source).get(param)?.target ?? [])
    for (const each of to) add({ type: each, action: 'read', for: '_include', must: false })
  }
  for (const { source } of parsed.revincludes)
    if (source !== '*') add({ type: source, action: 'search', for: '_revinclude', must: false })
  return [...needs.values()]
}

/** The types at the ends of the filter's links. */
function linked(filter: Filter): readonly string[] {
  switch (filter.is) {
    case 'all':
    case 'any':
    case 'tuple':
      return filter.parts.flatMap(linked)
    case 'not':
      return linked(filter.part)
    case 'link':
    case 'linked by':
      return [filter.type, ...linked(filter.where)]
    default:
      return []
  }
}
