/**
 * What an operator says of a service elsewhere, checked; and what its own discovery says.
 * https://cds-hooks.hl7.org/2.0/#discovery
 */
import { badRequest, FhirError, unprocessable } from '../fhir/outcome.ts'
import { wrong } from './check-json.ts'
import { hookNamed } from './hooks.ts'
import type { Remote, RemoteHook } from './remote.ts'
import { discoverySchema } from './schemas.ts'
import { beyondSubset, readTemplate } from './template.ts'

const text = { type: 'string', minLength: 1, maxLength: 2000 }
const url = { type: 'string', pattern: '^https?://[^\\s]{1,2000}$' }
const timeout = { type: 'integer', minimum: 50, maximum: 10_000 }
const ID = '^[A-Za-z0-9\\-._]{1,64}$'

/** The body that adds or changes a remote service. */
export const remoteSchema = {
  type: 'object',
  required: ['url', 'hooks'],
  additionalProperties: false,
  properties: {
    kind: { const: 'remote' },
    id: { type: 'string', pattern: ID },
    enabled: { type: 'boolean' },
    url,
    timeout,
    forwardAuthorization: { type: 'boolean' },
    hooks: {
      type: 'array',
      minItems: 1,
      maxItems: 20,
      items: {
        type: 'object',
        required: ['hook', 'title', 'description'],
        additionalProperties: false,
        properties: {
          hook: text,
          title: text,
          description: text,
          prefetch: { type: 'object', minProperties: 1, maxProperties: 50, additionalProperties: text },
          usageRequirements: text,
        },
      },
    },
  },
}

/** The body that adds all services a discovery lists. */
export const discoverSchema = {
  type: 'object',
  required: ['discovery'],
  additionalProperties: false,
  properties: {
    discovery: url,
    prefix: { type: 'string', pattern: '^[A-Za-z0-9\\-._]{1,30}$' },
    timeout,
    forwardAuthorization: { type: 'boolean' },
  },
}

export interface RemoteInput {
  readonly id?: string
  readonly enabled?: boolean
  readonly url: string
  readonly timeout?: number
  readonly forwardAuthorization?: boolean
  readonly hooks: readonly RemoteHook[]
}

const USUAL_TIMEOUT = 2000

/** What templates are judged by. */
export interface SearchWords {
  isType(name: string): boolean
  typeOf(type: string, code: string): string | undefined
}

/** Throws 400 or 422 that says what is wrong. */
export function remoteFrom(input: unknown, words: SearchWords): Remote {
  const problem = wrong(remoteSchema, input)
  if (problem) throw badRequest(problem, 'structure')
  const { url, hooks, timeout = USUAL_TIMEOUT, forwardAuthorization = false } = input as RemoteInput
  const names = hooks.map(({ hook }) => hook)
  const twice = names.find((name, i) => names.indexOf(name) !== i)
  if (twice !== undefined) throw badRequest(`hooks has ${twice.slice(0, 60)} twice.`, 'invalid')
  for (const { hook, prefetch = {} } of hooks) {
    if (!hookNamed(hook)) throw badRequest(`${hook.slice(0, 60)} is not a hook this server knows.`, 'value')
    for (const [key, template] of Object.entries(prefetch)) {
      const beyond = beyondSubset(template, words)
      if (beyond) throw unprocessable(`The prefetch template ${key.slice(0, 60)} of ${hook}: ${beyond}`)
    }
  }
  return { url: url.replace(/\/+$/, ''), hooks, timeout, forwardAuthorization }
}

/** The services in an answer of discovery at `root`, by id; those for hooks we do not know are left out. Throws 502. */
export function discovered(
  root: string,
  { status, body }: { status: number; body: Buffer },
  { timeout = USUAL_TIMEOUT, forwardAuthorization = false }: Partial<Pick<Remote, 'timeout' | 'forwardAuthorization'>>,
): ReadonlyMap<string, Remote> {
  const bad = (why: string) =>
    new FhirError(502, [{ severity: 'error', code: 'transient', diagnostics: `The discovery at ${root} ${why}` }])
  if (status !== 200) throw bad(`answers with status ${status}.`)
  let value: unknown
  try {
    value = JSON.parse(body.toString('utf8'))
  } catch {
    throw bad('answers with something that is not JSON.')
  }
  const problem = wrong(discoverySchema, value, 'The answer')
  if (problem) throw bad(`is not as CDS Hooks has it. ${problem}`)
  const { services } = value as { services: readonly (Omit<RemoteHook, 'title'> & { id: string; title?: string })[] }
  const known = services.filter(({ hook, id, prefetch = {} }) => {
    if (!hookNamed(hook) || !new RegExp(ID).test(id)) return false
    try {
      for (const template of Object.values(prefetch)) readTemplate(template)
      return true
    } catch {
      return false
    }
  })
  return new Map(
    [...Map.groupBy(known, ({ id }) => id)].map(([id, some]) => [
      id,
      {
        url: `${root}/${id}`,
        timeout,
        forwardAuthorization,
        hooks: some.map(({ hook, title, description, prefetch, usageRequirements }) => ({
          hook,
          title: title ?? id,
          description,
          ...(prefetch ? { prefetch } : {}),
          ...(usageRequirements ? { usageRequirements } : {}),
        })),
      },
    ]),
  )
}
