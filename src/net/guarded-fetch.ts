/**
 * The one way a URL from outside is fetched: only from public hosts, or those the operator allows; bounded in time and size.
 * https://cheatsheetseries.owasp.org/cheatsheets/Server_Side_Request_Forgery_Prevention_Cheat_Sheet.html
 *
 * Every address of the host is judged, and the connection goes to one that was judged: a name that leads elsewhere the second
 * time it is looked up gains nothing.
 */
import type { LookupAddress } from 'node:dns'
import { lookup } from 'node:dns/promises'
import { request as overHttp, type IncomingHttpHeaders, type IncomingMessage, type RequestOptions } from 'node:http'
import { request as overHttps } from 'node:https'
import { isIP, type LookupFunction } from 'node:net'
import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib'
import { isPublic } from './address.ts'

export interface FetchOptions {
  readonly method?: 'GET' | 'POST' | 'PUT' | 'DELETE'
  /** Not sent on to another origin: authorization, cookie. */
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string | Buffer
  /** Hosts that may have private addresses: `name` or `name:port`. */
  readonly allow?: readonly string[]
  /** Milliseconds for all of it, redirects included; 10,000 when not given. */
  readonly timeout?: number
  /** Of the body, inflated; 10 MiB when not given. */
  readonly maxBytes?: number
  /** How many are followed; 3 when not given. */
  readonly redirects?: number
  readonly signal?: AbortSignal
  /** All addresses of a host; the system's own answer when not given. */
  readonly resolve?: (host: string) => Promise<readonly LookupAddress[]>
}

/** Whatever the status: a 404 is an answer. */
export interface Fetched {
  readonly status: number
  /** Where it came from in the end. */
  readonly url: string
  readonly headers: IncomingHttpHeaders
  readonly body: Buffer
}

export type FetchProblem = 'refused' | 'unreachable' | 'too-large' | 'timeout' | 'broken'

/** Nothing came back that can be used. The text says why and what to do, and nothing of the network behind us. */
export class FetchError extends Error {
  override readonly name = 'FetchError'
  readonly reason: FetchProblem
  constructor(reason: FetchProblem, text: string, cause?: unknown) {
    super(text, { cause })
    this.reason = reason
  }
}

const MEBIBYTE = 1024 * 1024

/** Fetches a URL. Rejects with `FetchError`. */
export async function guardedFetch(url: string, options: FetchOptions = {}): Promise<Fetched> {
  const { timeout = 10_000, redirects = 3 } = options
  const late = AbortSignal.timeout(timeout)
  const signal = options.signal ? AbortSignal.any([late, options.signal]) : late
  let target = readUrl(url)
  let asking: FetchOptions = options
  for (let followed = 0; ; followed++) {
    try {
      const response = await send(target, asking, signal)
      const status = response.statusCode!
      const location = redirecting.has(status) ? response.headers.location : undefined
      if (location === undefined)
        return {
          status,
          url: target.href,
          headers: response.headers,
          body: await bodyOf(response, asking.maxBytes ?? 10 * MEBIBYTE, target, signal),
        }
      response.destroy()
      if (followed >= redirects)
        throw new FetchError('refused', `${shown(target)} redirects more than ${redirects} times.`)
      const next = readUrl(location, target)
      asking = redirected(asking, status, next.origin === target.origin)
      target = next
    } catch (error) {
      if (error instanceof FetchError) throw error
      if (late.aborted)
        throw new FetchError('timeout', `${shown(target)} did not answer within ${timeout / 1000} seconds.`, error)
      const code = (error as NodeJS.ErrnoException).code ?? 'broken connection'
      throw new FetchError('unreachable', `${shown(target)} cannot be reached (${code}).`, error)
    }
  }
}

const redirecting = new Set([301, 302, 303, 307, 308])

/** https://www.rfc-editor.org/rfc/rfc9110#name-redirection-3xx */
function redirected(options: FetchOptions, status: number, sameOrigin: boolean): FetchOptions {
  const { body, headers = {}, ...rest } = options
  const keep = status === 307 || status === 308
  const kept = Object.entries(headers).filter(
    ([name]) =>
      (sameOrigin || !/^(?:authorization|cookie|proxy-authorization)$/i.test(name)) &&
      (keep || !/^content-/i.test(name)),
  )
  return {
    ...rest,
    headers: Object.fromEntries(kept),
    ...(keep ? (body === undefined ? {} : { body }) : { method: 'GET' }),
  }
}

function readUrl(text: string, base?: URL): URL {
  const url = URL.canParse(text, base?.href) ? new URL(text, base) : undefined
  if (!url || !/^https?:$/.test(url.protocol))
    throw new FetchError('refused', `${text.slice(0, 200)} is not a URL that begins with http:// or https://.`)
  if (url.username || url.password)
    throw new FetchError('refused', `A URL with a user name or password is not fetched: ${shown(url)}.`)
  return url
}

