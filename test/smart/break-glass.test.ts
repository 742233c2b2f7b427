/**
 * Emergency access, the whole way: sign-in, consent page, token, what it opens, and every trace it leaves.
 * https://terminology.hl7.org/CodeSystem-v3-ActReason.html#v3-ActReason-BTG
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ADMIN } from '../http/serving.ts'
import { auditEvents, codeOf, faultsOf, queryOf } from '../help/audit-events.ts'
import { Browser, clinic, faults, titleOf, valuesOf, type Clinic, type PageAnswer } from './pages/browser.ts'
import { assertion, backend, sandbox } from './sandbox.ts'

const REASON = 'Amy Chen is unconscious in the emergency room'
const SCOPE = 'launch/patient openid offline_access patient/*.rs user/Observation.cruds'
const PASSWORD = 'a long password of the tests'
const BTG = { system: 'http://terminology.hl7.org/CodeSystem/v3-ActReason', code: 'BTG' }

const observation = (id: string, label?: string) => ({
  resourceType: 'Observation',
  id,
  ...(label
    ? { meta: { security: [{ system: 'http://terminology.hl7.org/CodeSystem/v3-Confidentiality', code: label }] } }
    : {}),
  status: 'final',
  code: { text: 'made up' },
  subject: { reference: 'Patient/amy' },
})

let server: Clinic
beforeAll(async () => {
  server = await opened({ DHP_BREAK_GLASS: 'allow' })
})
afterAll(() => server.close())

/** A secure server with people who have passwords, and with results that are labelled. */
async function opened(settings: Record<string, string>): Promise<Clinic> {
  const made = await clinic({ DHP_AUTH: 'smart', ...settings })
  for (const [username, user] of [
    ['lin', 'Practitioner/lin'],
    ['amy', 'Patient/amy'],
  ]) {
    const { status, text } = await made.ask('POST', '/admin/tenants/default/users', {
      body: { username, user, password: PASSWORD },
      headers: { authorization: `Bearer ${ADMIN}`, 'content-type': 'application/json' },
    })
    expect(status, text).toBe(201)
  }
  const room = await made.app.tenants.room('default')
  const { sandboxUser } = await import('../../src/access/caller.ts')
  for (const body of [observation('plain'), observation('restricted', 'R'), observation('very', 'V')])
    await room.door.handle(
      { method: 'PUT', path: `Observation/${body.id}`, query: '', headers: {}, base: made.fhir, body: body as never },
      sandboxUser,
    )
  return made
}

/** Signs in, and for a practitioner chooses Amy: the consent page. */
async function consentOf(where: Clinic, browser: Browser, username: string): Promise<PageAnswer> {
  const first = await browser.open(where.authorize(SCOPE, { prompt: 'consent' }))
  const signedIn = titleOf(first) === 'Sign in' ? await browser.send(first, 'sign-in', { username, password: PASSWORD }) : first // prettier-ignore
  return valuesOf(signedIn, 'patient').length ? browser.send(signedIn, 'patient', { patient: 'amy' }) : signedIn
}

const agree = (browser: Browser, consent: PageAnswer, more: Record<string, string> = {}) =>
  browser.send(consent, 'consent', {
    decision: 'approve',
    scope: valuesOf(consent, 'scope'),
    write: valuesOf(consent, 'write'),
    ...more,
  })

async function tokensOf(where: Clinic, username: string, more: Record<string, string> = {}) {
  const browser = new Browser()
  const returned = await agree(browser, await consentOf(where, browser, username), more)
  const { status, body } = await where.redeem(returned)
  expect(status, JSON.stringify(body)).toBe(200)
  return body
}
const emergency = (where = server) => tokensOf(where, 'lin', { decision: 'emergency', break_glass_reason: REASON })

const claimsOf = (token: unknown) =>
  JSON.parse(Buffer.from(String(token).split('.')[1]!, 'base64url').toString()) as Record<string, unknown>

/** What a token finds and may read: the ids. */
async function sees(where: Clinic, token: unknown): Promise<{ found: string[]; read: string[] }> {
  const { text } = await where.read('Observation?_total=accurate', token)
  const bundle = JSON.parse(text) as { total: number; entry?: { resource: { id: string } }[] }
  const found = (bundle.entry ?? []).map(({ resource }) => resource.id).sort()
  expect(bundle.total).toBe(found.length)
  const read: string[] = []
  for (const id of ['plain', 'restricted', 'very'])
    if ((await where.read(`Observation/${id}`, token)).status === 200) read.push(id)
  return { found, read }
}
const all = ['plain', 'restricted', 'very']

