/**
 * kill -9 of the authorization server while many sign in: what was acknowledged is kept, and what was spent stays spent.
 * https://www.rfc-editor.org/rfc/rfc9700
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startServer, type ServerProcess } from '../help/process.ts'
import { discover, pkce, register, sitAt, token, type Json, type Registered } from '../journeys/app.ts'
import { Browser } from './pages/browser.ts'

const WRITERS = 4
const KILLS = 3
const SCOPE = 'launch/patient openid offline_access patient/*.rs'
const doctor = { user: 'Practitioner/doctor', patient: 'one' }

const data = mkdtempSync(join(tmpdir(), 'dhp-smart-crash-'))
let server: ServerProcess
let configuration: Json
let settings: Record<string, string>

beforeAll(async () => {
  // the same address after every start: it is in every token
  const free = createServer().listen(0, '127.0.0.1')
  await new Promise(resolve => free.once('listening', resolve))
  settings = { PORT: String((free.address() as AddressInfo).port) }
  await new Promise(resolve => free.close(resolve))
  server = await startServer(data, settings)
  for (const [type, id] of [
    ['Patient', 'one'],
    ['Practitioner', 'doctor'],
  ])
    await fetch(`${server.base}/${type}/${id}`, {
      method: 'PUT',
      headers: { 'content-type': 'application/fhir+json' },
      body: JSON.stringify({ resourceType: type, id, name: [{ family: 'Synthetic', given: [id] }] }),
    })
  configuration = await discover(server.base)
}, 60_000)

afterAll(async () => {
  await server.kill()
  rmSync(data, { recursive: true, force: true })
})

interface Code {
  readonly app: Registered
  readonly code: string
  readonly verifier: string
}
/** A consent with its tokens, as far as the app was told. */
interface Held {
  readonly app: Registered
  refresh: string
  readonly access: string[]
  /** A request went out and was not answered: the refresh token may be spent, or all of it ended. */
  sent?: 'refresh' | 'revoke' | undefined
}
/** What the server has acknowledged. */
const known = {
  names: [] as string[],
  apps: [] as Registered[],
  consents: [] as string[],
  unused: [] as Code[],
  used: [] as Code[],
  held: [] as Held[],
  rotated: [] as { app: Registered; refresh: string }[],
  revoked: [] as Held[],
  kids: new Set<string>(),
}

async function codeFor(app: Registered): Promise<Code> {
  const { verifier, challenge } = pkce()
  const asked = new URLSearchParams({
    response_type: 'code',
    client_id: app.id,
    redirect_uri: app.redirectUri,
    scope: SCOPE,
    state: 'a-state-that-is-long-enough-1234',
    aud: server.base,
    code_challenge: challenge,
    code_challenge_method: 'S256',
  })
  const { params } = await sitAt(
    `${configuration['authorization_endpoint'] as string}?${asked}`,
    doctor,
    app.redirectUri,
  )
  return { app, code: params.get('code')!, verifier }
}
const redeem = ({ app, code, verifier }: Code) =>
  token(configuration, app, {
    grant_type: 'authorization_code',
    code,
    redirect_uri: app.redirectUri,
    code_verifier: verifier,
  })
const refresh = (app: Registered, refreshToken: string) =>
  token(configuration, app, { grant_type: 'refresh_token', refresh_token: refreshToken })
const reads = async (access: string) =>
  (await fetch(`${server.base}/Patient/one`, { headers: { authorization: `Bearer ${access}` } })).status

/** The new token of an acknowledged answer; the old one is spent. */
function rotate(held: Held, answer: Json): void {
  known.rotated.push({ app: held.app, refresh: held.refresh })
  held.refresh = answer['refresh_token'] as string
  held.sent = undefined
  held.access.push(answer['access_token'] as string)
}

/** Its code is spent now. */
function redeemed(code: Code, answer: Json): Held {
  const held = { app: code.app, refresh: answer['refresh_token'] as string, access: [answer['access_token'] as string] }
  known.used.push(code)
  known.held.push(held)
  return held
}

