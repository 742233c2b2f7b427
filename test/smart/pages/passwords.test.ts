/**
 * Signing in with a password, where the server is not a sandbox; who may, and how often it may be tried.
 * https://pages.nist.gov/800-63-4/sp800-63b.html
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ADMIN } from '../../http/serving.ts'
import { Browser, clinic, faults, titleOf, type Clinic } from './browser.ts'

const PASSWORD = 'correct horse battery 電池'
let server: Clinic
beforeAll(async () => {
  server = await clinic({ DHP_AUTH: 'smart' })
  await admin('POST', 'users', { username: 'Lin', user: 'Practitioner/lin', password: PASSWORD })
  await admin('POST', 'users', { username: 'amy', user: 'Patient/amy', password: PASSWORD })
})
afterAll(() => server.close())

const admin = (method: string, path: string, body?: object) =>
  server.ask(method, `/admin/tenants/default/${path}`, {
    ...(body ? { body } : {}),
    headers: { authorization: `Bearer ${ADMIN}`, 'content-type': 'application/json' },
  })
const start = async (browser: Browser) => browser.open(server.authorize('openid launch/patient patient/*.rs'))
const signIn = async (browser: Browser, username: string, password = PASSWORD) =>
  browser.send(await start(browser), 'sign-in', { username, password })

describe('passwords', () => {
  test('the right one lets in, whatever the case of the name', async () => {
    const browser = new Browser()
    const page = await start(browser)
    expect(faults(page)).toEqual([])
    expect(page.text).toContain('autocomplete="current-password"')
    expect(page.text).not.toContain('Practitioner/')
    expect(titleOf(await signIn(browser, 'LIN'))).toBe('Choose a patient')
  })

  test('a wrong one and an unknown name get the same answer', async () => {
    const wrong = await signIn(new Browser(), 'lin', 'not the password')
    const unknown = await signIn(new Browser(), 'nobody-of-that-name', 'not the password')
    expect([wrong.status, unknown.status]).toEqual([401, 401])
    const said = (text: string) => /role="alert">([^<]*)</.exec(text)?.[1]
    expect(said(unknown.text)).toBe(said(wrong.text))
    expect(wrong.text).not.toContain('not the password')
    expect(faults(wrong)).toEqual([])
  })

  test('picking a user as in the sandbox lets nobody in', async () => {
    const browser = new Browser()
    const page = await start(browser)
    expect((await browser.send(page, 'sign-in', { user: 'Practitioner/lin' })).status).toBe(401)
  })

  test('neither passwords nor what they are made of can be read from the admin API or the records', async () => {
    const { body } = await admin('GET', 'users')
    expect(body.users).toContainEqual({ name: 'Lin', user: 'Practitioner/lin', disabled: false })
    const room = await server.app.tenants.room('default')
    const kept = await room.engine.records('smart-users').list()
    expect(JSON.stringify(kept)).not.toContain('horse')
    const salts = kept.map(({ value }) => (value as { password: { salt: string } }).password.salt)
    expect(new Set(salts).size).toBe(kept.length)
  })

  test('short passwords, taken names and users who are not there are refused', async () => {
    expect((await admin('POST', 'users', { username: 'x', user: 'Patient/bob', password: 'short' })).status).toBe(400)
    expect((await admin('POST', 'users', { username: 'lin', user: 'Patient/bob', password: PASSWORD })).status).toBe(
      409,
    )
    expect((await admin('POST', 'users', { username: 'y', user: 'Patient/zzz', password: PASSWORD })).status).toBe(400)
    expect((await admin('POST', 'users', { username: 'y', user: 'Device/1', password: PASSWORD })).status).toBe(400)
  })

  test('who is disabled is out at once, also where signed in already', async () => {
    await admin('POST', 'users', { username: 'bob', user: 'Patient/bob', password: PASSWORD })
    const browser = new Browser()
    expect(titleOf(await signIn(browser, 'bob'))).toContain('Allow')
    expect((await admin('PATCH', 'users/bob', { disabled: true })).status).toBe(200)
    expect(titleOf(await start(browser))).toBe('Sign in')
    expect((await signIn(new Browser(), 'bob')).status).toBe(401)
    await admin('PATCH', 'users/bob', { disabled: false, password: 'another long password' })
    expect(titleOf(await signIn(new Browser(), 'bob', 'another long password'))).toContain('Allow')
  })

  test('consents, sessions and users outlive what the process remembers', async () => {
    const room = await server.app.tenants.room('default')
    for (const name of ['smart-users', 'smart-sessions'])
      expect((await room.engine.records(name).list()).length).toBeGreaterThan(0)
    // the cookie itself is not in the records
    const browser = new Browser()
    await start(browser)
    const kept = JSON.stringify(await room.engine.records('smart-sessions').list())
    expect(kept).not.toContain(browser.cookies.get('dhp-session'))
  })
})

describe('O11: guessing', () => {
  test('after five wrong tries a minute the account is closed to this address, also to the right password', async () => {
    const browser = new Browser()
    for (let i = 0; i < 5; i++) expect((await signIn(browser, 'amy', 'wrong wrong wrong')).status).toBe(401)
    const refused = await signIn(browser, 'amy')
    expect(refused.status).toBe(429)
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0)
    expect(faults(refused)).toEqual([])
  })

  test('guesses sent together are counted together', async () => {
    const browsers = Array.from({ length: 12 }, () => new Browser())
    const pages = await Promise.all(browsers.map(start))
    const answers = await Promise.all(
      browsers.map((browser, i) =>
        browser.post(pages[i]!, 'sign-in', { username: 'nobody-2', password: 'x'.repeat(12) }),
      ),
    )
    expect(answers.filter(({ status }) => status === 401).length).toBeLessThanOrEqual(5)
    expect(answers.every(({ status }) => status === 401 || status === 429)).toBe(true)
  })
})

describe('what is a sandbox’s only', () => {
  test('there is no launcher and no trace', async () => {
    expect((await server.ask('GET', '/launch')).status).toBe(404)
    expect((await server.ask('GET', '/launch/trace/abcdefghijklmnop')).status).toBe(404)
    expect(
      (
        await server.ask('POST', '/launch', {
          body: 'client=app-1',
          headers: { 'content-type': 'application/x-www-form-urlencoded' },
        })
      ).status,
    ).toBe(404)
  })
})