/** For messages: without query, which may hold what is nobody else's. */
const shown = ({ origin, pathname }: URL) => (origin + pathname).slice(0, 300)

async function send(url: URL, options: FetchOptions, signal: AbortSignal): Promise<IncomingMessage> {
  const host = url.hostname.replace(/^\[|\]$/g, '')
  const addresses = await judged(url, host, options, signal)
  const { method = 'GET', body } = options
  const request: RequestOptions = {
    method,
    host,
    port: url.port || (url.protocol === 'https:' ? 443 : 80),
    path: url.pathname + url.search,
    headers: {
      'accept-encoding': 'gzip, deflate, br',
      ...options.headers,
      host: url.host,
      ...(body === undefined ? {} : { 'content-length': Buffer.byteLength(body) }),
    },
    // a connection of its own: a kept one would have been judged at another time
    agent: false,
    lookup: pinned(addresses),
    signal,
  }
  return new Promise((resolve, reject) => {
    const sent = (url.protocol === 'https:' ? overHttps : overHttp)(request, resolve)
    sent.on('error', reject)
    sent.end(body)
  })
}

/** The addresses of a host, none of them private unless the host is allowed. */
async function judged(
  url: URL,
  host: string,
  { allow = [], resolve = lookedUp }: FetchOptions,
  signal: AbortSignal,
): Promise<readonly LookupAddress[]> {
  const family = isIP(host)
  const addresses = family ? [{ address: host, family }] : await resolved(host, resolve, signal)
  const port = url.port || (url.protocol === 'https:' ? '443' : '80')
  const allowed = allow.some(each => each === url.hostname || each === `${url.hostname}:${port}`)
  if (!allowed && !addresses.every(({ address }) => isPublic(address)))
    throw new FetchError(
      'refused',
      `${url.hostname} is not on the public internet. An operator who means it names the host in DHP_PRIVATE_HOSTS.`,
    )
  return addresses
}

const lookedUp = (host: string): Promise<LookupAddress[]> => lookup(host, { all: true })

/** Looking up cannot be called off, so that time may run out before it has an answer. */
function resolved(
  host: string,
  resolve: NonNullable<FetchOptions['resolve']>,
  signal: AbortSignal,
): Promise<readonly LookupAddress[]> {
  const unknown = (cause?: unknown) => new FetchError('unreachable', `There is no host named ${host}.`, cause)
  return new Promise((done, failed) => {
    signal.addEventListener('abort', () => failed(signal.reason as Error), { once: true })
    resolve(host).then(
      addresses => (addresses.length ? done(addresses) : failed(unknown())),
      (error: unknown) => failed(unknown(error)),
    )
  })
}

/** Looks nothing up: gives the addresses that were judged. */
const pinned =
  (addresses: readonly LookupAddress[]): LookupFunction =>
  (_, { all }, done) =>
    all ? done(null, [...addresses]) : done(null, addresses[0]!.address, addresses[0]!.family)

const inflaters = {
  gzip: createGunzip,
  'x-gzip': createGunzip,
  deflate: createInflate,
  br: createBrotliDecompress,
} as const

async function bodyOf(response: IncomingMessage, limit: number, url: URL, signal: AbortSignal): Promise<Buffer> {
  const tooLarge = () => new FetchError('too-large', `${shown(url)} answers with more than ${limit} bytes.`)
  const encoding = response.headers['content-encoding']?.toLowerCase().trim() ?? 'identity'
  try {
    if (encoding === 'identity' && Number(response.headers['content-length'] ?? 0) > limit) throw tooLarge()
    if (encoding !== 'identity' && !Object.hasOwn(inflaters, encoding))
      throw new FetchError('broken', `${shown(url)} answers in the encoding ${encoding.slice(0, 40)}.`)
    const inflater = encoding === 'identity' ? undefined : inflaters[encoding as keyof typeof inflaters]()
    // pipe does not hand errors on
    if (inflater) response.on('error', error => inflater.destroy(error)).pipe(inflater)
    const parts: Buffer[] = []
    let length = 0
    for await (const part of (inflater ?? response) as AsyncIterable<Buffer>) {
      length += part.length
      if (length > limit) throw tooLarge()
      parts.push(part)
    }
    return Buffer.concat(parts, length)
  } catch (error) {
    if (error instanceof FetchError || signal.aborted || !(error as { code?: string }).code?.startsWith('Z_'))
      throw error
    throw new FetchError('broken', `${shown(url)} answers with bytes that are not what its headers say.`, error)
  } finally {
    response.destroy()
  }
}
