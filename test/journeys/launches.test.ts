/**
 * The SMART JavaScript client (fhirclient) in a real browser: EHR launch, patient standalone and provider standalone, by the example app.
 * https://hl7.org/fhir/smart-app-launch/STU2.2/app-launch.html
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { extname, join } from 'node:path'
import type { CapabilityStatement } from 'fhir/r4'
import { Client } from 'fhir-kit-client'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type ServerProcess, startServer } from '../help/process.ts'
import { discover, register } from './app.ts'
import { browserPath, noBrowser, startBrowser } from './browser.ts'

const root = join(import.meta.dirname, '../..')
const folder = mkdtempSync(join(tmpdir(), 'dhp-launches-'))
let server: ServerProcess
let origin: string
beforeAll(async () => {
  server = await startServer(folder, { DHP_SEED: 'examples' })
  origin = new URL(server.base).origin
}, 60_000)
afterAll(async () => {
  await server?.kill()
  rmSync(folder, { recursive: true, force: true })
})

test('fhir-kit-client reads where to get authorization, and the discovery documents agree', async () => {
  const client = new Client({ baseUrl: server.base })
  const found = await client.smartAuthMetadata()
  const configuration = await discover(server.base)
  const openid = (await (await fetch(`${server.base}/.well-known/openid-configuration`)).json()) as typeof configuration
  expect(String(found.authorizeUrl)).toBe(configuration['authorization_endpoint'])
  expect(String(found.tokenUrl)).toBe(configuration['token_endpoint'])
  for (const name of ['issuer', 'authorization_endpoint', 'token_endpoint', 'jwks_uri'])
    expect([name, openid[name]]).toEqual([name, configuration[name]])
  const metadata = (await client.capabilityStatement()) as unknown as CapabilityStatement
  const uris = JSON.stringify(metadata.rest?.[0]?.security)
  expect(uris).toContain(configuration['authorization_endpoint'])
  expect(uris).toContain(configuration['token_endpoint'])
})

describe.skipIf(browserPath === undefined)(`fhirclient in a browser${noBrowser}`, () => {
  let browser: Browser
  let context: BrowserContext
  let page: Page
  let refused: string[]
  beforeAll(async () => {
    browser = await startBrowser()
  }, 60_000)
  afterAll(async () => {
    await browser?.close()
  })
  beforeEach(async () => {
    context = await browser.newContext({ locale: 'en-US' })
    page = await context.newPage()
    refused = []
    page.on('console', message => {
      if (/Content Security Policy|CORS policy/.test(message.text())) refused.push(message.text())
    })
    page.setDefaultTimeout(10_000)
  })
  afterEach(async () => {
    await context.close()
    expect(refused).toEqual([])
  })

  const app = () => `${origin}/examples/smart-app/`

  /** Answers the pages of the authorization server until the app shows a summary. */
  async function signIn(user: string, patient: string): Promise<void> {
    const kind = user.split('/')[0]!
    const choices = [
      `button[name="user"][value="${user}"]`,
      `nav a[href*="who=${kind}"]:not([aria-current])`,
      `button[name="patient"][value="${patient}"]`,
      'button[name="decision"][value="approve"]',
    ]
    for (let i = 0; i < 60; i++) {
      await page.waitForLoadState()
      await page
        .locator([...choices, 'section#patient', '#sign-in:not([hidden])'].join(', '))
        .first()
        .waitFor()
      if ((await page.locator('section#patient').count()) > 0) return
      let clicked = false
      for (const choice of choices) {
        const found = page.locator(choice)
        if ((await found.count()) === 0) continue
        await found.first().click()
        clicked = true
        break
      }
      // the app has its code, and is still redeeming it
      if (!clicked) await page.waitForTimeout(250)
    }
    throw new Error(`No summary came: ${page.url()} ${await page.locator('body').innerText()}`)
  }

  const standalone = async (user: string, patient: string) => {
    await page.goto(app())
    await page.getByRole('button', { name: 'Sign in' }).click()
    await signIn(user, patient)
  }

  /** What fhirclient holds. */
  const held = () =>
    page.evaluate('FHIR.oauth2.ready().then(client => client.state.tokenResponse)') as Promise<Record<string, unknown>>

  test('a patient signs in by himself, and sees his own summary', async () => {
    await standalone('Patient/pat-cancer-lung', 'pat-cancer-lung')
    expect(await page.locator('section#patient').innerText()).toContain('張文惠')
    expect(await page.locator('#condition').innerText()).toMatch(/右上肺葉肺腺癌[\s\S]*Adenocarcinoma[\s\S]*IVA/)
    expect(await page.locator('#biomarkers').innerText()).toMatch(/EGFR[\s\S]*48\.6 ng\/mL/)
    expect(await page.locator('#treatments').innerText()).toContain('奧希替尼')
    expect(await page.locator('#status').innerText()).toContain('部分反應')
    expect(await page.evaluate('FHIR.oauth2.ready().then(client => client.user.fhirUser)')).toMatch(
      /Patient\/pat-cancer-lung$/,
    )
    expect(page.url()).not.toContain('code=')
  }, 60_000)

  test('a practitioner signs in, chooses a patient, and sees that summary', async () => {
    await standalone('Practitioner/lin-huimin', 'pat-cancer-breast')
    expect(await page.locator('section#patient').innerText()).toContain('李佩珊')
    expect(await page.evaluate('FHIR.oauth2.ready().then(client => client.user.fhirUser)')).toMatch(
      /Practitioner\/lin-huimin$/,
    )
    const other = await page.evaluate(
      'FHIR.oauth2.ready().then(client => client.request("Patient/pat-cancer-lung")).then(() => "read", error => error.statusCode ?? error.status)',
    )
    expect(other).toBe(404)
  }, 60_000)

  test('the access token is refreshed, and reads on', async () => {
    await standalone('Patient/pat-cancer-lung', 'pat-cancer-lung')
    const before = await held()
    const after = (await page.evaluate(
      'FHIR.oauth2.ready().then(client => client.refresh()).then(state => state.tokenResponse)',
    )) as Record<string, unknown>
    expect(after['access_token']).not.toBe(before['access_token'])
    const read = await page.evaluate(
      'FHIR.oauth2.ready().then(client => client.patient.read()).then(patient => patient.id)',
    )
    expect(read).toBe('pat-cancer-lung')
  }, 60_000)

  test('signing out ends the tokens at the server', async () => {
    await standalone('Patient/pat-cancer-lung', 'pat-cancer-lung')
    const { access_token: token } = await held()
    const authorization = `Bearer ${String(token)}`
    expect((await fetch(`${server.base}/Patient/pat-cancer-lung`, { headers: { authorization } })).status).toBe(200)
    await page.getByRole('button', { name: 'Sign out' }).click()
    await page.getByText('You are signed out').waitFor()
    expect((await fetch(`${server.base}/Patient/pat-cancer-lung`, { headers: { authorization } })).status).toBe(401)
    expect(await page.evaluate('sessionStorage.length')).toBe(0)
    await page.reload()
    await page.getByRole('button', { name: 'Sign in' }).waitFor()
  }, 60_000)

  test('what the person denies is said by the app', async () => {
    await page.goto(app())
    await page.getByRole('button', { name: 'Sign in' }).click()
    await page.locator('a[href*="who=Patient"]').first().click()
    await page.locator('button[name="user"][value="Patient/pat-cancer-lung"]').click()
    await page.locator('button[name="decision"][value="deny"]').click()
    await page.getByText('Sign in again').waitFor()
    expect(await page.locator('#summary').innerText()).toBe('')
  }, 60_000)

  test('the launcher opens the app with a patient in context (EHR launch)', async () => {
    await page.goto(`${origin}/launch`)
    await fillLauncher('cancer-summary', 'Practitioner/lin-huimin', 'pat-cancer-colon')
    await signIn('Practitioner/lin-huimin', 'pat-cancer-colon')
    expect(await page.locator('section#patient').innerText()).toContain('林國雄')
    expect(await held()).toMatchObject({ patient: 'pat-cancer-colon' })
  }, 60_000)

  test('the app speaks Traditional Chinese, and says which language it is in', async () => {
    await standalone('Patient/pat-cancer-lung', 'pat-cancer-lung')
    await page.getByRole('button', { name: '繁體中文' }).click()
    expect(await page.evaluate('document.documentElement.lang')).toBe('zh-Hant')
    expect(await page.getByRole('heading', { name: '病況變化' }).count()).toBe(1)
    await page.getByRole('button', { name: 'English' }).click()
    expect(await page.getByRole('heading', { name: 'Disease status over time' }).count()).toBe(1)
  }, 60_000)

  describe('from another origin', () => {
    let elsewhere: Server
    let place: string
    beforeAll(async () => {
      elsewhere = createServer((request, response) => {
        const name = new URL(request.url!, 'http://x').pathname.slice(1)
        const types: Record<string, string> = { '.html': 'text/html', '.css': 'text/css', '.js': 'text/javascript' }
        const library = join(root, 'node_modules/fhirclient/build/fhir-client.pure.min.js')
        const path = name === 'fhir-client.js' ? library : join(root, 'examples/smart-app', name)
        response.setHeader('content-type', types[extname(name)] ?? 'text/plain')
        try {
          response.end(readFileSync(path))
        } catch {
          response.writeHead(404).end()
        }
      })
      await new Promise<void>(listening => elsewhere.listen(0, '127.0.0.1', listening))
      // another site for the browser, too: cookies and policies of the server do not count there
      place = `http://localhost:${(elsewhere.address() as AddressInfo).port}`
    })
    afterAll(() => void elsewhere?.close())

    test('an app is let in, refreshes and signs out as well', async () => {
      const { id } = await register(await discover(server.base), {
        redirect_uris: [`${place}/index.html`],
        launch_uri: `${place}/launch.html`,
        initiate_login_uri: `${place}/launch.html`,
        scope: 'launch launch/patient openid fhirUser offline_access patient/*.rs',
      })
      await page.goto(`${place}/index.html?client=${id}`)
      await page.getByLabel('FHIR server').fill(server.base)
      await page.getByRole('button', { name: 'Sign in' }).click()
      await signIn('Patient/pat-cancer-lung', 'pat-cancer-lung')
      expect(page.url()).toContain(place)
      expect(await page.locator('section#patient').innerText()).toContain('張文惠')
      await page.evaluate('FHIR.oauth2.ready().then(client => client.refresh())')
      await page.getByRole('button', { name: 'Sign out' }).click()
      await page.getByText('You are signed out').waitFor()
    }, 60_000)
  })

  /** Chooses in the launcher's form what its labels name, and opens the app. */
  async function fillLauncher(client: string, user: string, patient: string): Promise<void> {
    const values: [string, string][] = [
      ['kind', 'ehr'],
      ['client', client],
      ['user', user],
      ['patient', patient],
    ]
    for (const [name, value] of values) await page.locator(`select[name="${name}"]`).selectOption(value)
    await page.getByRole('button', { name: 'Launch', exact: true }).click()
  }
})
