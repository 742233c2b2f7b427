/**
 * Where resources are loaded: a tenant's door in this process, or a running server.
 */
import { sandboxUser } from '../access/caller.ts'
import { CannotGoOn } from '../config.ts'
import { printJson } from '../fhir/json.ts'
import { FhirError } from '../fhir/outcome.ts'
import type { Json, Resource } from '../fhir/types.ts'
import type { Door } from '../rest/exchange.ts'
import type { Records } from '../store/store.ts'

/** What became of one resource or Bundle. */
export interface Sent {
  /** Resources written, by type. */
  readonly written: ReadonlyMap<string, number>
  readonly refused: readonly Refusal[]
}

export interface Refusal {
  readonly status: number
  readonly reasons: readonly string[]
  /** Which entry of the Bundle, from 0; undefined: all of it. */
  readonly entry?: number
  readonly resource: Resource
}

/**
 * Sends one Bundle (transaction or batch) or resource. Rejects only when nothing more can be sent at all.
 * `key`: what is sent under it once is not written again, also when the loader was killed before it could say so.
 */
export type Target = (resource: Resource, key?: string) => Promise<Sent>

/** How long what was loaded is remembered, in milliseconds. */
const REMEMBERED = 30 * 24 * 3600 * 1000

/** The same way a request over HTTP goes, without HTTP. `base`: how clients call the server. `loaded`: where keys are kept. */
export const intoDoor = (door: Pick<Door, 'handle'>, base: string, loaded?: Records): Target =>
  sending(async (method, path, resource, key) => {
    // what has an id of its own comes out the same when it is written twice
    const noted = method === 'POST' && resource['type'] !== 'batch' ? key : undefined
    if (noted && loaded && (await loaded.get(noted)) !== undefined) throw new Known()
    const expires = Date.now() + REMEMBERED
    try {
      const { text, resource: made } = await door.handle(
        {
          method,
          path,
          query: '',
          headers: { prefer: 'return=minimal', 'content-type': 'application/fhir+json' },
          base,
          body: resource as unknown as Json,
          ...(noted && loaded ? { note: { records: LOADED, key: noted, value: () => ({}), expires } } : {}),
        },
        sandboxUser,
      )
      return (text === undefined ? made : (JSON.parse(text) as Resource)) ?? resource
    } catch (error) {
      if (error instanceof FhirError)
        throw new Refused(
          error.status,
          error.issues.map(issue => reason(issue)),
        )
      throw error
    }
  })

/** A running server with this FHIR base. */
export async function intoServer(url: string, token: string | undefined): Promise<Target> {
  const { Client } = await import('fhir-kit-client')
  const client = new Client({
    baseUrl: url.replace(/\/+$/, ''),
    customHeaders: { Prefer: 'return=minimal' },
    ...(token ? { bearerToken: token } : {}),
  })
  return sending(async (method, path, resource) => {
    // as text, so that numbers keep their digits
    const body = printJson(resource) as never
    const [resourceType = '', id = ''] = path.split('/')
    try {
      if (path === '') return (await client.transaction({ body })) as Resource
      await (method === 'PUT' ? client.update({ resourceType, id, body }) : client.create({ resourceType, body }))
      return resource
    } catch (error) {
      const { response } = error as { response?: { status: number; data?: unknown } }
      if (!response || response.status >= 500)
        throw new CannotGoOn(
          `The server at ${url} does not take more: ${response ? `status ${response.status}` : reachable(error as Error)}. What was loaded is kept; run the same command again to go on.`,
        )
      throw new Refused(response.status, reasonsOf(response.data))
    }
  })
}

const reachable = (error: Error) => (error.cause as { code?: string } | undefined)?.code ?? error.message.slice(0, 200)

/** The records that `intoDoor` notes keys in. */
export const LOADED = 'loaded'

class Known extends Error {
  override readonly name = 'Known'
}

class Refused extends Error {
  override readonly name = 'Refused'
  readonly status: number
  readonly reasons: readonly string[]
  constructor(status: number, reasons: readonly string[]) {
    super(reasons.join('; '))
    this.status = status
    this.reasons = reasons
  }
}

/** Resolves to the response Bundle for a Bundle; anything for a resource. Throws `Refused`. */
type Post = (method: 'PUT' | 'POST', path: string, resource: Resource, key?: string) => Promise<Resource>

function sending(post: Post): Target {
  return async (resource, key) => {
    const bundle = resource.resourceType === 'Bundle'
    const { resourceType, id } = resource
    try {
      const answer = bundle
        ? await post('POST', '', resource, key)
        : await post(id ? 'PUT' : 'POST', id ? `${resourceType}/${id}` : resourceType, resource, key)
      return bundle ? ofBundle(resource, answer) : { written: new Map([[resourceType, 1]]), refused: [] }
    } catch (error) {
      if (error instanceof Known) return { written: new Map(), refused: [] }
      if (!(error instanceof Refused)) throw error
      return { written: new Map(), refused: [{ status: error.status, reasons: error.reasons, resource }] }
    }
  }
}

interface Answered {
  resource?: Resource
  request?: { method?: string }
  response?: { status?: string; outcome?: unknown }
}

/** Which entries of a Bundle were written, by the answers to each. */
function ofBundle(bundle: Resource, answer: Resource): Sent {
  const asked = (bundle['entry'] ?? []) as Answered[]
  const answers = (answer['entry'] ?? []) as Answered[]
  const written = new Map<string, number>()
  const refused: Refusal[] = []
  asked.forEach(({ resource, request }, i) => {
    const status = Number.parseInt(answers[i]?.response?.status ?? '200')
    if (status >= 400)
      refused.push({
        status,
        reasons: reasonsOf(answers[i]?.response?.outcome ?? answers[i]?.resource),
        entry: i,
        resource: resource ?? bundle,
      })
    else if (resource && (request?.method === 'POST' || request?.method === 'PUT'))
      written.set(resource.resourceType, (written.get(resource.resourceType) ?? 0) + 1)
  })
  return { written, refused }
}

interface Said {
  diagnostics?: string | undefined
  expression?: string[] | undefined
  code?: string
}

const reason = ({ diagnostics, expression, code }: Said) =>
  `${expression?.length ? `${expression.join(', ')}: ` : ''}${diagnostics ?? code ?? ''}`

const reasonsOf = (outcome: unknown): string[] => ((outcome as { issue?: Said[] } | undefined)?.issue ?? []).map(reason)
