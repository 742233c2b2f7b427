/**
 * Access tokens that are forged, altered, borrowed or over are worth nothing.
 * https://www.rfc-editor.org/rfc/rfc8725
 */
import { createHmac, createPrivateKey, createPublicKey, generateKeyPairSync, sign, type JsonWebKey } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { decodeJwt, decodeProtectedHeader } from 'jose'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { cost } from '../help/cost.ts'
import { register, type Json } from '../journeys/app.ts'
import { assertion, backend, sandbox, type Sandbox } from './sandbox.ts'

let server: Sandbox
let good: string
let answer: Json
let header: Record<string, unknown>
let claims: Record<string, unknown>

beforeAll(async () => {
  server = await sandbox()
  answer = await server.tokens()
  good = answer['access_token'] as string
  header = { ...decodeProtectedHeader(good) }
  claims = { ...decodeJwt(good) }
})
afterAll(() => server.close())

const part = (value: unknown) =>
  Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url')
const unsigned = (head: unknown, body: unknown) => `${part(head)}.${part(body)}`

/** The tenant's own private key, as somebody has who can read the database. Shows that each claim is checked by itself. */
async function ownKey(alg: string): Promise<{ kid: string; key: ReturnType<typeof createPrivateKey> }> {
  const tenant = await server.app.tenants.room('default')
  const kept = (await tenant.engine.records('smart-keys').list()).map(
    ({ value }) => value as { alg: string; kid: string; jwk: JsonWebKey },
  )
  const found = kept.find(key => key.alg === alg)!
  return { kid: found.kid, key: createPrivateKey({ key: found.jwk, format: 'jwk' }) }
}

async function signedByUs(changes: Record<string, unknown>, headers: Record<string, unknown> = {}): Promise<string> {
  const { key } = await ownKey('ES256')
  const body: Record<string, unknown> = { ...claims, ...changes }
  for (const [name, value] of Object.entries(changes)) if (value === undefined) delete body[name]
  const input = unsigned({ ...header, ...headers }, body)
  return `${input}.${sign('sha256', Buffer.from(input), { key, dsaEncoding: 'ieee-p1363' }).toString('base64url')}`
}

async function refused(token: string): Promise<void> {
  const { status, headers, body } = await server.ask('GET', '/fhir/Patient/one', {
    headers: { authorization: `Bearer ${token}` },
  })
  expect(status, token.slice(0, 200)).toBe(401)
  expect(headers.get('www-authenticate')).toContain('error="invalid_token"')
  expect(headers.get('cache-control')).toBe('no-store')
  expect(body.resourceType).toBe('OperationOutcome')
}

