/**
 * Registration, introspection, revocation and client secrets, under attack; and what the documents about the server say.
 * https://www.rfc-editor.org/rfc/rfc7591 https://www.rfc-editor.org/rfc/rfc7662
 */
import { generateKeyPairSync } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { assertion, backend, sandbox, type Sandbox } from './sandbox.ts'
import { register, type Json, type Registered } from '../journeys/app.ts'

let server: Sandbox
beforeAll(async () => {
  server = await sandbox()
})
afterAll(() => server.close())

const basic = ({ id, secret = '' }: Registered, wrong = '') => ({
  authorization: `Basic ${Buffer.from(`${id}:${secret}${wrong}`).toString('base64')}`,
})

async function ask(
  method: string,
  path: string,
  body?: object,
  headers: Record<string, string> = {},
): Promise<{ status: number; body: Json }> {
  // prettier-ignore
  const answer = await fetch(path.startsWith('http') ? path : `${server.fhir}/auth/${path}`, {
    method,
    headers: { ...(body ? { 'content-type': 'application/json' } : {}), ...headers },
    ...(body ? { body: JSON.stringify(body) } : {}),
  })
  const text = await answer.text()
  return { status: answer.status, body: (text ? JSON.parse(text) : {}) as Json }
}

describe('registration', () => {
  const about = { redirect_uris: ['https://app.example.org/callback'], token_endpoint_auth_method: 'none' }

  test('O3 O9: refuses redirect URIs that are open to others', async () => {
    for (const uri of [
      'javascript:alert(1)',
      'data:text/html,x',
      'http://app.example.org/cb',
      'https://*.example.org/cb',
      'https://app.example.org/*',
      'https://app.example.org/cb#x',
      'https://u:p@app.example.org/',
      '/callback',
      'https://app.example.org\\@evil.example/',
      'ftp://x.example/',
      'http://127.0.0.1.evil.example/',
      7,
      '',
    ]) {
      // prettier-ignore
      const { status, body } = await ask('POST', 'register', { ...about, redirect_uris: [uri] })
      expect(status, String(uri)).toBe(400)
      expect(['invalid_redirect_uri', 'invalid_client_metadata']).toContain(body['error'])
    }
    expect((await ask('POST', 'register', { ...about, redirect_uris: [] })).body['error']).toBe('invalid_redirect_uri')
    for (const uri of ['http://localhost:3000/cb', 'http://[::1]/cb', 'com.example.app:/callback', 'https://app.example.org/cb?x=1']) // prettier-ignore
      expect((await ask('POST', 'register', { ...about, redirect_uris: [uri] })).status, uri).toBe(201)
  })

  test('O9: refuses other metadata that make no sense or do harm', async () => {
    const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-384' })
    const jwk = { ...publicKey.export({ format: 'jwk' }), kid: 'k' }
    const keyed = {
      redirect_uris: [],
      grant_types: ['client_credentials'],
      token_endpoint_auth_method: 'private_key_jwt',
    }
    for (const wrong of [
      { ...about, client_uri: 'javascript:alert(1)' },
      { ...about, logo_uri: 'data:image/svg+xml,x' },
      { ...about, initiate_login_uri: 'http://app.example.org/launch' },
      { ...about, client_name: 'x'.repeat(300) },
      { ...about, client_name: { toString: 'x' } },
      { ...about, grant_types: ['password'] },
      { ...about, grant_types: ['client_credentials'] },
      { ...about, response_types: ['token'] },
      { ...about, token_endpoint_auth_method: 'tls_client_auth' },
      { ...about, scope: 'patient/Nothing.rs' },
      { ...keyed, jwks: { keys: [jwk] }, jwks_uri: 'https://app.example.org/jwks' },
      { ...keyed, jwks: { keys: [{ ...privateKey.export({ format: 'jwk' }), kid: 'k' }] } },
      { ...keyed, jwks: { keys: [{ kty: 'oct', k: 'AAAA', kid: 'k' }] } },
      { ...keyed, jwks: { keys: [jwk, jwk] } },
      { ...keyed, jwks: { keys: [] } },
      { ...keyed },
      [],
    ]) {
      const { status, body } = await ask('POST', 'register', wrong)
      expect([status, body['error']], JSON.stringify(wrong)).toEqual([400, 'invalid_client_metadata'])
    }
    expect((await fetch(`${server.fhir}/auth/register`, { method: 'POST', body: 'x' })).status).toBe(400)
  })

  test('O9: gives a new id every time, and takes none that is chosen: nobody takes over another app', async () => {
    const taken = await ask('POST', 'register', { ...about, client_id: server.publicApp.id, client_secret: 'chosen' })
    expect(taken.body['client_id']).not.toBe(server.publicApp.id)
    expect(taken.body['client_secret']).toBeUndefined()
  })

  test('O9: is managed with its own registration access token only', async () => {
    const [mine, theirs] = [await register(server.configuration), await register(server.configuration)]
    const uri = mine.answer['registration_client_uri'] as string
    const token = (app: Registered) => ({
      authorization: `Bearer ${app.answer['registration_access_token'] as string}`,
    })
    for (const method of ['GET', 'PUT', 'DELETE'])
      for (const headers of [{}, token(theirs), { authorization: 'Bearer x' }])
        expect((await ask(method, uri, method === 'PUT' ? about : undefined, headers as never)).status).toBe(401)
    expect((await ask('GET', `register/sandbox-public`, undefined, token(mine))).status).toBe(401)
    expect((await ask('GET', uri, undefined, token(mine))).body['client_id']).toBe(mine.id)
    expect((await ask('PUT', uri, { ...about, client_id: theirs.id }, token(mine))).status).toBe(400)
    const tokens = await server.tokens(mine)
    expect(await server.reads(tokens['access_token'])).toBe(200)
    expect((await ask('DELETE', uri, undefined, token(mine))).status).toBe(204)
    expect(await server.reads(tokens['access_token'])).toBe(401)
    expect((await ask('GET', uri, undefined, token(mine))).status).toBe(401)
  })

  test('keeps digests, never a secret', async () => {
    const app = await register(server.configuration, { token_endpoint_auth_method: 'client_secret_basic' })
    const { engine } = await server.app.tenants.room('default')
    const kept = JSON.stringify(await engine.records('smart-clients').list())
    expect(kept).toContain(app.id)
    expect(kept).not.toContain(app.secret)
    expect(kept).not.toContain(app.answer['registration_access_token'])
  })
})

