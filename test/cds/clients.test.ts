/**
 * Who may call: tokens of trusted CDS clients, and those of others (the battery J1-J6).
 * https://cds-hooks.hl7.org/2.0/#trusting-cds-clients
 */
import { createPublicKey, randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ofAge } from '../../examples/extensions/cds-service.ts'
import { serve, type Served } from '../http/serving.ts'
import { call, clientKey, elsewhere, jwt, manage, view, why, type Elsewhere, type Signing } from './help.ts'

const iss = 'https://ehr.example'
const key = clientKey()
const rsa = clientKey('r1', 'RS384')
const stranger = clientKey('k1')
const child = { resourceType: 'Patient', id: 'child', birthDate: '2020-01-01' }
const request = () => view('child', { prefetch: { patient: child } })

let server: Served
let there: Elsewhere
const aud = () => `${server.origin}/cds-services/of-age`
const with_ = (token: string) => call(server, 'of-age', request(), { authorization: `Bearer ${token}` })
const signed = (more: Partial<Signing> = {}, to = aud()) => jwt(iss, to, { key, ...more })

beforeAll(async () => {
  there = await elsewhere()
  server = await serve({ DHP_CDS_CLIENTS: 'required', DHP_PRIVATE_HOSTS: there.host }, { services: [ofAge] })
  const answer = await manage(server, 'POST', 'cds-clients', {
    iss,
    name: 'An EHR',
    jwks: { keys: [key.jwk, rsa.jwk] },
  })
  expect(answer.status, answer.text).toBe(201)
})
afterAll(async () => {
  await server.close()
  there.close()
})

describe('a tenant that needs to know its CDS clients', () => {
  test('answers calls with a token of a trusted client, ES384 or RS384, for the service or the discovery', async () => {
    const answer = await with_(signed())
    expect(answer.status, answer.text).toBe(200)
    expect(answer.headers.get('x-cds-client')).toBe('verified')
    expect((await with_(signed({ key: rsa }))).status).toBe(200)
    expect((await with_(signed({}, `${server.origin}/cds-services`))).status).toBe(200)
  })

  test('answers discovery without one', async () => {
    expect((await server.ask('GET', '/cds-services')).status).toBe(200)
  })

  test('refuses calls and feedback without a token, and says which is needed', async () => {
    const answer = await call(server, 'of-age', request())
    expect(answer.status).toBe(401)
    expect(answer.headers.get('www-authenticate')).toContain('Bearer')
    expect(why(answer)).toContain('ES384')
    expect((await call(server, 'of-age/feedback', { feedback: [] })).status).toBe(401)
  })

  test('trusts itself: a hook it fires at its own service is answered', async () => {
    const { body } = await manage(server, 'POST', 'cds-client/fire', {
      hook: 'patient-view',
      service: 'of-age',
      patientId: 'child',
      userId: 'Practitioner/doc',
      prefetch: { patient: child },
    })
    expect(body.status).toBe(200)
    const { body: without } = await manage(server, 'POST', 'cds-client/fire', {
      hook: 'patient-view',
      service: 'of-age',
      patientId: 'child',
      userId: 'Practitioner/doc',
      prefetch: { patient: child },
      jwt: false,
    })
    expect(without.status).toBe(401)
  })

  test('takes keys from the jwks_uri of a client', async () => {
    const other = 'https://other.example'
    const own = clientKey('o1')
    there.answers = { status: 200, body: JSON.stringify({ keys: [own.jwk] }) }
    await manage(server, 'POST', 'cds-clients', { iss: other, jwksUri: `${there.origin}/jwks` })
    expect((await with_(jwt(other, aud(), { key: own, header: { jku: `${there.origin}/jwks` } }))).status).toBe(200)
    expect((await with_(jwt(other, aud(), { key: own, header: { jku: `${there.origin}/evil` } }))).status).toBe(401)
  })

  test('lets only the organisations call that were named', async () => {
    const other = 'https://many.example'
    await manage(server, 'POST', 'cds-clients', { iss: other, jwks: { keys: [key.jwk] }, tenants: ['hospital-a'] })
    expect((await with_(jwt(other, aud(), { key, claims: { tenant: 'hospital-a' } }))).status).toBe(200)
    expect((await with_(jwt(other, aud(), { key, claims: { tenant: 'hospital-b' } }))).status).toBe(401)
    expect((await with_(jwt(other, aud(), { key }))).status).toBe(401)
  })

  test('refuses a client that is disabled or taken away, at once', async () => {
    const other = 'https://gone.example'
    const path = `cds-clients/${encodeURIComponent(other)}`
    await manage(server, 'POST', 'cds-clients', { iss: other, jwks: { keys: [key.jwk] } })
    expect((await with_(jwt(other, aud(), { key }))).status).toBe(200)
    await manage(server, 'PUT', path, { iss: other, jwks: { keys: [key.jwk] }, enabled: false })
    expect((await with_(jwt(other, aud(), { key }))).status).toBe(401)
    expect((await manage(server, 'DELETE', path)).status).toBe(204)
    expect((await with_(jwt(other, aud(), { key }))).status).toBe(401)
  })
})

const b64 = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
const seconds = () => Math.floor(Date.now() / 1000)

