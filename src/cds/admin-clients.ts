/**
 * Which CDS clients a tenant trusts, and whether a call needs one: told by an operator.
 * https://cds-hooks.hl7.org/2.0/#trusting-cds-clients
 */
import { badRequest, conflict, methodNotAllowed, notFound, unprocessable } from '../fhir/outcome.ts'
import { keyProblem } from '../jwt/holder-keys.ts'
import type { Records } from '../store/store.ts'
import { wrong } from './check-json.ts'
import type { TrustedClient } from './trusted-clients.ts'

/** `server`: as DHP_CDS_CLIENTS says. */
export type ClientPolicy = 'server' | 'required' | 'optional'

export interface ClientsParts {
  readonly clients: Records
  /** Kept, and in force at once. */
  readonly policy: { now(): ClientPolicy; set(policy: ClientPolicy): Promise<void>; required(): boolean }
  readonly now: () => number
}

interface Asked {
  readonly method: string
  readonly body?: unknown
}

const text = { type: 'string', minLength: 1, maxLength: 500 }
const clientSchema = {
  type: 'object',
  required: ['iss'],
  additionalProperties: false,
  properties: {
    iss: text,
    name: text,
    jwks: {
      type: 'object',
      required: ['keys'],
      properties: { keys: { type: 'array', minItems: 1, maxItems: 20, items: { type: 'object' } } },
    },
    jwksUri: { type: 'string', pattern: '^https?://[^\\s]{1,2000}$' },
    tenants: { type: 'array', minItems: 1, maxItems: 100, items: text },
    enabled: { type: 'boolean' },
  },
  oneOf: [{ required: ['jwks'] }, { required: ['jwksUri'] }],
}

export async function answerClients(
  { clients, now }: ClientsParts,
  { method, body }: Asked,
  [iss, ...rest]: readonly string[],
  changed?: (what: string) => void,
): Promise<{ status: number; value?: unknown } | undefined> {
  if (rest.length > 0) return undefined
  const there = async (name: string) => (await clients.get(name)) as TrustedClient | undefined
  if (iss === undefined || iss === '') {
    if (method === 'GET') return { status: 200, value: { clients: (await clients.list()).map(({ value }) => value) } }
    if (method !== 'POST') throw methodNotAllowed('Use GET or POST here.', 'GET, POST')
    const client = clientFrom(body, now())
    if (await there(client.iss)) throw conflict('There is a CDS client of that iss already. Change it with PUT.')
    await clients.put(client.iss, client)
    changed?.('cds-clients added')
    return { status: 201, value: client }
  }
  const known = await there(iss)
  if (!known) throw notFound('There is no CDS client of that iss. GET /admin/cds-clients lists them.')
  if (method === 'GET') return { status: 200, value: known }
  if (method === 'DELETE') {
    await clients.remove(iss)
    changed?.('cds-clients deleted')
    return { status: 204 }
  }
  if (method !== 'PUT') throw methodNotAllowed('Use GET, PUT or DELETE here.', 'GET, PUT, DELETE')
  const client = clientFrom(body, now())
  if (client.iss !== iss) throw badRequest('The iss of the body is not that of the path.', 'value')
  await clients.put(iss, client)
  changed?.('cds-clients changed')
  return { status: 200, value: client }
}

function clientFrom(body: unknown, now: number): TrustedClient {
  const problem = wrong(clientSchema, body)
  if (problem) throw badRequest(problem.includes('oneOf') ? 'Give either jwks or jwksUri.' : problem, 'structure')
  const { iss, name = iss, jwks, jwksUri, tenants, enabled = true } = body as Partial<TrustedClient> & { iss: string }
  for (const key of jwks?.keys ?? []) {
    const wrongKey = keyProblem(key)
    if (wrongKey) throw unprocessable(`A key of jwks ${wrongKey}.`)
  }
  return {
    iss,
    name,
    ...(jwks ? { jwks } : {}),
    ...(jwksUri ? { jwksUri } : {}),
    ...(tenants ? { tenants } : {}),
    enabled,
    changed: now,
  }
}

const settingsSchema = {
  type: 'object',
  required: ['clients'],
  additionalProperties: false,
  properties: { clients: { enum: ['server', 'required', 'optional'] } },
}

export async function answerSettings(
  { policy }: ClientsParts,
  { method, body }: Asked,
  changed?: (what: string) => void,
): Promise<{ status: number; value?: unknown }> {
  if (method !== 'GET' && method !== 'PUT') throw methodNotAllowed('Use GET or PUT here.', 'GET, PUT')
  if (method === 'PUT') {
    const problem = wrong(settingsSchema, body)
    if (problem) throw badRequest(problem, 'structure')
    await policy.set((body as { clients: ClientPolicy }).clients)
    changed?.('cds-settings changed')
  }
  return { status: 200, value: { clients: policy.now(), required: policy.required() } }
}
