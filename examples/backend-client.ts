/**
 * A backend service without a user: signs in with a key of its own, exports all records and keeps them as NDJSON files.
 * https://hl7.org/fhir/smart-app-launch/STU2.2/backend-services.html
 * https://hl7.org/fhir/uv/bulkdata/STU2/export.html
 *
 *   node examples/backend-client.ts --base http://127.0.0.1:8080/fhir --out exported
 *   … --level Patient | --level Group/some-id     instead of the whole server
 *   … --type Patient,Condition                    only these types
 *   … --client ID --key key.jwk.json              registered before; otherwise it makes a key and registers itself
 *
 * Needs Node 24 and no package.
 */
import { createPrivateKey, generateKeyPairSync, type JsonWebKey, randomUUID, sign } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import { mkdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { setTimeout as wait } from 'node:timers/promises'
import { parseArgs } from 'node:util'

type Json = Record<string, unknown>

/** Who we are at a server. `key` is a private JWK with `kid` and `alg` (ES384 or RS384). */
export interface Account {
  readonly clientId: string
  readonly key: JsonWebKey
}

/** One file of an export. */
export interface Exported {
  readonly type: string
  readonly path: string
}

/** What the server says about itself: where to get tokens, where to register. */
export async function discover(base: string): Promise<Json> {
  const answer = await fetch(`${base}/.well-known/smart-configuration`, { headers: { accept: 'application/json' } })
  return said(answer)
}

/** A key pair for ES384, as a private JWK; `publicPart` is what others may have. */
export function makeKey(): JsonWebKey {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-384' })
  return { ...privateKey.export({ format: 'jwk' }), kid: randomUUID(), alg: 'ES384', use: 'sig' }
}

export const publicPart = ({ kty, crv, x, y, n, e, kid, alg, use }: JsonWebKey): JsonWebKey => ({
  kty: kty!,
  ...(n === undefined ? { crv: crv!, x: x!, y: y! } : { n, e: e! }),
  kid,
  alg,
  use,
})

/** Registers by RFC 7591, with the public key inline. A hospital would do this by hand, and look at it. */
export async function register(configuration: Json, key: JsonWebKey, scope: string): Promise<Account> {
  const answer = await fetch(text(configuration, 'registration_endpoint'), {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      client_name: 'Example backend service',
      token_endpoint_auth_method: 'private_key_jwt',
      grant_types: ['client_credentials'],
      jwks: { keys: [publicPart(key)] },
      scope,
    }),
  })
  return { clientId: text(await said(answer), 'client_id'), key }
}

/** The signed statement that we are who we say; good for one request within five minutes. */
export function assertion({ clientId, key }: Account, tokenEndpoint: string): string {
  const header = { alg: key.alg, kid: key.kid, typ: 'JWT' }
  const claims = {
    iss: clientId,
    sub: clientId,
    aud: tokenEndpoint,
    exp: Math.floor(Date.now() / 1000) + 240,
    jti: randomUUID(),
  }
  const signed = [header, claims].map(each => Buffer.from(JSON.stringify(each)).toString('base64url')).join('.')
  const signature = sign('sha384', Buffer.from(signed), {
    key: createPrivateKey({ key, format: 'jwk' }),
    dsaEncoding: 'ieee-p1363',
  })
  return `${signed}.${signature.toString('base64url')}`
}

/** An access token, fetched anew when the one at hand ends within 30 seconds. */
export function tokens(configuration: Json, account: Account, scope: string): () => Promise<string> {
  const endpoint = text(configuration, 'token_endpoint')
  let held: { readonly token: string; readonly until: number } | undefined
  return async () => {
    if (held && held.until > Date.now()) return held.token
    const answer = await fetch(endpoint, {
      method: 'POST',
      body: new URLSearchParams({
        grant_type: 'client_credentials',
        scope,
        client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
        client_assertion: assertion(account, endpoint),
      }),
    })
    const body = await said(answer)
    held = { token: text(body, 'access_token'), until: Date.now() + (Number(body['expires_in']) - 30) * 1000 }
    return held.token
  }
}

/**
 * Starts an export, waits for it as the server asks, downloads every file into `folder` and tells the server that it may
 * forget them. `level` is '' for the whole server, `Patient` or `Group/id`.
 */
export async function exportAll(
  base: string,
  token: () => Promise<string>,
  { level = '', types = '', folder = 'exported', tell = (_text: string): void => undefined } = {},
): Promise<Exported[]> {
  const ask = async (url: string, headers: Record<string, string> = {}, method = 'GET') =>
    fetch(url, { method, headers: { authorization: `Bearer ${await token()}`, ...headers } })

  const query = types === '' ? '' : `?_type=${encodeURIComponent(types)}`
  const begun = await ask(`${[base, level].filter(part => part !== '').join('/')}/$export${query}`, {
    accept: 'application/fhir+json',
    prefer: 'respond-async',
  })
  if (begun.status !== 202) throw new Error(`The export was not begun: ${begun.status} ${await begun.text()}`)
  const status = begun.headers.get('content-location')
  if (!status) throw new Error('The server did not say where to ask for the state of the export.')

  let answer = await ask(status, { accept: 'application/json' })
  while (answer.status === 202 || answer.status === 429) {
    tell(answer.headers.get('x-progress') ?? 'in progress')
    await answer.arrayBuffer()
    await wait(1000 * Math.min(Number(answer.headers.get('retry-after')) || 1, 60))
    answer = await ask(status, { accept: 'application/json' })
  }
  const manifest = await said(answer)

  await mkdir(folder, { recursive: true })
  const files: Exported[] = []
  const secured = manifest['requiresAccessToken'] === true
  for (const { type, url } of manifest['output'] as { type: string; url: string }[]) {
    const file = secured ? await ask(url, { accept: 'application/fhir+ndjson' }) : await fetch(url)
    if (!file.ok || !file.body) throw new Error(`${url} answered ${file.status}`)
    const path = join(folder, `${type}-${files.length + 1}.ndjson`)
    await pipeline(Readable.fromWeb(file.body as never), createWriteStream(path))
    files.push({ type, path })
    tell(path)
  }
  await ask(status, {}, 'DELETE')
  return files
}

async function said(answer: Response): Promise<Json> {
  const body = await answer.text()
  if (!answer.ok) throw new Error(`${answer.url} answered ${answer.status}: ${body}`)
  return JSON.parse(body) as Json
}

function text(object: Json, name: string): string {
  const value = object[name]
  if (typeof value !== 'string') throw new Error(`The server did not say its ${name}.`)
  return value
}

if (import.meta.main) {
  const { values } = parseArgs({
    options: {
      base: { type: 'string', default: 'http://127.0.0.1:8080/fhir' },
      out: { type: 'string', default: 'exported' },
      level: { type: 'string', default: '' },
      type: { type: 'string', default: '' },
      scope: { type: 'string', default: 'system/*.rs' },
      client: { type: 'string' },
      key: { type: 'string' },
    },
  })
  const base = values.base.replace(/\/$/, '')
  const configuration = await discover(base)
  const key = values.key ? (JSON.parse(await readFile(values.key, 'utf8')) as JsonWebKey) : makeKey()
  const account = values.client ? { clientId: values.client, key } : await register(configuration, key, values.scope)
  const token = tokens(configuration, account, values.scope)
  const tell = (line: string) => process.stderr.write(`${line}\n`)
  const files = await exportAll(base, token, { level: values.level, types: values.type, folder: values.out, tell })
  process.stdout.write(`${files.length} ${files.length === 1 ? 'file' : 'files'} in ${values.out}\n`)
}
