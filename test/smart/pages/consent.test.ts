/**
 * Signing in, choosing a patient and agreeing, as a person does it in a browser: the sandbox.
 * https://hl7.org/fhir/smart-app-launch/STU2.2/app-launch.html
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Browser, clinic, faults, titleOf, tokenOf, valuesOf, type Clinic, type PageAnswer } from './browser.ts'

let server: Clinic
beforeAll(async () => {
  server = await clinic()
})
afterAll(() => server.close())

const signIn = async (browser: Browser, scope: string, user: string, more: Record<string, string> = {}) => {
  const page = await browser.open(server.authorize(scope, more))
  return browser.send(page, 'sign-in', { user })
}
const answered = (answer: PageAnswer) => new URL(answer.location).searchParams

describe('the way through', () => {
  test('a practitioner signs in, chooses a patient, agrees, and the app gets a code', async () => {
    const browser = new Browser()
    const first = await browser.open(server.authorize('launch/patient openid patient/Observation.rs'))
    expect(titleOf(first)).toBe('Sign in')
    expect(faults(first)).toEqual([])
    expect(valuesOf(first, 'user')).toContain('Practitioner/lin')
    expect(valuesOf(first, 'user')).not.toContain('Practitioner/gone')
    const picker = await browser.send(first, 'sign-in', { user: 'Practitioner/lin' })
    expect(titleOf(picker)).toBe('Choose a patient')
    expect(faults(picker)).toEqual([])
    const consent = await browser.send(picker, 'patient', { patient: 'amy' })
    expect(faults(consent)).toEqual([])
    expect(consent.text).toContain('Amy Chen'.split(' ')[0])
    const done = await browser.send(consent, 'consent', { decision: 'approve', scope: valuesOf(consent, 'scope') })
    expect(done.location).toMatch(/^https:\/\/app\.example\/cb\?/)
    expect(answered(done).get('code')).toBeTruthy()
    expect(answered(done).get('state')).toBe('state-of-the-app-123456')
  })

  test('a patient is not asked which patient', async () => {
    const consent = await signIn(new Browser(), 'launch/patient patient/*.rs', 'Patient/amy')
    expect(titleOf(consent)).toContain('Allow')
    expect(consent.text).toContain('1980-02-03')
  })

  test('a relative gets the patient cared for', async () => {
    const consent = await signIn(new Browser(), 'launch/patient patient/*.rs', 'RelatedPerson/mum')
    expect(consent.text).toContain('Wu')
    expect(titleOf(consent)).toContain('Allow')
  })

  test('launch/encounter asks for one of the visits of the patient', async () => {
    const browser = new Browser()
    const visits = await signIn(browser, 'launch/patient launch/encounter patient/*.rs', 'Patient/amy')
    expect(titleOf(visits)).toBe('Choose a visit')
    expect(valuesOf(visits, 'encounter')).toEqual(['v2', 'v1'])
    expect(faults(visits)).toEqual([])
    const wrong = await browser.send(visits, 'encounter', { encounter: 'other' })
    expect(wrong.status).toBe(400)
    expect(titleOf(await browser.send(visits, 'encounter', { encounter: 'v1' }))).toContain('Allow')
  })

  test('users are found by name', async () => {
    const browser = new Browser()
    const first = await browser.open(server.authorize('openid'))
    const found = await browser.get(`${first.url}?who=Patient&q=wu`)
    expect(valuesOf(found, 'user')).toEqual(['Patient/bob'])
    expect(valuesOf(await browser.get(`${first.url}?q=${encodeURIComponent('醫')}`), 'user')).toEqual([
      'Practitioner/lin',
    ])
    expect(faults(found)).toEqual([])
  })

  test('what people and apps are called is text on the page, never HTML', async () => {
    const browser = new Browser()
    const first = await browser.open(server.authorize('openid'))
    expect(first.text).toContain('Ho &lt;b&gt;&quot;&amp;')
    expect(first.text).toContain('Growth &lt;i&gt;chart&lt;/i&gt;')
    expect(first.text).not.toContain('<i>')
    const found = await browser.get(`${first.url}?q=${encodeURIComponent('"><script>alert(1)</script>')}`)
    expect(faults(found)).toEqual([])
  })

  test('refusing sends access_denied to the app', async () => {
    const browser = new Browser()
    const consent = await signIn(browser, 'openid patient/*.rs', 'Patient/amy')
    const done = await browser.send(consent, 'consent', { decision: 'deny' })
    expect(answered(done).get('error')).toBe('access_denied')
  })

  test('prompt=none never shows a page', async () => {
    const done = await new Browser().open(server.authorize('openid', { prompt: 'none' }))
    expect(answered(done).get('error')).toBe('login_required')
  })
})

describe('what is agreed to', () => {
  test('each scope stands there in plain words, in English and in Chinese', async () => {
    const browser = new Browser()
    const scope = 'launch/patient offline_access patient/Condition.rs patient/Observation.rs?category=laboratory'
    const consent = await signIn(browser, scope, 'Patient/amy')
    expect(consent.text).toContain('Read, search: diagnoses and health problems (Condition) of the chosen patient')
    expect(consent.text).toContain('only where the category is “laboratory”')
    expect(consent.text).toContain('until you withdraw it')
    const chinese = await browser.get(`${consent.url}?lang=zh`)
    expect(chinese.text).toContain('讀取、搜尋：所選病人的診斷與健康問題 (Condition)')
    expect(chinese.text).toContain('僅限類別為「laboratory」')
    expect(faults(chinese)).toEqual([])
    const later = await browser.get(consent.url)
    expect(later.text).toContain('lang="zh-Hant-TW"')
  })

  test('the browser’s language is honoured', async () => {
    const first = await new Browser({ 'accept-language': 'zh-TW,zh;q=0.9,en;q=0.5' }).open(server.authorize('openid'))
    expect(titleOf(first)).toBe('登入')
  })

  test('only what was ticked is granted', async () => {
    const browser = new Browser()
    const scope = 'launch/patient openid offline_access patient/Condition.rs patient/Observation.cruds'
    const consent = await signIn(browser, scope, 'Patient/amy')
    await browser.send(consent, 'consent', {
      decision: 'approve',
      // Observation.cruds without `write`, no offline_access, and one that was never asked for
      scope: ['patient/Observation.cruds', 'patient/Patient.rs', 'system/*.cruds'],
    })
    const [granted] = await grantedTo('Patient/amy')
    expect(granted).toEqual(['launch/patient', 'openid', 'patient/Observation.rs'])
    const [family] = await families('Patient/amy')
    expect(family!.scope.split(' ').sort()).toEqual(['launch/patient', 'openid', 'patient/Observation.rs'])
  })

  test('an app is asked about again, unless the user wanted not to be', async () => {
    const browser = new Browser()
    const consent = await signIn(browser, 'openid patient/Condition.rs', 'Patient/bob')
    const values = { decision: 'approve', scope: valuesOf(consent, 'scope') }
    await browser.send(consent, 'consent', values)
    const again = await browser.open(server.authorize('openid patient/Condition.rs'))
    expect(titleOf(again)).toContain('Allow')
    await browser.send(again, 'consent', { ...values, remember: 'yes' })
    const third = await browser.open(server.authorize('openid patient/Condition.rs'))
    expect(answered(third).get('code')).toBeTruthy()
    // more than was remembered
    expect(titleOf(await browser.open(server.authorize('openid patient/*.rs')))).toContain('Allow')
    expect(
      titleOf(await browser.open(server.authorize('openid patient/Condition.rs', { prompt: 'consent' }))),
    ).toContain('Allow')
    // withdrawn
    const grants = await browser.open(`${server.fhir}/auth/grants`)
    expect(faults(grants)).toEqual([])
    expect(grants.text).toContain('diagnoses and health problems')
    const after = await browser.send(grants, 'revoke', { client: 'app-1' })
    expect(after.text).toContain('No app has access')
    expect(await families('Patient/bob')).toEqual([])
    expect(titleOf(await browser.open(server.authorize('openid patient/Condition.rs')))).toContain('Allow')
    const out = await browser.send(after, 'sign-out', {})
    expect(titleOf(out)).toBe('Sign in')
  })
})

describe('O5: forms of others, and of yesterday', () => {
  const consentPage = async (browser: Browser) => signIn(browser, 'openid patient/*.rs', 'Patient/amy')
  const approve = { decision: 'approve', scope: 'patient/*.rs' }

  test('a consent without the token, or with that of another step or request, is refused', async () => {
    const browser = new Browser()
    const consent = await consentPage(browser)
    const none = await browser.send({ ...consent, text: '' }, 'consent', approve)
    expect(none.status).toBe(403)
    expect(faults(none)).toEqual([])
    const other = await consentPage(browser)
    expect((await browser.send({ ...other, text: consent.text }, 'consent', approve)).status).toBe(403)
    expect((await browser.send(consent, 'consent', approve)).location).toContain('code=')
  })

  test('a consent sent from another site is refused, whatever it knows', async () => {
    const browser = new Browser()
    const consent = await consentPage(browser)
    expect((await browser.send(consent, 'consent', approve, { 'sec-fetch-site': 'cross-site' })).status).toBe(403)
    expect((await browser.send(consent, 'consent', approve, { 'sec-fetch-site': 'same-site' })).status).toBe(403)
    expect((await browser.send(consent, 'consent', approve, { origin: 'https://evil.example' })).status).toBe(403)
    const own = { origin: 'null', 'sec-fetch-site': 'same-origin' }
    expect((await browser.send(consent, 'consent', approve, own)).location).toContain('code=')
  })

  test('a consent of another browser is refused', async () => {
    const consent = await consentPage(new Browser())
    expect((await new Browser().send(consent, 'consent', approve)).status).toBe(403)
  })

  test('a consent sent twice counts once', async () => {
    const browser = new Browser()
    const consent = await consentPage(browser)
    expect((await browser.send(consent, 'consent', approve)).location).toContain('code=')
    expect((await browser.send(consent, 'consent', approve)).status).toBe(403)
  })

  test('signing in gives a new session, and the form and the session of before are worth nothing', async () => {
    const browser = new Browser()
    const first = await browser.open(server.authorize('openid patient/*.rs'))
    const before = browser.cookies.get('dhp-session')!
    await browser.send(first, 'sign-in', { user: 'Patient/amy' })
    expect(browser.cookies.get('dhp-session')).not.toBe(before)
    const thief = new Browser()
    thief.cookies.set('dhp-session', before)
    expect((await thief.send(first, 'sign-in', { user: 'Patient/bob' })).status).toBe(403)
    expect(titleOf(await thief.open(first.url))).toBe('Sign in')
  })

  test('no page can be framed, and forms lead to this server and the app only', async () => {
    const consent = await consentPage(new Browser())
    expect(consent.headers.get('content-security-policy')).toContain("form-action 'self' https://app.example;")
    expect(consent.headers.get('content-security-policy')).toContain("frame-ancestors 'none'")
    expect(consent.headers.get('x-frame-options')).toBe('DENY')
  })

  test('the cookie is for the server only, of the tenant only, and not sent by other sites’ forms', async () => {
    const page = await new Browser().get((await new Browser().get(server.authorize('openid'))).location)
    expect(page.headers.getSetCookie()[0]).toMatch(/^dhp-session=[\w-]{43}; Path=\/fhir; HttpOnly; SameSite=Lax$/)
    expect(tokenOf(page, 'sign-in')).not.toBe('')
  })
})

describe('O7: patients and launches that are not yours', () => {
  test('a patient that is not there cannot be chosen', async () => {
    const browser = new Browser()
    const picker = await signIn(browser, 'launch/patient patient/*.rs', 'Practitioner/lin')
    const wrong = await browser.send(picker, 'patient', { patient: 'nobody' })
    expect(wrong.status).toBe(400)
    expect(faults(wrong)).toEqual([])
  })

  test('a patient cannot choose another patient', async () => {
    const browser = new Browser()
    const consent = await signIn(browser, 'launch/patient patient/*.rs', 'Patient/amy')
    const { authorize } = server
    const url = authorize('launch/patient patient/*.rs')
    const next = await browser.open(url)
    expect(next.text).not.toContain('Bob')
    // the step exists for practitioners only; its token cannot be had
    expect((await browser.send(consent, 'patient', { patient: 'bob' })).status).toBe(403)
  })

  const launch = async (context: Record<string, string>) => {
    const made = await new Browser().ask(`${server.origin}/launch`, {
      method: 'POST',
      body: new URLSearchParams({ client: 'app-1', kind: 'ehr', ...context }),
    })
    expect(made.status).toBe(303)
    return new URL(made.location).searchParams.get('launch')!
  }

  test('a launch of one user is not for another', async () => {
    const browser = new Browser()
    await signIn(browser, 'openid', 'Practitioner/ho')
    const value = await launch({ user: 'Practitioner/lin', patient: 'amy' })
    const page = await browser.open(server.authorize('launch patient/*.rs', { launch: value }))
    expect(page.status).toBe(400)
    expect(valuesOf(page, 'user')).toEqual(['Practitioner/lin'])
    expect((await browser.send(page, 'sign-in', { user: 'Practitioner/ho' })).status).toBe(400)
    const consent = await browser.send(page, 'sign-in', { user: 'Practitioner/lin' })
    expect(titleOf(consent)).toContain('Allow')
  })

  test('a launch on the record of one patient is not for another', async () => {
    const browser = new Browser()
    const value = await launch({ patient: 'amy' })
    const first = await browser.open(server.authorize('launch patient/*.rs', { launch: value }))
    expect((await browser.send(first, 'sign-in', { user: 'Patient/bob' })).status).toBe(400)
  })

  test('in the sandbox, a launch can skip signing in and agreeing', async () => {
    const value = await launch({ user: 'Practitioner/lin', patient: 'amy', skip_login: 'yes', skip_consent: 'yes' })
    const done = await new Browser().open(server.authorize('launch patient/*.rs', { launch: value }))
    expect(answered(done).get('code')).toBeTruthy()
  })
})

interface Kept {
  readonly user: string
  readonly scope: string
  readonly granted: readonly string[]
  readonly ended?: unknown
}
const records = async (name: string) => {
  const room = await server.app.tenants.room('default')
  return (await room.engine.records(name).list()).map(({ value }) => value as Kept)
}
const families = async (user: string) =>
  (await records('smart-families')).filter(each => each.user === user && !each.ended)
const grantedTo = async (user: string) =>
  (await records('smart-consents')).filter(each => each.user === user).map(({ granted }) => granted)