describe('with emergency access', () => {
  test('a practitioner sees what is labelled restricted; without, it is as if it were not there', async () => {
    const usual = await tokensOf(server, 'lin')
    expect(await sees(server, usual['access_token'])).toEqual({ found: ['plain'], read: ['plain'] })
    for (const path of ['Observation/restricted/_history', 'Observation/restricted/_history/1'])
      expect([path, (await server.read(path, usual['access_token'])).status]).toEqual([path, 404])
    const record = await server.read('Patient/amy/$everything', usual['access_token'])
    expect([record.status, record.text.includes('"restricted"')]).toEqual([200, false])
    const { access_token: token } = await emergency()
    expect(await sees(server, token)).toEqual({ found: all, read: all })
  })

  test('the token says what it is for and not why, lives ten minutes, and cannot be refreshed', async () => {
    const answer = await emergency()
    expect(answer['expires_in']).toBe(600)
    expect(answer).not.toHaveProperty('refresh_token')
    expect(answer['scope']).not.toContain('offline_access')
    const claims = claimsOf(answer['access_token'])
    expect((claims['exp'] as number) - (claims['iat'] as number)).toBe(600)
    for (const told of [answer, claims])
      expect(told).toMatchObject({ extensions: { ihe_iua: { purpose_of_use: [BTG] } } })
    expect(JSON.stringify([claims, answer['id_token']])).not.toContain('unconscious')
    const usual = await tokensOf(server, 'lin')
    expect(usual['expires_in']).toBe(3600)
    expect(usual).toHaveProperty('refresh_token')
    expect(usual).not.toHaveProperty('extensions')
    expect(claimsOf(usual['access_token'])).not.toHaveProperty('extensions')
  })

  test('is in the audit log, with the reason and the purpose, also each read done with it', async () => {
    const before = (await auditEvents(server)).length
    const { access_token: token } = await emergency()
    await server.read('Observation/restricted', token)
    const events = (await auditEvents(server)).slice(before)
    const begun = events.find(event => codeOf(event) === '110127')!
    const read = events.find(event => codeOf(event) === 'read')!
    expect([begun.type.code, begun.outcome, read.outcome]).toEqual(['110113', '0', '0'])
    for (const event of [begun, read]) {
      expect(event.purposeOfEvent?.[0]?.coding?.[0]).toMatchObject(BTG)
      const user = event.agent.find(({ who }) => who?.reference === 'Practitioner/lin')
      expect(user?.purposeOfUse?.[0]?.coding?.[0]).toMatchObject(BTG)
      expect(JSON.stringify(event.entity)).toContain(REASON)
      expect(JSON.stringify(event.entity)).toContain('"Patient/amy"')
      expect(await faultsOf(event)).toEqual([])
    }
  })

  test('the record is on disk before the app has the token', async () => {
    const room = await server.app.tenants.room('default')
    await emergency()
    // without waiting for it: others are written a fifth of a second later
    expect(room.audit!.waiting.queue).toBe(0)
  })

  test('raises an alert in the server’s log, which names nobody', async () => {
    const before = server.logged.length
    await emergency()
    const alerts = server.logged.slice(before).filter(({ msg }) => String(msg).includes('emergency access'))
    expect(alerts).toEqual([
      expect.objectContaining({ level: 40, tenant: 'default', client: 'app-1', event: expect.any(String) as string }),
    ])
    const events = await auditEvents(server)
    expect(codeOf(events.find(({ id }) => id === alerts[0]!['event']))).toBe('110127')
    expect(JSON.stringify(server.logged)).not.toMatch(/unconscious|Chen|Patient\/amy|Practitioner\/lin/)
  })

  test('is told on the patient’s page, with the reason where it was taken for this patient', async () => {
    const { access_token: token } = await emergency()
    await server.read('Observation/very', token)
    const browser = new Browser()
    const first = await browser.open(`${server.fhir}/auth/access`)
    const page = await browser.send(first, 'sign-in', { username: 'amy', password: PASSWORD })
    expect(faults(page)).toEqual([])
    expect(page.text).toContain('<strong class="bad">Emergency access</strong>')
    expect(page.text).toContain('A practitioner took emergency access to your record.')
    expect(page.text).toContain(`Reason given: ${REASON}`)
    expect(page.text).not.toMatch(/Practitioner\/lin|林醫師/)
  })

  test('is recorded whole, also where only writes are', async () => {
    const some = await opened({ DHP_BREAK_GLASS: 'allow', DHP_AUDIT: 'writes' })
    try {
      const usual = await tokensOf(some, 'lin')
      const { access_token: token } = await emergency(some)
      const before = (await auditEvents(some)).length
      await some.read('Observation?status=final', usual['access_token'])
      await some.read('Observation?status=amended', token)
      expect((await auditEvents(some)).slice(before).map(queryOf)).toEqual(['GET Observation?status=amended'])
    } finally {
      await some.close()
    }
  })

  test('ends at once when the app’s access is withdrawn', async () => {
    const browser = new Browser()
    const consent = await consentOf(server, browser, 'lin')
    const returned = await agree(browser, consent, { decision: 'emergency', break_glass_reason: REASON })
    const { access_token: token } = (await server.redeem(returned)).body
    expect((await server.read('Observation/very', token)).status).toBe(200)
    const grants = await browser.open(`${server.fhir}/auth/grants`)
    await browser.send(grants, 'revoke', { client: 'app-1' })
    expect((await server.read('Observation/very', token)).status).toBe(401)
  })

  test('is not remembered as a consent', async () => {
    const browser = new Browser()
    const first = await browser.open(server.authorize('openid patient/Condition.rs', { prompt: 'consent' }))
    const picker = await browser.send(first, 'sign-in', { username: 'lin', password: PASSWORD })
    const consent = await browser.send(picker, 'patient', { patient: 'amy' })
    await agree(browser, consent, { decision: 'emergency', break_glass_reason: REASON, remember: 'yes' })
    const again = await browser.open(server.authorize('openid patient/Condition.rs'))
    expect(valuesOf(again, 'patient')).toContain('amy')
    expect(titleOf(await browser.send(again, 'patient', { patient: 'amy' }))).toContain('Allow')
  })
})

