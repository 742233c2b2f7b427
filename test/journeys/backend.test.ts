/**
 * A backend service from outside: signs in with a key of its own and exports everything, by the script in examples/.
 * https://hl7.org/fhir/smart-app-launch/STU2.2/backend-services.html
 */
import { execFile } from 'node:child_process'
import type { JsonWebKey } from 'node:crypto'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { createRemoteJWKSet, importJWK, jwtVerify, SignJWT } from 'jose'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  type Account,
  assertion,
  discover,
  makeKey,
  publicPart,
  register,
  tokens,
} from '../../examples/backend-client.ts'
import { type ServerProcess, startServer } from '../help/process.ts'

type Json = Record<string, unknown>
const run = promisify(execFile)
const script = join(import.meta.dirname, '../../examples/backend-client.ts')

describe('a backend service', () => {
  const folder = mkdtempSync(join(tmpdir(), 'dhp-backend-'))
  let server: ServerProcess
  let configuration: Json
  let account: Account
  /** Where a client publishes its keys, what it publishes, and how it was asked for them. */
  let place: Server
  let jwksUri: string
  let published: { keys: readonly JsonWebKey[]; cacheControl: string } = { keys: [], cacheControl: 'no-store' }
  let asked: (string | undefined)[] = []
  beforeAll(async () => {
    place = createServer((request, response) => {
      asked.push(request.method)
      response.setHeader('cache-control', published.cacheControl)
      response.setHeader('content-type', 'application/json')
      response.end(JSON.stringify({ keys: published.keys.map(publicPart) }))
    })
    await new Promise<void>(listening => place.listen(0, '127.0.0.1', listening))
    const host = `127.0.0.1:${(place.address() as AddressInfo).port}`
    jwksUri = `http://${host}/jwks.json`
    server = await startServer(join(folder, 'data'), { DHP_SEED: 'examples', DHP_PRIVATE_HOSTS: host })
    configuration = await discover(server.base)
    account = await register(configuration, makeKey(), 'system/*.rs')
  }, 60_000)
  afterAll(async () => {
    place?.close()
    await server?.kill()
    rmSync(folder, { recursive: true, force: true })
  })

  const counted = async (type: string) => {
    const answer = await fetch(`${server.base}/${type}?_summary=count`)
    return ((await answer.json()) as { total: number }).total
  }
  const ask = async (fields: Record<string, string>) => {
    const answer = await fetch(configuration['token_endpoint'] as string, {
      method: 'POST',
      body: new URLSearchParams({
        grant_type: 'client_credentials',
        scope: 'system/*.rs',
        client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
        ...fields,
      }),
    })
    return { status: answer.status, headers: answer.headers, body: (await answer.json()) as Json }
  }

  const registerWith = async (keys: Json) => {
    const answer = await fetch(configuration['registration_endpoint'] as string, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({
        client_name: 'Publishing',
        token_endpoint_auth_method: 'private_key_jwt',
        grant_types: ['client_credentials'],
        scope: 'system/*.rs',
        ...keys,
      }),
    })
    const body = (await answer.json()) as Json
    expect([answer.status, body]).toEqual([201, body])
    return body['client_id'] as string
  }

  test('exports every resource of every type, one by one, into files', async () => {
    const out = join(folder, 'all')
    await run(process.execPath, [script, '--base', server.base, '--out', out])
    const lines = new Map<string, number>()
    for (const name of readdirSync(out)) {
      const type = name.split('-')[0]!
      for (const line of readFileSync(join(out, name), 'utf8').split('\n').filter(Boolean)) {
        expect((JSON.parse(line) as Json)['resourceType']).toBe(type)
        lines.set(type, (lines.get(type) ?? 0) + 1)
      }
    }
    expect(lines.size).toBeGreaterThan(20)
    for (const type of ['Patient', 'Condition', 'Observation', 'Encounter', 'Practitioner', 'Organization', 'Group'])
      expect([type, lines.get(type)]).toEqual([type, await counted(type)])
  }, 120_000)

  test('signs in with the account and the key that a sandbox begins with', async () => {
    const key = join(import.meta.dirname, '../../examples/backend-key.json')
    const who = ['--client', 'sandbox-backend', '--key', key]
    const out = join(folder, 'sandbox')
    const { stdout } = await run(process.execPath, [
      script,
      '--base',
      server.base,
      '--out',
      out,
      '--type',
      'Group',
      ...who,
    ])
    expect(stdout).toContain('1 file in')
  }, 60_000)

  test('exports only the types it names, of the members of a group', async () => {
    const groups = (await (await fetch(`${server.base}/Group?actual=true&_count=1`)).json()) as {
      entry: { resource: { id: string } }[]
    }
    const out = join(folder, 'group')
    const level = `Group/${groups.entry[0]!.resource.id}`
    await run(process.execPath, [script, '--base', server.base, '--out', out, '--level', level, '--type', 'Patient'])
    const files = readdirSync(out)
    expect(files.every(name => name.startsWith('Patient-'))).toBe(true)
    const members = files.flatMap(name => readFileSync(join(out, name), 'utf8').split('\n').filter(Boolean))
    expect(members).toHaveLength(9)
  }, 60_000)

  test('gets a token of at most five minutes, with what it may do and no refresh token', async () => {
    const { status, headers, body } = await ask({
      client_assertion: assertion(account, configuration['token_endpoint'] as string),
    })
    expect(status).toBe(200)
    expect(body).toMatchObject({ token_type: expect.stringMatching(/^bearer$/i) as string, scope: 'system/*.rs' })
    expect(body['access_token']).toMatch(/^[A-Za-z0-9._~+/-]+=*$/)
    expect(body['expires_in']).toBeGreaterThan(0)
    expect(body['expires_in']).toBeLessThanOrEqual(300)
    expect(body).not.toHaveProperty('refresh_token')
    expect(headers.get('cache-control')).toContain('no-store')
  })

  test('can check its token with the published keys: issuer, audience, type and times', async () => {
    const token = await tokens(configuration, account, 'system/Patient.rs')()
    const keys = createRemoteJWKSet(new URL(configuration['jwks_uri'] as string))
    const { payload, protectedHeader } = await jwtVerify(token, keys, {
      issuer: configuration['issuer'] as string,
      audience: server.base,
      typ: 'at+jwt',
    })
    expect(protectedHeader.alg).toMatch(/^(?:ES256|RS256|ES384|RS384)$/)
    expect(payload).toMatchObject({ client_id: account.clientId, scope: 'system/Patient.rs' })
  })

  test('may sign with an RSA key as well, and is believed only with a key it registered', async () => {
    const endpoint = configuration['token_endpoint'] as string
    const { privateKey, publicKey } = await crypto.subtle.generateKey(
      { name: 'RSASSA-PKCS1-v1_5', modulusLength: 2048, publicExponent: new Uint8Array([1, 0, 1]), hash: 'SHA-384' },
      true,
      ['sign', 'verify'],
    )
    const named = { kid: 'rsa-1', alg: 'RS384' }
    const key = { ...(await crypto.subtle.exportKey('jwk', privateKey)), ...named }
    const rsa = await register(
      configuration,
      { ...(await crypto.subtle.exportKey('jwk', publicKey)), ...named } as never,
      'system/*.rs',
    )
    const signed = (id: string, kid: string, signing: Awaited<ReturnType<typeof importJWK>>) =>
      new SignJWT({})
        .setProtectedHeader({ alg: 'RS384', kid, typ: 'JWT' })
        .setIssuer(id)
        .setSubject(id)
        .setAudience(endpoint)
        .setExpirationTime('4m')
        .setJti(crypto.randomUUID())
        .sign(signing)
    const mine = await importJWK(key as never, 'RS384')
    expect((await ask({ client_assertion: await signed(rsa.clientId, 'rsa-1', mine) })).status).toBe(200)
    const other = await ask({ client_assertion: await signed(account.clientId, 'rsa-1', mine) })
    expect(other.status).toBeGreaterThanOrEqual(400)
    expect(other.body['error']).toBe('invalid_client')
  })

  test('is refused when it sends the same assertion twice, with invalid_client', async () => {
    const client_assertion = assertion(account, configuration['token_endpoint'] as string)
    expect((await ask({ client_assertion })).status).toBe(200)
    const again = await ask({ client_assertion })
    expect([again.status >= 400, again.body['error']]).toEqual([true, 'invalid_client'])
    expect(again.body['error_description']).toMatch(/jti/)
  })

  test('is refused when its assertion is for somebody else, has expired or lasts too long', async () => {
    const key = await importJWK(account.key as never, 'ES384')
    const signed = (claims: Json, aud: string, expires: number) =>
      new SignJWT(claims)
        .setProtectedHeader({ alg: 'ES384', kid: account.key['kid'] as string, typ: 'JWT' })
        .setAudience(aud)
        .setExpirationTime(expires)
        .setJti(crypto.randomUUID())
        .sign(key)
    const now = Math.floor(Date.now() / 1000)
    const endpoint = configuration['token_endpoint'] as string
    const self = { iss: account.clientId, sub: account.clientId }
    const wrong = [
      await signed(self, 'https://elsewhere.example/token', now + 240),
      await signed(self, endpoint, now - 600),
      await signed(self, endpoint, now + 3600),
      await signed({ iss: 'nobody', sub: 'nobody' }, endpoint, now + 240),
      await signed({ iss: account.clientId, sub: 'nobody' }, endpoint, now + 240),
    ]
    for (const client_assertion of wrong) {
      const { status, body } = await ask({ client_assertion })
      expect([status >= 400, body['error']]).toEqual([true, 'invalid_client'])
    }
  })

  test('gets no more than it registered for', async () => {
    const narrow = await register(configuration, makeKey(), 'system/Patient.rs')
    const client_assertion = () => assertion(narrow, configuration['token_endpoint'] as string)
    const more = await ask({ client_assertion: client_assertion(), scope: 'system/Patient.rs system/Observation.rs' })
    if (more.status === 200) expect(more.body['scope']).toBe('system/Patient.rs')
    else expect(more.body['error']).toBe('invalid_scope')
    const token = await tokens(configuration, narrow, 'system/Patient.rs')()
    const authorization = `Bearer ${token}`
    expect((await fetch(`${server.base}/Patient`, { headers: { authorization } })).status).toBe(200)
    expect((await fetch(`${server.base}/Observation`, { headers: { authorization } })).status).toBe(403)
  })

  test('may publish its keys at an address: they are fetched with GET, and kept no longer than it says', async () => {
    const endpoint = configuration['token_endpoint'] as string
    const publishing = await registerWith({ jwks_uri: jwksUri })
    const signIn = async (key: typeof account.key) =>
      (await ask({ client_assertion: assertion({ clientId: publishing, key }, endpoint) })).status
    const [first, second] = [makeKey(), makeKey()]
    published = { keys: [first], cacheControl: 'max-age=3600' }
    asked = []
    expect([await signIn(first), await signIn(first)]).toEqual([200, 200])
    expect(asked).toEqual(['GET'])

    const fleeting = await registerWith({ jwks_uri: `${jwksUri}?fleeting` })
    published = { keys: [first], cacheControl: 'no-store' }
    const again = async (key: typeof account.key) =>
      (await ask({ client_assertion: assertion({ clientId: fleeting, key }, endpoint) })).status
    asked = []
    expect(await again(first)).toBe(200)
    published = { keys: [second], cacheControl: 'no-store' }
    expect(await again(second)).toBe(200)
    expect(await again(first)).toBeGreaterThanOrEqual(400)
    expect(asked).toEqual(['GET', 'GET', 'GET'])
  })

  test('is found by kid and kind of key, and by no address but the one it registered', async () => {
    const endpoint = configuration['token_endpoint'] as string
    const key = makeKey()
    published = { keys: [key], cacheControl: 'no-store' }
    const address = `${jwksUri}?of=kid`
    const clientId = await registerWith({ jwks_uri: address })
    const signed = async (header: Json) =>
      new SignJWT({ iss: clientId, sub: clientId })
        .setProtectedHeader({ alg: 'ES384', typ: 'JWT', ...header })
        .setAudience(endpoint)
        .setExpirationTime('4m')
        .setJti(crypto.randomUUID())
        .sign(await importJWK(key as never, 'ES384'))
    const kid = key['kid'] as string
    expect((await ask({ client_assertion: await signed({ kid, jku: address }) })).status).toBe(200)
    for (const header of [{ kid, jku: 'https://elsewhere.example/jwks.json' }, { kid: 'another' }, {}]) {
      const { status, body } = await ask({ client_assertion: await signed(header) })
      expect([header, status >= 400, body['error']]).toEqual([header, true, 'invalid_client'])
    }
  })

  test('cannot sign in with a secret', async () => {
    const answer = await fetch(configuration['registration_endpoint'] as string, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({
        client_name: 'Secretive',
        token_endpoint_auth_method: 'client_secret_basic',
        grant_types: ['client_credentials'],
        scope: 'system/*.rs',
      }),
    })
    expect(answer.status).toBe(400)
    expect(((await answer.json()) as Json)['error']).toBe('invalid_client_metadata')
  })

  test('publishes only the public part of its key', () => {
    expect(Object.keys(publicPart(account.key))).not.toContain('d')
  })
})