describe('introspection and revocation', () => {
  test('O10: are for clients that authenticate, and tell of their own tokens only', async () => {
    const tokens = await server.tokens(server.confidentialApp)
    const token = String(tokens['access_token'])
    const other = await register(server.configuration, { token_endpoint_auth_method: 'client_secret_basic' })
    expect((await server.post('introspect', { token })).body['error']).toBe('invalid_client')
    expect((await server.post('introspect', { token, client_id: server.publicApp.id })).body['error']).toBe(
      'invalid_client',
    )
    expect((await server.post('introspect', { token }, basic(other))).body).toEqual({ active: false })
    expect((await server.post('introspect', { token }, { authorization: 'Bearer x' })).status).toBe(401)
    const own = await server.post('introspect', { token }, basic(server.confidentialApp))
    expect(own.body).toMatchObject({ active: true, scope: tokens['scope'], client_id: server.confidentialApp.id, patient: 'one', sub: 'Practitioner/doctor', iss: server.fhir }) // prettier-ignore
    expect(own.headers.get('cache-control')).toBe('no-store')
    const refresh = await server.post(
      'introspect',
      { token: String(tokens['refresh_token']) },
      basic(server.confidentialApp),
    )
    expect(refresh.body['active']).toBe(true)

    expect((await server.post('revoke', { token }, basic(other))).status).toBe(200)
    expect(await server.reads(token)).toBe(200)
    expect((await server.post('revoke', { token })).body['error']).toBe('invalid_client')
    expect((await server.post('revoke', { token }, basic(server.confidentialApp))).status).toBe(200)
    expect(await server.reads(token)).toBe(401)
    expect((await server.post('introspect', { token }, basic(server.confidentialApp))).body).toEqual({ active: false })
  })

  test('O10: take nothing from the URL, where logs would keep it', async () => {
    for (const endpoint of ['token', 'introspect', 'revoke'])
      expect((await server.post(`${endpoint}?token=x`, { token: 'x' }, basic(server.confidentialApp))).body['error']).toBe('invalid_request') // prettier-ignore
    expect((await ask('GET', 'token?grant_type=client_credentials')).status).toBe(405)
  })

  test('answer a resource server, which may read all of the system, about any token', async () => {
    const { body } = await server.post('token', backend(await assertion(server.fhir)))
    const token = String((await server.tokens())['access_token'])
    const answer = await server.post(
      'introspect',
      { token },
      { authorization: `Bearer ${String(body['access_token'])}` },
    )
    expect(answer.body).toMatchObject({ active: true, client_id: server.publicApp.id })
  })
})