describe('what is labelled restricted', () => {
  test('can be written down by a practitioner, and changed in an emergency only', async () => {
    const usual = (await tokensOf(server, 'lin'))['access_token']
    const write = (method: string, path: string, body: object, token: unknown) =>
      server.ask(method, `/fhir/${path}`, { body, headers: { authorization: `Bearer ${String(token)}` } })
    const { id, ...rest } = observation('x', 'R')
    const made = await write('POST', 'Observation', { ...rest, status: 'preliminary' }, usual)
    expect([id, made.status]).toEqual(['x', 201])
    const own = (made.body as { id: string }).id
    expect((await server.read(`Observation/${own}`, usual)).status).toBe(404)
    expect((await write('PUT', `Observation/${own}`, { ...rest, id: own }, usual)).status).toBe(403)
    const token = (await emergency())['access_token']
    expect((await write('PUT', `Observation/${own}`, { ...rest, id: own }, token)).status).toBe(200)
    expect((await write('DELETE', `Observation/${own}`, {}, token)).status).toBeLessThan(300)
  })

  test('is the patient’s own to see', async () => {
    const { access_token: token } = await tokensOf(server, 'amy')
    expect(await sees(server, token)).toEqual({ found: all, read: all })
  })
})

describe('emergency access is refused', () => {
  test.each([
    ['none', ''],
    ['spaces', '          '],
    ['a word', 'urgent'],
  ])('without a reason (%s): the page says so, keeps what was unticked, and nothing is granted', async (_, reason) => {
    const browser = new Browser()
    const consent = await consentOf(server, browser, 'lin')
    const page = await browser.send(consent, 'consent', {
      decision: 'emergency',
      break_glass_reason: reason,
      scope: 'patient/*.rs',
    })
    expect([page.status, page.location]).toEqual([400, ''])
    expect(faults(page)).toEqual([])
    expect(page.text).toContain('Say why in a few words')
    expect(page.text).toMatch(/value="patient\/\*\.rs" checked/)
    expect(page.text).not.toMatch(/value="user\/Observation\.cruds" checked/)
    const returned = await agree(browser, page, { decision: 'emergency', break_glass_reason: REASON })
    expect((await server.redeem(returned)).body['expires_in']).toBe(600)
  })

  test('to patients: they are not offered it, and a form that claims it gets nothing', async () => {
    const browser = new Browser()
    const consent = await consentOf(server, browser, 'amy')
    expect(consent.text).not.toContain('break_glass_reason')
    const forged = await agree(browser, consent, { decision: 'emergency', break_glass_reason: REASON })
    expect(new URL(forged.location).searchParams.get('error')).toBe('access_denied')
    const typed = await tokensOf(server, 'amy', { break_glass_reason: REASON })
    expect(claimsOf(typed['access_token'])).not.toHaveProperty('extensions')
  })

  test('where the setting is off: labels keep nothing from practitioners, and nobody can claim it', async () => {
    const off = await opened({})
    try {
      const browser = new Browser()
      const consent = await consentOf(off, browser, 'lin')
      expect(consent.text).not.toContain('break_glass_reason')
      const forged = await agree(browser, consent, { decision: 'emergency', break_glass_reason: REASON })
      expect(new URL(forged.location).searchParams.get('error')).toBe('access_denied')
      const typed = await tokensOf(off, 'lin', { break_glass_reason: REASON })
      expect(typed['expires_in']).toBe(3600)
      expect(claimsOf(typed['access_token'])).not.toHaveProperty('extensions')
      expect(await sees(off, typed['access_token'])).toEqual({ found: all, read: all })
      expect((await auditEvents(off)).map(codeOf)).not.toContain('110127')
    } finally {
      await off.close()
    }
  })

  test('to backend services: whatever they send, their token is no emergency token', async () => {
    const open = await sandbox({ DHP_BREAK_GLASS: 'allow' })
    try {
      const { status, body } = await open.post('token', {
        ...backend(await assertion(open.fhir)),
        break_glass_reason: REASON,
        purpose_of_use: 'BTG',
      })
      expect(status).toBe(200)
      expect(claimsOf(body['access_token'])).not.toHaveProperty('extensions')
      await open.ask('GET', '/fhir/Patient', { headers: { authorization: `Bearer ${String(body['access_token'])}` } })
      const events = await auditEvents(open)
      expect(events.map(codeOf)).toContain('search-type')
      for (const event of events) expect(event).not.toHaveProperty('purposeOfEvent')
    } finally {
      await open.close()
    }
  })
})