describe('an access token', () => {
  test('that is right opens the record, and so does the same claims signed again by the same key', async () => {
    expect(await server.reads(good)).toBe(200)
    expect(await server.reads(await signedByUs({ jti: 'another' }))).toBe(200)
  })

  test('tells when it was issued, as the id_token that came with it does, and counts only with that', async () => {
    const now = Math.floor(Date.now() / 1000)
    for (const { iat, exp } of [claims, decodeJwt(answer['id_token'] as string)]) {
      expect(Math.abs((iat as number) - now)).toBeLessThan(60)
      expect((exp as number) - (iat as number)).toBe(3600)
    }
    await refused(await signedByUs({ iat: undefined }))
  })

  test('of a backend service ends when the service is removed', async () => {
    const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-384' })
    const jwks = { keys: [{ ...publicKey.export({ format: 'jwk' }), kid: 'mine', alg: 'ES384', use: 'sig' }] }
    const service = await register(server.configuration, {
      redirect_uris: undefined,
      token_endpoint_auth_method: 'private_key_jwt',
      grant_types: ['client_credentials'],
      response_types: [],
      scope: 'system/*.rs',
      jwks,
    })
    const signed = await assertion(server.fhir, { iss: service.id, sub: service.id }, { kid: 'mine' }, privateKey)
    const { body } = await server.post('token', backend(signed))
    expect(await server.reads(body['access_token'])).toBe(200)
    const removed = await fetch(service.answer['registration_client_uri'] as string, {
      method: 'DELETE',
      headers: { authorization: `Bearer ${String(service.answer['registration_access_token'])}` },
    })
    expect(removed.status).toBe(204)
    await refused(body['access_token'] as string)
  })

  test('that was used often still counts for one name of the server only, and ends at once when it is revoked', async () => {
    const { access_token: token } = await server.tokens()
    const { port } = new URL(server.origin)
    const elsewhere = `http://localhost:${port}/fhir/Patient/one`
    for (let i = 0; i < 4; i++) {
      expect(await server.reads(token)).toBe(200)
      const { status } = await fetch(elsewhere, { headers: { authorization: `Bearer ${String(token)}` } })
      expect(status).toBe(401)
    }
    await server.post('revoke', { token: String(token), client_id: server.publicApp.id })
    expect(await server.reads(token)).toBe(401)
    expect(await server.reads(token)).toBe(401)
  })

  test('J1: without a signature is refused: alg none in all its spellings, a signature left out or cut', async () => {
    const [head, body, signature] = good.split('.') as [string, string, string]
    for (const alg of ['none', 'None', 'NONE', 'nOnE', '']) {
      await refused(`${unsigned({ ...header, alg }, claims)}.`)
      await refused(`${unsigned({ ...header, alg }, claims)}.${signature}`)
    }
    await refused(`${head}.${body}.`)
    await refused(`${head}.${body}`)
    await refused(`${head}.${body}.${signature.slice(0, -4)}`)
  })

  test('J2: signed with another algorithm than its key has is refused: our public key as an HMAC secret, RS, PS, ES384', async () => {
    const { keys } = (await (await fetch(`${server.fhir}/auth/jwks`)).json()) as {
      keys: (JsonWebKey & { kid: string; alg: string })[]
    }
    for (const jwk of keys) {
      const key = createPublicKey({ key: jwk, format: 'jwk' })
      const secrets = [
        key.export({ type: 'spki', format: 'pem' }),
        key.export({ type: 'spki', format: 'der' }),
        JSON.stringify(jwk),
        jwk.x ?? jwk.n!,
      ]
      for (const [alg, hash] of [
        ['HS256', 'sha256'],
        ['HS384', 'sha384'],
        ['HS512', 'sha512'],
      ] as const)
        for (const secret of secrets) {
          const input = unsigned({ ...header, alg, kid: jwk.kid }, claims)
          await refused(`${input}.${createHmac(hash, secret).update(input).digest('base64url')}`)
        }
    }
    const rsa = await ownKey('RS256')
    for (const alg of ['RS256', 'ES256', 'PS256', 'RS384']) {
      const input = unsigned({ ...header, alg, kid: rsa.kid }, claims)
      await refused(
        `${input}.${sign(alg === 'RS384' ? 'sha384' : 'sha256', Buffer.from(input), rsa.key).toString('base64url')}`,
      )
    }
    for (const alg of ['ES384', 'ES512', 'es256', 'RS256']) await refused(await signedByUs({}, { alg }))
  })

  test('J3: that names a key of its own, or of elsewhere, is refused, whatever the kid', async () => {
    const foreign = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    const jwk = foreign.publicKey.export({ format: 'jwk' })
    const forged = (head: Record<string, unknown>) => {
      const input = unsigned({ ...header, ...head }, claims)
      return `${input}.${sign('sha256', Buffer.from(input), { key: foreign.privateKey, dsaEncoding: 'ieee-p1363' }).toString('base64url')}`
    }
    const kids: unknown[] = [
      '../../dev/null',
      "' OR 1=1 --",
      { $ne: '' },
      ['a'],
      'unknown',
      '__proto__',
      'constructor',
      '',
      null,
      7,
    ]
    for (const kid of kids) await refused(forged({ kid }))
    await refused(forged({ jwk }))
    await refused(forged({ x5c: ['AAAA'] }))
    await refused(forged({ jku: `${server.origin}/keys`, x5u: `${server.origin}/cert` }))
    await refused(await signedByUs({}, { jwk }))
    // of two kids the last would count
    const doubled = `${part(`{"alg":"ES256","typ":"at+jwt","kid":"${String(header['kid'])}","kid":"${'x'.repeat(16)}"}`)}.${part(claims)}`
    await refused(
      `${doubled}.${sign('sha256', Buffer.from(doubled), { key: (await ownKey('ES256')).key, dsaEncoding: 'ieee-p1363' }).toString('base64url')}`,
    )
    await refused(forged({ kid: 'x'.repeat(5000) }))
    const { status } = await fetch(`${server.fhir}/Patient/one`, {
      headers: { authorization: `Bearer ${forged({ kid: 'x'.repeat(15_000) })}` },
    })
    expect([401, 431]).toContain(status)
  })

  test('J3: sends the server nowhere: addresses in its header are never asked', async () => {
    let asked = 0
    const elsewhere = createServer((_, response) => (asked++, response.end('{"keys":[]}')))
    await new Promise<void>(resolve => elsewhere.listen(0, '127.0.0.1', resolve))
    const url = `http://127.0.0.1:${(elsewhere.address() as AddressInfo).port}/jwks`
    for (const name of ['jku', 'x5u'])
      for (const kid of [header['kid'], 'unknown', url]) await refused(await signedByUs({}, { [name]: url, kid }))
    expect(asked).toBe(0)
    elsewhere.closeAllConnections()
    elsewhere.close()
  })

  test('J4: that names extensions which must be understood is refused', async () => {
    for (const crit of [['exp'], ['b64'], [], 'exp', null]) await refused(await signedByUs({}, { crit, b64: true }))
  })

  test('O10: is kept by nobody, nor is what it opens or an error', async () => {
    const asks = [
      ['/fhir/Patient/one', 200],
      ['/fhir/Patient', 200],
      ['/fhir/Patient/nobody', 404],
      ['/fhir/Patient?nonsense=1', 400],
    ] as const
    for (const [path, status] of asks) {
      const heard = await server.ask('GET', path, { headers: { authorization: `Bearer ${good}` } })
      expect([path, heard.status, heard.headers.get('cache-control')]).toEqual([path, status, 'no-store'])
    }
  })

  test('J4: whose times are missing, over, too far away, in the future or no numbers is refused', async () => {
    const now = Math.floor(Date.now() / 1000)
    for (const exp of [undefined, now - 1, now + 10 * 3600, String(now + 100), null, -1, 1e300])
      await refused(await signedByUs({ exp }))
    await refused(await signedByUs({ nbf: now + 600 }))
    await refused(await signedByUs({ iat: now + 600 }))
    await refused(await signedByUs({ nbf: 'soon' }))
  })

  test('J4: of another issuer, for another server or of another tenant is refused, twins by slash and case too', async () => {
    for (const aud of [
      undefined,
      `${server.fhir}/`,
      server.fhir.toUpperCase(),
      'https://elsewhere.example/fhir',
      [server.fhir, 'https://x.example'],
    ])
      await refused(await signedByUs({ aud }))
    for (const iss of [
      undefined,
      `${server.fhir}/`,
      server.fhir.replace('http:', 'HTTP:'),
      server.fhir.replace('/fhir', '/FHIR'),
      'https://elsewhere.example/fhir',
      [server.fhir],
    ])
      await refused(await signedByUs({ iss }))
    await refused(await signedByUs({ tenant: 'other' }))
    await server.ask('POST', '/admin/tenants', { body: { name: 'other', copyOf: 'default' }, headers: { authorization: 'Bearer admin-token-of-the-tests', 'content-type': 'application/json' } }) // prettier-ignore
    const there = await server.ask('GET', '/t/other/fhir/Patient/one', { headers: { authorization: `Bearer ${good}` } })
    expect(there.status).toBe(401)
  })

  test('J4: is no id_token, no client_assertion, and no refresh token', async () => {
    await refused(answer['id_token'] as string)
    await refused(answer['refresh_token'] as string)
    for (const typ of ['JWT', undefined, 'jwt', 'AT+JWT', 'application/at+jwt'])
      await refused(await signedByUs({}, { typ }))
    const { assertion } = await import('./sandbox.ts')
    await refused(await assertion(server.fhir, { aud: server.fhir }))
  })

  test('O10: is not taken from the query or a form, and two are not guessed between', async () => {
    expect((await server.ask('GET', `/fhir/Patient?access_token=${good}`)).status).toBe(400)
    for (const authorization of ['Bearer', 'Bearer ', `Basic ${good}`, `Bearer ${good}, Bearer ${good}`, good])
      expect((await server.ask('GET', '/fhir/Patient/one', { headers: { authorization } })).status).toBe(401)
  })

  test('signed before the keys were replaced counts until it is over, and the old key stays published', async () => {
    const before = await server.tokens()
    const kid = decodeProtectedHeader(before['access_token'] as string).kid
    const tenant = await server.app.tenants.room('default')
    await tenant.smart.rotateKeys()
    const after = await server.tokens()
    expect(decodeProtectedHeader(after['access_token'] as string).kid).not.toBe(kid)
    expect(await server.reads(before['access_token'])).toBe(200)
    expect(await server.reads(after['access_token'])).toBe(200)
    const { keys } = (await (await fetch(`${server.fhir}/auth/jwks`)).json()) as { keys: Record<string, unknown>[] }
    expect(keys.map(key => key['kid'])).toContain(kid)
    expect(keys).toHaveLength(4)
    for (const key of keys) expect(Object.keys(key)).not.toContain('d')
  })

  test('that has been used many times is refused as soon as it is revoked, and by another name of the server', async () => {
    const token = (await server.tokens())['access_token'] as string
    for (let i = 0; i < 5; i++) expect(await server.reads(token)).toBe(200)
    const port = new URL(server.fhir).port
    const elsewhere = await fetch(`http://localhost:${port}/fhir/Patient/one`, {
      headers: { authorization: `Bearer ${token}` },
    })
    expect(elsewhere.status).toBe(new URL(server.fhir).hostname === 'localhost' ? 200 : 401)
    expect(await server.reads(token)).toBe(200)
    const { smart } = await server.app.tenants.room('default')
    const grant = await smart.verify(token, server.fhir)
    expect(smart.counts(grant)).toBe(true)
    expect(smart.counts({ ...grant, expires: Math.floor(Date.now() / 1000) })).toBe(false)
    await server.post('revoke', { token, client_id: server.publicApp.id })
    expect(smart.counts(grant)).toBe(false)
    expect(await server.reads(token)).toBe(401)
  })

  test('that has been used many times is of no use after its tenant was reset', async () => {
    const own = await sandbox()
    const token = (await own.tokens())['access_token'] as string
    for (let i = 0; i < 5; i++) expect(await own.reads(token)).toBe(200)
    const headers = { authorization: 'Bearer admin-token-of-the-tests', 'content-type': 'application/json' }
    expect((await own.ask('POST', '/admin/tenants/default/reset', { body: {}, headers })).status).toBe(200)
    await own.ask('PUT', '/fhir/Patient/one', { body: { resourceType: 'Patient', id: 'one' } })
    expect(await own.reads(token)).toBe(401)
    await own.close()
  })

  test('costs less than 50 microseconds when it was seen before', async () => {
    const { smart } = await server.app.tenants.room('default')
    const token = (await server.tokens())['access_token'] as string
    await smart.verify(token, server.fhir)
    const count = 20_000
    let late = 0
    const taken = await cost(() => {
      for (let i = 0; i < count; i++) if (smart.verify(token, server.fhir) instanceof Promise) late++
    })
    expect(late).toBe(0)
    expect((taken / count) * 1000).toBeLessThan(50)
  })
})