describe('a client secret', () => {
  test('O11: is guessed five times a minute at most', async () => {
    const app = await register(server.configuration, { token_endpoint_auth_method: 'client_secret_basic' })
    const guess = (wrong: string) =>
      server.post('token', { grant_type: 'refresh_token', refresh_token: 'x' }, basic(app, wrong))
    const all = await Promise.all(Array.from({ length: 20 }, (_, i) => guess(`x${i}`)))
    expect(all.filter(({ status }) => status === 401)).toHaveLength(5)
    expect(all.filter(({ status }) => status === 429)).toHaveLength(15)
    const late = await guess('')
    expect(late.status).toBe(429)
    expect(Number(late.headers.get('retry-after'))).toBeGreaterThan(0)
    // another app at the same address is not held up
    expect((await server.post('token', { grant_type: 'refresh_token', refresh_token: 'x' }, basic(server.confidentialApp))).body['error']).toBe('invalid_grant') // prettier-ignore
  })

  test('is needed by the apps that have one, and sent in one way', async () => {
    const { id, secret = '' } = server.confidentialApp
    const fields = { grant_type: 'refresh_token', refresh_token: 'x' }
    expect((await server.post('token', { ...fields, client_id: id })).body['error']).toBe('invalid_client')
    expect((await server.post('token', { ...fields, client_id: id, client_secret: secret })).body['error']).toBe(
      'invalid_grant',
    )
    expect((await server.post('token', { ...fields, client_id: id, client_secret: secret }, basic(server.confidentialApp))).body['error']).toBe('invalid_request') // prettier-ignore
    expect((await server.post('token', { ...fields, client_id: server.publicApp.id, client_secret: '' })).body['error']).toBe('invalid_client') // prettier-ignore
  })
})

describe('what the server says of itself', () => {
  test('is the same in smart-configuration, openid-configuration and the CapabilityStatement', async () => {
    const openid = (await (await fetch(`${server.fhir}/.well-known/openid-configuration`)).json()) as Json
    for (const name of Object.keys(openid).filter(name => name in server.configuration))
      expect(openid[name], name).toEqual(server.configuration[name])
    const { body } = await server.ask('GET', '/fhir/metadata')
    const { extension, service } = body.rest[0].security
    const uris = Object.fromEntries(extension[0].extension.map((each: Json) => [each['url'], each['valueUri']]))
    expect(uris).toMatchObject({
      authorize: server.configuration['authorization_endpoint'],
      token: server.configuration['token_endpoint'],
      register: server.configuration['registration_endpoint'],
      introspect: server.configuration['introspection_endpoint'],
      revoke: server.configuration['revocation_endpoint'],
      manage: server.configuration['management_endpoint'],
    })
    expect(service[0].coding[0].code).toBe('SMART-on-FHIR')
    expect(server.configuration['issuer']).toBe(server.fhir)
  })

  test('is readable from any page; tokens only from pages of registered apps', async () => {
    await register(server.configuration, { redirect_uris: ['https://app.example.org/cb'] })
    const allowed = async (path: string, origin: string, method = 'GET') =>
      (await fetch(`${server.fhir}/${path}`, { method, headers: { origin } })).headers.get(
        'access-control-allow-origin',
      )
    expect(await allowed('.well-known/smart-configuration', 'https://anybody.example')).toBe('*')
    expect(await allowed('auth/jwks', 'https://anybody.example')).toBe('*')
    expect(await allowed('auth/token', 'https://anybody.example', 'OPTIONS')).toBeNull()
    expect(await allowed('auth/token', 'https://app.example.org', 'OPTIONS')).toBe('https://app.example.org')
    expect(await allowed('auth/token', 'https://app.example.org', 'POST')).toBe('https://app.example.org')
    expect(await allowed('auth/authorize', 'https://app.example.org')).toBeNull()
  })

  test('has no sandbox app when tokens are required, and apps wait for approval', async () => {
    const secure = await sandbox({ DHP_AUTH: 'smart' }).catch((error: unknown) => error as Error)
    if (secure instanceof Error) throw secure
    try {
      const answer = await secure.post('token', backend(await assertion(secure.fhir)))
      expect(answer.body['error']).toBe('invalid_client')
      const waiting = await secure.authorize()
      expect([waiting.status, waiting.headers.get('location')]).toEqual([400, null])
      expect((await secure.ask('GET', '/fhir/Patient/one')).status).toBe(401)
    } finally {
      await secure.close()
    }
  })
})