describe('tokens that do not count', () => {
  const claims = () => ({ iss, aud: aud(), iat: seconds(), exp: seconds() + 200, jti: randomUUID() })
  const pem = () => createPublicKey({ key: key.jwk, format: 'jwk' }).export({ format: 'pem', type: 'spki' }) as string

  test.each<[string, () => string]>([
    ['J1 alg none', () => `${b64({ alg: 'none', typ: 'JWT', kid: 'k1' })}.${b64(claims())}.`],
    ['J1 alg None', () => `${b64({ alg: 'None', typ: 'JWT', kid: 'k1' })}.${b64(claims())}.`],
    ['J1 a signature cut off', () => signed().split('.').slice(0, 2).join('.')],
    ['J1 an empty signature', () => `${signed().split('.').slice(0, 2).join('.')}.`],
    [
      'J2 HS384 with our view of the public key',
      () => jwt(iss, aud(), { key: { privateKey: pem(), alg: 'HS384', kid: 'k1' } }),
    ],
    [
      'J2 HS256 with the public key as DER',
      () =>
        jwt(iss, aud(), {
          key: {
            privateKey: createPublicKey({ key: key.jwk, format: 'jwk' }).export({ format: 'der', type: 'spki' }),
            alg: 'HS256',
            kid: 'k1',
          },
        }),
    ],
    ['J2 an RS384 header over the key of an ES384 client', () => signed({ key: { ...rsa, kid: 'k1' } })],
    ['J2 RS256', () => signed({ key: { ...rsa, alg: 'RS256' } })],
    ['J3 an unknown kid', () => signed({ header: { kid: 'other' } })],
    ['J3 a kid that is a path', () => signed({ header: { kid: '../../dev/null' } })],
    ['J3 a kid of JavaScript', () => signed({ header: { kid: '__proto__' } })],
    ['J3 a jwk in the header', () => signed({ key: stranger, header: { jwk: stranger.jwk } })],
    ['J3 a jku that was not registered', () => signed({ header: { jku: 'https://evil.example/jwks' } })],
    ['J3 crit', () => signed({ header: { crit: ['x'] } })],
    ['J4 no exp', () => signed({ without: ['exp'] })],
    ['J4 an exp of an hour', () => signed({ claims: { exp: seconds() + 3600 } })],
    ['J4 an exp that is over', () => signed({ claims: { exp: seconds() - 60 } })],
    ['J4 an iat in the future', () => signed({ claims: { iat: seconds() + 120 } })],
    ['J4 no iat', () => signed({ without: ['iat'] })],
    ['J4 an nbf in the future', () => signed({ claims: { nbf: seconds() + 120 } })],
    ['J4 no jti', () => signed({ without: ['jti'] })],
    ['J4 a typ of an access token', () => signed({ header: { typ: 'at+jwt' } })],
    ['J6 the aud of another service', () => signed({}, `${server.origin}/cds-services/other`)],
    ['J6 the aud of another server', () => signed({}, 'https://elsewhere.example/cds-services/of-age')],
    ['J6 an aud with a slash more', () => signed({}, `${aud()}/`)],
    ['J6 two audiences', () => signed({ claims: { aud: [aud(), 'https://elsewhere.example'] } })],
    ['J6 an iss nobody trusts', () => jwt('https://evil.example', aud(), { key })],
    ['J6 an iss with a slash more', () => jwt(`${iss}/`, aud(), { key })],
    ['J6 an iss of JavaScript', () => jwt('__proto__', aud(), { key })],
    ['the key of another', () => signed({ key: stranger })],
    ['nonsense', () => 'a.b.c'],
    ['a megabyte', () => 'x'.repeat(20_000)],
  ])('%s: 401', async (_, token) => {
    const answer = await with_(token())
    expect([401, 431]).toContain(answer.status)
  })

  test('J5 a token that is sent twice counts once, also ten times at once', async () => {
    const token = signed()
    expect((await with_(token)).status).toBe(200)
    expect((await with_(token)).status).toBe(401)
    const other = signed()
    const answers = await Promise.all(Array.from({ length: 10 }, () => with_(other)))
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1)
  })
})

describe('a tenant that does not need to know', () => {
  test('answers without a token, tells whether one was verified, and refuses a false one of a known client', async () => {
    const open = await serve({}, { services: [ofAge] })
    await manage(open, 'POST', 'cds-clients', { iss, jwks: { keys: [key.jwk] } })
    const to = `${open.origin}/cds-services/of-age`
    const with_ = (token: string) => call(open, 'of-age', request(), { authorization: `Bearer ${token}` })
    expect((await call(open, 'of-age', request())).headers.get('x-cds-client')).toBe('unverified')
    expect((await with_(jwt(iss, to, { key }))).headers.get('x-cds-client')).toBe('verified')
    expect((await with_(jwt(iss, to, { key: stranger }))).status).toBe(401)
    expect((await with_(jwt('https://someone.example', to, { key: stranger }))).headers.get('x-cds-client')).toBe(
      'unverified',
    )
    // and an operator may decide otherwise for this tenant, at once
    expect((await manage(open, 'PUT', 'cds-settings', { clients: 'required' })).body).toEqual({
      clients: 'required',
      required: true,
    })
    expect((await call(open, 'of-age', request())).status).toBe(401)
    expect((await manage(open, 'PUT', 'cds-settings', { clients: 'maybe' })).status).toBe(400)
    await open.close()
  })

  test.each([
    ['no key', { iss: 'https://a.example' }],
    [
      'both keys and an address',
      { iss: 'https://a.example', jwks: { keys: [key.jwk] }, jwksUri: 'https://a.example/jwks' },
    ],
    ['a private key', { iss: 'https://a.example', jwks: { keys: [{ ...key.jwk, d: 'x' }] } }],
    ['a symmetric key', { iss: 'https://a.example', jwks: { keys: [{ kty: 'oct', k: 'x', kid: 'k' }] } }],
  ])('a client with %s is refused', async (_, client) => {
    expect([400, 422]).toContain((await manage(server, 'POST', 'cds-clients', client)).status)
  })
})