/** One app after the other signs in, refreshes and signs out, until the server is gone. */
async function signInAll(writer: number): Promise<void> {
  for (let i = writer; ; i++) {
    const name = `App ${writer}-${known.names.length}-${i}`
    known.names.push(name)
    const app = await register(configuration, { client_name: name })
    known.apps.push(app)
    const code = await codeFor(app)
    known.consents.push(name)
    if (i % 3 === 2) {
      known.unused.push(code)
      continue
    }
    const { status, answer } = await redeem(code)
    expect(status, JSON.stringify(answer)).toBe(200)
    const held = redeemed(code, answer)
    for (let n = 0; n <= i % 3; n++) {
      held.sent = 'refresh'
      rotate(held, (await refresh(app, held.refresh)).answer)
    }
    if (i % 3 !== 1) continue
    held.sent = 'revoke'
    const form = new URLSearchParams({ token: held.refresh, client_id: app.id })
    const ended = await fetch(configuration['revocation_endpoint'] as string, { method: 'POST', body: form })
    expect(ended.status).toBe(200)
    known.held.splice(known.held.indexOf(held), 1)
    known.revoked.push(held)
  }
}

/** In the middle of it, when some of each kind was acknowledged. */
async function killedWhile(): Promise<void> {
  const before = { consents: known.consents.length, revoked: known.revoked.length, rotated: known.rotated.length }
  const writers = Array.from({ length: WRITERS }, (_, writer) => signInAll(writer))
  const ended = Promise.allSettled(writers)
  const isEnough = () =>
    known.consents.length >= before.consents + WRITERS &&
    known.revoked.length > before.revoked &&
    known.rotated.length > before.rotated
  const until = Date.now() + 8000
  while (!isEnough() && Date.now() < until) await new Promise(resolve => setTimeout(resolve, 10))
  await new Promise(resolve => setTimeout(resolve, Math.random() * 100))
  await server.kill()
  // an assertion that failed is one; that the server is gone is not
  for (const each of await ended)
    if (each.status === 'rejected' && (each.reason as Error).name === 'AssertionError') throw each.reason as Error
  server = await startServer(data, settings)
}

/** Each acknowledged thing, after a start. */
async function checkAll(): Promise<void> {
  const { keys } = (await (await fetch(`${server.base}/auth/jwks`)).json()) as { keys: { kid: string }[] }
  for (const { kid } of keys) known.kids.add(kid)
  expect(keys.map(({ kid }) => kid).sort()).toEqual([...known.kids].sort())

  for (const { answer } of known.apps) {
    const seen = await fetch(answer['registration_client_uri'] as string, {
      headers: { authorization: `Bearer ${String(answer['registration_access_token'])}` },
    })
    expect([answer['client_name'], seen.status]).toEqual([answer['client_name'], 200])
  }

  const browser = new Browser()
  const first = await browser.open(`${server.base}/auth/grants`)
  const own = await browser.send(first, 'sign-in', { user: doctor.user })
  for (const name of known.consents) expect(own.text).toContain(`Withdraw access of ${name}<`)

  for (const code of known.unused.splice(0)) {
    const { status, answer } = await redeem(code)
    expect(status, JSON.stringify(answer)).toBe(200)
    redeemed(code, answer)
  }
  for (const held of [...known.held]) {
    if (held.sent !== 'revoke') for (const access of held.access) expect(await reads(access)).toBe(200)
    const { status, answer } = await refresh(held.app, held.refresh)
    // an answer that was lost on the way may have spent it
    expect(held.sent ? [200, 400] : [200], JSON.stringify(answer)).toContain(status)
    if (status === 200) rotate(held, answer)
    else known.held.splice(known.held.indexOf(held), 1)
  }
  for (const { app, refresh: ended, access } of known.revoked) {
    expect((await refresh(app, ended)).answer).toMatchObject({ error: 'invalid_grant' })
    for (const one of access) expect(await reads(one)).toBe(401)
  }
}

test('what was acknowledged before a kill -9 works after it, and what was spent or revoked stays so', async () => {
  for (let i = 0; i < KILLS; i++) {
    await killedWhile()
    await checkAll()
  }
  expect(known.consents.length).toBeGreaterThan(WRITERS)
  expect(known.rotated.length).toBeGreaterThan(WRITERS)
  expect(known.revoked.length).toBeGreaterThan(0)
  // last, since using one again ends all that came of it
  await server.kill()
  server = await startServer(data, settings)
  const refused = async (ask: Promise<{ answer: Json }>) =>
    expect((await ask).answer).toMatchObject({ error: 'invalid_grant' })
  for (const [i, code] of known.used.entries()) {
    const spent = known.rotated.filter(({ app }) => app === code.app)
    if (i % 2 === 0) await refused(redeem(code))
    for (const { app, refresh: one } of spent) await refused(refresh(app, one))
    if (i % 2 === 1) await refused(redeem(code))
  }
}, 60_000)
