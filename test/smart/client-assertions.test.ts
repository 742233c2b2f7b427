/**
 * Backend services prove who they are with their own key: what does not count.
 * https://hl7.org/fhir/smart-app-launch/STU2.2/client-confidential-asymmetric.html
 */
import { createServer, type Server } from 'node:http'
import { createHmac, createPublicKey, generateKeyPairSync, randomUUID, sign } from 'node:crypto'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { assertion, backend, demoKey, sandbox, type Sandbox } from './sandbox.ts'
import { register } from '../journeys/app.ts'

let server: Sandbox
let hosting: Server
let keys: { status?: number; headers?: Record<string, string>; body: string; wait?: number }
let asked = 0
let jwksUri: string

beforeAll(async () => {
  hosting = createServer((_, response) => {
    asked++
    const { status = 200, headers = {}, body, wait = 0 } = keys
    setTimeout(() => response.writeHead(status, headers).end(body), wait)
  })
  await new Promise<void>(resolve => hosting.listen(0, '127.0.0.1', resolve))
  const { port } = hosting.address() as AddressInfo
  jwksUri = `http://127.0.0.1:${port}/jwks`
  server = await sandbox({ DHP_PRIVATE_HOSTS: `127.0.0.1:${port}` })
})
afterAll(async () => {
  await server.close()
  hosting.closeAllConnections()
  hosting.close()
})

const now = () => Math.floor(Date.now() / 1000)
/** From an address of its own making each time, so that the throttle for guesses is not what refuses. */
async function refused(made: Promise<string> | string, why?: string): Promise<void> {
  const { status, body } = await server.post('token', backend(await made))
  if (status === 429) throw new Error('throttled')
  expect([status, body['error']]).toEqual([400, 'invalid_client'])
  if (why) expect(body['error_description']).toContain(why)
  expect((await server.post('token', backend(await assertion(server.fhir)))).status).toBe(200)
}

describe('a client_assertion', () => {
  test('by the registered key brings a token for five minutes, and no refresh token', async () => {
    const { status, body, headers } = await server.post('token', backend(await assertion(server.fhir)))
    expect(status).toBe(200)
    expect(body).toMatchObject({ token_type: 'Bearer', expires_in: 300, scope: 'system/*.rs' })
    expect(body['refresh_token']).toBeUndefined()
    expect([headers.get('cache-control'), headers.get('pragma')]).toEqual(['no-store', 'no-cache'])
    expect(await server.reads(body['access_token'])).toBe(200)
  })

  test('J5: sent ten times at once counts once, and not again after a restart', async () => {
    const one = await assertion(server.fhir)
    const all = await Promise.all(Array.from({ length: 10 }, () => server.post('token', backend(one))))
    expect(all.filter(({ status }) => status === 200)).toHaveLength(1)
    await server.app.tenants.close()
    expect((await server.post('token', backend(one))).body['error']).toBe('invalid_client')
  })

  test('J5: that lives longer than five minutes, is over, or has no time is refused', async () => {
    await refused(assertion(server.fhir, { exp: now() + 400 }), '300 seconds')
    await refused(assertion(server.fhir, { exp: now() - 1 }), 'expired')
    for (const exp of [undefined, String(now() + 200), null, 1e300])
      await refused(assertion(server.fhir, { exp }), 'exp')
    await refused(assertion(server.fhir, { nbf: now() + 100 }), 'nbf')
    await refused(assertion(server.fhir, { jti: undefined }), 'jti')
    await refused(assertion(server.fhir, { jti: 'x'.repeat(300) }), 'jti')
  })

  test('J5: for another server, another client, or by another key is refused', async () => {
    for (const aud of [server.fhir, `${server.fhir}/auth/token/`, 'https://elsewhere.example/token', undefined, [`${server.fhir}/auth/token`, 'https://x.example']]) // prettier-ignore
      await refused(assertion(server.fhir, { aud }), 'aud')
    await refused(assertion(server.fhir, { sub: 'sandbox-public' }), 'sub')
    const other = generateKeyPairSync('ec', { namedCurve: 'P-384' }).privateKey
    await refused(assertion(server.fhir, {}, {}, other), 'signature')
    await refused(assertion(server.fhir, {}, { kid: 'another' }), 'kid')
    await refused(assertion(server.fhir, {}, { kid: undefined }), 'kid')
    await refused(assertion(server.fhir, {}, { jku: 'https://evil.example/jwks' }), 'jku')
    await refused(assertion(server.fhir, {}, { typ: 'at+jwt' }), 'typ')
    const [head, body] = (await assertion(server.fhir)).split('.') as [string, string]
    await refused(`${head}.${body}.AAAA`)
    expect((await server.post('token', backend('nonsense'))).body['error']).toBe('invalid_client')
  })

  test('J5: without a signature, by an HMAC of the public key, or with another algorithm is refused', async () => {
    const open = createPublicKey(demoKey())
    const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
    const claims = () => ({ iss: 'sandbox-backend', sub: 'sandbox-backend', aud: `${server.fhir}/auth/token`, exp: now() + 200, jti: randomUUID() }) // prettier-ignore
    for (const alg of ['none', 'None', ''])
      for (const signature of ['', 'AAAA'])
        await refused(`${part({ alg, kid: 'sandbox-backend', typ: 'JWT' })}.${part(claims())}.${signature}`)
    for (const [alg, hash] of [
      ['HS256', 'sha256'],
      ['HS384', 'sha384'],
    ] as const)
      for (const secret of [
        open.export({ type: 'spki', format: 'pem' }),
        open.export({ type: 'spki', format: 'der' }),
        JSON.stringify(open.export({ format: 'jwk' })),
      ]) {
        // prettier-ignore
        const input = `${part({ alg, kid: 'sandbox-backend', typ: 'JWT' })}.${part(claims())}`
        await refused(`${input}.${createHmac(hash, secret).update(input).digest('base64url')}`)
      }
    for (const alg of ['ES256', 'ES512', 'RS384', 'PS384']) {
      const input = `${part({ alg, kid: 'sandbox-backend', typ: 'JWT' })}.${part(claims())}`
      await refused(`${input}.${sign('sha384', Buffer.from(input), { key: demoKey(), dsaEncoding: 'ieee-p1363' }).toString('base64url')}`) // prettier-ignore
    }
  })

  test('J5: whose header names a key of its own, an address, or a strange kid is refused, and nothing is fetched', async () => {
    asked = 0
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-384' })
    const jwk = publicKey.export({ format: 'jwk' })
    keys = { body: JSON.stringify({ keys: [{ ...jwk, kid: 'sandbox-backend' }] }) }
    for (const header of [
      { jwk },
      { jku: jwksUri },
      { x5u: jwksUri },
      { x5c: ['AAAA'] },
      ...['../../dev/null', "' OR 1=1 --", '__proto__', 'constructor', '', 'x'.repeat(5000)].map(kid => ({ kid })),
    ])
      await refused(assertion(server.fhir, {}, header, privateKey))
    expect(asked).toBe(0)
  })

  test('O8: brings system scopes only, of those the client is registered for', async () => {
    const jwk = { ...createPublicKey(demoKey()).export({ format: 'jwk' }), kid: 'k' }
    const client = await register(server.configuration, { token_endpoint_auth_method: 'private_key_jwt', grant_types: ['client_credentials'], redirect_uris: [], response_types: [], scope: 'system/Patient.rs', jwks: { keys: [jwk] } }) // prettier-ignore
    const ask = async (scope: string) => server.post('token', backend(await assertion(server.fhir, { iss: client.id, sub: client.id }, { kid: 'k' }), scope)) // prettier-ignore
    expect((await ask('system/*.cruds user/*.rs patient/*.rs openid')).body['scope']).toBe('system/Patient.rs')
    for (const scope of ['user/*.rs', 'system/Observation.rs', '', 'system/Patient'])
      expect((await ask(scope)).body['error'], scope).toBe('invalid_scope')
  })
})

describe('keys at a jwks_uri', () => {
  const at = async () => {
    const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
    const jwk = { ...publicKey.export({ format: 'jwk' }), kid: randomUUID(), alg: 'RS384' }
    const client = await register(server.configuration, { token_endpoint_auth_method: 'private_key_jwt', grant_types: ['client_credentials'], redirect_uris: [], response_types: [], scope: 'system/*.rs', jwks_uri: `${jwksUri}?${randomUUID()}` }) // prettier-ignore
    const ask = async (kid: string = jwk.kid, key = privateKey) =>
      server.post(
        'token',
        backend(await assertion(server.fhir, { iss: client.id, sub: client.id }, { alg: 'RS384', kid }, key)),
      )
    return { jwk, ask }
  }

  test('J5: are fetched, kept as long as Cache-Control says, and fetched for several at once only once', async () => {
    const { jwk, ask } = await at()
    keys = { body: JSON.stringify({ keys: [jwk] }), headers: { 'cache-control': 'max-age=600' }, wait: 50 }
    asked = 0
    const all = await Promise.all([ask(), ask(), ask()])
    expect(all.map(({ status }) => status)).toEqual([200, 200, 200])
    expect((await ask()).status).toBe(200)
    expect(asked).toBe(1)
    const fresh = await at()
    keys = { body: JSON.stringify({ keys: [fresh.jwk] }), headers: { 'cache-control': 'no-store' } }
    asked = 0
    expect([(await fresh.ask()).status, (await fresh.ask()).status, asked]).toEqual([200, 200, 2])
    // rotated away: no longer there, no longer good
    keys = { body: JSON.stringify({ keys: [] }), headers: { 'cache-control': 'no-store' } }
    expect((await fresh.ask()).body['error']).toBe('invalid_client')
  })

  test('J5: that are too large, redirected, missing, doubled or no keys are refused, with a reason', async () => {
    const { jwk, ask } = await at()
    const right = JSON.stringify({ keys: [jwk] })
    for (const [answer, why] of [
      [{ body: `${right}${' '.repeat(10 * 1024 * 1024)}` }, 'more than'],
      [{ status: 302, headers: { location: `${jwksUri}2` }, body: '' }, 'redirects'],
      [{ status: 404, body: right }, '404'],
      [{ body: 'no JSON' }, 'JWK Set'],
    ] as const) {
      keys = answer
      const { body } = await ask()
      expect([body['error'], String(body['error_description'])]).toEqual([
        'invalid_client',
        expect.stringContaining(why),
      ])
    }
    const doubled = await at()
    keys = { body: JSON.stringify({ keys: [doubled.jwk, doubled.jwk] }) }
    expect((await doubled.ask()).body['error_description']).toContain('several')
  })

  test('J5: in a private network are not fetched, unless the operator allows the host', async () => {
    const client = await register(server.configuration, { token_endpoint_auth_method: 'private_key_jwt', grant_types: ['client_credentials'], redirect_uris: [], response_types: [], jwks_uri: 'https://localhost:1/jwks' }) // prettier-ignore
    const { body } = await server.post(
      'token',
      backend(await assertion(server.fhir, { iss: client.id, sub: client.id })),
    )
    expect(body['error_description']).toContain('DHP_PRIVATE_HOSTS')
  })
})
